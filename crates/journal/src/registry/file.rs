//! What a registry says: lines of words. And its file, which is replaced as a whole.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

use bakkt_files::state_folder;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::shard::Shard;

const HEAD: &str = "bakkt-migrate registry 1";

/// Everything that a registry says.
#[derive(Debug)]
pub(super) struct Registry {
    migration: String,
    target: String,
    /// 0: the migration has no shards.
    count: u32,
    /// By number of the shard; of a migration without shards, 0.
    entries: BTreeMap<u32, Entry>,
}

/// What is known of one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The id of its journal.
    pub journal: String,
    /// How often it was claimed.
    pub epoch: u64,
    /// Its last owner has ended as it should.
    pub released: bool,
    /// The run of the kernel under which its last owner ran.
    pub kernel: String,
    /// The name of that machine.
    pub host: String,
}

impl Registry {
    pub(super) fn new(migration: &str, target: &str, count: u32) -> Registry {
        Registry {
            migration: migration.to_owned(),
            target: target.to_owned(),
            count,
            entries: BTreeMap::new(),
        }
    }

    /// Reads what the registry of a name says.
    pub(super) fn parse(text: &str, name: &str) -> anyhow::Result<Registry> {
        parse(text).ok_or_else(|| {
            Failure::configuration(
                format!("{name} is not a registry of this version of bakkt-migrate"),
                "bakkt-migrate makes it itself; a damaged one has to be brought back",
            )
        })
    }

    /// Refuses a run of another migration, target or count of shards.
    pub(super) fn must_fit(
        &self,
        name: &str,
        migration: &str,
        target: &str,
        count: u32,
    ) -> anyhow::Result<()> {
        let words = |count: u32| match count {
            0 => "no shards".to_owned(),
            1 => "1 shard".to_owned(),
            count => format!("{count} shards"),
        };
        let what = if self.count != count {
            format!(
                "is of a migration with {}, not with {}",
                words(self.count),
                words(count)
            )
        } else if self.target != target {
            format!("is of a migration to {}, not to {target}", self.target)
        } else if self.migration != migration {
            "is of another migration".to_owned()
        } else {
            return Ok(());
        };
        Err(Failure::configuration(
            format!("the registry {name} {what}"),
            "every run of a migration has the same registry, and keeps the number of shards with which it began",
        ))
    }

    pub(super) fn entry(&self, shard: Option<Shard>) -> Option<Entry> {
        self.entries.get(&number(shard)).cloned()
    }

    pub(super) fn entry_of(&self, number: u32) -> Option<Entry> {
        self.entries.get(&number).cloned()
    }

    pub(super) fn set_of(&mut self, number: u32, entry: Entry) {
        self.entries.insert(number, entry);
    }

    pub(super) fn set(&mut self, shard: Option<Shard>, entry: Entry) {
        self.entries.insert(number(shard), entry);
    }

    /// The registry as text.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{HEAD}\nmigration {}\ntarget {}\nshards {}\n",
            self.migration, self.target, self.count
        );
        for (number, entry) in &self.entries {
            let Entry {
                journal,
                epoch,
                released,
                kernel,
                host,
            } = entry;
            let state = if *released { "ended" } else { "running" };
            text.push_str(&format!(
                "{number} {journal} {epoch} {state} {kernel:-<1} {host:-<1}\n"
            ));
        }
        text
    }
}

/// Reads the file of a path; none where there is none yet.
pub(super) fn read(path: &Path) -> anyhow::Result<Option<String>> {
    if !path.exists() {
        return Ok(None);
    }
    let mut text = String::new();
    state_folder::read_file(path)?
        .read_to_string(&mut text)
        .with_context(|| format!("cannot read the registry {}", path.shown()))?;
    Ok(Some(text))
}

/// Replaces the file durably.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    state_folder::put_file(path, text.as_bytes())
        .with_context(|| format!("cannot write the registry {}", path.shown()))
}

fn number(shard: Option<Shard>) -> u32 {
    shard.map_or(0, Shard::number)
}

fn parse(text: &str) -> Option<Registry> {
    let mut lines = text.lines();
    (lines.next()? == HEAD).then_some(())?;
    let migration = lines.next()?.strip_prefix("migration ")?;
    let target = lines.next()?.strip_prefix("target ")?;
    let count = lines.next()?.strip_prefix("shards ")?.parse().ok()?;
    let mut registry = Registry::new(migration, target, count);
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let [number, journal, epoch, state, kernel, host] = words.as_slice() else {
            return None;
        };
        let word = |word: &&str| {
            if *word == "-" {
                String::new()
            } else {
                (*word).to_owned()
            }
        };
        let entry = Entry {
            journal: (*journal).to_owned(),
            epoch: epoch.parse().ok()?,
            released: *state == "ended",
            kernel: word(kernel),
            host: word(host),
        };
        registry.entries.insert(number.parse().ok()?, entry);
    }
    Some(registry)
}
