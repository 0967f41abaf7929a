//! What stands where on the terminal.
//!
//! Everything shown is a number, a name of this program's own, or the place of a row.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Table, Wrap};

use super::{WatchFacts, WatchedRun};
use bakkt_files::progress::span;
use bakkt_model::number::thousands;

/// Lines of a run that names no lane: its frame, what it does and what holds it up.
const RUN_LINES: u16 = 5;
/// Lines of the findings, at most.
const FINDINGS: u16 = 8;

pub(super) fn draw(frame: &mut Frame<'_>, facts: &WatchFacts) {
    let runs = facts.runs.iter().map(run_height);
    let findings = (facts.totals.findings.len() as u16 + 3).min(FINDINGS);
    let heights = [Constraint::Length(1)]
        .into_iter()
        .chain([Constraint::Length(4)])
        .chain(runs.map(Constraint::Length))
        .chain([
            Constraint::Min(4),
            Constraint::Length(findings),
            Constraint::Length(1),
        ]);
    let areas = Layout::vertical(heights).split(frame.area());
    let mut areas = areas.iter().copied();
    let mut next = || areas.next().unwrap_or_default();
    let bold = Style::new().add_modifier(Modifier::BOLD);
    frame.render_widget(Line::styled(facts.title.as_str(), bold), next());
    draw_totals(frame, next(), facts);
    for run in &facts.runs {
        draw_run(frame, next(), run);
    }
    let [answers, unknown] =
        Layout::horizontal([Constraint::Percentage(45), Constraint::Percentage(55)]).areas(next());
    draw_answers(frame, answers, facts);
    draw_unknown(frame, unknown, facts);
    draw_findings(frame, next(), facts);
    let keys = "q ends this view; the run goes on · bakkt-migrate control DIR pause | resume | stop | rate";
    frame.render_widget(Line::from(keys), next());
}

fn run_height(run: &WatchedRun) -> u16 {
    RUN_LINES + run.lanes.len() as u16
}

fn titled(title: &str) -> Block<'_> {
    Block::bordered().title(title)
}

fn draw_totals(frame: &mut Frame<'_>, area: Rect, facts: &WatchFacts) {
    let totals = &facts.totals;
    let tasks = [
        ("accounts", &totals.tasks.account),
        ("documents", &totals.tasks.document),
        ("KYB", &totals.tasks.kyb),
    ];
    let lines: Vec<Line<'_>> = tasks
        .iter()
        .filter(|(name, states)| states.planned > 0 || *name == "accounts")
        .map(|(name, states)| {
            Line::from(format!(
                "{name}: {} planned · {} accepted · {} open · {} held · {} in doubt · {} refused · {} gave up",
                thousands(states.planned),
                thousands(states.accepted),
                thousands(states.open),
                thousands(states.held),
                thousands(states.in_doubt),
                thousands(states.refused),
                thousands(states.gave_up),
            ))
        })
        .collect();
    let title = match (totals.balanced, facts.runs.is_empty()) {
        _ if !totals.altered.is_empty() => "Migration: the journal was altered; `audit` says how",
        (false, _) => "Migration: it does not balance",
        (true, true) => "Migration: no run is sending",
        (true, false) => "Migration",
    };
    frame.render_widget(Paragraph::new(lines).block(titled(title)), area);
}

fn draw_run(frame: &mut Frame<'_>, area: Rect, run: &WatchedRun) {
    let block = titled(&run.name);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let [words, lanes] =
        Layout::vertical([Constraint::Length(2), Constraint::Min(1)]).areas(inside);
    let held = match run.held_back.as_str() {
        "" => run.resting.as_str(),
        held => held,
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let lines = vec![Line::from(run.progress.as_str()), Line::styled(held, bold)];
    frame.render_widget(Paragraph::new(lines), words);
    let rows = run.lanes.iter().map(|lane| Row::new(lane.clone()));
    let widths = [18, 12, 26, 9].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Min(10)]);
    let header = Row::new(["rate", "settings", "in force", "sent/s", "the server"]);
    let table = Table::new(rows, widths).header(header.style(bold));
    frame.render_widget(table, lanes);
}

fn draw_answers(frame: &mut Frame<'_>, area: Rect, facts: &WatchFacts) {
    let answers = facts.runs.iter().flat_map(|run| &run.answers);
    let rows = answers.map(|answer| Row::new(answer.clone()));
    let widths = [10, 18, 10].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Min(6)]);
    let table = Table::new(rows, widths)
        .header(Row::new(["ago", "to", "answer", "took"]))
        .block(titled("Last answers"));
    frame.render_widget(table, area);
}

fn draw_unknown(frame: &mut Frame<'_>, area: Rect, facts: &WatchFacts) {
    let rows = facts.unknown.iter().map(|unknown| {
        let since = u64::try_from(facts.now - unknown.since).unwrap_or(0);
        Row::new([
            span(std::time::Duration::from_millis(since)),
            if unknown.is_on_its_way {
                "on its way"
            } else {
                "in doubt"
            }
            .to_owned(),
            unknown.kind.to_owned(),
            unknown.place.clone(),
            unknown.attempts.to_string(),
        ])
    });
    let widths = [13, 11, 10, 24].map(Constraint::Length);
    let widths = widths.into_iter().chain([Constraint::Min(5)]);
    let resting: Vec<&str> = facts
        .runs
        .iter()
        .map(|run| run.resting.as_str())
        .filter(|words| !words.is_empty())
        .collect();
    let title = match resting.is_empty() {
        true => "Unknown outcomes".to_owned(),
        false => format!("Unknown outcomes: {}", resting.join("; ")),
    };
    let table = Table::new(rows, widths)
        .header(Row::new(["for", "", "what", "row", "sent"]))
        .block(titled(&title));
    frame.render_widget(table, area);
}

fn draw_findings(frame: &mut Frame<'_>, area: Rect, facts: &WatchFacts) {
    let findings = facts.totals.findings.iter();
    let lines: Vec<String> = findings
        .map(|finding| {
            format!(
                "{} {} ({})",
                thousands(finding.count),
                finding.kind,
                finding.action
            )
        })
        .collect();
    let text = match lines.is_empty() {
        true => "none".to_owned(),
        false => lines.join(" · "),
    };
    let paragraph = Paragraph::new(text).wrap(Wrap { trim: true });
    frame.render_widget(paragraph.block(titled("Findings")), area);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_journal::read::UnknownOutcome;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    #[test]
    fn everything_has_its_place() {
        let lane = |name: &str, force: &str| [name, "50/s", force, "19.8", ""].map(str::to_owned);
        let run = WatchedRun {
            name: "Sending accounts".to_owned(),
            progress: "120 of 900 · 3 refused".to_owned(),
            held_back: "paused by R. Operator".to_owned(),
            resting: "2 rest, asked about in 20 s".to_owned(),
            lanes: vec![lane("create", "20/s by R. Operator"), lane("lookup", "")],
            answers: vec![["2 s", "accounts", "200", "31 ms"].map(str::to_owned)],
        };
        let facts = WatchFacts {
            title: "acme → https://api.bakkt.com".to_owned(),
            unknown: vec![UnknownOutcome {
                kind: "account",
                place: "export.csv:17".to_owned(),
                attempts: 1,
                since: 0,
                is_on_its_way: false,
            }],
            now: 40_000,
            runs: vec![run],
            ..WatchFacts::default()
        };
        for (width, height) in [(120, 40), (80, 24), (20, 6)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| draw(frame, &facts)).unwrap();
            let text = terminal.backend().to_string();
            if width < 100 {
                continue;
            }
            for part in [
                "acme → https://api.bakkt.com",
                "paused by R. Operator",
                "20/s by R. Operator",
                "19.8",
                "export.csv:17",
                "asked about in 20 s",
                "40 s",
                "31 ms",
                "Findings",
            ] {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}
