//! How fast rows become payloads: one row, and the check of a whole export.
//!
//! Owner: whoever changes mapping or assessment. The customers are the generator's, so the numbers can be compared from
//! one machine-day to another with the same seed. Left out on purpose: a limit that fails anything.

#[path = "../examples/generate/export/mod.rs"]
mod export;

use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::Path;

use bakkt_files::progress::Mode;
use bakkt_folder::migration::{Binding, Migration, today};
use bakkt_mapping::pipeline::{JoinedRowSource, Worker};
use bakkt_migrate::cli::{CheckArgs, ReplaceArgs, ShardArgs};
use bakkt_model::position::Position;
use bakkt_source::{Row, Rows};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ROWS: u64 = 20_000;

/// A migration of so many generated customers.
fn folder(rows: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
    for name in ["migration.toml", "mapping.toml"] {
        std::fs::copy(sample.join(name), dir.path().join(name)).expect("the sample");
    }
    let file = File::create(dir.path().join("export.csv")).expect("an export");
    let recipe = export::Recipe {
        rows,
        seed: 7,
        clean: false,
    };
    export::write(&recipe, &mut BufWriter::new(file)).expect("an export");
    dir
}

fn row_to_payload(c: &mut Criterion) {
    let dir = folder(1000);
    let settings = bakkt_folder::migration::settings(dir.path()).expect("settings");
    let binding = Binding {
        key: [7; 32],
        as_of: today(),
        layers: Vec::new(),
    };
    let migration = Migration::open(settings, binding, &mut |_| Ok(())).expect("a migration");
    let mut rows = Rows::default();
    let mut pass = migration.pipeline.export.pass();
    pass.read_batch(&mut rows, 1000).expect("rows");
    let rows: Vec<(Position, Row<'_>)> = rows.iter().collect();
    let mut worker = Worker::default();
    let mut group = c.benchmark_group("row to payload");
    group.throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("1,000 rows, one thread", |b| {
        b.iter(|| {
            for (at, row) in &rows {
                let prepared =
                    worker.prepare(&migration.pipeline, row, *at, JoinedRowSource::Index);
                black_box(prepared.unwrap().unwrap().payload.len());
            }
        });
    });
    group.finish();
}

fn check(c: &mut Criterion) {
    let dir = folder(ROWS);
    let args = CheckArgs {
        dir: dir.path().to_owned(),
        gaps: None,
        payloads: None,
        replacing: ReplaceArgs { replace: true },
        findings: None,
        shards: ShardArgs::default(),
        json: true,
    };
    let mut group = c.benchmark_group("check");
    group.throughput(Throughput::Elements(ROWS)).sample_size(20);
    group.bench_function("20,000 rows, all cores", |b| {
        b.iter(|| bakkt_migrate::commands::check::run(&args, Mode::Quiet).expect("a check"));
    });
    group.finish();
}

criterion_group!(benches, row_to_payload, check);
criterion_main!(benches);
