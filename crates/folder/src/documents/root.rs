//! The documents folder, and opening what lies in it.
//!
//! Owner of the promise that nothing outside the folder is ever opened, whatever a manifest says and whoever changes links
//! meanwhile: every path is resolved by the operating system below an open folder (`openat2`, or step by step where that is
//! missing). Invariants: opening never blocks and opens no device, so a path is looked at before it is opened; what counts is
//! the open file, which is looked at again; what comes back is a file of a size within the limit; every refusal has its own words and never repeats the path.
//! Where the settings name a prefix of an object storage, its objects are the files (`objects`).
//! Left out on purpose: what is in the file (`content`), and whether it is the right one (`planned`).

use std::fs::File;
use std::io;
use std::path::{Component, Path};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileType, FileTypeExt, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};

use super::names::{self, Names};
use super::objects::ObjectFolder;
use bakkt_model::error::unreadable;

/// Why a file is refused before it is read. `missing` is what a gap says of a document that is not there.
pub mod refusal {
    /// There is no such file.
    pub(crate) const MISSING: &str = "missing";
    /// The manifest names no file.
    pub(crate) const UNNAMED: &str = "missing: no file is named";
    pub(crate) const ABSOLUTE: &str =
        "invalid: the path is absolute; paths are below the documents folder";
    pub(crate) const PARENT: &str = "invalid: the path leads out of the documents folder by `..`";
    /// A link leads out.
    pub(crate) const LINK: &str =
        "invalid: a link leads out of the documents folder; an absolute one always does";
    /// Links in a circle.
    pub(crate) const LOOP: &str = "invalid: links lead in a circle";
    pub(crate) const FOLDER: &str = "invalid: it is a folder";
    pub(crate) const DEVICE: &str = "invalid: it is a device";
    /// A pipe or a socket.
    pub(crate) const PIPE: &str = "invalid: it is a pipe or a socket";
    /// Neither of those and no file.
    pub(crate) const NO_FILE: &str = "invalid: it is no file";
    pub(crate) const UNREADABLE: &str = "invalid: the file may not be read";
    pub(crate) const BROKEN: &str = "invalid: the file cannot be read";
    pub(crate) const EMPTY: &str = "invalid: the file is empty";
    pub(crate) const TOO_LARGE: &str = "invalid: the file is larger than `max_bytes`";
    /// Another spelling of several names.
    pub(crate) const AMBIGUOUS: &str =
        "invalid: several files have this path but for capitals or accents, and none exactly";
    /// It could not be a path.
    pub(crate) const NO_PATH: &str = "invalid: the path is none";
}

/// The documents folder, open.
#[derive(Debug)]
pub struct Root {
    place: RootPlace,
    max_bytes: u64,
}

#[derive(Debug)]
enum RootPlace {
    Folder(Dir, Names),
    Objects(ObjectFolder),
}

/// A file that was opened safely.
#[derive(Debug)]
pub struct OpenedFile {
    /// At its first byte.
    pub file: File,
    /// Its size when it was opened.
    pub size: u64,
    /// The same for the same bytes of one file.
    pub identity: FileIdentity,
}

/// Tells one state of one file or object from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileIdentity {
    /// Of a file.
    File(FileStamp),
    /// Of an object.
    Object(ObjectStamp),
}

/// The state of a file. The time of the content can be set by whoever copies a file, that of its facts by nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileStamp {
    /// Device and number.
    file: (u64, u64),
    size: u64,
    /// When its content changed: seconds and nanoseconds.
    content: (i64, i64),
    /// When anything about it changed.
    facts: (i64, i64),
}

/// The state of an object, and what its content was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ObjectStamp {
    /// A hash of its place, size, version and tag.
    state: [u8; 32],
    /// Whether the storage says a version or a tag, without which a change would not show.
    is_certain: bool,
    /// The place of its content among the types.
    content: u8,
}

impl ObjectStamp {
    /// That of an object of a type of content.
    pub(super) fn identify((state, is_certain): ([u8; 32], bool), content: usize) -> FileIdentity {
        FileIdentity::Object(ObjectStamp {
            state,
            is_certain,
            content: content as u8,
        })
    }
}

/// A file's times count in ticks: one that changed just now may change again within the same tick.
const SETTLED: i64 = 3;

impl FileIdentity {
    /// That of an open file.
    pub(crate) fn of(file: &File) -> io::Result<FileIdentity> {
        use std::os::unix::fs::MetadataExt as _;
        let facts = file.metadata()?;
        Ok(FileIdentity::File(FileStamp {
            file: (facts.dev(), facts.ino()),
            size: facts.len(),
            content: (facts.mtime(), facts.mtime_nsec()),
            facts: (facts.ctime(), facts.ctime_nsec()),
        }))
    }

    /// Whether nothing can change any more without another identity; `now` in seconds since 1970.
    pub fn is_settled(&self, now: i64) -> bool {
        match self {
            FileIdentity::File(file) => file.is_before(now - SETTLED),
            FileIdentity::Object(object) => object.is_certain,
        }
    }

    /// All of it, for a hash.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            FileIdentity::File(file) => file.bytes(),
            FileIdentity::Object(object) => {
                let state = object.state.iter().copied();
                state.chain([object.content]).collect()
            }
        }
    }
}

impl FileStamp {
    fn bytes(&self) -> Vec<u8> {
        let ids = [self.file.0, self.file.1, self.size];
        let times = [self.content, self.facts];
        let times = times.iter().flat_map(|(seconds, rest)| [*seconds, *rest]);
        let ids = ids.iter().flat_map(|id| id.to_le_bytes());
        ids.chain(times.flat_map(i64::to_le_bytes)).collect()
    }

    /// Whether it was in this state before a moment, in seconds since 1970.
    fn is_before(&self, seconds: i64) -> bool {
        self.facts.0 < seconds && self.content.0 < seconds
    }
}

impl Root {
    /// Opens the folder; `name` is how the settings call it.
    pub(crate) fn open(path: &Path, name: &str, max_bytes: u64) -> anyhow::Result<Root> {
        if let Some(objects) = ObjectFolder::open(name, max_bytes) {
            let place = RootPlace::Objects(objects?);
            return Ok(Root { place, max_bytes });
        }
        let dir = Dir::open_ambient_dir(path, ambient_authority()).map_err(|error| {
            unreadable(
                &format!("open the documents folder {name}"),
                &error,
                "check `root` under [documents] in migration.toml",
            )
        })?;
        let place = RootPlace::Folder(dir, Names::default());
        Ok(Root { place, max_bytes })
    }

    /// The folder, for walking it; else the objects.
    pub(super) fn dir(&self) -> Result<&Dir, &ObjectFolder> {
        match &self.place {
            RootPlace::Folder(dir, _) => Ok(dir),
            RootPlace::Objects(objects) => Err(objects),
        }
    }

    /// The error of a storage that has not answered: whatever was refused for that is no fault of a document.
    pub fn refuse_failed(&self) -> anyhow::Result<()> {
        self.dir()
            .map_or_else(ObjectFolder::refuse_failed, |_| Ok(()))
    }

    /// Opens a file for reading, by its path below the folder; where there is none, by another spelling of that path.
    pub(crate) fn file(&self, path: &str) -> Result<OpenedFile, &'static str> {
        let RootPlace::Folder(dir, names) = &self.place else {
            return Err(refusal::NO_FILE);
        };
        let exactly = self.exactly(dir, path);
        if !matches!(exactly, Err(refusal::MISSING | refusal::UNNAMED)) {
            return exactly;
        }
        let clean = names::cleaned(path)?;
        if clean != path {
            let opened = self.exactly(dir, &clean);
            if !matches!(opened, Err(refusal::MISSING)) {
                return opened;
            }
        }
        match names.find(dir, &clean)? {
            Some(found) => self.exactly(dir, found),
            None => exactly,
        }
    }

    fn exactly(&self, dir: &Dir, path: impl AsRef<Path>) -> Result<OpenedFile, &'static str> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() {
            return Err(refusal::UNNAMED);
        }
        let told = |error: io::Error| told(path, &error);
        // Looked at first: opening some devices does something.
        let facts = dir.metadata(path).map_err(told)?;
        must_be_file(facts.file_type())?;
        let mut options = OpenOptions::new();
        // Should it have become a pipe meanwhile: opening it does not wait for a writer.
        options
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        let file = dir.open_with(path, &options).map_err(told)?;
        let facts = file.metadata().map_err(told)?;
        must_be_file(facts.file_type())?;
        match facts.len() {
            0 => Err(refusal::EMPTY),
            size if size > self.max_bytes => Err(refusal::TOO_LARGE),
            size => Ok(OpenedFile {
                file: file.into_std(),
                size,
                identity: identity(&facts),
            }),
        }
    }
}

fn identity(facts: &Metadata) -> FileIdentity {
    FileIdentity::File(FileStamp {
        file: (facts.dev(), facts.ino()),
        size: facts.len(),
        content: (facts.mtime(), facts.mtime_nsec()),
        facts: (facts.ctime(), facts.ctime_nsec()),
    })
}

fn must_be_file(kind: FileType) -> Result<(), &'static str> {
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(refusal::FOLDER)
    } else if kind.is_block_device() || kind.is_char_device() {
        Err(refusal::DEVICE)
    } else if kind.is_fifo() || kind.is_socket() {
        Err(refusal::PIPE)
    } else {
        Err(refusal::NO_FILE)
    }
}

/// The words for an error of the operating system.
fn told(path: &Path, error: &io::Error) -> &'static str {
    use rustix::io::Errno;
    let number = error.raw_os_error();
    let is = |errno: Errno| number == Some(errno.raw_os_error());
    // An attempt to leave is told by the library, without a number of the operating system.
    let left = error.kind() == io::ErrorKind::PermissionDenied && number.is_none();
    if left || is(Errno::XDEV) {
        return match path.components().next() {
            Some(Component::RootDir) => refusal::ABSOLUTE,
            _ if leaves(path) => refusal::PARENT,
            _ => refusal::LINK,
        };
    }
    if is(Errno::NOENT) || is(Errno::NOTDIR) {
        refusal::MISSING
    } else if is(Errno::LOOP) {
        refusal::LOOP
    } else if is(Errno::ACCESS) || is(Errno::PERM) {
        refusal::UNREADABLE
    } else if is(Errno::NXIO) {
        // A socket, or a device without its driver.
        refusal::PIPE
    } else if error.kind() == io::ErrorKind::InvalidInput || is(Errno::NAMETOOLONG) {
        refusal::NO_PATH
    } else {
        refusal::BROKEN
    }
}

/// Whether the words of the path alone lead out.
fn leaves(path: &Path) -> bool {
    let mut depth = 0i64;
    path.components().any(|part| {
        depth += match part {
            Component::ParentDir => -1,
            Component::Normal(_) => 1,
            _ => 0,
        };
        depth < 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    /// The root lies below the folder, so that there is something outside of it.
    fn world() -> anyhow::Result<(tempfile::TempDir, Root)> {
        let folder = tempfile::tempdir()?;
        let inside = folder.path().join("documents");
        fs::create_dir_all(inside.join("sub"))?;
        fs::write(folder.path().join("secret.pdf"), "%PDF-outside")?;
        fs::write(inside.join("a.pdf"), "%PDF-1.7")?;
        let root = Root::open(&inside, "documents", 100)?;
        Ok((folder, root))
    }

    fn refused(root: &Root, path: &str) -> Option<&'static str> {
        root.file(path).err()
    }

    #[test]
    fn what_leads_out_is_refused_each_in_its_own_words() -> anyhow::Result<()> {
        let (folder, root) = world()?;
        let inside = folder.path().join("documents");
        symlink("../secret.pdf", inside.join("out.pdf"))?;
        symlink(folder.path(), inside.join("up"))?;
        symlink("..", inside.join("parent"))?;
        symlink("circle", inside.join("circle"))?;
        let absolute = folder.path().join("secret.pdf").display().to_string();
        for (path, why) in [
            ("../secret.pdf", refusal::PARENT),
            ("sub/../../secret.pdf", refusal::PARENT),
            (absolute.as_str(), refusal::ABSOLUTE),
            ("/etc/passwd", refusal::ABSOLUTE),
            ("out.pdf", refusal::LINK),
            ("up/secret.pdf", refusal::LINK),
            ("parent/secret.pdf", refusal::LINK),
            ("circle", refusal::LOOP),
        ] {
            assert_eq!(refused(&root, path), Some(why), "{path}");
        }
        Ok(())
    }

    #[test]
    fn what_stays_inside_is_opened() -> anyhow::Result<()> {
        let (folder, root) = world()?;
        let inside = folder.path().join("documents");
        symlink("a.pdf", inside.join("link.pdf"))?;
        symlink("../a.pdf", inside.join("sub/link.pdf"))?;
        symlink("sub", inside.join("sub-link"))?;
        let first = root.file("a.pdf").map_err(anyhow::Error::msg)?;
        for path in [
            "link.pdf",
            "sub/link.pdf",
            "sub/../a.pdf",
            "sub-link/link.pdf",
            "./a.pdf",
        ] {
            let opened = root.file(path).map_err(anyhow::Error::msg)?;
            assert_eq!(
                (opened.size, opened.identity),
                (8, first.identity),
                "{path}"
            );
        }
        Ok(())
    }

    #[test]
    fn another_spelling_is_read_where_only_one_file_can_be_meant() -> anyhow::Result<()> {
        use std::os::unix::ffi::OsStringExt;
        let (folder, root) = world()?;
        let inside = folder.path().join("documents");
        // Taken apart, as a Mac writes it; Latin-1, as an old archive does; two that differ in capitals only.
        fs::write(inside.join("sub/Jose\u{301}.pdf"), "%PDF-1")?;
        fs::write(
            inside.join(std::ffi::OsString::from_vec(b"M\xfcller.pdf".to_vec())),
            "%PDF-22",
        )?;
        fs::write(inside.join("Twin.pdf"), "%PDF-333")?;
        fs::write(inside.join("TWIN.pdf"), "%PDF-4444")?;
        fs::write(inside.join(r"odd\name.pdf"), "%PDF-55555")?;
        fs::create_dir(inside.join("odd"))?;
        fs::write(inside.join("odd/name.pdf"), "%PDF-666666")?;
        let size = |path: &str| root.file(path).map(|opened| opened.size);
        for (path, wanted) in [
            ("sub/Jos\u{e9}.pdf", Ok(6)),
            ("sub\\JOS\u{c9}.PDF", Ok(6)),
            ("SUB/JOS\u{c9}.PDF ", Ok(6)),
            (".\\Sub\\jose\u{301}.pdf", Ok(6)),
            ("M\u{fc}ller.pdf", Ok(7)),
            ("Mu\u{308}ller.pdf", Ok(7)),
            ("TWIN.pdf", Ok(9)),
            ("twin.pdf", Err(refusal::AMBIGUOUS)),
            (r"odd\name.pdf", Ok(10)),
            (r"\odd\name.pdf", Ok(11)),
            (r"..\secret.pdf", Err(refusal::PARENT)),
            (r"sub\..\..\secret.pdf", Err(refusal::PARENT)),
            (r"SUB\..\a.pdf", Err(refusal::MISSING)),
            (r"C:\a.pdf", Err(refusal::ABSOLUTE)),
            ("A.PDF", Ok(8)),
            ("  ", Err(refusal::UNNAMED)),
        ] {
            assert_eq!(size(path), wanted, "{path}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_file_is_refused_and_never_waited_for() -> anyhow::Result<()> {
        let (folder, root) = world()?;
        let inside = folder.path().join("documents");
        let pipe = std::process::Command::new("mkfifo")
            .arg(inside.join("pipe.pdf"))
            .status()?;
        assert!(pipe.success());
        let _socket = UnixListener::bind(inside.join("socket.pdf"))?;
        fs::write(inside.join("empty.pdf"), "")?;
        fs::write(inside.join("limit.pdf"), [b'x'; 100])?;
        fs::write(inside.join("large.pdf"), [b'x'; 101])?;
        let long = "x".repeat(300);
        for (path, why) in [
            ("pipe.pdf", refusal::PIPE),
            ("socket.pdf", refusal::PIPE),
            ("sub", refusal::FOLDER),
            (".", refusal::FOLDER),
            ("", refusal::UNNAMED),
            ("none.pdf", refusal::MISSING),
            ("a.pdf/none.pdf", refusal::MISSING),
            ("empty.pdf", refusal::EMPTY),
            ("large.pdf", refusal::TOO_LARGE),
            ("a\0.pdf", refusal::NO_PATH),
            (long.as_str(), refusal::NO_PATH),
        ] {
            assert_eq!(refused(&root, path), Some(why), "{path}");
        }
        assert_eq!(refused(&root, "limit.pdf"), None);
        Ok(())
    }

    #[test]
    fn a_device_is_refused() -> anyhow::Result<()> {
        // A root that holds devices: the only one that needs no rights to make.
        let root = Root::open(Path::new("/dev"), "dev", 100)?;
        assert_eq!(refused(&root, "zero"), Some(refusal::DEVICE));
        assert_eq!(refused(&root, "null"), Some(refusal::DEVICE));
        Ok(())
    }

    #[test]
    fn a_file_without_rights_is_refused_where_rights_count() -> anyhow::Result<()> {
        let (folder, root) = world()?;
        let path = folder.path().join("documents/a.pdf");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000))?;
        // The superuser reads everything: then there is nothing to refuse.
        let expected = File::open(&path).is_err().then_some(refusal::UNREADABLE);
        assert_eq!(refused(&root, "a.pdf"), expected);
        assert_eq!(
            told(Path::new("a.pdf"), &rustix::io::Errno::ACCESS.into()),
            refusal::UNREADABLE
        );
        Ok(())
    }

    #[test]
    fn a_folder_that_is_missing_is_a_mistake_of_the_settings() {
        let error = Root::open(Path::new("/nowhere/at/all"), "documents", 1).err();
        assert!(error.is_some_and(|error| bakkt_model::error::exit_code(&error) == 2));
    }
}
