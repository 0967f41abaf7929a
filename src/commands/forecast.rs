//! How long a run will take at the configured rates, and what looking first costs.

use std::time::Duration;

use crate::progress::span;
use crate::report::thousands;
use crate::settings::amounts::Rate;
use crate::settings::{OnExisting, Settings};

/// The shortest time for so many accounts: creations, and look-ups beside them.
pub fn time(settings: &Settings, accounts: u64) -> Duration {
    let create = without_looking(settings, accounts);
    if settings.on_existing.looks_first() {
        create.max(at_rate(settings, settings.limits.lookup, accounts))
    } else {
        create
    }
}

fn without_looking(settings: &Settings, accounts: u64) -> Duration {
    at_rate(settings, settings.limits.create, accounts)
}

fn at_rate(settings: &Settings, rate: Rate, requests: u64) -> Duration {
    let usable = 1.0 - f64::from(settings.limits.headroom_percent) / 100.0;
    rate.time_for(requests).div_f64(usable)
}

/// The forecast in words.
pub fn describe(settings: &Settings, accounts: u64) -> String {
    let limits = &settings.limits;
    if limits.create == Rate::Unlimited
        && (limits.lookup == Rate::Unlimited || !settings.on_existing.looks_first())
    {
        return "time        no limits are set: as fast as Bakkt answers".to_owned();
    }
    let total = time(settings, accounts);
    let word = match settings.on_existing {
        OnExisting::Skip => "skip",
        OnExisting::Update => "update",
        OnExisting::Stop => "stop",
    };
    let cost = match total.saturating_sub(without_looking(settings, accounts)) {
        _ if !settings.on_existing.looks_first() => {
            format!("on_existing = \"{word}\" creates without looking first")
        }
        more if more < Duration::from_secs(1) => format!(
            "on_existing = \"{word}\" looks each account up first, beside the creations: no more time"
        ),
        more => format!(
            "on_existing = \"{word}\" looks each account up first: {} of it",
            span(more)
        ),
    };
    format!(
        "time        at least {} for {} accounts at the configured rates; {cost}",
        span(total),
        thousands(accounts)
    )
}
