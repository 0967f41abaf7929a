//! The address of a quota server.
//!
//! Owner of which addresses are fit: TLS unless the server is on this machine, and no password in any of them, because
//! settings are read by many and end up in logs.

use std::fmt;
use std::str::FromStr;

use crate::target::is_loopback;

/// The variable of the environment that has the server's password.
pub const PASSWORD_VARIABLE: &str = "BAKKT_REDIS_PASSWORD";
/// The port where none is named.
const PORT: u16 = 6379;

/// `[limits] shared`: a Redis or Valkey server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaAddress {
    /// The host, without the brackets of an IPv6 address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Over TLS.
    pub is_encrypted: bool,
    /// The user, where the server knows several.
    pub user: Option<String>,
    /// The number of the database.
    pub database: i64,
}

impl FromStr for QuotaAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<QuotaAddress, String> {
        let (is_encrypted, rest) = match text.split_once("://") {
            Some(("rediss", rest)) => (true, rest),
            Some(("redis", rest)) => (false, rest),
            _ => return Err("is not an address that begins with redis:// or rediss://".into()),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            // What follows the colon is not repeated.
            Some((user, _)) if user.contains(':') => {
                return Err("has a password in it".into());
            }
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        if rest.contains(['?', '#']) {
            return Err("has something behind `?` or `#`, where nothing is read".into());
        }
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let database = match database {
            "" => 0,
            number => number
                .parse()
                .ok()
                .filter(|number| (0..=65_535).contains(number))
                .ok_or("has something other than the number of a database behind the host")?,
        };
        let (host, port) = match authority.strip_prefix('[') {
            Some(six) => six.split_once(']').ok_or("has a bracket too many")?,
            None => match authority.find(':') {
                Some(colon) => authority.split_at(colon),
                None => (authority, ""),
            },
        };
        let port = match port.strip_prefix(':') {
            Some(number) => number
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or("has something other than a port")?,
            None if port.is_empty() => PORT,
            None => return Err("has something other than a port".into()),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err("names no host".into());
        }
        let is_user = |user: &String| !user.is_empty() && !user.contains(['%', '/', ' ']);
        if !user.as_ref().is_none_or(is_user) {
            return Err("names a user that is none".into());
        }
        if !is_encrypted && !is_loopback(host) {
            return Err("is for a server on this machine only; others are reached over TLS".into());
        }
        Ok(QuotaAddress {
            host: host.to_owned(),
            port,
            is_encrypted,
            user,
            database,
        })
    }
}

impl fmt::Display for QuotaAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_encrypted { "rediss" } else { "redis" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_told() {
        for (text, told) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379"),
            ("redis://localhost:7000/3", "redis://localhost:7000"),
            ("redis://[::1]:7000", "redis://[::1]:7000"),
            (
                "rediss://quota.example.com",
                "rediss://quota.example.com:6379",
            ),
            (
                "rediss://mover@quota.example.com:6380/",
                "rediss://quota.example.com:6380",
            ),
        ] {
            let address: QuotaAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), told);
        }
        for (text, why) in [
            ("http://127.0.0.1", "begins with redis://"),
            ("redis://quota.example.com", "on this machine only"),
            ("redis://10.0.0.7:6379", "on this machine only"),
            ("rediss://:sesame@quota.example.com", "password in it"),
            ("rediss://mover:sesame@quota.example.com", "password in it"),
            ("redis://127.0.0.1/x", "number of a database"),
            ("redis://127.0.0.1:x", "other than a port"),
            ("rediss://", "names no host"),
            ("rediss://quota.example.com?tls=no", "behind `?` or `#`"),
            ("redis://127.0.0.1?password=sesame", "behind `?` or `#`"),
            ("redis://127.0.0.1/0#sesame", "behind `?` or `#`"),
        ] {
            let said = text.parse::<QuotaAddress>().unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
            assert!(!said.contains("sesame"));
        }
    }
}
