//! How Bakkt's webhooks prove that they are Bakkt's, and where they are taken.

/// The table as written. The secret itself never stands in it.
#[derive(Clone, Debug)]
pub struct EventSettings {
    /// Events are taken at this path and below it.
    pub path: String,
    /// A 0600 file with the secret.
    pub secret_file: Option<String>,
    /// The header that carries the signature of the body.
    pub signature_header: String,
    /// How the signature is written.
    pub signature_encoding: SignatureEncoding,
    /// What stands before it.
    pub signature_prefix: String,
    /// The header that carries the secret itself, instead of a signature.
    pub secret_header: Option<String>,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureEncoding {
    /// Hexadecimal, in small or large letters.
    Hex,
    /// Base64 with padding.
    Base64,
}

impl Default for EventSettings {
    fn default() -> Self {
        EventSettings {
            path: "/".into(),
            secret_file: None,
            signature_header: "X-Bakkt-Signature".into(),
            signature_encoding: SignatureEncoding::Hex,
            signature_prefix: String::new(),
            secret_header: None,
        }
    }
}
