//! Signatures that everybody can check with `ssh-keygen -Y verify`: SSHSIG with Ed25519.
//!
//! Owner of how this program signs (a key file of its owner alone, or an SSH agent) and of whom it believes (an allowed_signers
//! file). Invariants: what is signed is bound to a namespace, so that a signature of one kind is none of another; a key is used
//! where it lies and never kept. Left out: what is signed, and what a signature means.

mod agent;
mod allowed_signers;
mod signer;

pub use allowed_signers::{AllowedSigners, Signed};
pub use signer::Signer;

/// The namespace of sealed reports.
pub const REPORT: &str = "bakkt-migrate-report";
/// The namespace of approvals.
pub const APPROVAL: &str = "bakkt-migrate-approval";
/// The namespace of what a runner signs.
pub const RUN: &str = "bakkt-migrate-run";

// Signatures here and by `ssh-keygen`, which must agree.
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::{Command, Stdio};

    use jiff::Timestamp;

    use super::{APPROVAL, AllowedSigners, REPORT, Signer};

    /// A folder with the keys `ada` and `ben`; `None` where there is no ssh-keygen.
    fn keys() -> Option<tempfile::TempDir> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["ada", "ben"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(folder.path().join(name))
                .stdout(Stdio::null())
                .status();
            if made.is_err() {
                eprintln!("left out: there is no ssh-keygen (Debian: openssh-client)");
                return None;
            }
            assert!(made.unwrap().success());
        }
        Some(folder)
    }

    fn public(folder: &Path, name: &str) -> String {
        let text = fs::read_to_string(folder.join(format!("{name}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    fn ssh_keygen(folder: &Path, args: &[&str], input: &[u8]) -> (bool, String) {
        use std::io::Write;
        let mut child = Command::new("ssh-keygen")
            .current_dir(folder)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), text)
    }

    #[test]
    fn ssh_keygen_believes_our_signatures_and_we_believe_its() {
        let Some(folder) = keys() else { return };
        let folder = folder.path();
        let line = format!(
            "ada@example.com namespaces=\"{REPORT}\" {}\n",
            public(folder, "ada")
        );
        fs::write(folder.join("signers"), &line).unwrap();
        let signers = AllowedSigners::read(&folder.join("signers")).unwrap();
        let now = Timestamp::now();

        let signer = Signer::open(&folder.join("ada")).unwrap();
        let signature = signer.sign(REPORT, b"a manifest").unwrap();
        fs::write(folder.join("s.sig"), &signature).unwrap();
        let verify = [
            "-Y",
            "verify",
            "-f",
            "signers",
            "-I",
            "ada@example.com",
            "-n",
            REPORT,
            "-s",
            "s.sig",
        ];
        assert!(ssh_keygen(folder, &verify, b"a manifest").0);
        assert!(!ssh_keygen(folder, &verify, b"a manifesto").0);
        let signed = signers
            .verify(REPORT, b"a manifest", &signature, now)
            .unwrap();
        assert_eq!(signed.principal(), "ada@example.com");
        assert_eq!(signed.fingerprint, signer.fingerprint());
        assert!(signed.fingerprint.starts_with("SHA256:"));

        let sign = ["-Y", "sign", "-f", "ada", "-n", REPORT];
        let (done, theirs) = ssh_keygen(folder, &sign, b"a manifest");
        assert!(done);
        signers.verify(REPORT, b"a manifest", &theirs, now).unwrap();
        // Ed25519 signatures are the same each time.
        assert_eq!(theirs.trim(), signature.trim());

        let refused = |namespace: &str, message: &[u8], signature: &str| {
            signers
                .verify(namespace, message, signature, now)
                .unwrap_err()
        };
        assert!(refused(REPORT, b"a manifesto", &signature).contains("not of these bytes"));
        assert!(refused(APPROVAL, b"a manifest", &signature).contains("and not for"));
        let approval = signer.sign(APPROVAL, b"a manifest").unwrap();
        assert!(refused(APPROVAL, b"a manifest", &approval).contains("may not sign for"));
        let other = Signer::open(&folder.join("ben")).unwrap();
        let other = other.sign(REPORT, b"a manifest").unwrap();
        assert!(refused(REPORT, b"a manifest", &other).contains("not among the allowed signers"));
        assert!(refused(REPORT, b"a manifest", "x").contains("not one that"));
    }

    #[test]
    fn an_agent_signs_when_the_public_key_is_named() {
        let Some(folder) = keys() else { return };
        let folder = folder.path();
        let agent = Command::new("ssh-agent")
            .args(["-D", "-a", "agent"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn();
        let Ok(mut agent) = agent else {
            eprintln!("left out: there is no ssh-agent (Debian: openssh-client)");
            return;
        };
        // The environment of this process stays as it is: a process of its own signs.
        let socket = folder.join("agent");
        while !socket.exists() {
            assert!(agent.try_wait().unwrap().is_none(), "the agent ended");
            std::thread::yield_now();
        }
        let added = Command::new("ssh-add")
            .arg(folder.join("ada"))
            .env("SSH_AUTH_SOCK", &socket)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(added.success());
        let helper = std::env::current_exe().unwrap();
        let signed = |key: &str| {
            let output = Command::new(&helper)
                .args([
                    "--exact",
                    "signatures::tests::sign_in_a_process_of_its_own",
                    "--ignored",
                    "--nocapture",
                ])
                .env("SSH_AUTH_SOCK", &socket)
                .env("SIGN_WITH", folder.join(key))
                .output()
                .unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let said = signed("ada.pub");
        let (from, to) = (
            said.find("-----BEGIN"),
            said.find("-----END SSH SIGNATURE-----"),
        );
        let signature = format!(
            "{}-----END SSH SIGNATURE-----\n",
            &said[from.unwrap()..to.unwrap()]
        );
        let unknown = signed("ben.pub");
        agent.kill().unwrap();
        agent.wait().unwrap();
        let line = format!("ada {}", public(folder, "ada"));
        let signers = AllowedSigners::parse(&line).unwrap();
        signers
            .verify(REPORT, b"x", &signature, Timestamp::now())
            .unwrap();
        assert!(unknown.contains("does not have this key"), "{unknown}");
    }

    #[test]
    #[ignore = "started by the test of the agent"]
    fn sign_in_a_process_of_its_own() {
        let Some(key) = std::env::var_os("SIGN_WITH") else {
            return;
        };
        match Signer::open(Path::new(&key)) {
            Ok(signer) => println!("{}", signer.sign(REPORT, b"x").unwrap()),
            Err(error) => println!("{error}"),
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused_with_what_to_do() {
        let Some(folder) = keys() else { return };
        let folder = folder.path();
        let refused = |name: &str| Signer::open(&folder.join(name)).err().unwrap().to_string();
        fs::set_permissions(folder.join("ada"), fs::Permissions::from_mode(0o640)).unwrap();
        assert!(refused("ada").contains("others may read it"));
        assert!(refused("none").contains("cannot sign with"));
        fs::write(folder.join("text"), "no key").unwrap();
        fs::set_permissions(folder.join("text"), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(refused("text").contains("not a private key"));
        let locked = ["-p", "-q", "-P", "", "-N", "a passphrase", "-f", "ben"];
        assert!(ssh_keygen(folder, &locked, b"").0);
        assert!(refused("ben").contains("passphrase"));
    }

    #[test]
    fn allowed_signers_are_read_as_ssh_keygen_reads_them() {
        let Some(folder) = keys() else { return };
        let (ada, ben) = (public(folder.path(), "ada"), public(folder.path(), "ben"));
        let text = format!(
            "# people\n\nada@example.com,\"Ada K\" {ada} a comment\n\
         ben@example.com namespaces=\"bakkt-*,!bakkt-migrate-run\",valid-after=\"20260101\",valid-before=\"20270101Z\" {ben}\n"
        );
        let signers = AllowedSigners::parse(&text).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-06-01T00:00:00Z");
        assert_eq!(
            signers.principals_of(&ada, "anything", now).unwrap()[0],
            "ada@example.com"
        );
        assert_eq!(
            signers.principals_of(&ben, REPORT, now).unwrap(),
            ["ben@example.com"]
        );
        let why = |namespace: &str, at| signers.principals_of(&ben, namespace, at).unwrap_err();
        assert!(why("bakkt-migrate-run", now).contains("may not sign"));
        assert!(why("git", now).contains("may not sign"));
        assert!(why(REPORT, at("2025-06-01T00:00:00Z")).contains("not valid yet"));
        assert!(why(REPORT, at("2027-01-01T00:00:01Z")).contains("any more"));
        for (line, what) in [
            (format!("ada cert-authority {ada}"), "certificate"),
            (format!("ada verify-required {ada}"), "not known"),
            (format!("ada valid-after=\"2026\" {ada}"), "a time is not"),
            (
                format!("ada valid-after=\"20261340\" {ada}"),
                "a time is not",
            ),
            (
                format!("ada namespaces=\"a\",namespaces=\"b\" {ada}"),
                "twice",
            ),
            ("ada ssh-ed25519 AAAA".to_owned(), "cannot be read"),
            ("ada".to_owned(), "no key"),
            (format!("\"ada {ada}"), "quotation mark"),
        ] {
            let (number, why) = AllowedSigners::parse(&format!("# x\n{line}\n")).unwrap_err();
            assert_eq!(number, 2);
            assert!(why.contains(what), "{line}: {why}");
        }
    }
}
