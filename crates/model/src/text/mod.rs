//! The one normaliser of text: what a cell says, and when two texts are the same.
//!
//! Owner of three questions that every part of the program asks of text: which characters nobody sees ([`invisible`]),
//! what a cell means without a spreadsheet's wrapping ([`cell`]), and the spelling in which texts are compared
//! ([`fold`](fn@fold), [`Folded`]; of ids, [`ids`]); and of the plain characters that digits and codes are read in ([`narrow`](mod@narrow)). Invariants: ASCII text, the usual case, costs a look at its bytes and no allocation; nothing
//! here fails on any text. Left out on purpose: names of places, which are compared without accents
//! (`contract::fold`), and which characters a field may hold (`contract::forms`).

pub mod cell;
pub(crate) mod errors;
pub mod fold;
pub mod ids;
pub(crate) mod invisible;
pub mod key_marks;
pub mod listed_ids;
pub mod lost;
pub mod narrow;
pub mod plain;

pub use cell::{compose, one_line, value};
pub use errors::is_error;
pub use fold::{Folded, fold, may_fold_to_ascii, same};
pub use invisible::{has_invisible, is_invisible, trim, without_invisible};
pub use narrow::{digit, narrow};
pub use plain::{is_latin, is_plain, is_plain_bytes};
