//! `sessions`: customers' sessions, as the merchant's own app hands them in.
//!
//! Owner of the form of a handed-in session, and of whom it may be for: customers of this migration's custody and nobody else.
//! Invariants: a session is in no message; the receiver does not start without a secret. Left out on purpose: how sessions
//! are kept (`journal::custody::sessions`) and used (`engine::custody`).

use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use jiff::Timestamp;
use serde::Deserialize;

use super::place::StatePlace;
use super::report::View;
use super::signals::Signals;
use super::variables::{SESSIONS_VARIABLE, variable};
use super::{CommandOutput, outputs, target};
use crate::cli::{
    SessionPurpose, SessionsArgs, SessionsCommand, SessionsImportArgs, SessionsServeArgs,
    SessionsWantedArgs,
};
use crate::process::runtime;
use bakkt_engine::sessions::{SessionAnswer, SessionReceiver};
use bakkt_files::output::FileStart;
use bakkt_files::output::cells::CellWriter;
use bakkt_files::progress::{Mode, announce, note};
use bakkt_files::small_files::{PlainLines, open_private};
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::custody::CustodySettings;
use bakkt_journal::custody::sessions::{Session, Sessions};
use bakkt_journal::{Reader, known_key};
use bakkt_model::error::{Failure, ShownPath, unreadable};
use bakkt_model::number::thousands;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::shard::Shard;

/// Lines that are named one by one.
const NAMED: u64 = 20;
/// How far the clock of the merchant's app may be ahead, in milliseconds.
const AHEAD: i64 = 5 * 60 * 1000;
/// A session that is longer than this is none.
const LONGEST: usize = 4096;

/// Takes, receives or asks for sessions.
pub fn run(args: &SessionsArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    match &args.what {
        SessionsCommand::Import(args) => import(args, mode),
        SessionsCommand::Serve(args) => serve(args, mode),
        SessionsCommand::Wanted(args) => wanted(args, mode),
    }
}

/// A session as it is handed in.
#[derive(Deserialize)]
struct GivenSession {
    #[serde(rename = "clientAccountId")]
    client_id: Option<String>,
    user_uuid: Option<String>,
    session: String,
    issued_at: serde_json::Value,
}

/// Why a line is not taken, without anything of it.
const NOT_OURS: &str = "no customer of this migration's custody";
const NOT_ITS_USER: &str = "its user_uuid is not that customer's user";
const TOO_OLD: &str = "its session is too old";
const FROM_THE_FUTURE: &str = "its issued_at is in the future: is it seconds or milliseconds since 1970, by a clock that is right?";
const NEWER_THERE: &str = "a newer session is there";
const OF_ANOTHER_SHARD: &str = "its customer belongs to another shard";

/// Takes sessions of one migration.
struct SessionDesk {
    sessions: Sessions,
    /// A look at the journal beside whoever writes it.
    reader: Reader,
    shard: Option<Shard>,
    lives: i64,
}

impl SessionDesk {
    fn open(place: &StatePlace, settings: &Settings) -> anyhow::Result<SessionDesk> {
        let Some(custody) = &settings.custody else {
            return Err(Failure::configuration(
                "sessions are for fiat custody, and migration.toml has no [custody]",
                "add [custody]; docs/custody.md says how",
            ));
        };
        let reader = View::at(place.clone()).planned_reader()?;
        Ok(SessionDesk {
            sessions: kept_sessions(place, custody)?,
            reader,
            shard: place.shard,
            lives: lives(custody),
        })
    }

    /// Takes one; the error says why not.
    fn take(&self, text: &str) -> anyhow::Result<Result<(), &'static str>> {
        let Ok(given) = serde_json::from_str::<GivenSession>(text) else {
            return Ok(Err(
                "not an object with clientAccountId or user_uuid, session and issued_at",
            ));
        };
        let session = given.session.trim();
        let is_plain = session.bytes().all(|byte| (0x20..0x7F).contains(&byte));
        if session.is_empty() || session.len() > LONGEST || !is_plain {
            return Ok(Err(
                "its session is empty, too long, or cannot stand in a header",
            ));
        }
        let Some(issued_at) = issued_at(&given.issued_at) else {
            return Ok(Err(
                "its issued_at is no time, such as 2026-11-30T12:00:00Z",
            ));
        };
        let now = bakkt_journal::now();
        if now.saturating_sub(issued_at) > self.lives {
            return Ok(Err(TOO_OLD));
        }
        // Nobody knows how old such a session is.
        if issued_at.saturating_sub(now) > AHEAD {
            return Ok(Err(FROM_THE_FUTURE));
        }
        let is_other = |id: &String| self.shard.is_some_and(|shard| !shard.has_id(id));
        if given.client_id.as_ref().is_some_and(is_other) {
            return Ok(Err(OF_ANOTHER_SHARD));
        }
        let client_id = match (given.client_id, given.user_uuid) {
            // Whoever names the user as well has to name the customer's own.
            (Some(id), Some(uuid)) if self.reader.client_of_user(&uuid)?.as_ref() != Some(&id) => {
                return Ok(Err(NOT_ITS_USER));
            }
            (Some(id), _) if self.reader.is_of_custody(&id)? => id,
            (None, Some(uuid)) => match self.reader.client_of_user(&uuid)? {
                Some(id) => id,
                None => return Ok(Err(NOT_OURS)),
            },
            _ => return Ok(Err(NOT_OURS)),
        };
        let session = Session {
            session: Sensitive::new(session.to_owned()),
            // A clock that is ahead does not make a session live longer.
            issued_at: issued_at.min(now),
        };
        match self.sessions.keep(&client_id, &session)? {
            true => Ok(Ok(())),
            false => Ok(Err(NEWER_THERE)),
        }
    }
}

/// How long a session lives, in milliseconds.
fn lives(custody: &CustodySettings) -> i64 {
    i64::try_from(custody.session_lives.as_millis()).unwrap_or(i64::MAX)
}

/// The sessions that a migration keeps.
fn kept_sessions(place: &StatePlace, custody: &CustodySettings) -> anyhow::Result<Sessions> {
    let folder = place.folder();
    Ok(Sessions::of(&folder, known_key(&folder)?, lives(custody)))
}

/// RFC 3339, or seconds or milliseconds since 1970.
fn issued_at(value: &serde_json::Value) -> Option<i64> {
    if let Some(text) = value.as_str() {
        return text
            .parse::<Timestamp>()
            .ok()
            .map(|time| time.as_millisecond());
    }
    let number = value.as_i64().filter(|number| *number > 0)?;
    // Seconds reach the year 5138 before they look like milliseconds of 1973.
    Some(if number < 100_000_000_000 {
        number * 1000
    } else {
        number
    })
}

fn settings(dir: &std::path::Path) -> anyhow::Result<Settings> {
    target::existing_folder(dir)?;
    bakkt_folder::migration::settings(dir)
}

fn import(args: &SessionsImportArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let settings = settings(&args.dir)?;
    let place = StatePlace::new(&args.dir, args.sandbox, &args.shards)?;
    let desk = SessionDesk::open(&place, &settings)?;
    desk.sessions.delete_old(bakkt_journal::now());
    let reader: Box<dyn Read> = if args.file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else if args.sandbox {
        // Sessions of the stand-in are nobody's.
        let file = std::fs::File::open(&args.file);
        Box::new(file.map_err(|error| {
            unreadable(
                &format!("read {}", args.file.shown()),
                &error,
                "a file with one JSON object a line, or -",
            )
        })?)
    } else {
        let file = open_private(&args.file).map_err(|error| {
            Failure::configuration(
                format!("{}: {error}", args.file.shown()),
                "sessions are customers' ways into Bakkt: only you may read the file (chmod 600)",
            )
        })?;
        Box::new(file)
    };
    let (mut taken, mut wrong, mut others) = (0u64, 0u64, 0u64);
    for (number, line) in (1..).zip(BufReader::new(PlainLines::new(reader)).lines()) {
        let line = line.context("the file is no text in UTF-8")?;
        if line.trim().is_empty() {
            continue;
        }
        match desk.take(&line)? {
            Ok(()) => taken += 1,
            Err(OF_ANOTHER_SHARD) => others += 1,
            Err(why) => {
                wrong += 1;
                if wrong <= NAMED {
                    note(mode, &format!("line {number}: {why}"));
                }
            }
        }
    }
    if wrong > NAMED {
        note(mode, &format!("and {} lines more", wrong - NAMED));
    }
    let told_others = match others {
        0 => String::new(),
        _ => format!(", {} belong to other shards", thousands(others)),
    };
    let text = match args.json {
        true => {
            let mut sessions = serde_json::json!({"taken": taken, "not_taken": wrong});
            if others > 0 {
                sessions["of_other_shards"] = others.into();
            }
            serde_json::json!({"sessions": sessions}).to_string()
        }
        false => format!(
            "{} sessions taken, {} not{told_others}; the next run uses them. Delete the file {}",
            thousands(taken),
            thousands(wrong),
            match others {
                0 => "now",
                _ => "when every shard has taken its own",
            }
        ),
    };
    let code = if wrong > 0 { 3 } else { 0 };
    Ok(CommandOutput { text, code })
}

fn serve(args: &SessionsServeArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let settings = settings(&args.dir)?;
    let Some(secret) = variable(SESSIONS_VARIABLE)? else {
        return Err(Failure::configuration(
            "there is no secret by which your app proves that a session is its own",
            format!(
                "set {SESSIONS_VARIABLE}, here and in your app: it signs every body with HMAC-SHA-256"
            ),
        ));
    };
    let place = StatePlace::new(&args.dir, args.sandbox, &args.shards)?;
    drop(SessionDesk::open(&place, &settings)?);
    let counts = Arc::new(Mutex::new((0u64, 0u64)));
    let counted = counts.clone();
    let looked = AtomicI64::new(0);
    // The journal is looked at anew for each: users come while a run goes on.
    let take = move |body: &str| -> SessionAnswer {
        let done = SessionDesk::open(&place, &settings).and_then(|desk| {
            // A receiver may stay for days: what nobody used is not left to lie for much longer than it lives.
            let now = bakkt_journal::now();
            if now.saturating_sub(looked.load(Ordering::Relaxed)) > desk.lives {
                looked.store(now, Ordering::Relaxed);
                desk.sessions.delete_old(now);
            }
            desk.take(body)
        });
        let mut counts = counted.lock().unwrap_or_else(PoisonError::into_inner);
        match done {
            Ok(Ok(())) => {
                counts.0 += 1;
                SessionAnswer::Taken
            }
            Ok(Err(why)) => {
                counts.1 += 1;
                SessionAnswer::Refused(why)
            }
            Err(_) => SessionAnswer::Later,
        }
    };
    runtime()?.block_on(async {
        let receiver = SessionReceiver::bind(args.listen, secret.as_bytes()).await?;
        announce(&format!("listening on http://{}", receiver.address()?))?;
        tokio::select! {
            ended = receiver.serve(Arc::new(take), signals.stop.subscribe()) => ended,
            () = signals.aborted() => Ok(()),
        }
    })?;
    let (taken, refused) = *counts.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(CommandOutput {
        text: format!(
            "{} sessions taken, {} refused",
            thousands(taken),
            thousands(refused)
        ),
        code: 0,
    })
}

/// The columns of the file of `sessions wanted`.
const COLUMNS: [&str; 3] = ["clientAccountId", "user_uuid", "tasks"];

fn wanted(args: &SessionsWantedArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let settings = settings(&args.dir)?;
    let place = StatePlace::new(&args.dir, args.sandbox, &args.shards)?;
    let reader = View::at(place.clone()).planned_reader()?;
    // Who has logged in already is not asked again: that session is used.
    let kept = match &settings.custody {
        Some(custody) => Some(kept_sessions(&place, custody)?),
        None => None,
    };
    let now = bakkt_journal::now();
    let has_session = |client_id: &str| {
        let kept = kept.as_ref();
        kept.is_some_and(|kept| kept.has_live(client_id, now))
    };
    let without_session = |mut wanted: Vec<(String, String, u64)>| {
        let all = wanted.len();
        wanted.retain(|(client_id, ..)| !has_session(client_id));
        let have = (all - wanted.len()) as u64;
        (wanted, have)
    };
    let (wanted, have) = without_session(match args.purpose {
        SessionPurpose::Run => reader.sessions_wanted()?,
        SessionPurpose::Numbers => reader.sessions_to_read(false)?,
        SessionPurpose::Verify => reader.sessions_to_read(true)?,
    });
    let begins = FileStart::columns(&COLUMNS);
    let protected = outputs::protected(&settings);
    let file = protected.open(&args.out, &begins, args.replacing.replace)?;
    let mut cells = CellWriter::new(file, &COLUMNS)?;
    for (client_id, uuid, tasks) in &wanted {
        cells.text(client_id)?;
        cells.text(uuid)?;
        cells.number(*tasks)?;
        cells.end()?;
    }
    cells.into_inner()?.finish()?;
    note(
        mode,
        &format!(
            "{} names customers who have to log in once",
            args.out.shown()
        ),
    );
    let text = match args.json {
        true => serde_json::json!({"sessions_wanted": wanted.len()}).to_string(),
        false => {
            let mut text = format!(
                "{} customers have to log in",
                thousands(wanted.len() as u64)
            );
            if have > 0 {
                let used_by = match args.purpose {
                    SessionPurpose::Run => "the next run",
                    SessionPurpose::Numbers => "`custody numbers`",
                    SessionPurpose::Verify => "`verify`",
                };
                text += &format!(
                    "; {} more have a session, which {used_by} uses",
                    thousands(have)
                );
            }
            // Whom no task waits for may be needed nevertheless.
            if args.purpose == SessionPurpose::Run {
                let (to_read, _) = without_session(reader.sessions_to_read(true)?);
                if !to_read.is_empty() {
                    let count = thousands(to_read.len() as u64);
                    text += &format!("; `--for verify` lists {count} for reading back");
                }
            }
            text
        }
    };
    Ok(CommandOutput { text, code: 0 })
}
