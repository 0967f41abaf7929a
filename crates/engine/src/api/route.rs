//! The way to a server: straight or through the firm's proxy, and whom to trust at its end.
//!
//! Owner of [`ServerRoute`]. Proxies that the environment names are not used: customers' data goes where the settings say. A stand-in
//! on loopback is reached straight, whatever proxy is set. Invariant: the proxy sees a CONNECT and the TLS of the target,
//! never a request. Left out on purpose: which connection an answer came on (`connection`).

use std::path::Path;
use std::sync::Arc;

use reqwest::{ClientBuilder, Proxy};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret, SecretString};

use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::target::WayOut;

/// How a server is reached.
#[derive(Debug, Default)]
pub(super) struct ServerRoute {
    proxy: Option<String>,
    /// `user:password`.
    credentials: Option<SecretString>,
    /// Trusted beside those that the computer trusts.
    authorities: Vec<CertificateDer<'static>>,
}

impl ServerRoute {
    /// Reads what the settings name.
    pub(super) fn new(
        way_out: &WayOut,
        credentials: Option<SecretString>,
    ) -> anyhow::Result<ServerRoute> {
        let authorities = match &way_out.ca_file {
            Some(file) => certificates(file)?,
            None => Vec::new(),
        };
        Ok(ServerRoute {
            proxy: way_out.proxy.clone(),
            credentials,
            authorities,
        })
    }

    /// A client for the way. `is_stand_in`: the server is on loopback and speaks plain http.
    pub(super) fn client(&self, is_stand_in: bool) -> reqwest::Result<ClientBuilder> {
        let client = strict_client()
            .https_only(!is_stand_in)
            .user_agent(concat!("bakkt-migrate/", env!("CARGO_PKG_VERSION")));
        let Some(address) = self.proxy.as_deref().filter(|_| !is_stand_in) else {
            return Ok(client);
        };
        let proxy = Proxy::all(address)?;
        let named = self.credentials.as_ref().map(ExposeSecret::expose_secret);
        Ok(
            client.proxy(match named.and_then(|named| named.split_once(':')) {
                Some((user, password)) => proxy.basic_auth(user, password),
                None => proxy,
            }),
        )
    }

    /// TLS with the certificates that this computer trusts, and those of the settings.
    pub(super) fn tls(&self) -> anyhow::Result<ClientConfig> {
        let (builder, provider) = builder()?;
        let verifier = Verifier::new_with_extra_roots(self.authorities.iter().cloned(), provider);
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(cannot)?))
            .with_no_client_auth())
    }
}

/// A client that goes where it is told and nowhere else: through no proxy that the environment names, after no redirect, without a
/// word of where it was before; and what it sends it sends once.
pub(crate) fn strict_client() -> ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
}

/// TLS with the certificates that this computer trusts.
#[cfg(any(feature = "object-storage", feature = "opentelemetry"))]
pub(crate) fn computer_tls() -> anyhow::Result<ClientConfig> {
    ServerRoute::default().tls()
}

/// TLS that trusts nobody, for where it is not used.
pub(crate) fn no_tls() -> anyhow::Result<ClientConfig> {
    let (builder, _) = builder()?;
    let nobody = rustls::RootCertStore::empty();
    Ok(builder.with_root_certificates(nobody).with_no_client_auth())
}

type Builder = rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>;

fn builder() -> anyhow::Result<(Builder, Arc<CryptoProvider>)> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(cannot)?;
    Ok((builder, provider))
}

fn cannot(error: rustls::Error) -> anyhow::Error {
    Failure::cannot(
        format!("cannot set up TLS: {error}"),
        "the certificates that this computer trusts could not be read; SSL_CERT_FILE can name a file of them",
    )
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let hint = "`ca_file` under [target] names a file of certificates in PEM, the form that begins with -----BEGIN CERTIFICATE-----";
    let wrong = |why: String| Failure::configuration(format!("{}: {why}", file.shown()), hint);
    let read = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
    let all: Result<Vec<_>, _> = read.collect();
    let all = all.map_err(|error| wrong(error.to_string()))?;
    match all.is_empty() {
        true => Err(wrong("there is no certificate in it".to_owned())),
        false => Ok(all),
    }
}
