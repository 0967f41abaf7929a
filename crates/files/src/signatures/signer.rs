//! Who signs: a key file, or a key that an SSH agent holds.

use std::io::Read;
use std::path::Path;

use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use super::agent;
use crate::small_files::open_private;
use bakkt_model::error::{Failure, ShownPath};

/// No key file is longer.
const LARGEST: u64 = 64 << 10;

/// A key that can sign.
pub struct Signer {
    public: PublicKey,
    /// `None`: an agent has the private half.
    private: Option<PrivateKey>,
}

impl Signer {
    /// Opens a key: a private key file that only its owner may read, or the file of a public key, whose private half an SSH
    /// agent then has.
    pub fn open(path: &Path) -> anyhow::Result<Signer> {
        let refused = |why: &str, hint: &str| {
            Failure::configuration(
                format!("cannot sign with {}: {why}", path.shown()),
                hint.to_owned(),
            )
        };
        if let Some(public) = public_key(path) {
            return Signer::of_agent(public).map_err(|why| {
                refused(
                    &why,
                    "it is a public key, so an SSH agent has to have its private half: start one, `ssh-add` the key, and see that SSH_AUTH_SOCK is set",
                )
            });
        }
        let mut text = String::new();
        open_private(path)
            .map_err(|error| {
                refused(
                    &error.to_string(),
                    "name a private key (Ed25519) that its owner alone may read: chmod 600; `ssh-keygen -t ed25519 -f FILE` makes one",
                )
            })?
            .take(LARGEST)
            .read_to_string(&mut text)
            .map_err(|_| refused("it is not a key", "name the file of a private or public key in OpenSSH's form"))?;
        let private = PrivateKey::from_openssh(&text).map_err(|_| {
            refused(
                "it is not a private key in OpenSSH's form",
                "`ssh-keygen -t ed25519 -f FILE` makes one",
            )
        })?;
        if private.is_encrypted() {
            return Err(refused(
                "it has a passphrase",
                "`ssh-add` it to an SSH agent, and name the file of its public key (.pub) here",
            ));
        }
        let public = private.public_key().clone();
        must_be_ed25519(&public)
            .map_err(|why| refused(&why, "`ssh-keygen -t ed25519 -f FILE` makes one"))?;
        Ok(Signer {
            public,
            private: Some(private),
        })
    }

    fn of_agent(public: PublicKey) -> Result<Signer, String> {
        must_be_ed25519(&public)?;
        agent::must_hold(&public)?;
        Ok(Signer {
            public,
            private: None,
        })
    }

    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The public key on one line, without a comment.
    pub fn public_key(&self) -> String {
        PublicKey::new(self.public.key_data().clone(), "")
            .to_openssh()
            .unwrap_or_default()
    }

    /// Signs bytes for a namespace: the text of a signature file.
    pub fn sign(&self, namespace: &str, message: &[u8]) -> anyhow::Result<String> {
        let failed =
            |why: String| Failure::cannot(format!("cannot sign: {why}"), "nothing was signed");
        let signature = match &self.private {
            Some(private) => private
                .sign(namespace, HashAlg::Sha512, message)
                .map_err(|error| failed(error.to_string()))?,
            None => self.sign_by_agent(namespace, message).map_err(failed)?,
        };
        signature
            .to_pem(LineEnding::LF)
            .map_err(|error| failed(error.to_string()))
    }

    fn sign_by_agent(&self, namespace: &str, message: &[u8]) -> Result<SshSig, String> {
        let data = SshSig::signed_data(namespace, HashAlg::Sha512, message)
            .map_err(|error| error.to_string())?;
        let signature = agent::sign(&self.public, &data)?;
        SshSig::new(
            self.public.key_data().clone(),
            namespace,
            HashAlg::Sha512,
            signature,
        )
        .map_err(|error| error.to_string())
    }
}

/// The public key of a file, if it holds one.
fn public_key(path: &Path) -> Option<PublicKey> {
    let mut text = String::new();
    std::fs::File::open(path)
        .ok()?
        .take(LARGEST)
        .read_to_string(&mut text)
        .ok()?;
    PublicKey::from_openssh(text.trim()).ok()
}

fn must_be_ed25519(public: &PublicKey) -> Result<(), String> {
    match public.algorithm() {
        Algorithm::Ed25519 => Ok(()),
        other => Err(format!(
            "it is a key of the kind {}, and Ed25519 is asked for",
            other.as_str()
        )),
    }
}
