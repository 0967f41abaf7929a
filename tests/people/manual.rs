//! How manual KYB ended is a person's word, and shows wherever the account does.

use std::path::Path;

use super::{Case, count};
use crate::support::program;

/// Customers for manual KYB, MK-2, MK-3, MK-4 and MK-6 among them, and the files that they come from.
fn entities() -> (Case, impl Fn(&str) -> String) {
    let case = Case::new("", &[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/manual-kyb");
    let text = move |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    case.write("export.csv", &text("export.csv"));
    for name in ["base.toml", "entity.toml"] {
        case.write(name, &text(&format!("../{name}")));
    }
    case.write("mapping.toml", &text("mapping.toml").replace("../", ""));
    (case, text)
}

#[test]
fn the_outcome_of_manual_kyb_is_kept_and_shown() {
    let (case, text) = entities();
    let (totals, _) = case.run("run", &[]);
    assert_eq!(count(&totals, "/kyb/manual"), 4);
    let resolve = |id: &str, outcome: &str| {
        let how = [
            "--manual",
            id,
            "--as",
            outcome,
            "--reason",
            "by mail, ticket 4711",
            "--by",
            "kim",
        ];
        case.run("resolve", &how)
    };
    let (totals, exit) = resolve("MK-2", "approved");
    assert_eq!((count(&totals, "/kyb/manual_approved"), exit), (1, 0));
    let (totals, _) = resolve("MK-3", "rejected");
    assert_eq!(
        (
            count(&totals, "/kyb/manual_rejected"),
            count(&totals, "/kyb/manual")
        ),
        (1, 4)
    );
    for (id, outcome, why) in [
        ("MK-1", "approved", "no account for manual KYB with this id"),
        (
            "nobody",
            "approved",
            "no account for manual KYB with this id",
        ),
        ("MK-2", "accepted", "--as approved or --as rejected"),
    ] {
        let said = case.refused(
            "resolve",
            &["--manual", id, "--as", outcome, "--reason", "why"],
        );
        assert!(said.contains(why), "{said}");
    }
    let said = case.refused(
        "resolve",
        &["--kyb", "MK-2", "--as", "approved", "--reason", "why"],
    );
    assert!(said.contains("--as accepted or --as not-taken"), "{said}");
    case.refused("resolve", &["--manual", "MK-2", "--reason", "why"]);

    // A new plan keeps it, and a later word takes its place.
    case.run("replan", &[]);
    resolve("MK-3", "approved");
    let list = case.report("manual-kyb.csv");
    let kept =
        |line: &str| line.contains(",approved,\"by mail, ticket 4711\",") && line.ends_with(",kim");
    let lines: Vec<&str> = list.lines().skip(1).collect();
    assert_eq!(lines.len(), 4, "{list}");
    assert!(kept(lines[0]) && kept(lines[1]), "{list}");
    assert!(
        lines[2].ends_with(",MK-4,,,,") && lines[3].ends_with(",MK-6,,,,"),
        "{list}"
    );
    let actions: Vec<String> = case.log().into_iter().map(|[action, ..]| action).collect();
    assert_eq!(
        actions
            .iter()
            .filter(|action| *action == "resolve manual KYB: approved")
            .count(),
        2,
        "{actions:?}"
    );
    assert!(actions.contains(&"resolve manual KYB: rejected".to_owned()));
    let said = String::from_utf8(case.said("status", &[]).stdout).unwrap();
    assert!(
        said.contains("manual KYB: approved 2") && said.contains("accounts for manual KYB 2"),
        "{said}"
    );

    // Whoever is forgotten is with Bakkt, although nothing was sent.
    let mut forget = program();
    forget.arg("forget").arg(case.folder.path());
    let why = ["--id", "MK-2", "--reason", "asked", "--by", "kim"];
    let output = forget.args(why).arg("--dry-run").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("account MK-2, at Bakkt manual KYB: approved"),
        "{said}"
    );

    let listed = || {
        let output = program()
            .arg("manual-kyb")
            .arg(case.folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line = |id: &str| {
            text.lines()
                .find(|line| line.contains(id))
                .unwrap()
                .to_owned()
        };
        (line("MK-2"), line("MK-4"), output.status.code())
    };
    let (ended, open, code) = listed();
    assert!(
        ended.ends_with(",approved") && open.ends_with(','),
        "{ended} {open}"
    );
    assert_eq!(code, Some(3));
    resolve("MK-4", "rejected");
    resolve("MK-6", "approved");
    assert_eq!(listed().2, Some(0), "nobody is left to ask about");

    // Bakkt has made it by hand, so that no correction of the export makes this program send it.
    let export = text("export.csv");
    let corrected = |line: &str| match line.starts_with("MK-2,") || line.starts_with("MK-4,") {
        true => line.replace(",P,C,", ",P,P,").replace(",,C,", ",,P,"),
        false => line.to_owned(),
    };
    let lines: Vec<String> = export.lines().map(corrected).collect();
    assert_ne!(lines.join("\n").trim(), export.trim());
    case.write("export.csv", &(lines.join("\n") + "\n"));
    let (totals, _) = case.run("replan", &["--reason", "corrected"]);
    assert_eq!(count(&totals, "/kyb/manual"), 2);
    let records = case.report("reconciliation.csv");
    for (id, outcome) in [("MK-2", "approved"), ("MK-4", "rejected")] {
        let line = records.lines().find(|line| line.contains(id)).unwrap();
        let why = format!("manual KYB has ended: {outcome}");
        assert!(line.contains("excluded") && line.contains(&why), "{line}");
        let list = case.report("manual-kyb.csv");
        let is_kept = |line: &str| line.contains(id) && line.contains(outcome);
        assert!(list.lines().any(is_kept), "{list}");
    }
}

#[test]
fn whom_a_person_excluded_or_who_was_erased_is_not_listed_for_manual_kyb() {
    let (case, _) = entities();
    case.run("run", &[]);
    let form = case.folder.path().join("forms.csv");
    let listed = || {
        let mut command = case.command("manual-kyb", &["--replace", "--with-values"]);
        let output = command.arg(&form).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let forms = std::fs::read_to_string(&form).unwrap();
        let all = ["MK-2", "MK-3", "MK-4", "MK-6"];
        let listed = all.into_iter().filter(|id| {
            let is_listed = said.contains(&format!(",{id},"));
            assert_eq!(forms.contains(id), is_listed, "{id}: {said}");
            is_listed
        });
        (listed.collect::<Vec<_>>(), output.status.code().unwrap())
    };
    assert_eq!(listed(), (vec!["MK-2", "MK-3", "MK-4", "MK-6"], 3));
    case.run("exclude", &["--id", "MK-2", "--reason", "gone"]);
    let why = ["--id", "MK-3", "--reason", "asked"];
    let output = case.said("forget", &why);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(listed(), (vec!["MK-4", "MK-6"], 3));
    case.run("exclude", &["--id", "MK-4", "MK-6", "--reason", "gone"]);
    assert_eq!(listed(), (vec![], 0));
    // Taken back, they wait for Bakkt's word again.
    case.run("exclude", &["--undo", "--id", "MK-4", "--reason", "back"]);
    assert_eq!(listed(), (vec!["MK-4"], 3));
}
