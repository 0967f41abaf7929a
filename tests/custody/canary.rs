//! Account numbers, sessions and keys are in no journal, log, report or message.

use std::fs;

use super::world::{World, private, row};
use crate::support::needles::Needles;

const KEY: &str = "canary-custody-key-7QmX2p";
const IBAN: &str = "DE75512108001245126199";
const SESSION: &str = "sandbox-session A-1#canary-session-9ZkR4";
const EMAIL: &str = "quillonde.z@canary.example";

#[test]
fn nothing_of_custody_is_left_behind() {
    let needles = Needles::new(&[
        KEY,
        IBAN,
        "DE75 5121 0800 1245 1261 99",
        SESSION,
        "canary-session-9ZkR4",
        EMAIL,
        "Some Payee",
    ]);
    let rows = [row("A-1", EMAIL, "EUR;GBP;USD;NGN", "Y", IBAN)];
    // Refusals that repeat what was sent, lost answers, lists that are read.
    for config in [
        format!("[custody]\nkey = \"{KEY}\"\n"),
        format!("reset_after = 1.0\nmax_faults_per_id = 1\n[custody]\nkey = \"{KEY}\"\n"),
        format!("[custody]\nkey = \"{KEY}\"\nrefuse_email_containing = \"quillonde\"\n"),
    ] {
        let world = World::new(&rows, "idempotency_window = \"10m\"\n", &config);
        let url = world.sandbox.base_url();
        let quiet = |words: &[&str], arguments: &[&str]| {
            let mut command = world.command(words, arguments);
            let output = command
                .arg("-vv")
                .env("BAKKT_CUSTODY_KEY", KEY)
                .output()
                .unwrap();
            for said in [&output.stdout, &output.stderr] {
                let found = needles.found_in(said);
                assert!(
                    found.is_empty(),
                    "{words:?}: {found:#?}\n{}",
                    String::from_utf8_lossy(said)
                );
            }
        };
        let search = || {
            for folder in [".bakkt-migrate", "report"] {
                let found = needles.found_below(&world.dir().join(folder));
                assert!(found.is_empty(), "{config}: {found:#?}");
            }
        };
        let target = ["--base-url", url.as_str()];
        quiet(&["check"], &[]);
        quiet(&["run"], &target);
        search();
        let file = world.folder.path().join("given");
        let now = jiff::Timestamp::now().to_string();
        let line =
            serde_json::json!({"clientAccountId": "A-1", "session": SESSION, "issued_at": now});
        fs::write(&file, format!("{line}\n{{\"clientAccountId\":\"{EMAIL}\",\"session\":\"{SESSION}\",\"issued_at\":\"{now}\"}}\n")).unwrap();
        private(&file);
        quiet(&["sessions", "import"], &[file.to_str().unwrap()]);
        search();
        quiet(&["run"], &target);
        quiet(&["verify"], &target);
        quiet(&["report"], &[]);
        quiet(&["status"], &[]);
        search();
        // The numbers that the sandbox gave out are not there either.
        let journal = fs::read(world.dir().join(".bakkt-migrate/journal.db")).unwrap();
        assert!(
            !journal.windows(4).any(|part| part == b"LT00"),
            "an IBAN of Bakkt's"
        );
    }
}
