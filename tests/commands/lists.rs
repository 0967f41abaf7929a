//! Lists of ids and other small files, as people and spreadsheets leave them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use bakkt_migrate::cli::Cli;
use bakkt_migrate::commands;
use bakkt_model::error::{Style, describe, exit_code};
use clap::Parser;
use serde_json::Value;

use super::world::{Bakkt, World, row};

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark
        .then_some(0xFEFF)
        .into_iter()
        .chain(text.encode_utf16());
    let bytes = |unit: u16| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    };
    units.flat_map(bytes).collect()
}

/// A list of A-1 and A-2, in every way in which it may be saved.
fn spellings() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = [
        "A-1\nA-2\n",
        "A-1\r\nA-2",
        "A-1\rA-2\r",
        "\u{FEFF}A-1\nA-2\n",
        "\u{FEFF}\"A-1\"\r\n\"A-2\"\r\n",
        "A-1,,,\nA-2,\n",
        "A-1;\nA-2;;\n",
        "A-1\t\nA-2\t\t\n",
        "clientAccountId\nA-1\nA-2\n",
        "ID\nA-1\nA-2\n",
        "\"id\";\n\"A-1\";\n\"A-2\";\n",
        "sep=;\nid;\nA-1;\nA-2;\n",
        "\n\n A-1 \n\n\u{A0}A-2\u{A0}\n\n",
        "A-1\u{200B}\n\u{200B}\u{FEFF}A-2\u{AD}\n",
        "=\"A-1\"\n\"=\"\"A-2\"\"\"\n",
        "'A-1\n'A-2\n",
        "A-1\nA-2\n\u{1A}",
        "A-2\nA-1\nA-2\n",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    for (big, mark) in [(false, true), (true, true), (false, false), (true, false)] {
        all.push(utf16("clientAccountId\r\nA-1\r\nA-2\r\n", big, mark));
    }
    all
}

/// Runs a command inside this process: its output as JSON, and its exit code.
fn json(world: &World, line: &str) -> (Value, u8) {
    let dir = world.path("acme");
    let arguments = line.replace("acme", dir.to_str().unwrap());
    let arguments = ["bakkt-migrate", "--quiet"]
        .into_iter()
        .chain(arguments.split(' '));
    match commands::run(Cli::parse_from(arguments)) {
        Ok(output) => {
            let value = serde_json::from_str(&output.text).unwrap_or(Value::String(output.text));
            (value, output.code)
        }
        Err(error) => (
            Value::String(describe(&error, Style::PLAIN)),
            exit_code(&error),
        ),
    }
}

/// What runs in this process has no environment of its own.
fn with_key_file(world: &World) {
    world.write("acme/key", "a key\n");
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(world.path("acme/key"), mode).unwrap();
    world.set("[target]\nkey_file = \"key\"");
}

fn held(world: &World) {
    world.set("[exclude]\nids = { file = \"held.txt\", reason = \"legal hold\" }");
}

#[test]
fn nobody_on_a_list_is_sent_however_it_was_saved() {
    let world = World::of(3);
    held(&world);
    for (number, bytes) in spellings().iter().enumerate() {
        fs::write(world.path("acme/held.txt"), bytes).unwrap();
        let (said, code) = json(&world, "check acme --json");
        assert_eq!(
            (&said["verdicts"]["excluded"], code),
            (&2.into(), 0),
            "{number}: {said}"
        );
        assert_eq!(said["unused_exclusions"], serde_json::json!([]), "{number}");
    }
    fs::write(world.path("acme/held.txt"), "\u{FEFF}A-1\r\nA-2\r\n").unwrap();
    let bakkt = Bakkt::start(|_| {});
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 1);
}

#[test]
fn what_can_be_no_list_is_refused_with_file_and_line() {
    let world = World::of(3);
    held(&world);
    for (bytes, what) in [
        (&b"A-1\n\nA-2,Ann\n"[..], "line 3: there are several cells"),
        (b"A-1\n1.9E+18\n", "line 2: there is a number"),
        (
            b"A-1\nA\xE2\x80\x8B-2\n",
            "line 2: there are invisible characters",
        ),
        (b"A-1\nA-\xFC\n", "line 2: it is not UTF-8"),
        (b"A-1\nA-2\0\n", "line 2: it holds control characters"),
        (b"PK\x03\x04rest", "it is a workbook"),
        (b"A-1\n\"A-2\n", "line 2: there is a quote"),
        (b"", "holds no id"),
        (b"\xEF\xBB\xBFclientAccountId\r\n\r\n", "holds no id"),
    ] {
        fs::write(world.path("acme/held.txt"), bytes).unwrap();
        let (said, code) = json(&world, "check acme");
        let text = said.as_str().unwrap();
        assert_eq!(code, 2, "{text}");
        assert!(text.contains("held.txt") && text.contains(what), "{text}");
        assert!(!text.contains("Ann"), "{text}");
    }
}

#[test]
fn an_exclusion_without_a_row_is_told_with_its_line() {
    let world = World::of(4);
    held(&world);
    world.write("acme/held.txt", "Kundennummer\n\nA-1\nA-404\n");
    let settings = world.read("acme/migration.toml");
    world.write(
        "acme/migration.toml",
        &format!(
            "{settings}rules = [\n  {{ column = \"CITY\", equals = [\"Atlantis\"], reason = \"sunk\" }},\n  {{ column = \"ID\", equals = [\"A-1\", \"A-2\"], reason = \"left\" }},\n]\n"
        ),
    );
    let line = settings.lines().count() + 2;
    let expected = serde_json::json!([
        { "file": "held.txt", "line": 1, "what": "no row has this id; is this line a header?" },
        { "file": "held.txt", "line": 4, "what": "no row has this id" },
        { "file": "migration.toml", "line": line, "what": "no row fits this rule" },
    ]);
    // A-1 is left out by the rule, and counts as found in the list all the same.
    let (said, code) = json(&world, "check acme --json");
    assert_eq!((&said["unused_exclusions"], code), (&expected, 0));
    let text = world.bakkt("check acme");
    let told = format!(
        "exclusions that leave nobody out (3 in all)\n  held.txt:1: no row has this id; is this line a header?\n  \
         held.txt:4: no row has this id\n  migration.toml:{line}: no row fits this rule"
    );
    assert!(text.contains(&told), "{text}");
    let bakkt = Bakkt::start(|_| {});
    let text = world.bakkt(&bakkt.run(""));
    assert!(text.contains(&told), "{text}");
    let summary: Value = serde_json::from_str(&world.read("acme/report/summary.json")).unwrap();
    assert_eq!(summary["unused_exclusions"], expected);
    let page = world.read("acme/report/report.html");
    assert!(page.contains("<code>held.txt</code>, line 4") && !page.contains("A-404"));
}

#[test]
fn a_list_that_holds_nobody_stops_the_command() {
    let world = World::of(2);
    held(&world);
    world.write("acme/held.txt", "id\nB-1\nB-2\n");
    let (said, code) = json(&world, "check acme");
    let text = said.as_str().unwrap();
    assert!(
        code == 2 && text.contains("no row has any of the 2 ids in held.txt"),
        "{text}"
    );
    let bakkt = Bakkt::start(|_| {});
    assert_eq!(world.code(&bakkt.run("")).0, 2);
    assert_eq!(bakkt.ledger().posts, 0);
    // It is no plan either.
    world.write("acme/held.txt", "A-1\n");
    assert_eq!(world.code(&bakkt.run("")).0, 0);
    assert_eq!(bakkt.ledger().accounts, 1);
}

#[test]
fn every_option_that_takes_a_list_reads_it_alike() {
    let world = World::new(&[row("A-1"), row("A-2"), super::world::gap("A-3")]);
    let bakkt = Bakkt::start(|_| {});
    with_key_file(&world);
    let all = spellings();
    for (number, bytes) in all.iter().enumerate() {
        fs::write(world.path("ids.txt"), bytes).unwrap();
        let list = world.path("ids.txt");
        let list = list.to_str().unwrap();
        // Runs take their time: the first few, and one in UTF-16. The plan comes with the first.
        if number < 4 || number + 1 == all.len() {
            let line = format!("{} --json --only {list}", bakkt.run(""));
            let (said, code) = json(&world, &line.replace("  ", " "));
            assert_eq!(code, 0, "{number}: {said}");
            assert_eq!(said["tasks"]["account"]["accepted"], 2, "{number}");
        }
        let line = format!("retry acme --json --reason x --from {list}");
        let (said, code) = json(&world, &line);
        assert_eq!(code, 0, "{number}: {said}");
    }
    assert_eq!(bakkt.ledger().posts, 2);
    // One that nobody knows is told, the others are taken.
    world.write("some.txt", "\u{FEFF}Kunde\nA-404\n\n\"A-3\";\n");
    let text = world.bakkt("waive acme --field owners[0].phoneNumber --reason x --from some.txt");
    assert!(
        text.contains("some.txt, lines 1, 2: the plan does not have such an id"),
        "{text}"
    );
    assert!(
        text.contains("exit code 3") && text.contains("1 gaps of 1 customers waived"),
        "{text}"
    );
    let text = world.bakkt("exclude acme --reason x --from some.txt");
    assert!(
        text.contains("exit code 3") && text.contains("1 left out"),
        "{text}"
    );
    assert!(!text.contains("A-404"), "{text}");
    let text = world.bakkt(&format!(
        "verify acme --base-url {} --only some.txt",
        bakkt.url()
    ));
    assert!(text.contains("some.txt, lines 1, 2: the plan"), "{text}");
    for command in [
        "exclude acme --reason x --from none.txt",
        "retry acme --reason x --from none.txt",
    ] {
        world.write("none.txt", "id\nA-404\n");
        let text = world.bakkt(command);
        assert!(
            text.contains("exit code 2") && text.contains("look at line 2 of none.txt"),
            "{text}"
        );
        world.write("none.txt", "id\n");
        let text = world.bakkt(command);
        assert!(
            text.contains("exit code 2") && text.contains("holds no id"),
            "{text}"
        );
    }
}

#[test]
fn a_line_that_means_somebody_in_another_form_takes_nobody() {
    let world = World::new(&[
        row("A-1"),
        row("A-2"),
        super::world::gap("A-3"),
        row("C1001"),
        row("C1003"),
    ]);
    let bakkt = Bakkt::start(|_| {});
    assert_eq!(
        world
            .code(&format!("plan acme --base-url {}", bakkt.url()))
            .0,
        0
    );
    let lists = [
        ("A-2\na-1\n", 2, "it is A-1 in another form"),
        ("id\nA-2\nA1\n", 3, "it is A-1 in another form"),
        ("A-2\n1001\n", 2, "it is C1001 but for the letters"),
        ("A-2\nC1001 (joint)\n", 2, "it holds C1001 with something"),
        ("A-2\nC1001-1\n", 2, "it holds C1001 with something"),
        ("Account: C1001\nA-2\n", 1, "it holds C1001 with something"),
        (
            "A-2\nC1001 & C1003\n",
            2,
            "it holds several ids, such as C1001 and C1003",
        ),
        ("C1001\nC1001/C1003\n", 2, "it holds C1003 with something"),
    ];
    held(&world);
    for (list, line, what) in lists {
        world.write("acme/held.txt", list);
        let (said, code) = json(&world, "check acme");
        let text = said.as_str().unwrap();
        let place = format!("[exclude]: held.txt:{line}: ");
        assert!(
            code == 2 && text.contains(&place) && text.contains(what),
            "{text}"
        );
    }
    // Each of them is held as well: nothing is lost.
    world.write("acme/held.txt", "C1001\nC1001-1\nC1003\nC1001 & C1003\n");
    let (said, code) = json(&world, "check acme --json");
    assert_eq!(
        (&said["verdicts"]["excluded"], code),
        (&2.into(), 0),
        "{said}"
    );
    let settings = world.read("acme/migration.toml");
    let held_from = settings.find("[exclude]").unwrap();
    world.write("acme/migration.toml", &settings[..held_from]);
    for (list, line, what) in lists {
        world.write("some.txt", list);
        let url = bakkt.url();
        for command in [
            "exclude acme --reason x --from some.txt".to_owned(),
            "waive acme --field owners[0].phoneNumber --reason x --from some.txt".to_owned(),
            "retry acme --reason x --from some.txt".to_owned(),
            format!("verify acme --base-url {url} --only some.txt"),
            bakkt.run("--only some.txt"),
        ] {
            let text = world.bakkt(&command);
            let place = format!("some.txt, line {line}: the plan does not have such an id");
            assert!(
                text.contains("exit code 2") && text.contains(&place) && text.contains(what),
                "{command}: {text}"
            );
        }
    }
    let text = world.bakkt("exclude acme --reason x --id c1001");
    assert!(
        text.contains("exit code 2") && text.contains("it is C1001 in"),
        "{text}"
    );
    assert_eq!(bakkt.ledger().posts, 0);
    // A header that nobody knows is one where it may be.
    world.write("some.txt", "C-404\nC1001\n");
    let text = world.bakkt("exclude acme --reason x --from some.txt");
    assert!(
        text.contains("exit code 3") && !text.contains("header"),
        "{text}"
    );
}

#[test]
fn key_files_settings_and_events_are_read_alike() {
    let mut world = World::of(1);
    world.no_key();
    world.set("[target]\nkey_file = \"key\"");
    let bakkt = Bakkt::start(|_| {});
    let key = |bytes: &[u8], mode: u32| {
        fs::write(world.path("acme/key"), bytes).unwrap();
        fs::set_permissions(world.path("acme/key"), fs::Permissions::from_mode(mode)).unwrap();
    };
    for (bytes, mode, what) in [
        (&b"one\ntwo\n"[..], 0o600, "line 2: there is a second line"),
        (b" \r\n", 0o600, "it is empty"),
        (b"key\n", 0o640, "others may read it"),
        (b"\"key\"\n", 0o600, "the key stands in quotes"),
        (b"API-Key key\n", 0o600, "words of a header"),
        (b"BAKKT_API_KEY=key\n", 0o600, "the name of a variable"),
    ] {
        key(bytes, mode);
        let text = world.bakkt(&bakkt.run(""));
        assert!(
            text.contains("exit code 2") && text.contains(what),
            "{text}"
        );
    }
    // Settings and mapping as an editor of another system saves them.
    for name in ["acme/migration.toml", "acme/mapping.toml"] {
        let text = world.read(name);
        fs::write(
            world.path(name),
            utf16(&text.replace('\n', "\r\n"), false, true),
        )
        .unwrap();
    }
    key(&utf16("a key\r\n", false, true), 0o600);
    let text = world.bakkt(&bakkt.run(""));
    assert!(text.contains("exit code 0"), "{text}");
    let event = |id: &str| {
        format!(
            "{{\"requestId\":\"r-{id}\",\"partnerPartyRef\":\"{id}\",\"partyStatus\":\"APPROVED\"}}"
        )
    };
    let lines = format!("{}\r\r\u{A0}{}\u{200B}\r", event("A-1"), event("A-2"));
    for (bytes, repeats) in [
        (lines.as_bytes().to_vec(), 0),
        (utf16(&lines.replace('\r', "\r\n"), true, true), 2),
        (format!("\u{FEFF}{lines}").into_bytes(), 2),
    ] {
        fs::write(world.path("events.jsonl"), bytes).unwrap();
        let (code, said) = world.code("events import acme events.jsonl --json");
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["unreadable"], code), (&0.into(), 0), "{said}");
        assert_eq!(said["repeats"], repeats, "{said}");
    }
}
