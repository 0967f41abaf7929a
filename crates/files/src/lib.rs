//! How the program opens files and speaks to the terminal.
//!
//! Owner of every way to a file that is no export: [`output`] (files that a person names), [`state_folder`] (the program's
//! own, with its [`lock`]s), [`small_files`] (lists, keys and other small texts) and [`toml_file`] (positions in TOML files). Of the
//! [`terminal`] too, and of the display of [`progress`] on it, and of work on all [`cores`]. Left out on purpose: exports (`bakkt_source`).

pub mod checksums;
pub mod cores;
pub mod lock;
pub mod machine;
pub mod output;
pub mod progress;
pub mod signatures;
pub mod small_files;
pub mod state_folder;
pub mod terminal;
pub mod toml_file;
