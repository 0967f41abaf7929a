//! `events serve` and `events import`: what Bakkt says unasked, into `events.db` beside the journal.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use secrecy::SecretString;

use super::place::{StatePlace, no_shards_yet};
use super::signals::Signals;
use super::variables::{SECRET_VARIABLE, misspelt};
use super::{CommandOutput, target};
use crate::cli::{EventsArgs, EventsCommand, ImportArgs, ServeArgs, ShardArgs, ShardChoice};
use crate::process::runtime;
use bakkt_engine::events::import::import;
use bakkt_engine::events::tally::ReceiverCounts;
use bakkt_engine::events::{Proof, ReceiverCounters, WebhookReceiver};
use bakkt_files::progress::{Mode, StatusLine, announce, note};
use bakkt_files::small_files::PlainLines;
use bakkt_folder::settings::Settings;
use bakkt_journal::Journal;
use bakkt_journal::events::{Events, RoutedEvents};
use bakkt_model::error::{Failure, ShownPath, unreadable};
use bakkt_model::number::thousands;
use bakkt_model::shard::Shard;

/// Lines, or shards, that are named one by one.
const NAMED: u64 = 20;

/// Receives or imports events.
pub fn run(args: &EventsArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    match &args.what {
        EventsCommand::Serve(args) => serve(args, mode),
        EventsCommand::Import(args) => from_file(args, mode),
    }
}

fn serve(args: &ServeArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    target::existing_folder(&args.dir)?;
    let settings = bakkt_folder::migration::settings(&args.dir)?;
    let secret = secret(&settings, args.without_proof)?;
    let proof = Proof::new(&settings.events, secret);
    let open = matches!(proof, Proof::Nothing);
    for told in misspelt() {
        note(Mode::Lines, &told);
    }
    let taken = runtime()?.block_on(async {
        let receiver = WebhookReceiver::bind(args.listen, proof, &settings.events.path).await?;
        let events = opened(&args.dir, args.sandbox, &args.shards)?;
        let absent = events.absent().into_iter();
        let absent = absent.map(|shard| format!("shard {shard}"));
        if let Some(absent) = listed(absent.collect()) {
            note(
                mode,
                &format!(
                    "not here: {absent}; events of their accounts are answered 503 until a run makes their journals, or --state names where they lie"
                ),
            );
        }
        if open {
            // Said under --quiet too: it is what makes forged events possible.
            note(
                Mode::Lines,
                "--without-proof: whoever can reach this address, also through a proxy, may send events that Bakkt never sent",
            );
        }
        let listening = format!("listening on http://{}", receiver.address()?);
        if args.json {
            note(Mode::Lines, &listening);
        } else {
            announce(&listening)?;
        }
        let tally = receiver.tally();
        let shown = StatusLine::start(mode, "receiving", move || tally.taken().to_string());
        let taken = tokio::select! {
            taken = receiver.serve(events, signals.stop.clone()) => taken,
            () = signals.aborted() => Err(Failure::stopped(
                "stopped at once; what was not answered comes again",
                "run the same command",
            )),
        };
        shown.finish();
        taken
    })?;
    tracing::info!(
        events = taken.events,
        repeats = taken.repeats,
        unreadable = taken.unreadable,
        refused = taken.refused,
        "receiver ended"
    );
    if let Some(why) = not_kept(
        &taken,
        "Bakkt was answered 503 and sends again; start the receiver where these shards are, or name their folders with --state",
    ) {
        note(mode, &why);
    }
    told(&taken, args.json, if taken.not_here() > 0 { 3 } else { 0 })
}

fn from_file(args: &ImportArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    target::existing_folder(&args.dir)?;
    // No state is made in a folder that is no migration.
    bakkt_folder::migration::settings(&args.dir)?;
    let mut events = opened(&args.dir, args.sandbox, &args.shards)?;
    let tally = ReceiverCounters::default();
    let mut wrong = 0;
    let tell = |line, why: bakkt_engine::events::import::LineProblem| {
        wrong += 1;
        if wrong <= NAMED {
            note(mode, &format!("line {line}: {}", why.says()));
        }
    };
    if args.file.as_os_str() == "-" {
        let lines = PlainLines::new(std::io::stdin().lock());
        import(BufReader::new(lines), &mut events, &tally, tell)?;
    } else {
        let file = File::open(&args.file).map_err(|error| {
            unreadable(
                &format!("read {}", args.file.shown()),
                &error,
                "a file with one JSON body a line, or - for standard input",
            )
        })?;
        import(
            BufReader::new(PlainLines::new(file)),
            &mut events,
            &tally,
            tell,
        )?;
    }
    if wrong > NAMED {
        note(mode, &format!("and {} lines more", wrong - NAMED));
    }
    let taken = tally.taken();
    tracing::info!(
        events = taken.events,
        repeats = taken.repeats,
        unreadable = taken.unreadable,
        "import ended"
    );
    if let Some(why) = not_kept(
        &taken,
        "import the file again where these shards are, or name their folders with --state; what is there already does not count twice",
    ) {
        note(mode, &why);
    }
    let needs_person = wrong > 0 || taken.not_here() > 0;
    told(&taken, args.json, if needs_person { 3 } else { 0 })
}

fn told(taken: &ReceiverCounts, json: bool, code: u8) -> anyhow::Result<CommandOutput> {
    let text = if json {
        serde_json::to_string(taken)?
    } else {
        taken.to_string()
    };
    Ok(CommandOutput { text, code })
}

/// The events of the migration, or of its shards: of those that are here, unless one is named.
fn opened(dir: &Path, sandbox: bool, args: &ShardArgs) -> anyhow::Result<RoutedEvents> {
    let place = StatePlace::new(dir, sandbox, args)?;
    let all = match args.shard {
        Some(ShardChoice::All(Some(count))) => Some(count),
        _ => place.shards().first().map(|shard| shard.count()),
    };
    let count = match (place.shard, all) {
        (Some(shard), _) => shard.count(),
        (None, Some(count)) => count,
        (None, None) if args.shard.is_some() => return Err(no_shards_yet(dir)),
        (None, None) => return Ok(RoutedEvents::whole(store(&place)?)),
    };
    if let Some(shard) = place.shard.or_else(|| Shard::new(0, count)) {
        // Also where none of them is here.
        place.of(shard).must_be_open()?;
        place.of(shard).must_be_one()?;
    }
    let open = move |shard: Shard| {
        let (own, is_here) = match place.shard {
            // Who names a shard may start before its first run.
            Some(named) => (place.clone(), named == shard),
            None => {
                let own = place.of(shard);
                let is_here = Journal::path(&own.folder()).exists();
                (own, is_here)
            }
        };
        is_here.then(|| store(&own)).transpose()
    };
    RoutedEvents::of_shards(count, Box::new(open))
}

/// The events in the folder of a place.
fn store(place: &StatePlace) -> anyhow::Result<Events> {
    let folder = place.prepare()?;
    let mut events = Events::open(&folder)?;
    crate::logging::to_file(&folder);
    let named = bakkt_engine::events::naming::name(&mut events)?;
    tracing::info!(named, "events that the plan knows by now");
    Ok(events)
}

/// Shards in a sentence; none where there are none.
fn listed(mut shards: Vec<String>) -> Option<String> {
    let more = shards.len().saturating_sub(NAMED as usize);
    shards.truncate(NAMED as usize);
    if more > 0 {
        shards.push(format!("{more} more"));
    }
    (!shards.is_empty()).then(|| shards.join(", "))
}

/// That events belong to shards that are not here, and what became of them.
fn not_kept(taken: &ReceiverCounts, what: &str) -> Option<String> {
    let shards = taken.not_here.iter();
    let shards = shards.map(|(shard, count)| format!("shard {shard} ({})", thousands(*count)));
    let shards = listed(shards.collect())?;
    let events = match taken.not_here() {
        1 => "1 event belongs to a shard that is not here and was not kept".to_owned(),
        count => format!(
            "{} events belong to shards that are not here and were not kept",
            thousands(count)
        ),
    };
    Some(format!("{events}: {shards}; {what}"))
}

/// The secret, from the environment or a 0600 file; never from an argument. There is none only where a person says so.
fn secret(settings: &Settings, without_proof: bool) -> anyhow::Result<Option<SecretString>> {
    let events = &settings.events;
    let secret = target::secret(
        SECRET_VARIABLE,
        events.secret_file.as_deref(),
        &settings.dir,
    )?;
    if let (None, Some(header)) = (&secret, &events.secret_header) {
        return Err(Failure::configuration(
            format!(
                "`secret_header` under [events] asks for {header}, and there is no secret to compare it with"
            ),
            format!("set {SECRET_VARIABLE}, or name a 0600 file as `secret_file` under [events]"),
        ));
    }
    match (&secret, without_proof) {
        (Some(_), true) => Err(Failure::configuration(
            "--without-proof takes events from anybody, and there is a secret that tells Bakkt's from others'",
            format!(
                "leave the option out, or unset {SECRET_VARIABLE} and take `secret_file` out of [events]"
            ),
        )),
        (None, false) => {
            let hint = format!(
                "set {SECRET_VARIABLE}, or name a 0600 file as `secret_file` under [events]; for a trial on this machine, --without-proof takes everything"
            );
            let misspelt = misspelt();
            Err(Failure::configuration(
                "there is no secret that tells Bakkt's events from forged ones",
                if misspelt.is_empty() {
                    hint
                } else {
                    format!("{}; {hint}", misspelt.join("; "))
                },
            ))
        }
        _ => Ok(secret),
    }
}
