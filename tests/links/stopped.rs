//! Calls that were stopped or killed: what came is kept, is in the log of decisions, and the same command goes on.

use std::process::{Command, Stdio};

use super::{PARTNER, World, now};
use crate::support::{Running, wait_for};

/// Twelve customers who are asked for documents, about one after another.
fn slow() -> World {
    let world = World::new(12, "latency_ms = 30\n[decide]\ndocuments = 1.0\n");
    let ids = world.ids("documents");
    world.asked(&ids, now() + 100 * 3600 * 1000);
    world.limited(PARTNER, "in_flight = 1\n", "");
    world
}

#[test]
fn ctrl_c_keeps_what_came_and_the_same_command_goes_on() {
    let world = slow();
    let before = world.sandbox.count("link_gets");
    let out = world.dir.path().join("one.csv");
    let mut command = world.prepared("links", &["--json", "--out", out.to_str().unwrap()]);
    let mut running = Running::start(command.stdout(Stdio::piped()));
    wait_for("some questions", || {
        (world.sandbox.count("link_gets") >= before + 3).then_some(())
    });
    let id = running.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(wait_for("its end", || running.ended()), 4);
    let (first, noted) = (world.file("one.csv"), world.counts());
    assert!((2..12).contains(&first.len()), "{}", first.len());
    assert_eq!(noted["fetched"], first.len());

    let (said, code) = world.links("two.csv", &[]);
    assert_eq!((&said["left_out"], code), (&first.len().into(), 0));
    let second = world.file("two.csv");
    assert_eq!(first.len() + second.len(), 12);
    assert!(second.keys().all(|id| !first.contains_key(id)));
}

#[test]
fn a_stopped_call_that_goes_on_in_the_same_file_keeps_the_links_that_it_has() {
    let world = slow();
    let before = world.sandbox.count("link_gets");
    let out = world.dir.path().join("one.csv");
    let same = ["--json", "--replace", "--out", out.to_str().unwrap()];
    let mut command = world.prepared("links", &same);
    let mut running = Running::start(command.stdout(Stdio::piped()));
    wait_for("some questions", || {
        (world.sandbox.count("link_gets") >= before + 4).then_some(())
    });
    running.0.kill().unwrap();
    wait_for("its end", || running.ended());
    let first = world.file("one.csv");
    assert!((1..12).contains(&first.len()), "{}", first.len());

    let (said, code) = world.links("one.csv", &["--replace"]);
    // The kill may come between a link in the file and its mark in the journal: that one is fetched again.
    let kept = said["kept"].as_u64().unwrap_or_default() as usize;
    assert!(kept + 1 >= first.len() && kept <= first.len(), "{said}");
    assert_eq!(code, 0);
    let all = world.file("one.csv");
    assert_eq!(all.len(), 12);
    let same = first
        .iter()
        .filter(|(id, link)| all.get(*id) == Some(*link));
    assert!(same.count() >= kept);

    // The next mailing has only its own.
    let some = ["--replace", "--renew-within", "0s"];
    let (said, _) = world.links("one.csv", &some);
    assert_eq!((&said["left_out"], said.get("kept")), (&12.into(), None));
    assert_eq!(world.file("one.csv"), all, "nobody was asked");
    let (said, _) = world.links("one.csv", &["--replace", "--all"]);
    assert_eq!((&said["fetched"], said.get("kept")), (&12.into(), None));
    assert_eq!(world.file("one.csv").len(), 12);
}

#[test]
fn a_call_that_is_killed_stands_in_the_log_of_decisions() {
    let world = slow();
    let out = world.dir.path().join("one.csv");
    let mut command = world.prepared("links", &["--json", "--out", out.to_str().unwrap()]);
    let mut running = Running::start(command.stdout(Stdio::null()));
    wait_for("some links", || {
        (out.exists() && world.file("one.csv").len() > 1).then_some(())
    });
    running.kill();
    let first = world.file("one.csv").len();
    assert!((2..12).contains(&first), "{first}");
    let line = |what: &str, count: usize| (what.to_owned(), count);
    assert_eq!(world.logged(), [line("are asked for", 12)]);
    let (said, _) = world.links("two.csv", &[]);
    let rest = said["fetched"].as_u64().unwrap() as usize;
    let second = [line("are asked for", rest), line("were fetched", rest)];
    assert_eq!(world.logged()[1..], second);
}
