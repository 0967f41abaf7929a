//! `events serve` and `events import`: what Bakkt says unasked, into `events.db` beside the journal.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use secrecy::SecretString;

use super::run::runtime;
use super::signals::Signals;
use super::{Output, target};
use crate::cli::{EventsArgs, EventsCommand, ImportArgs, ServeArgs};
use crate::error::Failure;
use crate::events::import::import;
use crate::events::tally::Taken;
use crate::events::{Proof, Receiver, Tally};
use crate::journal::events::Events;
use crate::progress::{Mode, Standing, announce, note};
use crate::settings::Settings;
use crate::small_files::PlainLines;

/// Environment variable of the webhooks' secret.
pub const SECRET_VARIABLE: &str = "BAKKT_WEBHOOK_SECRET";

/// Lines that are named one by one.
const NAMED: u64 = 20;

/// Runs it.
pub fn run(args: &EventsArgs, mode: Mode) -> anyhow::Result<Output> {
    match &args.what {
        EventsCommand::Serve(args) => serve(args, mode),
        EventsCommand::Import(args) => from_file(args, mode),
    }
}

fn serve(args: &ServeArgs, mode: Mode) -> anyhow::Result<Output> {
    target::existing_folder(&args.dir)?;
    let settings = crate::migration::settings(&args.dir)?;
    let proof = Proof::new(&settings.events, secret(&settings)?);
    let open = matches!(proof, Proof::Nothing);
    let taken = runtime()?.block_on(async {
        let signals = Signals::listen(mode)?;
        let receiver = Receiver::bind(args.listen, proof, &settings.events.path).await?;
        let events = opened(&args.dir, args.sandbox)?;
        if open {
            note(
                mode,
                "there is no secret: whoever can reach this address from this machine may send events",
            );
        }
        let listening = format!("listening on http://{}", receiver.address()?);
        if args.json {
            note(Mode::Lines, &listening);
        } else {
            announce(&listening);
        }
        let tally = receiver.tally();
        let shown = Standing::start(mode, "receiving", move || tally.taken().to_string());
        let taken = tokio::select! {
            taken = receiver.serve(events, signals.stop.clone()) => taken,
            () = signals.at_once.notified() => Err(Failure::stopped(
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

fn from_file(args: &ImportArgs, mode: Mode) -> anyhow::Result<Output> {
    target::existing_folder(&args.dir)?;
    // No state is made in a folder that is no migration.
    crate::migration::settings(&args.dir)?;
    let mut events = opened(&args.dir, args.sandbox)?;
    let tally = Tally::default();
    let mut wrong = 0;
    let tell = |line, why: crate::events::import::Wrong| {
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
            Failure::configuration(
                format!("cannot read {}: {error}", args.file.display()),
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

fn told(taken: &Taken, json: bool, code: u8) -> anyhow::Result<Output> {
    let text = if json {
        serde_json::to_string(taken)?
    } else {
        taken.to_string()
    };
    Ok(Output { text, code })
}

fn opened(dir: &Path, sandbox: bool) -> anyhow::Result<Events> {
    let folder = target::state_folder(dir, sandbox);
    let mut events = Events::open(&folder)?;
    crate::logging::to_file(&folder);
    let named = crate::events::naming::name(&mut events)?;
    tracing::info!(named, "events that the plan knows by now");
    Ok(events)
}

/// The secret, from the environment or a 0600 file; never from an argument. There need not be one.
fn secret(settings: &Settings) -> anyhow::Result<Option<SecretString>> {
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
    Ok(secret)
}
