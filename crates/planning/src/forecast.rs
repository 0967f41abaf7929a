//! How long a run will take at the configured rates, what looking first costs, and what closed hours add.

use std::time::Duration;

use jiff::Timestamp;

use bakkt_files::progress::span;
use bakkt_folder::settings::Settings;
use bakkt_model::custody::CustodyKind;
use bakkt_model::limits::OnExisting;
use bakkt_model::limits::Rate;
use bakkt_model::number::thousands;
use bakkt_model::window::SendingWindow;

/// How many requests there are to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlannedWork {
    /// Creations and updates.
    pub accounts: u64,
    /// Uploads.
    pub documents: u64,
    /// KYB triggers.
    pub kyb: u64,
}

impl PlannedWork {
    /// All of it.
    pub fn sum(self) -> u64 {
        self.accounts + self.documents + self.kyb
    }

    /// In words: documents and KYB only where there are any.
    pub fn words(self) -> String {
        let mut parts = vec![format!("{} accounts", thousands(self.accounts))];
        for (count, what) in [(self.documents, "documents"), (self.kyb, "KYB screenings")] {
            if count > 0 {
                parts.push(format!("{} {what}", thousands(count)));
            }
        }
        match parts.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => parts.concat(),
        }
    }
}

/// The shortest time for so much work: the slowest kind of request, look-ups beside the others.
pub(crate) fn time(settings: &Settings, work: PlannedWork) -> Duration {
    let without = without_looking(settings, work);
    if settings.on_existing.looks_first() {
        let lookups = work.accounts + work.documents;
        without.max(at_rate(settings, settings.limits.lookup, lookups))
    } else {
        without
    }
}

fn without_looking(settings: &Settings, work: PlannedWork) -> Duration {
    let limits = &settings.limits;
    at_rate(settings, limits.create, work.accounts)
        .max(at_rate(settings, limits.upload, work.documents))
        .max(at_rate(settings, limits.kyb, work.kyb))
}

fn at_rate(settings: &Settings, rate: Rate, requests: u64) -> Duration {
    let usable = 1.0 - f64::from(settings.limits.headroom_percent) / 100.0;
    rate.time_for(requests).div_f64(usable)
}

/// The shortest time for custody in words, which comes after the accounts; nothing where no rate holds it up.
pub(crate) fn custody(settings: &Settings, count: impl Fn(CustodyKind) -> u64) -> Option<String> {
    let rates = &settings.custody.as_ref()?.rates;
    let accounts = count(CustodyKind::BankAccount) + count(CustodyKind::Savings);
    // A user comes before all else of its customer, which may be made while other users are.
    let time = [
        (rates.users, count(CustodyKind::User)),
        (rates.accounts, accounts),
        (rates.recipients, count(CustodyKind::Recipient)),
    ]
    .map(|(rate, requests)| at_rate(settings, rate, requests));
    let time = time.into_iter().max().filter(|time| !time.is_zero())?;
    Some(format!(
        "at least {} at the rates of [custody], after the accounts",
        span(time)
    ))
}

/// What the hours in which sending is allowed mean for work that begins at a time, in words; nothing where none of it falls into
/// closed hours.
pub fn closed_hours(
    settings: &Settings,
    window: &SendingWindow,
    work: PlannedWork,
    begin: Timestamp,
) -> Option<String> {
    let needed = time(settings, work);
    let (end, closed) = match window.end_of(begin, needed) {
        Some((_, closed)) if closed.is_zero() => return None,
        Some(end) => end,
        None => return Some("window      sending is never allowed again".to_owned()),
    };
    let state = window.state(begin);
    let begins = match (state.closed, state.until) {
        (Some(why), Some(until)) => format!("nothing is sent before {until:.0} ({why}); "),
        _ => String::new(),
    };
    Some(format!(
        "window      {begins}done no sooner than {end:.0}, {} of that closed",
        span(closed)
    ))
}

/// The forecast in words.
pub fn describe(settings: &Settings, work: PlannedWork) -> String {
    let limits = &settings.limits;
    let free = |rate: Rate, count: u64| rate == Rate::Unlimited || count == 0;
    if limits.create == Rate::Unlimited
        && (limits.lookup == Rate::Unlimited || !settings.on_existing.looks_first())
        && free(limits.upload, work.documents)
        && free(limits.kyb, work.kyb)
    {
        return "time        no limits are set: as fast as Bakkt answers".to_owned();
    }
    let total = time(settings, work);
    let word = match settings.on_existing {
        OnExisting::Skip => "skip",
        OnExisting::Update => "update",
        OnExisting::Stop => "stop",
    };
    let cost = match total.saturating_sub(without_looking(settings, work)) {
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
        "time        at least {} for {} at the configured rates; {cost}",
        span(total),
        work.words()
    )
}
