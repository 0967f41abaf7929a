//! Approvals: what people sign before a plan is sent, and whether what they signed covers what is about to be sent.
//!
//! Owner of the terms of an approval and of every reason for which one does not count. An approval covers the hash of the plan (or of
//! the plans of all shards), the target, the dialect, the migration, the file of those who may approve, and a time at which it
//! ends; of a pilot also how many accounts. Whatever of that differs makes it void. Whoever runs a plan signs as well, and is none
//! of those who approved it, neither by name nor by key. This is evidence of who agreed to what, and no barrier against the owner
//! of the machine. Left out on purpose: how a signature is made and checked (`files::signatures`), where it is kept (`journal`).

mod terms;

use std::collections::BTreeSet;

use anyhow::Context;
use jiff::Timestamp;

use bakkt_files::signatures::{APPROVAL, AllowedSigners, RUN, Signed, Signer};
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::approval::ApprovalSettings;
use bakkt_journal::Journal;
use bakkt_journal::registry::migration_id;
use bakkt_model::error::Failure;
use bakkt_model::limits::OnExisting;
use bakkt_model::number::thousands;
use bakkt_model::text::fold::fold;
use terms::RunStatement;
pub use terms::{ApprovalTerms, Pilot};

/// What an approval has to cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalSubject {
    /// The hash of the plan.
    pub plan: String,
    /// Where accounts go, and where the calls of custody go if that is elsewhere.
    pub base_url: String,
    /// The dialect.
    pub dialect: String,
    /// The migration; all shards have the same.
    pub migration: String,
    /// SHA-256 of the file of those who may approve.
    pub approvers: String,
}

/// The hash of a journal's plan, with the settings that decide what is sent of it.
pub fn plan_hash(journal: &Journal, settings: &Settings) -> anyhow::Result<String> {
    let on_existing = match settings.on_existing {
        OnExisting::Skip => "skip",
        OnExisting::Update => "update",
        OnExisting::Stop => "stop",
    };
    let mut deciding = vec![("on_existing", on_existing.to_owned())];
    if let Some(custody) = &settings.custody {
        // Their usual values leave the hash as it was before they counted.
        if !custody.after_acceptance {
            deciding.push(("custody.after_acceptance", "false".to_owned()));
        }
        if let Some(window) = custody.window {
            let seconds = window.as_secs().to_string();
            deciding.push(("custody.idempotency_window", seconds));
        }
    }
    let deciding: Vec<(&str, &str)> = deciding
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    journal.plan_hash(&deciding)
}

/// What an approval of a plan has to cover at present; `target` is the journal's name for where it goes.
pub fn subject(
    journal: &Journal,
    settings: &Settings,
    target: &str,
    signers: &AllowedSigners,
) -> anyhow::Result<ApprovalSubject> {
    let custody = settings
        .custody
        .as_ref()
        .and_then(|custody| custody.base_url.as_deref());
    let base_url = match custody.filter(|url| *url != target) {
        Some(custody) => format!("{target} and {custody}"),
        None => target.to_owned(),
    };
    Ok(ApprovalSubject {
        plan: plan_hash(journal, settings)?,
        base_url,
        dialect: settings.target.dialect.word().to_owned(),
        migration: migration_id(journal),
        approvers: signers.sha256().to_owned(),
    })
}

/// A run that wants to send.
pub struct WantedRun<'a> {
    /// What an approval has to cover.
    pub subject: &'a ApprovalSubject,
    /// No more accounts than this in this run.
    pub limit: Option<u64>,
    /// The runner's key.
    pub key: Option<&'a Signer>,
    /// When.
    pub at: Timestamp,
}

/// Signs an approval and stores it. Returns who signed, by the name in the file.
///
/// # Errors
///
/// The key is not one of those that may approve.
pub fn approve(
    journal: &mut Journal,
    terms: &ApprovalTerms,
    signer: &Signer,
    signers: &AllowedSigners,
    at: Timestamp,
) -> anyhow::Result<Signed> {
    let text = terms.text();
    let signature = signer.sign(APPROVAL, text.as_bytes())?;
    let signed = signers
        .verify(APPROVAL, text.as_bytes(), &signature, at)
        .map_err(|why| {
            Failure::configuration(
                format!("this key may not approve: {why}"),
                format!("the file of `signers` under [approval] names whose keys may, with namespaces=\"{APPROVAL}\" where it names any"),
            )
        })?;
    names_a_person(&signed).map_err(|why| {
        Failure::configuration(
            format!("this approval {why}"),
            "write the name of the key's owner in its line of the file of `signers`",
        )
    })?;
    journal.add_approval(&text, &signature, signed.principal(), at.as_millisecond())?;
    Ok(signed)
}

/// Refuses a run that is not approved. For one that is, the runner signs, and the journal keeps what the run relies on.
///
/// # Errors
///
/// It is not approved by enough people, or the runner's key does not do; the message has the reason of each approval.
pub fn must_be_approved(
    journal: &mut Journal,
    settings: &ApprovalSettings,
    signers: &AllowedSigners,
    wanted: &WantedRun<'_>,
) -> anyhow::Result<GrantedRun> {
    let runner = Runner::of(wanted, signers, settings)?;
    let begun = journal.accounts_begun()?;
    let (mut by, mut keys, mut good) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let (mut names, mut reasons) = (BTreeSet::new(), Vec::new());
    for stored in journal.approvals()? {
        let text = stored.text.as_bytes();
        let terms = ApprovalTerms::parse(&stored.text);
        let sent = match terms
            .as_ref()
            .and_then(|terms| Some((terms.pilot?, terms.signed)))
        {
            Some((pilot, signed)) => {
                let sent = journal.accounts_sent_since(signed.as_millisecond())?;
                sent.max(begun.saturating_sub(pilot.begun))
            }
            None => 0,
        };
        let checked = signers
            .verify(APPROVAL, text, &stored.signature, wanted.at)
            .map_err(|why| format!("is not believed: {why}"))
            .and_then(|signed| {
                let terms = terms.ok_or("cannot be read")?;
                terms.holds_for_no_longer(settings.valid)?;
                terms.cover(wanted, sent)?;
                names_a_person(&signed)?;
                runner.is_another(&signed)?;
                let key_ends = signed.valid_before.unwrap_or(terms.expires);
                Ok((signed, terms.expires.min(key_ends)))
            });
        match checked {
            // One person counts once, under whatever key; one key counts once, under whatever name.
            Ok((signed, expires)) => {
                let persons = persons(&signed);
                let is_new = !keys.contains(&signed.fingerprint) && by.is_disjoint(&persons);
                if is_new {
                    by.extend(persons);
                    names.extend(signed.principals);
                    keys.insert(signed.fingerprint);
                    good.push((expires, stored.entry));
                }
            }
            Err(why) => reasons.push(format!("approval {} {why}", stored.entry)),
        }
    }
    let required = settings.required as usize;
    if good.len() < required {
        return Err(not_approved(
            good.len(),
            required,
            &reasons,
            &wanted.subject.plan,
        ));
    }
    // Those that hold longest.
    good.sort_by_key(|(expires, entry)| (std::cmp::Reverse(*expires), *entry));
    good.truncate(required);
    let ends = good.iter().map(|(expires, _)| *expires).min();
    let mut entries: Vec<u64> = good.into_iter().map(|(_, entry)| entry).collect();
    entries.sort_unstable();
    let statement = RunStatement::of(wanted, settings.required, &entries);
    let text = statement.text();
    let signature = runner.key.sign(RUN, text.as_bytes())?;
    let at = wanted.at.as_millisecond();
    journal.use_approvals(
        &entries,
        &text,
        &signature,
        &runner.signed.principals.join(","),
        at,
    )?;
    let names: Vec<String> = names.into_iter().collect();
    Ok(GrantedRun {
        text: format!(
            "approved by {}; run by {}",
            names.join(", "),
            runner.signed.principal()
        ),
        ends: ends.unwrap_or(wanted.at),
    })
}

/// A run that is approved.
pub struct GrantedRun {
    /// By whom, and who runs it.
    pub text: String,
    /// When the approval ends, and with it the run.
    pub ends: Timestamp,
}

/// The names of whoever signed, as they are compared: capitals and blanks make nobody another person.
fn persons(signed: &Signed) -> BTreeSet<String> {
    let names = signed.principals.iter();
    names
        .map(|name| fold(name).split_whitespace().collect())
        .collect()
}

/// Refuses a key whose line has a pattern for a name: whether two such keys are of two people nobody can tell.
fn names_a_person(signed: &Signed) -> Result<(), String> {
    let is_pattern = |name: &&String| name.contains(['*', '?', '!']);
    match signed.principals.iter().find(is_pattern) {
        Some(pattern) => Err(format!(
            "is by the key of `{pattern}`, which is a pattern and no person"
        )),
        None => Ok(()),
    }
}

/// Whoever runs the plan.
struct Runner<'a> {
    key: &'a Signer,
    signed: Signed,
}

impl<'a> Runner<'a> {
    fn of(
        wanted: &WantedRun<'a>,
        signers: &AllowedSigners,
        settings: &ApprovalSettings,
    ) -> anyhow::Result<Runner<'a>> {
        let key = wanted.key.ok_or_else(|| {
            Failure::configuration(
                "[approval] is set, so whoever runs this signs for it, and no key is named",
                "name yours with --key FILE, or as `run_key` under [approval]: a private key (Ed25519, mode 0600), or the .pub of one that an SSH agent has",
            )
        })?;
        let principals = signers
            .principals_of(&key.public_key(), RUN, wanted.at)
            .map_err(|why| {
                Failure::configuration(
                    format!(
                        "the runner's key ({}) may not run this: {why}",
                        key.fingerprint()
                    ),
                    format!(
                        "{} has to have it, for the namespace {RUN} where its line names any",
                        settings.signers_name
                    ),
                )
            })?;
        let fingerprint = key.fingerprint();
        Ok(Runner {
            key,
            signed: Signed {
                principals,
                fingerprint,
                valid_before: None,
            },
        })
    }

    fn is_another(&self, approver: &Signed) -> Result<(), String> {
        let is_same_name = !persons(&self.signed).is_disjoint(&persons(approver));
        if approver.fingerprint == self.signed.fingerprint || is_same_name {
            return Err(format!(
                "is by {}, who runs this: approver and runner have to be different people with different keys",
                approver.principal()
            ));
        }
        Ok(())
    }
}

fn not_approved(have: usize, required: usize, reasons: &[String], plan: &str) -> anyhow::Error {
    let people = if required == 1 {
        "approval"
    } else {
        "approvals"
    };
    let mut message = match have {
        0 => format!(
            "this plan is not approved: it needs {} {people}",
            thousands(required as u64)
        ),
        have => format!("this plan has {have} of {required} {people}"),
    };
    for reason in reasons {
        message += &format!("\n  {reason}");
    }
    Failure::configuration(
        message,
        format!(
            "whoever approves looks at `bakkt-migrate plan DIR` and then runs `bakkt-migrate approve DIR --plan {plan} --key FILE`"
        ),
    )
}

/// The approvers' file.
pub fn signers(settings: &ApprovalSettings) -> anyhow::Result<AllowedSigners> {
    AllowedSigners::read(&settings.signers).context("the file of `signers` under [approval]")
}
