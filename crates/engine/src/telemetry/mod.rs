//! OpenTelemetry of a run: its metrics, again and again, and one trace, over OTLP to a collector.
//!
//! Owner of [`Telemetry`], which exports for as long as a run lasts, and of its last export. [`settings`] reads the usual variables,
//! `collector` is the way there, `meters` makes instruments of the table of metrics. The library's threads do the work, so that
//! no run waits for a collector. Invariants: whatever becomes of an export changes nothing about the run; the last one is
//! bounded by the time limit of the variables; numbers and words of this program leave, and nothing of a customer. Left out on purpose: a
//! span for each request, of which there are millions, and which would need a customer's id to be of use; logs; gRPC.

mod collector;
mod meters;
pub mod settings;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{Status, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    MetricExporter, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use tokio::sync::oneshot;

use crate::metrics::table::{Metric, MetricTable};
use bakkt_model::error::Failure;
use collector::{Collector, Deliveries};
use settings::{Signal, TelemetrySettings};

/// The name of the program, for whom nobody has named it otherwise.
const SERVICE: &str = "bakkt-migrate";
/// How much longer than the time limit the last export may hold up the end of a run: what the disk may take for the numbers.
const SLACK: Duration = Duration::from_secs(1);

/// The exports of a run.
pub struct Telemetry {
    deliveries: Arc<Deliveries>,
    timeout: Duration,
    meters: Option<SdkMeterProvider>,
    tracers: Option<SdkTracerProvider>,
    /// With the span of the run in it.
    run: Context,
}

/// A stage of the run; its span ends with this.
pub struct Stage {
    _span: Option<Span>,
}

impl Telemetry {
    /// Begins to export, from within a runtime. `about` is what is to be known of the run beside the attributes of the variables.
    pub fn start(
        settings: &TelemetrySettings,
        about: Vec<(&'static str, String)>,
        metrics: &'static [Metric],
        table: Arc<MetricTable>,
    ) -> anyhow::Result<Telemetry> {
        let deliveries = Arc::new(Deliveries::default());
        let resource = resource(settings, about);
        let meters = settings.metrics.as_ref().map(|signal| {
            let reader = PeriodicReader::builder(metric_exporter(signal, &deliveries)?);
            let meters = SdkMeterProvider::builder()
                .with_resource(resource.clone())
                .with_reader(reader.with_interval(settings.interval).build())
                .build();
            meters::register(&meters, metrics, table);
            anyhow::Ok(meters)
        });
        let tracers = settings.traces.as_ref().map(|signal| {
            let exporter = span_exporter(signal, &deliveries)?;
            let tracers = SdkTracerProvider::builder().with_resource(resource.clone());
            anyhow::Ok(tracers.with_batch_exporter(exporter).build())
        });
        let tracers = tracers.transpose()?;
        let run = match &tracers {
            Some(tracers) => Context::new().with_span(tracer(tracers).start("run")),
            None => Context::new(),
        };
        Ok(Telemetry {
            deliveries,
            timeout: settings.longest(),
            meters: meters.transpose()?,
            tracers,
            run,
        })
    }

    /// Begins a stage of the run.
    pub fn stage(&self, name: &'static str) -> Stage {
        let tracers = self.tracers.as_ref();
        Stage {
            _span: tracers.map(|tracers| tracer(tracers).start_with_context(name, &self.run)),
        }
    }

    /// Exports for the last time; what there is to tell of exports that failed. The runtime goes on meanwhile.
    pub async fn end(self, exit_code: u8) -> Option<String> {
        let (outbox, inbox) = oneshot::channel();
        let (longest, deliveries) = (self.timeout + SLACK, self.deliveries.clone());
        deliveries.end_within(self.timeout);
        // The library blocks the thread on which it is asked.
        let thread = std::thread::Builder::new().spawn(move || {
            self.flush(exit_code);
            let _ = outbox.send(());
        });
        if thread.is_ok() {
            let _ = tokio::time::timeout(longest, inbox).await;
        }
        deliveries.told()
    }

    fn flush(self, exit_code: u8) {
        let span = self.run.span();
        span.set_attribute(KeyValue::new(
            "bakkt_migrate.exit_code",
            i64::from(exit_code),
        ));
        if !matches!(exit_code, 0 | 3) {
            span.set_status(Status::error(""));
        }
        span.end();
        let (traces, timeout) = (self.tracers, self.timeout);
        let traces = traces.map(|tracers| {
            std::thread::Builder::new().spawn(move || tracers.shutdown_with_timeout(timeout))
        });
        if let Some(meters) = &self.meters {
            let _ = meters.force_flush();
        }
        if let Some(Ok(traces)) = traces {
            let _ = traces.join();
        }
        self.deliveries.close();
        // It would export once more.
        if let Some(meters) = &self.meters {
            let _ = meters.shutdown();
        }
    }
}

fn tracer(tracers: &SdkTracerProvider) -> SdkTracer {
    tracers.tracer_with_scope(scope())
}

fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(SERVICE)
        .with_version(env!("CARGO_PKG_VERSION"))
        .build()
}

/// What is said of the process with everything that is exported; the variables come last.
fn resource(settings: &TelemetrySettings, about: Vec<(&'static str, String)>) -> Resource {
    let about = about
        .into_iter()
        .chain([("service.version", env!("CARGO_PKG_VERSION").to_owned())]);
    let resource = Resource::builder_empty()
        .with_service_name(SERVICE)
        .with_attributes(about.map(|(name, says)| KeyValue::new(name, says)))
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match &settings.service_name {
        Some(name) => resource.with_service_name(name.clone()).build(),
        None => resource.build(),
    }
}

fn metric_exporter(
    signal: &Signal,
    deliveries: &Arc<Deliveries>,
) -> anyhow::Result<MetricExporter> {
    let exporter = to_collector(MetricExporter::builder().with_http(), signal, deliveries)?;
    exporter.build().map_err(|_| unusable())
}

fn span_exporter(signal: &Signal, deliveries: &Arc<Deliveries>) -> anyhow::Result<SpanExporter> {
    let exporter = to_collector(SpanExporter::builder().with_http(), signal, deliveries)?;
    exporter.build().map_err(|_| unusable())
}

/// An exporter that sends to the collector of a signal, each export once.
fn to_collector<E: WithHttpConfig + WithExportConfig>(
    exporter: E,
    signal: &Signal,
    deliveries: &Arc<Deliveries>,
) -> anyhow::Result<E> {
    let collector = Collector::new(signal, deliveries.clone())?;
    Ok(exporter
        .with_http_client(collector)
        .with_retry_policy(RetryPolicy::disabled())
        .with_endpoint(&signal.endpoint)
        .with_timeout(signal.timeout))
}

/// The library's own words may hold what a variable holds.
fn unusable() -> anyhow::Error {
    Failure::configuration(
        "OpenTelemetry cannot be set up with these OTEL_ variables",
        "docs/operate.md has those that are read; OTEL_SDK_DISABLED=true turns it off",
    )
}
