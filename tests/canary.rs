//! The canary scan: a migration of values that occur nowhere else, and a search for them in everything the program
//! leaves behind or says (invariant 8).
//!
//! Owner of the proof that the journal cannot be read against its owner. The one exception, `--payloads`, is what shows
//! that the search finds what is there. Left out on purpose: memory and core dumps.

mod migration;

mod messages;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::needles::{Needles, base64, files_below, hex, sha256, url};
use crate::support::{Running, SandboxProcess, program, wait_for};
use migration::{PLAIN, SETTINGS, export};

const KEY: &str = "canary-key-3kX9vQ7pLm2";

/// What must not be found. The spellings are those of the export, of the payload and of the sandbox's refusals.
const CANARIES: &[&str] = &[
    KEY,
    "Quillonde",
    "Zephyrantha",
    "987-00-4321",
    "987004321",
    "987-00-8642",
    "987008642",
    "1961-11-23",
    "11/23/1961",
    "23 November 1961",
    "19611123",
    "zephyrantha.q@canary.example",
    "id.of.zephyr@canary.example",
    "+15125550147",
    "(512) 555-0147",
    "512-555-0147",
    "512.555.0147",
    "5125550147",
    "4711 Wunderbaum Terrace",
    "Wunderbaum",
    "Kolibri Instruments",
];

struct World {
    folder: tempfile::TempDir,
    needles: Needles,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/acme");
        let dir = folder.path().join("migration");
        fs::create_dir(&dir).unwrap();
        fs::copy(sample.join("mapping.toml"), dir.join("mapping.toml")).unwrap();
        fs::write(dir.join("migration.toml"), SETTINGS).unwrap();
        let header = fs::read_to_string(sample.join("export.csv")).unwrap();
        fs::write(
            dir.join("export.csv"),
            export(header.lines().next().unwrap()),
        )
        .unwrap();
        World {
            folder,
            needles: Needles::new(CANARIES),
        }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("migration")
    }

    fn sandbox(&self, config: &str) -> SandboxProcess {
        // The client's own key is a canary; the sandbox's is not.
        let key = format!("api_key = \"{KEY}\"\n");
        let key = if config.contains("api_key") { "" } else { &key };
        SandboxProcess::start(self.folder.path(), &format!("{key}{config}"))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.env("BAKKT_API_KEY", KEY).arg("-vv");
        command.arg(arguments[0]).arg(self.dir());
        command.args(&arguments[1..]);
        command
    }

    /// Runs a command to its end; nothing that it says may hold a canary.
    fn quiet(&self, arguments: &[&str]) -> Output {
        self.silent(&mut self.command(arguments))
    }

    fn silent(&self, command: &mut Command) -> Output {
        let output = command.output().unwrap();
        for (name, said) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            let found = self.needles.found_in(said);
            let text = String::from_utf8_lossy(said);
            assert!(found.is_empty(), "{command:?}, {name}: {found:#?}\n{text}");
        }
        output
    }

    /// The same of a command that has commands of its own.
    fn quiet_under(&self, name: &str, under: &[&str], arguments: &[&str]) -> Output {
        let mut command = program();
        command.env("BAKKT_API_KEY", KEY).arg("-vv").arg(name);
        command.args(under).arg(self.dir()).args(arguments);
        self.silent(&mut command)
    }

    fn run(&self, sandbox: &SandboxProcess, code: i32) -> Output {
        let output = self.quiet(&["run", "--base-url", &sandbox.base_url()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        output
    }

    /// Looks into every file of the state folder and the report.
    fn search(&self) {
        for folder in [".bakkt-migrate", "report"] {
            let folder = self.dir().join(folder);
            if folder.exists() {
                let found = self.needles.found_below(&folder);
                assert!(found.is_empty(), "{found:#?}");
                private(&folder);
            }
        }
    }

    fn state(&self, name: &str) -> PathBuf {
        self.dir().join(".bakkt-migrate").join(name)
    }
}

/// Files 0600, folders 0700.
fn private(folder: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut folders = vec![folder.to_owned()];
    for file in files_below(folder) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        folders.push(file.parent().unwrap().to_owned());
    }
    for folder in folders {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
}

#[test]
fn the_search_finds_every_disguise() {
    let needles = Needles::new(&["Zephyrantha", "987-00-4321"]);
    let name = "Zephyrantha";
    let whole = |shift: usize| format!("{}{name}, born", &"xyz"[..shift]);
    let mut hidden: Vec<Vec<u8>> = vec![
        name.into(),
        name.to_uppercase().into(),
        "987004321".into(),
        hex(b"<Zephyrantha>").into(),
        hex(b"zephyrantha").to_uppercase().into(),
        url("987-00-4321").into(),
        sha256(name.as_bytes()).to_vec(),
        hex(&sha256(b"ZEPHYRANTHA")).into(),
        blake3::hash(b"987004321").as_bytes().to_vec(),
        blake3::hash(b"zephyrantha").to_hex().to_string().into(),
    ];
    hidden.extend((0..3).map(|shift| base64(whole(shift).as_bytes(), 0).into_bytes()));
    for bytes in hidden {
        let mut hay = b"before ".to_vec();
        hay.extend_from_slice(&bytes);
        hay.extend_from_slice(b" behind");
        assert!(!needles.found_in(&hay).is_empty(), "{}", hex(&bytes));
    }
    assert!(needles.found_in(b"Zephyr and 987-00-43-21").is_empty());
    // The worked example of the standard.
    assert_eq!(
        hex(&sha256(b"abc")),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(base64(b"Man", 0), "TWFu");
}

#[test]
fn a_dry_run_says_nothing_but_what_was_asked_for() {
    let world = World::new();
    let files = world.folder.path();
    let (gaps, payloads) = (files.join("gaps.csv"), files.join("payloads"));
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    world.quiet(&["check"]);
    world.quiet(&["check", "--json"]);
    world.quiet(&["check", "--gaps", &path(&gaps)]);
    world.quiet(&["check", "--payloads", &path(&payloads)]);
    assert!(!world.state("").exists(), "a dry run leaves no state");
    let text = fs::read(&gaps).unwrap();
    assert!(!text.is_empty());
    let found = world.needles.found_in(&text);
    assert!(found.is_empty(), "{found:#?}");
    // The exception, and the proof that the search can find something.
    let text = fs::read(&payloads).unwrap();
    let found = world.needles.found_in(&text);
    for value in [
        "Quillonde",
        "Zephyrantha",
        "987004321",
        "1961-11-23",
        "zephyrantha.q@canary.example",
        "+15125550147",
        "4711 Wunderbaum Terrace",
        "Kolibri Instruments",
    ] {
        let label = format!("{value} as it is");
        assert!(found.contains(&label.as_str()), "{value} in {found:#?}");
    }
    // Blocked ids are in no payload either.
    let ids = Needles::new(&["987-00-8642", "id.of.zephyr@canary.example"]);
    assert!(ids.found_in(&text).is_empty());
    for file in [gaps, payloads] {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
}

#[test]
fn a_run_keeps_nothing() {
    let world = World::new();
    let sandbox = world.sandbox("");
    let output = world.run(&sandbox, 3);
    assert!(!output.stderr.is_empty(), "-vv says something");
    assert!(sandbox.count("accounts") >= PLAIN as u64 - 2);
    world.search();
    assert!(world.state("log.jsonl").exists() && world.state("journal.db").exists());
    for command in [
        &["status"][..],
        &["status", "--json"],
        &["report"],
        &["report", "--json"],
    ] {
        world.quiet(command);
    }
    world.search();
    // Errors about ids and rows: an id that nobody knows, an export that is another by now.
    let only = world.folder.path().join("only");
    let url = sandbox.base_url();
    let named = ["run", "--base-url", &url, "--only", only.to_str().unwrap()];
    let strangers = "id.of.zephyr@canary.example\n987-00-8642\n";
    for (known, code) in [("", 2), ("C00002\n", 3)] {
        fs::write(&only, format!("{known}{strangers}")).unwrap();
        assert_eq!(world.quiet(&named).status.code(), Some(code));
    }
    let export = world.dir().join("export.csv");
    let text = fs::read(&export).unwrap();
    fs::write(&export, &text[..text.len() - 30]).unwrap();
    world.run(&sandbox, 2);
    world.search();
}

#[test]
fn a_refusal_that_repeats_the_customer_leaves_no_trace() {
    for seed in 0..3 {
        let world = World::new();
        let sandbox = world.sandbox(&format!("seed = {seed}\nrefuse = 1.0\n"));
        world.run(&sandbox, 3);
        assert!(sandbox.count("refused") >= PLAIN as u64 - 2);
        world.search();
    }
}

#[test]
fn faults_leave_no_trace() {
    let world = World::new();
    let sandbox = world.sandbox(
        "reset_after = 0.2\nerror_after = 0.2\ntruncated = 0.3\nunreadable = 0.5\nlookup_fail = 0.3\n\
         max_faults_per_id = 2\nexisting = 0.1\n",
    );
    let settings = format!(
        "{SETTINGS}\n[retry]\nrequest_timeout = \"2s\"\nsettle_after = \"2100ms\"\nbackoff_first = \"10ms\"\nbackoff_most = \"50ms\"\n"
    );
    fs::write(world.dir().join("migration.toml"), settings).unwrap();
    world.run(&sandbox, 3);
    world.search();
}

#[test]
fn a_run_that_is_killed_keeps_nothing() {
    let world = World::new();
    let sandbox = world.sandbox("latency_ms = 300\n");
    let said = world.folder.path().join("said");
    let mut run = Running::start(
        world
            .command(&["run", "--base-url", &sandbox.base_url()])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).unwrap()),
    );
    wait_for("a request in flight", || {
        assert_eq!(run.ended(), None, "the run ended before it was killed");
        (sandbox.count("open_posts") > 0).then_some(())
    });
    run.kill();
    let wal = fs::metadata(world.state("journal.db-wal")).unwrap();
    assert!(wal.len() > 0, "the log of the journal was left behind");
    world.search();
    let found = world.needles.found_in(&fs::read(said).unwrap()).join(", ");
    assert!(found.is_empty(), "stderr: {found}");
    world.quiet(&["status"]);
    world.quiet(&["report"]);
    world.search();
}

#[test]
fn a_wrong_key_is_not_repeated() {
    let world = World::new();
    let sandbox = world.sandbox("api_key = \"another\"\n");
    world.run(&sandbox, 2);
    assert_eq!(sandbox.count("accounts"), 0);
    world.search();
}

/// Documents named by a folder pattern, or by a manifest: names, descriptions and cells that hold canaries.
fn add_documents(world: &World, manifest: bool) {
    let (dir, name) = (world.dir(), "Quillonde Zephyrantha 987-00-4321");
    let documents = dir.join("documents");
    fs::create_dir(&documents).unwrap();
    let mut rows = String::from("CUST,FILE,KIND,OWNER,UNTIL,TEXT\n");
    let mut add = |number: usize, cells: [&str; 4], content: &str| {
        let file = format!("C{number:05}_PASSPORT_{name} {number}.pdf");
        if !content.is_empty() {
            fs::write(documents.join(&file), content).unwrap();
        }
        let [kind, owner, until, text] = cells;
        rows.push_str(&format!(
            "C{number:05},{file},{kind},{owner},{until},{text}\n"
        ));
    };
    let good = ["PASSPORT", "1", "2036-01-01", "of Zephyrantha 512-555-0147"];
    for number in 0..12 {
        add(number, good, &format!("%PDF-1.7 {number}"));
    }
    // Each with something that cannot be.
    add(12, good, "");
    add(13, good, "no PDF");
    add(14, ["Zephyrantha", "1", "2036-01-01", "x"], "%PDF-1.7 14");
    add(
        15,
        ["PASSPORT", "Zephyrantha", "2036-01-01", "x"],
        "%PDF-1.7 15",
    );
    add(
        16,
        ["PASSPORT", "1", "23 November 1961", "x"],
        "%PDF-1.7 16",
    );
    add(90_000, good, "%PDF-1.7 of nobody");
    fs::write(
        documents.join("Zephyrantha 4711 Wunderbaum Terrace.pdf"),
        "%PDF-1.7",
    )
    .unwrap();
    fs::write(dir.join("documents.csv"), rows).unwrap();
    fs::write(
        dir.join("documents.toml"),
        "[fields]\nclientAccountId = \"CUST\"\nfile = \"FILE\"\ndocumentType = \"KIND\"\nowner_place = \"OWNER\"\n\
         documentExpiration = \"UNTIL\"\ndescription = \"TEXT\"\n",
    )
    .unwrap();
    let from = if manifest {
        "manifest = \"documents.csv\"\nmapping = \"documents.toml\""
    } else {
        "pattern = \"{clientAccountId}_{documentType}_*\""
    };
    let settings = format!("{SETTINGS}\n[documents]\nroot = \"documents\"\n{from}\n");
    fs::write(dir.join("migration.toml"), settings).unwrap();
}

#[test]
fn documents_leave_no_name_and_no_description_behind() {
    for (manifest, config) in [(true, "refuse_documents = 1.0\n"), (false, "")] {
        let world = World::new();
        add_documents(&world, manifest);
        world.quiet(&["check"]);
        let sandbox = world.sandbox(config);
        let url = sandbox.base_url();
        // Planned, and then changed: what is held says why.
        world.quiet(&["run", "--base-url", &url, "--limit", "0"]);
        let changed = fs::read_dir(world.dir().join("documents"))
            .unwrap()
            .map(Result::unwrap);
        let changed = changed.map(|entry| entry.path());
        for path in changed.filter(|path| path.to_string_lossy().contains("C00003")) {
            fs::write(path, "%PDF-1.7 another").unwrap();
        }
        world.run(&sandbox, 3);
        world.search();
        assert_eq!(sandbox.count("uploads"), if manifest { 10 } else { 13 });
        let kept = if config.is_empty() {
            sandbox.count("uploads")
        } else {
            0
        };
        assert_eq!(sandbox.count("documents"), kept);
        for command in ["status", "report"] {
            world.quiet(&[command]);
            world.quiet(&[command, "--json"]);
        }
        world.search();
    }
}

/// Webhooks, read-back, links, a sheet, a backfill and people's decisions: each with values where they could get through.
#[test]
fn what_comes_after_acceptance_keeps_nothing() {
    let mut world = World::new();
    let link = "https://verify.canary.example/session/9f3Quill7Zeph2";
    let values: Vec<&str> = CANARIES.iter().copied().chain([link]).collect();
    world.needles = Needles::new(&values);
    let settings =
        format!("{SETTINGS}\n[target]\npartner_id = \"6f0ff8c1-4bb5-4f3a-9a34-0f1d7c9b2a55\"\n");
    fs::write(world.dir().join("migration.toml"), settings).unwrap();
    let sandbox = world.sandbox("[decide]\ndocuments = 1.0\n");
    let url = sandbox.base_url();
    world.run(&sandbox, 3);

    // Events of known accounts, of ids that give somebody away, and bodies that are none.
    let files = world.folder.path().to_owned();
    let path = |name: &str| files.join(name).to_str().unwrap().to_owned();
    let event = |id: &str, number: usize| {
        format!(
            r#"{{"requestId":"r-{number}","partnerPartyRef":"{id}","partnerWebhookType":"PARTY_EVENT","partyStatus":"UNDER_REVIEW","reasonCode":"DOCUMENT_VERIFICATION","verificationURL":"{link}","verificationURLExpiry":"2036-01-01T00:00:00Z","note":"Quillonde Zephyrantha"}}"#
        )
    };
    let ids = [
        "C00002",
        "C00003",
        "987-00-8642",
        "id.of.zephyr@canary.example",
        "C99999",
    ];
    let mut bodies: Vec<String> = ids.iter().zip(0..).map(|(id, n)| event(id, n)).collect();
    bodies.push("{\"partnerPartyRef\":\"Quillonde Zephyrantha".to_owned());
    fs::write(path("events.jsonl"), bodies.join("\n")).unwrap();
    let output = world.quiet_under("events", &["import"], &[&path("events.jsonl")]);
    assert_eq!(output.status.code(), Some(3), "one of them is no event");
    world.search();

    // Read back, with an account that is not what was sent.
    let wish = serde_json::json!({"account": "C00005", "op": "set", "path": "/owners/0/phoneNumber", "value": "+15125550199"});
    sandbox.tamper(&wish);
    let output = world.quiet(&["verify", "--base-url", &url]);
    assert_eq!(output.status.code(), Some(3));
    world.search();

    // The links are in their file, and nowhere else.
    let output = world.quiet(&[
        "links",
        "--reason",
        "mailing",
        "--base-url",
        &url,
        "--out",
        &path("links.csv"),
    ]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("links.csv"),
        "{said} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mailed = fs::read_to_string(path("links.csv")).unwrap();
    let fetched: Vec<&str> = mailed
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    assert!(!fetched.is_empty(), "{mailed}");
    let links = Needles::new(&fetched);
    world.search();

    // A sheet holds nobody's data unless it is asked for.
    world.quiet(&["gaps", "--sheet", &path("calls.xlsx")]);
    assert_eq!(
        unpacked(&path("calls.xlsx"), &world.needles),
        Vec::<String>::new()
    );
    world.quiet(&["gaps", "--sheet", &path("known.xlsx"), "--with-known"]);
    assert!(!unpacked(&path("known.xlsx"), &world.needles).is_empty());
    world.quiet(&["gaps", "--csv", &path("gaps.csv")]);
    let listed = fs::read(path("gaps.csv")).unwrap();
    assert_eq!(world.needles.found_in(&listed), Vec::<&str>::new());

    // A backfill: what it fills in, what it must not change, and what nobody can read.
    let rows = "clientAccountId,owners[0].phoneNumber,owners[0].identity.dateOfBirth,investmentProfile.accountGoals.investmentObjective\n\
                C00002,512-555-0147,,Zephyrantha\nC00003,,1961-11-23,\nC00004,,1961-11-24,\n987-00-8642,(512) 555-0147,,\nC01004,512.555.0147,,Growth\n";
    fs::write(path("calls.csv"), rows).unwrap();
    let taken = [
        "backfill",
        &path("calls.csv"),
        "--base-url",
        &url,
        "--reason",
        "called",
    ];
    assert_eq!(world.quiet(&taken).status.code(), Some(3));
    let decided = [
        "waive",
        "--id",
        "C00006",
        "--field",
        "investmentProfile.accountGoals.investmentObjective",
        "--reason",
        "will not say",
    ];
    world.quiet(&decided);
    world.quiet(&["exclude", "--id", "C01001", "--reason", "moved away"]);
    world.run(&sandbox, 3);
    for command in ["status", "report", "gaps"] {
        world.quiet(&[command]);
        world.quiet(&[command, "--json"]);
    }

    // All of it but the kept file, which is there to be read again.
    let kept = world.state("layers");
    private(&kept);
    let file = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    assert!(!world.needles.found_in(&fs::read(&file).unwrap()).is_empty());
    let away = files.join("kept");
    fs::rename(&kept, &away).unwrap();
    world.search();
    for folder in [world.state(""), world.dir().join("report")] {
        assert_eq!(links.found_below(&folder), Vec::<String>::new());
    }
    for name in ["links.csv", "calls.xlsx", "known.xlsx", "gaps.csv"] {
        let mode = fs::metadata(path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

/// What is found in the parts of a workbook.
fn unpacked(workbook: &str, needles: &Needles) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(fs::File::open(workbook).unwrap()).unwrap();
    let mut found = Vec::new();
    for place in 0..archive.len() {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_index(place).unwrap(), &mut bytes).unwrap();
        found.extend(needles.found_in(&bytes).into_iter().map(str::to_owned));
    }
    found
}
