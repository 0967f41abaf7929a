//! Events of Bakkt's webhooks, by the real program: whose they are, what is kept of them, and what a run makes of them.
//!
//! Owner of the proof that what does not prove itself leaves no trace, that events count once by whichever way they come,
//! and that nothing of a customer can be read in what is kept. Being killed is in `events_crash`.

pub mod receiver;

mod beside;
mod not_sent;

use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::support::needles::Needles;
use crate::support::{Running, json_of, program, wait_for};
use receiver::{Receiver, SECRET, body, database, events, folder, hex, lines, mac, state};

const KEPT: &str = "SELECT request_id, client_id, type, status, reason, expires_at, linked, source, repeats FROM event ORDER BY id";
const PARTY: &str = "SELECT client_id, events, repeats, status, reason, documents, expires_at FROM party ORDER BY client_id";

fn serve(dir: &Path) -> Receiver {
    Receiver::start(&mut events(&["serve"], dir), 0)
}

fn kept(dir: &Path) -> Vec<String> {
    lines(&database(&state(dir)), KEPT)
}

fn said(command: &mut Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn only_what_proves_itself_is_kept() {
    let one = body("r1", "A1", "ACTIVE", "OTHER");
    let base64 = data_encoding::BASE64.encode(&mac(&one));
    let (hex, other) = (hex(&one), hex("another body"));
    let signature = "X-Bakkt-Signature";
    for (settings, good, wrong) in [
        (
            "",
            vec![
                (signature, hex.clone()),
                ("x-bakkt-signature", hex.to_uppercase()),
            ],
            vec![
                (signature, base64.clone()),
                (signature, other),
                (signature, SECRET.into()),
                ("X-Other", hex.clone()),
            ],
        ),
        (
            "[events]\nsignature_header = \"X-Sig\"\nsignature_encoding = \"base64\"\nsignature_prefix = \"sha256=\"\n",
            vec![("X-Sig", format!("sha256={base64}"))],
            vec![
                ("X-Sig", base64.clone()),
                ("X-Sig", format!("sha256={hex}")),
                (signature, hex.clone()),
            ],
        ),
        (
            "[events]\nsecret_header = \"X-Token\"\n",
            vec![("X-Token", SECRET.to_owned())],
            vec![
                ("X-Token", format!("{SECRET}x")),
                ("X-Token", SECRET.to_lowercase()),
                (signature, hex.clone()),
            ],
        ),
    ] {
        let dir = folder(settings);
        let receiver = serve(dir.path());
        let mut sender = receiver.sender();
        let mut refused = 1;
        assert_eq!(sender.post("/", &[], one.as_bytes()), Some(401));
        for (name, value) in wrong {
            assert_eq!(
                sender.post("/", &[(name, &value)], one.as_bytes()),
                Some(401),
                "{settings}{name}: {value}"
            );
            refused += 1;
        }
        assert_eq!(kept(dir.path()), Vec::<String>::new());
        for (name, value) in &good {
            assert_eq!(
                sender.post("/", &[(name, value)], one.as_bytes()),
                Some(200),
                "{settings}{name}: {value}"
            );
        }
        assert_eq!(kept(dir.path()).len(), 1);
        let (code, said) = receiver.stop();
        let repeats = good.len() - 1;
        assert_eq!(
            (code, said.trim()),
            (
                0,
                &*format!("1 events, {repeats} repeats, {refused} refused")
            )
        );
    }
}

#[test]
fn what_is_no_delivery_is_answered_and_not_kept() {
    let dir = folder("[events]\npath = \"/bakkt\"\n");
    let receiver = serve(dir.path());
    let mut sender = receiver.sender();
    assert_eq!(sender.send("GET", "/health", &[], b""), Some(200));
    let one = body("r1", "A1", "ACTIVE", "OTHER");
    let signature = hex(&one);
    let headers = [("X-Bakkt-Signature", &*signature)];
    assert_eq!(sender.post("/", &headers, one.as_bytes()), Some(404));
    assert_eq!(sender.post("/bakktx", &headers, one.as_bytes()), Some(404));
    assert_eq!(
        sender.send("PUT", "/bakkt", &headers, one.as_bytes()),
        Some(405)
    );
    let mut long = receiver.sender();
    let longest = "x".repeat(64 * 1024 + 1);
    let signature = hex(&longest);
    let proved = [("X-Bakkt-Signature", &*signature)];
    assert_eq!(long.post("/bakkt", &proved, longest.as_bytes()), Some(413));
    assert_eq!(kept(dir.path()), Vec::<String>::new());
    for path in ["/bakkt", "/bakkt/", "/bakkt/events?x=1"] {
        assert_eq!(
            sender.post(path, &headers, one.as_bytes()),
            Some(200),
            "{path}"
        );
    }
    // As long as a body may be.
    let most = &longest[1..];
    let signature = hex(most);
    assert_eq!(
        sender.post(
            "/bakkt",
            &[("X-Bakkt-Signature", &*signature)],
            most.as_bytes()
        ),
        Some(200)
    );
    let (code, said) = receiver.stop();
    assert_eq!(
        (code, said.trim()),
        (0, "2 events, 2 repeats, 1 unreadable, 4 no deliveries")
    );
}

#[test]
fn it_listens_where_it_may_and_once() {
    let dir = folder("");
    let mut command = program();
    command
        .env_remove("BAKKT_WEBHOOK_SECRET")
        .args(["events", "serve"])
        .arg(dir.path())
        .args(["--listen", "0.0.0.0:0"]);
    let (code, text) = said(&mut command);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("BAKKT_WEBHOOK_SECRET") && !state(dir.path()).exists(),
        "{text}"
    );
    // Nor with the explicit word, where others could reach it.
    let (code, text) = said(command.arg("--without-proof"));
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("0.0.0.0") && !state(dir.path()).exists(),
        "{text}"
    );

    let named = folder("[events]\nsecret_header = \"X-Token\"\n");
    let mut command = program();
    command
        .env_remove("BAKKT_WEBHOOK_SECRET")
        .args(["events", "serve"])
        .arg(named.path());
    let (code, text) = said(&mut command);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("X-Token"), "{text}");

    // On this machine it needs none, when a person says so.
    let mut command = program();
    command
        .args(["events", "serve", "--without-proof"])
        .arg(dir.path());
    let receiver = Receiver::start(&mut command, 0);
    let one = body("r1", "A1", "ACTIVE", "OTHER");
    assert_eq!(receiver.sender().post("/", &[], one.as_bytes()), Some(200));

    let (code, text) = said(events(&["serve"], dir.path()).args(["--listen", "127.0.0.1:0"]));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("one receiver or import at a time"), "{text}");
    let (code, text) = said(events(&["import"], dir.path()).arg("-"));
    assert_eq!(code, 1, "{text}");
    let (code, _) = receiver.stop();
    assert_eq!(code, 0);
}

#[test]
fn a_secret_in_a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder("[events]\nsecret_file = \"webhook.secret\"\n");
    let file = dir.path().join("webhook.secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let mode =
        |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    let command = || {
        let mut command = program();
        command
            .env_remove("BAKKT_WEBHOOK_SECRET")
            .args(["events", "serve"])
            .arg(dir.path());
        command
    };
    mode(0o644);
    let (code, text) = said(&mut command());
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("chmod 600") && !text.contains(SECRET),
        "{text}"
    );
    mode(0o600);
    let receiver = Receiver::start(&mut command(), 0);
    assert_eq!(
        receiver
            .sender()
            .event(&body("r1", "A1", "ACTIVE", "OTHER")),
        Some(200)
    );
    assert_eq!(receiver.sender().post("/", &[], b"{}"), Some(401));
}

#[test]
fn events_count_once_by_whichever_way_they_come() {
    let dir = folder("");
    let all = [
        body("r1", "A1", "ACTIVE", "ENROLLMENT"),
        body("r2", "A1", "ACTIVE", "OTHER"),
        body("r3", "B2", "UNDER_REVIEW", "PENDING_REVIEW"),
        body("r4", "B2", "INACTIVE", "RISK_KYC"),
        body("r5", "C3", "UNDER_REVIEW", "DOCUMENT_VERIFICATION"),
        body("r6", "D4", "SOMETHING_NEW", "ELSE"),
    ];
    let receiver = serve(dir.path());
    let mut sender = receiver.sender();
    for one in [&all[3], &all[0], &all[3]] {
        assert_eq!(sender.event(one), Some(200));
    }
    // The same requestId with another body is another event.
    let other = body("r1", "A1", "ACTIVE", "OTHER");
    assert_eq!(sender.event(&other), Some(200));
    receiver.stop();

    let file = dir.path().join("events.jsonl");
    // Printed anew, as an archive would; with a blank line and one that is no event.
    let pretty = all[0].replace(',', " , ");
    let text = format!(
        "{pretty}\n\n{}\nnot an event of zephyrantha.q@canary.example\n",
        all[1..].join("\r\n")
    );
    std::fs::write(&file, text).unwrap();
    let import = || {
        let mut command = events(&["import"], dir.path());
        command.arg(&file);
        command
    };
    let (code, text) = said(&mut import());
    assert_eq!(code, 3, "{text}");
    assert!(
        text.contains("line 8: no event") && !text.contains("zephyrantha"),
        "{text}"
    );
    let (first, party) = (
        kept(dir.path()),
        lines(&database(&state(dir.path())), PARTY),
    );
    let (taken, code) = json_of(import().arg("--json"));
    assert_eq!(code, 3);
    assert_eq!(
        (&taken["events"], &taken["repeats"]),
        (&0.into(), &7.into())
    );
    assert_eq!(kept(dir.path()), first);
    assert_eq!(lines(&database(&state(dir.path())), PARTY), party);
    assert_eq!(
        first,
        [
            "r4 B2 PARTY_EVENT INACTIVE RISK_KYC - 0 0 1",
            "r1 A1 PARTY_EVENT ACTIVE ENROLLMENT - 0 0 0",
            "r1 A1 PARTY_EVENT ACTIVE OTHER - 0 0 0",
            "r2 A1 PARTY_EVENT ACTIVE OTHER - 0 1 0",
            "r3 B2 PARTY_EVENT UNDER_REVIEW PENDING_REVIEW - 0 1 0",
            "r5 C3 PARTY_EVENT UNDER_REVIEW DOCUMENT_VERIFICATION - 0 1 0",
            "r6 D4 PARTY_EVENT SOMETHING_NEW ELSE - 0 1 0",
            " - - - - - 0 1 0",
        ]
    );
    assert_eq!(
        party,
        [
            "A1 3 0 ACTIVE ENROLLMENT 0 -",
            "B2 2 1 - RISK_KYC 0 -",
            "C3 1 0 UNDER_REVIEW DOCUMENT_VERIFICATION 1 -",
            "D4 1 0 ? - 0 -",
        ]
    );
}

#[test]
fn nothing_of_a_customer_can_be_read_in_what_is_kept() {
    const CANARIES: &[&str] = &[
        SECRET,
        "zephyrantha.q@canary.example",
        "987-65-4321",
        "Zephyrantha Quillonde",
        "https://verify.example/s/8f3kQz7Lm",
        "canary-token-5512",
        "WUNDERBAUM_TERRACE",
    ];
    let dir = folder("");
    let receiver = Receiver::start(events(&["serve"], dir.path()).stderr(Stdio::null()), 0);
    let mut sender = receiver.sender();
    let ids = [
        "zephyrantha.q@canary.example",
        "987-65-4321",
        "Zephyrantha Quillonde",
        "A1",
    ];
    let mut sent: Vec<String> = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        let mut event: serde_json::Value = serde_json::from_str(&body(
            &format!("r{number}"),
            id,
            "UNDER_REVIEW",
            "DOCUMENT_VERIFICATION",
        ))
        .unwrap();
        event["verificationURL"] = "https://verify.example/s/8f3kQz7Lm".into();
        event["verificationURLExpiry"] = "2026-11-24T10:00:00Z".into();
        event["more"] =
            serde_json::json!({ "name": "Zephyrantha Quillonde", "token": "canary-token-5512" });
        sent.push(event.to_string());
    }
    // Words and ids that are a customer's in the wrong place; and a body that is none.
    sent.push(body(
        "987-65-4321",
        "A1",
        "WUNDERBAUM_TERRACE",
        "zephyrantha.q@canary.example",
    ));
    sent.push("{\"partnerPartyRef\": \"A1\", \"name\": \"Zephyrantha Quillonde\"}".into());
    sent.push("Zephyrantha Quillonde 987-65-4321".into());
    for one in &sent {
        assert_eq!(sender.event(one), Some(200));
        assert_eq!(
            sender.post(
                "/987-65-4321",
                &[("X-Bakkt-Signature", SECRET)],
                one.as_bytes()
            ),
            Some(401)
        );
    }
    let needles = Needles::new(CANARIES);
    let hidden = |word: &str| {
        let key = std::fs::read(state(dir.path()).join("journal.key")).unwrap();
        let key = bakkt_journal::CodeKey::new(&key.try_into().unwrap());
        key.hide(bakkt_journal::HiddenKind::Code, word)
    };
    // While it runs, with everything in the write-ahead log, and after it has ended.
    let found = needles.found_below(&state(dir.path()));
    assert!(found.is_empty(), "{found:#?}");
    let (_, text) = receiver.stop();
    let found = needles.found_below(&state(dir.path()));
    assert!(
        found.is_empty() && needles.found_in(text.as_bytes()).is_empty(),
        "{found:#?} {text}"
    );
    let hidden_status = hidden("WUNDERBAUM_TERRACE");
    let hidden_reason = hidden("zephyrantha.q@canary.example");
    assert_eq!(
        kept(dir.path()),
        [
            "r0 - PARTY_EVENT UNDER_REVIEW DOCUMENT_VERIFICATION 1795514400000 1 0 0",
            "r1 - PARTY_EVENT UNDER_REVIEW DOCUMENT_VERIFICATION 1795514400000 1 0 0",
            "r2 - PARTY_EVENT UNDER_REVIEW DOCUMENT_VERIFICATION 1795514400000 1 0 0",
            "r3 A1 PARTY_EVENT UNDER_REVIEW DOCUMENT_VERIFICATION 1795514400000 1 0 0",
            &format!(" A1 PARTY_EVENT {hidden_status} {hidden_reason} - 0 0 0"),
            " - - - - - 0 0 0",
            " - - - - - 0 0 0",
        ]
    );
    // What was sealed can be opened again, by the key.
    let events = bakkt_journal::events::Events::open(&state(dir.path())).unwrap();
    for (number, one) in sent.iter().enumerate() {
        assert_eq!(
            events.body(number as i64 + 1).unwrap().unwrap(),
            one.as_bytes()
        );
    }
    for name in ["events.db", "events.lock", "journal.key", "log.jsonl"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(state(dir.path()).join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn events_of_one_status_contradict_each_other_by_what_their_reasons_decide() {
    let of = |account: &str, status: &str, reasons: [&str; 2]| -> Vec<String> {
        let numbered = reasons.iter().enumerate();
        numbered
            .map(|(number, reason)| body(&format!("{account}-{number}"), account, status, reason))
            .collect()
    };
    let sent = [
        of("A1", "INACTIVE", ["DOCUMENT_VERIFICATION", "RISK_OFAC"]),
        of("A2", "INACTIVE", ["CLOSED", "PENDING_REVIEW"]),
        of(
            "A3",
            "SUSPENDED",
            ["COMPLIANCE_LOCKED", "DOCUMENT_VERIFICATION"],
        ),
        // The same decision, a reason that decides nothing, and a review that goes on.
        of("B1", "INACTIVE", ["RISK_KYC", "RISK_OFAC"]),
        of("B2", "INACTIVE", ["OTHER", "RISK_OFAC"]),
        of(
            "B3",
            "UNDER_REVIEW",
            ["PENDING_REVIEW", "DOCUMENT_VERIFICATION"],
        ),
    ];
    let mut backwards = sent.concat();
    backwards.reverse();
    for lines_of in [sent.concat(), backwards] {
        let dir = folder("");
        let file = dir.path().join("events.jsonl");
        std::fs::write(&file, lines_of.join("\n")).unwrap();
        assert_eq!(said(events(&["import"], dir.path()).arg(&file)).0, 0);
        let parties = "SELECT client_id, status FROM party ORDER BY client_id";
        assert_eq!(
            lines(&database(&state(dir.path())), parties),
            [
                "A1 -",
                "A2 -",
                "A3 -",
                "B1 INACTIVE",
                "B2 INACTIVE",
                "B3 UNDER_REVIEW"
            ]
        );
    }
}

#[test]
fn an_id_that_the_plan_knows_later_is_found_in_the_body() {
    let dir = folder("");
    let file = dir.path().join("events.jsonl");
    let of = |number: u32, status| body(&format!("r{number}"), "987654321", status, "OTHER");
    std::fs::write(&file, [of(1, "ACTIVE"), of(2, "UNDER_REVIEW")].join("\n")).unwrap();
    let import = || said(events(&["import"], dir.path()).arg(&file));
    assert_eq!(import().0, 0);
    let named = || lines(&database(&state(dir.path())), PARTY);
    assert_eq!((kept(dir.path()).len(), named()), (2, Vec::new()));
    assert_eq!(import().0, 0);
    assert_eq!(named(), Vec::<String>::new());

    let journal = bakkt_journal::Journal::open(&state(dir.path())).unwrap();
    drop(journal);
    let plan = Connection::open(state(dir.path()).join("journal.db")).unwrap();
    plan.execute_batch(
        "INSERT INTO record (id, file, row, offset, length, client_id, verdict, gaps) VALUES (1, 1, 2, 0, 9, '987654321', 0, 0)",
    )
    .unwrap();
    assert_eq!(import().0, 0);
    assert_eq!(named(), ["987654321 2 0 - OTHER 0 -"]);
    assert_eq!(import().0, 0);
    assert_eq!(named(), ["987654321 2 0 - OTHER 0 -"]);
}

/// A disk without room, as far as one process can have one: no file may grow beyond some kilobytes.
#[test]
fn a_full_disk_is_nobodys_200() {
    let dir = folder("");
    let mut command = Command::new("sh");
    command
        .env("BAKKT_WEBHOOK_SECRET", SECRET)
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_bakkt-migrate"))
        .args(["events", "serve"])
        .arg(dir.path());
    let mut receiver = Receiver::start(&mut command, 0);
    let mut sender = receiver.sender();
    let mut answered = Vec::new();
    let filling = "x".repeat(2000);
    let last = loop {
        let request = format!("r{}", answered.len());
        let event = body(&request, "A1", "ACTIVE", "OTHER")
            .replace('}', &format!(", \"more\": \"{filling}\"}}"));
        match sender.event(&event) {
            Some(200) => answered.push(request),
            other => break other,
        }
        assert!(answered.len() < 1000, "the disk is never full");
    };
    assert_eq!(last, Some(503));
    assert_eq!(
        wait_for("the receiver's end", || receiver.running.ended()),
        1
    );
    assert!(answered.len() > 10, "{}", answered.len());
    let kept = lines(
        &database(&state(dir.path())),
        "SELECT request_id FROM event ORDER BY id",
    );
    assert_eq!(kept, answered);
    // With room again it goes on.
    let receiver = serve(dir.path());
    assert_eq!(
        receiver
            .sender()
            .event(&body("again", "A1", "ACTIVE", "OTHER")),
        Some(200)
    );
}

/// Two processes that begin in an empty folder at the same moment share one key.
#[test]
fn a_receiver_and_a_run_begin_together() {
    let dir = beside::migration("[accounts]\nallow_unissued_tax_ids = true\n");
    let run = Running::start(
        program()
            .args(["run", "--quiet", "--sandbox", "--limit", "40"])
            .arg(dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let receiver = Receiver::start(events(&["serve"], dir.path()).arg("--sandbox"), 0);
    let mut run = run;
    let mut sender = receiver.sender();
    let mut count = 0;
    let code = wait_for("the run's end", || {
        count += 1;
        assert_eq!(
            sender.event(&body(&format!("r{count}"), "C10000001", "ACTIVE", "OTHER")),
            Some(200)
        );
        run.ended()
    });
    assert_eq!(code, 3, "of those that were asked for, some need a person");
    let (code, _) = receiver.stop();
    assert_eq!(code, 0);
    let state = state(dir.path()).join("sandbox");
    assert_eq!(
        lines(&database(&state), "SELECT count(*) FROM event"),
        [count.to_string()]
    );
    // Both can still be opened, with the one key that is there.
    let (status, _) = json_of(
        program()
            .args(["status", "--sandbox", "--json"])
            .arg(dir.path()),
    );
    assert_eq!(status["tasks"]["account"]["accepted"], 40);
    let events = bakkt_journal::events::Events::open(&state).unwrap();
    assert!(events.body(1).unwrap().is_some());
}

/// Runs `events serve` with these variables until it ends by itself.
fn refused(dir: &Path, variables: &[(&str, &str)], more: &[&str]) -> (i32, String) {
    let mut command = program();
    command
        .args(["--quiet", "events", "serve"])
        .arg(dir)
        .args(more);
    command.args(["--listen", "127.0.0.1:0"]);
    said(command.envs(variables.iter().copied()))
}

#[test]
fn without_a_proof_it_starts_only_when_a_person_says_so() {
    let dir = folder("");
    for (variables, more, told) in [
        (&[][..], &[][..], "--without-proof"),
        (&[("BAKKT_WEBHOOK_SECRET", "")], &[], "is set, and empty"),
        (
            &[("BAKKT_WEBHOOK_SECRET", "  ")],
            &["--without-proof"],
            "is set, and empty",
        ),
        (
            &[("BAKKT_WEBHOK_SECRET", "x1")],
            &[],
            "is BAKKT_WEBHOOK_SECRET meant?",
        ),
        (
            &[("BAKKT_WEBHOOK_SECRET", "x1")],
            &["--without-proof"],
            "leave the option out",
        ),
    ] {
        let (code, text) = refused(dir.path(), variables, more);
        assert_eq!(code, 2, "{variables:?}: {text}");
        assert!(text.contains(told), "{variables:?}: {text}");
        assert!(!state(dir.path()).join("events.db").exists());
    }
    // It says what that means, under --quiet too.
    let mut command = program();
    command
        .args(["--quiet", "events", "serve", "--without-proof"])
        .arg(dir.path());
    command
        .env("BAKKT_WEBHOK_SECRET", "x1")
        .args(["--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running::start(&mut command);
    let mut errors = std::io::BufReader::new(running.0.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("--without-proof") {
        let read = std::io::BufRead::read_line(&mut errors, &mut said).unwrap();
        assert!(read > 0, "it ended: {said}");
    }
    assert!(said.contains("BAKKT_WEBHOK_SECRET is not read"), "{said}");
}

#[test]
fn other_types_are_kept_and_counted_and_decide_nothing() {
    let dir = folder("");
    let of_type = |kind: &str, number: u32| {
        format!(
            "{{\"requestId\": \"r{number}\", \"partnerPartyRef\": \"A1\", \"partnerWebhookType\": \"{kind}\", \"partyStatus\": \"CLOSED\"}}"
        )
    };
    let receiver = serve(dir.path());
    let mut sender = receiver.sender();
    for (number, kind) in [
        "BANK_ACCOUNT_LINK",
        "FIAT_EVENT",
        "TRADE_EVENT",
        "ANA_LI",
        "FIAT_EVENT",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(
            sender.event(&of_type(kind, number as u32)),
            Some(200),
            "{kind}"
        );
    }
    // A status that the contract does not have, before and after one that it has.
    for (number, status) in ["VERIFICATION_STARTED", "ACTIVE", "FROZEN"]
        .into_iter()
        .enumerate()
    {
        assert_eq!(
            sender.event(&body(&format!("s{number}"), "B2", status, "ENROLLMENT")),
            Some(200)
        );
    }
    let (code, said) = receiver.stop();
    assert_eq!(
        (code, said.trim()),
        (0, "8 events, 0 repeats, 5 of other types")
    );
    let types = lines(
        &database(&state(dir.path())),
        "SELECT type, status, reason, client_id FROM event ORDER BY id LIMIT 5",
    );
    assert_eq!(
        &types[..3],
        [
            "BANK_ACCOUNT_LINK - - -",
            "FIAT_EVENT - - -",
            "TRADE_EVENT - - -"
        ]
    );
    assert!(types[3].starts_with("code-"), "{types:?}");
    assert_eq!(
        lines(&database(&state(dir.path())), PARTY),
        ["B2 3 0 ACTIVE ENROLLMENT 0 -"]
    );
    // They come by file as well, and nothing is wrong with them.
    let file = dir.path().join("events.jsonl");
    std::fs::write(&file, of_type("FIAT_EVENT", 9)).unwrap();
    let (code, text) = self::said(events(&["import"], dir.path()).arg(&file));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 of other types"), "{text}");
}

/// Whoever keeps connections open, or sends slowly, keeps no event out. The connections that are in the way are still open when
/// the first event is answered: none had to reach its deadline for that. On a slow machine they may reach it before the last.
#[test]
fn a_place_for_events_is_always_free() {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let dir = folder("");
    let receiver = serve(dir.path());
    let connect = || {
        let stream = TcpStream::connect(&receiver.addr).unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(60)))
            .unwrap();
        stream
    };
    // An answer to a look at its health ends the connection.
    let mut health = connect();
    write!(health, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    health.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"),
        "{answer}"
    );
    // Four hundred at once that say nothing, or a little; then as many events as a busy sender has under way.
    let mut slow: Vec<TcpStream> = (0..400).map(|_| connect()).collect();
    for stream in slow.iter_mut().step_by(2) {
        stream
            .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            .unwrap();
    }
    let mut senders: Vec<_> = (0..200).map(|_| receiver.sender()).collect();
    for (number, sender) in senders.iter_mut().enumerate() {
        let one = body(&format!("p{number}"), "A1", "ACTIVE", "ENROLLMENT");
        assert_eq!(sender.event(&one), Some(200), "{number}");
        if number == 0 {
            // What was in the way and had begun a request got no answer and is not cut, but for those whose place was needed.
            let open = slow.iter_mut().map(is_open).filter(|open| *open).count();
            assert!(
                open >= 200,
                "{open} of 400 are open: the event waited for their end"
            );
        }
    }
    assert_eq!(kept(dir.path()).len(), 200);
}

/// Whether the other end has neither answered nor ended.
fn is_open(stream: &mut std::net::TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = std::io::Read::read(stream, &mut [0; 8]);
    read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

#[test]
fn numbers_in_words_of_events_are_not_kept() {
    let dir = folder("");
    let numbers = [
        "212-11-1234",
        "KYC_FAILED_212111234",
        "312-555-1000",
        "1940-01-01",
        "78701",
    ];
    let receiver = serve(dir.path());
    let mut sender = receiver.sender();
    for (place, number) in numbers.into_iter().enumerate() {
        for (part, status, reason) in [("s", number, "OTHER"), ("r", "INACTIVE", number)] {
            let event = body(&format!("{part}{place}"), "A1", status, reason);
            assert_eq!(sender.event(&event), Some(200));
        }
    }
    for id in ["212111234", "KYC_FAILED_212111234"] {
        assert_eq!(sender.event(&body(id, "A1", "ACTIVE", "OTHER")), Some(200));
    }
    let of_nobody = body("q1", "212111234", "ACTIVE", "OTHER");
    assert_eq!(sender.event(&of_nobody), Some(200));
    receiver.stop();
    let kept = kept(dir.path()).join("\n");
    for number in numbers.into_iter().chain(["212111234"]) {
        assert!(!kept.contains(number), "{number}: {kept}");
    }
}

#[test]
fn an_event_whose_id_an_earlier_version_kept_is_a_repeat() {
    let dir = folder("");
    let receiver = serve(dir.path());
    let mut sender = receiver.sender();
    let id = "21211123412";
    assert_eq!(sender.event(&body(id, "A1", "ACTIVE", "OTHER")), Some(200));
    // As the version before wrote it.
    let stored = database(&state(dir.path()));
    let changed = stored.execute(
        "UPDATE event SET request_id = ? WHERE request_id = ''",
        [id],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(stored);
    assert_eq!(sender.event(&body(id, "A1", "ACTIVE", "OTHER")), Some(200));
    let (code, said) = receiver.stop();
    assert_eq!((code, said.trim()), (0, "1 events, 1 repeats"));
    assert_eq!(kept(dir.path()).len(), 1);
}
