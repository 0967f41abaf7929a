//! The registry of a migration's shards: one file that every machine reaches, which says which journal each shard has and who
//! works on it.
//!
//! A journal's own lock keeps two processes from one journal; it knows nothing of a second, empty journal elsewhere, which
//! would send every customer of its shard once more. So each start of a run claims its shard here first. Invariants:
//!
//! - the number of shards, the target and the journal of each shard stay what they were when they were first claimed;
//! - one process at a time owns a shard, by a lock that the operating system drops when the process dies;
//! - every claim raises the shard's epoch, in the journal first and here second, so a journal with a lower epoch than the
//!   registry's is an older copy, and an owner whose epoch is no longer the one here has a successor and must not send;
//! - the file is replaced as a whole, so whoever reads it sees one state.
//!
//! Where the file lies on a network file system, its locks are as good as that system's. An owner on another machine may not
//! know yet that it lost its lock; that is why an owner looks again all the time ([`Ownership::standing`]) and its successor
//! waits first ([`Ownership::must_wait`]). Left out: how often an owner looks, and what it does then (the program).

mod file;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::write::journal::Journal;
use bakkt_files::lock::Lock;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::shard::Shard;
use file as registry_file;
use file::{Entry, Registry};

/// How long a claim waits for others that are writing.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What the hash that names a migration is derived for.
const CONTEXT: &str = "bakkt-migrate 2026-11 the migration of a registry";
/// The fact that holds the epoch of the last claim.
const EPOCH: &str = "registry_epoch";
/// The fact that a registry knows the journal.
const REGISTERED: &str = "registered";

/// A claim to a shard that a registry allows, and that is not made yet.
///
/// The journal notes its epoch first ([`Claim::note`]), then the registry gets its new text, then the journal notes that it is
/// registered ([`Claim::registered`]): a process that dies in between leaves a journal that may claim again.
#[derive(Debug)]
pub struct Claim {
    /// The number of the shard; 0 of a whole migration.
    pub shard: u32,
    /// How often the shard was claimed, with this claim.
    pub epoch: u64,
    /// What the registry says with this claim.
    pub text: String,
    /// The owner before this one ran on another machine and did not end as it should.
    pub must_wait: bool,
    /// The owner before this one did not end as it should, or lives.
    pub is_running: bool,
    /// The machine of the owner before this one; empty where there was none.
    pub last_host: String,
}

impl Claim {
    /// Judges the claim of a journal by what a registry says: nothing, where there is none yet. `name` is the registry's, for
    /// messages.
    ///
    /// # Errors
    ///
    /// Another count of shards, target or migration than the registry's; another journal than the shard's, an empty one or an
    /// older copy of it.
    pub fn judge(
        name: &str,
        said: Option<&str>,
        journal: &Journal,
        target: &str,
    ) -> anyhow::Result<Claim> {
        let shard = journal.shard()?;
        let migration = migration_id(journal);
        let count = shard.map_or(0, Shard::count);
        let mut registry = match said {
            None => Registry::new(&migration, target, count),
            Some(said) => {
                let known = Registry::parse(said, name)?;
                known.must_fit(name, &migration, target, count)?;
                known
            }
        };
        let (id, known_epoch) = (journal.id()?, journal.meta(EPOCH)?.unwrap_or_default());
        let known_epoch: u64 = known_epoch.parse().unwrap_or(0);
        let entry = registry.entry(shard);
        let before = entry.as_ref().map_or(0, |entry| entry.epoch);
        match &entry {
            Some(entry) if entry.journal != id => {
                return Err(other_journal(name, shard, &entry.journal));
            }
            Some(_) if known_epoch < before => return Err(older_copy(name, shard)),
            None if journal.meta(REGISTERED)?.is_some() => return Err(forgotten(name, shard)),
            _ => {}
        }
        let here = Place::here();
        let must_wait = entry.as_ref().is_some_and(|entry| {
            !entry.released && (here.kernel.is_empty() || entry.kernel != here.kernel)
        });
        let epoch = before.max(known_epoch) + 1;
        let owner = Entry {
            journal: id,
            epoch,
            released: false,
            kernel: here.kernel,
            host: here.host,
        };
        registry.set(shard, owner);
        Ok(Claim {
            shard: shard.map_or(0, Shard::number),
            epoch,
            text: registry.text(),
            must_wait,
            is_running: entry.as_ref().is_some_and(|entry| !entry.released),
            last_host: entry.map(|entry| entry.host).unwrap_or_default(),
        })
    }

    /// Notes the epoch in the journal, before the registry knows it.
    pub fn note(&self, journal: &Journal) -> anyhow::Result<()> {
        journal.set_meta(EPOCH, &self.epoch.to_string())
    }

    /// Notes in the journal that a registry knows it.
    pub fn registered(&self, journal: &Journal) -> anyhow::Result<()> {
        journal.set_meta(REGISTERED, "yes")
    }
}

/// What has become of a claim, as its registry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimStanding {
    /// Nobody has claimed the shard since.
    Held,
    /// Another process has.
    Taken,
    /// The registry does not know the shard any more: it was emptied, deleted or begun anew.
    Forgotten,
}

/// What names the migration of a journal: all its shards have the same key.
pub fn migration_id(journal: &Journal) -> String {
    let migration = blake3::derive_key(CONTEXT, &journal.key);
    let bytes = migration[..16].iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// What a registry says with the claim of an epoch given back; `None` where the shard has another owner by now.
pub fn given_back(said: &str, shard: u32, epoch: u64) -> Option<String> {
    let mut registry = Registry::parse(said, "").ok()?;
    let entry = registry
        .entry_of(shard)
        .filter(|entry| entry.epoch == epoch)?;
    registry.set_of(
        shard,
        Entry {
            released: true,
            ..entry
        },
    );
    Some(registry.text())
}

/// A claim to a shard in a file, for as long as it lives.
#[derive(Debug)]
pub struct Ownership {
    path: PathBuf,
    shard: u32,
    epoch: u64,
    must_wait: bool,
    _alive: Lock,
}

impl Ownership {
    /// Claims the shard of a journal, or the whole migration, in the registry of a path; the file is made by the first claim.
    ///
    /// # Errors
    ///
    /// Those of [`Claim::judge`]; a process that lives and owns the shard.
    pub fn claim(path: &Path, journal: &Journal, target: &str) -> anyhow::Result<Ownership> {
        let _writing = write_lock(path)?;
        let said = registry_file::read(path)?;
        let name = path.shown().to_string();
        let claim = Claim::judge(&name, said.as_deref(), journal, target)?;
        let alive = living_lock(path, journal.shard()?, &claim.last_host)?;
        claim.note(journal)?;
        registry_file::write(path, &claim.text)?;
        claim.registered(journal)?;
        Ok(Ownership {
            path: path.to_owned(),
            shard: claim.shard,
            epoch: claim.epoch,
            must_wait: claim.must_wait,
            _alive: alive,
        })
    }

    /// What has become of the claim. Fails when the registry cannot be read.
    pub fn standing(&self) -> anyhow::Result<ClaimStanding> {
        let Some(said) = registry_file::read(&self.path)? else {
            return Ok(ClaimStanding::Forgotten);
        };
        let registry = Registry::parse(&said, &self.path.shown().to_string())?;
        Ok(match registry.entry_of(self.shard) {
            None => ClaimStanding::Forgotten,
            Some(entry) if entry.epoch == self.epoch => ClaimStanding::Held,
            Some(_) => ClaimStanding::Taken,
        })
    }

    /// Whether the owner before this one ran on another machine and did not end as it should: it may live, and only find out
    /// when it looks at the registry next.
    pub fn must_wait(&self) -> bool {
        self.must_wait
    }

    fn release(&self) -> anyhow::Result<()> {
        let _writing = write_lock(&self.path)?;
        let said = registry_file::read(&self.path)?;
        let text = said.and_then(|said| given_back(&said, self.shard, self.epoch));
        match text {
            Some(text) => registry_file::write(&self.path, &text),
            None => Ok(()),
        }
    }
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // Whoever comes next waits a little where this cannot be written.
        let _ = self.release();
    }
}

/// Which machine this is.
struct Place {
    /// Changes with every start of the kernel; empty where it cannot be told.
    kernel: String,
    host: String,
}

impl Place {
    fn here() -> Place {
        let word = |path: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.split_whitespace().collect::<String>()
        };
        Place {
            kernel: word("/proc/sys/kernel/random/boot_id"),
            host: word("/proc/sys/kernel/hostname"),
        }
    }
}

/// A path beside the registry's.
fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(what);
    PathBuf::from(name)
}

/// The lock of those who write the file.
fn write_lock(path: &Path) -> anyhow::Result<Lock> {
    let path = beside(path, ".lock");
    let begin = Instant::now();
    let refused = |why: &str| {
        Failure::cannot(
            format!("cannot lock {}: {why}", path.shown()),
            "the registry has to lie on a file system with locks; run the same command again",
        )
    };
    loop {
        match Lock::take(&path).map_err(|error| refused(&format!("{error:#}")))? {
            Some(lock) => return Ok(lock),
            None if begin.elapsed() < LONGEST_WAIT => {
                std::thread::sleep(Duration::from_millis(20));
            }
            None => return Err(refused("another process holds it")),
        }
    }
}

/// The lock of a shard's owner.
fn living_lock(path: &Path, shard: Option<Shard>, host: &str) -> anyhow::Result<Lock> {
    let number = shard.map_or_else(|| "whole".to_owned(), |shard| shard.number().to_string());
    let path = beside(path, &format!(".{number}.owner"));
    Lock::take(&path)?.ok_or_else(|| another_process(shard, host))
}

/// A process that lives and owns the shard.
pub fn another_process(shard: Option<Shard>, host: &str) -> anyhow::Error {
    Failure::cannot(
        format!("another process works on {} (on {host})", named(shard)),
        "wait for it to end, or stop it there",
    )
}

fn named(shard: Option<Shard>) -> String {
    shard.map_or_else(
        || "this migration".to_owned(),
        |shard| format!("shard {shard}"),
    )
}

fn other_journal(name: &str, shard: Option<Shard>, id: &str) -> anyhow::Error {
    Failure::configuration(
        format!(
            "{} has another journal, says the registry {name}: its id is {id}. The one here is empty or another one, and would send customers a second time",
            named(shard)
        ),
        "name the folder with that journal (--state), or bring it back",
    )
}

fn older_copy(name: &str, shard: Option<Shard>) -> anyhow::Error {
    Failure::configuration(
        format!(
            "the journal here is an older copy of that of {}: the registry {name} knows of later starts, of which it does not know what they sent",
            named(shard)
        ),
        "bring the newest state of the journal back",
    )
}

fn forgotten(name: &str, shard: Option<Shard>) -> anyhow::Error {
    Failure::configuration(
        format!(
            "the registry {name} does not know {}, and its journal was claimed in one before",
            named(shard)
        ),
        "name the registry that the shards have, or bring it back: a new one would let a second journal send",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place with a registry, and journals in folders beside it.
    struct World(tempfile::TempDir);

    impl World {
        fn new() -> World {
            World(tempfile::tempdir().unwrap())
        }

        fn registry(&self) -> PathBuf {
            self.0.path().join("registry")
        }

        /// The journal in a folder, bound to a shard.
        fn journal(&self, folder: &str, shard: Option<&str>) -> Journal {
            let folder = self.0.path().join(folder);
            crate::share_key(&self.0.path().join("root"), &folder).unwrap();
            let journal = Journal::open(&folder).unwrap();
            let shard = shard.map(|text| text.parse().unwrap());
            journal.bind_shard(shard).unwrap();
            journal
        }

        fn claim(&self, journal: &Journal) -> anyhow::Result<Ownership> {
            Ownership::claim(&self.registry(), journal, "https://bakkt.example")
        }

        fn refuses(&self, journal: &Journal, why: &str) {
            let said = self.claim(journal).unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_shard_is_claimed_again_by_its_journal_and_by_no_other() {
        let world = World::new();
        let first = world.journal("a", Some("1/4"));
        for _ in 0..3 {
            let ownership = world.claim(&first).unwrap();
            assert!(holds(&ownership) && !ownership.must_wait());
        }
        world.refuses(&world.journal("b", Some("1/4")), "has another journal");
        world.refuses(
            &world.journal("c", Some("1/8")),
            "with 4 shards, not with 8 shards",
        );
        world.refuses(
            &world.journal("d", None),
            "with 4 shards, not with no shards",
        );
        let said = Ownership::claim(&world.registry(), &first, "https://other.example");
        assert!(
            said.unwrap_err()
                .to_string()
                .contains("not to https://other.example")
        );
        world.claim(&world.journal("e", Some("2/4"))).unwrap();
    }

    #[test]
    fn one_owner_lives_at_a_time() {
        let world = World::new();
        let journal = world.journal("a", Some("0/2"));
        let ownership = world.claim(&journal).unwrap();
        world.refuses(&journal, "another process works on shard 0/2");
        drop(ownership);
        world.claim(&journal).unwrap();
    }

    #[test]
    fn an_owner_learns_of_its_successor() {
        let world = World::new();
        let journal = world.journal("a", Some("0/2"));
        let lost = world.claim(&journal).unwrap();
        // Its lock went with its network; the registry says that it runs on another machine.
        std::fs::remove_file(beside(&world.registry(), ".0.owner")).unwrap();
        edit(&world.registry(), |text| {
            let kernel = Place::here().kernel;
            match kernel.as_str() {
                "" => text,
                kernel => text.replace(kernel, "elsewhere"),
            }
        });
        let successor = world.claim(&journal).unwrap();
        assert!(successor.must_wait());
        assert!(holds(&successor) && lost.standing().unwrap() == ClaimStanding::Taken);
        // What the lost one still writes is about its own epoch.
        drop(lost);
        assert!(holds(&successor));
    }

    #[test]
    fn older_copies_and_lost_registries_are_refused() {
        let world = World::new();
        let journal = world.journal("a", Some("0/2"));
        drop(world.claim(&journal).unwrap());
        let old = journal.meta(EPOCH).unwrap().unwrap();
        drop(world.claim(&journal).unwrap());
        let new = journal.meta(EPOCH).unwrap().unwrap();
        journal.set_meta(EPOCH, &old).unwrap();
        world.refuses(&journal, "an older copy");
        // A claim that was cut off between the journal and the registry goes on.
        journal
            .set_meta(EPOCH, &(new.parse::<u64>().unwrap() + 1).to_string())
            .unwrap();
        drop(world.claim(&journal).unwrap());
        std::fs::remove_file(world.registry()).unwrap();
        world.refuses(&journal, "does not know shard 0/2");
        std::fs::write(world.registry(), "something else\n").unwrap();
        world.refuses(&journal, "is not a registry");
    }

    fn holds(ownership: &Ownership) -> bool {
        ownership.standing().unwrap() == ClaimStanding::Held
    }

    #[test]
    fn a_registry_that_lost_the_shard_is_not_taken_for_another_process() {
        let world = World::new();
        let ownership = world.claim(&world.journal("a", Some("0/2"))).unwrap();
        world.claim(&world.journal("b", Some("1/2"))).unwrap();
        assert!(holds(&ownership));
        // One that was begun anew knows the other shard alone.
        edit(&world.registry(), |text| {
            let lines = text.lines().filter(|line| !line.starts_with("0 "));
            lines.map(|line| format!("{line}\n")).collect()
        });
        assert_eq!(ownership.standing().unwrap(), ClaimStanding::Forgotten);
        std::fs::remove_file(world.registry()).unwrap();
        assert_eq!(ownership.standing().unwrap(), ClaimStanding::Forgotten);
    }

    fn edit(path: &Path, how: impl FnOnce(String) -> String) {
        let text = std::fs::read_to_string(path).unwrap();
        std::fs::write(path, how(text)).unwrap();
    }
}
