//! Files that a person names for output: no command, no option and no name leads to a file that is not its own.
//!
//! Owner of the property that every command keeps: whatever an output is pointed at, no byte changes in a file of the
//! migration, of its state, or of anybody else. The commands run inside this process: there are many of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use bakkt_journal::events::{ArrivedEvent, EventSource, EventStatement, Events};
use bakkt_migrate::cli::Cli;
use bakkt_migrate::commands;
use bakkt_model::error::exit_code;
use clap::Parser;

use super::world::{Bakkt, World, gap, row};
use crate::support::wait_for;

const DOCUMENTS: &str = r#"
[fields]
file = "FILE"
clientAccountId = "ACCT"
documentType = "TYPE"
"#;

/// Every way of naming an output that takes a file.
const OPTIONS: [(&str, &str); 7] = [
    ("check", "--gaps"),
    ("check", "--payloads"),
    ("gaps", "--csv"),
    ("gaps", "--sheet"),
    ("manual-kyb", "--out"),
    ("manual-kyb", "--with-values"),
    ("links", "--out"),
];

/// A migration with inputs of every kind, its state and its report; and the address that its journal is bound to.
fn migration() -> (World, String) {
    let world = World::new(&[]);
    for folder in ["exports", "documents/sub"] {
        fs::create_dir_all(world.path("acme").join(folder)).unwrap();
    }
    fs::remove_file(world.path("acme/export.csv")).unwrap();
    let rows = [row("A-1"), gap("A-2"), row("A-3")].join("\n");
    world.write(
        "acme/exports/one.csv",
        &format!("{}\n{rows}\n", super::world::HEADER),
    );
    world.change("acme/migration.toml", "export.csv", "exports/*.csv");
    world.change(
        "acme/mapping.toml",
        "account_type",
        "include = \"more.toml\"\naccount_type",
    );
    world.write("acme/more.toml", "[fields]\nclientAccountId = \"ID\"\n");
    world.change("acme/mapping.toml", "clientAccountId = \"ID\"\n", "");
    world.write("acme/held.txt", "A-3\n");
    for secret in ["acme/key", "acme/secret"] {
        world.write(secret, "a key\n");
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(world.path(secret), mode).unwrap();
    }
    world.write("acme/documents/sub/a.pdf", "%PDF-1.7 one");
    world.write(
        "acme/documents.csv",
        "FILE,ACCT,TYPE\nsub/a.pdf,A-1,PASSPORT\n",
    );
    world.write("acme/documents.toml", DOCUMENTS);
    world.set(
        "[exclude]\nids = { file = \"held.txt\", reason = \"legal hold\" }\n[target]\nkey_file = \"key\"\n\
         partner_id = \"3fa85f64-5717-4562-b3fc-2c963f66afa6\"\n[events]\nsecret_file = \"secret\"\n[documents]\n\
         root = \"documents\"\nmanifest = \"documents.csv\"\nmapping = \"documents.toml\"",
    );
    let bakkt = Bakkt::start(|_| {});
    let said = world.bakkt(&bakkt.run(""));
    assert_eq!(bakkt.ledger().accounts, 2, "{said}");
    let mut events = Events::open(&world.path("acme/.bakkt-migrate")).unwrap();
    let asked = ArrivedEvent {
        at: 1_795_000_000_000,
        body: b"{}".to_vec(),
        same: b"{}".to_vec(),
        request_id: "r-1".into(),
        kind: Some("PARTY_EVENT".into()),
        said: Some(EventStatement {
            client_id: "A-1".into(),
            status: "UNDER_REVIEW".into(),
            reason: Some("DOCUMENT_VERIFICATION".into()),
            expires_at: None,
            linked: false,
        }),
    };
    events.add(&[asked], EventSource::Received).unwrap();
    (world, bakkt.url())
}

/// Runs a command here; the exit code, and what was wrong.
/// Runs a command in this process. A program that another test starts has our files, and the lock among them, until it is itself;
/// so a lock that is taken is one of a moment.
fn run(arguments: &[&str]) -> (u8, String) {
    let line = ["bakkt-migrate", "--quiet"].iter().chain(arguments);
    let line: Vec<&str> = line.copied().collect();
    wait_for("the lock of the command before", || {
        match commands::run(Cli::parse_from(line.iter())) {
            Ok(output) => Some((output.code, output.text)),
            Err(error) => Some((exit_code(&error), format!("{error:#}")))
                .filter(|(_, said)| !said.contains("another bakkt-migrate is working")),
        }
    })
}

/// What lies below a folder, links as links; not what a database has open beside itself.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let facts = fs::symlink_metadata(&path).unwrap();
        let name = path.to_string_lossy().into_owned();
        if facts.is_symlink() {
            let target = fs::read_link(&path).unwrap();
            all.insert(path, target.into_os_string().into_encoded_bytes());
        } else if facts.is_dir() {
            all.extend(contents(&path));
        } else if !name.ends_with("-shm") && !name.ends_with("-wal") {
            let bytes = fs::read(&path).unwrap();
            all.insert(path, bytes);
        }
    }
    all
}

/// Places that no output may take: every file that is there by each of its names, and names that would become inputs.
fn places(world: &World) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let all = contents(&world.path(""));
    fs::create_dir(world.path("names")).unwrap();
    for (number, file) in all.keys().enumerate() {
        places.push(file.clone());
        let name = |kind: &str| world.path("names").join(format!("{kind}-{number}"));
        symlink(file, name("soft")).unwrap();
        places.push(name("soft"));
        if file.is_symlink() {
            continue;
        }
        let inside = file.strip_prefix(world.path("")).unwrap();
        places.push(world.path("names/..").join(inside));
        // One with a second name is none of a state folder's: it is made for the others alone.
        if !file.to_string_lossy().contains(".bakkt-migrate") {
            fs::hard_link(file, name("hard")).unwrap();
            places.push(name("hard"));
        }
    }
    for new in [
        "acme/.bakkt-migrate/new.csv",
        "acme/.bakkt-migrate/sandbox",
        "acme/documents/new.csv",
        "acme/documents/sub/new.csv",
        "acme/exports/new.csv",
        "acme/documents",
        "acme",
        "theirs/dangling",
        "nowhere/new.csv",
    ] {
        places.push(world.path(new));
    }
    places
}

#[test]
fn no_output_changes_a_byte_of_what_is_not_its_own() {
    let (world, url) = migration();
    fs::create_dir(world.path("theirs")).unwrap();
    world.write("theirs/notes.csv", "clientAccountId,note\nA-1,mine\n");
    world.write("theirs/empty", "");
    symlink(world.path("theirs/nowhere"), world.path("theirs/dangling")).unwrap();
    let dir = world.path("acme");
    let dir = dir.to_str().unwrap();
    let places = places(&world);
    assert!(places.len() > 100, "{}", places.len());
    let before = contents(&world.path(""));
    for (command, option) in OPTIONS {
        for place in &places {
            let out = place.to_str().unwrap();
            // Without the option nothing that is there is even looked into: the plain names are enough.
            let plain = !place.starts_with(world.path("names"));
            for replace in [&["--replace"][..], &[]] {
                if replace.is_empty() && !plain {
                    continue;
                }
                // Nobody answers there any more: what is refused is refused before anybody is asked.
                let target = ["--base-url", url.as_str(), "--reason", "mailing"];
                let target = if command == "links" { &target[..] } else { &[] };
                let arguments = [&[command, dir, option, out], target, replace].concat();
                let (code, said) = run(&arguments);
                assert!(said.contains(out), "{arguments:?}: {said}");
                // A folder that is not there is no mistake of the arguments.
                let expected = if out.contains("/nowhere/") { 1 } else { 2 };
                assert_eq!(code, expected, "{arguments:?}: {said}");
            }
        }
        let mut after = contents(&world.path(""));
        // A command that opens the journal may note so in its own files, and nowhere else.
        let own = |path: &PathBuf| {
            command == "links" && path.starts_with(world.path("acme/.bakkt-migrate"))
        };
        after.retain(|path, _| !own(path));
        let mut expected = before.clone();
        expected.retain(|path, _| !own(path));
        let changed: Vec<&PathBuf> = expected
            .iter()
            .filter(|(path, bytes)| after.get(*path) != Some(bytes))
            .map(|(path, _)| path)
            .collect();
        assert!(changed.is_empty(), "{command} {option} changed {changed:?}");
        assert_eq!(after.len(), expected.len(), "{command} {option} made files");
    }
}

#[test]
fn a_folder_of_output_is_never_somebody_elses() {
    let (world, _) = migration();
    fs::create_dir_all(world.path("theirs/sub")).unwrap();
    world.write("theirs/refused.csv", "who,why\nA-1,mine\n");
    fs::create_dir(world.path("pages")).unwrap();
    world.write(
        "pages/report.html",
        "<!doctype html>\n<html lang=\"en\">\nmine\n",
    );
    fs::create_dir(world.path("linked")).unwrap();
    symlink(
        world.path("acme/mapping.toml"),
        world.path("linked/gaps.csv"),
    )
    .unwrap();
    symlink(world.path("pages"), world.path("to-pages")).unwrap();
    symlink(world.path("nowhere"), world.path("dangling")).unwrap();
    let dir = world.path("acme");
    let dir = dir.to_str().unwrap();
    let export = world.path("acme/exports/one.csv");
    let before = contents(&world.path(""));
    for folder in [
        "theirs",
        "pages",
        "linked",
        "to-pages",
        "to-pages/",
        "dangling",
        "dangling/below",
        // Its manifest has the name of a file of the report.
        "acme",
        "acme/documents",
        "acme/documents/new",
        "acme/.bakkt-migrate",
        "acme/.bakkt-migrate/new",
        "acme/mapping.toml",
    ] {
        let out = world.path(folder);
        let (code, said) = run(&["report", dir, "--out", out.to_str().unwrap()]);
        assert_eq!(code, 2, "{folder}: {said}");
    }
    for folder in [
        "to-pages",
        "dangling",
        "acme",
        "acme/.bakkt-migrate",
        "acme/key",
    ] {
        let out = world.path(folder);
        let from = export.to_str().unwrap();
        let (code, said) = run(&["init", out.to_str().unwrap(), "--from", from]);
        assert_eq!(code, 2, "{folder}: {said}");
    }
    assert!(contents(&world.path("")) == before);
    // A run does not send anything either when its report could not be written.
    world.write("acme/report/kyb.csv", "mine\n");
    let (code, said) = run(&["run", dir, "--sandbox", "--limit", "0"]);
    assert_eq!(code, 0, "{said}");
    fs::create_dir_all(world.path("acme/report/sandbox")).unwrap();
    world.write("acme/report/sandbox/kyb.csv", "mine\n");
    let (code, said) = run(&["run", dir, "--sandbox"]);
    assert!(code == 2 && said.contains("kyb.csv"), "{said}");
    assert_eq!(world.read("acme/report/sandbox/kyb.csv"), "mine\n");
    // Nor when the folder above that of the rehearsal is a link.
    fs::remove_dir_all(world.path("acme/report")).unwrap();
    fs::create_dir(world.path("apart")).unwrap();
    for (command, folder) in [("run", "acme/report"), ("plan", "acme/plan")] {
        symlink(world.path("apart"), world.path(folder)).unwrap();
        let (code, said) = run(&[command, dir, "--sandbox"]);
        assert!(code == 2 && said.contains("is a link"), "{said}");
        fs::remove_file(world.path(folder)).unwrap();
    }
    assert_eq!(fs::read_dir(world.path("apart")).unwrap().count(), 0);
}

#[test]
fn an_earlier_output_is_replaced_only_when_that_is_asked_for() {
    let (world, _) = migration();
    let dir = world.path("acme");
    let dir = dir.to_str().unwrap();
    for (command, option) in &OPTIONS[..6] {
        let path = world.path(&format!("{command}{option}"));
        let out = path.to_str().unwrap();
        let (code, said) = run(&[command, dir, option, out]);
        assert!(code != 1 && code != 2, "{command} {option}: {said}");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{command} {option}");
        let first = fs::read(&path).unwrap();
        let (code, said) = run(&[command, dir, option, out]);
        assert!(code == 2 && said.contains("is there already"), "{said}");
        let (code, said) = run(&[command, dir, option, out, "--replace"]);
        assert!(code != 1 && code != 2, "{command} {option}: {said}");
        // A workbook holds the time at which it was made, so that its length may differ by a few bytes.
        let again = fs::read(&path).unwrap();
        assert!(again.len().abs_diff(first.len()) < 64, "{command} {option}");
        // What somebody put in front of it makes it theirs.
        let theirs = [b"mine\n", first.as_slice(), b"mine"].concat();
        fs::write(&path, &theirs).unwrap();
        let (code, said) = run(&[command, dir, option, out, "--replace"]);
        assert!(code == 2 && said.contains("does not begin"), "{said}");
        assert!(fs::read(&path).unwrap() == theirs);
    }
    // A workbook that a spreadsheet has saved may have been filled in.
    let path = world.path("calls.xlsx");
    let out = path.to_str().unwrap();
    assert_eq!(run(&["gaps", dir, "--sheet", out]).0, 0);
    let mut saved = fs::read(&path).unwrap();
    let end = saved
        .windows(4)
        .rposition(|four| four == b"PK\x05\x06")
        .unwrap();
    saved.truncate(end + 20);
    saved.extend([0, 0]);
    fs::write(&path, &saved).unwrap();
    assert_eq!(run(&["gaps", dir, "--sheet", out, "--replace"]).0, 2);
    assert!(fs::read(&path).unwrap() == saved);
    // Two outputs need two files; both are written when they have them.
    let both = world.path("both");
    let both = both.to_str().unwrap();
    for (command, options) in [
        ("check", ["--gaps", "--payloads"]),
        ("gaps", ["--csv", "--sheet"]),
        ("manual-kyb", ["--out", "--with-values"]),
    ] {
        let again = world.path("acme/../both");
        let again = again.to_str().unwrap();
        let (code, said) = run(&[command, dir, options[0], both, options[1], again]);
        assert!(code == 2 && said.contains("two outputs"), "{said}");
        assert!(!world.path("both").exists());
    }
    let (csv, sheet) = (world.path("one.csv"), world.path("one.xlsx"));
    let (csv, sheet) = (csv.to_str().unwrap(), sheet.to_str().unwrap());
    assert_eq!(run(&["gaps", dir, "--csv", csv, "--sheet", sheet]).0, 0);
    assert!(Path::new(csv).exists() && Path::new(sheet).exists());
    // The report replaces itself.
    let report = world.path("reports/new");
    let report = report.to_str().unwrap();
    for _ in 0..2 {
        let (code, said) = run(&["report", dir, "--out", report]);
        assert!(code == 0 || code == 3, "{said}");
    }
}

#[test]
fn no_cell_of_any_file_begins_a_formula() {
    let world = World::new(&[gap("A-1"), gap("x;=1"), gap("+A-2")]);
    world.change("acme/export.csv", "PHONE", "=HYPERLINK(1)");
    world.change("acme/mapping.toml", "\"PHONE\"", "\"=HYPERLINK(1)\"");
    let dir = world.path("acme");
    let dir = dir.to_str().unwrap();
    let out = world.path("gaps.csv");
    assert_eq!(run(&["check", dir, "--gaps", out.to_str().unwrap()]).0, 0);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains(",'=HYPERLINK(1),"), "{text}");
    assert!(
        text.contains(",x;'=1,") && text.contains(",'+A-2,"),
        "{text}"
    );
    let bakkt = Bakkt::start(|_| {});
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    let list = world.path("list.csv");
    assert_eq!(run(&["gaps", dir, "--csv", list.to_str().unwrap()]).0, 0);
    let mut files = vec![out, list];
    let report = fs::read_dir(world.path("acme/report")).unwrap();
    files.extend(report.map(|entry| entry.unwrap().path()));
    let mut cells = 0;
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "csv"))
    {
        // As programs read it that part cells otherwise.
        for delimiter in [b',', b';', b'\t', b'|'] {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(delimiter)
                .from_path(file)
                .unwrap();
            for row in reader.records() {
                for cell in row.unwrap().iter() {
                    cells += 1;
                    let begins = cell
                        .trim_start()
                        .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
                    assert!(
                        !begins || cell.parse::<i64>().is_ok(),
                        "{}: {cell}",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(cells > 200, "{cells}");
}
