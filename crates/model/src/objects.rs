//! Objects of an object storage, as whoever reads files sees them.
//!
//! Owner of [`ObjectUrl`], the form in which people name objects, and of [`ObjectStorage`], what reading needs of a storage. The
//! pure half of the program reads objects through it and knows no server: `engine` has the one that talks to servers, and the
//! program installs it once, as TLS libraries have their crypto provider installed. Invariants: a URL names one object or one
//! prefix below one bucket, and no part of it leads elsewhere; no error repeats a key, which may be a customer's name.
//! Left out on purpose: credentials, which only the storage knows.

use std::io::Read;
use std::sync::OnceLock;

/// What stands before the bucket.
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

/// The longest key that a storage has.
const LONGEST_KEY: usize = 1024;

/// An object, or a prefix of objects: `s3://bucket/key`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectUrl {
    scheme: &'static str,
    bucket: String,
    key: String,
}

/// Why a key is refused.
pub mod refusal {
    /// A part is `.` or `..`.
    pub const PARENT: &str = "its key has a part `.` or `..`";
    /// A part has no characters.
    pub const EMPTY_PART: &str = "its key has two slashes in a row, or one at its beginning";
    /// A character that no key should have.
    pub const CONTROL: &str = "its key has a control character";
    /// Longer than any storage takes.
    pub const TOO_LONG: &str = "its key is longer than 1,024 bytes";
    /// No bucket has this name.
    pub const BUCKET: &str =
        "its bucket is not a name of a bucket, which has letters, digits, dots, `-` and `_`";
}

/// Whether a name is a URL of an object storage, whatever is wrong with the rest of it.
pub fn is_object_url(name: &str) -> bool {
    split(name).is_some()
}

fn split(name: &str) -> Option<(&'static str, &str)> {
    let (scheme, rest) = name.split_once("://")?;
    let known = SCHEMES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(scheme))?;
    Some((known, rest))
}

/// Why a key is none.
fn unfit(key: &str) -> Result<(), &'static str> {
    if key.len() > LONGEST_KEY {
        return Err(refusal::TOO_LONG);
    }
    if key.chars().any(char::is_control) {
        return Err(refusal::CONTROL);
    }
    let parts = key.strip_suffix('/').unwrap_or(key).split('/');
    for part in parts {
        match part {
            "" if !key.is_empty() => return Err(refusal::EMPTY_PART),
            "." | ".." => return Err(refusal::PARENT),
            _ => {}
        }
    }
    Ok(())
}

impl ObjectUrl {
    /// Reads a URL; none: the name is not one of an object storage. The error says what is wrong with it.
    pub fn parse(name: &str) -> Option<Result<ObjectUrl, &'static str>> {
        let (scheme, rest) = split(name)?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if bucket.is_empty() || !bucket.chars().all(fits) || bucket.starts_with('.') {
            return Some(Err(refusal::BUCKET));
        }
        Some(unfit(key).map(|()| ObjectUrl {
            scheme,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        }))
    }

    /// `s3`, `gs` or `az`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The bucket or container.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What stands behind the bucket.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Another object of the same bucket.
    pub fn with_key(&self, key: &str) -> Result<ObjectUrl, &'static str> {
        unfit(key).map(|()| ObjectUrl {
            key: key.to_owned(),
            ..self.clone()
        })
    }

    /// The prefix that all objects below this one share: its key with one slash at its end, or nothing.
    pub fn prefix(&self) -> String {
        match self.key.trim_end_matches('/') {
            "" => String::new(),
            key => format!("{key}/"),
        }
    }
}

impl std::fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.bucket, self.key)
    }
}

/// What tells one state of an object from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectState {
    /// Bytes, as the storage says.
    pub size: u64,
    /// The version, where the bucket keeps versions.
    pub version: Option<String>,
    /// The tag that the storage gives to content.
    pub tag: Option<String>,
}

impl ObjectState {
    /// Whether two answers are about the same content: a list says no version.
    pub fn is_same(&self, other: &ObjectState) -> bool {
        let version = self.version.as_ref().zip(other.version.as_ref());
        let is_other_version = version.is_some_and(|(one, other)| one != other);
        self.size == other.size && self.tag == other.tag && !is_other_version
    }
}

/// Why an object could not be read. No words repeat a key or a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectTrouble {
    /// There is no such object or bucket.
    Missing,
    /// The credentials do not allow it, or there are none.
    Forbidden(String),
    /// The storage could not be asked, or its answer is none.
    Failed(String),
}

impl std::fmt::Display for ObjectTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ObjectTrouble::Missing => f.write_str("there is no such object or bucket"),
            ObjectTrouble::Forbidden(why) | ObjectTrouble::Failed(why) => f.write_str(why),
        }
    }
}

/// Which bytes of an object are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    Whole,
    /// So many from its beginning.
    First(u64),
}

/// The state of an object, and its bytes. Reading ends in an error when fewer or more come than the state says.
pub type OpenedObject = (ObjectState, Box<dyn Read + Send>);

/// Takes an object of a list: its key, and its state. False ends the list.
pub type EachObject<'a> = &'a mut dyn FnMut(&str, ObjectState) -> bool;

/// An object storage. Calls block the thread, and come from several.
pub trait ObjectStorage: Send + Sync {
    /// The state of an object.
    fn state(&self, object: &ObjectUrl) -> Result<ObjectState, ObjectTrouble>;

    /// Opens an object at its first byte.
    fn open(&self, object: &ObjectUrl, wanted: Wanted) -> Result<OpenedObject, ObjectTrouble>;

    /// Hands over all objects whose keys begin with the prefix of a URL ([`ObjectUrl::prefix`]), in the storage's order.
    fn list(&self, below: &ObjectUrl, each: EachObject<'_>) -> Result<(), ObjectTrouble>;
}

static STORAGE: OnceLock<Box<dyn ObjectStorage>> = OnceLock::new();

/// Installs the storage of this process. The first one stays.
pub fn install(storage: Box<dyn ObjectStorage>) {
    let _ = STORAGE.set(storage);
}

/// The storage of this process; none: the program was built without one.
pub fn storage() -> Option<&'static dyn ObjectStorage> {
    STORAGE.get().map(Box::as_ref)
}

/// What is wrong where an object is named and the program has no storage.
pub const NOT_BUILT_IN: &str = "this bakkt-migrate was built without object storage";

/// What to do about that.
pub const HOW_TO_BUILD: &str = "install a package, which has it, or build with `cargo build --release --features object-storage`; or copy the object to a file and name that";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_one_object_below_one_bucket() {
        let parsed = |text: &str| ObjectUrl::parse(text).map(|url| url.map(|url| url.to_string()));
        for (text, wanted) in [
            ("export.csv", None),
            ("https://bucket/key", None),
            ("s3:/bucket/key", None),
            ("s3://b-1/a/b.csv", Some(Ok("s3://b-1/a/b.csv"))),
            ("S3://b/a", Some(Ok("s3://b/a"))),
            ("gs://b", Some(Ok("gs://b/"))),
            ("az://b/folder/", Some(Ok("az://b/folder/"))),
            ("s3://b/a?x=1#y", Some(Ok("s3://b/a?x=1#y"))),
            ("s3:///a", Some(Err(refusal::BUCKET))),
            ("s3://key:secret@b/a", Some(Err(refusal::BUCKET))),
            ("s3://../a", Some(Err(refusal::BUCKET))),
            ("s3://b/../c", Some(Err(refusal::PARENT))),
            ("s3://b/a/./c", Some(Err(refusal::PARENT))),
            ("s3://b//a", Some(Err(refusal::EMPTY_PART))),
            ("s3://b/a//c", Some(Err(refusal::EMPTY_PART))),
            ("s3://b/a\nb", Some(Err(refusal::CONTROL))),
        ] {
            assert_eq!(
                parsed(text),
                wanted.map(|it| it.map(str::to_owned)),
                "{text:?}"
            );
        }
        let long = format!("s3://b/{}", "a".repeat(1025));
        assert_eq!(parsed(&long), Some(Err(refusal::TOO_LONG)));
    }

    #[test]
    fn a_prefix_ends_at_a_folder() {
        for (text, prefix) in [("s3://b", ""), ("s3://b/a", "a/"), ("s3://b/a/c/", "a/c/")] {
            let url = ObjectUrl::parse(text).and_then(Result::ok);
            assert_eq!(url.map(|url| url.prefix()).as_deref(), Some(prefix));
        }
    }
}
