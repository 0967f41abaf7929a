//! Checkpoints of commands that write no report, and heads that are sent away.
//!
//! Owner of when a command that decided something has its rows hashed: at its end, so that whatever is changed in the journal
//! afterwards shows. Left out on purpose: which rows (`report::audit`), and the chain (`journal::chain`).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::Builder;

use serde_json::{Value, json};

use super::place::StatePlace;
use super::{run_record, target};
use crate::process::runtime;
use bakkt_engine::api::post_once;
use bakkt_files::output::{FileStart, ProtectedPaths};
use bakkt_files::progress::{Mode, note};
use bakkt_files::small_files;
use bakkt_journal::chain::{ALTERED, EntryKind};
use bakkt_journal::{FoundAlteration, Journal, Reader, now};
use bakkt_model::error::{Failure, ShownPath, Style, describe, started};
use bakkt_model::target::WayOut;
use bakkt_report::audit::{self, KeptHead, heads_in};

/// How the file of a head begins.
const HEAD_BEGINS: FileStart = FileStart::Text("{\"at\":");

/// The occasion of a checkpoint that notes what a command found altered before it.
const BEFORE: &str = "before a command";

/// What is told when rows were altered.
const NOT_AS_SEEN: &str = "rows of the journal are not as its last checkpoint saw them, and nothing was done since that changes them: `bakkt-migrate audit` says which";

/// What is told when the chain itself does not hold, before what it is.
const CHAIN_ALTERED: &str = "the chain of the journal was altered";

/// What a checkpoint says of the program and the occasion.
pub fn about(occasion: &str) -> Value {
    json!({"occasion": occasion, "program": run_record::program()})
}

/// Appends a checkpoint to a journal that is open.
pub fn append(journal: &mut Journal, occasion: &str) -> anyhow::Result<()> {
    append_beside(journal, occasion, |_| Ok(()))
}

/// Appends a checkpoint, and reads something else from the journal meanwhile. When the reading fails, there is no checkpoint.
pub fn append_beside<T>(
    journal: &mut Journal,
    occasion: &str,
    read: impl FnOnce(&Journal) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let Some(folder) = journal.folder() else {
        return read(journal);
    };
    let reader = Reader::open(&Journal::path(&folder))?;
    let (found, rows) = std::thread::scope(|scope| {
        let sheets = started(Builder::new().spawn_scoped(scope, || audit::sheets(&reader.into())))?;
        let found = read(journal);
        let sheets = sheets
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        anyhow::Ok((found?, sheets?))
    })?;
    journal.append_checkpoint(now(), about(occasion), &rows)?;
    tell_alteration(journal)?;
    Ok(found)
}

/// Looks, before a command adds to a journal, whether its rows are as the last checkpoint saw them: what is done next would cover
/// up what was altered since.
pub fn look(journal: &mut Journal) -> anyhow::Result<()> {
    let Some(folder) = journal.folder() else {
        return Ok(());
    };
    let reader = Reader::open(&Journal::path(&folder))?;
    tell_chain(&reader)?;
    if !journal.can_compare()? {
        return Ok(());
    }
    let body = about(BEFORE);
    let Some((_, rows)) = audit::altered(reader, &body["program"]["sha256"])? else {
        return Ok(());
    };
    match journal.note_alteration(now(), body, &rows)? {
        true => tell_alteration(journal),
        false => Ok(()),
    }
}

/// The same beside what the command does, which need not wait for it: the rows are compared as they are now.
pub fn look_beside(journal: &mut Journal) -> anyhow::Result<()> {
    let Some(folder) = journal.folder() else {
        return Ok(());
    };
    let reader = Reader::open(&Journal::path(&folder))?;
    tell_chain(&reader)?;
    if !journal.can_compare()? {
        return Ok(());
    }
    journal.compare_beside(move || {
        let body = about(BEFORE);
        let found = audit::altered(reader, &body["program"]["sha256"])?;
        Ok(found.map(|(altered, rows)| FoundAlteration {
            body,
            altered,
            sheets: rows.sheets,
            tell: || note(Mode::Lines, NOT_AS_SEEN),
        }))
    })
}

/// Tells what does not hold of the chain. No checkpoint notes it, because each later look finds it as well.
fn tell_chain(reader: &Reader) -> anyhow::Result<()> {
    for flaw in audit::chain_flaws(reader)? {
        note(Mode::Lines, &format!("{CHAIN_ALTERED}: {flaw}"));
    }
    Ok(())
}

/// Tells that the last checkpoint found rows altered. The chain says so from then on, and each audit.
pub fn tell_alteration(journal: &Journal) -> anyhow::Result<()> {
    let last = journal.last_entry()?;
    if last.is_some_and(|entry| entry.value()[ALTERED].is_object()) {
        note(Mode::Lines, NOT_AS_SEEN);
    }
    Ok(())
}

/// Passes on how a command ended. One that failed after it had added to the chain has ended in order all the same, and makes its
/// checkpoint: else whatever is altered afterwards would look like its work.
pub fn end_failed<T>(
    place: &StatePlace,
    occasion: &str,
    done: anyhow::Result<T>,
) -> anyhow::Result<T> {
    if done.is_err()
        && let Err(error) = append_where_none_is(place, occasion)
    {
        tracing::warn!(%error, "no checkpoint");
    }
    done
}

fn append_where_none_is(place: &StatePlace, occasion: &str) -> anyhow::Result<()> {
    // None is made here, and one that cannot be opened has been told of.
    if !Journal::path(&place.folder()).exists() {
        return Ok(());
    }
    let Ok(mut journal) = place.open_journal_unlooked() else {
        return Ok(());
    };
    let last = journal.last_entry()?;
    let last = last.and_then(|entry| EntryKind::of(&entry.kind));
    match last.is_some_and(EntryKind::changes_rows) {
        true => append(&mut journal, occasion),
        false => Ok(()),
    }
}

/// Appends a checkpoint to a journal that was closed just now. Another command that has it already makes its own.
pub fn append_at(place: &StatePlace, occasion: &str) -> anyhow::Result<()> {
    match place.open_journal_unlooked() {
        Ok(mut journal) => append(&mut journal, occasion),
        Err(error) => {
            tracing::debug!(%error, "no checkpoint");
            Ok(())
        }
    }
}

/// Where heads are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadTarget {
    /// A file.
    File(PathBuf),
    /// An address that takes a POST.
    Url(String),
}

impl std::str::FromStr for HeadTarget {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<HeadTarget, Self::Err> {
        Ok(
            match text.starts_with("http://") || text.starts_with("https://") {
                true => HeadTarget::Url(text.to_owned()),
                false => HeadTarget::File(text.into()),
            },
        )
    }
}

/// Sends heads away from the journal. What fails is told, and whether all went well is returned: the work itself is done.
pub fn send_heads(
    heads: &[KeptHead],
    dir: &Path,
    to: Option<&HeadTarget>,
    protected: &ProtectedPaths,
    way_out: &WayOut,
) -> bool {
    let Some(to) = to else {
        return true;
    };
    let name = target::name(dir);
    let (sent, place) = match to {
        HeadTarget::File(path) => (into_file(path, heads, &name, protected), path.shown()),
        HeadTarget::Url(url) => (
            post(url, way_out, text_of(heads, &name)),
            run_record::without_login(url.clone()),
        ),
    };
    if let Err(error) = sent {
        let why = describe(&error, Style::PLAIN);
        note(
            Mode::Lines,
            &format!("the head of the chain was not sent to {place}: {why}"),
        );
        return false;
    }
    true
}

fn text_of(heads: &[KeptHead], name: &str) -> String {
    let at = jiff::Timestamp::now().to_string();
    json!({"at": at, "heads": heads, "name": name}).to_string() + "\n"
}

/// Writes heads into a file, beside those of other shards of the migration that are there.
fn into_file(
    path: &Path,
    heads: &[KeptHead],
    name: &str,
    protected: &ProtectedPaths,
) -> anyhow::Result<()> {
    use std::io::Write;
    // Shards that end at once would each write the file without the other; held until this function ends.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new("."))).ok();
    let _held = folder.filter(|folder| folder.lock().is_ok());
    let mut all = others_in(path, heads, name)?;
    all.extend(heads.iter().cloned());
    all.sort_by(|one, other| one.shard.cmp(&other.shard));
    let text = text_of(&all, name);
    let mut file = protected.open(path, &HEAD_BEGINS, true)?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// The heads in a file that are of other shards of the same migration. Refuses a file of which nobody can tell whose heads it has.
fn others_in(path: &Path, heads: &[KeptHead], name: &str) -> anyhow::Result<Vec<KeptHead>> {
    let is_of_shard = |head: &KeptHead| head.shard.is_some();
    if !heads.iter().all(is_of_shard) || !path.exists() {
        return Ok(Vec::new());
    }
    // Whether it may be replaced at all is asked where that is done.
    let text = small_files::read(path).unwrap_or_default();
    let is_ours = serde_json::from_str(&text).is_ok_and(|value: Value| value["name"] == name);
    let mut known: Vec<KeptHead> = heads_in(&text).into_iter().flatten().collect();
    let is_to_replace = known.is_empty() || is_ours && known.iter().all(is_of_shard);
    if !is_to_replace {
        return Err(Failure::configuration(
            "it holds heads of something else, or heads that do not say of which shard they are",
            "name another file, or move this one away",
        ));
    }
    known.retain(|known| heads.iter().all(|head| head.shard != known.shard));
    Ok(known)
}

fn post(url: &str, way_out: &WayOut, text: String) -> anyhow::Result<()> {
    // Within a run there is a runtime already, and a thread of its own waits for no other.
    let (url, way_out) = (url.to_owned(), way_out.clone());
    let send = move || runtime()?.block_on(post_once(&url, &way_out, text));
    std::thread::spawn(send)
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
