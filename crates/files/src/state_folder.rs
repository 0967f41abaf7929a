//! The folder in which the state of a migration lies, and its files, opened so that nobody else has a hand in them.
//!
//! Owner of that check, by the open handle wherever this program opens a file itself: a folder of ours that nobody else
//! may write to; in it regular files of ours with one name each. Links are not followed, because whoever puts one in
//! place of a lock or a log decides what this program writes to.
//! Left out on purpose: what the files hold (`journal`, `logging`).

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::Context;
use tempfile::NamedTempFile;

use bakkt_model::error::{Failure, ShownPath};

/// Files that are opened by a library, which is told not to follow links either.
const FILES: [&str; 12] = [
    "journal.db",
    "journal.db-wal",
    "journal.db-shm",
    "journal.key",
    "journal.lock",
    "events.db",
    "events.db-wal",
    "events.db-shm",
    "events.lock",
    "log.jsonl",
    "shards.key",
    "closed.json",
];
/// Folders below a state folder.
const FOLDERS: [&str; 3] = ["layers", "replan", "sandbox"];
/// The name of a state folder; those of the sandbox and of shards lie inside.
const NAME: &str = ".bakkt-migrate";
/// How far inside.
const DEEPEST: usize = 2;

/// Creates a state folder (0700) unless it is there, and makes sure that it is ours alone.
pub fn open(folder: &Path) -> anyhow::Result<()> {
    private_folder(folder)?;
    check(folder)
}

/// Makes sure that a state folder which is there, and what is in it, is ours alone.
pub fn check(folder: &Path) -> anyhow::Result<()> {
    let above: Vec<&Path> = folder.ancestors().skip(1).take(DEEPEST).collect();
    let is_state = |above: &&Path| above.file_name().is_some_and(|name| name == NAME);
    if let Some(depth) = above.iter().position(is_state) {
        above[..=depth]
            .iter()
            .rev()
            .try_for_each(|above| check_folder(above))?;
    }
    check_folder(folder)?;
    for name in FOLDERS {
        let below = folder.join(name);
        if is_there(&below)? {
            check_folder(&below)?;
        }
    }
    for name in FILES {
        let path = folder.join(name);
        match std::fs::symlink_metadata(&path) {
            Ok(facts) => check_file(&path, &facts)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| cannot_look(&path)),
        }
    }
    Ok(())
}

/// Creates a folder that only its owner can look into, unless it is there.
pub fn private_folder(folder: &Path) -> anyhow::Result<()> {
    // A link that leads nowhere is told as what it is.
    if is_there(folder)? {
        return check_folder(folder);
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.shown()))
}

/// Refuses a place on a network file system, as far as the system tells: the database of a journal is not safe there,
/// because it needs locks and writes that reach the disk in order. What is behind FUSE cannot be told.
pub fn refuse_network(place: &Path) -> anyhow::Result<()> {
    let existing = place.ancestors().find(|path| path.exists());
    let facts = existing.and_then(|path| rustix::fs::statfs(path).ok());
    let Some(name) = facts.and_then(|facts| network_name(facts.f_type as u64 & 0xffff_ffff)) else {
        return Ok(());
    };
    Err(Failure::configuration(
        format!("{} lies on a network file system ({name})", place.shown()),
        "the state of a shard needs a disk of this machine or a volume attached to it: name a folder there with --state",
    ))
}

/// The name of a network file system, by the number that statfs gives it.
fn network_name(magic: u64) -> Option<&'static str> {
    const NETWORK: [(u64, &str); 12] = [
        (0x6969, "NFS"),
        (0x517b, "SMB"),
        (0xff53_4d42, "SMB"),
        (0xfe53_4d42, "SMB"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "Ceph"),
        (0x0bd0_0bd0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x1983_0326, "BeeGFS"),
        (0x5346_414f, "AFS"),
        (0x6b41_4653, "AFS"),
        (0x7375_7245, "Coda"),
    ];
    let known = NETWORK.iter().find(|(known, _)| *known == magic);
    known.map(|(_, name)| *name)
}

/// Opens a file of a state folder for appending, which is made (0600) unless it is there.
pub fn open_file(path: &Path) -> anyhow::Result<File> {
    let mut how = OpenOptions::new();
    how.create(true).append(true).read(true).mode(0o600);
    let file = opened(path, &mut how)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Opens a file of a state folder for reading.
pub fn read_file(path: &Path) -> anyhow::Result<File> {
    opened(path, OpenOptions::new().read(true))
}

/// Begins a file (0600) in a folder of state, which gets its place when it is whole. Write to it by [`NamedTempFile::as_file`]: errors
/// of its own name the odd place at which it lies until then.
pub fn begin_file(folder: &Path) -> io::Result<NamedTempFile> {
    let begin = |path: &Path| {
        let mut how = OpenOptions::new();
        how.read(true).write(true).create_new(true).mode(0o600);
        how.open(path)
    };
    tempfile::Builder::new().make_in(folder, begin)
}

/// Writes a small file of a state folder in the place of an earlier one: whole and on the disk, or not at all.
pub fn replace_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    put_file(path, bytes).with_context(|| format!("cannot write {}", path.shown()))
}

/// The same for whoever names the file in words of their own.
pub fn put_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = begin_file(folder)?;
    file.as_file().write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name is on the disk as well.
    File::open(folder)?.sync_all()
}

/// Deletes a file of a state folder; one that is gone already is no error.
pub fn remove_file(path: &Path) -> anyhow::Result<()> {
    removed(std::fs::remove_file(path), path)
}

/// Deletes a folder below a state folder with all that is in it.
pub fn remove_folder(path: &Path) -> anyhow::Result<()> {
    removed(std::fs::remove_dir_all(path), path)
}

fn removed(done: io::Result<()>, path: &Path) -> anyhow::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.shown()))
        }
        _ => Ok(()),
    }
}

/// What the names of files begin with that a killed process left half written.
const DRAFTS: [&str; 2] = [".tmp", ".draft-"];

/// Deletes what killed processes left half written in a state folder.
pub fn remove_drafts(folder: &Path) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| cannot_look(folder))?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if DRAFTS.iter().any(|start| name.starts_with(start)) && entry.file_type()?.is_file() {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

fn opened(path: &Path, how: &mut OpenOptions) -> anyhow::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = match how.custom_flags(flags.bits().cast_signed()).open(path) {
        Err(error) if is_link(&error) => return Err(refused(path, "it is a link")),
        file => file.with_context(|| format!("cannot open {}", path.shown()))?,
    };
    let facts = file.metadata().with_context(|| cannot_look(path))?;
    check_file(path, &facts)?;
    Ok(file)
}

fn check_folder(folder: &Path) -> anyhow::Result<()> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(folder);
    let file = match file {
        // Asked for a folder, the system may say of a link that it is none.
        Err(error) if is_link(&error) || error.kind() == io::ErrorKind::NotADirectory => {
            return Err(refused(folder, "it is not a folder, or a link to one"));
        }
        file => file.with_context(|| cannot_look(folder))?,
    };
    let facts = file.metadata().with_context(|| cannot_look(folder))?;
    ours_alone(folder, &facts)
}

fn check_file(path: &Path, facts: &Metadata) -> anyhow::Result<()> {
    if facts.is_symlink() {
        return Err(refused(path, "it is a link"));
    }
    if !facts.is_file() {
        return Err(refused(path, "it is not a regular file"));
    }
    if facts.nlink() > 1 {
        return Err(refused(path, "it has a second name (a hard link)"));
    }
    ours_alone(path, facts)
}

fn ours_alone(path: &Path, facts: &Metadata) -> anyhow::Result<()> {
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(path, "it belongs to somebody else"));
    }
    if facts.mode() & 0o022 != 0 {
        return Err(refused(path, "others may write to it"));
    }
    Ok(())
}

fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn is_there(path: &Path) -> anyhow::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| cannot_look(path)),
    }
}

fn cannot_look(path: &Path) -> String {
    format!("cannot look at {}", path.shown())
}

fn refused(path: &Path, why: &str) -> anyhow::Error {
    Failure::cannot(
        format!("{} is not used: {why}", path.shown()),
        "the state of a migration is for its owner alone: find out who made this. If it is in order, give the folder \
         .bakkt-migrate and what is in it to the user who runs this (chown), take the rights of others away (chmod -R go-rwx), \
         and put plain copies in place of links",
    )
}

/// Whether what lies there is on a file system that takes no changes, such as a snapshot or a write-once disk.
pub fn is_frozen(path: &Path) -> bool {
    let facts = rustix::fs::statvfs(path);
    facts.is_ok_and(|facts| facts.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn network_file_systems_are_told_by_their_numbers() {
        assert_eq!(network_name(0x6969), Some("NFS"));
        // ext4, tmpfs, overlay, xfs.
        for local in [0xef53, 0x0102_1994, 0x794c_7630, 0x5846_5342] {
            assert_eq!(network_name(local), None);
        }
        let place = tempfile::tempdir().unwrap();
        refuse_network(&place.path().join("not/there/yet")).unwrap();
    }

    #[test]
    fn a_folder_of_ours_is_used_and_any_other_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join(".bakkt-migrate/sandbox");
        open(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let refused = |what: &str| {
            let said = open(&folder).unwrap_err().to_string();
            assert!(said.contains(what), "{said}");
        };
        let above = place.path().join(".bakkt-migrate");
        for (path, rights) in [(&folder, 0o770), (&folder, 0o702), (&above, 0o777)] {
            fs::set_permissions(path, Permissions::from_mode(rights)).unwrap();
            refused("others may write");
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        open(&folder).unwrap();
        let other = place.path().join("other");
        fs::write(&other, "mine").unwrap();
        for name in FILES {
            let path = folder.join(name);
            for target in [&other, &place.path().join("nowhere")] {
                symlink(target, &path).unwrap();
                refused("a link");
                assert!(open_file(&path).is_err() && read_file(&path).is_err());
                fs::remove_file(&path).unwrap();
            }
            fs::hard_link(&other, &path).unwrap();
            refused("second name");
            assert!(open_file(&path).is_err());
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            refused("not a regular file");
            fs::remove_dir(&path).unwrap();
        }
        assert_eq!(fs::read(&other).unwrap(), b"mine");
        assert!(!place.path().join("nowhere").exists());
        symlink(place.path(), folder.join("layers")).unwrap();
        refused("not a folder");
        fs::remove_file(folder.join("layers")).unwrap();
        let link = place.path().join("link");
        symlink(&folder, &link).unwrap();
        assert!(open(&link).is_err());
        open_file(&folder.join("log.jsonl")).unwrap();
        assert_eq!(mode(&folder.join("log.jsonl")), 0o600);
        fs::set_permissions(folder.join("log.jsonl"), Permissions::from_mode(0o666)).unwrap();
        refused("others may write");
    }
}
