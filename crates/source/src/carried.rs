//! A [`Failure`] on its way through `io::Error`: what a stream found out, for the person who gave the file.

use std::fmt;
use std::io;

use bakkt_model::error::Failure;

/// Its cause is the [`Failure`], which is looked for among causes.
#[derive(Debug)]
struct CarriedFailure(String, Failure);

impl fmt::Display for CarriedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not read to its end", self.0)
    }
}

impl std::error::Error for CarriedFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.1)
    }
}

/// An error of reading a file, with the failure as its cause.
pub(super) fn carried(name: &str, failure: Failure) -> io::Error {
    io::Error::other(CarriedFailure(name.to_owned(), failure))
}
