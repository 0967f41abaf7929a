//! Files that a person names for output, and the cells that go into them.
//!
//! Owner of the one way in which such a file comes to be: a new file for its owner alone, written beside its place and put
//! there when it is whole; links are not followed. With `--replace`, a regular file that is no input of the migration,
//! lies outside of every state folder and begins as the output does, and nothing else ever. Nothing in the rest of the
//! program opens a file for writing by a name that a person gave.
//! Left out on purpose: which files are inputs (`migration`), what is written, and the state folder (`state_folder`).

mod begins;
pub mod cells;
mod draft;
mod folder;
mod new_file;
mod protected;

pub use begins::FileStart;
pub use folder::OutputFolder;
pub use new_file::NewFile;
pub use protected::ProtectedPaths;

/// Whether something has this name, be it a link that leads nowhere.
pub fn is_taken(path: &std::path::Path) -> bool {
    path.symlink_metadata().is_ok()
}
