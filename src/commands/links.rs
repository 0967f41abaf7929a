//! `links`: verification links of the customers who are asked for documents, for the merchant's own mailing.
//!
//! Owner of the file that holds them, and of what is said about it. Invariants: a line is on the disk before the journal
//! says that its link was fetched; a link is in that file and nowhere else. Left out on purpose: sending them to anybody.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::link_file::LinkFile;
use super::place::StatePlace;
use super::rates::Rates;
use super::report::View;
use super::run::start_sandbox;
use super::session::{Destination, Session};
use super::signals::Signals;
use super::{CommandOutput, checkpoint, deciding, outputs, run_record, target};
use crate::cli::LinksArgs;
use crate::process::runtime;
use bakkt_engine::api::Client;
use bakkt_engine::api::link::LinkAnswer;
use bakkt_engine::links::{Fetch, FetchTools, LinkCounters, LinkOutcome, LinkResult, is_final};
use bakkt_engine::requests::RunEnd;
use bakkt_engine::requests::gate::SendGate;
use bakkt_files::progress::{Mode, Progress, WorkProgress, note};
use bakkt_folder::settings::Settings;
use bakkt_journal::decisions::OperatorNote;
use bakkt_journal::read::{LinkStanding, WantedLink};
use bakkt_journal::write::{FetchedLink, LINKS_ASKED_FOR, LINKS_FETCHED};
use bakkt_journal::{Journal, now};
use bakkt_model::error::{Failure, ShownPath, Style, describe, exit_code};
use bakkt_model::number::thousands;

/// Ids that a line of text names one by one.
const NAMED: usize = 20;

/// Fetches links for the customers who are asked for documents, and writes them into a file.
pub fn run(args: &LinksArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let view = View::at(StatePlace::new(
        &args.dir,
        args.target.sandbox,
        &args.target.shards,
    )?);
    view.must_be_planned()?;
    let destination = Destination::resolve(&args.dir, &args.target)?;
    let Some(partner_id) = destination.settings.target.partner_id.clone() else {
        return Err(Failure::configuration(
            "there is no partner id, which is in the address of verification links",
            "Bakkt gives each partner one, a UUID: ask your contact there, and add partner_id = \"..\" under [target]",
        ));
    };
    if args.renew_within.is_negative() {
        return Err(Failure::configuration(
            "--renew-within is less than nothing",
            "such as 24h, 90m or 0s",
        ));
    }
    // Before anybody is asked.
    deciding::why_unless(false, args.reason.as_deref())?;
    let by = deciding::by(&args.by, &args.dir)?;
    let told = runtime()?.block_on(async {
        let Session {
            mut settings,
            journal,
            ..
        } = Session::open(destination)?;
        let wanted = wanted(&view)?;
        let (to_ask, left_out) = parted(wanted, args);
        if !to_ask.is_empty() {
            run_record::work(&journal, "links")?;
        }
        let keeper = LinkKeeper::new(journal, left_out, by, args.reason.clone());
        let keeper = Arc::new(Mutex::new(keeper));
        let ended = if to_ask.is_empty() {
            RunEnd::Finished
        } else {
            fetch(
                &keeper,
                to_ask,
                args,
                &mut settings,
                partner_id,
                &signals,
                mode,
            )
            .await?
        };
        let mut keeper = lock(&keeper);
        keeper.end()?;
        if matches!(ended, RunEnd::Finished) && keeper.told.code() != 4 {
            keeper.journal.note_links_unfinished(false)?;
        }
        let mut told = std::mem::take(&mut keeper.told);
        told.look(&view)?;
        anyhow::Ok((told, ended))
    });
    let (told, ended) = checkpoint::end_failed(&view.place, "links", told)?;
    checkpoint::append_at(&view.place, "links")?;
    if let Some(file) = &told.file {
        note(
            mode,
            &format!(
                "{} holds links by which customers verify who they are: each is its customer's alone. Only you can read it; \
                 delete it when they are sent",
                file.shown()
            ),
        );
    }
    let code = match &ended {
        RunEnd::Finished => told.code(),
        RunEnd::Interrupted => {
            note(Mode::Lines, "stopped; run the same command to go on");
            4
        }
        RunEnd::Stopped(error) => {
            note(Mode::Lines, &describe(error, Style::PLAIN));
            exit_code(error)
        }
    };
    let text = if args.json {
        serde_json::json!({"links": told}).to_string()
    } else {
        told.text(args)
    };
    Ok(CommandOutput { text, code })
}

/// Those who are asked for documents.
fn wanted(view: &View) -> anyhow::Result<Vec<WantedLink>> {
    let mut wanted = Vec::new();
    view.reader()?.each_wanted_link(|one| {
        wanted.push(one);
        Ok(())
    })?;
    Ok(wanted)
}

/// Those who are to get a link now, and the others.
fn parted(wanted: Vec<WantedLink>, args: &LinksArgs) -> (Vec<WantedLink>, Vec<WantedLink>) {
    let until = i64::try_from(args.renew_within.as_millis()).unwrap_or(i64::MAX);
    let until = now().saturating_add(until);
    wanted.into_iter().partition(|one| {
        let good = matches!(one.link, Some(link) if link.expires_at > until)
            && one.standing(now()) != LinkStanding::UsedUp;
        args.all || !good
    })
}

async fn fetch(
    keeper: &Arc<Mutex<LinkKeeper>>,
    to_ask: Vec<WantedLink>,
    args: &LinksArgs,
    settings: &mut Settings,
    partner_id: String,
    signals: &Signals,
    mode: Mode,
) -> anyhow::Result<RunEnd> {
    let (sandbox, credentials) = if args.target.sandbox {
        let (sandbox, credentials) = start_sandbox(None, settings).await?;
        (Some(sandbox), credentials)
    } else {
        (None, target::credentials(settings)?)
    };
    let (limits, retry) = (settings.limits, settings.retry);
    let counters = Arc::new(LinkCounters::default());
    let rates = Rates::of(settings, None, signals.stop.clone()).await?;
    let limiter = rates.lookup();
    let client = Client::new(
        &settings.target,
        credentials,
        retry.request_timeout,
        limits.in_flight,
    )?;
    let fetch = Fetch {
        tools: Arc::new(FetchTools {
            gate: SendGate::new(client, counters.waiting.clone(), signals.stop.subscribe()),
            limiter: limiter.clone(),
            partner_id,
        }),
        retry,
        in_flight: limits.in_flight,
        stop: signals.stop.clone(),
        counters: counters.clone(),
    };
    {
        let mut keeper = lock(keeper);
        keeper.open(args, settings)?;
        keeper.told.asked = to_ask.len() as u64;
    }
    let kept = keeper.clone();
    let keep = move |done| lock(&kept).keep(done);
    let shown = WorkProgress::watch(mode, "links", move || {
        let mut state = format!("{} waiting for the rate", thousands(counters.waiting.get()));
        if let Some(words) = limiter.words() {
            state += &format!(" · {words}");
        }
        Progress {
            done: counters.done.get(),
            total: counters.total.get(),
            detail: state,
            minimum_time: std::time::Duration::ZERO,
        }
    });
    let ended = tokio::select! {
        ended = bakkt_engine::links::run(to_ask, fetch, keep) => ended,
        () = signals.aborted() => Ok(RunEnd::Interrupted),
    };
    shown.finish();
    drop(sandbox);
    Ok(rates.ended(ended?))
}

fn lock(keeper: &Mutex<LinkKeeper>) -> MutexGuard<'_, LinkKeeper> {
    keeper.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What came, on its way to the file and then to the journal.
struct LinkKeeper {
    journal: Journal,
    file: Option<LinkFile>,
    /// Those who have a link that is good for long enough.
    left_out: Vec<WantedLink>,
    /// Bakkt gives no link, and the last one that is known ran out: task and id.
    none: Vec<(i64, String)>,
    told: Summary,
    /// Who wants the links, and why.
    decided_by: String,
    reason: Option<String>,
}

/// What the command tells.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// Customers who are asked for documents.
    wanted: u64,
    /// Those of them who were to get a link now.
    asked: u64,
    /// Links that were fetched.
    fetched: u64,
    /// Left out: their link is good for long enough.
    left_out: u64,
    /// Of these, those whose link stays in the file: a call that was not done left it there.
    #[serde(skip_serializing_if = "bakkt_model::number::is_zero")]
    kept: u64,
    /// Those whose link runs out within a day and is the last.
    last_link: Vec<String>,
    /// Those for whom Bakkt gives none any more.
    used_up: Vec<String>,
    /// Those for whom Bakkt gives none, for a reason that is not known.
    refused: Vec<String>,
    /// Those whom Bakkt does not know.
    unknown: Vec<String>,
    /// Questions that failed in the end, by their last answer.
    failed: BTreeMap<String, u64>,
    /// Where the links are.
    file: Option<PathBuf>,
}

impl LinkKeeper {
    fn new(
        journal: Journal,
        left_out: Vec<WantedLink>,
        decided_by: String,
        reason: Option<String>,
    ) -> LinkKeeper {
        LinkKeeper {
            journal,
            file: None,
            none: Vec::new(),
            told: Summary {
                left_out: left_out.len() as u64,
                ..Summary::default()
            },
            left_out,
            decided_by,
            reason,
        }
    }

    /// Opens the file. Of one that it takes the place of, the links that a call left there before it was done stay.
    fn open(&mut self, args: &LinksArgs, settings: &Settings) -> anyhow::Result<()> {
        let good = self.left_out.iter();
        let good = good.filter_map(|one| Some((one.client_id.as_str(), one.link?.hash)));
        let good: BTreeMap<&str, [u8; 32]> = match self.journal.links_unfinished()? {
            true => good.collect(),
            false => BTreeMap::new(),
        };
        let is_kept = |client_id: &str, link: &str| {
            let hash = || self.journal.hash(link.as_bytes());
            good.get(client_id).is_some_and(|known| *known == hash())
        };
        let file = LinkFile::open(args, &outputs::protected(settings), is_kept)?;
        self.told.kept = file.count;
        self.file = Some(file);
        self.journal.note_links_unfinished(true)
    }

    /// Adds to the log of decisions, with who and why.
    fn log(&mut self, what: &str, count: u64) -> anyhow::Result<()> {
        let decided = OperatorNote {
            by: &self.decided_by,
            reason: self.reason.as_deref(),
            at: now(),
        };
        self.journal.log_links(what, count, decided)
    }

    fn keep(&mut self, done: Vec<LinkResult>) -> anyhow::Result<()> {
        let is_link =
            |one: &LinkResult| matches!(one.outcome, LinkOutcome::Told(LinkAnswer::Given(..)));
        // Before a link is in the file: whoever kills the program then is known all the same.
        if self.told.fetched == 0 && done.iter().any(is_link) {
            self.log(LINKS_ASKED_FOR, self.told.asked)?;
        }
        let mut fetched = Vec::new();
        let now = now();
        for LinkResult { wanted, outcome } in done {
            match outcome {
                LinkOutcome::Told(LinkAnswer::Given(url, expires_at)) => {
                    let hash = self.journal.hash(url.reveal().as_bytes());
                    if let Some(file) = &mut self.file {
                        file.line(&wanted.client_id, url.reveal(), expires_at)?;
                    }
                    fetched.push(FetchedLink {
                        task: wanted.task,
                        at: now,
                        link: wanted.given(hash, expires_at, now),
                    });
                }
                LinkOutcome::Told(LinkAnswer::None) if wanted.has_run_out(now) => {
                    self.none.push((wanted.task, wanted.client_id));
                }
                LinkOutcome::Told(LinkAnswer::None) => self.told.refused.push(wanted.client_id),
                LinkOutcome::Unknown => self.told.unknown.push(wanted.client_id),
                LinkOutcome::Failed(why) => *self.told.failed.entry(why).or_default() += 1,
            }
        }
        if let (Some(file), false) = (&mut self.file, fetched.is_empty()) {
            file.sync()?;
        }
        self.told.fetched += fetched.len() as u64;
        self.journal.record_links(&fetched)
    }

    /// Notes what can be told only when all was asked.
    fn end(&mut self) -> anyhow::Result<()> {
        // Where nobody gets one and nothing explains it, it may be the partner's id that is wrong.
        if self.told.fetched > 0 || self.told.refused.is_empty() {
            let tasks: Vec<i64> = self.none.iter().map(|(task, _)| *task).collect();
            self.journal.record_used_up(&tasks, now())?;
        } else {
            let none = self.none.drain(..);
            self.told.refused.extend(none.map(|(_, id)| id));
        }
        // They came in the order of the answers.
        self.told.refused.sort_unstable();
        self.told.unknown.sort_unstable();
        if let Some(file) = self.file.take() {
            self.told.file = (file.count > 0).then(|| file.path().to_owned());
        }
        if self.told.fetched == 0 {
            return Ok(());
        }
        self.log(LINKS_FETCHED, self.told.fetched)
    }
}

impl Summary {
    /// Fills in what the journal says at the end.
    fn look(&mut self, view: &View) -> anyhow::Result<()> {
        for one in wanted(view)? {
            self.wanted += 1;
            match one.standing(now()) {
                LinkStanding::Last => self.last_link.push(one.client_id),
                LinkStanding::UsedUp => self.used_up.push(one.client_id),
                _ => {}
            }
        }
        Ok(())
    }

    fn code(&self) -> u8 {
        if self.failed.keys().any(|why| !is_final(why)) {
            return 4;
        }
        let people = [&self.used_up, &self.refused, &self.unknown];
        let needs_person = people.iter().any(|ids| !ids.is_empty()) || !self.failed.is_empty();
        if needs_person { 3 } else { 0 }
    }

    fn text(&self, args: &LinksArgs) -> String {
        if self.wanted == 0 && self.asked == 0 {
            return "no customer is asked for documents, as far as events and the last verification say"
                .to_owned();
        }
        let mut text = format!(
            "{} customers are asked for documents",
            thousands(self.wanted)
        );
        let mut line = |count: u64, what: &str| {
            if count > 0 {
                text.push_str(&format!("\n  {:>11}  {what}", thousands(count)));
            }
        };
        if let Some(file) = &self.file {
            line(
                self.fetched,
                &format!("links were fetched: {}", file.shown()),
            );
        }
        line(
            self.kept,
            "of these, links of a call that was not done, in the same file again",
        );
        line(
            self.left_out,
            &format!(
                "left out: fetched before, and good for more than {:#}; --all fetches them as well",
                args.renew_within
            ),
        );
        let lists = [
            (
                &self.last_link,
                "have their last link, and it runs out within a day",
            ),
            (
                &self.used_up,
                "have used up all three links: ask Bakkt to open document verification again",
            ),
            (
                &self.refused,
                "get no link (400): ask Bakkt; if nobody gets one, [target] partner_id may be wrong",
            ),
            (
                &self.unknown,
                "are not known to Bakkt (404): `bakkt-migrate verify` tells more",
            ),
        ];
        for (ids, what) in lists {
            line(ids.len() as u64, &format!("{what}: {}", some_of(ids)));
        }
        for (why, count) in &self.failed {
            let then = match is_final(why) {
                true => "ask Bakkt whether links are in your agreement",
                false => "run the same command again",
            };
            line(*count, &format!("could not be asked ({why}): {then}"));
        }
        text
    }
}

fn some_of(ids: &[String]) -> String {
    let named = ids.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(" ");
    match ids.len().checked_sub(NAMED) {
        Some(more) if more > 0 => format!("{named} and {} more", thousands(more as u64)),
        _ => named,
    }
}
