//! An allowed_signers file: whose keys are believed, for what, and when (ALLOWED SIGNERS in `man ssh-keygen`).
//!
//! Invariant: a line that is not understood is an error, never a line that is passed over; so that a file says what it seems to
//! say. Left out: keys of certificate authorities, and every algorithm but Ed25519.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ssh_key::{Algorithm, HashAlg, PublicKey, SshSig};

use crate::checksums;
use bakkt_model::error::{Failure, ShownPath};

/// No such file is longer.
const LARGEST: u64 = 1 << 20;

/// A key and what it may sign.
#[derive(Clone, Debug)]
struct AllowedKey {
    /// Patterns of principals, as they stand in the file.
    principals: Vec<String>,
    /// `None`: all.
    namespaces: Option<Vec<String>>,
    valid_after: Option<Timestamp>,
    valid_before: Option<Timestamp>,
    key: PublicKey,
}

/// Whose keys are believed.
#[derive(Clone, Debug)]
pub struct AllowedSigners {
    keys: Vec<AllowedKey>,
    sha256: String,
}

/// Whose signature it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The principals of the key's line, such as `ada@example.com`; the first is the name for people.
    pub principals: Vec<String>,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// Until when its line lets the key sign.
    pub valid_before: Option<Timestamp>,
}

impl Signed {
    /// The name for people.
    pub fn principal(&self) -> &str {
        self.principals.first().map_or("", String::as_str)
    }
}

impl AllowedSigners {
    /// Reads such a file.
    pub fn read(path: &Path) -> anyhow::Result<AllowedSigners> {
        use std::io::Read;
        let refused = |what: String| {
            Failure::configuration(
                format!("{}{what}", path.shown()),
                "an allowed_signers file has a principal, options and a public key (ssh-ed25519) on each line; `man ssh-keygen` has its form",
            )
        };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| refused(format!(" cannot be read: {error}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(refused(" is too long".to_owned()));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| refused(" is not UTF-8".to_owned()))?;
        AllowedSigners::parse(text).map_err(|(line, why)| refused(format!(", line {line}: {why}")))
    }

    /// Parses the text of such a file; an error comes with its line.
    pub fn parse(text: &str) -> Result<AllowedSigners, (usize, String)> {
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            keys.push(allowed_key(line).map_err(|why| (number + 1, why))?);
        }
        Ok(AllowedSigners {
            keys,
            sha256: checksums::of_bytes(text.as_bytes()).sha256,
        })
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks a signature file's text over bytes, for a namespace, as of a time. The error says why it is not believed.
    pub fn verify(
        &self,
        namespace: &str,
        message: &[u8],
        signature: &str,
        at: Timestamp,
    ) -> Result<Signed, String> {
        let signature = SshSig::from_pem(signature.trim().as_bytes())
            .map_err(|_| "the signature is not one that ssh-keygen -Y makes".to_owned())?;
        if signature.namespace() != namespace {
            return Err(format!(
                "the signature is for \"{}\", and not for \"{namespace}\"",
                signature.namespace().escape_default()
            ));
        }
        let key = PublicKey::new(signature.public_key().clone(), "");
        if key.algorithm() != Algorithm::Ed25519 {
            return Err("the signature is not by an Ed25519 key".to_owned());
        }
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        // First: nothing is said of a key that did not sign this.
        key.verify(namespace, message, &signature)
            .map_err(|_| format!("the signature ({fingerprint}) is not of these bytes"))?;
        self.allowed(&key, namespace, at)
            .map(|line| Signed {
                principals: line.principals.clone(),
                fingerprint: fingerprint.clone(),
                valid_before: line.valid_before,
            })
            .map_err(|why| format!("it is signed by {fingerprint}, {why}"))
    }

    /// The principals of a public key (on one line, as in a file), if its lines allow a namespace at a time.
    pub fn principals_of(
        &self,
        public_key: &str,
        namespace: &str,
        at: Timestamp,
    ) -> Result<Vec<String>, String> {
        let key =
            PublicKey::from_openssh(public_key).map_err(|_| "that is not a key".to_owned())?;
        self.allowed(&key, namespace, at)
            .map(|line| line.principals.clone())
    }

    fn allowed(
        &self,
        key: &PublicKey,
        namespace: &str,
        at: Timestamp,
    ) -> Result<&AllowedKey, String> {
        let lines = self.keys.iter();
        let lines: Vec<_> = lines
            .filter(|line| line.key.key_data() == key.key_data())
            .collect();
        if lines.is_empty() {
            return Err("whose key is not among the allowed signers".to_owned());
        }
        let mut why = String::new();
        for line in lines {
            match line.refuses(namespace, at) {
                None => return Ok(line),
                Some(refused) => why = refused,
            }
        }
        Err(why)
    }
}

impl AllowedKey {
    fn refuses(&self, namespace: &str, at: Timestamp) -> Option<String> {
        let matches = |patterns: &Vec<String>| is_listed(patterns, namespace);
        if !self.namespaces.as_ref().is_none_or(matches) {
            return Some(format!("whose key may not sign for \"{namespace}\""));
        }
        if self.valid_after.is_some_and(|after| at < after) {
            return Some("whose key was not valid yet".to_owned());
        }
        if self.valid_before.is_some_and(|before| at > before) {
            return Some("whose key was not valid any more".to_owned());
        }
        None
    }
}

fn allowed_key(line: &str) -> Result<AllowedKey, String> {
    let mut words = words(line)?.into_iter().peekable();
    let principals = list(&words.next().unwrap_or_default());
    if principals.is_empty() {
        return Err("there is no principal".to_owned());
    }
    let mut allowed = (None, None, None);
    let is_key = |word: &str| {
        word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-")
    };
    if let Some(text) = words.next_if(|word| !is_key(word)) {
        allowed = options(&text)?;
    }
    let (Some(kind), Some(data)) = (words.next(), words.next()) else {
        return Err("there is no key".to_owned());
    };
    let key = PublicKey::from_openssh(&format!("{kind} {data}"))
        .map_err(|_| "the key cannot be read".to_owned())?;
    if key.algorithm() != Algorithm::Ed25519 {
        return Err("the key is not an Ed25519 key".to_owned());
    }
    let (namespaces, valid_after, valid_before) = allowed;
    Ok(AllowedKey {
        principals,
        namespaces,
        valid_after,
        valid_before,
        key,
    })
}

type Options = (Option<Vec<String>>, Option<Timestamp>, Option<Timestamp>);

fn options(text: &str) -> Result<Options, String> {
    let mut found: Options = (None, None, None);
    for option in split(text, ',') {
        let (name, value) = option.split_once('=').unwrap_or((&option, ""));
        let value = value.trim_matches('"');
        match name.to_ascii_lowercase().as_str() {
            "namespaces" if found.0.is_none() => found.0 = Some(list(value)),
            "valid-after" if found.1.is_none() => found.1 = Some(time(value)?),
            "valid-before" if found.2.is_none() => found.2 = Some(time(value)?),
            "namespaces" | "valid-after" | "valid-before" => {
                return Err(format!("the option {name} stands there twice"));
            }
            "cert-authority" => {
                return Err("keys of certificate authorities are not taken".to_owned());
            }
            _ => return Err("there is an option that is not known".to_owned()),
        }
    }
    Ok(found)
}

/// A time: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, of this machine's time zone, or with `Z` in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = || "a time is not YYYYMMDD[HHMM[SS]][Z]".to_owned();
    let (digits, zone) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, TimeZone::UTC),
        None => (text, TimeZone::system()),
    };
    if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole = format!("{digits:0<14}");
    let at = DateTime::strptime("%Y%m%d%H%M%S", whole).map_err(|_| wrong())?;
    Ok(at.to_zoned(zone).map_err(|_| wrong())?.timestamp())
}

/// The words of a line; one in quotation marks may hold spaces.
fn words(line: &str) -> Result<Vec<String>, String> {
    if line.matches('"').count() % 2 == 1 {
        return Err("a quotation mark is missing".to_owned());
    }
    Ok(split(line, ' ')
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect())
}

/// Splits at a sign that stands outside of quotation marks; a tab counts as a space.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut is_quoted) = (vec![String::new()], false);
    for sign in text.chars() {
        is_quoted ^= sign == '"';
        let ends = sign == at || (at == ' ' && sign == '\t');
        match parts.last_mut() {
            Some(last) if !ends || is_quoted => last.push(sign),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn list(text: &str) -> Vec<String> {
    let items = text.trim_matches('"').split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a text is in a list of patterns with `*` and `?`; one that begins with `!` keeps it out.
fn is_listed(patterns: &[String], text: &str) -> bool {
    let keeps_out = |pattern: &String| {
        pattern
            .strip_prefix('!')
            .is_some_and(|pattern| matches(pattern, text))
    };
    patterns.iter().any(|pattern| matches(pattern, text)) && !patterns.iter().any(keeps_out)
}

fn matches(pattern: &str, text: &str) -> bool {
    let mut signs = pattern.chars();
    match signs.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = signs.as_str();
            text.char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .any(|at| matches(rest, &text[at..]))
        }
        Some(sign) => {
            let mut others = text.chars();
            match others.next() {
                Some(other) if sign == '?' || sign == other => {
                    matches(signs.as_str(), others.as_str())
                }
                _ => false,
            }
        }
    }
}
