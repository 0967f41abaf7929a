//! The texts that are signed: JSON with sorted keys, on one line.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ApprovalSubject, WantedRun};
use bakkt_model::number::thousands;

/// What the text of an approval says it is.
const FORM: &str = "bakkt-migrate approval 1";
/// The same of what a runner signs.
const RUN_FORM: &str = "bakkt-migrate run 1";

/// What somebody approves. The fields stand in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalTerms {
    /// SHA-256 of the file of those who may approve.
    pub approvers: String,
    /// Where it goes.
    pub base_url: String,
    /// The dialect.
    pub dialect: String,
    /// Until when it holds, RFC 3339.
    pub expires: Timestamp,
    form: String,
    /// The migration.
    pub migration: String,
    /// Of a pilot.
    pub pilot: Option<Pilot>,
    /// The hashes of the plans: one, or those of all shards.
    pub plans: Vec<String>,
    /// When it was signed.
    pub signed: Timestamp,
}

/// A part of a plan that is approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pilot {
    /// So many accounts, of each plan.
    pub accounts: u64,
    /// Accounts that had been sent when it was approved.
    pub begun: u64,
}

impl ApprovalTerms {
    /// The terms for a plan, or the plans of all shards.
    pub fn new(
        subject: &ApprovalSubject,
        plans: Vec<String>,
        pilot: Option<Pilot>,
        (signed, expires): (Timestamp, Timestamp),
    ) -> ApprovalTerms {
        ApprovalTerms {
            approvers: subject.approvers.clone(),
            base_url: subject.base_url.clone(),
            dialect: subject.dialect.clone(),
            expires,
            form: FORM.to_owned(),
            migration: subject.migration.clone(),
            pilot,
            plans,
            signed,
        }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        // A struct of texts and numbers always has a value.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The terms of a text; none where it is not an approval.
    pub fn parse(text: &str) -> Option<ApprovalTerms> {
        let terms: ApprovalTerms = serde_json::from_str(text).ok()?;
        (terms.form == FORM).then_some(terms)
    }

    /// Whether they hold for no longer than the settings let an approval hold.
    pub(super) fn holds_for_no_longer(&self, valid: Duration) -> Result<(), String> {
        let holds = self.expires.duration_since(self.signed);
        match Duration::try_from(holds) {
            Ok(holds) if holds <= valid => Ok(()),
            _ => Err("holds for longer than `valid` under [approval] lets it".to_owned()),
        }
    }

    /// Whether they cover a run, when so many accounts were sent since they were signed; says why not.
    pub(super) fn cover(&self, wanted: &WantedRun<'_>, sent: u64) -> Result<(), String> {
        let subject = wanted.subject;
        if self.migration != subject.migration {
            return Err("is of another migration".to_owned());
        }
        if self.base_url != subject.base_url {
            return Err(format!("is for another target, {}", self.base_url));
        }
        if self.dialect != subject.dialect {
            return Err(format!("is for another dialect, {}", self.dialect));
        }
        if !self.plans.contains(&subject.plan) {
            let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
            let plans: Vec<String> = self.plans.iter().map(|plan| short(plan)).collect();
            return Err(format!(
                "is of another plan ({}…): the plan is {}… now",
                plans.join("…, "),
                short(&subject.plan)
            ));
        }
        if self.approvers != subject.approvers {
            return Err("was given under another file of those who may approve".to_owned());
        }
        if wanted.at >= self.expires {
            return Err(format!("ended at {:.0}", self.expires));
        }
        match self.pilot {
            None => Ok(()),
            Some(pilot) => pilot.covers(wanted.limit, sent),
        }
    }
}

impl Pilot {
    fn covers(self, limit: Option<u64>, sent: u64) -> Result<(), String> {
        let all = thousands(self.accounts);
        let left = self.accounts.saturating_sub(sent);
        match limit {
            // It sends no account, and settles those whose answers were lost.
            Some(0) => Ok(()),
            _ if left == 0 => Err(format!(
                "is for a pilot of {all} accounts, and all of them were sent"
            )),
            None => Err(format!(
                "is for a pilot of {all} accounts: run it with --limit {left}"
            )),
            Some(limit) if limit > left => Err(format!(
                "is for a pilot of {all} accounts, of which {} are left, and not for {}",
                thousands(left),
                thousands(limit)
            )),
            Some(_) => Ok(()),
        }
    }
}

/// What a runner signs. The fields stand in the order of their names.
#[derive(Serialize)]
pub(super) struct RunStatement<'a> {
    approvals: &'a [u64],
    approvers: &'a str,
    base_url: &'a str,
    dialect: &'a str,
    form: &'static str,
    limit: Option<u64>,
    migration: &'a str,
    plan: &'a str,
    required: u32,
    signed: Timestamp,
}

impl<'a> RunStatement<'a> {
    pub(super) fn of(
        wanted: &'a WantedRun<'_>,
        required: u32,
        approvals: &'a [u64],
    ) -> RunStatement<'a> {
        let subject = wanted.subject;
        RunStatement {
            approvals,
            approvers: &subject.approvers,
            base_url: &subject.base_url,
            dialect: &subject.dialect,
            form: RUN_FORM,
            limit: wanted.limit,
            migration: &subject.migration,
            plan: &subject.plan,
            required,
            signed: wanted.at,
        }
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> ApprovalSubject {
        ApprovalSubject {
            plan: "ab".repeat(32),
            base_url: "https://api.bakkt.com".to_owned(),
            dialect: "guide".to_owned(),
            migration: "cd".repeat(16),
            approvers: "ef".repeat(32),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn terms(pilot: Option<Pilot>) -> ApprovalTerms {
        let subject = subject();
        let plans = vec!["12".repeat(32), subject.plan.clone()];
        let times = (at("2026-12-01T10:00:00Z"), at("2026-12-08T10:00:00Z"));
        ApprovalTerms::new(&subject, plans, pilot, times)
    }

    fn covers(
        terms: &ApprovalTerms,
        subject: &ApprovalSubject,
        limit: Option<u64>,
        (time, sent): (&str, u64),
    ) -> Result<(), String> {
        let at = at(time);
        let wanted = WantedRun {
            subject,
            limit,
            key: None,
            at,
        };
        terms.cover(&wanted, sent)
    }

    type Change = fn(&mut ApprovalSubject);

    #[test]
    fn whatever_differs_makes_an_approval_void() {
        let terms = terms(None);
        let soon = ("2026-12-08T09:59:59Z", 0);
        assert_eq!(covers(&terms, &subject(), None, soon), Ok(()));
        let changes: [(&str, Change); 5] = [
            ("another plan", |it| it.plan = "34".repeat(32)),
            ("another target, https://api.bakkt.com", |it| {
                it.base_url = "https://sandbox.bakkt.com".to_owned();
            }),
            ("another dialect, guide", |it| {
                it.dialect = "reference".to_owned()
            }),
            ("another migration", |it| it.migration = "00".repeat(16)),
            ("another file", |it| it.approvers = "00".repeat(32)),
        ];
        for (what, change) in changes {
            let mut other = subject();
            change(&mut other);
            let why = covers(&terms, &other, None, soon).unwrap_err();
            assert!(why.contains(what), "{what}: {why}");
        }
        let late = ("2026-12-08T10:00:00Z", 0);
        let why = covers(&terms, &subject(), None, late).unwrap_err();
        assert_eq!(why, "ended at 2026-12-08T10:00:00Z");
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(terms.holds_for_no_longer(7 * day), Ok(()));
        assert!(terms.holds_for_no_longer(6 * day).is_err());
    }

    #[test]
    fn a_pilot_covers_its_number_of_accounts_and_no_more() {
        let terms = terms(Some(Pilot {
            accounts: 20,
            begun: 5,
        }));
        let covers =
            |limit, sent| covers(&terms, &subject(), limit, ("2026-12-02T00:00:00Z", sent));
        assert_eq!(covers(Some(20), 0), Ok(()));
        assert_eq!(covers(Some(8), 12), Ok(()));
        assert_eq!(covers(Some(0), 20), Ok(()));
        for (limit, sent, what) in [
            (None, 0, "--limit 20"),
            (Some(21), 0, "of which 20 are left, and not for 21"),
            (Some(9), 12, "of which 8 are left"),
            (
                Some(1),
                20,
                "for a pilot of 20 accounts, and all of them were sent",
            ),
            (
                None,
                20,
                "for a pilot of 20 accounts, and all of them were sent",
            ),
        ] {
            let why = covers(limit, sent).unwrap_err();
            assert!(why.contains(what), "{why}");
        }
    }

    #[test]
    fn the_text_that_is_signed_is_one_line_with_sorted_keys() {
        let terms = terms(None);
        let text = terms.text();
        assert_eq!(ApprovalTerms::parse(&text), Some(terms));
        let keys: Vec<&str> = text
            .split('"')
            .filter(|part| part.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
            .filter(|part| text.contains(&format!("\"{part}\":")))
            .collect();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(keys, sorted);
        assert!(!text.contains('\n'));
        assert_eq!(
            ApprovalTerms::parse(&text.replace("approval 1", "approval 2")),
            None
        );
        assert_eq!(
            ApprovalTerms::parse(&text.replace("\"dialect\"", "\"dialekt\"")),
            None
        );
    }
}
