//! Why a request did not leave, or was lost: reading reqwest's errors.
//!
//! Owner of the line between "certainly not sent" and "perhaps sent", and of the words for a certificate that is
//! refused. Left out on purpose: answers (`judge`).

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::client::Reply;

/// Why a request did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoConnection {
    /// It may work the next time.
    Failed(&'static str),
    /// The server's certificate was refused; what is wrong with it.
    Certificate(&'static str),
}

impl From<NoConnection> for Reply {
    fn from(why: NoConnection) -> Reply {
        match why {
            NoConnection::Failed(why) => Reply::NotSent(why),
            NoConnection::Certificate(why) => Reply::NotTrusted(why),
        }
    }
}

/// What an error means for the request. Where no connection was made, nothing left; everything else may have left.
pub(super) fn failed(error: &reqwest::Error) -> Reply {
    if let Some(why) = no_connection(error) {
        return why.into();
    }
    if error.is_builder() {
        return Reply::NotSent("the request could not be built");
    }
    Reply::Lost(if error.is_timeout() {
        "timeout"
    } else {
        "connection reset"
    })
}

/// Why there is no connection, if that is what the error says.
pub(super) fn no_connection(error: &reqwest::Error) -> Option<NoConnection> {
    if !error.is_connect() {
        return None;
    }
    if error.is_timeout() {
        return Some(NoConnection::Failed("no connection in time"));
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(why) = known(inner) {
            return Some(why);
        }
        cause = inner.source();
    }
    Some(NoConnection::Failed("no connection"))
}

/// Why a request that is not for Bakkt got no answer.
#[cfg(feature = "opentelemetry")]
pub(crate) fn in_words(error: &reqwest::Error) -> String {
    match no_connection(error) {
        Some(NoConnection::Failed(why)) => why.to_owned(),
        Some(NoConnection::Certificate(why)) => format!("the certificate is refused: {why}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None => "the connection was closed without an answer".to_owned(),
    }
}

fn known(error: &(dyn Error + 'static)) -> Option<NoConnection> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_failed(error));
    }
    // hyper-util has no types for these, only words.
    let why = match error.to_string().as_str() {
        "dns error" => Some("the server's name is not known"),
        "tunnel error: proxy authorization required" => Some(
            "the proxy does not know you (407): BAKKT_PROXY_CREDENTIALS must have the user:password that it expects",
        ),
        "tunnel error: unsuccessful" => Some("the proxy does not let requests through to there"),
        _ => None,
    };
    if let Some(why) = why {
        return Some(NoConnection::Failed(why));
    }
    let io = error.downcast_ref::<io::Error>()?;
    // An error that was made into one of these is not among its sources.
    if let Some(inner) = io.get_ref() {
        let inner: &(dyn Error + 'static) = inner;
        if let Some(why) = known(inner) {
            return Some(why);
        }
    }
    match io.kind() {
        io::ErrorKind::ConnectionRefused => Some(NoConnection::Failed("connection refused")),
        io::ErrorKind::TimedOut => Some(NoConnection::Failed("no connection in time")),
        _ => None,
    }
}

/// Why TLS failed: what is wrong with the certificate, or no more than that.
fn tls_failed(error: &rustls::Error) -> NoConnection {
    match error {
        rustls::Error::InvalidCertificate(why) => NoConnection::Certificate(said(why)),
        rustls::Error::NoCertificatesPresented => {
            NoConnection::Certificate("the server showed none")
        }
        _ => NoConnection::Failed("no TLS with this server"),
    }
}

/// What is wrong with a certificate.
fn said(why: &CertificateError) -> &'static str {
    use CertificateError::{
        ApplicationVerificationFailure, BadEncoding, BadSignature, Expired, ExpiredContext,
        InvalidPurpose, InvalidPurposeContext, NotValidForName, NotValidForNameContext,
        NotValidYet, NotValidYetContext, Other, Revoked, UnknownIssuer,
    };
    match why {
        Expired | ExpiredContext { .. } => "it has expired, or the clock of this computer is wrong",
        NotValidYet | NotValidYetContext { .. } => {
            "it is not valid yet, or the clock of this computer is wrong"
        }
        NotValidForName | NotValidForNameContext { .. } => {
            "it belongs to another server name than that of the address"
        }
        UnknownIssuer => {
            "it is signed by itself, or by an authority that this computer does not trust"
        }
        // How self-signed ones without the marks of a server's certificate are refused.
        Other(_) | ApplicationVerificationFailure => {
            "it is signed by itself, or is not a certificate for a server"
        }
        Revoked => "it was revoked",
        BadSignature | BadEncoding => "it is damaged, or its signature is wrong",
        InvalidPurpose | InvalidPurposeContext { .. } => "it is not a certificate for a server",
        _ => "it is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_said() {
        let refused = |why: CertificateError| {
            known(&io::Error::new(
                io::ErrorKind::InvalidData,
                rustls::Error::InvalidCertificate(why),
            ))
        };
        for (why, part) in [
            (CertificateError::Expired, "expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::NotValidForName, "another server name"),
            (CertificateError::UnknownIssuer, "does not trust"),
            (CertificateError::Revoked, "revoked"),
        ] {
            match refused(why) {
                Some(NoConnection::Certificate(said)) => assert!(said.contains(part), "{said}"),
                other => panic!("{other:?}"),
            }
        }
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert_eq!(known(&reset), None);
        let nobody = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(
            known(&nobody),
            Some(NoConnection::Failed("connection refused"))
        );
    }
}
