//! Which machine this is, and as whom the program runs on it: for the record of a run.
//!
//! Both are as the operating system says; nothing of the environment is believed. And whom git names. Left out: who decides
//! (`commands::deciding`).

use std::path::Path;
use std::process::{Command, Stdio};

/// No file of users is longer.
const LARGEST: u64 = 8 << 20;

/// The name of this machine.
pub fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// The user as whom the program runs: name and number, or the number alone where the system's file of users has no name for it.
pub fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    match name_of(uid) {
        Some(name) => format!("{name} (uid {uid})"),
        None => format!("uid {uid}"),
    }
}

fn name_of(uid: u32) -> Option<String> {
    use std::io::Read;
    let mut text = String::new();
    let file = std::fs::File::open("/etc/passwd").ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == uid && !name.is_empty()).then(|| name.to_owned())
    })
}

/// The user's name that git has for a folder; `None` without git, or without a name.
pub fn git_user(folder: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["config", "--get", "user.name"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    let name = name.trim();
    (output.status.success() && !name.is_empty()).then(|| name.to_owned())
}
