//! Addresses below a base URL, and headers that hold a secret.

use reqwest::Url;
use reqwest::header::HeaderValue;

use bakkt_model::error::Failure;

/// The header's value, marked as one that no log may show.
pub(super) fn secret_header(text: &str) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::configuration(
            "the API key holds characters that no header can carry",
            "copy the key again, without line breaks",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The address of a path below another one. Its host is not parsed again, which costs more than all the rest.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path()));
    url
}

/// Percent-encodes everything but unreserved characters.
pub(super) fn encode(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len() + 8);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
