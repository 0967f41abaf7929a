//! Which call a method and a path are.
//!
//! Owner: the sandbox. Invariant: a path is split before it is decoded, so that an encoded slash stays inside an id.
//! Left out on purpose: calls that the sandbox does not serve; they are `Unknown` and answered 404.

/// A call, with what its path says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Read(String),
    Status(String),
    Login,
    Health,
    Ledger(Option<String>),
    LedgerSummary,
    /// A path that cannot be decoded.
    Garbled,
    Unknown,
}

const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts";

/// The call of this method, path and query.
pub(super) fn call(method: &str, path: &str, query: Option<&str>) -> Call {
    match (method, path) {
        ("POST", ACCOUNTS) => Call::Create,
        ("POST", "/apex-crypto/api/v2/login") => Call::Login,
        ("GET", "/apex-crypto/api/status") => Call::Health,
        ("GET", "/_ledger") => {
            match query.and_then(|q| q.split('&').find_map(|part| part.strip_prefix("id="))) {
                Some(id) => decode(id).map_or(Call::Garbled, |id| Call::Ledger(Some(id))),
                None => Call::Ledger(None),
            }
        }
        ("GET", "/_ledger/summary") => Call::LedgerSummary,
        ("GET", _) => account(path),
        _ => Call::Unknown,
    }
}

fn account(path: &str) -> Call {
    let Some(rest) = path
        .strip_prefix(ACCOUNTS)
        .and_then(|rest| rest.strip_prefix('/'))
    else {
        return Call::Unknown;
    };
    let (id, of): (&str, fn(String) -> Call) = match rest.split_once('/') {
        None => (rest, Call::Read),
        Some((id, "status")) => (id, Call::Status),
        Some(_) => return Call::Unknown,
    };
    if id.is_empty() {
        return Call::Unknown;
    }
    decode(id).map_or(Call::Garbled, of)
}

/// Percent-decoding; a plus sign is a plus sign.
fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_calls() {
        let read = |id: &str| Call::Read(id.to_owned());
        let of = |path: &str| call("GET", path, None);
        assert_eq!(
            of("/apex-crypto/api/v2/accounts/A%2FB%20%C3%A9"),
            read("A/B é")
        );
        assert_eq!(of("/apex-crypto/api/v2/accounts/a+b"), read("a+b"));
        assert_eq!(
            of("/apex-crypto/api/v2/accounts/A%2Fstatus"),
            read("A/status")
        );
        assert_eq!(
            of("/apex-crypto/api/v2/accounts/A/status"),
            Call::Status("A".to_owned())
        );
        assert_eq!(of("/apex-crypto/api/v2/accounts/A/x"), Call::Unknown);
        assert_eq!(of("/apex-crypto/api/v2/accounts/%ff"), Call::Garbled);
        assert_eq!(of("/apex-crypto/api/v2/accounts/%2"), Call::Garbled);
        assert_eq!(of("/apex-crypto/api/v2/accounts/"), Call::Unknown);
        assert_eq!(
            call("GET", "/_ledger", Some("id=A%20B")),
            Call::Ledger(Some("A B".to_owned()))
        );
    }
}
