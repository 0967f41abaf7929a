//! How long a run will take at the configured rates, and what looking first costs.

use std::time::Duration;

use crate::progress::span;
use crate::settings::amounts::Rate;
use crate::settings::{OnExisting, Settings};

/// The shortest time for so many accounts: creations, and look-ups beside them.
pub fn time(settings: &Settings, accounts: u64) -> Duration {
    let usable = 1.0 - f64::from(settings.limits.headroom_percent) / 100.0;
    let of = |rate: Rate| rate.time_for(accounts).div_f64(usable);
    let create = of(settings.limits.create);
    if settings.on_existing.looks_first() {
        create.max(of(settings.limits.lookup))
    } else {
        create
    }
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
    let cost = if settings.on_existing.looks_first() {
        format!(
            "on_existing = \"{word}\" adds {accounts} look-ups, {} of which the creations do not cover",
            span(total.saturating_sub(limits.create.time_for(accounts)))
        )
    } else {
        "on_existing = \"update\" adds no look-ups".to_owned()
    };
    format!(
        "time        at least {} at the configured rates; {cost}",
        span(total)
    )
}
