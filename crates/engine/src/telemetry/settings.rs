//! The usual variables of OpenTelemetry.
//!
//! Owner of which of them are read, and of what is refused. Invariant: no value of a variable is in a message, for an address
//! or a header may hold a secret. What the library reads itself (headers, compression, attributes, the sampler) it reads from the
//! same variables; here it is looked whether it will understand them. Left out on purpose: telling names that are not read, for
//! machines set the variables of many programs.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use bakkt_model::error::Failure;
use bakkt_model::target::is_stand_in;

/// How long an export may take unless a variable says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often the metrics are exported unless a variable says otherwise.
const INTERVAL: Duration = Duration::from_secs(60);

/// What is exported, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct TelemetrySettings {
    pub(super) metrics: Option<Signal>,
    pub(super) traces: Option<Signal>,
    pub(super) interval: Duration,
    pub(super) service_name: Option<String>,
}

/// Where one kind of data goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) endpoint: String,
    /// Scheme, host and port of it.
    pub(super) origin: String,
    pub(super) timeout: Duration,
}

impl TelemetrySettings {
    /// Reads the variables by `read`; none when they do not ask for anything.
    pub fn from_variables(
        read: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Option<TelemetrySettings>> {
        // An empty variable counts as one that is not set.
        let read = |name: &str| {
            let value = read(name).map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let disabled = read("OTEL_SDK_DISABLED");
        if disabled.is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let variables = Variables { read: &read };
        let settings = TelemetrySettings {
            metrics: variables.signal("METRICS")?,
            traces: variables.signal("TRACES")?,
            interval: variables.duration(&["OTEL_METRIC_EXPORT_INTERVAL"], INTERVAL)?,
            service_name: read("OTEL_SERVICE_NAME"),
        };
        Ok((settings.metrics.is_some() || settings.traces.is_some()).then_some(settings))
    }

    /// The longer one of the time limits.
    pub(super) fn longest(&self) -> Duration {
        let signals = [&self.metrics, &self.traces].into_iter().flatten();
        let timeouts = signals.map(|signal| signal.timeout);
        timeouts.max().unwrap_or_default()
    }
}

struct Variables<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl Variables<'_> {
    /// The name and the value of the first variable that is set.
    fn first(&self, names: &[&str]) -> Option<(String, String)> {
        names
            .iter()
            .find_map(|name| Some(((*name).to_owned(), (self.read)(name)?)))
    }

    /// The variable of a kind of data, or else that of all.
    fn of(&self, kind: &str, what: &str) -> Option<(String, String)> {
        self.first(&names(kind, what).each_ref().map(String::as_str))
    }

    /// Where a kind of data goes; none: it is not asked for.
    fn signal(&self, kind: &str) -> anyhow::Result<Option<Signal>> {
        let Some((name, endpoint)) = self.of(kind, "ENDPOINT") else {
            return Ok(None);
        };
        let exporter = format!("OTEL_{kind}_EXPORTER");
        match (self.read)(&exporter).as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(_) => return Err(refused(&exporter, "is neither otlp nor none", "unset it")),
        }
        self.must_be_understood(kind)?;
        // The address of one kind is taken as it stands.
        let endpoint = match name == names(kind, "ENDPOINT")[0] {
            true => endpoint,
            false => format!(
                "{}/v1/{}",
                endpoint.trim_end_matches('/'),
                kind.to_lowercase()
            ),
        };
        let origin = origin(&endpoint).map_err(|(what, next)| refused(&name, what, next))?;
        let names = names(kind, "TIMEOUT");
        Ok(Some(Signal {
            endpoint,
            origin,
            timeout: self.duration(&names.each_ref().map(String::as_str), TIMEOUT)?,
        }))
    }

    /// Refuses what is set and would be ignored.
    fn must_be_understood(&self, kind: &str) -> anyhow::Result<()> {
        if let Some((name, protocol)) = self.of(kind, "PROTOCOL")
            && protocol != "http/protobuf"
        {
            return Err(refused(
                &name,
                "names a protocol that is not spoken here",
                "set it to http/protobuf, and let the endpoint be that of OTLP over HTTP (4318 on most collectors)",
            ));
        }
        if let Some((name, compression)) = self.of(kind, "COMPRESSION")
            && !["gzip", "none"].contains(&compression.as_str())
        {
            return Err(refused(
                &name,
                "is neither gzip nor none",
                "set it to one of them, or unset it",
            ));
        }
        for what in ["CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"] {
            if let Some((name, _)) = self.of(kind, what) {
                return Err(refused(
                    &name,
                    "is set, and not supported",
                    "unset it; the certificates that this computer trusts count, and SSL_CERT_FILE can name a file of others",
                ));
            }
        }
        if let Some((name, headers)) = self.of(kind, "HEADERS") {
            let mut entries = headers.split_terminator(',');
            if !entries.all(is_header) {
                let next = "it holds name=value, with commas between several; other characters than those of a header as %2C";
                return Err(refused(&name, "cannot be read", next));
            }
        }
        Ok(())
    }

    /// Milliseconds.
    fn duration(&self, names: &[&str], default: Duration) -> anyhow::Result<Duration> {
        let Some((name, value)) = self.first(names) else {
            return Ok(default);
        };
        match value.parse() {
            Ok(0) | Err(_) => Err(refused(
                &name,
                "is not a number of milliseconds",
                "such as 10000 for ten seconds",
            )),
            Ok(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        }
    }
}

/// The names of a variable: for one kind of data, and for all.
fn names(kind: &str, what: &str) -> [String; 2] {
    [
        format!("OTEL_EXPORTER_OTLP_{kind}_{what}"),
        format!("OTEL_EXPORTER_OTLP_{what}"),
    ]
}

fn is_header(entry: &str) -> bool {
    entry.split_once('=').is_some_and(|(name, value)| {
        HeaderName::try_from(name.trim()).is_ok() && HeaderValue::try_from(value.trim()).is_ok()
    })
}

/// Scheme, host and port of an address; or what is wrong with it, and what to do.
fn origin(endpoint: &str) -> Result<String, (&'static str, &'static str)> {
    let url = Url::parse(endpoint).ok();
    let Some(url) = url.filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https"))
    else {
        return Err((
            "is not an address",
            "such as https://collector.example.com:4318",
        ));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "has a login in it",
            "put it into OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Basic%20..",
        ));
    }
    if url.scheme() == "http" && !is_stand_in(endpoint) {
        return Err((
            "is plain http",
            "only https is used, except to this machine: give the collector a certificate, or send to an agent on 127.0.0.1 that passes on",
        ));
    }
    Ok(url.origin().ascii_serialization())
}

fn refused(name: &str, what: &str, next: &str) -> anyhow::Error {
    Failure::configuration(format!("{name} {what}"), next.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Option<TelemetrySettings>, String> {
        let value = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let settings = TelemetrySettings::from_variables(value);
        settings.map_err(|error| format!("{error:#}"))
    }

    const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318/");

    #[test]
    fn endpoints_are_those_of_the_specification() {
        let all = read(&[HERE, ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500")]);
        let all = all.unwrap().unwrap();
        let metrics = all.metrics.unwrap();
        assert_eq!(metrics.endpoint, "http://127.0.0.1:4318/v1/metrics");
        assert_eq!(metrics.origin, "http://127.0.0.1:4318");
        assert_eq!(metrics.timeout, Duration::from_millis(2500));
        let traces = all.traces.unwrap();
        assert_eq!(traces.endpoint, "http://127.0.0.1:4318/v1/traces");
        let one = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://a.example/in");
        let one = read(&[one]).unwrap().unwrap();
        assert_eq!(one.metrics, None);
        assert_eq!(one.traces.unwrap().endpoint, "https://a.example/in");
    }

    #[test]
    fn nothing_is_asked_for_without_an_endpoint() {
        for set in [
            &[][..],
            &[
                ("OTEL_SERVICE_NAME", "x"),
                ("OTEL_METRICS_EXPORTER", "console"),
            ],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[HERE, ("OTEL_SDK_DISABLED", "True")],
            &[
                HERE,
                ("OTEL_METRICS_EXPORTER", "none"),
                ("OTEL_TRACES_EXPORTER", "none"),
            ],
        ] {
            assert_eq!(read(set), Ok(None), "{set:?}");
        }
    }

    #[test]
    fn what_would_be_ignored_is_refused_without_its_value() {
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc-sesame"),
            ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/sesame"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "sesame"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "sesame.pem"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "sesame"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=b,ses ame=c"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "0"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "sesame"),
            ("OTEL_METRICS_EXPORTER", "sesame"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "sesame:4318"),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "http://sesame.example",
            ),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://sesame@a.example"),
        ] {
            let others = if name == HERE.0 { None } else { Some(HERE) };
            let set: Vec<_> = others.into_iter().chain([(name, value)]).collect();
            let told = read(&set).unwrap_err();
            assert!(told.starts_with(name), "{name}: {told}");
            assert!(!told.contains("sesame"), "{name}: {told}");
        }
    }
}
