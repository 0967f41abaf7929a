//! The samples as partners deliver them, all at once: fixed width in EBCDIC with packed decimals, JSON lines, zip archives, OpenPGP,
//! and all of it with the documents in an S3 server.
//!
//! Owner of three proofs: the same payloads, documents and report as from the plain files; nothing in plain on the disk meanwhile;
//! and a run that is killed in the middle sends everything once.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{files_below, harbor, same_migration, sample, table, with_store};
use crate::commands::encrypted::{ENCRYPT, FIRM, Keys};
use crate::crash::world::payload_hashes_of;
use crate::delivered::{fixed_width, json_of_rows, zipped};
use crate::support::stores::{Kind, Store};
use crate::support::{Running, SandboxProcess, copy_folder, json_of, wait_for};

fn rows_of(file: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).from_path(file).unwrap();
    let rows = reader.into_records().map(|row| {
        let row = row.unwrap();
        row.iter().map(str::to_owned).collect::<Vec<_>>()
    });
    // Those that code page 1140 can write.
    let is_latin = |row: &Vec<String>| row.iter().all(|cell| cell.chars().all(|c| c <= '\u{ff}'));
    rows.filter(is_latin).collect()
}

/// A file as a partner sends it: in a zip archive with a file that is not meant, encrypted.
fn sealed(keys: &Keys, folder: &Path, member: &str, bytes: &[u8]) -> Vec<u8> {
    let plain = folder.join("plain.zip");
    fs::write(&plain, zipped(&[(member, bytes), ("README.txt", b"hello")])).unwrap();
    let encrypted = keys.written(&plain, &ENCRYPT);
    fs::remove_file(plain).unwrap();
    encrypted
}

/// A delivery, ready to be run, and values that must not be seen.
struct Delivered {
    dir: PathBuf,
    needles: Vec<String>,
    environment: Vec<(&'static str, String)>,
}

/// Settings that read the delivery, keys, and a place for temporary files.
fn delivered(dir: PathBuf, keys: &Keys, settings: String, needles: Vec<String>) -> Delivered {
    let key = dir.join("firm.asc");
    fs::write(&key, keys.gpg(&["--armor", "--export-secret-keys", FIRM])).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let settings = format!("{settings}\n[openpgp]\nkeys = [\"firm.asc\"]\n");
    fs::write(dir.join("migration.toml"), settings).unwrap();
    let temporary = dir.join("tmp");
    fs::create_dir(&temporary).unwrap();
    Delivered {
        environment: vec![("TMPDIR", temporary.display().to_string())],
        dir,
        needles,
    }
}

/// Values of some columns that are long enough not to be met by chance.
fn values(rows: &[Vec<String>], columns: &[&str]) -> Vec<String> {
    let places: Vec<usize> = columns
        .iter()
        .map(|column| rows[0].iter().position(|name| name == column).unwrap())
        .collect();
    let cells = rows[1..].iter();
    let cells = cells.flat_map(|row| places.iter().map(|place| row[*place].clone()));
    cells.filter(|cell| cell.len() >= 9).collect()
}

const AMOUNTS: [&str; 5] = [
    "NET_INCOME",
    "LIQUID_WORTH",
    "NET_WORTH",
    "DAILY_VOLUME",
    "DAILY_NOTIONAL",
];

/// Harbor: accounts of fixed width, owners as JSON lines, the manifest as it is; all zipped, encrypted and stored.
fn harbor_delivered(store: &Store, keys: &Keys, folder: &Path) -> Delivered {
    let dir = harbor(folder, "harbor-delivered");
    let (accounts, owners) = (
        rows_of(&dir.join("accounts.csv")),
        rows_of(&dir.join("owners.csv")),
    );
    let mut needles = values(&accounts, &["LEGAL_NAME", "EMAIL", "EIN"]);
    needles.extend(values(&owners, &["EMAIL", "TAX_ID"]));
    let (data, copybook) = fixed_width(&accounts, &AMOUNTS, &[]);
    fs::write(dir.join("accounts.cpy"), copybook).unwrap();
    let mut settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let manifest = fs::read(dir.join("documents.csv")).unwrap();
    for (name, bytes, more) in [
        (
            "accounts.csv",
            data,
            "encoding = \"cp1140\"\nlayout = \"accounts.cpy\"\nmember = \"*.dat\"\n",
        ),
        (
            "owners.csv",
            json_of_rows(&owners),
            "member = \"*.jsonl\"\n",
        ),
    ] {
        let inside = if name == "accounts.csv" {
            "custmast.dat"
        } else {
            "owners.jsonl"
        };
        let key = format!("in/{name}.zip.pgp");
        store.put(&key, &sealed(keys, folder, inside, &bytes));
        let written = format!("file = \"{}\"\n{more}", store.url(&key));
        settings = settings.replace(&format!("file = \"{name}\"\n"), &written);
        fs::remove_file(dir.join(name)).unwrap();
    }
    // A manifest has no `member`: its archive holds it alone.
    let plain = folder.join("manifest.zip");
    fs::write(&plain, zipped(&[("documents.csv", &manifest)])).unwrap();
    store.put("in/documents.zip.pgp", &keys.written(&plain, &ENCRYPT));
    fs::remove_file(plain).unwrap();
    fs::remove_file(dir.join("documents.csv")).unwrap();
    store.put_folder("in/documents", &dir.join("documents"));
    fs::remove_dir_all(dir.join("documents")).unwrap();
    needles.push("%PDF-1.".to_owned());
    settings = settings
        .replace(
            "\"documents.csv\"",
            &format!("\"{}\"", store.url("in/documents.zip.pgp")),
        )
        .replace(
            "root = \"documents\"",
            &format!("root = \"{}\"", store.url("in/documents")),
        );
    delivered(dir, keys, settings, needles)
}

/// Acme: one export of fixed width, zipped, encrypted and stored; and the plain sample of the same rows.
fn acme_delivered(store: &Store, keys: &Keys, folder: &Path) -> (PathBuf, Delivered) {
    let (plain, dir) = (folder.join("acme-plain"), folder.join("acme-delivered"));
    copy_folder(&sample("acme"), &plain);
    copy_folder(&sample("acme"), &dir);
    let mut rows = rows_of(&plain.join("export.csv"));
    // What is no number cannot be written as one: "see file", "many".
    let numbers: Vec<usize> = ["ANN_INCOME", "YRS_EMPL"]
        .iter()
        .map(|column| rows[0].iter().position(|name| name == column).unwrap())
        .collect();
    let header = rows.remove(0);
    rows.retain(|row| {
        let cells = numbers.iter().map(|place| &row[*place]);
        let mut all = cells.flat_map(|cell| cell.chars());
        all.all(|c| c.is_ascii_digit() || matches!(c, '$' | ',' | '.' | '(' | ')'))
    });
    rows.insert(0, header);
    fs::write(plain.join("export.csv"), crate::delivered::csv_of(&rows)).unwrap();
    fs::remove_file(dir.join("export.csv")).unwrap();
    let needles = values(&rows, &["SSN", "EMAIL"]);
    let (data, copybook) = fixed_width(
        &rows,
        &["ANN_INCOME", "NET_WORTH", "LIQ_NET_WORTH"],
        &["YRS_EMPL"],
    );
    fs::write(dir.join("custmast.cpy"), copybook).unwrap();
    store.put("in/acme.pgp", &sealed(keys, folder, "custmast.dat", &data));
    let settings = fs::read_to_string(dir.join("migration.toml")).unwrap();
    let file = format!(
        "file = \"{}\"\nencoding = \"cp1140\"\nlayout = \"custmast.cpy\"\nmember = \"*.dat\"\n",
        store.url("in/acme.pgp")
    );
    let settings = settings.replace("file = \"export.csv\"\n", &file);
    (plain, delivered(dir, keys, settings, needles))
}

/// Where a value of a customer stands in plain: in a file of the folder, or in one without a name that the process has open.
fn seen(delivered: &Delivered, process: Option<u32>) -> Vec<String> {
    // What a person keeps there: settings, mappings, and the report, which has no values either.
    let mut files = Vec::new();
    files_below(&delivered.dir, &mut files);
    let open = process.into_iter().flat_map(|process| {
        let open = fs::read_dir(format!("/proc/{process}/fd"));
        open.into_iter().flatten().flatten()
    });
    // What is gone meanwhile cannot be opened.
    let named = files.into_iter().map(|path| (File::open(&path).ok(), path));
    let open = open.map(|entry| (on_disk(&entry.path()), entry.path()));
    let mut found = Vec::new();
    for (file, path) in named.chain(open) {
        let mut bytes = Vec::new();
        let read = file.map(|mut file| file.read_to_end(&mut bytes));
        if !matches!(read, Some(Ok(_))) {
            continue;
        }
        for needle in &delivered.needles {
            if memchr::memmem::find(&bytes, needle.as_bytes()).is_some() {
                found.push(format!("{needle} in {}", path.display()));
            }
        }
    }
    found
}

/// What another process has open, when it stands on a disk. It is opened before it is judged: by then its number may belong to
/// something else, such as a pipe from which nobody else may read, or memory.
fn on_disk(open: &Path) -> Option<File> {
    let waits_not = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut options = File::options();
    let file = options.read(true).custom_flags(waits_not).open(open).ok()?;
    let target = fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    let target = target.display().to_string();
    let stands =
        target.starts_with('/') && !target.starts_with("/dev/") && !target.starts_with("/memfd:");
    stands.then_some(file)
}

fn command(store: &Store, delivered: &Delivered) -> Command {
    let mut command = with_store(store);
    let environment = delivered.environment.iter();
    command.envs(environment.map(|(name, value)| (name, value)));
    command
}

#[test]
fn the_samples_are_the_same_however_they_are_delivered() {
    let (Some(store), Some(keys)) = (Store::start(Kind::S3), Keys::new()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (plain, acme) = acme_delivered(&store, &keys, folder.path());
    let environment = acme.environment.clone();
    same_migration(&plain, (&store, &acme.dir), &environment);
    assert_eq!(seen(&acme, None), Vec::<String>::new());
    let plain = harbor(folder.path(), "harbor-plain");
    let harbor = harbor_delivered(&store, &keys, folder.path());
    let environment = harbor.environment.clone();
    same_migration(&plain, (&store, &harbor.dir), &environment);
    assert_eq!(seen(&harbor, None), Vec::<String>::new());
    assert!(table(&harbor.dir, "reconciliation.csv").len() >= 40);
}

#[test]
fn nothing_of_a_delivery_stands_on_the_disk_while_it_runs() {
    let (Some(store), Some(keys)) = (Store::start(Kind::S3), Keys::new()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let harbor = harbor_delivered(&store, &keys, folder.path());
    let sandbox = SandboxProcess::start(&harbor.dir, "latency_ms = 20\n");
    let mut run = command(&store, &harbor);
    run.arg("run").arg(&harbor.dir);
    run.args(["--quiet", "--base-url", &sandbox.base_url()]);
    let mut run = Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
    let process = run.0.id();
    let (mut scans, mut spools, mut found) = (0, 0, Vec::new());
    let stopped = AtomicBool::new(false);
    while !stopped.load(Ordering::Relaxed) {
        let ended = run.ended();
        let open = fs::read_dir(format!("/proc/{process}/fd"));
        let open = open.into_iter().flatten().flatten();
        let deleted = open.filter(|entry| {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            target.display().to_string().ends_with("(deleted)")
        });
        spools = spools.max(deleted.count());
        found.extend(seen(&harbor, ended.is_none().then_some(process)));
        scans += 1;
        if let Some(code) = ended {
            assert!(matches!(code, 0 | 3), "{code}");
            stopped.store(true, Ordering::Relaxed);
        }
    }
    assert_eq!(found, Vec::<String>::new());
    // It was looked at while it ran, and what it had fetched and decrypted was there to be seen.
    assert!(scans > 3 && spools >= 3, "{scans} scans, {spools} spools");
    assert!(sandbox.count("documents") > 100);
}

#[test]
fn a_run_from_a_storage_that_is_killed_goes_on() {
    let (Some(store), Some(keys)) = (Store::start(Kind::S3), Keys::new()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let delivered = harbor_delivered(&store, &keys, folder.path());
    let settings = delivered.dir.join("migration.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let text = format!(
        "{text}\n[retry]\nrequest_timeout = \"3s\"\nupload_timeout = \"3s\"\nsettle_after = \"3100ms\"\nbackoff_first = \"20ms\"\nbackoff_most = \"200ms\"\n"
    );
    fs::write(&settings, text).unwrap();
    let planned = payload_hashes_of(command(&store, &delivered), &delivered.dir);
    let sandbox = SandboxProcess::start(&delivered.dir, "latency_ms = 20\n");
    let run = |limit: Option<&str>| {
        let mut run = command(&store, &delivered);
        run.arg("run").arg(&delivered.dir);
        run.args(["--json", "--base-url", &sandbox.base_url()]);
        run.args(limit.iter().flat_map(|limit| ["--limit", limit]));
        run
    };
    // While objects are fetched and decrypted, in the middle of accounts, and in the middle of documents.
    let kills: [(&str, &dyn Fn() -> bool); 4] = [
        ("the export is fetched", &|| {
            store.log().contains("GET /delivered/in/owners.csv")
        }),
        ("documents are read", &|| {
            store.log().contains("GET /delivered/in/documents/")
        }),
        ("accounts are sent", &|| sandbox.count("posts") >= 5),
        ("documents are sent", &|| sandbox.count("documents") >= 20),
    ];
    for (what, has_come) in kills {
        // Limited, so that there is something left however late the kill comes.
        let mut run = run(Some("60"));
        let mut run = Running::start(run.stdout(Stdio::null()).stderr(Stdio::null()));
        wait_for(what, || (has_come() || run.ended().is_some()).then_some(()));
        run.kill();
    }
    let (totals, code) = json_of(&mut run(None));
    assert!(matches!(code, 0 | 3), "{totals}");
    let ledger = sandbox.ledger();
    assert_eq!(ledger.complaints(&planned), Vec::<String>::new());
    assert!(ledger.documents.len() > 100);
    assert!(
        ledger
            .documents
            .values()
            .all(|document| document.uploads_made == 1)
    );
    let mut verify = command(&store, &delivered);
    verify.arg("verify").arg(&delivered.dir);
    verify.args(["--json", "--base-url", &sandbox.base_url()]);
    let (verified, code) = json_of(&mut verify);
    assert!(matches!(code, 0 | 3), "{verified}");
}
