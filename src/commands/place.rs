//! Where the state of a migration lies: of all of it, or of one shard.
//!
//! Owner of the layout: DIR/.bakkt-migrate, the sandbox's apart from the real one, and below it, or below `--state`, a folder
//! for each shard. Invariants: a migration has one journal or shards, never both; shards share one key, in DIR; the state
//! of a shard lies on a disk of this machine, as far as the system tells. Left out on purpose: what is in the folders
//! (`journal`), and whose turn a shard is (`journal::registry`).

use std::path::{Path, PathBuf};

use super::run_record::without_login;
use super::{checkpoint, scheduler};
use crate::cli::{ShardArgs, ShardChoice, TargetArgs};
use bakkt_files::state_folder;
use bakkt_journal::Journal;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::shard::Shard;
use bakkt_model::shell;

/// The name of the folder of state in a migration folder.
pub const STATE: &str = ".bakkt-migrate";

/// The place of a migration's state.
#[derive(Clone, Debug)]
pub struct StatePlace {
    /// The migration folder.
    pub dir: PathBuf,
    /// Of the sandbox's journal.
    pub sandbox: bool,
    /// Of this shard; none: of the whole migration.
    pub shard: Option<Shard>,
    /// The command is done for the other shards as well.
    pub is_one_of_all: bool,
    /// The folders of `--state`.
    folders: Vec<PathBuf>,
}

/// How the next command names the same migration at the same target, where both commands take one.
pub fn with_target(dir: &Path, target: &TargetArgs) -> String {
    let url = match &target.base_url {
        // A login in it is not shown.
        Some(url) => format!(" --base-url {}", shell::word(&without_login(url.clone()))),
        None => String::new(),
    };
    arguments(dir, target.sandbox, &target.shards) + &url
}

/// How the next command names the same migration: its folder, whether it is the sandbox's, and its shard with the folder of its state.
pub fn arguments(dir: &Path, sandbox: bool, shards: &ShardArgs) -> String {
    let sandbox = if sandbox { " --sandbox" } else { "" };
    let shard = match shards.shard {
        Some(ShardChoice::One(shard)) => format!(" --shard {shard}"),
        // The same scheduler says which it is.
        Some(ShardChoice::Auto(None)) => " --shard auto".to_owned(),
        Some(ShardChoice::Auto(Some(count))) => format!(" --shard auto/{count}"),
        Some(ShardChoice::All(_)) => " --shard all".to_owned(),
        None => String::new(),
    };
    let state = shards.state.iter();
    let state: String = state
        .map(|folder| format!(" --state {}", shell::path(&folder.shown())))
        .collect();
    format!("{}{sandbox}{shard}{state}", shell::path(&dir.shown()))
}

/// Refuses `--shard all` without a count where there is no shard.
pub fn no_shards_yet(dir: &Path) -> anyhow::Error {
    Failure::configuration(
        format!("{} has no shards yet", dir.shown()),
        "say how many there are to be, such as --shard all/16",
    )
}

impl StatePlace {
    /// The place that arguments name. `all` stands for no shard in particular.
    pub fn new(dir: &Path, sandbox: bool, args: &ShardArgs) -> anyhow::Result<StatePlace> {
        let shard = match args.shard {
            Some(ShardChoice::One(shard)) => Some(shard),
            Some(ShardChoice::Auto(count)) => Some(scheduler::shard(count)?),
            Some(ShardChoice::All(_)) | None => None,
        };
        Ok(StatePlace {
            dir: dir.to_owned(),
            sandbox,
            shard,
            is_one_of_all: args.is_one_of_all,
            folders: args.state.clone(),
        })
    }

    /// The same place of one of all shards.
    pub fn of(&self, shard: Shard) -> StatePlace {
        StatePlace {
            shard: Some(shard),
            is_one_of_all: true,
            ..self.clone()
        }
    }

    /// The same place of the sandbox, or of the real target.
    pub fn of_other_target(&self) -> StatePlace {
        StatePlace {
            sandbox: !self.sandbox,
            ..self.clone()
        }
    }

    /// The folder in DIR, the sandbox's apart from the real one.
    pub fn root(&self) -> PathBuf {
        let folder = self.dir.join(STATE);
        if self.sandbox {
            folder.join("sandbox")
        } else {
            folder
        }
    }

    /// The state folder. Of a shard the one of `--state` that has its journal; of one of all shards that of DIR as well. Who names
    /// a shard and a folder may want a new journal there.
    pub fn folder(&self) -> PathBuf {
        let Some(shard) = self.shard else {
            return self.root();
        };
        let in_folder = |folder: &PathBuf| match self.sandbox {
            true => folder.join("sandbox").join(shard.folder()),
            false => folder.join(shard.folder()),
        };
        let mut named = self.folders.iter().map(in_folder);
        let own = self.root().join(shard.folder());
        let mut all = named.clone().chain(self.is_one_of_all.then(|| own.clone()));
        let found = all.find(|folder| Journal::path(folder).exists());
        found
            .or_else(|| named.clone().find(|folder| folder.exists()))
            .or_else(|| named.next())
            .unwrap_or(own)
    }

    /// The report folder.
    pub fn report(&self) -> PathBuf {
        let mut folder = self.dir.join("report");
        if self.sandbox {
            folder.push("sandbox");
        }
        folder.extend(self.shard.map(Shard::folder));
        folder
    }

    /// The folder of the plan's page.
    pub fn plan(&self) -> PathBuf {
        let mut folder = self.dir.join("plan");
        if self.sandbox {
            folder.push("sandbox");
        }
        folder.extend(self.shard.map(Shard::folder));
        folder
    }

    /// The shards that have a folder of state here.
    pub fn shards(&self) -> Vec<Shard> {
        let below = |folder: PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            entries.filter_map(|entry| Shard::of_folder(entry.ok()?.file_name().to_str()?))
        };
        let named = self.folders.iter().map(|folder| match self.sandbox {
            true => folder.join("sandbox"),
            false => folder.clone(),
        });
        let mut shards: Vec<Shard> = std::iter::once(self.root())
            .chain(named)
            .flat_map(below)
            .collect();
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// Every folder of state of a shard here: one, unless somebody has made a copy.
    pub fn journals(&self) -> Vec<PathBuf> {
        self.shard_journals()
            .into_iter()
            .map(|(_, folder)| folder)
            .collect()
    }

    /// The shards that have a journal here.
    pub fn shards_with_journals(&self) -> Vec<Shard> {
        let found = self.shard_journals().into_iter();
        let mut shards: Vec<Shard> = found.map(|(shard, _)| shard).collect();
        shards.dedup();
        shards
    }

    /// The folders of all shards of the migration. Refuses when one has no journal here.
    pub fn all_journals(&self) -> anyhow::Result<Vec<PathBuf>> {
        let here = self.shards_with_journals();
        let count = self.shards().first().map_or(0, |shard| shard.count());
        match Shard::all(count).find(|shard| !here.contains(shard)) {
            None => Ok(self.journals()),
            Some(missing) => Err(Failure::configuration(
                format!("there is no journal of shard {missing}"),
                "name the folder in which it lies with --state, or plan that shard first",
            )),
        }
    }

    /// The journals of the other shards here, where this is the place of one.
    pub fn journals_of_other_shards(&self) -> Vec<(Shard, PathBuf)> {
        let Some(own) = self.shard else {
            return Vec::new();
        };
        let others = self.shards_with_journals().into_iter();
        others
            .filter(|shard| *shard != own)
            .map(|shard| (shard, Journal::path(&self.of(shard).folder())))
            .filter(|(_, path)| path.exists())
            .collect()
    }

    fn shard_journals(&self) -> Vec<(Shard, PathBuf)> {
        let named = self.folders.iter().map(|folder| match self.sandbox {
            true => folder.join("sandbox"),
            false => folder.clone(),
        });
        let mut roots: Vec<PathBuf> = Vec::new();
        for root in std::iter::once(self.root()).chain(named) {
            // One folder may be named twice, and --state may name that of the migration.
            let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            if roots.iter().all(|known| real(known) != real(&root)) {
                roots.push(root);
            }
        }
        let below = |shard: Shard| {
            roots
                .iter()
                .map(move |root| (shard, root.join(shard.folder())))
        };
        let found = self.shards().into_iter().flat_map(below);
        found
            .filter(|(_, folder)| Journal::path(folder).exists())
            .collect()
    }

    /// Refuses a command that is about one journal, where a migration has shards and none is named, or has no shards and one
    /// is named.
    pub fn must_be_one(&self) -> anyhow::Result<()> {
        match self.shard {
            None => match self.shards().first() {
                None if self.folders.is_empty() => Ok(()),
                None => Err(Failure::configuration(
                    "--state names the place of shards, and no shard is named",
                    "add --shard, such as --shard 3/16",
                )),
                Some(shard) => Err(Failure::configuration(
                    format!("{} has {} shards", self.dir.shown(), shard.count()),
                    format!("name one, such as --shard {shard}, or each of them: --shard all"),
                )),
            },
            Some(shard) => {
                if Journal::path(&self.root()).exists() {
                    return Err(Failure::configuration(
                        format!("{} has a journal of the whole migration", self.dir.shown()),
                        "leave --shard away: a migration that began as one goes on as one",
                    ));
                }
                let other = self
                    .shards()
                    .into_iter()
                    .find(|known| known.count() != shard.count());
                match other {
                    None => Ok(()),
                    Some(other) => Err(Failure::configuration(
                        format!(
                            "{} has {} shards, not {}",
                            self.dir.shown(),
                            other.count(),
                            shard.count()
                        ),
                        "the number of shards stays what it was when the first of them started",
                    )),
                }
            }
        }
    }

    /// Refuses a migration that is closed, or is being closed.
    pub fn must_be_open(&self) -> anyhow::Result<()> {
        bakkt_journal::refuse_closed(&self.root())?;
        bakkt_journal::refuse_closed(&self.folder())
    }

    /// Gets the folder ready to be written to: of a shard it gets the key that all share.
    pub fn prepare(&self) -> anyhow::Result<PathBuf> {
        self.must_be_open()?;
        self.must_be_one()?;
        let folder = self.folder();
        if self.shard.is_some() {
            state_folder::private_folder(&self.root())?;
            state_folder::refuse_network(&folder)?;
            bakkt_journal::share_key(&self.root(), &folder)?;
        }
        Ok(folder)
    }

    /// Opens the journal for writing, and notes what was altered in it since its last checkpoint.
    pub fn open_journal(&self) -> anyhow::Result<Journal> {
        let mut journal = self.open_journal_unlooked()?;
        checkpoint::look(&mut journal)?;
        Ok(journal)
    }

    /// Opens the journal for a checkpoint, which looks itself; that of a shard is bound to it.
    pub fn open_journal_unlooked(&self) -> anyhow::Result<Journal> {
        let journal = Journal::open(&self.prepare()?)?;
        journal.bind_shard(self.shard)?;
        Ok(journal)
    }
}
