//! Sealed reports: `verify-report`, and `ssh-keygen -Y verify`, which must say the same of the manifest.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Recorded, copied};

/// A tampering of a sealed report, words of what `verify-report` then says, and whether the manifest is still as it was signed.
type Tampering = (&'static str, fn(&Path, &Path), &'static str, bool);

fn change(folder: &Path, name: &str, from: &str, to: &str) {
    let path = folder.join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name} holds no {from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
}

/// Signs the manifest of a folder again.
pub fn sign(folder: &Path, key: &Path, namespace: &str) {
    let _ = fs::remove_file(folder.join("manifest.json.sig"));
    let done = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .arg(key)
        .arg(folder.join("manifest.json"))
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success());
}

const NAMESPACE: &str = "bakkt-migrate-report";

const REPORT: [Tampering; 15] = [
    (
        "a byte is changed",
        |folder, _| change(folder, "reconciliation.csv", "A-1", "A-9"),
        "reconciliation.csv: changed; its SHA-256",
        true,
    ),
    (
        "a line is cut off",
        |folder, _| {
            let text = fs::read_to_string(folder.join("crosswalk.csv")).unwrap();
            fs::write(
                folder.join("crosswalk.csv"),
                text.trim_end().rsplit_once('\n').unwrap().0,
            )
            .unwrap();
        },
        "crosswalk.csv: changed; it has",
        true,
    ),
    (
        "the page is changed",
        |folder, _| change(folder, "report.html", "<html", "<html "),
        "report.html: changed",
        true,
    ),
    (
        "a byte of the chain is changed",
        |folder, _| change(folder, "chain.jsonl", "Ada", "Eve"),
        "chain.jsonl: changed",
        true,
    ),
    (
        "a file is missing",
        |folder, _| fs::remove_file(folder.join("gaps.csv")).unwrap(),
        "gaps.csv: missing",
        true,
    ),
    (
        "a file is added",
        |folder, _| fs::write(folder.join("more.csv"), "x").unwrap(),
        "more.csv: added",
        true,
    ),
    (
        "a folder is added",
        |folder, _| fs::create_dir(folder.join("more")).unwrap(),
        "more: added",
        true,
    ),
    (
        "a file has another name",
        |folder, _| fs::rename(folder.join("gaps.csv"), folder.join("gap.csv")).unwrap(),
        "gap.csv: added",
        true,
    ),
    (
        "a file is a link",
        |folder, _| {
            let outside = folder.with_extension("outside");
            fs::rename(folder.join("gaps.csv"), &outside).unwrap();
            symlink(&outside, folder.join("gaps.csv")).unwrap();
        },
        "gaps.csv: it is a link",
        true,
    ),
    (
        "the manifest is changed",
        |folder, _| {
            change(
                folder,
                "manifest.json",
                "\"sandbox\": true",
                "\"sandbox\": false",
            )
        },
        "manifest.json: the signature",
        false,
    ),
    (
        "the manifest is taken away",
        |folder, _| fs::remove_file(folder.join("manifest.json")).unwrap(),
        "manifest.json: missing",
        false,
    ),
    (
        "the signature is taken away",
        |folder, _| fs::remove_file(folder.join("manifest.json.sig")).unwrap(),
        "manifest.json.sig: missing",
        false,
    ),
    (
        "another key signs",
        |folder, keys| sign(folder, &keys.join("other"), NAMESPACE),
        "not among the allowed signers",
        false,
    ),
    (
        "a signature for something else",
        |folder, keys| sign(folder, &keys.join("key"), "bakkt-migrate-approval"),
        "and not for \"bakkt-migrate-report\"",
        false,
    ),
    (
        "a byte of the signature is changed",
        |folder, _| {
            let text = fs::read_to_string(folder.join("manifest.json.sig")).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            let last = lines.len() - 2;
            let swapped = if lines[last].starts_with('A') {
                "B"
            } else {
                "A"
            };
            lines[last].replace_range(0..1, swapped);
            fs::write(folder.join("manifest.json.sig"), lines.join("\n") + "\n").unwrap();
        },
        "manifest.json: ",
        false,
    ),
];

/// Whether `ssh-keygen` believes the manifest of a folder.
fn ssh_keygen_believes(folder: &Path, signers: &Path) -> bool {
    let Ok(manifest) = fs::File::open(folder.join("manifest.json")) else {
        return false;
    };
    let done = Command::new("ssh-keygen")
        .args([
            "-Y",
            "verify",
            "-I",
            "ada@example.com",
            "-n",
            NAMESPACE,
            "-f",
        ])
        .arg(signers)
        .arg("-s")
        .arg(folder.join("manifest.json.sig"))
        .stdin(manifest)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    done.unwrap().success()
}

#[test]
fn each_tampering_of_a_sealed_report_is_found_and_named() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    let verify = |name: &str| world.code(&format!("verify-report {name} --signers signers"));
    let (signers, keys) = (world.path("signers"), world.path(""));
    copied(&recorded.sealed, &world.path("whole"));
    let (code, said) = verify("whole");
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("signed by ada@example.com (SHA256:"),
        "{said}"
    );
    assert!(ssh_keygen_believes(&world.path("whole"), &signers));
    let mut missed = Vec::new();
    for (number, (what, tamper, found, is_signed)) in REPORT.iter().enumerate() {
        let name = format!("report-{number}");
        let folder = copied(&recorded.sealed, &world.path(&name));
        tamper(&folder, &keys);
        let (code, said) = verify(&name);
        if code != 1 || !said.contains(found) {
            missed.push(format!(
                "{what}: exit code {code}, without \"{found}\":\n{said}"
            ));
        }
        assert_eq!(ssh_keygen_believes(&folder, &signers), *is_signed, "{what}");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn a_sealed_report_is_never_replaced_and_reports_are_kept_by_time() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    copied(&recorded.sealed, &world.path("kept"));
    let before = fs::read(world.path("kept/report.html")).unwrap();
    for line in [
        "report acme --sandbox --out kept",
        "report acme --sandbox --out kept --seal-with key",
    ] {
        let said = world.bakkt(line);
        assert!(said.contains("exit code 2") || said.contains("2"), "{said}");
        assert!(
            said.contains("never replaced") || said.contains("is not empty"),
            "{said}"
        );
    }
    assert_eq!(fs::read(world.path("kept/report.html")).unwrap(), before);
    // Each seal has a folder of its own, also within one second.
    for _ in 0..3 {
        let (code, said) = world.code("report acme --sandbox --seal-with key");
        assert!(matches!(code, 0 | 3), "{said}");
    }
    // A later run writes its own report, and the sealed one stays whole.
    world.code("run acme --sandbox");
    world.code("report acme --sandbox");
    let sealed = recorded.sealed.display().to_string();
    let (code, said) = world.code(&format!("verify-report {sealed} --signers signers"));
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_key_that_others_may_read_seals_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    fs::set_permissions(world.path("key"), fs::Permissions::from_mode(0o644)).unwrap();
    let said = world.bakkt("report acme --sandbox --out new --seal-with key");
    assert!(said.contains("others may read it"), "{said}");
    assert!(!world.path("new").exists());
}

/// Nothing but a file is read in the place of the manifest and its signature: a pipe would be waited for, and a link leads elsewhere.
#[test]
fn a_manifest_that_is_a_pipe_or_a_link_is_a_flaw() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    for name in ["manifest.json", "manifest.json.sig"] {
        for kind in ["pipe", "link"] {
            let copy = copied(&recorded.sealed, &world.path(&format!("{name}-{kind}")));
            let path = copy.join(name);
            let aside = world.path(&format!("{name}-{kind}-aside"));
            fs::rename(&path, &aside).unwrap();
            match kind {
                "pipe" => assert!(
                    Command::new("mkfifo")
                        .arg(&path)
                        .status()
                        .unwrap()
                        .success()
                ),
                _ => std::os::unix::fs::symlink(&aside, &path).unwrap(),
            }
            let output = Command::new("timeout")
                .arg("60")
                .arg(crate::commands::world::binary())
                .arg("verify-report")
                .arg(&copy)
                .arg("--signers")
                .arg(world.path("signers"))
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}, {kind}: {said}");
            assert!(said.contains(name), "{name}, {kind}: {said}");
        }
    }
}

#[test]
fn forget_names_the_sealed_reports() {
    let Some(recorded) = Recorded::sealed() else {
        return;
    };
    let world = &recorded.world;
    let sealed = recorded.sealed.strip_prefix(world.path("acme")).unwrap();
    let sealed = format!("acme/{}", sealed.display());
    let forget = "forget acme --sandbox --id A-1 --by Ada --reason asked --dry-run";
    let (code, said) = world.code(forget);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("sealed or copied before now"), "{said}");
    assert!(said.contains(&format!("{sealed} is sealed")), "{said}");
    let (_, said) = world.code(&format!("{forget} --json"));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["sealed_reports"], serde_json::json!([sealed]));
}
