//! Where requests go: the server's address, and the dialect that it speaks.
//!
//! Owner of the judgement over addresses: which are fit, which are a stand-in, and which is Bakkt's production.

use std::path::PathBuf;

use crate::address::shown_address;

/// Names on the wire and way of authentication (contract, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `Authorization: API-Key`.
    Guide,
    /// Log in first, then a token.
    Reference,
}

impl Dialect {
    /// The word in settings and journal.
    pub fn word(self) -> &'static str {
        match self {
            Dialect::Guide => "guide",
            Dialect::Reference => "reference",
        }
    }
}

/// `[target]`.
#[derive(Clone, Debug)]
pub struct Target {
    /// Without a slash at the end.
    pub base_url: String,
    /// Dialect.
    pub dialect: Dialect,
    /// A 0600 file with the key (guide) or the password (reference).
    pub key_file: Option<String>,
    /// Logon id of the reference dialect.
    pub logon_id: Option<String>,
    /// Who the firm is to Bakkt, a UUID: in the address of verification links.
    pub partner_id: Option<String>,
    /// How requests leave the firm.
    pub way_out: WayOut,
}

/// How requests leave the firm: straight, or through its proxy.
#[derive(Clone, Debug, Default)]
pub struct WayOut {
    /// The proxy's address, without user and password.
    pub proxy: Option<String>,
    /// A file of certificates (PEM) that are trusted beside those of the computer.
    pub ca_file: Option<PathBuf>,
}

/// Checks the address of a proxy: http or https, a host and a port, and nothing more.
pub fn proxy(text: &str) -> Result<String, String> {
    let Some((_, host)) = parts(text) else {
        let shown = shown_address(text);
        return Err(format!("\"{shown}\" is not the address of a proxy"));
    };
    can_be_reached(text)?;
    let authority = text
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .trim_end_matches('/');
    if authority.contains('/') || port(authority).is_empty() {
        return Err(format!(
            "the address of a proxy is its host ({host}) and a port"
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Checks a base URL: https, or plain http to loopback only. Returns it without a slash at the end.
pub fn base_url(text: &str) -> Result<String, String> {
    let url = parts(text)
        .ok_or_else(|| format!("\"{}\" is not a URL with a host", shown_address(text)))?;
    match url {
        (true, _) => {}
        (false, host) if is_loopback(host) => {}
        (false, _) => {
            return Err("plain http is for loopback only; customers' data goes over https".into());
        }
    }
    can_be_reached(text)?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// Whether an address is https (true) or plain http. The error says why it is not an address of a server.
pub fn web_address(text: &str) -> Result<bool, String> {
    let (is_encrypted, _) = parts(text)
        .ok_or_else(|| format!("\"{}\" is not a URL with a host", shown_address(text)))?;
    can_be_reached(text).map(|()| is_encrypted)
}

/// What stands behind the host of an authority (`host:port`): nothing, or a colon and what should be a port.
fn port(authority: &str) -> &str {
    let host = match authority.strip_prefix('[') {
        Some(six) => six.find(']').map_or(authority.len(), |end| end + 2),
        None => authority.find(':').unwrap_or(authority.len()),
    };
    authority.get(host..).unwrap_or_default()
}

/// Refuses an address to which no connection can ever be made: its host is not one, or its port.
fn can_be_reached(text: &str) -> Result<(), String> {
    let (_, rest) = text.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, is_six) = match authority.strip_prefix('[') {
        Some(six) => (six.split(']').next().unwrap_or_default(), true),
        None => (authority.split(':').next().unwrap_or_default(), false),
    };
    let is_host = match is_six {
        true => host.parse::<std::net::Ipv6Addr>().is_ok() && authority.contains(']'),
        false => is_name(host),
    };
    if !is_host {
        return Err(format!(
            "\"{host}\" is not the name or the address of a host"
        ));
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match port(authority) {
        "" => Ok(()),
        port if port.strip_prefix(':').is_some_and(is_port) => Ok(()),
        port => Err(format!(
            "\"{}\" is not a port: a number from 1 to 65535",
            port.trim_start_matches(':')
        )),
    }
}

/// Whether a text can be the name of a host, or its address of version 4.
fn is_name(host: &str) -> bool {
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let is_letter = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let is_label = |label: &&str| {
        !label.is_empty() && label.len() <= LONGEST_LABEL && label.chars().all(is_letter)
    };
    let is_number = |label: &&str| label.bytes().all(|byte| byte.is_ascii_digit());
    host.len() <= LONGEST_NAME
        && labels.iter().all(is_label)
        // A name that ends with a number is read as an address.
        && (!labels.last().is_some_and(is_number) || labels.join(".").parse::<std::net::Ipv4Addr>().is_ok())
}

/// Bytes of a part of a host's name, and of all of it.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 254;

/// (is it https, its host) of a URL without user, query and fragment.
fn parts(text: &str) -> Option<(bool, &str)> {
    let (https, rest) = match text.split_once("://")? {
        ("https", rest) => (true, rest),
        ("http", rest) => (false, rest),
        _ => return None,
    };
    if rest.contains(['@', '?', '#', ' ']) {
        return None;
    }
    let authority = rest.split('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some((https, host))
}

/// Whether a base URL is plain http to loopback: a stand-in for Bakkt, never Bakkt.
pub fn is_stand_in(url: &str) -> bool {
    parts(url).is_some_and(|(https, host)| !https && is_loopback(host))
}

/// Whether a base URL leads to this machine, encrypted or not.
pub fn is_of_this_machine(url: &str) -> bool {
    parts(url).is_some_and(|(_, host)| is_loopback(host))
}

/// The host of Bakkt's production.
const PRODUCTION: &str = "api.bakkt.com";

/// Whether a base URL is Bakkt's production, however its host is written.
pub fn is_production(url: &str) -> bool {
    parts(url).is_some_and(|(_, host)| host.trim_end_matches('.').eq_ignore_ascii_case(PRODUCTION))
}

pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
