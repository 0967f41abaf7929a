//! Exports that are encrypted or signed with OpenPGP: what is in them, once it is known to be whole.
//!
//! Owner of how GnuPG is asked and of what its words mean. It runs as a child process, because it knows the keys in the agent, on
//! smart cards and in its own keyring, and every algorithm that a partner may still use. Invariants: what it decrypts goes from
//! its pipe into a [`Spool`], so that nothing of it stands on the disk in plain; nothing of it is parsed before its end, when
//! the program says that it was whole; a bad signature is an error, and where signers are set, so is a missing one.
//! Left out on purpose: making keys, trust between them (signers are named by fingerprint), and encrypting.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;
use bakkt_model::error::{Failure, ShownPath};
use tempfile::TempDir;

use super::packed::refused;
use super::spool::Spool;

/// Environment variable of the passphrase of the keys.
pub const PASSPHRASE_VARIABLE: &str = "BAKKT_PGP_PASSPHRASE";

/// `[openpgp]`: with what exports are decrypted, and who must have signed them.
#[derive(Clone, Debug, Default)]
pub struct OpenPgp {
    /// Files of keys. None: those of the user who runs the program.
    pub keys: Vec<PathBuf>,
    /// Fingerprints of keys of which one must have signed every file, also one that is not encrypted. None: signatures are checked
    /// where they are.
    pub signers: Vec<String>,
}

impl OpenPgp {
    /// For files that the firm's own people make: they need no signature.
    pub fn without_signers(&self) -> OpenPgp {
        OpenPgp {
            signers: Vec::new(),
            ..self.clone()
        }
    }
}

/// Bytes from which on what comes out is held against what went in, and how many times as much it may be.
const LARGE: u64 = 256 << 20;
const MOST_TIMES: u64 = 200;

const PROGRAM: &str = "gpg";
/// What its words for programs begin with.
const STATUS: &str = "[GNUPG:] ";
const AGAIN: &str = "copy the file again, or ask whoever made it for another one";
const HOSTILE: &str = "nobody packs an export like this: ask where it comes from";

/// Refuses a file that went through no OpenPGP, where somebody must have signed it.
pub(super) fn must_be_signed(name: &str, openpgp: &OpenPgp) -> anyhow::Result<()> {
    match openpgp.signers.is_empty() {
        true => Ok(()),
        false => Err(refused_for(
            name,
            UNSIGNED,
            "ask whoever made it for a signed one, or take `signers` under [openpgp] away",
        )),
    }
}

/// What is said of damaged files.
const CHANGED: &str = "it was changed or cut after it was encrypted";
const NOT_WHOLE: &str = "GnuPG does not take it for a whole OpenPGP message";
const UNSIGNED: &str = "it is not signed, and `signers` are set";

/// What a file holds, decrypted and checked.
pub(super) fn decrypt(
    name: &str,
    encrypted: Box<dyn Read + Send>,
    openpgp: &OpenPgp,
    folder: &Path,
) -> anyhow::Result<Spool> {
    let home = Home::new(&openpgp.keys)?;
    let passphrase = passphrase()?;
    let mut spool = Spool::new(folder).context("cannot make a temporary file")?;
    let mut child = Decryption::start(&home, passphrase, encrypted)?;
    let fed = child.fed.clone();
    let read = child.output().and_then(|output| {
        spool.append(output, &mut |so_far| {
            let most = fed.load(Ordering::Relaxed).saturating_mul(MOST_TIMES);
            match so_far > LARGE && so_far > most {
                true => Err(refused_for(
                    name,
                    "it grows beyond all measure when it is decrypted",
                    HOSTILE,
                )),
                false => Ok(()),
            }
        })
    });
    let words = match read {
        Ok(()) => child.end()?,
        Err(why) => {
            child.kill();
            return Err(why.context(format!("cannot read {name}")));
        }
    };
    words
        .judge(openpgp)
        .map_err(|(why, hint)| match why.as_str() {
            CHANGED | NOT_WHOLE => Failure::cannot(format!("{name} cannot be read: {why}"), hint),
            _ => refused_for(name, &why, hint),
        })?;
    Ok(spool)
}

fn refused_for(name: &str, why: &str, hint: &str) -> anyhow::Error {
    match hint {
        "" => refused(name, why),
        hint => Failure::configuration(format!("{name} cannot be read: {why}"), hint),
    }
}

/// The passphrase.
fn passphrase() -> anyhow::Result<Option<Vec<u8>>> {
    let Some(passphrase) = std::env::var_os(PASSPHRASE_VARIABLE) else {
        return Ok(None);
    };
    let wrong = |what: &str| {
        Failure::configuration(
            format!("{PASSPHRASE_VARIABLE} is set, and {what}"),
            format!("give it its value, or take it away (unset {PASSPHRASE_VARIABLE})"),
        )
    };
    let passphrase = passphrase.into_encoded_bytes();
    if passphrase.is_empty() {
        return Err(wrong("empty"));
    }
    // GnuPG takes the first line.
    match passphrase.contains(&b'\n') {
        true => Err(wrong("has several lines")),
        false => Ok(Some(passphrase)),
    }
}

/// Where GnuPG finds its keys: the user's own place, or one that is made for this file and goes with it.
struct Home(Option<TempDir>);

impl Home {
    fn new(keys: &[PathBuf]) -> anyhow::Result<Home> {
        if keys.is_empty() {
            return Ok(Home(None));
        }
        // A short path: GnuPG makes sockets below it, whose names have at most 108 bytes.
        let folder = tempfile::Builder::new()
            .prefix("bakkt-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            // The library's error has the odd name that the folder would have had.
            .map_err(|error| io::Error::from(error.kind()))
            .with_context(|| {
                format!(
                    "cannot make a temporary folder in {}",
                    env::temp_dir().shown()
                )
            })?;
        let home = Home(Some(folder));
        for key in keys {
            home.import(key)?;
        }
        Ok(home)
    }

    fn import(&self, key: &Path) -> anyhow::Result<()> {
        let wrong = |why: String| {
            Failure::configuration(
                format!("the key file {}: {why}", key.shown()),
                "`keys` under [openpgp] names files of keys as `gpg --export` or `--export-secret-keys` writes them",
            )
        };
        let bytes = fs::read(key).map_err(|error| wrong(error.to_string()))?;
        let mode = fs::metadata(key).map(|about| about.mode() & 0o077);
        if holds_secret(&bytes) && mode.map_err(|error| wrong(error.to_string()))? != 0 {
            return Err(Failure::configuration(
                format!("the key file {} can be read by others", key.shown()),
                "only its owner may read it (chmod 600)",
            ));
        }
        let mut child = self
            .gpg(&["--import"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(not_started)?;
        let fed = child.stdin.take().map(|mut stdin| stdin.write_all(&bytes));
        let ended = child.wait().context("cannot import keys")?;
        match (fed, ended.success()) {
            (Some(Ok(())), true) => Ok(()),
            _ => Err(wrong("it holds no keys that GnuPG takes".to_owned())),
        }
    }

    /// GnuPG without a terminal and with no more of the environment than it needs to find its agent.
    fn gpg(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().env("LC_ALL", "C");
        for name in ["PATH", "HOME", "GNUPGHOME", "XDG_RUNTIME_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(folder) = &self.0 {
            command.arg("--homedir").arg(folder.path());
        }
        command.args(["--batch", "--no-tty", "--quiet", "--no-greeting"]);
        command.args(["--no-auto-check-trustdb", "--trust-model", "always"]);
        command.args(["--no-auto-key-retrieve", "--no-auto-key-locate"]);
        command.args(arguments);
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let Some(folder) = &self.0 else { return };
        // The agent that GnuPG started for this place ends with it.
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(folder.path())
            .args(["--kill", "all"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}

/// Whether a file has a secret key in it: armoured, or a packet of one.
fn holds_secret(bytes: &[u8]) -> bool {
    let armoured = memchr::memmem::find(bytes, b"PRIVATE KEY BLOCK").is_some();
    // The packet tag 5, in the old form and in the new.
    armoured
        || bytes
            .first()
            .is_some_and(|first| matches!(first, 0x94..=0x97 | 0xc5))
}

fn not_started(error: io::Error) -> anyhow::Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "install GnuPG (the package gnupg), or decrypt the file first",
        _ => "",
    };
    Failure::configuration(
        format!("GnuPG ({PROGRAM}) could not be started: {error}"),
        hint,
    )
}

/// GnuPG at work.
struct Decryption {
    child: Child,
    feeder: Option<JoinHandle<io::Result<()>>>,
    words: Option<JoinHandle<io::Result<StatusWords>>>,
    /// Bytes that it was given.
    fed: Arc<AtomicU64>,
}

impl Decryption {
    fn start(
        home: &Home,
        passphrase: Option<Vec<u8>>,
        mut encrypted: Box<dyn Read + Send>,
    ) -> anyhow::Result<Decryption> {
        let mut arguments = vec!["--status-fd", "2"];
        if passphrase.is_some() {
            // It is the first line of the pipe that the file comes through, so no other process can come by it.
            arguments.extend(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
        }
        arguments.extend(["--output", "-", "--decrypt"]);
        let mut child = home
            .gpg(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(not_started)?;
        let fed = Arc::new(AtomicU64::new(0));
        let (stdin, stderr, counted) = (child.stdin.take(), child.stderr.take(), fed.clone());
        let feeder = std::thread::Builder::new().spawn(move || {
            let Some(mut stdin) = stdin else {
                return Ok(());
            };
            if let Some(line) = passphrase {
                let written = stdin.write_all(&line).and_then(|()| stdin.write_all(b"\n"));
                if written.is_err() {
                    return Ok(());
                }
            }
            let mut block = vec![0; 64 << 10];
            loop {
                let count = encrypted.read(&mut block)?;
                // It stops reading when it has seen enough to refuse; why, its words say.
                if count == 0 || stdin.write_all(&block[..count]).is_err() {
                    return Ok(());
                }
                counted.fetch_add(count as u64, Ordering::Relaxed);
            }
        });
        let words = std::thread::Builder::new().spawn(move || match stderr {
            Some(stderr) => StatusWords::read(BufReader::new(stderr)),
            None => Ok(StatusWords::default()),
        });
        let started = Decryption {
            child,
            feeder: feeder.ok(),
            words: words.ok(),
            fed,
        };
        match started.feeder.is_some() && started.words.is_some() {
            true => Ok(started),
            false => {
                started.kill();
                anyhow::bail!("the system starts no further thread")
            }
        }
    }

    fn output(&mut self) -> anyhow::Result<impl Read> {
        self.child.stdout.take().context("GnuPG has no output")
    }

    /// Waits for its end. A file that could not be read to its end is an error before anything that GnuPG says of it.
    fn end(mut self) -> anyhow::Result<StatusWords> {
        let ended = self.child.wait().context("cannot wait for GnuPG")?;
        if let Some(Ok(fed)) = self.feeder.map(JoinHandle::join) {
            fed?;
        }
        let mut words = match self.words.map(JoinHandle::join) {
            Some(Ok(words)) => words?,
            _ => StatusWords::default(),
        };
        words.failed = !ended.success();
        Ok(words)
    }

    fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What GnuPG said of a file.
#[derive(Debug, Default)]
struct StatusWords {
    /// Its words, each with what stands behind it. No user id and no text of the file is among them.
    said: Vec<(String, String)>,
    failed: bool,
}

/// Words that are looked at.
const KNOWN: [&str; 14] = [
    "BADMDC",
    "BADSIG",
    "DECRYPTION_FAILED",
    "DECRYPTION_KEY",
    "DECRYPTION_OKAY",
    "ERRSIG",
    "EXPKEYSIG",
    "EXPSIG",
    "GOODSIG",
    "KEY_CONSIDERED",
    "ENC_TO",
    "PLAINTEXT",
    "REVKEYSIG",
    "VALIDSIG",
];

impl StatusWords {
    fn read(from: impl BufRead) -> io::Result<StatusWords> {
        let mut words = StatusWords::default();
        for line in from.split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            let Some((word, rest)) = line
                .strip_prefix(STATUS)
                .map(|said| said.split_once(' ').unwrap_or((said, "")))
            else {
                continue;
            };
            // The name that the file had.
            let rest = if word == "PLAINTEXT" { "" } else { rest };
            // A file of many signatures may say a lot; no export has more than a few.
            if KNOWN.contains(&word) && words.said.len() < 64 {
                words.said.push((word.to_owned(), rest.to_owned()));
            }
        }
        Ok(words)
    }

    fn has(&self, word: &str) -> bool {
        self.said.iter().any(|(said, _)| said == word)
    }

    fn of<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        let fits = move |(said, _): &&(String, String)| said == word;
        self.said.iter().filter(fits).map(|(_, rest)| rest.as_str())
    }

    /// Whether what came out may be believed; else why not, and what to do.
    fn judge(&self, openpgp: &OpenPgp) -> Result<(), (String, &'static str)> {
        let refuse = |why: &str, hint| Err((why.to_owned(), hint));
        // Where something came out, or its checksum was looked at, the passphrase was right.
        let is_opened = ["DECRYPTION_KEY", "PLAINTEXT", "BADMDC"].map(|word| self.has(word));
        if self.has("DECRYPTION_FAILED") && !is_opened.contains(&true) {
            // Only secret keys that are here are considered.
            if self.has("KEY_CONSIDERED") {
                return refuse(
                    "the passphrase of its key is missing or wrong",
                    "set BAKKT_PGP_PASSPHRASE to the passphrase of the key, or unlock the key in the agent (gpg-agent)",
                );
            }
            let keys: Vec<&str> = self
                .of("ENC_TO")
                .filter_map(|said| said.split(' ').next())
                .collect();
            if keys.is_empty() {
                return refuse(
                    "it is encrypted with a passphrase alone, which is missing or wrong",
                    "set BAKKT_PGP_PASSPHRASE to the passphrase of the file",
                );
            }
            return Err((
                format!(
                    "it is encrypted for a key that is not here: {}",
                    keys.join(", ")
                ),
                "name the file of that key as one of `keys` under [openpgp], or import it into GnuPG",
            ));
        }
        if self.has("BADMDC") || self.has("DECRYPTION_FAILED") {
            return refuse(CHANGED, AGAIN);
        }
        for (word, why) in [
            ("BADSIG", "its signature is not of what it holds"),
            ("REVKEYSIG", "the key that signed it was revoked"),
            ("EXPSIG", "its signature has expired"),
            ("EXPKEYSIG", "the key that signed it has expired"),
        ] {
            if self.has(word) {
                return refuse(why, AGAIN);
            }
        }
        if !openpgp.signers.is_empty() && !self.is_signed_by(&openpgp.signers) {
            return match self.has("VALIDSIG") || self.has("ERRSIG") {
                true => refuse(
                    "none of the keys under `signers` has signed it, as far as the keys that are here tell",
                    "ask whoever made it; `keys` under [openpgp] has to name the public keys of signers as well",
                ),
                false => refuse(UNSIGNED, AGAIN),
            };
        }
        let is_whole = self.has("DECRYPTION_OKAY") || self.has("GOODSIG");
        // A key that is not here makes GnuPG end with an error although it decrypted the file.
        let only_unknown = self.has("ERRSIG") && self.has("DECRYPTION_OKAY");
        match is_whole && (!self.failed || only_unknown) {
            true => Ok(()),
            false => refuse(NOT_WHOLE, AGAIN),
        }
    }

    /// Whether a valid signature is of one of these keys, or of a subkey of one.
    fn is_signed_by(&self, signers: &[String]) -> bool {
        self.of("VALIDSIG").any(|said| {
            let mut words = said.split(' ');
            let (own, primary) = (words.next(), words.next_back());
            let fits = |found: Option<&str>| {
                found.is_some_and(|found| signers.iter().any(|signer| signer == found))
            };
            fits(own) || fits(primary)
        })
    }
}
