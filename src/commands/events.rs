//! `events serve` and `events import`: what Bakkt says unasked, into `events.db` beside the journal.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use secrecy::SecretString;

use super::place::StatePlace;
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
use bakkt_journal::events::{Events, RoutedEvents};
use bakkt_model::error::{Failure, ShownPath, unreadable};
use bakkt_model::shard::Shard;

/// Lines that are named one by one.
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
    told(&taken, args.json, 0)
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
    told(&taken, args.json, if wrong > 0 { 3 } else { 0 })
}

fn told(taken: &ReceiverCounts, json: bool, code: u8) -> anyhow::Result<CommandOutput> {
    let text = if json {
        serde_json::to_string(taken)?
    } else {
        taken.to_string()
    };
    Ok(CommandOutput { text, code })
}

/// The events of the migration, or of its shards: of each that it has or is to have, unless one is named.
fn opened(dir: &Path, sandbox: bool, args: &ShardArgs) -> anyhow::Result<RoutedEvents> {
    let place = StatePlace::new(dir, sandbox, args)?;
    let count = match args.shard {
        Some(ShardChoice::All(Some(count))) => Some(count),
        _ => place.shards().first().map(|shard| shard.count()),
    };
    let places: Vec<StatePlace> = match (place.shard, count) {
        (Some(_), _) | (None, None) => vec![place],
        (None, Some(count)) => Shard::all(count).map(|shard| place.of(shard)).collect(),
    };
    let mut stores = Vec::with_capacity(places.len());
    for place in &places {
        let folder = place.prepare()?;
        let mut events = Events::open(&folder)?;
        crate::logging::to_file(&folder);
        let named = bakkt_engine::events::naming::name(&mut events)?;
        tracing::info!(named, "events that the plan knows by now");
        stores.push(events);
    }
    Ok(RoutedEvents::new(stores))
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
