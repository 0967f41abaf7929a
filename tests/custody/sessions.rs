//! Sessions: handed in, used, run out; who is asked for one; and the numbers that they let read back.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use bakkt_model::shard::shard_of_id;

use super::world::{World, private, row, rows};
use crate::support::Running;
use crate::support::gatekeeper::serve;

#[test]
fn what_needs_a_session_is_held_and_goes_on() {
    let world = World::new(&rows(3), "", "");
    world.run(3);
    let states = world.states();
    assert_eq!(states["user accepted"], 3, "{states:?}");
    assert_eq!(states["bank account held needs a session"], 3, "{states:?}");
    let wanted = world.folder.path().join("wanted.csv");
    let mut command = world.command(&["sessions", "wanted"], &["--out"]);
    world.ended(command.arg(&wanted), 0);
    assert_eq!(fs::read_to_string(&wanted).unwrap().lines().count(), 4);
    assert_eq!(
        fs::metadata(&wanted).unwrap().permissions().mode() & 0o777,
        0o600
    );

    world.sessions(&["A-1", "A-3"], "");
    world.run(3);
    let states = world.states();
    assert_eq!(states["recipient accepted"], 2, "{states:?}");
    assert_eq!(states["recipient held needs a session"], 1, "{states:?}");
    // They are of use: what was made can be read with them.
    assert_eq!(kept(&world), 2);
    world.sessions(&["A-2"], "");
    world.run(0);
    let made = world.made();
    made.has_nothing_twice();
    assert_eq!(
        (made.users.len(), made.accounts.len(), made.recipients.len()),
        (3, 6, 3)
    );
    let crosswalk = world.sheet("custody-crosswalk.csv");
    assert_eq!(crosswalk.len(), 12);
    assert!(crosswalk.iter().all(|line| line["uuid"].len() == 36));
}

/// How many sessions the migration keeps.
fn kept(world: &World) -> usize {
    let kept = fs::read_dir(world.dir().join(".bakkt-migrate/sessions"));
    kept.unwrap().count()
}

/// What `sessions wanted` says, and the ids of its file, with how many tasks each.
fn wanted(world: &World, more: &[&str]) -> (String, Vec<String>) {
    let file = world.folder.path().join("wanted.csv");
    let mut command = world.command(&["sessions", "wanted"], &["--replace", "--out"]);
    let said = world.ended(command.arg(&file).args(more), 0);
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().skip(1);
    let short = lines.map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {}", cells[0], cells[2])
    });
    (said, short.collect())
}

#[test]
fn who_has_a_session_is_not_asked_to_log_in_again() {
    let world = World::new(&rows(3), "", "");
    world.run(3);
    world.sessions(&["A-1", "A-3"], "");
    let wanted = world.folder.path().join("wanted.csv");
    let mut command = world.command(&["sessions", "wanted"], &["--out"]);
    let said = world.ended(command.arg(&wanted), 0);
    assert!(said.contains("1 customers have to log in; 2 more have a session"));
    let text = fs::read_to_string(&wanted).unwrap();
    let ids: Vec<_> = text.lines().skip(1).map(|line| &line[..3]).collect();
    assert_eq!(ids, ["A-2"]);
}

#[test]
fn a_session_that_runs_out_in_the_middle_waits_for_a_new_one() {
    let world = World::new(&rows(2), "in_flight = 1\n", "[custody]\nsession_uses = 1\n");
    world.run(3);
    for mark in ["#1", "#2", "#3"] {
        world.sessions(&["A-1", "A-2"], mark);
        let url = world.sandbox.base_url();
        let output = world
            .command(&["run"], &["--base-url", &url])
            .output()
            .unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
    }
    let states = world.states();
    for kind in ["bank account", "savings", "recipient"] {
        assert_eq!(states[&format!("{kind} accepted")], 2, "{states:?}");
    }
    world.made().has_nothing_twice();
}

#[test]
fn only_sessions_of_this_migration_are_taken() {
    let world = World::new(&rows(1), "", "");
    world.run(3);
    let now = jiff::Timestamp::now().to_string();
    let line = |id: &str, at: &str| {
        serde_json::json!({"clientAccountId": id, "session": "sandbox-session A-1", "issued_at": at}).to_string()
    };
    let file = world.folder.path().join("given");
    let lines = [
        line("A-1", &now),
        line("B-1", &now),
        line("A-1", "2020-01-01T00:00:00Z"),
        "{}".to_owned(),
        // A unit or a clock that is wrong: nobody knows how old the session is.
        line("A-1", "2130-01-01T00:00:00Z"),
        line("A-1", &now).replace(&format!("\"{now}\""), "1796000000000000"),
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let mut command = world.command(&["sessions", "import"], &[]);
    let said = world.ended(command.arg(&file), 2);
    assert!(said.contains("chmod 600"), "{said}");
    private(&file);
    let said = world.ended(command.arg("--json"), 3);
    assert!(said.contains("\"not_taken\":5,\"taken\":1"), "{said}");
    assert!(
        said.contains("line 2: no customer of this migration's custody"),
        "{said}"
    );
    for line in [5, 6] {
        let told = format!("line {line}: its issued_at is in the future");
        assert!(said.contains(&told), "{said}");
    }
    assert!(!said.contains("sandbox-session"), "{said}");
}

#[test]
fn a_session_of_another_user_than_the_customers_is_not_taken() {
    let world = World::new(&rows(2), "", "");
    world.run(3);
    let users = world.sheet("custody-crosswalk.csv");
    let line = |id: &str, user: &str| {
        let session = format!("sandbox-session {id}");
        let now = jiff::Timestamp::now().to_string();
        serde_json::json!({"clientAccountId": id, "user_uuid": user, "session": session, "issued_at": now})
            .to_string()
    };
    let (own, others) = (&users[0]["uuid"], &users[1]["uuid"]);
    let file = world.folder.path().join("given");
    fs::write(&file, [line("A-1", own), line("A-1", others)].join("\n")).unwrap();
    private(&file);
    let mut import = world.command(&["sessions", "import"], &[]);
    let said = world.ended(import.arg(&file), 3);
    assert!(said.contains("1 sessions taken, 1 not"), "{said}");
    assert!(said.contains("line 2: its user_uuid is not that"), "{said}");
}

#[test]
fn the_receiver_takes_what_is_signed_and_nothing_else() {
    let world = World::new(&rows(1), "", "");
    world.run(3);
    let mut command = world.command(&["sessions", "serve"], &["--listen", "127.0.0.1:0"]);
    let said = world.ended(&mut command, 2);
    assert!(said.contains("BAKKT_SESSIONS_SECRET"), "{said}");
    command
        .env("BAKKT_SESSIONS_SECRET", "a shared secret")
        .stdout(Stdio::piped());
    let mut running = Running::start(&mut command);
    let mut line = String::new();
    BufReader::new(running.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line
        .trim()
        .strip_prefix("listening on http://")
        .unwrap()
        .to_owned();
    let post = |secret: Option<&str>, id: &str| {
        let now = jiff::Timestamp::now().to_string();
        let body = serde_json::json!({"clientAccountId": id, "session": format!("sandbox-session {id}"), "issued_at": now}).to_string();
        let signature = secret.map(|secret| {
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(body.as_bytes());
            format!(
                "X-Session-Signature: {}\r\n",
                data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
            )
        });
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            signature.unwrap_or_default(),
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer[9..12].to_owned()
    };
    assert_eq!(post(None, "A-1"), "401");
    assert_eq!(post(Some("another"), "A-1"), "401");
    assert_eq!(post(Some("a shared secret"), "B-1"), "422");
    assert_eq!(post(Some("a shared secret"), "A-1"), "200");
    // Beside the receiver: it holds no lock of the journal.
    world.run(0);
    assert_eq!(world.made().accounts.len(), 2);
}

#[test]
fn numbers_are_read_back_into_a_file_of_their_own() {
    let world = World::new(&rows(2), "", "");
    world.run(3);
    world.sessions(&["A-1", "A-2"], "");
    world.run(0);
    // Nobody has to log in twice: the sessions that made the accounts read them too.
    let file = world.folder.path().join("numbers.csv");
    let url = world.sandbox.base_url();
    let mut command = world.command(&["custody", "numbers"], &["--base-url", &url, "--out"]);
    world.ended(command.arg(&file), 0);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.contains(",LT00"), "{text}");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let said = world.ended(&mut world.command(&["verify"], &["--base-url", &url]), 0);
    assert!(said.contains("custody: 8 there"), "{said}");
    assert!(said.contains("PHONE_VERIFICATION_NEEDED 2"), "{said}");
}

#[test]
fn sessions_too_old_are_deleted_and_who_has_to_log_in_for_reading_is_listed() {
    let world = World::new(&rows(3), "", "");
    world.run(3);
    assert_eq!(wanted(&world, &["--for", "numbers"]).1, [""; 0]);
    world.sessions(&["A-1", "A-2"], "");
    world.run(3);
    assert_eq!(kept(&world), 2);
    let (said, ids) = wanted(&world, &["--for", "numbers"]);
    assert!(
        said.contains("0 customers have to log in; 2 more have a session"),
        "{said}"
    );
    assert_eq!(ids, [""; 0]);
    // Whatever has to do with sessions deletes those that are too old, of customers of whom nothing waits as well.
    let settings = fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    world.write(
        "migration.toml",
        &(settings.clone() + "session_lives = \"1ms\"\n"),
    );
    world.run(3);
    assert_eq!(kept(&world), 0);
    let (said, ids) = wanted(&world, &[]);
    assert!(
        said.contains("1 customers have to log in; `--for verify` lists 2 for reading back"),
        "{said}"
    );
    assert_eq!(ids, ["A-3 3"]);
    assert_eq!(wanted(&world, &["--for", "numbers"]).1, ["A-1 2", "A-2 2"]);
    assert_eq!(wanted(&world, &["--for", "verify"]).1, ["A-1 3", "A-2 3"]);
    world.write("migration.toml", &settings);
    world.sessions(&["A-1"], "#again");
    assert_eq!(wanted(&world, &["--for", "numbers"]).1, ["A-2 2"]);
    let file = world.folder.path().join("numbers.csv");
    let url = world.sandbox.base_url();
    let mut command = world.command(&["custody", "numbers"], &["--base-url", &url, "--out"]);
    let said = world.ended(command.arg(&file), 3);
    assert!(said.contains("2 there, 2 not read: their customers have to log in (`sessions wanted --for numbers` lists them)"), "{said}");
    let said = world.ended(&mut world.command(&["verify"], &["--base-url", &url]), 0);
    assert!(said.contains("custody: 6 there, 3 not read"), "{said}");
    assert!(said.contains("`sessions wanted --for verify`"), "{said}");
}

#[test]
fn reading_deletes_the_sessions_that_ran_out_and_none_for_a_wrong_key() {
    let uses = "[custody]\nsession_uses = 5\n";
    let world = World::new(&rows(2), "", uses);
    world.run(3);
    world.sessions(&["A-1", "A-2"], "");
    world.run(0);
    let url = world.sandbox.base_url();
    let file = world.folder.path().join("numbers.csv");
    let numbers = || {
        let mut command = world.command(
            &["custody", "numbers"],
            &["--base-url", &url, "--replace", "--out"],
        );
        command.arg(&file);
        command
    };
    let said = world.ended(numbers().env("BAKKT_CUSTODY_KEY", "another"), 2);
    assert!(said.contains("does not know the custody key"), "{said}");
    assert_eq!(kept(&world), 2);
    world.ended(&mut numbers(), 0);
    let said = world.ended(&mut numbers(), 3);
    assert!(said.contains("4 not read: their customers"), "{said}");
    assert_eq!(kept(&world), 0);
    assert_eq!(wanted(&world, &["--for", "numbers"]).1.len(), 2);
}

/// A 401 to a question is no proof that a session ended: the key may be the wrong one.
#[test]
fn asking_with_a_wrong_key_deletes_no_session() {
    let customer = row("A-1", "ann@example.com", "EUR", "N", "");
    let world = World::new(&[customer], "", "[custody]\nsession_uses = 2\n");
    let loses = AtomicBool::new(true);
    let url = serve(&world.sandbox.base_url(), move |head, _, pass| {
        let answer = pass();
        let is_made = head.starts_with("POST /user/bank-account/bakkt");
        match is_made && loses.swap(false, Ordering::SeqCst) {
            true => Vec::new(),
            false => answer,
        }
    });
    let run = || world.command(&["run"], &["--base-url", &url]);
    world.ended(&mut run(), 3);
    world.sessions(&["A-1"], "");
    // Its uses were the creation, whose answer was lost, and the first of two questions: what asks about it needs another one.
    world.ended(&mut run(), 3);
    let waits = "bank account in doubt needs a session";
    assert_eq!(world.states()[waits], 1, "{:?}", world.states());
    assert_eq!(kept(&world), 0);
    world.sessions(&["A-1"], "#2");
    let said = world.ended(run().env("BAKKT_CUSTODY_KEY", "another"), 2);
    assert!(said.contains("does not know the custody key"), "{said}");
    assert_eq!(kept(&world), 1);
    world.ended(&mut run(), 0);
    assert_eq!(world.states()["bank account accepted"], 1);
    world.made().has_nothing_twice();
}

#[test]
fn a_shard_takes_the_sessions_of_its_own_customers() {
    let world = World::new(&rows(6), "", "");
    let registry = world.folder.path().join("registry");
    let url = world.sandbox.base_url();
    let out = world.folder.path().join("out.csv");
    for words in [["custody", "numbers"], ["sessions", "wanted"]] {
        let mut command = world.command(&words, &["--shard", "0/2", "--out"]);
        command.arg(&out);
        if words[0] == "custody" {
            command.args(["--base-url", &url]);
        }
        let said = world.ended(&mut command, 2);
        assert!(said.contains("has no journal yet"), "{said}");
        assert!(!world.dir().join(".bakkt-migrate").exists(), "{words:?}");
    }
    let mut run = world.command(&["run"], &["--base-url", &url, "--shard", "all/2"]);
    world.ended(run.arg("--registry").arg(&registry), 3);
    let now = jiff::Timestamp::now().to_string();
    let ids: Vec<String> = (1..=6).map(|n| format!("A-{n}")).collect();
    let line = |id: &String| {
        let session = format!("sandbox-session {id}");
        serde_json::json!({"clientAccountId": id, "session": session, "issued_at": now}).to_string()
    };
    let file = world.folder.path().join("given");
    let lines: Vec<String> = ids.iter().map(line).collect();
    fs::write(&file, lines.join("\n")).unwrap();
    private(&file);
    let own = ids.iter().filter(|id| shard_of_id(id, 2) == 0).count();
    assert!((1..6).contains(&own));
    let mut import = world.command(&["sessions", "import"], &["--shard", "0/2", "--json"]);
    let said = world.ended(import.arg(&file), 0);
    let told = format!(
        "{{\"not_taken\":0,\"of_other_shards\":{},\"taken\":{own}}}",
        6 - own
    );
    assert!(said.contains(&told), "{said}");
    let mut import = world.command(&["sessions", "import"], &["--shard", "all"]);
    let said = world.ended(import.arg(&file), 0);
    let told = format!(
        "{} sessions taken, 0 not, {own} belong to other shards",
        6 - own
    );
    assert!(said.contains(&told), "{said}");
    assert!(!said.contains("no customer of this migration"), "{said}");
}
