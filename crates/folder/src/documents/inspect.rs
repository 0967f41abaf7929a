//! Looking into files: their type, and the hash of their content.
//!
//! Owner of [`Inspector`], which opens many files on all cores and keeps their order. Invariants: a file is read once for
//! every state it is in, however many documents are made of it, as long as memory for remembering is left; what changes
//! while it is read is refused.
//! Left out on purpose: what else decides whether a document is sent (`assess`).

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::PoisonError;

use sha2::{Digest, Sha256};

use super::content::{self, AcceptedTypes, HEAD};
use super::objects::{ObjectFolder, first_bytes, object_refusal};
use super::root::{FileIdentity, ObjectStamp, OpenedFile, Root, refusal};
use bakkt_files::cores;
use bakkt_model::objects::{ObjectState, Wanted};

/// What is known of a file that can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Bytes.
    pub size: u64,
    /// BLAKE3 of the content, when it was asked for.
    pub hash: Option<[u8; 32]>,
    /// SHA-256 of the content, for people who check it without this program; with the hash above.
    pub sha256: Option<[u8; 32]>,
    /// The state that it is in.
    pub identity: FileIdentity,
}

impl FileFacts {
    fn new(size: u64, hashes: Option<ContentHashes>, identity: FileIdentity) -> FileFacts {
        FileFacts {
            size,
            hash: hashes.map(|hashes| hashes.blake3),
            sha256: hashes.map(|hashes| hashes.sha256),
            identity,
        }
    }
}

/// The hashes of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHashes {
    /// BLAKE3.
    pub blake3: [u8; 32],
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// What an earlier plan found in a file in some state: the hashes of its content.
pub type EarlierHash<'a> = &'a (dyn Fn(&FileIdentity) -> Option<ContentHashes> + Sync);

/// So many hashes are remembered.
const REMEMBERED: usize = 1 << 16;

/// Objects that are read at once.
const OBJECTS_AT_ONCE: usize = 8;

/// Files of one folder, one after the other or many at once.
pub struct Inspector<'a> {
    root: &'a Root,
    accepted: AcceptedTypes,
    hashing: bool,
    earlier: EarlierHash<'a>,
    known: Mutex<HashMap<FileIdentity, ContentHashes>>,
}

/// A document's content, at its first byte, and what it is.
pub(crate) struct OpenedContent {
    pub content: Box<dyn Read + Send>,
    pub size: u64,
    pub media_type: &'static str,
}

/// Opens a file or an object and tells its media type.
pub(crate) fn open(
    root: &Root,
    path: &str,
    accepted: AcceptedTypes,
) -> Result<OpenedContent, &'static str> {
    if let Err(objects) = root.dir() {
        let (state, mut content) = objects.read(path, Wanted::Whole)?;
        let head = first_bytes(&mut content, HEAD).map_err(|_| object_refusal::STORAGE)?;
        let media_type = content::media_type(&head, path, accepted)?;
        return Ok(OpenedContent {
            content: Box::new(io::Cursor::new(head).chain(content)),
            size: state.size,
            media_type,
        });
    }
    let (opened, media_type) = open_file(root, path, accepted)?;
    Ok(OpenedContent {
        content: Box::new(opened.file),
        size: opened.size,
        media_type,
    })
}

fn open_file(
    root: &Root,
    path: &str,
    accepted: AcceptedTypes,
) -> Result<(OpenedFile, &'static str), &'static str> {
    let opened = root.file(path)?;
    let mut head = [0; HEAD];
    let count = read_head(&opened.file, &mut head).map_err(|_| refusal::BROKEN)?;
    let media_type = content::media_type(&head[..count], path, accepted)?;
    Ok((opened, media_type))
}

/// Reads the first bytes, and leaves the file at its first byte.
fn read_head(file: &File, head: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < head.len() {
        match file.read_at(&mut head[count..], count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

impl<'a> Inspector<'a> {
    /// `hashing`: the content is read to its end, unless an earlier plan did.
    pub fn new(
        root: &'a Root,
        accepted: AcceptedTypes,
        hashing: bool,
        earlier: EarlierHash<'a>,
    ) -> Self {
        Inspector {
            root,
            accepted,
            hashing,
            earlier,
            known: Mutex::default(),
        }
    }

    pub(crate) fn one(&self, path: &str) -> Result<FileFacts, &'static str> {
        if let Err(objects) = self.root.dir() {
            return self.object(objects, path);
        }
        let (opened, _) = open_file(self.root, path, self.accepted)?;
        let (size, identity) = (opened.size, opened.identity);
        let facts = |hashes| FileFacts::new(size, hashes, identity);
        if !self.hashing {
            return Ok(facts(None));
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = known().get(&identity).copied();
        if let Some(hash) = earlier.or_else(|| (self.earlier)(&identity)) {
            return Ok(facts(Some(hash)));
        }
        let hash = hash(opened.file, opened.size)?;
        let mut known = known();
        if known.len() == REMEMBERED {
            known.clear();
        }
        known.insert(identity, hash);
        Ok(facts(Some(hash)))
    }

    /// An object: asked for its state, and read only when no earlier plan read it in that state.
    fn object(&self, objects: &ObjectFolder, path: &str) -> Result<FileFacts, &'static str> {
        let state = objects.state(path)?;
        let facts = |state: &ObjectState, content: usize, hashes| {
            let identity = ObjectStamp::identify(objects.stamp(path, state), content);
            FileFacts::new(state.size, hashes, identity)
        };
        if !self.hashing {
            let (state, mut content) = objects.read(path, Wanted::First(HEAD as u64))?;
            let head = first_bytes(&mut content, HEAD).map_err(|_| objects.broke_off())?;
            let place = content::sniff(&head)?;
            content::judged(place, path, self.accepted)?;
            return Ok(facts(&state, place, None));
        }
        for place in 0..content::TYPES.len() {
            let known = facts(&state, place, None);
            if let Some(hash) = (self.earlier)(&known.identity) {
                content::judged(place, path, self.accepted)?;
                return Ok(facts(&state, place, Some(hash)));
            }
        }
        let (now, mut content) = objects.read(path, Wanted::Whole)?;
        let head = first_bytes(&mut content, HEAD).map_err(|_| objects.broke_off())?;
        let place = content::sniff(&head)?;
        content::judged(place, path, self.accepted)?;
        let whole = io::Cursor::new(head).chain(content);
        let hash = hash(whole, now.size).map_err(|_| objects.broke_off())?;
        // A list says less of an object than an answer does, and the next plan asks as this one has.
        let state = if now.is_same(&state) { state } else { now };
        Ok(facts(&state, place, Some(hash)))
    }

    /// Several files on all cores, in their order; `None` stays `None`.
    pub fn all(&self, paths: &[Option<&str>]) -> Vec<Option<Result<FileFacts, &'static str>>> {
        // An object is waited for, and not computed.
        let threads = match self.root.dir() {
            Ok(_) => cores::count(),
            Err(_) => cores::count().max(OBJECTS_AT_ONCE),
        };
        let inspect = |_: &mut (), path: &Option<&str>| -> Result<_, Infallible> {
            Ok(path.map(|path| self.one(path)))
        };
        let Ok(all) = cores::for_each(paths, (threads, 1), || (), inspect);
        all
    }
}

/// Both hashes of what is written to it.
#[derive(Default)]
struct Hashers {
    blake3: blake3::Hasher,
    sha256: Sha256,
}

impl io::Write for Hashers {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.blake3.update(bytes);
        self.sha256.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hash(content: impl Read, size: u64) -> Result<ContentHashes, &'static str> {
    let mut hashers = Hashers::default();
    // One byte more than expected shows a file that grew.
    let mut whole = content.take(size + 1);
    match io::copy(&mut whole, &mut hashers) {
        Ok(read) if read == size => Ok(ContentHashes {
            blake3: *hashers.blake3.finalize().as_bytes(),
            sha256: hashers.sha256.finalize().into(),
        }),
        _ => Err(refusal::BROKEN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn pdf(folder: &Path, name: &str, rest: &str) -> io::Result<[u8; 32]> {
        let content = format!("%PDF-1.7{rest}");
        std::fs::write(folder.join(name), &content)?;
        Ok(*blake3::hash(content.as_bytes()).as_bytes())
    }

    #[test]
    fn many_files_keep_their_order_and_one_is_read_once() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut hashes = Vec::new();
        for number in 0..50 {
            hashes.push(pdf(
                folder.path(),
                &format!("{number}.pdf"),
                &number.to_string(),
            )?);
        }
        std::fs::write(folder.path().join("page.pdf"), "<html>")?;
        let root = Root::open(folder.path(), "documents", 1000)?;
        let inspector = Inspector::new(&root, AcceptedTypes::default(), true, &|_| None);
        let names: Vec<String> = (0..50).map(|number| format!("{number}.pdf")).collect();
        let mut paths: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        paths.extend([None, Some("page.pdf"), Some("gone.pdf"), Some("7.pdf")]);
        let found = inspector.all(&paths);
        for (place, hash) in hashes.iter().enumerate() {
            assert_eq!(found[place].and_then(|one| one.ok()?.hash), Some(*hash));
        }
        assert_eq!(found[50], None);
        assert_eq!(found[51], Some(Err(content::refusal::NEITHER)));
        assert_eq!(found[52], Some(Err(refusal::MISSING)));
        assert_eq!(found[53], found[7]);
        let known = inspector.known.lock().map(|known| known.len());
        assert_eq!(known.ok(), Some(50));
        Ok(())
    }

    #[test]
    fn without_hashing_only_the_type_is_looked_at() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        pdf(folder.path(), "a.pdf", "rest")?;
        let root = Root::open(folder.path(), "documents", 1000)?;
        let facts = Inspector::new(&root, AcceptedTypes::default(), false, &|_| None).one("a.pdf");
        let facts = facts.map(|facts| (facts.size, facts.hash));
        assert_eq!(facts, Ok((12, None)));
        Ok(())
    }

    #[test]
    fn what_an_earlier_plan_read_is_not_read_again_unless_it_changed() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let first = pdf(folder.path(), "a.pdf", "one")?;
        let root = Root::open(folder.path(), "documents", 1000)?;
        let one = |earlier: EarlierHash<'_>| {
            Inspector::new(&root, AcceptedTypes::default(), true, earlier).one("a.pdf")
        };
        let before = one(&|_| None).map_err(anyhow::Error::msg)?;
        assert_eq!(before.hash, Some(first));
        let hashes = ContentHashes {
            blake3: [9; 32],
            sha256: [8; 32],
        };
        let known = |identity: &FileIdentity| (*identity == before.identity).then_some(hashes);
        assert_eq!(one(&known).map(|facts| facts.hash), Ok(Some([9; 32])));
        // The same size and the same time of its content: those of its facts differ.
        let times = std::fs::metadata(folder.path().join("a.pdf"))?.modified()?;
        let second = pdf(folder.path(), "a.pdf", "two")?;
        let file = File::options()
            .write(true)
            .open(folder.path().join("a.pdf"))?;
        file.set_modified(times)?;
        assert_eq!(one(&known).map(|facts| facts.hash), Ok(Some(second)));
        assert!(before.identity.is_settled(i64::MAX) && !before.identity.is_settled(0));
        Ok(())
    }
}
