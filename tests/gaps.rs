//! `gaps`: the list of what is open, and the workbook in which people fill it in.

use std::io::Read;
use std::path::PathBuf;
use std::process::Output;

use crate::support::small::{HEADER, MAPPING};
use crate::support::{SandboxProcess, fill, json_of, program, reason_for};
use regex::Regex;
use serde_json::Value;

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
[limits]
create = "unlimited"
lookup = "unlimited"
"#;

/// Accepted, without a phone; accepted, with a phone that is none; blocked by the lack of an e-mail address and a tax id;
/// a row without an id.
const ROWS: &str = "\
A-1,Annabel,Ashdown,1980-02-03,666-12-1234,annabel@example.com,,1 Elm St,Reno,NV,89501,US,Harbor Works
A-2,Bertram,Birch,1981-02-03,666-12-1235,bertram@example.com,12,1 Elm St,Reno,NV,89501,US,
A-3,Cordula,Cedar,1982-02-03,,,7755550102,1 Elm St,Reno,NV,89501,US,
,Dagobert,Dogwood,1983-02-03,666-12-1237,dagobert@example.com,7755550103,1 Elm St,Reno,NV,89501,US,
";

struct Case {
    folder: tempfile::TempDir,
    sandbox: SandboxProcess,
}

impl Case {
    /// A migration that was run, with further settings.
    fn new(settings: &str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), "");
        let case = Case { folder, sandbox };
        let employer = "\"owners[0].identity.employment.employerName\" = \"EMPLOYER\"\n";
        std::fs::write(case.path("mapping.toml"), format!("{MAPPING}{employer}")).unwrap();
        std::fs::write(
            case.path("export.csv"),
            format!("{HEADER},EMPLOYER\n{ROWS}"),
        )
        .unwrap();
        case.settings(settings);
        let mut run = case.command("run");
        json_of(run.args(["--json", "--base-url", &case.sandbox.base_url()]));
        case
    }

    fn settings(&self, more: &str) {
        std::fs::write(self.path("migration.toml"), format!("{SETTINGS}{more}")).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, command: &str) -> std::process::Command {
        let mut run = program();
        run.arg(command).arg(self.folder.path());
        run.args(reason_for(command, &[]));
        run
    }

    fn gaps(&self, more: &[&str]) -> Output {
        self.command("gaps").args(more).output().unwrap()
    }

    fn json(&self, more: &[&str]) -> (Value, i32) {
        json_of(self.command("gaps").arg("--json").args(more))
    }

    /// Writes a sheet; returns its path and what was said.
    fn sheet(&self, more: &[&str]) -> (PathBuf, String) {
        let path = self.path("sheet.xlsx");
        let place = path.to_str().unwrap().to_owned();
        let output = self.gaps(&[&["--sheet", &place], more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        (path, String::from_utf8(output.stdout).unwrap())
    }
}

/// The counts of a table, by what they count.
fn counts(list: &Value, table: &str) -> Vec<(String, u64)> {
    let lines = list[table].as_array().unwrap().iter();
    let line = |line: &Value| {
        (
            line["of"].as_str().unwrap().to_owned(),
            line["gaps"].as_u64().unwrap(),
        )
    };
    lines.map(line).filter(|(_, gaps)| *gaps > 0).collect()
}

const PHONE: &str = "owners[0].phoneNumber";

#[test]
fn gaps_of_accounts_that_bakkt_has_stay_open_when_their_customers_leave_the_plan() {
    let case = Case::new("[grace]\ndays = 10\n");
    let of_both = |list: &Value| -> Vec<Value> {
        let lines = list["first"].as_array().unwrap().iter();
        let lines = lines.filter(|line| {
            ["A-1", "A-2"]
                .iter()
                .any(|id| line["clientAccountId"] == *id)
        });
        lines
            .map(|line| serde_json::json!([line["clientAccountId"], line["path"], line["due"]]))
            .collect()
    };
    let (before, _) = case.json(&[]);
    let open = of_both(&before);
    assert!(open.len() >= 2, "{before}");

    // One row is lost, one is left out by a rule.
    let rows: Vec<&str> = ROWS.lines().skip(1).collect();
    let export = format!("{HEADER},EMPLOYER\n{}\n", rows.join("\n"));
    std::fs::write(case.path("export.csv"), export).unwrap();
    let rule = "[grace]\ndays = 10\n[exclude]\nids = { list = [\"A-2\"], reason = \"on hold\" }\n";
    case.settings(rule);
    let mut replan = case.command("replan");
    let (_, code) = json_of(replan.args(["--json", "--base-url", &case.sandbox.base_url()]));
    assert_eq!(code, 0);

    let (after, _) = case.json(&[]);
    assert_eq!(of_both(&after), open);
    let (status, _) = json_of(case.command("status").arg("--json"));
    assert_eq!(status["gaps"]["not_at_bakkt"], open.len(), "{status}");
    assert_eq!(status["after"]["gaps_closed"], 0, "{status}");
    let (report, _) = json_of(case.command("report").arg("--json"));
    assert_eq!(report["balanced"], true);
    let read = |name: &str| std::fs::read_to_string(case.path("report").join(name)).unwrap();
    let lines = |text: &str, what: &str| text.lines().filter(|line| line.contains(what)).count();
    let gaps = read("gaps.csv");
    assert_eq!(
        lines(&gaps, "no longer sends this customer"),
        open.len(),
        "{gaps}"
    );
    let history = read("gap-history.csv");
    assert_eq!(
        lines(&history, "closed, not at Bakkt yet"),
        open.len(),
        "{history}"
    );

    // Back in the plan, they are its gaps again.
    std::fs::write(
        case.path("export.csv"),
        format!("{HEADER},EMPLOYER\n{ROWS}"),
    )
    .unwrap();
    case.settings("[grace]\ndays = 10\n");
    let mut replan = case.command("replan");
    json_of(replan.args(["--json", "--base-url", &case.sandbox.base_url()]));
    let (status, _) = json_of(case.command("status").arg("--json"));
    assert_eq!(status["gaps"].get("not_at_bakkt"), None, "{status}");
    assert_eq!(of_both(&case.json(&[]).0), open);
    // They went on all the time: nothing was closed, and nothing opened again.
    assert_eq!(status["after"]["gaps_closed"], 0, "{status}");
    let (report, _) = json_of(case.command("report").arg("--json"));
    assert_eq!(report["balanced"], true, "{report}");
    let history = read("gap-history.csv");
    assert_eq!(lines(&history, ",closed,"), 0, "{history}");
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    let days = summary["burn_down"].as_array().unwrap().iter();
    let opened: u64 = days.map(|day| day["opened"].as_u64().unwrap()).sum();
    assert_eq!(opened, status["gaps"]["open"], "{summary}");
}

#[test]
fn gaps_are_listed_by_the_day_they_are_due() {
    let case = Case::new("[grace]\ndays = 10\n");
    let (list, code) = case.json(&[]);
    let all = list["gaps"].as_u64().unwrap();
    assert_eq!((list["customers"].as_u64(), code), (Some(4), 0));
    let (status, _) = json_of(case.command("status").arg("--json"));
    assert_eq!(status["gaps"]["open"], all);
    let due = counts(&list, "due");
    assert_eq!(
        due.iter().map(|(of, _)| of.as_str()).collect::<Vec<_>>(),
        ["within 30 days", "after acceptance"]
    );
    assert_eq!(due.iter().map(|(_, gaps)| gaps).sum::<u64>(), all);
    assert_eq!(counts(&list, "sources"), [("export.csv".to_owned(), all)]);
    // Those that are due come first; who was not accepted comes last.
    let first = list["first"].as_array().unwrap();
    assert_eq!(first[0]["clientAccountId"], "A-1");
    assert_eq!(first[0]["ageDays"], 0);
    assert_eq!(first.last().unwrap()["due"], "after acceptance");

    let (phones, _) = case.json(&["--field", "owners[].phoneNumber"]);
    assert_eq!(counts(&phones, "fields"), [(PHONE.to_owned(), 2)]);
    assert_eq!(phones["first"][1]["reason"], "invalid: not a phone number");
    let (soon, _) = case.json(&["--due-within", "9"]);
    assert_eq!(soon["gaps"], 0);
    let (soon, _) = case.json(&["--due-within", "10", "--field", PHONE]);
    assert_eq!(soon["gaps"], 2);
    let (here, _) = case.json(&["--source", "export.csv"]);
    assert_eq!(here["gaps"], all);
    let elsewhere = case.gaps(&["--source", "other.csv"]);
    assert_eq!(elsewhere.status.code(), Some(2));
    let wrong = case.gaps(&["--field", "owners[0].phone"]);
    assert_eq!(wrong.status.code(), Some(2));

    let csv = case.path("gaps.csv");
    case.gaps(&["--csv", csv.to_str().unwrap()]);
    let csv = std::fs::read_to_string(csv).unwrap();
    assert_eq!(csv.lines().count() as u64, all + 1);
    let text = String::from_utf8(case.gaps(&[]).stdout).unwrap();
    assert!(
        text.starts_with(&format!("{all} open gaps of 4 customers\n")),
        "{text}"
    );
    for needle in ["Annabel", "Ashdown", "666-12", "example.com"] {
        assert!(!text.contains(needle) && !csv.contains(needle));
    }
}

#[test]
fn what_is_past_due_needs_a_person() {
    let case = Case::new("[grace]\ndays = 1\nfrom = \"2020-01-31\"\n");
    let (list, code) = case.json(&["--past-due"]);
    assert_eq!((&list["gaps"], code), (&list["past_due"], 3));
    assert!(list["gaps"].as_u64() > Some(0));
    // One date for all is one for accounts that Bakkt has; of those who are not sent nothing is due.
    let (all, _) = case.json(&[]);
    assert!(all["gaps"].as_u64() > list["gaps"].as_u64(), "{all}");
    case.settings("");
    let (list, code) = case.json(&["--past-due"]);
    assert_eq!((list["gaps"].as_u64(), code), (Some(0), 0));
    let (list, _) = case.json(&[]);
    assert_eq!(counts(&list, "due").len(), 1);
}

#[test]
fn a_waived_gap_is_listed_apart_and_not_in_the_sheet() {
    let case = Case::new("");
    let mut waive = case.command("waive");
    waive.args([
        "--id", "A-1", "--field", PHONE, "--reason", "has none", "--by", "kim",
    ]);
    assert!(waive.output().unwrap().status.success());
    let (list, _) = case.json(&["--waived"]);
    assert_eq!(list["gaps"], 1);
    let (open, _) = case.json(&["--field", PHONE]);
    assert_eq!(open["first"][0]["clientAccountId"], "A-2");
    let csv = case.path("waived.csv");
    case.gaps(&["--waived", "--csv", csv.to_str().unwrap()]);
    assert!(
        std::fs::read_to_string(csv)
            .unwrap()
            .ends_with(",waived,kim,has none\n")
    );
    let (sheet, _) = case.sheet(&[]);
    assert_eq!(fill::read(&sheet).line("A-1")[PHONE], "–");
}

#[test]
fn only_what_a_customer_lacks_is_open_in_the_sheet() {
    let case = Case::new("[grace]\ndays = 10\n");
    let (path, said) = case.sheet(&[]);
    assert!(said.contains("3 customers"), "{said}");
    assert!(said.contains("correct the export"), "{said}");
    let sheet = fill::read(&path);
    assert_eq!(sheet.paths()[..2], ["clientAccountId", "known:due"]);
    let phone = sheet.paths().iter().position(|path| path == PHONE).unwrap();
    assert_eq!(sheet.head[1][phone], "Phone number, owner 1");
    let ids: Vec<&str> = sheet.lines.iter().map(|line| line[0].as_str()).collect();
    assert_eq!(ids, ["A-1", "A-2", "A-3"]);

    let employment = "owners[0].identity.employment";
    let position = format!("{employment}.position");
    let employer = format!("{employment}.employerName");
    let (one, two, three) = (sheet.line("A-1"), sheet.line("A-2"), sheet.line("A-3"));
    assert_eq!([one[PHONE], two[PHONE], three[PHONE]], ["", "", "–"]);
    // The employer of the first is known; it is withheld until the position is there.
    assert_eq!([one[employer.as_str()], two[employer.as_str()]], ["–", ""]);
    assert_eq!(one[position.as_str()], "");
    // Who was never accepted may still say who they are; of the others that is no cell.
    assert_eq!(
        [
            three["owners[0].emailAddress"],
            three["owners[0].identity.taxId"]
        ],
        ["", ""]
    );
    assert_eq!(
        [
            one["owners[0].emailAddress"],
            one["owners[0].identity.taxId"]
        ],
        ["–", "–"]
    );
    // A list is asked for by its first element, and a country asks for its postal code.
    assert_eq!(one["owners[0].agreements[0].name"], "");
    assert_eq!(one["owners[0].agreements[0].version"], "");
    assert_eq!(
        one[format!("{employment}.employerAddress.postalCode").as_str()],
        ""
    );

    let field = &sheet.fields[PHONE];
    assert_eq!(
        field["What is wrong"],
        "invalid: not a phone number (1); missing (1)"
    );
    assert!(field["What to write"].contains("+13125550123"));
    let objective = &sheet.fields["investmentProfile.accountGoals.investmentObjective"];
    assert!(objective["Allowed values"].contains("BALANCED"));
    assert_eq!(sheet.lists[&objective["List"]].len(), 6);

    let nowhere = case.gaps(&["--sheet", "/no/such/folder/sheet.xlsx"]);
    let said = String::from_utf8(nowhere.stderr).unwrap();
    assert_eq!(nowhere.status.code(), Some(1), "{said}");
    assert!(
        said.contains("cannot write /no/such/folder/sheet.xlsx"),
        "{said}"
    );
    // Nothing is written over.
    let again = case.gaps(&["--sheet", path.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(2));
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

/// A part of the workbook as it is stored.
fn part(path: &std::path::Path, name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    zip.by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[test]
fn closed_cells_are_locked_and_open_ones_say_what_they_take() {
    let case = Case::new("");
    let (path, _) = case.sheet(&[]);
    let (cells, styles) = (
        part(&path, "xl/worksheets/sheet1.xml"),
        part(&path, "xl/styles.xml"),
    );
    assert!(cells.contains("<sheetProtection ") && !cells.contains("password"));
    assert!(part(&path, "xl/workbook.xml").contains("state=\"hidden\""));
    // The styles of cells in their order: unlocked or not.
    let formats = styles
        .split("<cellXfs")
        .nth(1)
        .unwrap()
        .split("</cellXfs>")
        .next()
        .unwrap();
    let unlocked: Vec<bool> = formats
        .split("<xf ")
        .skip(1)
        .map(|format| format.contains("locked=\"0\""))
        .collect();
    let cell = Regex::new(r#"<c r="([A-Z]+)(\d+)"(?: s="(\d+)")?[^>]*?(/>|>(.*?)</c>)"#).unwrap();
    let (mut open, mut closed) = (0, 0);
    for found in cell.captures_iter(&cells) {
        let row: u32 = found[2].parse().unwrap();
        let style: usize = found
            .get(3)
            .map_or(0, |style| style.as_str().parse().unwrap());
        let empty = &found[4] == "/>";
        assert_eq!(unlocked[style], empty, "{}{row}", &found[1]);
        if row > 3 {
            if empty { open += 1 } else { closed += 1 }
        }
    }
    let sheet = fill::read(&path);
    let all = |empty: bool| {
        sheet
            .lines
            .iter()
            .flatten()
            .filter(|cell| cell.is_empty() == empty)
            .count()
    };
    assert_eq!((open, closed), (all(true), all(false)));
    let columns = sheet.paths().len() - 2;
    assert_eq!(cells.matches("<dataValidation ").count(), columns);
    assert!(cells.contains("<formula1>Lists!$A$2:$A$"), "{cells}");
    assert!(
        cells.contains("prompt=\"Bakkt must be able to reach the customer. International format")
    );
}

#[test]
fn what_is_known_is_told_only_when_asked_for() {
    let case = Case::new("");
    let (path, said) = case.sheet(&[]);
    assert!(said.contains("no other data of customers"), "{said}");
    let sheet = fill::read(&path);
    assert!(
        !sheet
            .lines
            .iter()
            .flatten()
            .any(|cell| cell.contains("Ashdown"))
    );
    std::fs::remove_file(&path).unwrap();
    let (path, said) = case.sheet(&["--with-known", "--field", PHONE]);
    assert!(said.contains("holds customers' data"), "{said}");
    let sheet = fill::read(&path);
    assert_eq!(
        sheet.paths(),
        [
            "clientAccountId",
            "known:due",
            "known:name",
            "known:email",
            "known:phone",
            PHONE
        ]
    );
    assert_eq!(
        sheet.lines[0],
        [
            "A-1",
            "not set",
            "Annabel Ashdown",
            "annabel@example.com",
            "",
            ""
        ]
    );

    // Rows that have moved are somebody else's.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(
        case.path("export.csv"),
        format!("{HEADER},EMPLOYER\nX{ROWS}"),
    )
    .unwrap();
    let moved = case.gaps(&["--with-known", "--sheet", path.to_str().unwrap()]);
    assert_eq!(moved.status.code(), Some(2));
    assert!(!path.exists());
    case.sheet(&[]);
}

/// A stricter plan blocks customers whom Bakkt has: their accounts are open, and so are their gaps.
#[test]
fn gaps_of_an_account_that_a_new_plan_blocks_stay_due_from_its_acceptance() {
    let grace = "[grace]\ndays = 30\nfrom = \"2026-01-01\"\n";
    let case = Case::new(grace);
    let due = |list: &Value| counts(list, "due");
    let (before, code) = case.json(&["--past-due"]);
    assert_eq!((before["customers"].as_u64(), code), (Some(2), 3));
    let phones = "[policy]\n\"owners[].phoneNumber\" = { level = \"H\", reason = \"called\" }\n";
    case.settings(&format!("{grace}{phones}"));
    let mut replan = case.command("replan");
    let (planned, _) = json_of(replan.args(["--json", "--base-url", &case.sandbox.base_url()]));
    assert_eq!(planned["replan"]["former"], 2, "{planned}");
    let (after, code) = case.json(&["--past-due"]);
    assert_eq!(code, 3, "{after}");
    assert_eq!(due(&after), due(&before));
    let dates = after["first"].as_array().unwrap().iter();
    assert!(dates.map(|gap| &gap["due"]).all(|due| due == "2026-01-31"));

    let csv = case.path("gaps.csv");
    case.gaps(&["--csv", csv.to_str().unwrap()]);
    let csv = std::fs::read_to_string(csv).unwrap();
    let of = |id: &str| csv.lines().filter(|line| line.contains(id)).count();
    assert!(of("A-1,") > 0, "{csv}");
    assert!(
        !csv.lines()
            .any(|line| line.contains("A-1,") && line.contains("after acceptance")),
        "{csv}"
    );

    let reports = case.path("report");
    let mut report = case.command("report");
    assert!(report.output().unwrap().stderr.is_empty());
    let lines = std::fs::read_to_string(reports.join("reconciliation.csv")).unwrap();
    let line = lines.lines().find(|line| line.contains("A-1,")).unwrap();
    assert!(
        line.contains(",A-1,blocked,,\"accepted, former\","),
        "{line}"
    );
    let cells: Vec<&str> = line.split("\"accepted, former\",").collect();
    assert!(
        cells.len() == 2 && !cells[1].starts_with(','),
        "it has Bakkt's id: {line}"
    );
    let gaps = std::fs::read_to_string(reports.join("gaps.csv")).unwrap();
    assert!(
        !gaps
            .lines()
            .any(|line| line.contains(",A-1,") && line.contains("after acceptance")),
        "{gaps}"
    );
    let agreements = std::fs::read_to_string(reports.join("agreements.csv")).unwrap();
    let line = agreements
        .lines()
        .find(|line| line.contains("A-1,"))
        .unwrap();
    assert!(line.ends_with("not known"), "{line}");
}

#[test]
fn a_filled_sheet_closes_every_gap_that_it_asked_for() {
    let case = Case::new("");
    let (path, said) = case.sheet(&[]);
    let filled = case.path("filled.xlsx");
    let count = fill::fill(&path, &filled, |_| true);
    assert!(
        said.contains(&format!("{count} cells to fill in")),
        "{said}"
    );

    let target = ["--base-url", &case.sandbox.base_url()];
    let mut backfill = case.command("backfill");
    let (taken, code) = json_of(backfill.arg(&filled).arg("--json").args(target));
    assert_eq!(code, 0, "{taken}");
    let (totals, _) = json_of(case.command("run").arg("--json").args(target));
    assert_eq!(totals["tasks"]["account"]["accepted"], 3);
    assert_eq!(totals["tasks"]["update"]["accepted"], 2);
    assert_eq!(totals["balanced"], true, "{totals}");

    // What is left is the row without an id.
    let (list, _) = case.json(&[]);
    assert_eq!(list["customers"], 1, "{list}");
    assert_eq!(list["first"][0]["clientAccountId"], "");
    std::fs::remove_file(&path).unwrap();
    let (sheet, said) = case.sheet(&["--with-known"]);
    assert!(said.starts_with("nothing to fill in"), "{said}");
    assert!(!sheet.exists());
}

#[test]
fn what_was_filled_in_is_known_from_then_on() {
    let case = Case::new("");
    let (path, _) = case.sheet(&["--field", PHONE]);
    let filled = case.path("filled.xlsx");
    assert_eq!(fill::fill(&path, &filled, |_| true), 2);
    let target = ["--base-url", &case.sandbox.base_url()];
    let mut backfill = case.command("backfill");
    json_of(backfill.arg(&filled).arg("--json").args(target));
    std::fs::remove_file(&path).unwrap();
    let (path, _) = case.sheet(&["--with-known"]);
    let sheet = fill::read(&path);
    let phone = sheet.line("A-1")["known:phone"];
    assert!(phone.starts_with("+1312555"), "{phone}");
}

#[test]
fn what_no_backfill_can_close_is_no_cell() {
    // Accepted first; then it lacks its e-mail address, and the plan no longer sends it. Bakkt has it all the same.
    let case = Case::new("");
    let rows = ROWS
        .replace("annabel@example.com", "")
        .replace("666-12-1234", "");
    std::fs::write(
        case.path("export.csv"),
        format!("{HEADER},EMPLOYER\n{rows}"),
    )
    .unwrap();
    let target = ["--base-url", &case.sandbox.base_url()];
    json_of(case.command("replan").arg("--json").args(target));
    let (path, said) = case.sheet(&[]);
    let sheet = fill::read(&path);
    let one = sheet.line("A-1");
    assert_eq!(
        [
            one["owners[0].emailAddress"],
            one["owners[0].identity.taxId"]
        ],
        ["", "–"]
    );
    assert!(
        said.contains("go by Bakkt's Operations or Compliance"),
        "{said}"
    );

    // There before, with other data, and left as it is.
    let second = Case::new("");
    let rows = ROWS.replace("Ashdown", "Ashford");
    std::fs::write(
        second.path("export.csv"),
        format!("{HEADER},EMPLOYER\n{rows}"),
    )
    .unwrap();
    std::fs::remove_dir_all(second.path(".bakkt-migrate")).unwrap();
    let target = ["--base-url", &second.sandbox.base_url()];
    let (totals, _) = json_of(second.command("run").arg("--json").args(target));
    assert_eq!(totals["existed"]["different"], 1, "{totals}");
    let (path, said) = second.sheet(&[]);
    assert!(said.contains("they are left as they are"), "{said}");
    let ids: Vec<String> = fill::read(&path)
        .lines
        .iter()
        .map(|line| line[0].clone())
        .collect();
    assert_eq!(ids, ["A-2", "A-3"]);
}

/// Samples whose sheets are filled in and taken until nothing is asked for any more: what is left then has no cell.
#[test]
fn the_sheets_of_the_samples_can_be_filled_in_until_nothing_is_left() {
    for name in ["acme", "harbor"] {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = SandboxProcess::start(folder.path(), "");
        let dir = folder.path().join(name);
        let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
        crate::support::copy_folder(&sample.join(name), &dir);
        let command = |command: &str, more: &[&str]| {
            let mut run = program();
            json_of(
                run.arg(command)
                    .arg(&dir)
                    .args(["--json", "--quiet"])
                    .args(more)
                    .args(reason_for(command, more)),
            )
        };
        let target = ["--base-url", &sandbox.base_url()];
        command("run", &target);
        let mut rounds = 0;
        loop {
            let sheet = folder.path().join(format!("{rounds}.xlsx"));
            let (said, _) = command("gaps", &["--sheet", sheet.to_str().unwrap()]);
            let cells = said["sheet"]["cells"].as_u64().unwrap();
            if cells == 0 {
                break;
            }
            // The type of an account, once it is told, asks for more.
            rounds += 1;
            assert!(rounds <= 2, "{name}: {said}");
            let filled = folder.path().join(format!("{rounds}-filled.xlsx"));
            assert_eq!(fill::fill(&sheet, &filled, |_| true) as u64, cells);
            command(
                "backfill",
                &[&target[..], &[filled.to_str().unwrap()]].concat(),
            );
            let (totals, _) = command("run", &target);
            assert_eq!(totals["balanced"], true, "{totals}");
        }
        let (list, _) = command("gaps", &[]);
        for field in list["fields"].as_array().unwrap() {
            let field = field["of"].as_str().unwrap();
            let beyond = [
                "clientAccountId",
                "owners[0].identity.citizenshipCountry",
                "owners",
            ];
            let upload = field.starts_with("documents") || field.ends_with(".identityDocument");
            let by_hand = field == "owners[1].kind";
            assert!(
                beyond.contains(&field) || upload || by_hand,
                "{name}: {field}"
            );
        }
    }
}
