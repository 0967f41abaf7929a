//! `status --watch`: where a migration stands, on the whole terminal, until a person has seen enough.
//!
//! Owner of the terminal while it is shown: however this ends (q, Ctrl-C, a signal, an error, a panic), the terminal is left as it
//! was. It is handed a function that finds the facts anew. Left out on purpose: what is shown where (`draw`), and where facts come
//! from.

mod draw;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use anyhow::Context;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::totals::Totals;
use bakkt_journal::read::UnknownOutcome;
use bakkt_model::error::Failure;

/// Time between two looks at the facts.
const EVERY: Duration = Duration::from_secs(1);
/// Time between two looks at the keyboard.
const KEYS: Duration = Duration::from_millis(100);

/// What is shown.
#[derive(Debug, Default)]
pub struct WatchFacts {
    /// The name of the migration, and where it goes.
    pub title: String,
    /// Where it stands.
    pub totals: Totals,
    /// What nobody knows the outcome of.
    pub unknown: Vec<UnknownOutcome>,
    /// Milliseconds since 1970.
    pub now: i64,
    /// The runs that send at present.
    pub runs: Vec<WatchedRun>,
}

/// A run that sends.
#[derive(Debug, Default)]
pub struct WatchedRun {
    /// The shard, where there are several, and the stage.
    pub name: String,
    /// How far it is, in words.
    pub progress: String,
    /// What holds it up, in words; empty: nothing does.
    pub held_back: String,
    /// When unknown outcomes are asked about, in words; empty: none rest.
    pub resting: String,
    /// Lanes: name, rate of the settings, rate in force and by whom, sends a second, what the server does.
    pub lanes: Vec<[String; 5]>,
    /// The last answers, the newest first: how long ago, what was asked, the status, how long it took.
    pub answers: Vec<[String; 4]>,
}

/// Shows what `look` finds until a person or a signal ends it.
///
/// # Errors
///
/// There is no terminal, or the facts cannot be found.
pub fn watch(
    look: impl Fn() -> anyhow::Result<WatchFacts>,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Failure::configuration(
            "--watch needs a terminal, and there is none",
            "`status` without --watch prints once, and `status --json` for programs",
        ));
    }
    // What is wrong from the beginning is told on an ordinary terminal.
    let facts = look()?;
    let mut terminal = ratatui::try_init().context("cannot use the terminal")?;
    let shown = show(&mut terminal, facts, look, stopping);
    let restored = ratatui::try_restore().context("cannot put the terminal back");
    shown.and(restored)
}

fn show(
    terminal: &mut ratatui::DefaultTerminal,
    mut facts: WatchFacts,
    look: impl Fn() -> anyhow::Result<WatchFacts>,
    stopping: impl Fn() -> bool,
) -> anyhow::Result<()> {
    let mut looked = Instant::now();
    loop {
        terminal
            .draw(|frame| draw::draw(frame, &facts))
            .context("cannot write to the terminal")?;
        let drawn = Instant::now();
        while drawn.elapsed() < EVERY {
            if stopping() {
                return Ok(());
            }
            if !event::poll(KEYS).context("cannot read from the terminal")? {
                continue;
            }
            match event::read().context("cannot read from the terminal")? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
                    match key.code {
                        KeyCode::Char('c' | 'C') if is_control => return Ok(()),
                        KeyCode::Char('q' | 'Q') | KeyCode::Esc => return Ok(()),
                        _ => {}
                    }
                }
                Event::Resize(..) => break,
                _ => {}
            }
        }
        if looked.elapsed() >= EVERY {
            facts = look()?;
            looked = Instant::now();
        }
    }
}
