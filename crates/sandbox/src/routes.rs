//! Which call a method and a path are.
//!
//! Owner: the sandbox. Invariant: a path is split before it is decoded, so that an encoded slash stays inside an id.
//! Left out on purpose: calls that the sandbox does not serve; they are `Unknown` and answered 404.

use super::custody::{self, CustodyCall};

/// A call, with what its path says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Read(String),
    Status(String),
    Kyb(String),
    Upload,
    Metadata(String),
    Download(String),
    /// All documents of an account.
    Documents(String),
    /// The verification link of an account; the partner's id comes first.
    Link(String, String),
    Login,
    Health,
    Ledger(Option<String>),
    LedgerSummary,
    /// What was decided, and the counters of the events.
    Decisions(Option<String>),
    /// One of fiat custody.
    Custody(CustodyCall),
    /// What custody made.
    CustodyLedger,
    /// A test's hand in what is stored.
    Tamper,
    /// A path that cannot be decoded.
    Garbled,
    Unknown,
}

const ACCOUNTS: &str = "/apex-crypto/api/v2/accounts";
const DOCUMENTS: &str = "/apex-crypto/api/v2/documents";

impl Call {
    /// Whether it is about the sandbox itself, so that nobody but its owner learns that there is such a call.
    pub(super) fn is_of_the_owner(&self) -> bool {
        matches!(
            self,
            Call::Ledger(_)
                | Call::LedgerSummary
                | Call::CustodyLedger
                | Call::Decisions(_)
                | Call::Tamper
        )
    }
}

/// The call of this method, path and query.
pub(super) fn call(method: &str, path: &str, query: Option<&str>) -> Call {
    if let Some(call) = custody::call(method, path) {
        return Call::Custody(call);
    }
    match (method, path) {
        ("POST", ACCOUNTS) => Call::Create,
        ("POST", DOCUMENTS) => Call::Upload,
        ("POST", "/apex-crypto/api/v2/login") => Call::Login,
        ("GET", "/apex-crypto/api/status") => Call::Health,
        ("POST", "/_tamper") => Call::Tamper,
        ("GET", "/_ledger") => of_id(query, Call::Ledger),
        ("GET", "/_ledger/decisions") => of_id(query, Call::Decisions),
        ("GET", "/_ledger/custody") => Call::CustodyLedger,
        ("GET", "/_ledger/summary") => Call::LedgerSummary,
        ("GET", _) => below(path, ACCOUNTS, account)
            .or_else(|| below(path, DOCUMENTS, document))
            .or_else(|| link(path))
            .unwrap_or(Call::Unknown),
        ("POST", _) => below(path, ACCOUNTS, kyb).unwrap_or(Call::Unknown),
        _ => Call::Unknown,
    }
}

/// A call that a query may narrow to one id.
fn of_id(query: Option<&str>, call: fn(Option<String>) -> Call) -> Call {
    match query.and_then(|q| q.split('&').find_map(|part| part.strip_prefix("id="))) {
        Some(id) => decode(id).map_or(Call::Garbled, |id| call(Some(id))),
        None => call(None),
    }
}

/// An id, still encoded, and the call that it is the id of.
type NamedCall<'a> = Option<(&'a str, fn(String) -> Call)>;

fn below(path: &str, prefix: &str, read: fn(&str) -> NamedCall<'_>) -> Option<Call> {
    let rest = path.strip_prefix(prefix)?.strip_prefix('/')?;
    let (id, of) = read(rest).filter(|(id, _)| !id.is_empty())?;
    Some(decode(id).map_or(Call::Garbled, of))
}

fn account(rest: &str) -> NamedCall<'_> {
    match rest.split_once('/') {
        None => Some((rest, Call::Read)),
        Some((id, "status")) => Some((id, Call::Status)),
        Some(_) => None,
    }
}

fn kyb(rest: &str) -> NamedCall<'_> {
    match rest.split_once('/') {
        Some(("triggerKYBScreening", id)) if !id.contains('/') => Some((id, Call::Kyb)),
        _ => None,
    }
}

fn document(rest: &str) -> NamedCall<'_> {
    match rest.split_once('/') {
        None => Some((rest, Call::Download)),
        Some((id, "metadata")) => Some((id, Call::Metadata)),
        Some((id, "accountDocumentMetadata")) => Some((id, Call::Documents)),
        Some(_) => None,
    }
}

fn link(path: &str) -> Option<Call> {
    let (partner, rest) = path
        .strip_prefix("/partner/v1/partner/")?
        .split_once("/party/")?;
    let id = rest.strip_suffix("/kyc/documentVerificationDetails")?;
    if [partner, id]
        .iter()
        .any(|part| part.is_empty() || part.contains('/'))
    {
        return None;
    }
    let named = decode(partner).zip(decode(id));
    Some(named.map_or(Call::Garbled, |(partner, id)| Call::Link(partner, id)))
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
        let documents = |rest: &str| of(&format!("/apex-crypto/api/v2/documents/{rest}"));
        let named = || "A/1".to_owned();
        assert_eq!(documents("A%2F1"), Call::Download(named()));
        assert_eq!(documents("A%2F1/metadata"), Call::Metadata(named()));
        assert_eq!(
            documents("A%2F1/accountDocumentMetadata"),
            Call::Documents(named())
        );
        assert_eq!(documents("A/x"), Call::Unknown);
        let link = |rest: &str| {
            of(&format!(
                "/partner/v1/partner/{rest}/documentVerificationDetails"
            ))
        };
        let wanted = Call::Link("p-1".to_owned(), named());
        assert_eq!(link("p-1/party/A%2F1/kyc"), wanted);
        assert_eq!(link("p-1/party/A/1/kyc"), Call::Unknown);
        assert_eq!(link("p-1/party//kyc"), Call::Unknown);
        assert_eq!(link("p-1/party/%ff/kyc"), Call::Garbled);
        let kyb = |rest: &str| {
            let path = format!("/apex-crypto/api/v2/accounts/triggerKYBScreening{rest}");
            call("POST", &path, None)
        };
        assert_eq!(kyb("/A%2F1"), Call::Kyb(named()));
        assert_eq!(kyb("/A/1"), Call::Unknown);
        assert_eq!(kyb(""), Call::Unknown);
        assert_eq!(
            call("GET", "/_ledger", Some("id=A%20B")),
            Call::Ledger(Some("A B".to_owned()))
        );
    }
}
