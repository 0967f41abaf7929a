//! The files of the documents folder, in an order that does not depend on the disk.
//!
//! Owner of [`Walk`]: one folder's names in memory at a time for each level, sorted by their bytes. Invariant: it never goes
//! through a link. A link to a folder that stays inside leads to files that are met where they really lie, and one that
//! leads out is none of ours; so there are no circles either. A link to a file is a file here; opening it decides.
//! Left out on purpose: what a name says (`pattern`), and the file itself (`root`).

use std::ffi::OsString;

use anyhow::Context;
use cap_std::fs::Dir;

/// An entry that the walk came across.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WalkEntry {
    /// Something that is no folder, by its path below the root.
    File(String),
    /// Something that cannot be a document; why, without its name.
    Useless(&'static str),
}

/// A name that no pattern could fit.
pub(crate) const NOT_UTF8: &str = "its name is not UTF-8";
/// A link to a folder.
pub(crate) const LINK_TO_FOLDER: &str = "a link to a folder: not followed";

/// The walk; files of a folder come before and between its folders, by name.
pub(crate) struct Walk<'a> {
    dir: &'a Dir,
    levels: Vec<FolderLevel>,
}

struct FolderLevel {
    /// Path below the root, with a slash at its end; empty for the root itself.
    path: String,
    /// Sorted backwards, to be taken from the end.
    names: Vec<OsString>,
}

impl<'a> Walk<'a> {
    /// Starts at the root.
    pub(crate) fn new(dir: &'a Dir) -> anyhow::Result<Walk<'a>> {
        let mut walk = Walk {
            dir,
            levels: Vec::new(),
        };
        walk.enter(String::new())?;
        Ok(walk)
    }

    fn enter(&mut self, path: String) -> anyhow::Result<()> {
        // Told by its depth only: a folder's name may be a customer's.
        let place = || match self.levels.len() {
            0 => "cannot read the documents folder".to_owned(),
            depth => format!("cannot read a folder {depth} below the documents folder"),
        };
        let below = if path.is_empty() { "." } else { path.as_str() };
        let entries = self.dir.read_dir(below).with_context(place)?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name()));
        let mut names: Vec<OsString> = names.collect::<Result<_, _>>().with_context(place)?;
        names.sort_unstable_by(|a, b| b.cmp(a));
        self.levels.push(FolderLevel { path, names });
        Ok(())
    }

    /// The next one; `None` at the end.
    pub(crate) fn step(&mut self) -> anyhow::Result<Option<WalkEntry>> {
        while let Some(level) = self.levels.last_mut() {
            let Some(name) = level.names.pop() else {
                self.levels.pop();
                continue;
            };
            let Some(name) = name.to_str() else {
                return Ok(Some(WalkEntry::Useless(NOT_UTF8)));
            };
            let path = format!("{}{name}", level.path);
            let dir = self.dir;
            // What vanished meanwhile is met as a file, and opening it says that it is missing.
            let kind = dir.symlink_metadata(&path).map(|facts| facts.file_type());
            match kind {
                Ok(kind) if kind.is_dir() => self.enter(path + "/")?,
                Ok(kind) if kind.is_symlink() && dir.is_dir(&path) => {
                    return Ok(Some(WalkEntry::Useless(LINK_TO_FOLDER)));
                }
                _ => return Ok(Some(WalkEntry::File(path))),
            }
        }
        Ok(None)
    }
}

/// A path with its letters as `a` or `A` and its digits as `9`: enough to see which pattern it lacks, and no name.
pub(crate) fn shape(path: &str) -> String {
    path.chars()
        .map(|c| match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn the_walk_is_sorted_and_goes_through_no_link() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let inside = folder.path().join("documents");
        for path in ["b/2.png", "b/1.png", "a.png", "c/d/e.png", "c.png"] {
            let path = inside.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&inside))?;
            fs::write(path, "x")?;
        }
        fs::write(folder.path().join("outside.png"), "x")?;
        symlink("../a.png", inside.join("b/3.png"))?;
        symlink("../../outside.png", inside.join("b/4.png"))?;
        symlink("..", inside.join("c/up"))?;
        symlink("/", inside.join("c/slash"))?;
        fs::write(inside.join(OsString::from_vec(b"z\xff".to_vec())), "x")?;
        let dir = Dir::open_ambient_dir(&inside, cap_std::ambient_authority())?;
        let (mut walk, mut met) = (Walk::new(&dir)?, Vec::new());
        while let Some(one) = walk.step()? {
            met.push(match one {
                WalkEntry::File(path) => path,
                WalkEntry::Useless(why) => why.to_owned(),
            });
        }
        // A link that leads out cannot be asked what it leads to, so it stays for opening to refuse.
        let wanted = [
            "a.png",
            "b/1.png",
            "b/2.png",
            "b/3.png",
            "b/4.png",
            "c/d/e.png",
            "c/slash",
            LINK_TO_FOLDER,
            "c.png",
            NOT_UTF8,
        ];
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        met.sort_unstable();
        assert_eq!(met, wanted);
        Ok(())
    }

    #[test]
    fn a_shape_holds_no_letter_of_a_name() {
        assert_eq!(
            shape("Jané DOE-12/passport.png"),
            "Aaaa AAA-99/aaaaaaaa.aaa"
        );
        assert_eq!(shape("a\u{202e}b\n"), "a?a?");
    }
}
