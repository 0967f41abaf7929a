//! Storages that lie, refuse or break off, and manifests that name what they must not.
//!
//! Owner of a server that speaks as much of S3 as a lie needs. Left out on purpose: real servers (`objects`).

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::documents::world::{PDF, World, account};
use crate::support::program;
use crate::support::stores::{Kind, SECRET, Store, s3_variables};

/// What a server does about a request: the answer's head and body.
type Answers = fn(method: &str, path: &str) -> (String, Vec<u8>);

/// Starts a server that answers like this, as long as the test runs; its address.
fn server(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || stream.ok().and_then(|stream| serve(stream, answers)));
        }
    });
    address
}

fn serve(mut stream: TcpStream, answers: Answers) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    while lines.next()?.ok().is_some_and(|line| !line.is_empty()) {}
    let mut words = first.split(' ');
    let (head, body) = answers(words.next()?, words.next()?);
    let common =
        "ETag: \"a\"\r\nLast-Modified: Mon, 30 Nov 2026 10:00:00 GMT\r\nConnection: close\r\n";
    write!(stream, "HTTP/1.1 {head}\r\n{common}\r\n").ok()?;
    stream.write_all(&body).ok()
}

fn sized(length: usize, body: &[u8]) -> (String, Vec<u8>) {
    (format!("200 OK\r\nContent-Length: {length}"), body.to_vec())
}

fn with(variables: &[(&'static str, String)]) -> Command {
    let mut program = program();
    let variables = variables.iter();
    program.envs(variables.map(|(name, value)| (name, value)));
    program
}

/// What `check` says of a world, and its exit code.
fn told(world: &World, variables: &[(&'static str, String)]) -> (String, i32) {
    let output = with(variables)
        .arg("check")
        .arg(world.dir())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    (text, output.status.code().unwrap_or(-1))
}

/// A world whose export is an object.
fn with_export(url: &str) -> World {
    let world = World::new("INDIVIDUAL");
    let settings = fs::read_to_string(world.dir().join("migration.toml")).unwrap();
    let settings = settings.replace("\"export.csv\"", &format!("\"{url}\""));
    world.write("migration.toml", &settings);
    world
}

const ROOT: &str = "[documents]\nroot = \"s3://delivered/scans\"\nmax_bytes = \"1KB\"\n";
const PATTERN: &str =
    "pattern = \"{clientAccountId}/{documentType}_{documentSide}_{issueCountry}.*\"\n";

#[test]
fn an_export_that_ends_early_is_refused() {
    let address = server(|_, _| sized(5000, b"ID,EMAIL\nA1,ann@example.com\n"));
    let world = with_export("s3://delivered/export.csv");
    let (text, code) = told(&world, &s3_variables(&address));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("export.csv to its end"), "{text}");
    assert!(!text.contains("ann@"), "{text}");
}

#[test]
fn an_object_that_is_none_is_a_mistake_of_the_settings() {
    for (url, why) in [
        ("s3://delivered/in/../export.csv", "`..`"),
        ("s3://delivered//export.csv", "two slashes"),
        ("s3://user:secret@delivered/export.csv", "bucket"),
        ("s3://delivered/in/", "no object"),
    ] {
        let (text, code) = told(&with_export(url), &s3_variables("http://127.0.0.1:9"));
        assert!(code == 2 && text.contains(why), "{url}: {code} {text}");
    }
}

#[test]
fn a_storage_that_refuses_or_fails_is_told_without_a_key_or_a_credential() {
    let forbidden: Answers = |_, path| {
        let body = format!("<Error><Code>AccessDenied</Code><Key>{path}</Key></Error>");
        let head = format!("403 Forbidden\r\nContent-Length: {}", body.len());
        (head, body.into_bytes())
    };
    let failing: Answers = |_, _| ("500 Oops\r\nContent-Length: 0".to_owned(), Vec::new());
    let gone: Answers = |_, _| ("404 Not Found\r\nContent-Length: 0".to_owned(), Vec::new());
    for (answers, why) in [
        (forbidden, "HTTP 403"),
        (failing, "HTTP 500"),
        (gone, "no such object or bucket"),
    ] {
        let address = server(answers);
        let variables = s3_variables(&address);
        let (text, code) = told(&with_export("s3://delivered/export.csv"), &variables);
        assert!(code == 1 && text.contains(why), "{code} {text}");
        // Documents: that a storage does not answer is no fault of theirs.
        let world = World::new("INDIVIDUAL");
        world.settings(&format!(
            "{ROOT}manifest = \"documents.csv\"\nmapping = \"documents.toml\"\n"
        ));
        world.manifest(&["JOHN_DOE.pdf,A1,PASSPORT,FRONT,USA,,,,,"]);
        let (text, code) = told(&world, &variables);
        assert!(!text.contains("JOHN_DOE"), "{text}");
        match why {
            "no such object or bucket" => assert_eq!(code, 0, "{text}"),
            why => assert!(code == 1 && text.contains(why), "{code} {text}"),
        }
    }
    // Nobody listens.
    let variables = s3_variables("http://127.0.0.1:9");
    let (text, code) = told(&with_export("s3://delivered/export.csv"), &variables);
    assert!(code == 1 && text.contains("no connection"), "{code} {text}");
}

#[test]
fn a_list_with_a_key_that_leads_elsewhere_ends_the_plan() {
    let address = server(|_, path| {
        let key = match path.contains("list-type") {
            true => "scans/../A1/PASSPORT_FRONT_USA.pdf",
            false => return sized(PDF.len(), PDF),
        };
        let body = format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>{key}</Key><LastModified>2026-11-30T10:00:00.000Z</LastModified><ETag>\"a\"</ETag><Size>{}</Size></Contents></ListBucketResult>",
            PDF.len()
        );
        sized(body.len(), body.as_bytes())
    });
    let world = World::new("INDIVIDUAL");
    world.settings(&format!("{ROOT}{PATTERN}"));
    let (text, code) = told(&world, &s3_variables(&address));
    assert!(code == 1 && text.contains("`..`"), "{code} {text}");
    assert!(!text.contains("PASSPORT_FRONT"), "{text}");
}

#[test]
fn an_object_that_grows_when_it_is_read_is_refused() {
    // The list says that it is small, and the answer that it is too large.
    let address = server(|method, path| {
        if path.contains("list-type") {
            let body = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>scans/A1/PASSPORT_FRONT_USA.pdf</Key><LastModified>2026-11-30T10:00:00.000Z</LastModified><ETag>\"a\"</ETag><Size>19</Size></Contents></ListBucketResult>";
            return sized(body.len(), body.as_bytes());
        }
        let large = [PDF, &[b'x'; 5000]].concat();
        match method {
            "HEAD" => sized(PDF.len(), b""),
            _ => (
                format!(
                    "206 Partial Content\r\nContent-Range: bytes 0-1028/{}\r\nContent-Length: 1029",
                    large.len()
                ),
                large[..1029].to_vec(),
            ),
        }
    });
    let world = World::new("INDIVIDUAL");
    world.settings(&format!("{ROOT}{PATTERN}"));
    let (text, code) = told(&world, &s3_variables(&address));
    assert!(
        code == 0 && text.contains("larger than `max_bytes`"),
        "{code} {text}"
    );
}

#[test]
fn a_manifest_reaches_nothing_outside_of_its_prefix() {
    let Some(store) = Store::start(Kind::S3) else {
        return;
    };
    store.put("scans/a.pdf", PDF);
    // Its key, as an address writes it.
    store.put("scans/b%20c%23d%25.pdf", PDF);
    store.put("secret.pdf", PDF);
    store.put("scans/empty.pdf", b"");
    store.put("scans/large.pdf", &[b'x'; 1001]);
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("A1")]);
    world.settings(&format!(
        "{ROOT}manifest = \"documents.csv\"\nmapping = \"documents.toml\"\n"
    ));
    let rows = [
        ("a.pdf", None),
        ("s3://delivered/scans/a.pdf", None),
        (r".\a.pdf", None),
        ("b c#d%.pdf", None),
        (
            "../secret.pdf",
            Some("leads out of the documents folder by `..`"),
        ),
        ("/secret.pdf", Some("the path is absolute")),
        ("s3://delivered/secret.pdf", Some("not below `root`")),
        (
            "s3://delivered/scans/../secret.pdf",
            Some("leads out of the documents folder by `..`"),
        ),
        ("s3://other/scans/a.pdf", Some("not below `root`")),
        ("gs://delivered/scans/a.pdf", Some("not below `root`")),
        ("gone.pdf", Some("missing")),
        ("empty.pdf", Some("the file is empty")),
        ("large.pdf", Some("larger than `max_bytes`")),
    ];
    for (path, why) in rows {
        world.manifest(&[&format!("{path},A1,PASSPORT,FRONT,USA,,,,,")]);
        let (text, code) = told(&world, &store.variables());
        match why {
            None => assert_eq!(code, 0, "{path}: {text}"),
            Some(why) => assert!(code == 0 && text.contains(why), "{path}: {code} {text}"),
        }
    }
}
