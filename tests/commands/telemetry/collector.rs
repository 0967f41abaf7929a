//! A small collector: it takes everything, and decodes it with the messages of the specification.

use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::commands::world::read_whole_request;

/// A request as it came.
#[derive(Clone)]
pub struct Export {
    pub head: String,
    pub body: Vec<u8>,
}

/// A collector that takes everything.
pub struct Collector {
    pub url: String,
    exports: Arc<Mutex<Vec<Export>>>,
}

impl Collector {
    pub fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let exports: Arc<Mutex<Vec<Export>>> = Arc::default();
        let taken = exports.clone();
        // Ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let mut reader = BufReader::new(stream);
                let export = export(&mut reader);
                taken.lock().unwrap().push(export);
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = reader.get_mut().write_all(answer.as_bytes());
            }
        });
        Collector { url, exports }
    }

    pub fn exports(&self) -> Vec<Export> {
        self.exports.lock().unwrap().clone()
    }

    /// The bodies that came to a path.
    pub fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let line = format!("POST {path} HTTP/1.1\r\n");
        let all = self.exports().into_iter();
        let those = all.filter(|export| export.head.starts_with(&line));
        those.map(|export| export.body).collect()
    }

    /// The metrics that came last, by name with labels, and what was said of the process.
    pub fn metrics(&self) -> Option<(BTreeMap<String, f64>, BTreeMap<String, String>)> {
        let body = self.bodies("/v1/metrics").pop()?;
        let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
        let [resource] = request.resource_metrics.as_slice() else {
            panic!("{request:?}");
        };
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        let metrics = resource
            .scope_metrics
            .iter()
            .flat_map(|scope| &scope.metrics);
        let mut values = BTreeMap::new();
        for metric in metrics {
            let points = match metric.data.as_ref().unwrap() {
                metric::Data::Gauge(gauge) => &gauge.data_points,
                metric::Data::Sum(sum) if sum.is_monotonic => &sum.data_points,
                other => panic!("{other:?}"),
            };
            for point in points {
                let value = match point.value.unwrap() {
                    number_data_point::Value::AsInt(value) => value as f64,
                    number_data_point::Value::AsDouble(value) => value,
                };
                let labels = words(&point.attributes);
                let labels: Vec<_> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
                let name = metric.name.strip_prefix("bakkt_migrate_").unwrap();
                values.insert(format!("{name}{{{}}}", labels.join(",")), value);
            }
        }
        Some((values, words(attributes)))
    }

    /// All spans that came.
    pub fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies("/v1/traces");
        let requests = bodies
            .iter()
            .map(|body| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
        requests
            .flat_map(|request| request.resource_spans)
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// The exit code that the span of the run has.
    pub fn exit_code(&self) -> String {
        let spans = self.spans();
        let run = spans.iter().find(|span| span.name == "run").unwrap();
        words(&run.attributes)["bakkt_migrate.exit_code"].clone()
    }
}

/// Reads one request.
fn export(reader: &mut BufReader<TcpStream>) -> Export {
    let (head, mut body) = read_whole_request(reader);
    if head.to_lowercase().contains("content-encoding: gzip") {
        let packed = std::mem::take(&mut body);
        let mut unpacking = flate2::read::GzDecoder::new(packed.as_slice());
        unpacking.read_to_end(&mut body).unwrap();
    }
    Export { head, body }
}

fn words(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let word = |pair: &KeyValue| {
        let says = match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(any_value::Value::StringValue(says)) => says.clone(),
            Some(any_value::Value::IntValue(says)) => says.to_string(),
            other => panic!("{other:?}"),
        };
        (pair.key.clone(), says)
    };
    attributes.iter().map(word).collect()
}
