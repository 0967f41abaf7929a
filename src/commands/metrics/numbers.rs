//! The numbers of a run and of its migration: the one table from which the page for Prometheus and the OpenTelemetry export are made.
//!
//! Owner of the names of the metrics and of where their values come from: those of the migration from the journal's counters, those
//! of the run from memory. Invariant: nothing but numbers and words of this program is in the table. Left out on purpose: the
//! forms in which it leaves (`engine::metrics::table`, `engine::telemetry`).

use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::commands::report::View;
use bakkt_engine::api::AnswerCounts;
use bakkt_engine::metrics::table::{Metric, MetricKind, MetricSamples, Sample};
use bakkt_engine::submit::RunCounters;
use bakkt_model::limits::{Limits, Rate};
use bakkt_report::Totals;

/// All metrics, in the order of the page.
pub static METRICS: [Metric; 16] = [
    gauge("build_info", "The version of the program."),
    gauge("rows", "Rows read from the exports."),
    gauge("records", "Rows by verdict."),
    gauge("tasks", "Tasks of the migration by kind and state."),
    gauge("gaps_open", "Gaps that are open."),
    gauge("findings", "Customers with a finding, by its kind."),
    gauge("balanced", "Whether every row and task is accounted for."),
    gauge("run_tasks", "Tasks to do in this run."),
    metric(
        "run_tasks_done_total",
        MetricKind::Counter,
        "Tasks that this run is done with, by outcome.",
    ),
    gauge("run_tasks_in_doubt", "Tasks whose outcome is unknown now."),
    gauge(
        "run_tasks_resting",
        "Of these, tasks that rest until they are asked about.",
    ),
    gauge(
        "run_requests_waiting",
        "Requests that wait for the rate now.",
    ),
    metric(
        "run_answers_total",
        MetricKind::Counter,
        "Answers of this run by HTTP status; none: no answer came; unsent: no connection was made.",
    ),
    metric(
        "rate_limit_per_second",
        MetricKind::FractionGauge,
        "The rate under [limits] by kind of call; absent where it is unlimited.",
    ),
    gauge(
        "run_slowed",
        "Whether the server refuses for the rate, so that less is sent than [limits] allow.",
    ),
    gauge(
        "run_last_progress_timestamp_seconds",
        "When a task was done with last, in seconds since 1970.",
    ),
];

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    metric(name, MetricKind::Gauge, help)
}

const fn metric(name: &'static str, kind: MetricKind, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// The numbers of a run that may not have begun to send yet.
pub struct RunNumbers {
    view: View,
    run: OnceLock<(RunSources, Progress)>,
}

/// Where the numbers of the run itself come from.
pub struct RunSources {
    /// Tasks by outcome, and what waits.
    pub counters: Arc<RunCounters>,
    /// Answers by status.
    pub answers: Arc<AnswerCounts>,
    /// The rates under `[limits]`.
    pub limits: Limits,
}

/// When the run came on last.
struct Progress {
    done: AtomicU64,
    /// Seconds since 1970.
    at: AtomicU64,
}

impl RunNumbers {
    /// The numbers of a migration.
    pub fn new(view: View) -> RunNumbers {
        RunNumbers {
            view,
            run: OnceLock::new(),
        }
    }

    /// Counts a run, too. There is one.
    pub(super) fn attach(&self, sources: RunSources) {
        let progress = Progress {
            done: AtomicU64::new(sources.counters.done()),
            at: AtomicU64::new(now()),
        };
        let _ = self.run.set((sources, progress));
    }

    /// Looks whether the run has come on.
    pub(super) fn note_progress(&self) {
        let Some((sources, progress)) = self.run.get() else {
            return;
        };
        let done = sources.counters.done();
        if progress.done.swap(done, Ordering::Relaxed) != done {
            progress.at.store(now(), Ordering::Relaxed);
        }
    }

    /// The table of this instant. Fails while there is no plan.
    pub fn table(&self) -> anyhow::Result<Vec<MetricSamples>> {
        let totals = self.view.totals()?;
        let mut table = Table::new();
        table.add_migration(&totals)?;
        if let Some((sources, progress)) = self.run.get() {
            table.add_run(sources, progress);
        }
        Ok(table.0)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The table that is being made; every metric is in it.
struct Table(Vec<MetricSamples>);

/// A label and what it says.
type Label<'a> = (&'static str, &'a dyn Display);

impl Table {
    fn new() -> Table {
        let empty = |metric| MetricSamples {
            metric,
            samples: Vec::new(),
        };
        Table(METRICS.iter().map(empty).collect())
    }

    /// Adds a value of a metric.
    fn add(&mut self, name: &str, labels: &[Label<'_>], value: u64) {
        self.add_fraction(name, labels, value as f64);
    }

    fn add_fraction(&mut self, name: &str, labels: &[Label<'_>], value: f64) {
        let labels = labels
            .iter()
            .map(|(label, says)| (*label, says.to_string()));
        let sample = Sample {
            labels: labels.collect(),
            value,
        };
        let metric = self.0.iter_mut().find(|known| known.metric.name == name);
        debug_assert!(metric.is_some(), "{name} is not in METRICS");
        if let Some(metric) = metric {
            metric.samples.push(sample);
        }
    }

    /// Where the whole migration stands.
    fn add_migration(&mut self, totals: &Totals) -> anyhow::Result<()> {
        self.add("build_info", &[("version", &env!("CARGO_PKG_VERSION"))], 1);
        self.add("rows", &[], totals.read);
        let verdicts = serde_json::to_value(&totals.verdicts)?;
        self.add_each("records", "verdict", &verdicts, &[]);
        if let Value::Object(kinds) = serde_json::to_value(&totals.tasks)? {
            for (kind, states) in &kinds {
                self.add_each("tasks", "state", states, &[("kind", kind)]);
            }
        }
        self.add("gaps_open", &[], totals.gaps.open);
        for finding in &totals.findings {
            let labels: [Label<'_>; 2] = [("kind", &finding.kind), ("action", &finding.action)];
            self.add("findings", &labels, finding.count);
        }
        self.add("balanced", &[], u64::from(totals.balanced));
        Ok(())
    }

    /// A value for each key of an object.
    fn add_each(&mut self, name: &str, label: &'static str, object: &Value, more: &[Label<'_>]) {
        for (key, value) in object.as_object().into_iter().flatten() {
            // What was planned is the sum of the states.
            if let Some(value) = value.as_u64().filter(|_| key != "planned") {
                let labels = more.iter().copied().chain([(label, key as _)]);
                self.add(name, &labels.collect::<Vec<Label<'_>>>(), value);
            }
        }
    }

    /// What this run has done, and does now.
    fn add_run(&mut self, sources: &RunSources, progress: &Progress) {
        let counters = &sources.counters;
        self.add("run_tasks", &[], counters.total.get());
        for (outcome, counter) in [
            ("accepted", &counters.accepted),
            ("refused", &counters.refused),
            ("gave_up", &counters.gave_up),
            ("held", &counters.held),
        ] {
            let labels: [Label<'_>; 1] = [("outcome", &outcome)];
            self.add("run_tasks_done_total", &labels, counter.get());
        }
        self.add("run_tasks_in_doubt", &[], counters.in_doubt.get());
        let resting = counters.resting().map_or(0, |resting| resting.count);
        self.add("run_tasks_resting", &[], resting);
        self.add("run_requests_waiting", &[], counters.waiting.get());
        for (answer, count) in sources.answers.all() {
            self.add("run_answers_total", &[("code", &answer)], count);
        }
        let limits = &sources.limits;
        for (call, rate) in [
            ("create", limits.create),
            ("lookup", limits.lookup),
            ("upload", limits.upload),
            ("kyb", limits.kyb),
        ] {
            if let Rate::Per { count, per } = rate {
                let rate = f64::from(count) / per.as_secs_f64();
                self.add_fraction("rate_limit_per_second", &[("call", &call)], rate);
            }
        }
        let is_slowed = !counters.back_pressure().is_empty();
        self.add("run_slowed", &[], u64::from(is_slowed));
        let last = progress.at.load(Ordering::Relaxed);
        self.add("run_last_progress_timestamp_seconds", &[], last);
    }
}
