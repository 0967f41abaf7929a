//! A migration opened to be worked on: settings, then target, then journal.
//!
//! Owner of that order, and so of what every command that plans, sends or asks Bakkt refuses before it begins, and with
//! which words. A [`Destination`] has locked and made nothing yet; a [`Session`] holds the journal, and no other command can
//! work on it meanwhile. Left out on purpose: exports and mappings, which some of them open later (`planning::opening`).

use std::path::{Path, PathBuf};

use super::place::StatePlace;
use super::{checkpoint, target};
use crate::cli::TargetArgs;
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::custody::CustodyRates;
use bakkt_journal::Journal;
use bakkt_journal::read::nothing_planned;
use bakkt_model::error::Failure;
use bakkt_model::limits::{Limits, default_limits};
use bakkt_model::shard::Shard;

/// The settings of a migration, and which Bakkt it goes to.
pub struct Destination {
    /// The settings, with what the command line says of the target.
    pub settings: Settings,
    /// The name of the target, to which a journal is bound.
    pub target: String,
    /// Where its state lies.
    pub place: StatePlace,
}

impl Destination {
    /// Reads the settings of a folder and resolves its target.
    pub fn resolve(dir: &Path, args: &TargetArgs) -> anyhow::Result<Destination> {
        target::existing_folder(dir)?;
        let mut settings = bakkt_folder::migration::settings(dir)?;
        let target = target::resolve(args, &mut settings)?;
        let place = StatePlace::new(dir, args.sandbox, &args.shards)?;
        place.must_be_open()?;
        place.must_be_one()?;
        if args.sandbox {
            // Nobody else sends to a sandbox inside of the process.
            settings.shared = None;
        }
        if let Some(shard) = place.shard
            && settings.shared.is_none()
        {
            settings.limits = share(settings.limits, shard)?;
            if let Some(custody) = &mut settings.custody {
                custody.rates = custody_share(custody.rates, shard)?;
            }
        }
        Ok(Destination {
            target,
            place,
            settings,
        })
    }
}

/// An open journal, bound to its target.
pub struct Session {
    /// The settings.
    pub settings: Settings,
    /// The journal, locked for this process.
    pub journal: Journal,
    /// The state folder, in which the journal and the log lie.
    pub state: PathBuf,
}

impl Session {
    /// Opens the journal, or makes one; refuses one of another target. From here on the log goes into the state folder.
    pub fn open(destination: Destination) -> anyhow::Result<Session> {
        let Destination {
            settings,
            target,
            place,
        } = destination;
        let mut journal = place.open_journal_unlooked()?;
        // At ten million customers the first request would wait for a minute.
        checkpoint::look_beside(&mut journal)?;
        let state = place.folder();
        crate::logging::to_file(&state);
        journal.bind(&target, settings.target.dialect.word())?;
        Ok(Session {
            settings,
            journal,
            state,
        })
    }

    /// Opens the journal; refuses one without a whole plan.
    pub fn open_planned(destination: Destination) -> anyhow::Result<Session> {
        let session = Session::open(destination)?;
        match session.journal.is_planned()? {
            true => Ok(session),
            false => Err(nothing_planned()),
        }
    }
}

/// The same of the rates of custody.
fn custody_share(rates: CustodyRates, shard: Shard) -> anyhow::Result<CustodyRates> {
    let share = share(
        Limits {
            create: rates.users,
            upload: rates.accounts,
            kyb: rates.recipients,
            lookup: rates.lookup,
            ..default_limits()
        },
        shard,
    )?;
    Ok(CustodyRates {
        users: share.create,
        accounts: share.upload,
        recipients: share.kyb,
        lookup: share.lookup,
    })
}

/// The share of a shard in the rates: all shards together keep to them.
fn share(limits: Limits, shard: Shard) -> anyhow::Result<Limits> {
    limits.divided(shard.count()).map_err(|key| {
        Failure::configuration(
            format!(
                "`{key}` under [limits] cannot be divided among {} shards: each would have less than one request in its window",
                shard.count()
            ),
            "take fewer shards, or a longer window where your agreement has one, such as \"600/min\" for \"10/s\"",
        )
    })
}
