//! Receiving customers' sessions from the merchant's own app.
//!
//! Owner of the proof: every body is signed with HMAC-SHA-256 under a shared secret, as hexadecimal digits in the header
//! `X-Session-Signature`; nothing is taken without it, and there is no receiver without a secret. A session carries its own time,
//! so a body that is sent again is taken once more and changes nothing. Left out on purpose: what a session is for.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::watch;

use anyhow::Context;

/// No session comes near this, in bytes.
const LONGEST: usize = 16 << 10;
/// The header that carries the proof.
pub const SIGNATURE_HEADER: &str = "x-session-signature";

/// What becomes of a session that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAnswer {
    /// It is kept.
    Taken,
    /// It is not; why, without anything of it.
    Refused(&'static str),
    /// It could not be kept now.
    Later,
}

/// Takes the body of a request whose proof is good.
pub type TakeSession = Arc<dyn Fn(&str) -> SessionAnswer + Send + Sync>;

/// A receiver that listens.
pub struct SessionReceiver {
    listener: TcpListener,
    secret: Arc<[u8]>,
}

#[derive(Clone)]
struct Receiving {
    secret: Arc<[u8]>,
    take: TakeSession,
}

impl SessionReceiver {
    /// Starts to listen.
    pub async fn bind(address: SocketAddr, secret: &[u8]) -> anyhow::Result<SessionReceiver> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        Ok(SessionReceiver {
            listener,
            secret: Arc::from(secret),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Takes sessions until it is to stop.
    pub async fn serve(
        self,
        take: TakeSession,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let state = Receiving {
            secret: self.secret,
            take,
        };
        let routes = Router::new()
            .route("/", post(receive))
            .layer(DefaultBodyLimit::max(LONGEST))
            .with_state(state);
        let stopped = async move {
            // A sender that is gone asks for nothing any more.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        axum::serve(self.listener, routes)
            .with_graceful_shutdown(stopped)
            .await?;
        Ok(())
    }
}

async fn receive(
    State(state): State<Receiving>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let given = headers
        .get(SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok());
    if !is_proven(&state.secret, given, &body) {
        return (
            StatusCode::UNAUTHORIZED,
            "the signature is missing or wrong\n".to_owned(),
        );
    }
    let Ok(text) = String::from_utf8(body.to_vec()) else {
        return (StatusCode::BAD_REQUEST, "not UTF-8\n".to_owned());
    };
    // Files and the journal are looked at beside the async workers.
    let taken = tokio::task::spawn_blocking(move || (state.take)(&text)).await;
    match taken {
        Ok(SessionAnswer::Taken) => (StatusCode::OK, "taken\n".to_owned()),
        Ok(SessionAnswer::Refused(why)) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{why}\n")),
        Ok(SessionAnswer::Later) | Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not kept; send it again\n".to_owned(),
        ),
    }
}

/// Compares in constant time.
fn is_proven(secret: &[u8], given: Option<&str>, body: &[u8]) -> bool {
    let given = given.and_then(|given| {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(given.trim().as_bytes())
            .ok()
    });
    let (Some(given), Ok(mut mac)) = (given, Hmac::<Sha256>::new_from_slice(secret)) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_secret_proves() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(b"body");
        let good = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        assert!(is_proven(b"secret", Some(&good), b"body"));
        assert!(!is_proven(b"secret", Some(&good), b"other"));
        assert!(!is_proven(b"other", Some(&good), b"body"));
        assert!(!is_proven(b"secret", None, b"body"));
        assert!(!is_proven(b"secret", Some("zz"), b"body"));
    }
}
