//! The control totals: what was read, what was planned, where everything stands, and whether it adds up.
//!
//! Owner of invariant 2: rows read = ready + grace + blocked + excluded + duplicate, and tasks planned = open + held + in
//! doubt + accepted + refused + gave up; beside them, documents given = sent + not sent, and the rows of every file. What does not add up is said in words in [`Totals::imbalances`].
//! The order of the fields is the order of the keys of `--json`; keys are only ever added behind the others.
//! Beside what adds up stands what was altered ([`Totals::altered`]): numbers of such a journal add up to something that was not done.
//! `status` takes the numbers from the journal's counters; a report counts all rows, and does not balance when the counters differ.
//! Left out on purpose: exit codes, which are the commands' business.

use std::collections::BTreeMap;

use serde::Serialize;

use super::after::AfterAcceptance;
use super::audit;
use super::custody::CustodyTotals;
use bakkt_journal::Journals;
use bakkt_journal::read::{
    Counts, DocumentCounts, DroppedTasks, FileRow, FindingCount, GapCount, TaskCounts,
};
use bakkt_journal::write::{ACCOUNT_LEFT_ALONE, DOCUMENT_CHANGED, KYB_INCOMPLETE};
use bakkt_model::number::thousands;
use bakkt_model::task::{DOCUMENT_OF_SEVERAL, is_of_unclear_account};

/// The totals of a migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Rows read from the exports.
    pub read: u64,
    /// Where every row ended.
    pub verdicts: Verdicts,
    /// The tasks by kind.
    pub tasks: Tasks,
    /// The open gaps.
    pub gaps: Gaps,
    /// Whether everything is accounted for.
    pub balanced: bool,
    /// What is not, in words; empty when balanced.
    pub imbalances: Vec<String>,
    /// Accounts that existed before this migration.
    pub existed: PriorAccounts,
    /// Blank lines of the exports; they are no rows.
    pub blank_lines: u64,
    /// Rows of the exports beside that of the accounts that are broken or have no key, of which nobody can tell whose they are.
    pub lost_rows: u64,
    /// Whether planning came to its end.
    pub planned: bool,
    /// Accounts accepted under an earlier plan, whose customers the plan no longer sends.
    pub former: u64,
    /// What was sent by tasks that the plan has no longer, and that Bakkt did not accept; absent when there are none.
    #[serde(skip_serializing_if = "DroppedTasks::is_empty")]
    pub dropped: DroppedTasks,
    /// Accounts and updates that were answered with the bakktId of another account, so that a person has to say whose it is; absent when
    /// there are none.
    #[serde(skip_serializing_if = "none")]
    pub shared_ids: u64,
    /// Rows of customers whose exclusion was taken back, and whom the plan does not have yet; absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub put_back: u64,
    /// The documents.
    pub documents: DocumentTotals,
    /// KYB, beside its tasks.
    pub kyb: KybTotals,
    /// The files of the plan, and where their rows ended.
    pub files: Vec<FileRow>,
    /// What comes after acceptance.
    pub after: AfterAcceptance,
    /// What a person should see although no rule refuses it, by kind; the most important first.
    pub findings: Vec<FindingCount>,
    /// Fiat custody; absent without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<CustodyTotals>,
    /// What was altered in the journal behind the program's back, as far as checkpoints tell, in words; absent when nothing was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<String>,
    /// Ids of Bakkt's under which two customers stand. A report alone looks for them, because that takes a walk over all tasks; absent
    /// when there are none.
    #[serde(skip_serializing_if = "none")]
    pub repeated_ids: u64,
}

/// Documents by what became of them in planning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DocumentTotals {
    /// Listed in a manifest, or found in the folder.
    pub given: u64,
    /// An upload is planned.
    pub sent: u64,
    /// Refused before sending.
    pub refused: u64,
    /// The same as an earlier one.
    pub same: u64,
    /// Their account is not sent.
    pub account_not_sent: u64,
    /// Their account is not in the plan.
    pub no_account: u64,
    /// Those of `no_account` whose path fits several accounts of the plan, so that a person has to say whose they are; absent
    /// when there are none.
    #[serde(skip_serializing_if = "none")]
    pub of_several: u64,
    /// Those of `no_account` that do not say their clientAccountId, say one that cannot be read, or one that the plan has in
    /// another form; absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub unclear: u64,
    /// Bytes of those that are sent.
    pub bytes: u64,
    /// Those of `sent` that go as FRONT because nothing says their side and their account needs one; absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub side_assumed: u64,
    /// Uploads held because the file is no longer the planned one.
    pub changed: u64,
    /// Accepted under an earlier plan, and no longer in this one.
    pub former: u64,
    /// Uploads and KYB triggers held because their account existed before with other data and was left as it is; absent
    /// when there are none.
    #[serde(skip_serializing_if = "none")]
    pub left_alone: u64,
}

fn none(count: &u64) -> bool {
    *count == 0
}

/// Counts about KYB beside the states of its tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KybTotals {
    /// Held because the checklist lacks something, with the account and its documents done.
    pub incomplete: u64,
    /// Accounts that are not sent because an owner is an entity: they go by manual KYB.
    pub manual: u64,
    /// Those of them that Bakkt approved, says a person; absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub manual_approved: u64,
    /// Those of them that Bakkt rejected, says a person; absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub manual_rejected: u64,
    /// Triggered under an earlier plan, and no longer in this one.
    pub former: u64,
    /// Those of an earlier plan whose answer was lost.
    pub former_in_doubt: u64,
}

/// Records by verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the words of the glossary
pub struct Verdicts {
    pub ready: u64,
    pub grace: u64,
    pub blocked: u64,
    pub excluded: u64,
    pub duplicate: u64,
}

/// Tasks by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tasks {
    /// Create an account.
    pub account: States,
    /// Update an account; absent while none is planned.
    #[serde(skip_serializing_if = "States::none_planned")]
    pub update: States,
    /// Upload a document.
    pub document: States,
    /// Trigger KYB screening.
    pub kyb: States,
}

/// Tasks of one kind by state. `in_doubt` holds those that are being sent as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // the words of the glossary
pub struct States {
    pub planned: u64,
    pub open: u64,
    pub held: u64,
    pub in_doubt: u64,
    pub accepted: u64,
    pub refused: u64,
    pub gave_up: u64,
}

/// The open gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// All of them.
    pub open: u64,
    /// By contract path, all levels together.
    pub by_field: BTreeMap<String, u64>,
    /// Closed in the plan, and Bakkt still has them, because no update with the value was accepted; not among `open`. Absent when
    /// there are none.
    #[serde(skip_serializing_if = "none")]
    pub not_at_bakkt: u64,
    /// Gaps of the plan that are none at Bakkt: it has the value, and the plan lost it; not among `open`. Absent when there are none.
    #[serde(skip_serializing_if = "none")]
    pub only_in_plan: u64,
}

/// Accounts that existed before this migration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PriorAccounts {
    /// Equal to what was sent.
    pub equal: u64,
    /// Different, and left as they were.
    pub different: u64,
    /// Different, and overwritten by an update.
    pub overwritten: u64,
}

impl Totals {
    /// Reads them from the journal's counters.
    pub fn read(journals: &Journals) -> anyhow::Result<Totals> {
        Totals::read_at(journals, bakkt_journal::now())
    }

    /// The same at another time, in milliseconds since 1970: ages are counted to it.
    pub fn read_at(journals: &Journals, now: i64) -> anyhow::Result<Totals> {
        let (counts, gaps) = journals.stored_counts()?;
        let after = AfterAcceptance::read(journals, now)?;
        let mut totals = Totals::new(
            journals,
            &counts,
            &journals.document_counts()?,
            &gaps,
            after,
        )?;
        totals.altered = audit::noted(journals.readers())?;
        Ok(totals)
    }

    /// Builds them from counts that were read already.
    pub(super) fn new(
        journals: &Journals,
        counts: &Counts,
        documents: &DocumentCounts,
        gaps: &[GapCount],
        after: AfterAcceptance,
    ) -> anyhow::Result<Totals> {
        let [ready, grace, blocked, excluded, duplicate] = counts.verdicts;
        let [_, equal, different, overwritten] = counts.existed;
        let mut open = Gaps::default();
        for gap in gaps {
            open.open += gap.open;
            *open.by_field.entry(gap.path.clone()).or_default() += gap.open;
        }
        open.leave_out(&after.gaps_only_in_plan);
        open.not_at_bakkt = after.gaps_not_at_bakkt;
        let planned = journals.is_planned()?;
        // What the planner says it read is the control; without it, records can only be counted. A plan that is not
        // complete has no such number yet, or that of the plan before.
        let control = if planned { journals.rows_read()? } else { None };
        let manual = journals.manual_kyb()?;
        let mut totals = Totals {
            read: control.unwrap_or(counts.records),
            verdicts: Verdicts {
                ready,
                grace,
                blocked,
                excluded,
                duplicate,
            },
            tasks: Tasks {
                account: counts.accounts.into(),
                update: counts.updates.into(),
                document: counts.documents.into(),
                kyb: counts.kyb.into(),
            },
            gaps: open,
            balanced: false,
            imbalances: Vec::new(),
            existed: PriorAccounts {
                equal,
                different,
                overwritten,
            },
            former: counts.former.accounts,
            dropped: journals.dropped()?,
            shared_ids: journals.shared_ids()?,
            put_back: journals.put_back()?,
            documents: of_documents(counts, documents),
            kyb: KybTotals {
                incomplete: held(counts, "KYB", KYB_INCOMPLETE.0),
                manual: manual.accounts,
                manual_approved: manual.approved,
                manual_rejected: manual.rejected,
                former: counts.former.kyb,
                former_in_doubt: counts.former.kyb_in_doubt,
            },
            files: journals.files()?,
            after,
            findings: journals.finding_counts()?,
            custody: CustodyTotals::read(journals)?,
            blank_lines: journals.meta_sum("blank_lines")?.unwrap_or_default(),
            lost_rows: journals.meta_sum("lost_rows")?.unwrap_or_default(),
            planned,
            altered: Vec::new(),
            repeated_ids: 0,
        };
        totals.imbalances = imbalances(&totals, counts.without_task, counts.stray_tasks);
        totals.imbalances.extend(beside(&totals, documents));
        let custody = totals.custody.iter().flat_map(CustodyTotals::kinds);
        for (kind, states) in custody.filter(|(_, states)| states.planned != states.sum()) {
            let (planned, sum) = (thousands(states.planned), thousands(states.sum()));
            totals.imbalances.push(format!(
                "custody tasks for {kind} are {planned}, but their states add up to {sum}"
            ));
        }
        totals
            .imbalances
            .extend(counts.disagreements.iter().cloned());
        totals.balanced = totals.imbalances.is_empty();
        Ok(totals)
    }

    /// Compares the gaps that are open, in the plan or at Bakkt, with the lines that were written of them.
    pub(crate) fn compare_gap_lines(&mut self, open_lines: u64) {
        let open = self.gaps.open + self.gaps.not_at_bakkt;
        if open != open_lines {
            let (open, lines) = (thousands(open), thousands(open_lines));
            self.imbalances.push(format!(
                "open gaps are {open}, but gaps.csv has {lines} lines of open ones"
            ));
            self.balanced = false;
        }
    }

    /// The object of `--json` as a value. `Value` sorts its keys: print [`Totals::json_text`] to keep their order.
    pub fn json(&self) -> serde_json::Value {
        // A struct of numbers, texts and maps with text keys always has a value.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The object of `--json` on one line, its keys in the documented order.
    pub fn json_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// KYB triggers whose answer was lost, those of an earlier plan included.
    pub(crate) fn kyb_in_doubt(&self) -> u64 {
        self.tasks.kyb.in_doubt + self.kyb.former_in_doubt
    }
}

impl KybTotals {
    /// Accounts whose manual KYB has ended.
    pub(crate) fn manual_ended(&self) -> u64 {
        self.manual_approved + self.manual_rejected
    }
}

impl DocumentTotals {
    /// Those that are not sent.
    pub(crate) fn unsent(&self) -> u64 {
        self.refused + self.same + self.account_not_sent + self.no_account
    }
}

fn of_documents(counts: &Counts, documents: &DocumentCounts) -> DocumentTotals {
    let [sent, refused, same, account_not_sent, no_account] = documents.verdicts;
    let unsent = |is_meant: &dyn Fn(&str) -> bool| {
        let meant = documents.unsent.iter();
        let meant = meant.filter(|unsent| is_meant(&unsent.reason));
        meant.map(|unsent| unsent.count).sum()
    };
    DocumentTotals {
        given: documents.given,
        sent,
        refused,
        same,
        account_not_sent,
        no_account,
        of_several: unsent(&|reason| reason == DOCUMENT_OF_SEVERAL),
        unclear: unsent(&is_of_unclear_account),
        bytes: documents.bytes,
        side_assumed: documents.side_assumed,
        changed: held(counts, "document", DOCUMENT_CHANGED),
        former: counts.former.documents,
        left_alone: held(counts, "document", ACCOUNT_LEFT_ALONE.0)
            + held(counts, "KYB", ACCOUNT_LEFT_ALONE.0),
    }
}

impl Gaps {
    /// Takes those out that are open in the plan alone.
    fn leave_out(&mut self, only_in_plan: &BTreeMap<String, u64>) {
        for (path, count) in only_in_plan {
            self.only_in_plan += count;
            self.open = self.open.saturating_sub(*count);
            if let Some(open) = self.by_field.get_mut(path) {
                *open = open.saturating_sub(*count);
            }
        }
        self.by_field.retain(|_, open| *open > 0);
    }
}

/// Tasks of a kind that are held for a reason.
fn held(counts: &Counts, kind: &str, code: &str) -> u64 {
    let stops = counts.stops.iter();
    let stops = stops.filter(|s| s.kind == kind && s.state == "held" && s.code == code);
    stops.map(|stop| stop.count).sum()
}

impl Verdicts {
    /// The five together.
    pub fn sum(&self) -> u64 {
        self.sendable() + self.blocked + self.excluded + self.duplicate
    }

    /// Those that are sent.
    pub fn sendable(&self) -> u64 {
        self.ready + self.grace
    }
}

impl Tasks {
    /// Open tasks of every kind: the next run sends them.
    pub fn open(&self) -> u64 {
        self.account.open + self.update.open + self.document.open + self.kyb.open
    }
}

impl Totals {
    /// Open tasks of every kind, custody's too.
    pub fn open(&self) -> u64 {
        self.tasks.open() + self.custody.as_ref().map_or(0, CustodyTotals::open)
    }
}

impl States {
    /// The six states together.
    pub(crate) fn sum(&self) -> u64 {
        self.open + self.held + self.in_doubt + self.accepted + self.refused + self.gave_up
    }

    /// Adds tasks of a state, by its number in the journal.
    pub(crate) fn add(&mut self, state: usize, count: u64) {
        self.planned += count;
        match state {
            0 => self.open += count,
            1 => self.held += count,
            2 | 3 => self.in_doubt += count,
            4 => self.accepted += count,
            5 => self.refused += count,
            6 => self.gave_up += count,
            _ => {}
        }
    }

    fn none_planned(&self) -> bool {
        self.planned == 0
    }
}

impl From<TaskCounts> for States {
    fn from(counts: TaskCounts) -> States {
        let [open, held, sending, in_doubt, accepted, refused, gave_up] = counts.states;
        States {
            planned: counts.planned,
            open,
            held,
            in_doubt: sending + in_doubt,
            accepted,
            refused,
            gave_up,
        }
    }
}

fn imbalances(totals: &Totals, without_task: u64, stray_tasks: u64) -> Vec<String> {
    let mut found = Vec::new();
    let n = thousands;
    let (read, verdicts) = (totals.read, totals.verdicts.sum());
    if read != verdicts {
        found.push(format!(
            "rows read are {}, but the verdicts add up to {}",
            n(read),
            n(verdicts)
        ));
    }
    for (kind, tasks) in [
        ("account", &totals.tasks.account),
        ("update", &totals.tasks.update),
        ("document", &totals.tasks.document),
        ("KYB", &totals.tasks.kyb),
    ] {
        if tasks.planned != tasks.sum() {
            let (planned, sum) = (n(tasks.planned), n(tasks.sum()));
            found.push(format!(
                "{kind} tasks planned are {planned}, but their states add up to {sum}"
            ));
        }
    }
    let (planned, sendable) = (totals.tasks.account.planned, totals.verdicts.sendable());
    if planned != sendable {
        let (planned, sendable) = (n(planned), n(sendable));
        found.push(format!(
            "account tasks planned are {planned}, but ready and grace records are {sendable}"
        ));
    }
    let (accepted, decided) = (
        totals.tasks.account.accepted + totals.former,
        totals.after.accounts(),
    );
    if accepted != decided {
        let (accepted, decided) = (n(accepted), n(decided));
        found.push(format!(
            "accounts accepted are {accepted}, but those by decision add up to {decided}"
        ));
    }
    if without_task > 0 {
        found.push(format!(
            "ready and grace records without an account task: {}",
            n(without_task)
        ));
    }
    if stray_tasks > 0 {
        let stray = n(stray_tasks);
        found.push(format!(
            "account tasks of a record that is neither ready nor grace, or of no record: {stray}"
        ));
    }
    found
}

/// What does not add up of documents and of the files' rows.
fn beside(totals: &Totals, counts: &DocumentCounts) -> Vec<String> {
    let mut found = Vec::new();
    let n = thousands;
    let (documents, planned) = (&totals.documents, totals.tasks.document.planned);
    let ended = documents.sent + documents.unsent();
    if documents.given != ended {
        let (given, ended) = (n(documents.given), n(ended));
        found.push(format!(
            "documents given are {given}, but those sent and not sent add up to {ended}"
        ));
    }
    if planned != documents.sent {
        let (planned, sent) = (n(planned), n(documents.sent));
        found.push(format!(
            "document tasks planned are {planned}, but documents to be sent are {sent}"
        ));
    }
    for (count, what) in [
        (counts.without_task, "documents to be sent without a task"),
        (
            counts.stray,
            "document tasks of a document that is not sent",
        ),
        (
            counts.stray_kyb,
            "KYB tasks of a record that is neither ready nor grace, or of no record",
        ),
    ] {
        if count > 0 {
            found.push(format!("{what}: {}", n(count)));
        }
    }
    // A plan that is not complete has read no file to its end; one of an older version has not counted its rows.
    let counted = |file: &&FileRow| totals.planned && (file.rows > 0 || file.role != "accounts");
    for file in totals.files.iter().filter(counted) {
        if !file.balanced() {
            let parts = [file.records, file.parts, file.documents, file.unused];
            found.push(format!(
                "rows of {} are {}, but those that are used and not used add up to {}",
                file.name,
                n(file.rows),
                n(parts.iter().sum())
            ));
        }
    }
    found
}
