//! What exports hold, and the mapping that this suggests.
//!
//! Owner of [`inspect`] (files as profiles of their columns, without a value of theirs), of [`guess`] (profiles as a
//! mapping) and of [`try_out`] (that mapping tried on rows). Pure: no settings, no folder, nothing but the files.

pub mod guess;
pub mod inspect;
pub mod try_out;
