//! The journal's guards: another target, a newer version, damage, two runs at once, a full disk.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use super::world::{Bakkt, Server, World, binary, gap, shown};

const JOURNAL: &str = "acme/.bakkt-migrate/journal.db";

fn begun() -> (World, Bakkt) {
    let (world, bakkt) = (World::of(3), Bakkt::start(|_| {}));
    assert_eq!(world.code(&bakkt.run("--limit 1")).0, 0);
    (world, bakkt)
}

#[test]
fn a_journal_belongs_to_one_target() {
    let (world, _bakkt) = begun();
    let other = Bakkt::start(|_| {});
    assert_snapshot!(world.bakkt(&other.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: this journal belongs to another migration: its target is http://127.0.0.1:PORT, this run's is http://127.0.0.1:PORT
      next: use the same target as before, or move the folder .bakkt-migrate away to begin a new migration
    "#);
    assert_eq!(other.ledger().posts + other.ledger().gets, 0);
}

#[test]
fn a_journal_belongs_to_one_dialect() {
    let (mut world, bakkt) = begun();
    world
        .environment
        .push(("BAKKT_PASSWORD".into(), "word".into()));
    world.set("[target]\ndialect = \"reference\"\nlogon_id = \"acme\"");
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 2
    --- stdout

    --- stderr
    error: this journal belongs to another migration: its dialect is guide, this run's is reference
      next: use the same target as before, or move the folder .bakkt-migrate away to begin a new migration
    "#);
}

#[test]
fn a_newer_journal_is_left_alone() {
    let (world, bakkt) = begun();
    let db = rusqlite::Connection::open(world.path(JOURNAL)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal has version 99, which a newer bakkt-migrate wrote; this one knows 9
      next: run the newer bakkt-migrate
    "#);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal acme/.bakkt-migrate/journal.db cannot be read
      because: the journal has version 99, which a newer bakkt-migrate wrote; this one knows 9
      next: run the newer bakkt-migrate
    "#);
}

#[test]
fn garbage_is_no_journal() {
    let (world, bakkt) = begun();
    let posts = bakkt.ledger().posts;
    for name in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(world.path(&format!("acme/.bakkt-migrate/{name}")));
    }
    world.write(JOURNAL, &"garbage ".repeat(4096));
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal cannot be read: file is not a database
      next: it may be damaged, or not a journal; restore it from a backup before going on
    "#);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal acme/.bakkt-migrate/journal.db cannot be read
      because: the journal cannot be read: file is not a database
      next: it may be damaged, or not a journal; restore it from a backup before going on
    "#);
    assert_eq!(bakkt.ledger().posts, posts);
    assert!(
        world.read(JOURNAL).starts_with("garbage "),
        "it was not touched"
    );
}

#[test]
fn damaged_events_are_told_as_such() {
    let (world, bakkt) = begun();
    world.write("acme/.bakkt-migrate/events.db", &"garbage ".repeat(4096));
    for line in ["status acme", "report acme", &bakkt.run("")] {
        let said = world.bakkt(line);
        let told = "events.db cannot be read: file is not a database";
        assert!(said.starts_with("exit code 1"), "{line}\n{said}");
        assert!(said.contains(told), "{line}\n{said}");
        assert!(said.contains("leave journal.db as it is"), "{line}\n{said}");
        assert!(!said.contains("the journal acme"), "{line}\n{said}");
    }
}

#[test]
fn a_state_folder_that_is_a_link_is_told_as_one() {
    let world = World::of(1);
    let link = world.path("acme/.bakkt-migrate");
    std::os::unix::fs::symlink("elsewhere", link).unwrap();
    for line in ["status acme", "gaps acme", "report acme"] {
        let said = world.bakkt(line);
        assert!(said.contains("link"), "{line}\n{said}");
        assert!(!said.contains("no journal yet"), "{line}\n{said}");
    }
}

#[test]
fn a_folder_whose_path_is_not_text_stops_before_anything_is_sent() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (world, bakkt) = (World::of(2), Bakkt::start(|_| {}));
    let odd = world.path("").join(OsStr::from_bytes(b"acme\xff"));
    fs::rename(world.path("acme"), &odd).unwrap();
    let mut command = world.command(&["run", "--yes", "--base-url", &bakkt.url()]);
    let output = command.arg(&odd).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("is not UTF-8"), "{said}");
    assert_eq!(bakkt.ledger().posts, 0);
}

#[test]
fn a_journal_without_its_key_is_told() {
    let (world, bakkt) = begun();
    fs::remove_file(world.path("acme/.bakkt-migrate/journal.key")).unwrap();
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal's key acme/.bakkt-migrate/journal.key is not there
      next: restore it from a backup: without it the journal cannot be compared with the export
    "#);
    world.write("acme/.bakkt-migrate/journal.key", "short");
    assert_snapshot!(world.bakkt(&bakkt.run("")), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: the journal's key acme/.bakkt-migrate/journal.key is damaged: failed to fill whole buffer
      next: restore it from a backup: without it the journal cannot be compared with the export
    "#);
}

#[test]
fn the_key_of_another_journal_stops_whatever_writes() {
    let (world, bakkt) = begun();
    world.write(
        "acme/.bakkt-migrate/journal.key",
        "0123456789abcdef0123456789abcdef",
    );
    let posts = bakkt.ledger().posts;
    let replan = format!("replan acme --base-url {} --reason why", bakkt.url());
    for line in [&bakkt.run(""), &replan, "retry acme --reason why"] {
        let said = world.bakkt(line);
        assert!(said.starts_with("exit code 1"), "{line}\n{said}");
        let told = "journal.key is not the key of the journal beside it";
        assert!(said.contains(told), "{line}\n{said}");
    }
    assert_eq!(bakkt.ledger().posts, posts);
}

#[test]
fn the_key_of_another_journal_is_refused_before_an_older_journal_is_changed() {
    let (world, bakkt) = begun();
    world.write(
        "acme/.bakkt-migrate/journal.key",
        "0123456789abcdef0123456789abcdef",
    );
    let db = || rusqlite::Connection::open(world.path(JOURNAL)).unwrap();
    db().pragma_update(None, "user_version", 7).unwrap();
    let said = world.bakkt(&bakkt.run(""));
    let told = "journal.key is not the key of the journal beside it";
    assert!(said.contains(told), "{said}");
    let version: i64 = db()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 7);
}

/// Puts all of a journal into one file, and damages it from its second page on.
fn damage_behind_the_first_page(world: &World, journal: &str) {
    use std::os::unix::fs::FileExt;
    let db = rusqlite::Connection::open(world.path(journal)).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let page: u32 = db
        .pragma_query_value(None, "page_size", |row| row.get(0))
        .unwrap();
    drop(db);
    let file = File::options()
        .write(true)
        .open(world.path(journal))
        .unwrap();
    let size = file.metadata().unwrap().len();
    let page = u64::from(page);
    file.write_all_at(&vec![0xA5; (size - page) as usize], page)
        .unwrap();
}

#[test]
fn of_several_journals_the_damaged_one_is_named() {
    let bakkt = Bakkt::start(|_| {});
    let world = World::of(12);
    for shard in ["0/2", "1/2"] {
        let line = format!("--yes --shard {shard} --registry shards.db");
        let said = world.bakkt(&bakkt.run(&line));
        assert!(said.starts_with("exit code 0"), "{said}");
    }
    let damaged = "acme/.bakkt-migrate/shard-1-of-2/journal.db";
    let whole = std::fs::read(world.path(damaged)).unwrap();
    let told = |line: &str| {
        let said = world.bakkt(line);
        assert!(said.starts_with("exit code 1"), "{line}\n{said}");
        for words in [
            "the journal cannot be read: ",
            damaged,
            "  next: ",
            "from a backup",
        ] {
            assert!(said.contains(words), "{line}: {words}\n{said}");
        }
    };
    let lines = [
        "status acme",
        "gaps acme --shard 1/2",
        "report acme --merge",
    ];
    damage_behind_the_first_page(&world, damaged);
    lines.iter().for_each(|line| told(line));
    // A file that is no database at all.
    std::fs::write(world.path(damaged), vec![0xA5; whole.len()]).unwrap();
    lines.iter().for_each(|line| told(line));
}

#[test]
fn a_damaged_page_behind_the_first_is_told_with_the_next_step() {
    let (world, bakkt) = begun();
    damage_behind_the_first_page(&world, JOURNAL);
    for line in [
        "status acme",
        "gaps acme",
        "report acme",
        "audit acme",
        "retry acme --reason why",
        &bakkt.run(""),
    ] {
        let said = world.bakkt(line);
        assert!(said.starts_with("exit code 1"), "{line}\n{said}");
        assert!(said.contains("the journal cannot be "), "{line}\n{said}");
        assert!(said.contains("  next: "), "{line}\n{said}");
        assert!(said.contains("from a backup"), "{line}\n{said}");
    }
}

#[test]
fn one_run_at_a_time_and_status_beside_it() {
    let server = Server::start("");
    let world = World::of(3);
    world.set("[accounts]\non_existing = \"update\"");
    let line = format!("run acme --base-url {}", server.url);
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let mut first = world
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wait = std::time::Duration::from_secs(120);
    for _ in 0..3 {
        server
            .requests
            .recv_timeout(wait)
            .expect("three requests come");
    }
    assert_snapshot!(world.bakkt(&line), @r#"
    exit code 1
    --- stdout

    --- stderr
    error: another bakkt-migrate is working on this migration
      next: wait for it to end, or look at it with `bakkt-migrate status`
    "#);
    assert_snapshot!(world.bakkt("status acme"), @r#"
    exit code 0
    --- stdout
    rows read   3    account tasks 3
      ready     3      open        0
      grace     0      held        0
      blocked   0      in doubt    3
      excluded  0      accepted    0
      duplicate 0      refused     0
    gaps open   0      gave up     0
    balances: every row and every task is accounted for
    --- stderr
    "#);
    assert_eq!(world.code("report acme").0, 0);
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock went with the process; what was on its way is in doubt.
    let lock = File::open(world.path("acme/.bakkt-migrate/journal.lock")).unwrap();
    lock.try_lock().unwrap();
    let (_, text) = world.code("status acme --json");
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["tasks"]["account"]["in_doubt"], 3, "{text}");
}

/// The limit grows until the run fits. Every run before that must say what is wrong and end with 1; none may lose an
/// account or send one twice.
#[test]
fn a_full_disk_ends_the_run_and_the_next_one_goes_on() {
    let (world, bakkt) = (World::of(400), Bakkt::start(|_| {}));
    // What a stopped run leaves in doubt is asked about after this; the rest of the test does not depend on it.
    world.change("acme/migration.toml", "\"60s\"", "\"2s\"");
    world.change("acme/migration.toml", "\"61s\"", "\"3s\"");
    let line = bakkt.run("--quiet");
    let (mut stops, mut blocks) = (0, 8);
    loop {
        // Without the trap the system would end the process by a signal, and nobody could say why.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""])
            .arg(blocks.to_string())
            .arg(binary())
            .args(line.split_whitespace())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(world.environment.iter().cloned())
            .current_dir(world.path(""))
            .output()
            .unwrap();
        let text = shown(&output);
        if output.status.code() == Some(0) {
            break;
        }
        assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {text}");
        assert!(text.contains("error: "), "{blocks} blocks: {text}");
        assert!(!text.contains("damaged"), "{blocks} blocks: {text}");
        assert!(text.contains("  next: "), "{blocks} blocks: {text}");
        stops += 1;
        blocks *= 2;
        assert!(blocks < 1 << 20, "it never fits: {text}");
    }
    assert!(stops > 2, "only {stops} runs were short of room");
    let ledger = bakkt.ledger();
    assert_eq!(ledger.accounts, 400, "{ledger:?}");
    assert_eq!(ledger.posts, 400, "{ledger:?}");
}

#[test]
fn a_full_disk_names_the_file_and_the_next_step() {
    let rows: Vec<String> = (1..=3000).map(|n| gap(&format!("A-{n}"))).collect();
    let (world, bakkt) = (World::new(&rows), Bakkt::start(|_| {}));
    world.bakkt(&bakkt.run("--limit 0"));
    for line in [
        "check acme --quiet --gaps gaps.csv",
        "gaps acme --csv gaps.csv",
    ] {
        // Room for the index of the journal's log, and none for all lines.
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 160; exec \"$@\"", "sh"])
            .arg(binary())
            .args(line.split_whitespace())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir(world.path(""))
            .output()
            .unwrap();
        let text = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{line}\n{text}");
        assert!(text.contains("cannot write gaps.csv"), "{line}\n{text}");
        assert!(text.contains("  next: make room"), "{line}\n{text}");
        assert!(!world.path("gaps.csv").exists(), "{line}");
    }
}
