//! Records, stopped tasks and accounts, line by line.
//!
//! Each statement walks its table in the order of its key, so SQLite sorts nothing and memory stays constant at any size. Texts are
//! borrowed from SQLite and live as long as one callback. Left out: how a line looks in a file (`report`).

use crate::read::agreement_gaps::AgreementGaps;
use crate::read::columns::{Origin, TaskPart, count, index, origin, task, text, word_of};
use crate::read::ended_tasks::dropped_word;
use crate::read::reader::Reader;
use crate::schema::codes::kind;
use crate::schema::codes::{EXISTED, KINDS, STATES, VERDICTS};
use bakkt_contract::ownership::agreements_changed;
use bakkt_model::custody::CustodyKind;
use rusqlite::{Row, Rows};

/// The state of an account that Bakkt has and the plan does not send.
pub const ACCEPTED_BEFORE: &str = "accepted, former";

/// One source row.
#[derive(Clone, Copy, Debug)]
pub struct RecordLine<'a> {
    /// Where it stands.
    pub origin: Origin<'a>,
    /// The word of the verdict.
    pub verdict: &'static str,
    /// Why it was excluded, or of what it is a duplicate.
    pub reason: Option<&'a str>,
    /// Number of gaps.
    pub gaps: u64,
    /// Its account task; of an account that Bakkt has and the plan does not send, that of the earlier plan.
    pub task: TaskPart<'a>,
    /// As Bakkt named it.
    pub bakkt: BakktPart<'a>,
    /// Its documents and its KYB.
    pub beside: AttachedTasks,
    /// Its agreements.
    pub agreements: AgreementsPart,
}

/// What is known of the agreements of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgreementsPart {
    /// Of those that are sent: how many have a name (all have one), a version, a date. None: not sent, or planned by an earlier
    /// version.
    pub carried: Option<[u8; 3]>,
    /// One lacks something without which it is not sent.
    pub left_out: bool,
    /// Bakkt has others, because no update has sent those of the plan.
    pub waiting: bool,
    /// The account was read back since it was sent last, and lacks one as it was sent, or has it otherwise.
    pub contradicted: bool,
}

/// The documents and the KYB of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttachedTasks {
    /// Uploads.
    pub documents: u64,
    /// Uploads that Bakkt has accepted.
    pub accepted: u64,
    /// Uploads that were refused or given up.
    pub stopped: u64,
    /// Documents that are not sent.
    pub unsent: u64,
    /// The word of the state of its KYB; empty when it needs none.
    pub kyb: &'static str,
}

/// What Bakkt said about an account.
#[derive(Clone, Copy, Debug)]
pub struct BakktPart<'a> {
    /// Bakkt's id.
    pub id: Option<&'a str>,
    /// Bakkt's status.
    pub status: Option<&'a str>,
    /// As Bakkt stated it.
    pub created_at: Option<&'a str>,
    /// no, equal, different, overwritten; empty while Bakkt has named no account.
    pub existed: &'static str,
}

/// One task that was refused or given up.
#[derive(Clone, Copy, Debug)]
pub struct StoppedLine<'a> {
    /// The row that it sends, or of which it sends the document.
    pub origin: Origin<'a>,
    /// What it sends: account, update, document, KYB.
    pub kind: &'static str,
    /// How far the task is.
    pub task: TaskPart<'a>,
    /// The masked message.
    pub message: Option<&'a str>,
}

impl Reader {
    /// Every source row, in the order of the export.
    pub fn each_record(
        &self,
        mut each: impl FnMut(RecordLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut uploads = self.journal.prepare(sql::UPLOADS)?;
        let mut documents = self.journal.prepare(sql::UNSENT)?;
        let mut uploads = SideRows::new(uploads.query([])?)?;
        let mut documents = SideRows::new(documents.query([])?)?;
        let mut left_out = AgreementGaps::new(&self.journal)?;
        self.walk(sql::RECORD_LINES, |row| {
            let mut beside = AttachedTasks::default();
            let record: i64 = row.get(16)?;
            uploads.each(record, |kind, state| beside.upload(kind, state))?;
            documents.each(record, |_, _| beside.unsent += 1)?;
            let mut task = task(row, 6)?;
            if row.get::<_, Option<i64>>(19)? == Some(kind::FORMER_ACCOUNT) {
                task.state = ACCEPTED_BEFORE;
            } else if let (true, Some(state)) = (task.state.is_empty(), row.get(17)?) {
                task.state = dropped_word(state);
            }
            each(RecordLine {
                origin: origin(row)?,
                verdict: word_of(&VERDICTS, index(row, 3)?),
                reason: text(row, 4)?,
                gaps: count(row, 5)?,
                task,
                bakkt: bakkt(row, 12)?,
                beside,
                agreements: AgreementsPart {
                    carried: row.get(18)?,
                    left_out: left_out.has(row.get(20)?)?,
                    waiting: has_other_agreements(row)?,
                    contradicted: row.get(23)?,
                },
            })
        })
    }

    /// Every task that was refused or given up, and every account that was answered with the bakktId of another one, in the order of
    /// the tasks; those of custody come last.
    pub fn each_stopped(
        &self,
        mut each: impl FnMut(StoppedLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::STOPPED_LINES, |row| {
            each(StoppedLine {
                origin: origin(row)?,
                task: task(row, 3)?,
                message: text(row, 9)?,
                kind: word_of(&KINDS, index(row, 10)?),
            })
        })?;
        self.walk(sql::STOPPED_CUSTODY, |row| {
            each(StoppedLine {
                origin: origin(row)?,
                task: task(row, 3)?,
                message: text(row, 9)?,
                kind: CustodyKind::from_number(row.get(10)?).map_or("unknown", CustodyKind::word),
            })
        })
    }

    /// Every account that Bakkt has named, in the order of the tasks.
    pub fn each_account(
        &self,
        mut each: impl FnMut(Option<&str>, BakktPart<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::ACCOUNT_LINES, |row| {
            each(text(row, 0)?, bakkt(row, 1)?)
        })
    }
}

/// Whether Bakkt has other agreements than the plan, as far as both are known.
fn has_other_agreements(row: &Row<'_>) -> anyhow::Result<bool> {
    let [before, after] = [22, 21].map(|column| row.get_ref(column));
    Ok(
        match (before?.as_blob_or_null()?, after?.as_blob_or_null()?) {
            (Some(before), Some(after)) => {
                agreements_changed(before, after) || agreements_changed(after, before)
            }
            _ => false,
        },
    )
}

/// Rows of another table in the order of the record: the record and two numbers.
struct SideRows<'a> {
    rows: Rows<'a>,
    next: Option<(i64, i64, i64)>,
}

impl<'a> SideRows<'a> {
    fn new(rows: Rows<'a>) -> anyhow::Result<SideRows<'a>> {
        let mut side = SideRows { rows, next: None };
        side.step()?;
        Ok(side)
    }

    fn step(&mut self) -> anyhow::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, row.get(1)?, row.get(2)?)),
            None => None,
        };
        Ok(())
    }

    /// Hands out the rows of a record; rows before it belong to no record and are skipped.
    fn each(&mut self, record: i64, mut each: impl FnMut(i64, i64)) -> anyhow::Result<()> {
        while let Some((of, one, other)) = self.next {
            if of > record {
                break;
            }
            if of == record {
                each(one, other);
            }
            self.step()?;
        }
        Ok(())
    }
}

impl AttachedTasks {
    fn upload(&mut self, kind: i64, state: i64) {
        let state = word_of(&STATES, usize::try_from(state).unwrap_or(usize::MAX));
        if kind == kind::KYB {
            self.kyb = state;
            return;
        }
        self.documents += 1;
        self.accepted += u64::from(state == "accepted");
        self.stopped += u64::from(matches!(state, "refused" | "gave up"));
    }
}

/// Four columns: id, status, created, existed.
fn bakkt<'a>(row: &'a Row<'_>, from: usize) -> anyhow::Result<BakktPart<'a>> {
    let (id, existed) = (text(row, from)?, row.get::<_, Option<i64>>(from + 3)?);
    let existed = match (id, existed) {
        (_, None) | (None, Some(0)) => "",
        (_, Some(_)) => word_of(&EXISTED, index(row, from + 3)?),
    };
    Ok(BakktPart {
        id,
        status: text(row, from + 1)?,
        created_at: text(row, from + 2)?,
        existed,
    })
}

/// Whether Bakkt's record of the account `t`, when it was read back, contradicts an agreement as it was sent last: it has none, another
/// one, not its owner, or Bakkt does not know the account. That Bakkt has more agreements contradicts none.
macro_rules! contradicts_agreements {
    () => {
        "EXISTS (SELECT 1 FROM verification v WHERE v.task = t.id AND (v.result = {result.unknown} OR v.hash IS t.hash \
            AND v.result = {result.different} AND EXISTS (SELECT 1 FROM difference i JOIN word p ON p.id = i.path JOIN word k ON k.id = i.kind \
                WHERE i.task = t.id AND i.document = '' AND k.text <> 'added' AND (p.text GLOB 'owners[[]*].agreements' \
                OR p.text GLOB 'owners[[]*].agreements[[]*' OR p.text = 'owners' \
                OR p.text GLOB 'owners[[][0-9]]' OR p.text GLOB 'owners[[][0-9][0-9]]'))))"
    };
}

/// The statements. `ORDER BY` names the key of the outermost table, which the left joins keep outermost.
pub(crate) mod sql {
    pub const RECORD_LINES: &str = sql!(concat!(
        "SELECT f.name, r.row, r.client_id, r.verdict, w.text, r.gaps, \
        t.state, coalesce(",
        times_sent!("t", "attempt"),
        ", 0) + CASE WHEN s.id IS NULL THEN 0 ELSE (SELECT sum(a.attempts) FROM set_aside a \
            WHERE a.client_id = r.client_id AND a.kind = {kind.account} AND a.gone = 1) END, \
        coalesce(s.first_at, t.first_at), coalesce(t.last_at, s.last_at), c.text, d.text, \
        t.bakkt_id, t.status, t.created_at, t.existed, r.id, s.state, r.carried, t.kind, \
        r.gap_set, r.agreements, t.agreements, ",
        contradicts_agreements!(),
        " \
        FROM record r LEFT JOIN file f ON f.id = r.file LEFT JOIN word w ON w.id = r.reason \
        LEFT JOIN task t ON t.id = coalesce((SELECT k.id FROM task k WHERE k.record = r.id AND k.kind = {kind.account}), \
            (SELECT max(o.task) FROM former o WHERE o.client_id = r.client_id \
            AND r.id = (SELECT min(m.id) FROM record m WHERE m.client_id = r.client_id))) \
        LEFT JOIN set_aside s ON s.id = (SELECT max(a.id) FROM set_aside a WHERE a.client_id = r.client_id AND a.kind = {kind.account} AND a.gone = 1) \
            AND r.id = (SELECT min(o.id) FROM record o WHERE o.client_id = r.client_id) \
        LEFT JOIN word c ON c.id = CASE WHEN t.id IS NULL THEN s.code ELSE t.code END \
        LEFT JOIN word d ON d.id = CASE WHEN t.id IS NULL THEN s.field ELSE t.field END ORDER BY r.id"
    ));
    pub const UPLOADS: &str = sql!(
        "SELECT record, kind, state FROM task INDEXED BY task_record \
        WHERE kind IN ({kind.document_or_kyb}) ORDER BY record"
    );
    pub const UNSENT: &str = sql!(
        "SELECT record, verdict, 0 FROM document WHERE verdict <> {document.sent} ORDER BY record"
    );
    pub const STOPPED_CUSTODY: &str = sql!(concat!(
        "SELECT f.name, CASE t.row WHEN 0 THEN r.row ELSE t.row END, t.client_id, \
        t.state, ",
        times_sent!("t", "custody_attempt"),
        ", t.first_at, t.last_at, c.text, d.text, m.text, t.kind \
        FROM custody_task t LEFT JOIN record r ON r.id = t.record \
        LEFT JOIN file f ON f.id = CASE t.file WHEN 0 THEN r.file ELSE t.file END \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word d ON d.id = t.field LEFT JOIN word m ON m.id = t.message \
        WHERE t.state IN ({state.stopped}) ORDER BY t.id"
    ));
    pub const STOPPED_LINES: &str = sql!(concat!(
        "SELECT coalesce(o.shown, f.name), coalesce(o.row, r.row), r.client_id, \
        t.state, ",
        times_sent!("t", "attempt"),
        ", t.first_at, t.last_at, c.text, d.text, m.text, t.kind \
        FROM task t LEFT JOIN record r ON r.id = t.record \
        LEFT JOIN document o ON o.id = CASE t.kind WHEN {kind.document} THEN t.document END \
        LEFT JOIN file f ON f.id = coalesce(o.file, r.file) \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word d ON d.id = t.field LEFT JOIN word m ON m.id = t.message \
        WHERE t.state IN ({state.stopped}) OR t.state = {state.in_doubt} AND t.code = (SELECT id FROM word WHERE text = 'id of another') ORDER BY t.id"
    ));
    pub const ACCOUNT_LINES: &str = sql!(
        "SELECT coalesce(r.client_id, f.client_id), t.bakkt_id, t.status, t.created_at, t.existed \
        FROM task t NOT INDEXED LEFT JOIN record r ON r.id = t.record LEFT JOIN former f ON f.task = t.id \
        WHERE t.kind IN ({kind.any_account}) AND (t.bakkt_id IS NOT NULL OR t.state = {state.accepted}) ORDER BY t.id"
    );
}
