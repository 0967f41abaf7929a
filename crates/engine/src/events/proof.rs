//! Whether a request is Bakkt's: a signature of its body, or a secret in a header.
//!
//! Owner of that judgement. Pure; comparisons take the same time wherever the difference stands.

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use bakkt_model::webhook::{EventSettings, SignatureEncoding};

/// What a request must carry.
#[derive(Debug)]
pub enum Proof {
    /// Nothing: anybody on this machine may send events.
    Nothing,
    /// An HMAC-SHA-256 of the raw body.
    Signature {
        /// The header that carries it.
        header: String,
        /// How it is written.
        encoding: SignatureEncoding,
        /// What stands before it.
        prefix: String,
        /// Its key.
        secret: SecretString,
    },
    /// The secret itself.
    Secret {
        /// The header that carries it.
        header: String,
        /// The secret.
        secret: SecretString,
    },
}

impl Proof {
    /// What the settings ask for, with this secret.
    pub fn new(settings: &EventSettings, secret: Option<SecretString>) -> Proof {
        match (secret, &settings.secret_header) {
            (None, _) => Proof::Nothing,
            (Some(secret), Some(header)) => Proof::Secret {
                header: header.clone(),
                secret,
            },
            (Some(secret), None) => Proof::Signature {
                header: settings.signature_header.clone(),
                encoding: settings.signature_encoding,
                prefix: settings.signature_prefix.clone(),
                secret,
            },
        }
    }

    /// The header to look into.
    pub(crate) fn header(&self) -> Option<&str> {
        match self {
            Proof::Nothing => None,
            Proof::Signature { header, .. } | Proof::Secret { header, .. } => Some(header),
        }
    }

    /// Whether a header's value proves a body.
    pub(crate) fn holds(&self, given: Option<&[u8]>, body: &[u8]) -> bool {
        let given = given.map(<[u8]>::trim_ascii);
        match (self, given) {
            (Proof::Nothing, _) => true,
            (_, None) => false,
            (
                Proof::Signature {
                    encoding,
                    prefix,
                    secret,
                    ..
                },
                Some(given),
            ) => given
                .strip_prefix(prefix.as_bytes())
                .and_then(|given| decoded(*encoding, given))
                .is_some_and(|given| signed(secret, body, &given)),
            (Proof::Secret { secret, .. }, Some(given)) => {
                // The comparison of hashes takes the same time whatever they are, and says nothing about lengths.
                blake3::hash(given) == blake3::hash(secret.expose_secret().as_bytes())
            }
        }
    }
}

fn decoded(encoding: SignatureEncoding, text: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        SignatureEncoding::Hex => HEXLOWER_PERMISSIVE.decode(text).ok(),
        SignatureEncoding::Base64 => BASE64.decode(text).ok(),
    }
}

fn signed(secret: &SecretString, body: &[u8], signature: &[u8]) -> bool {
    let key = secret.expose_secret().as_bytes();
    Hmac::<Sha256>::new_from_slice(key)
        .is_ok_and(|mac| mac.chain_update(body).verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    const SECRET: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const BASE64: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

    fn proof(change: impl Fn(&mut EventSettings)) -> Proof {
        let mut settings = EventSettings::default();
        change(&mut settings);
        Proof::new(&settings, Some(SecretString::from(SECRET)))
    }

    fn holds(proof: &Proof, given: &str) -> bool {
        proof.holds(Some(given.as_bytes()), BODY)
    }

    #[test]
    fn a_signature_proves_one_body_in_the_encoding_that_is_set() {
        let hex = proof(|_| {});
        assert_eq!(hex.header(), Some("X-Bakkt-Signature"));
        assert!(holds(&hex, HEX));
        assert!(holds(&hex, &HEX.to_uppercase()));
        assert!(holds(&hex, &format!(" {HEX} ")));
        assert!(!hex.holds(Some(HEX.as_bytes()), b"what do ya want for nothing!"));
        assert!(!hex.holds(None, BODY));
        for wrong in [
            "",
            "5b",
            &HEX[..62],
            &format!("{HEX}00"),
            BASE64,
            SECRET,
            "\u{e9}",
        ] {
            assert!(!holds(&hex, wrong), "{wrong}");
        }
        let base64 = proof(|settings| settings.signature_encoding = SignatureEncoding::Base64);
        assert!(holds(&base64, BASE64));
        assert!(!holds(&base64, HEX));
        let prefixed = proof(|settings| settings.signature_prefix = "sha256=".into());
        assert!(holds(&prefixed, &format!("sha256={HEX}")));
        assert!(!holds(&prefixed, HEX));
    }

    #[test]
    fn a_secret_in_a_header_is_the_whole_secret() {
        let plain = proof(|settings| settings.secret_header = Some("X-Token".into()));
        assert_eq!(plain.header(), Some("X-Token"));
        assert!(holds(&plain, SECRET));
        for wrong in ["", "Jef", "Jefe2", "jefe", HEX] {
            assert!(!holds(&plain, wrong), "{wrong}");
        }
        assert!(!plain.holds(None, BODY));
        assert!(!format!("{plain:?}").contains(SECRET));
    }

    #[test]
    fn without_a_secret_nothing_is_asked() {
        let open = Proof::new(&EventSettings::default(), None);
        assert_eq!(open.header(), None);
        assert!(open.holds(None, BODY));
    }
}
