//! Metrics as a table, from which every form of them is made.
//!
//! Owner of what a metric and a sample are, and of the text format of Prometheus. Invariant: what is named here has the same name,
//! kind and help in every form. Left out on purpose: which metrics there are, and where their values come from.

use std::fmt::Write;

/// What the names of all metrics begin with.
pub const PREFIX: &str = "bakkt_migrate_";

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows for as long as a run lasts.
    Counter,
    /// It goes up and down; a whole number.
    Gauge,
    /// It goes up and down, and may be a fraction.
    FractionGauge,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name, without [`PREFIX`].
    pub name: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// What it says, in a sentence.
    pub help: &'static str,
}

/// One value of a metric. What labels say are words and numbers of this program, which need no escapes.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Names of labels, and what they say.
    pub labels: Vec<(&'static str, String)>,
    /// Exact for whole numbers up to 2^53.
    pub value: f64,
}

/// A metric with its values of one instant.
#[derive(Clone, Debug)]
pub struct MetricSamples {
    /// The metric.
    pub metric: &'static Metric,
    /// One for each combination of labels.
    pub samples: Vec<Sample>,
}

/// Makes the table of this instant. It may wait for the disk.
pub type MetricTable = dyn Fn() -> anyhow::Result<Vec<MetricSamples>> + Send + Sync;

/// The table in the text format of Prometheus.
pub fn page(table: &[MetricSamples]) -> String {
    let mut text = String::new();
    for MetricSamples { metric, samples } in table {
        let Metric { name, kind, help } = metric;
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge | MetricKind::FractionGauge => "gauge",
        };
        let _ = writeln!(text, "# HELP {PREFIX}{name} {help}");
        let _ = writeln!(text, "# TYPE {PREFIX}{name} {kind}");
        for sample in samples {
            let _ = write!(text, "{PREFIX}{name}");
            for (place, (label, says)) in sample.labels.iter().enumerate() {
                let before = if place == 0 { '{' } else { ',' };
                let _ = write!(text, "{before}{label}=\"{says}\"");
            }
            let end = if sample.labels.is_empty() { "" } else { "}" };
            let _ = writeln!(text, "{end} {}", sample.value);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: Metric = Metric {
        name: "rows",
        kind: MetricKind::Gauge,
        help: "Rows.",
    };
    static DONE: Metric = Metric {
        name: "done_total",
        kind: MetricKind::Counter,
        help: "Tasks.",
    };

    #[test]
    fn a_page_has_each_metric_once_and_whole_numbers_without_a_point() {
        let samples = |all: &[(&[(&'static str, &str)], f64)]| {
            let sample = |(labels, value): &(&[(&'static str, &str)], f64)| Sample {
                labels: labels
                    .iter()
                    .map(|(name, says)| (*name, (*says).to_owned()))
                    .collect(),
                value: *value,
            };
            all.iter().map(sample).collect()
        };
        let table = [
            MetricSamples {
                metric: &ROWS,
                samples: samples(&[(&[], 1_790_000_000.0)]),
            },
            MetricSamples {
                metric: &DONE,
                samples: samples(&[
                    (&[("kind", "account"), ("state", "open")], 2.5),
                    (&[("kind", "kyb")], 0.0),
                ]),
            },
        ];
        assert_eq!(
            page(&table),
            "# HELP bakkt_migrate_rows Rows.\n# TYPE bakkt_migrate_rows gauge\nbakkt_migrate_rows 1790000000\n\
             # HELP bakkt_migrate_done_total Tasks.\n# TYPE bakkt_migrate_done_total counter\n\
             bakkt_migrate_done_total{kind=\"account\",state=\"open\"} 2.5\nbakkt_migrate_done_total{kind=\"kyb\"} 0\n"
        );
    }
}
