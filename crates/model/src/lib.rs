//! What the other modules speak of: plain types without input and output.
//!
//! Owner of the words that several of them share, so that none needs another one for its words alone. Left out on
//! purpose: what is done with them.

pub mod address;
pub mod backfill;
pub mod custody;
pub mod error;
pub mod finding;
pub mod grace;
pub mod limits;
pub mod masked;
pub mod no_values;
pub mod number;
pub mod objects;
pub mod placeholder;
pub mod position;
pub mod quota;
pub mod sensitive;
pub mod shard;
pub mod shell;
pub mod state;
pub mod system_file;
pub mod target;
pub mod task;
pub mod text;
pub mod verdict;
pub mod webhook;
pub mod window;
