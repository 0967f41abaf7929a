//! Instruments of the library for the metrics of the table.
//!
//! Owner of how one table answers all instruments of one collection: the library asks for each by itself. Left out on
//! purpose: what the metrics are, and their values.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;

use super::scope;
use crate::metrics::table::{Metric, MetricKind, MetricSamples, MetricTable, PREFIX, Sample};

/// Makes an instrument for each metric.
pub(super) fn register(
    meters: &SdkMeterProvider,
    metrics: &'static [Metric],
    table: Arc<MetricTable>,
) {
    let meter = meters.meter_with_scope(scope());
    let collected = Arc::new(Mutex::new(Collected::of(table)));
    for metric in metrics {
        let name = format!("{PREFIX}{}", metric.name);
        let collected = collected.clone();
        let samples = move || {
            let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
            let samples = collected.samples(metric.name);
            samples
                .into_iter()
                .map(|sample| (sample.value, labels(sample)))
        };
        match metric.kind {
            MetricKind::Counter => {
                let counter = meter.u64_observable_counter(name);
                let counter = counter
                    .with_description(metric.help)
                    .with_callback(move |to| {
                        samples().for_each(|(value, labels)| to.observe(value as u64, &labels));
                    });
                let _ = counter.build();
            }
            MetricKind::Gauge => {
                let gauge = meter.u64_observable_gauge(name);
                let gauge = gauge
                    .with_description(metric.help)
                    .with_callback(move |to| {
                        samples().for_each(|(value, labels)| to.observe(value as u64, &labels));
                    });
                let _ = gauge.build();
            }
            MetricKind::FractionGauge => {
                let gauge = meter.f64_observable_gauge(name);
                let gauge = gauge
                    .with_description(metric.help)
                    .with_callback(move |to| {
                        samples().for_each(|(value, labels)| to.observe(value, &labels));
                    });
                let _ = gauge.build();
            }
        }
    }
}

fn labels(sample: Sample) -> Vec<KeyValue> {
    let labels = sample.labels.into_iter();
    labels
        .map(|(name, says)| KeyValue::new(name, says))
        .collect()
}

/// The table of one collection. Whoever asks for a metric a second time asks in the next collection.
struct Collected {
    table: Arc<MetricTable>,
    made: Vec<MetricSamples>,
    asked: HashSet<&'static str>,
}

impl Collected {
    fn of(table: Arc<MetricTable>) -> Collected {
        Collected {
            table,
            made: Vec::new(),
            asked: HashSet::new(),
        }
    }

    /// The values of a metric; none while there is no plan.
    fn samples(&mut self, name: &'static str) -> Vec<Sample> {
        let is_next = self.asked.is_empty() || self.asked.contains(name);
        if is_next {
            self.asked.clear();
            self.made = (self.table)().unwrap_or_default();
        }
        self.asked.insert(name);
        let metric = self.made.iter_mut().find(|made| made.metric.name == name);
        metric.map_or_else(Vec::new, |metric| std::mem::take(&mut metric.samples))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const fn gauge(name: &'static str) -> Metric {
        Metric {
            name,
            kind: MetricKind::Gauge,
            help: "",
        }
    }

    static METRICS: [Metric; 2] = [gauge("a"), gauge("b")];

    #[test]
    fn a_table_is_made_once_for_a_collection() {
        let made = Arc::new(AtomicU64::new(0));
        let table = made.clone();
        let mut collected = Collected::of(Arc::new(move || {
            let value = table.fetch_add(1, Ordering::Relaxed) as f64;
            let samples = |metric| MetricSamples {
                metric,
                samples: vec![Sample {
                    labels: Vec::new(),
                    value,
                }],
            };
            Ok(METRICS.iter().map(samples).collect())
        }));
        for wanted in [0.0, 1.0, 2.0] {
            for name in ["a", "b"] {
                assert_eq!(collected.samples(name)[0].value, wanted, "{name}");
            }
        }
        assert_eq!(made.load(Ordering::Relaxed), 3);
    }
}
