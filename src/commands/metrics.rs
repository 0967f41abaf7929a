//! `run --metrics-listen`: where a run stands, in the text format of Prometheus.
//!
//! Owner of the names of the metrics and of the page that has them. The numbers of the migration come from the journal's counters,
//! those of the run from memory. Invariant: nothing but numbers and words of this program is on the page. Left out on purpose: the
//! server (`engine::metrics`).

use std::fmt::{Display, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tokio::task::JoinHandle;

use super::report::View;
use bakkt_engine::api::AnswerCounts;
use bakkt_engine::metrics::MetricsServer;
use bakkt_engine::submit::RunCounters;
use bakkt_model::error::Failure;
use bakkt_model::limits::{Limits, Rate};
use bakkt_report::Totals;

/// How often it is looked whether the run has come on.
const LOOK: Duration = Duration::from_secs(1);

/// An address that waits for a run to serve.
pub struct MetricsListener {
    listener: std::net::TcpListener,
    view: View,
}

/// The metrics of a run are served for as long as this lives.
pub struct ServedMetrics {
    _server: MetricsServer,
    clock: JoinHandle<()>,
}

impl Drop for ServedMetrics {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

/// What a page is made of.
struct Sources {
    view: View,
    counters: Arc<RunCounters>,
    answers: Arc<AnswerCounts>,
    limits: Limits,
    /// Seconds since 1970 of the last task that was done with, or of the beginning.
    progress: AtomicU64,
}

impl MetricsListener {
    /// Takes the address, so that a run does not find out later that it is in use.
    pub fn bind(address: SocketAddr, view: View) -> anyhow::Result<MetricsListener> {
        let listener = std::net::TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        let listener = listener.map_err(|error| {
            Failure::configuration(
                format!("--metrics-listen: {address} cannot be listened on: {error}"),
                "name another port of this machine",
            )
        })?;
        Ok(MetricsListener { listener, view })
    }

    /// Serves the metrics of a run.
    pub fn serve(
        self,
        counters: Arc<RunCounters>,
        answers: Arc<AnswerCounts>,
        limits: Limits,
    ) -> anyhow::Result<ServedMetrics> {
        let sources = Arc::new(Sources {
            view: self.view,
            counters,
            answers,
            limits,
            progress: AtomicU64::new(now()),
        });
        let clock = tokio::spawn(watch(sources.clone()));
        let server = MetricsServer::start(self.listener, Arc::new(move || page(&sources)))?;
        Ok(ServedMetrics {
            _server: server,
            clock,
        })
    }
}

async fn watch(sources: Arc<Sources>) {
    let mut before = sources.counters.done();
    loop {
        tokio::time::sleep(LOOK).await;
        let done = sources.counters.done();
        if done != before {
            sources.progress.store(now(), Ordering::Relaxed);
            before = done;
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn page(sources: &Sources) -> anyhow::Result<String> {
    let totals = sources.view.totals()?;
    let mut page = Page::default();
    page.add_migration(&totals)?;
    page.add_run(sources);
    Ok(page.text)
}

/// The page that is being written.
#[derive(Default)]
struct Page {
    text: String,
}

/// A label and what it says.
type Label<'a> = (&'static str, &'a dyn Display);

impl Page {
    fn begin(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP bakkt_migrate_{name} {help}");
        let _ = writeln!(self.text, "# TYPE bakkt_migrate_{name} {kind}");
    }

    /// A value. What labels say are words and numbers of this program, which need no escapes.
    fn value(&mut self, name: &str, labels: &[Label<'_>], value: impl Display) {
        let _ = write!(self.text, "bakkt_migrate_{name}");
        for (place, (label, says)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{label}=\"{says}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.begin(name, kind, help);
        self.value(name, &[], value);
    }

    /// Where the whole migration stands.
    fn add_migration(&mut self, totals: &Totals) -> anyhow::Result<()> {
        self.begin("build_info", "gauge", "The version of the program.");
        self.value("build_info", &[("version", &env!("CARGO_PKG_VERSION"))], 1);
        self.one("rows", "gauge", "Rows read from the exports.", totals.read);
        self.begin("records", "gauge", "Rows by verdict.");
        self.add_each(
            "records",
            "verdict",
            &serde_json::to_value(&totals.verdicts)?,
            &[],
        );
        self.begin(
            "tasks",
            "gauge",
            "Tasks of the migration by kind and state.",
        );
        if let Value::Object(kinds) = serde_json::to_value(&totals.tasks)? {
            for (kind, states) in &kinds {
                self.add_each("tasks", "state", states, &[("kind", kind)]);
            }
        }
        self.one(
            "gaps_open",
            "gauge",
            "Gaps that are open.",
            totals.gaps.open,
        );
        self.begin(
            "findings",
            "gauge",
            "Customers with a finding, by its kind.",
        );
        for finding in &totals.findings {
            let labels: [Label<'_>; 2] = [("kind", &finding.kind), ("action", &finding.action)];
            self.value("findings", &labels, finding.count);
        }
        let balanced = u8::from(totals.balanced);
        self.one(
            "balanced",
            "gauge",
            "Whether every row and task is accounted for.",
            balanced,
        );
        Ok(())
    }

    /// A value for each key of an object.
    fn add_each(&mut self, name: &str, label: &'static str, object: &Value, more: &[Label<'_>]) {
        for (key, value) in object.as_object().into_iter().flatten() {
            // What was planned is the sum of the states.
            if key == "planned" || !value.is_number() {
                continue;
            }
            let labels: Vec<Label<'_>> = more.iter().copied().chain([(label, key as _)]).collect();
            self.value(name, &labels, value);
        }
    }

    /// What this run has done, and does now.
    fn add_run(&mut self, sources: &Sources) {
        let counters = &sources.counters;
        self.one(
            "run_tasks",
            "gauge",
            "Tasks to do in this run.",
            counters.total.get(),
        );
        self.begin(
            "run_tasks_done_total",
            "counter",
            "Tasks that this run is done with, by outcome.",
        );
        for (outcome, counter) in [
            ("accepted", &counters.accepted),
            ("refused", &counters.refused),
            ("gave_up", &counters.gave_up),
            ("held", &counters.held),
        ] {
            self.value(
                "run_tasks_done_total",
                &[("outcome", &outcome)],
                counter.get(),
            );
        }
        let help = "Tasks whose outcome is unknown now.";
        self.one("run_tasks_in_doubt", "gauge", help, counters.in_doubt.get());
        let help = "Of these, tasks that rest until they are asked about.";
        let resting = counters.resting().map_or(0, |resting| resting.count);
        self.one("run_tasks_resting", "gauge", help, resting);
        let help = "Requests that wait for the rate now.";
        self.one(
            "run_requests_waiting",
            "gauge",
            help,
            counters.waiting.get(),
        );
        self.begin(
            "run_answers_total",
            "counter",
            "Answers of this run by HTTP status; none: no answer came; unsent: no connection was made.",
        );
        for (answer, count) in sources.answers.all() {
            self.value("run_answers_total", &[("code", &answer)], count);
        }
        self.begin(
            "rate_limit_per_second",
            "gauge",
            "The rate under [limits] by kind of call; absent where it is unlimited.",
        );
        let limits = &sources.limits;
        for (call, rate) in [
            ("create", limits.create),
            ("lookup", limits.lookup),
            ("upload", limits.upload),
            ("kyb", limits.kyb),
        ] {
            if let Rate::Per { count, per } = rate {
                let rate = f64::from(count) / per.as_secs_f64();
                self.value("rate_limit_per_second", &[("call", &call)], rate);
            }
        }
        let slowed = u8::from(!counters.back_pressure().is_empty());
        let help =
            "Whether the server refuses for the rate, so that less is sent than [limits] allow.";
        self.one("run_slowed", "gauge", help, slowed);
        let help = "When a task was done with last, in seconds since 1970.";
        let last = sources.progress.load(Ordering::Relaxed);
        self.one("run_last_progress_timestamp_seconds", "gauge", help, last);
    }
}
