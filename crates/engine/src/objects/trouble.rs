//! What a storage's errors mean, in words that repeat nothing of a request.
//!
//! The library's own words hold the address, with the key in it, and what the server answered; so only its kinds are used, and the
//! number of an answer.

use std::error::Error as StdError;

use bakkt_model::objects::ObjectTrouble;
use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

/// A failure in these words.
pub(super) fn failed(why: impl Into<String>) -> ObjectTrouble {
    ObjectTrouble::Failed(why.into())
}

/// What an error of the library means.
pub(super) fn told(error: &Error) -> ObjectTrouble {
    match error {
        Error::NotFound { .. } => ObjectTrouble::Missing,
        Error::PermissionDenied { .. } => ObjectTrouble::Forbidden(
            "the storage refuses it to these credentials (HTTP 403)".to_owned(),
        ),
        Error::Unauthenticated { .. } => ObjectTrouble::Forbidden(
            "the storage does not take the credentials, or there are none (HTTP 401)".to_owned(),
        ),
        Error::Precondition { .. } => failed("the object changed while it was read"),
        Error::InvalidPath { .. } => failed(
            "the storage has an object whose key has a part `.` or `..`, an empty part, or a control character; rename it, or name a prefix without it",
        ),
        Error::UnknownConfigurationKey { .. } => {
            failed("a variable of the environment for the storage is not understood")
        }
        other => failed(transport(other)),
    }
}

/// What the causes of an error say of the connection or the answer.
fn transport(error: &Error) -> String {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
    let mut connection = None;
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            connection = Some(match http.kind() {
                HttpErrorKind::Connect => "no connection to the storage comes about",
                HttpErrorKind::Timeout => "the storage does not answer in time",
                HttpErrorKind::Interrupted | HttpErrorKind::Request => {
                    "the connection to the storage broke off"
                }
                HttpErrorKind::Decode => "the storage's answer is damaged",
                _ => "the storage cannot be asked",
            });
        }
        cause = error.source();
    }
    if let Some(words) = connection {
        return words.to_owned();
    }
    match status(&error.to_string()) {
        Some(status) => format!("the storage answers with HTTP {status}"),
        None => "the storage cannot be asked; are its variables set (docs/object-storage.md)?"
            .to_owned(),
    }
}

/// The number of an answer, from the library's words.
fn status(words: &str) -> Option<&str> {
    let (_, behind) = words.split_once("status code: ")?;
    let number = behind.get(..3)?;
    number.bytes().all(|c| c.is_ascii_digit()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(words: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: words.to_owned().into(),
        }
    }

    #[test]
    fn no_words_of_the_library_are_repeated() {
        let words = "Error performing GET http://host/bucket/JOHN_DOE in 1s - Server returned non-2xx status code: 503 Service Unavailable: <Key>JOHN_DOE</Key>";
        assert_eq!(
            told(&generic(words)),
            failed("the storage answers with HTTP 503")
        );
        for error in [
            generic("JOHN_DOE"),
            Error::NotFound {
                path: "JOHN_DOE".to_owned(),
                source: "JOHN_DOE".into(),
            },
            Error::PermissionDenied {
                path: "JOHN_DOE".to_owned(),
                source: "JOHN_DOE".into(),
            },
        ] {
            assert!(!told(&error).to_string().contains("JOHN"), "{error}");
        }
    }
}
