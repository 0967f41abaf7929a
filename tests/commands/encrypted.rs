//! Exports that are encrypted or signed with OpenPGP, made by GnuPG itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::world::{Bakkt, World};

/// A keyring with a key for encrypting and one for signing.
pub struct Keys {
    home: tempfile::TempDir,
    /// Empty: the keys have none.
    passphrase: &'static str,
}

pub const FIRM: &str = "firm@example.com";
const VENDOR: &str = "vendor@example.com";
const PASSPHRASE: &str = "a phrase of invention";

impl Keys {
    /// Keys without a passphrase: GnuPG takes a second to measure how often to hash one, each time that it imports a key that has
    /// one. None where GnuPG is not installed.
    pub fn new() -> Option<Keys> {
        Keys::with("")
    }

    fn with(passphrase: &'static str) -> Option<Keys> {
        if Command::new("gpg")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            eprintln!("left out: gpg is not here");
            return None;
        }
        let home = tempfile::Builder::new().prefix("k").tempdir().unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
        // Passphrases that are quick to try: nobody has to be kept out.
        fs::write(home.path().join("gpg-agent.conf"), "s2k-count 1024\n").unwrap();
        let keys = Keys { home, passphrase };
        for name in [FIRM, VENDOR] {
            keys.gpg(&[
                "--quick-generate-key",
                name,
                "future-default",
                "default",
                "never",
            ]);
        }
        Some(keys)
    }

    /// What GnuPG writes.
    pub fn gpg(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("gpg")
            .args([
                "--batch",
                "--quiet",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                self.passphrase,
            ])
            .args(["--trust-model", "always", "--homedir"])
            .arg(self.home.path())
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        output.stdout
    }

    fn fingerprint(&self, of: &str) -> String {
        let listed = String::from_utf8(self.gpg(&["--with-colons", "--list-keys", of])).unwrap();
        let line = listed
            .lines()
            .find(|line| line.starts_with("fpr:"))
            .unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    /// What is written of a file by some options.
    pub fn written(&self, plain: &Path, options: &[&str]) -> Vec<u8> {
        let plain = plain.to_str().unwrap();
        let arguments: Vec<&str> = options
            .iter()
            .copied()
            .chain(["--output", "-", plain])
            .collect();
        self.gpg(&arguments)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let home = self.home.path();
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(home)
            .args(["--kill", "all"])
            .status();
    }
}

/// A world whose export is encrypted, with the keys beside it.
fn world(keys: &Keys, bytes: &[u8], more: &str) -> World {
    let mut world = World::of(3);
    fs::write(world.path("acme/export.csv"), bytes).unwrap();
    let secret = keys.gpg(&["--armor", "--export-secret-keys", FIRM]);
    fs::write(world.path("acme/firm.asc"), secret).unwrap();
    fs::set_permissions(
        world.path("acme/firm.asc"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    fs::write(
        world.path("acme/vendor.asc"),
        keys.gpg(&["--export", VENDOR]),
    )
    .unwrap();
    world.set(&format!(
        "[openpgp]\nkeys = [\"firm.asc\", \"vendor.asc\"]\n{more}"
    ));
    let path = std::env::var("PATH").unwrap();
    world.environment.push(("PATH".into(), path));
    if !keys.passphrase.is_empty() {
        world
            .environment
            .push(("BAKKT_PGP_PASSPHRASE".into(), keys.passphrase.into()));
    }
    world
}

const BROKEN: &str = "changed or cut after it was encrypted";
pub const ENCRYPT: [&str; 3] = ["--encrypt", "--recipient", FIRM];
const SIGN: [&str; 3] = ["--sign", "--local-user", VENDOR];

#[test]
fn what_is_encrypted_is_sent_as_what_is_plain() {
    let Some(keys) = Keys::new() else { return };
    let bakkt = Bakkt::start(|_| {});
    let plain = World::of(3);
    let wanted = plain.bakkt("check acme --payloads payloads.jsonl");
    let export = plain.path("acme/export.csv");
    for options in [
        [&ENCRYPT[..], &[]].concat(),
        [&ENCRYPT[..], &["--armor"]].concat(),
        [&ENCRYPT[..], &SIGN].concat(),
        SIGN.to_vec(),
        vec!["--clearsign", "--local-user", VENDOR],
    ] {
        let bytes = keys.written(&export, &options);
        let world = world(&keys, &bytes, "");
        let shown = world.bakkt("check acme --payloads payloads.jsonl");
        assert!(shown.contains("CSV in OpenPGP"), "{shown}");
        assert_eq!(
            shown.replace("CSV in OpenPGP", "CSV"),
            wanted,
            "{options:?}"
        );
        assert_eq!(
            world.read("payloads.jsonl"),
            plain.read("payloads.jsonl"),
            "{options:?}"
        );
        let shown = world.bakkt(&bakkt.run("--limit 1"));
        assert!(shown.contains("accepted    1"), "{options:?}: {shown}");
    }
}

/// The cells of a CSV as texts of a workbook.
fn workbook(csv: &Path) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).from_path(csv).unwrap();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, record) in reader.into_records().enumerate() {
        for (column, cell) in record.unwrap().iter().enumerate() {
            sheet.write_string(row as u32, column as u16, cell).unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_is_read_wherever_it_is_in() {
    let plain = World::of(3);
    plain.bakkt("check acme --payloads payloads.jsonl");
    let wanted = plain.read("payloads.jsonl");
    let bytes = workbook(&plain.path("acme/export.csv"));
    let zipped = crate::delivered::zipped(&[("out/customers.xlsx", &bytes)]);
    let reads = |world: &World, what: &str| {
        let shown = world.bakkt("check acme --payloads payloads.jsonl");
        assert!(shown.contains(what), "{what}: {shown}");
        assert_eq!(world.read("payloads.jsonl"), wanted, "{what}");
    };
    let world = World::of(3);
    fs::write(world.path("acme/export.csv"), &zipped).unwrap();
    reads(&world, "in zip (out/customers.xlsx)");
    let Some(keys) = Keys::new() else { return };
    for (bytes, what) in [
        (&bytes, "in OpenPGP"),
        (&zipped, "in zip (out/customers.xlsx) in OpenPGP"),
    ] {
        let file = plain.path("delivery");
        fs::write(&file, bytes).unwrap();
        let encrypted = keys.written(&file, &ENCRYPT);
        reads(&self::world(&keys, &encrypted, ""), what);
    }
}

#[test]
fn what_is_wrong_with_it_stops_before_anything_is_read() {
    let Some(keys) = Keys::new() else { return };
    let plain = World::of(3);
    let export = plain.path("acme/export.csv");
    let encrypted = keys.written(&export, &ENCRYPT);
    let signed = keys.written(&export, &[&ENCRYPT[..], &SIGN].concat());
    let vendor = format!("signers = [\"{}\"]", keys.fingerprint(VENDOR));
    let firm = format!("signers = [\"{}\"]", keys.fingerprint(FIRM));
    let cut = &encrypted[..encrypted.len() - 40];
    let mut changed = encrypted.clone();
    let middle = changed.len() - 60;
    changed[middle] ^= 1;
    let clear = keys.written(&export, &["--clearsign", "--local-user", VENDOR]);
    let forged = String::from_utf8(clear)
        .unwrap()
        .replacen("1980", "1981", 1)
        .into_bytes();
    for (bytes, more, says) in [
        (cut, "", BROKEN),
        (&changed, "", BROKEN),
        (&forged, "", "its signature is not of what it holds"),
        (&encrypted, &vendor, "it is not signed"),
        (&fs::read(&export).unwrap(), &vendor, "it is not signed"),
        (&signed, &firm, "none of the keys under `signers`"),
        (
            &signed,
            "signers = [\"abc\"]",
            "not the fingerprint of a key",
        ),
        (
            &keys.written(&export, &["--encrypt", "--recipient", VENDOR]),
            "",
            "a key that is not here",
        ),
    ] as [(&[u8], &str, &str); 8]
    {
        let world = world(&keys, bytes, more);
        let shown = world.bakkt("check acme");
        let code = if says == BROKEN { 1 } else { 2 };
        assert!(
            shown.starts_with(&format!("exit code {code}")),
            "{says}: {shown}"
        );
        // Where a file breaks off, GnuPG may not even come to its checksum.
        let other = says == BROKEN && shown.contains("for a whole OpenPGP message");
        assert!(shown.contains(says) || other, "{says}: {shown}");
    }
    let good = world(&keys, &signed, &vendor);
    assert!(good.bakkt("check acme").starts_with("exit code 0"));
    // Everybody could read the key.
    fs::set_permissions(
        good.path("acme/firm.asc"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    assert!(good.bakkt("check acme").contains("chmod 600"));
}

#[test]
fn a_file_without_a_key_asks_for_its_passphrase() {
    let Some(keys) = Keys::with(PASSPHRASE) else {
        return;
    };
    let encrypted = keys.written(&World::of(3).path("acme/export.csv"), &["--symmetric"]);
    let mut world = world(&keys, &encrypted, "");
    assert!(world.bakkt("check acme").starts_with("exit code 0"));
    world
        .environment
        .retain(|(name, _)| name != "BAKKT_PGP_PASSPHRASE");
    let shown = world.bakkt("check acme");
    assert!(
        shown.starts_with("exit code 2")
            && shown.contains("encrypted with a passphrase alone")
            && shown.contains("set BAKKT_PGP_PASSPHRASE"),
        "{shown}"
    );
}

#[test]
fn a_damaged_file_is_no_wrong_passphrase() {
    let Some(keys) = Keys::with(PASSPHRASE) else {
        return;
    };
    let encrypted = keys.written(&World::of(3).path("acme/export.csv"), &["--symmetric"]);
    for place in [3, 5, 6] {
        let mut damaged = encrypted.clone();
        let at = damaged.len() * place / 7;
        damaged[at] ^= 1;
        let shown = world(&keys, &damaged, "").bakkt("check acme");
        let is_told = shown.contains(BROKEN) || shown.contains("for a whole OpenPGP message");
        assert!(shown.starts_with("exit code 1") && is_told, "{shown}");
    }
}

#[test]
fn a_key_is_opened_by_its_passphrase_alone() {
    let Some(keys) = Keys::with(PASSPHRASE) else {
        return;
    };
    let encrypted = keys.written(&World::of(3).path("acme/export.csv"), &ENCRYPT);
    let opened = world(&keys, &encrypted, "");
    assert!(opened.bakkt("check acme").starts_with("exit code 0"));
    for (passphrase, says) in [
        ("another", "passphrase of its key is missing or wrong"),
        ("", "is set, and empty"),
    ] {
        let mut world = world(&keys, &encrypted, "");
        world
            .environment
            .push(("BAKKT_PGP_PASSPHRASE".into(), passphrase.into()));
        let shown = world.bakkt("check acme");
        assert!(
            shown.starts_with("exit code 2") && shown.contains(says),
            "{shown}"
        );
    }
}
