//! What proves to a server, and to a proxy on the way, who we are.

use secrecy::SecretString;

/// How to prove who we are.
#[derive(Debug)]
pub enum Login {
    /// Guide dialect.
    Key(SecretString),
    /// Reference dialect: log in, then a token.
    Logon {
        /// The logon id.
        id: String,
        /// The password.
        password: SecretString,
    },
}

/// What the way to the target asks for.
#[derive(Debug)]
pub struct Credentials {
    /// The target's.
    pub login: Login,
    /// `user:password` of the proxy on the way, where it asks for them.
    pub proxy: Option<SecretString>,
}

impl From<Login> for Credentials {
    fn from(login: Login) -> Credentials {
        Credentials { login, proxy: None }
    }
}
