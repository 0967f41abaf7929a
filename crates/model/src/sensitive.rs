//! Customer data that cannot print itself.
//!
//! Owner of [`Sensitive`], the wrapper for bytes that hold customers' values once they leave the pure part of the
//! program. Invariant 8: neither `Display` nor `Debug` shows them, there is no `Serialize`, and the one way out is
//! a call whose name says what it does.

use std::fmt;

/// A value that prints as dots.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps.
    pub fn new(value: T) -> Self {
        Sensitive(value)
    }

    /// The value itself: for the payload writer, the wire and the masking of answers only.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself, unwrapped.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[masked]")
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[masked]")
    }
}
