//! `--shard` and `--state`: syntax.

use std::path::PathBuf;
use std::str::FromStr;

use bakkt_model::shard::{MOST_SHARDS, NotAShard, Shard};
use clap::Args;

/// The shard that a command is about, and where its state lies.
#[derive(Clone, Debug, Default, Args)]
pub struct ShardArgs {
    /// One shard of the migration, such as 3/16 (numbers from 0). `auto` or `auto/16` is the one that Slurm, AWS Batch or
    /// Kubernetes gave this process; `all` or `all/16` is each of them in turn.
    #[arg(long, value_name = "SHARD")]
    pub shard: Option<ShardChoice>,
    /// The folder in which the state of shards lies, on a disk of this machine; DIR/.bakkt-migrate unless given. Where
    /// several shards are read it may be given several times.
    #[arg(long, value_name = "FOLDER")]
    pub state: Vec<PathBuf>,
    /// The command is done for each shard, and this is one of them.
    #[arg(skip)]
    pub is_one_of_all: bool,
}

/// What `--shard` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    One(Shard),
    /// The one that a scheduler gave this process, and how many there are where the scheduler does not say.
    Auto(Option<u32>),
    /// All of them: those that there are, or so many.
    All(Option<u32>),
}

impl FromStr for ShardChoice {
    type Err = NotAShard;

    fn from_str(text: &str) -> Result<ShardChoice, NotAShard> {
        let (word, count) = match text.split_once('/') {
            Some((word, count)) => (word, Some(count)),
            None => (text, None),
        };
        let counted = |count: &str| {
            let number = count.parse().ok().filter(|_| !count.starts_with('+'));
            number
                .filter(|count| (1..=MOST_SHARDS).contains(count))
                .ok_or(NotAShard)
        };
        match word {
            "auto" => Ok(ShardChoice::Auto(count.map(counted).transpose()?)),
            "all" => Ok(ShardChoice::All(count.map(counted).transpose()?)),
            _ => text.parse().map(ShardChoice::One),
        }
    }
}
