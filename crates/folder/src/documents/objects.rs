//! Documents that lie in an object storage, below a bucket and a prefix.
//!
//! Owner of [`ObjectFolder`]: which object a path means, and what its storage says of it. Invariants: no object outside of the bucket
//! and the prefix is ever asked for, whatever a manifest says; a storage that does not answer is no document that is missing: it is
//! noted ([`ObjectFolder::refuse_failed`]), and ends the plan; no refusal repeats a path.
//! Left out on purpose: other spellings of a key than the manifest's, which would take a list of the bucket.

use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bakkt_model::address::shown_address;
use bakkt_model::error::{Failure, visible};
use bakkt_model::objects::{
    self, HOW_TO_BUILD, NOT_BUILT_IN, ObjectState, ObjectStorage, ObjectTrouble, ObjectUrl,
    OpenedObject, Wanted, is_object_url,
};

use super::names;
use super::root::refusal;

/// Why an object is not read.
pub(super) mod object_refusal {
    /// Of another bucket, or not below the prefix.
    pub(crate) const OUTSIDE: &str = "invalid: the object is not below `root` under [documents]";
    /// The storage does not answer.
    pub(crate) const STORAGE: &str = "the object storage does not answer";
}

/// A prefix of an object storage whose objects are documents.
pub(crate) struct ObjectFolder {
    below: ObjectUrl,
    storage: &'static dyn ObjectStorage,
    max_bytes: u64,
    /// States of the objects that are listed just now, by their paths.
    listed: Mutex<HashMap<String, ObjectState>>,
    /// Whether the storage has shown any object.
    has_answered: AtomicBool,
    failed: Mutex<Option<ObjectTrouble>>,
}

impl std::fmt::Debug for ObjectFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ObjectFolder({})", self.below)
    }
}

/// Why a path is refused whose key no object has.
fn unfit(why: &'static str) -> &'static str {
    match why {
        objects::refusal::PARENT => refusal::PARENT,
        _ => refusal::NO_PATH,
    }
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ObjectFolder {
    /// The objects below a URL; none: `name` is a folder.
    pub(super) fn open(name: &str, max_bytes: u64) -> Option<anyhow::Result<ObjectFolder>> {
        Some(ObjectUrl::parse(name)?.map_err(|why| {
            Failure::configuration(
                format!("the documents folder \"{}\" is not a URL of objects: {why}", visible(&shown_address(name))),
                "`root` under [documents] is a folder, or s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX",
            )
        })
        .and_then(|below| match objects::storage() {
            None => Err(Failure::configuration(NOT_BUILT_IN.to_owned(), HOW_TO_BUILD)),
            Some(storage) => Ok(ObjectFolder {
                below,
                storage,
                max_bytes,
                listed: Mutex::default(),
                has_answered: AtomicBool::new(false),
                failed: Mutex::default(),
            }),
        }))
    }

    /// The object that a path means: a path below the prefix, or a URL that is.
    fn object(&self, path: &str) -> Result<ObjectUrl, &'static str> {
        let prefix = self.below.prefix();
        if let Some(url) = ObjectUrl::parse(path) {
            let url = url.map_err(unfit)?;
            let inside = (url.scheme(), url.bucket()) == (self.below.scheme(), self.below.bucket())
                && url.key().len() > prefix.len()
                && url.key().starts_with(&prefix);
            return inside.then_some(url).ok_or(object_refusal::OUTSIDE);
        }
        if path.starts_with('/') {
            return Err(refusal::ABSOLUTE);
        }
        let below = self.below.with_key(&format!("{prefix}{path}"));
        below.map_err(unfit)
    }

    /// Does something with the object that a path means; where there is none, with that of the path as other systems write it.
    fn with<T>(
        &self,
        path: &str,
        work: impl Fn(&ObjectUrl) -> Result<T, ObjectTrouble>,
    ) -> Result<T, &'static str> {
        if path.trim().is_empty() {
            return Err(refusal::UNNAMED);
        }
        if held(&self.failed).is_some() {
            return Err(object_refusal::STORAGE);
        }
        let exactly = self.object(path).and_then(|url| self.told(work(&url)));
        let is_spelled_so = is_object_url(path)
            || matches!(
                exactly,
                Ok(_) | Err(object_refusal::STORAGE | object_refusal::OUTSIDE)
            );
        let clean = names::cleaned(path)?;
        if is_spelled_so || clean == path {
            return exactly;
        }
        self.object(&clean).and_then(|url| self.told(work(&url)))
    }

    fn told<T>(&self, answer: Result<T, ObjectTrouble>) -> Result<T, &'static str> {
        let trouble = match answer {
            Ok(found) => {
                self.has_answered.store(true, Ordering::Relaxed);
                return Ok(found);
            }
            Err(trouble) => trouble,
        };
        match trouble {
            ObjectTrouble::Missing => Err(refusal::MISSING),
            // That a storage refuses everything says nothing of a document.
            ObjectTrouble::Forbidden(_) if self.has_answered.load(Ordering::Relaxed) => {
                Err(refusal::UNREADABLE)
            }
            trouble => {
                held(&self.failed).get_or_insert(trouble);
                Err(object_refusal::STORAGE)
            }
        }
    }

    /// The state of an object of a size that is sent.
    pub(super) fn state(&self, path: &str) -> Result<ObjectState, &'static str> {
        let listed = held(&self.listed).get(path).cloned();
        let state = match listed {
            Some(state) => state,
            None => self
                .with(path, |url| self.storage.state(url))
                .map_err(|why| match why {
                    refusal::MISSING if self.is_folder(path) => refusal::FOLDER,
                    why => why,
                })?,
        };
        self.fits(&state).map(|()| state)
    }

    /// Whether there are objects below a path, as in a folder. Who may not list is not told so.
    fn is_folder(&self, path: &str) -> bool {
        let mut has_any = false;
        let any = &mut |_: &str, _| {
            has_any = true;
            false
        };
        let listed = self.object(path).map(|url| self.storage.list(&url, any));
        listed.is_ok() && has_any
    }

    /// Opens an object of a size that is sent.
    pub(super) fn read(&self, path: &str, wanted: Wanted) -> Result<OpenedObject, &'static str> {
        let (state, content) = self.with(path, |url| self.storage.open(url, wanted))?;
        self.fits(&state).map(|()| (state, content))
    }

    /// Notes that an object broke off in the middle, which says nothing of what it is.
    pub(super) fn broke_off(&self) -> &'static str {
        let why = ObjectTrouble::Failed("an object broke off in the middle".to_owned());
        held(&self.failed).get_or_insert(why);
        object_refusal::STORAGE
    }

    fn fits(&self, state: &ObjectState) -> Result<(), &'static str> {
        match state.size {
            0 => Err(refusal::EMPTY),
            size if size > self.max_bytes => Err(refusal::TOO_LARGE),
            _ => Ok(()),
        }
    }

    /// What tells one state of the object of a path from every other.
    pub(super) fn stamp(&self, path: &str, state: &ObjectState) -> ([u8; 32], bool) {
        let mut hasher = blake3::Hasher::new();
        let place = self.below.with_key("").map(|bucket| bucket.to_string());
        let parts = [
            place.as_deref().unwrap_or_default(),
            &self.below.prefix(),
            path,
            state.version.as_deref().unwrap_or_default(),
            state.tag.as_deref().unwrap_or_default(),
        ];
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&state.size.to_le_bytes());
        let is_certain = state.version.is_some() || state.tag.is_some();
        (*hasher.finalize().as_bytes(), is_certain)
    }

    /// Hands over the path of every object, in batches of which the states are known until the next one; an error of `sink` ends it.
    pub(super) fn each(
        &self,
        most: usize,
        sink: &mut dyn FnMut(&[String]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let prefix = self.below.prefix();
        let (mut paths, mut last) = (Vec::new(), String::new());
        let mut failed = None;
        let mut flush = |paths: &mut Vec<String>| {
            let done = sink(paths);
            paths.clear();
            held(&self.listed).clear();
            done
        };
        let listed = self.storage.list(&self.below, &mut |key, state| {
            // The mark of the folder itself is no object in it.
            let Some(path) = key.strip_prefix(&prefix).filter(|path| !path.is_empty()) else {
                return true;
            };
            if !last.is_empty() && key <= last.as_str() {
                failed = Some(out_of_order());
                return false;
            }
            key.clone_into(&mut last);
            held(&self.listed).insert(path.to_owned(), state);
            paths.push(path.to_owned());
            if paths.len() == most
                && let Err(error) = flush(&mut paths)
            {
                failed = Some(error);
                return false;
            }
            true
        });
        if let Some(error) = failed {
            return Err(error);
        }
        listed.map_err(|trouble| self.cannot(&trouble))?;
        flush(&mut paths)
    }

    /// The error of a storage that has not answered, where that happened.
    pub(super) fn refuse_failed(&self) -> anyhow::Result<()> {
        match &*held(&self.failed) {
            None => Ok(()),
            Some(trouble) => Err(self.cannot(trouble)),
        }
    }

    fn cannot(&self, trouble: &ObjectTrouble) -> anyhow::Error {
        let hint = match trouble {
            ObjectTrouble::Missing => {
                "check `root` under [documents], and the region and endpoint of the storage"
            }
            ObjectTrouble::Forbidden(_) => {
                "check the variables with its credentials (docs/object-storage.md), and what they allow"
            }
            ObjectTrouble::Failed(_) => {
                "check the variables of the storage (docs/object-storage.md), then run the command again; nothing was sent"
            }
        };
        Failure::cannot(
            format!(
                "cannot read the documents in {}: {trouble}",
                visible(&self.below.to_string())
            ),
            hint,
        )
    }
}

fn out_of_order() -> anyhow::Error {
    Failure::cannot(
        "the storage does not list its objects in the order of their keys".to_owned(),
        "name documents by a manifest, or move them to a bucket that lists them in order",
    )
}

/// Reads the first bytes, as many as there are.
pub(super) fn first_bytes(content: &mut dyn Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    content.take(most as u64).read_to_end(&mut head)?;
    Ok(head)
}
