//! The tables of the workbook: exceptions, refusals, gaps, decisions.
//!
//! Owner of what an exception is: whatever did not come to Bakkt as the export has it, and whatever is not known to have. Left
//! out: how a table is written (`table_sheet`).

use super::ReportWorkbook;
use super::table_sheet::{Cell, Table, TableWriter, number, text};
use crate::files::shown_due;
use bakkt_journal::Journals;
use bakkt_journal::read::{EndedTaskLine, Origin, StoppedLine};
use bakkt_model::grace::Grace;

static EXCEPTIONS: Table = Table {
    name: "Exceptions",
    what: "Everything that did not come to Bakkt as the export has it, or is not known to have",
    columns: &[
        text("what", 14.0),
        text("file", 22.0),
        number("row", 10.0),
        text("clientAccountId", 24.0),
        text("state", 24.0),
        text("reason", 44.0),
        text("code", 22.0),
        text("field", 40.0),
        text("lastChange", 26.0),
    ],
};

static REFUSALS: Table = Table {
    name: "Refusals",
    what: "Every refusal and give-up, and what was decided about it later (refused.csv)",
    columns: &[
        text("file", 22.0),
        number("row", 10.0),
        text("clientAccountId", 24.0),
        text("state", 18.0),
        text("code", 22.0),
        text("field", 40.0),
        text("message", 44.0),
        number("attempts", 10.0),
        text("lastChange", 26.0),
        text("decision", 34.0),
        text("decidedAt", 26.0),
        text("decidedBy", 18.0),
    ],
};

static GAPS: Table = Table {
    name: "Gaps",
    what: "Every gap, when it is due, and whether it was let go (gaps.csv)",
    columns: &[
        text("file", 22.0),
        number("row", 10.0),
        text("clientAccountId", 24.0),
        text("path", 54.0),
        text("level", 8.0),
        text("reason", 30.0),
        text("due", 18.0),
        text("status", 10.0),
    ],
};

static DECISIONS: Table = Table {
    name: "Decisions",
    what: "What people decided, when, why and for whom",
    columns: &[
        text("when", 26.0),
        text("action", 22.0),
        text("for", 44.0),
        text("reason", 54.0),
        text("who", 20.0),
        number("number", 10.0),
    ],
};

/// Three cells: where a line comes from.
fn origin<'a>(origin: &Origin<'a>) -> [Cell<'a>; 3] {
    let row = match origin.row {
        0 => Cell::Text(""),
        row => Cell::Number(row),
    };
    [origin.file.into(), row, origin.client_id.into()]
}

/// What an exception shows.
struct Exception<'a> {
    what: &'a str,
    at: Origin<'a>,
    state: &'a str,
    reason: Option<&'a str>,
    code: Option<&'a str>,
    field: Option<&'a str>,
    last_at: Option<i64>,
}

impl<'a> Exception<'a> {
    fn new(
        what: &'a str,
        at: Origin<'a>,
        state: &'a str,
        reason: Option<&'a str>,
    ) -> Exception<'a> {
        Exception {
            what,
            at,
            state,
            reason,
            code: None,
            field: None,
            last_at: None,
        }
    }

    fn with_code(self, code: Option<&'a str>) -> Exception<'a> {
        Exception { code, ..self }
    }

    fn with_field(self, field: Option<&'a str>) -> Exception<'a> {
        Exception { field, ..self }
    }

    fn changed_at(self, last_at: Option<i64>) -> Exception<'a> {
        Exception { last_at, ..self }
    }

    fn write(&self, table: &mut TableWriter<'_>) -> anyhow::Result<()> {
        let [file, row, client_id] = origin(&self.at);
        table.line(&[
            self.what.into(),
            file,
            row,
            client_id,
            self.state.into(),
            self.reason.into(),
            self.code.into(),
            self.field.into(),
            Cell::Time(self.last_at),
        ])
    }
}

/// The place of something that is named by its account alone.
fn account(client_id: Option<&str>) -> Origin<'_> {
    Origin {
        file: None,
        row: 0,
        client_id,
    }
}

impl ReportWorkbook {
    pub(super) fn exceptions(&mut self, journals: &Journals) -> anyhow::Result<()> {
        let mut table = self.table(&EXCEPTIONS)?;
        accounts(&mut table, journals)?;
        outdated(&mut table, journals)?;
        beside(&mut table, journals)?;
        read_back(&mut table, journals)?;
        table.end()
    }

    pub(super) fn refusals(&mut self, journals: &Journals) -> anyhow::Result<()> {
        let mut table = self.table(&REFUSALS)?;
        journals.each_stopped(|line| stopped(&mut table, &line, ["", ""], None))?;
        journals.each_set_aside(|line| {
            let EndedTaskLine {
                origin,
                kind,
                task,
                message,
                decision,
                reason,
                by,
                at,
            } = line;
            let decision = match reason {
                Some(reason) => format!("{decision}: {reason}"),
                None => decision.to_owned(),
            };
            let line = StoppedLine {
                origin,
                kind,
                task,
                message,
            };
            let decided = [decision.as_str(), by.unwrap_or_default()];
            stopped(&mut table, &line, decided, Some(at))
        })?;
        table.end()
    }

    pub(super) fn gaps(&mut self, journals: &Journals, grace: &Grace) -> anyhow::Result<()> {
        let mut table = self.table(&GAPS)?;
        journals.each_gap(|line| {
            let due = shown_due(grace.due(line.accepted_at)?, line.status);
            let [file, row, client_id] = origin(&line.origin);
            table.line(&[
                file,
                row,
                client_id,
                line.path.into(),
                line.level.into(),
                line.reason.into(),
                due.as_str().into(),
                line.status.into(),
            ])
        })?;
        table.end()
    }

    pub(super) fn decisions(&mut self, journals: &Journals) -> anyhow::Result<()> {
        let mut table = self.table(&DECISIONS)?;
        for decision in journals.decisions()? {
            table.line(&[
                Cell::Time(Some(decision.at)),
                decision.action.as_str().into(),
                decision.target.as_str().into(),
                decision.reason.as_deref().into(),
                decision.by.as_deref().into(),
                Cell::Number(decision.count),
            ])?;
        }
        table.end()
    }
}

fn accounts(table: &mut TableWriter<'_>, journals: &Journals) -> anyhow::Result<()> {
    journals.each_record(|line| {
        let is_sent = matches!(line.verdict, "ready" | "grace");
        let (state, reason) = match (is_sent, line.task.state, line.bakkt.existed) {
            (true, "accepted", "different") => (
                "accepted",
                Some("existed before with other data, and was left as it was"),
            ),
            (true, "accepted", _) => return Ok(()),
            (true, state, _) => (state, line.reason),
            (false, ..) => (line.verdict, line.reason),
        };
        Exception::new("account", line.origin, state, reason)
            .with_code(line.task.code)
            .with_field(line.task.field)
            .changed_at(line.task.last_at)
            .write(table)
    })
}

/// Accepted accounts that Bakkt has with other data than the plan, with what became of their updates.
fn outdated(table: &mut TableWriter<'_>, journals: &Journals) -> anyhow::Result<()> {
    journals.each_outdated(|line| {
        let update = line.update;
        let (what, state, reason) = match update.state {
            "" => (
                "account",
                "other data at Bakkt",
                Some("accepted before its data changed, and no update is planned"),
            ),
            state => ("update", state, line.message),
        };
        Exception::new(what, line.origin, state, reason)
            .with_code(update.code)
            .with_field(update.field)
            .changed_at(update.last_at)
            .write(table)
    })
}

/// Documents, KYB and custody.
fn beside(table: &mut TableWriter<'_>, journals: &Journals) -> anyhow::Result<()> {
    journals.each_document(|line| {
        if line.outcome == "sent" && line.task.state == "accepted" {
            return Ok(());
        }
        let state = match line.outcome {
            "sent" => line.task.state,
            outcome => outcome,
        };
        Exception::new("document", line.origin, state, line.reason.or(line.message))
            .with_code(line.task.code)
            .with_field(line.document_type)
            .changed_at(line.task.last_at)
            .write(table)
    })?;
    journals.each_kyb(|line| {
        if line.state == "accepted" {
            return Ok(());
        }
        Exception::new("KYB", account(line.client_id), line.state, line.message)
            .with_code(line.code)
            .write(table)
    })?;
    journals.each_former_kyb_in_doubt(|client_id| {
        let reason = Some("of an earlier plan; the answer was lost");
        Exception::new("KYB", account(client_id), "in doubt", reason).write(table)
    })?;
    journals.each_custody(|line| {
        if line.state == "accepted" {
            return Ok(());
        }
        let at = line.at.as_ref();
        let at = Origin {
            file: at.map(|(file, _)| file.as_str()),
            row: at.map_or(0, |(_, row)| *row),
            client_id: Some(line.client_id),
        };
        let (code, reason) = line.reason;
        Exception::new(line.kind.word(), at, line.state, reason)
            .with_code(code)
            .changed_at(line.last_at)
            .write(table)
    })
}

/// What Bakkt has otherwise than it was sent, and what goes by hand.
fn read_back(table: &mut TableWriter<'_>, journals: &Journals) -> anyhow::Result<()> {
    journals.each_difference(|line| {
        let document = Some(line.document).filter(|id| !id.is_empty());
        Exception::new("read back", account(line.client_id), line.kind, document)
            .with_field(Some(line.path))
            .write(table)
    })?;
    journals.each_restricted(|line| {
        let at = Origin {
            file: Some(line.file),
            row: line.row,
            client_id: line.client_id,
        };
        Exception::new("by hand", at, "restricted", Some("no update may change it"))
            .with_field(Some(line.path))
            .write(table)
    })?;
    journals.each_unacknowledged(|client_id, file, row| {
        let at = Origin {
            file: Some(file),
            row,
            client_id: Some(client_id),
        };
        let why = "changed agreements that nobody has acknowledged";
        Exception::new("agreements", at, "not acknowledged", Some(why)).write(table)
    })
}

fn stopped(
    table: &mut TableWriter<'_>,
    line: &StoppedLine<'_>,
    [decision, by]: [&str; 2],
    at: Option<i64>,
) -> anyhow::Result<()> {
    let [file, row, client_id] = origin(&line.origin);
    let state = match line.kind {
        "account" => line.task.state.to_owned(),
        kind => format!("{kind} {}", line.task.state),
    };
    table.line(&[
        file,
        row,
        client_id,
        state.as_str().into(),
        line.task.code.into(),
        line.task.field.into(),
        line.message.into(),
        Cell::Number(line.task.attempts),
        Cell::Time(line.task.last_at),
        decision.into(),
        Cell::Time(at),
        by.into(),
    ])
}
