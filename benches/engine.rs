//! How fast the engine is without a network: intents and outcomes in the journal, and a small run from end to end.
//!
//! Owner: whoever changes the journal or the loop. The first number is mostly the disk's: every batch is one durable
//! commit. Left out on purpose: a limit that fails anything.

#[path = "../examples/generate/export/mod.rs"]
mod export;

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use bakkt_files::progress::Mode;
use bakkt_journal::write::PlannedRow;
use bakkt_journal::{Journal, now};
use bakkt_migrate::cli::{RunArgs, ShardArgs, TargetArgs};
use bakkt_model::state::State;
use bakkt_model::task::{AccountFacts, Change, PriorAccount, TaskKind, Transition};
use bakkt_model::verdict::Verdict;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const TASKS: usize = 2048;
const ACCOUNTS: u64 = 1000;

/// A journal with a plan of so many open tasks.
fn planned(folder: &Path) -> Journal {
    let mut journal = Journal::open(folder).expect("a journal");
    journal.begin_plan("2026-01-01").expect("a plan");
    let file = journal.add_file("export.csv", "accounts").expect("a file");
    let ids: Vec<String> = (0..TASKS).map(|n| format!("C{n:08}")).collect();
    let hash = [7; 16];
    let rows = ids.iter().enumerate().map(|(n, id)| PlannedRow {
        file,
        row: n as u64 + 2,
        offset: n as u64 * 300,
        length: 300,
        client_id: Some(id),
        verdict: Verdict::Ready,
        reason: None,
        hash: Some(&hash),
        fixed: None,
        person: None,
        agreements: None,
        owners: None,
        carried: None,
        gaps: &[],
        parts: &[],
        elements: &[],
    });
    journal.add_rows((1..).zip(rows)).expect("rows");
    journal.finish_plan(&[], &[], &[]).expect("a plan");
    journal
}

/// Every task from open to accepted: the outcomes of one batch share a transaction with the intents of the next.
fn record(journal: &mut Journal, batch: usize) {
    let tasks = journal
        .pick(TaskKind::Account, State::Open, 0, TASKS, false)
        .expect("open tasks");
    let mut changes: Vec<Change> = Vec::new();
    for tasks in tasks.chunks(batch) {
        let at = now();
        changes.extend(tasks.iter().map(|task| Change {
            task: task.id,
            at,
            what: Transition::Intend { hash: task.hash },
        }));
        journal.commit(&changes).expect("a commit");
        changes.clear();
        changes.extend(tasks.iter().map(|task| Change {
            task: task.id,
            at,
            what: Transition::Accept {
                answer: "200".to_owned(),
                account: AccountFacts {
                    id: format!("bk-{}", task.client_id),
                    status: "PENDING".to_owned(),
                    created_at: "2026-01-01T00:00:00Z".to_owned(),
                },
                existed: PriorAccount::No,
            },
        }));
    }
    journal.commit(&changes).expect("a commit");
}

fn journal(c: &mut Criterion) {
    let mut group = c.benchmark_group("intent and outcome in the journal");
    group
        .throughput(Throughput::Elements(TASKS as u64))
        .sample_size(10);
    for batch in [8, 32, 128] {
        group.bench_function(BenchmarkId::new("tasks per commit", batch), |b| {
            b.iter_batched(
                || {
                    let dir = tempfile::tempdir().expect("a temporary folder");
                    let journal = planned(dir.path());
                    (dir, journal)
                },
                |(dir, mut journal)| {
                    record(&mut journal, batch);
                    (dir, journal)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// A migration of generated customers, without limits and without looking first.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
    std::fs::copy(sample.join("mapping.toml"), dir.path().join("mapping.toml"))
        .expect("the sample");
    let settings = "[source]\nfile = \"export.csv\"\nmapping = \"mapping.toml\"\n\
        [accounts]\nallow_unissued_tax_ids = true\non_existing = \"update\"\n\
        [limits]\ncreate = \"unlimited\"\nlookup = \"unlimited\"\nin_flight = 128\n";
    std::fs::write(dir.path().join("migration.toml"), settings).expect("settings");
    let file = File::create(dir.path().join("export.csv")).expect("an export");
    let recipe = export::Recipe {
        rows: ACCOUNTS,
        seed: 7,
        clean: true,
    };
    export::write(&recipe, &mut BufWriter::new(file)).expect("an export");
    dir
}

fn run(c: &mut Criterion) {
    let mut group = c.benchmark_group("run");
    group
        .throughput(Throughput::Elements(ACCOUNTS))
        .sample_size(10);
    group.bench_function("1,000 customers, sandbox in the same process", |b| {
        b.iter_batched(
            folder,
            |dir| {
                let args = RunArgs {
                    head: bakkt_migrate::cli::HeadArgs::default(),
                    dir: dir.path().to_owned(),
                    target: TargetArgs {
                        sandbox: true,
                        base_url: None,
                        shards: ShardArgs::default(),
                    },
                    sandbox_config: None,
                    key: None,
                    yes: false,
                    rehash: false,
                    limit: None,
                    only: None,
                    registry: None,
                    metrics_listen: None,
                    done_is_zero: false,
                    json: true,
                };
                let output = bakkt_migrate::commands::run::run(&args, Mode::Quiet).expect("a run");
                assert_eq!(output.code, 0, "{}", output.text);
                dir
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, journal, run);
criterion_main!(benches);
