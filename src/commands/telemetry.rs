//! OpenTelemetry of a run, when the usual variables ask for it.
//!
//! Owner of what is said about a run, of its stages, and of what a build without the feature says. Left out on purpose: the metrics
//! (`metrics::numbers`), the variables and the export (`engine::telemetry`).

use std::sync::Arc;

use super::CommandOutput;
use super::metrics::numbers::RunNumbers;
use super::place::StatePlace;
use super::signals::Signals;
#[cfg(feature = "opentelemetry")]
use bakkt_engine::telemetry::{Stage, Telemetry, settings::TelemetrySettings};
use bakkt_files::progress::{Mode, note};

/// What the variables ask for.
pub struct WantedTelemetry(#[cfg(feature = "opentelemetry")] Option<TelemetrySettings>);

/// The exports of a run; without the feature, or when nobody asks for them, there are none.
pub struct RunTelemetry(#[cfg(feature = "opentelemetry")] Option<Telemetry>);

/// A stage of the run, for as long as this lives.
pub struct RunStage(
    #[cfg(feature = "opentelemetry")]
    #[allow(dead_code)]
    Option<Stage>,
);

#[cfg(feature = "opentelemetry")]
impl WantedTelemetry {
    /// Reads the variables; refuses what would be ignored.
    pub fn from_variables() -> anyhow::Result<WantedTelemetry> {
        let read = |name: &str| std::env::var_os(name);
        let text = |name: &str| Some(read(name)?.to_string_lossy().into_owned());
        TelemetrySettings::from_variables(text).map(WantedTelemetry)
    }

    /// Begins to export, from within a runtime.
    pub fn start(
        self,
        place: &StatePlace,
        numbers: &Arc<RunNumbers>,
    ) -> anyhow::Result<RunTelemetry> {
        let Some(settings) = self.0 else {
            return Ok(RunTelemetry(None));
        };
        let mut about = vec![("bakkt_migrate.sandbox", place.sandbox.to_string())];
        about.extend(
            place
                .shard
                .map(|shard| ("bakkt_migrate.shard", shard.to_string())),
        );
        let numbers = numbers.clone();
        let table = Arc::new(move || numbers.table());
        let metrics = &super::metrics::numbers::METRICS;
        let telemetry = Telemetry::start(&settings, about, metrics, table)?;
        Ok(RunTelemetry(Some(telemetry)))
    }
}

#[cfg(feature = "opentelemetry")]
impl RunTelemetry {
    /// Begins a stage.
    pub fn stage(&self, name: &'static str) -> RunStage {
        RunStage(self.0.as_ref().map(|telemetry| telemetry.stage(name)))
    }

    /// Exports for the last time, and tells what became of the exports. A second Ctrl-C waits for none.
    pub async fn end(self, output: &anyhow::Result<CommandOutput>, signals: &Signals) {
        let Some(telemetry) = self.0 else {
            return;
        };
        let code = match output {
            Ok(output) => output.code,
            Err(error) => bakkt_model::error::exit_code(error),
        };
        tokio::select! {
            told = telemetry.end(code) => {
                if let Some(told) = told {
                    note(Mode::Lines, &told);
                }
            }
            () = signals.aborted() => {}
        }
    }
}

#[cfg(not(feature = "opentelemetry"))]
impl WantedTelemetry {
    /// Says once that nothing is exported, when the variables ask for it.
    pub fn from_variables() -> anyhow::Result<WantedTelemetry> {
        static TOLD: std::sync::Once = std::sync::Once::new();
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let disabled = std::env::var_os("OTEL_SDK_DISABLED");
        if let Some(name) = ENDPOINTS.iter().find(|name| is_set(name))
            && !disabled.is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            TOLD.call_once(|| note(Mode::Lines, &format!("{name} is set, and {NOT_BUILT_IN}")));
        }
        Ok(WantedTelemetry())
    }

    /// Exports nothing.
    pub fn start(self, _: &StatePlace, _: &Arc<RunNumbers>) -> anyhow::Result<RunTelemetry> {
        Ok(RunTelemetry())
    }
}

/// Variables that name a collector.
#[cfg(not(feature = "opentelemetry"))]
const ENDPOINTS: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

#[cfg(not(feature = "opentelemetry"))]
const NOT_BUILT_IN: &str = "this bakkt-migrate was built without OpenTelemetry, so that nothing is exported: install a package, which has it, or build with `cargo build --release --features opentelemetry`";

#[cfg(not(feature = "opentelemetry"))]
impl RunTelemetry {
    /// A stage of which nobody hears.
    pub fn stage(&self, _: &'static str) -> RunStage {
        RunStage()
    }

    /// Nothing is exported.
    pub async fn end(self, _: &anyhow::Result<CommandOutput>, _: &Signals) {}
}
