//! The cover of the workbook: what is signed, in one page or two.
//!
//! Owner of what stands on it and in which order: what was migrated where, whether it balances, the control totals, the lines
//! on which people sign, the runs, the hashes and the sheets behind it. Rows are written from the top, and none twice: the
//! sheet keeps nothing in memory.

use rust_xlsxwriter::{Format, Workbook, Worksheet};

use super::row_text::fitting;
use super::sheet_formats::SheetFormats;
use super::{ReportWorkbook, WrittenSheet};
use crate::custody::CustodyTotals;
use crate::summary::Summary;
use crate::text::{WAS_ALTERED, readable};
use crate::totals::{States, Totals};

/// The name of the sheet.
pub(super) const SHEET: &str = "Cover";

/// The last column.
const LAST: u16 = 7;
/// Widths of the columns.
const WIDTHS: [f64; LAST as usize + 1] = [30.0, 15.0, 11.0, 11.0, 11.0, 12.0, 11.0, 11.0];
/// Runs that are named one by one; `summary.json` has all of them.
const MOST_RUNS: usize = 12;
/// Who signs.
const SIGNERS: [&str; 3] = ["Prepared by", "Reviewed by", "Approved by"];

/// The sheet, filled from the top.
struct Page<'w> {
    sheet: &'w mut Worksheet,
    looks: &'w SheetFormats,
    row: u32,
}

impl ReportWorkbook {
    pub(super) fn cover(&self, workbook: &mut Workbook, summary: &Summary) -> anyhow::Result<()> {
        let mut page = Page {
            sheet: workbook.worksheet_from_index(0)?,
            looks: &self.looks,
            row: 0,
        };
        page.set_up()?;
        page.head(summary)?;
        page.control(&summary.totals)?;
        page.tasks(&summary.totals)?;
        page.beside(summary)?;
        page.signatures()?;
        page.runs(summary)?;
        page.hashes(summary)?;
        page.sheets(&self.sheets)
    }
}

impl Page<'_> {
    fn set_up(&mut self) -> anyhow::Result<()> {
        for (place, width) in (0..).zip(WIDTHS) {
            self.sheet.set_column_width(place, width)?;
        }
        self.sheet.set_paper_size(9);
        self.sheet.set_print_fit_to_pages(1, 0);
        self.sheet.set_margins(0.5, 0.5, 0.6, 0.6, 0.3, 0.3);
        self.sheet.set_footer("&LMigration report&RPage &P of &N");
        self.sheet.set_screen_gridlines(false);
        Ok(())
    }

    /// A text over the whole width.
    fn wide(&mut self, text: &str, look: &Format) -> anyhow::Result<()> {
        self.sheet
            .merge_range(self.row, 0, self.row, LAST, fitting(text), look)?;
        self.row += 1;
        Ok(())
    }

    /// The same, high enough for a text of several lines.
    fn paragraph(&mut self, text: &str, look: &Format) -> anyhow::Result<()> {
        let width: f64 = WIDTHS.iter().sum();
        let lines = (text.chars().count() as f64 / width).ceil().max(1.0);
        self.sheet.set_row_height(self.row, 15.0 * lines + 3.0)?;
        self.wide(text, look)
    }

    fn section(&mut self, title: &str) -> anyhow::Result<()> {
        self.row += 1;
        self.wide(title, &self.looks.section)
    }

    /// What something is, and its text beside it.
    fn fact(&mut self, what: &str, text: &str) -> anyhow::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let width: f64 = WIDTHS.iter().skip(1).sum();
        let lines = (text.chars().count() as f64 / width).ceil().max(1.0);
        if lines > 1.0 {
            self.sheet.set_row_height(self.row, 15.0 * lines)?;
        }
        self.sheet
            .write_string_with_format(self.row, 0, what, &self.looks.text)?;
        self.sheet.merge_range(
            self.row,
            1,
            self.row,
            LAST,
            fitting(text),
            &self.looks.wrapped,
        )?;
        self.row += 1;
        Ok(())
    }

    fn count(&mut self, what: &str, count: u64) -> anyhow::Result<()> {
        self.sheet.write_string(self.row, 0, what)?;
        self.sheet
            .write_number_with_format(self.row, 1, count as f64, &self.looks.number)?;
        self.row += 1;
        Ok(())
    }

    fn sum(&mut self, what: &str, count: u64) -> anyhow::Result<()> {
        self.sheet
            .write_string_with_format(self.row, 0, what, &self.looks.sum)?;
        self.sheet
            .write_number_with_format(self.row, 1, count as f64, &self.looks.sum_number)?;
        self.row += 1;
        Ok(())
    }

    fn heads(&mut self, titles: &[&str]) -> anyhow::Result<()> {
        for (place, title) in (0..).zip(titles) {
            self.sheet
                .write_string_with_format(self.row, place, *title, &self.looks.head)?;
        }
        self.row += 1;
        Ok(())
    }

    fn head(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.sheet.set_row_height(0, 28)?;
        self.wide("Migration report", &self.looks.title)?;
        if summary.sandbox {
            self.wide(
                "SANDBOX: a rehearsal. Nothing in this report was sent to the real Bakkt.",
                &self.looks.sandbox,
            )?;
        }
        let target = match (summary.target.as_str(), summary.dialect.as_str()) {
            ("", _) => "not recorded".to_owned(),
            (target, "") => target.to_owned(),
            (target, dialect) => format!("{target}, dialect {dialect}"),
        };
        self.fact("Migration", &summary.name)?;
        self.fact("Target", &target)?;
        self.fact("Report made", &readable(&summary.made_at))?;
        let planned = match summary.totals.planned {
            true => readable(&summary.planned_at),
            false => "not yet complete: the numbers are of what was planned so far".to_owned(),
        };
        self.fact("Planned", &planned)?;
        self.fact("Data as of", &readable(&summary.as_of))?;
        self.fact("Grace period", &summary.grace)
    }

    fn control(&mut self, totals: &Totals) -> anyhow::Result<()> {
        self.section("Control totals")?;
        if !totals.altered.is_empty() {
            let text = format!("{WAS_ALTERED}: do not sign before this is explained.");
            self.wide(&text, &self.looks.bad)?;
            for line in &totals.altered {
                self.paragraph(line, &self.looks.wrapped)?;
            }
        }
        if totals.balanced {
            self.wide(
                "BALANCES: every row and every task is accounted for.",
                &self.looks.good,
            )?;
        } else {
            self.wide(
                "DOES NOT BALANCE: do not sign before this is explained.",
                &self.looks.bad,
            )?;
            for line in &totals.imbalances {
                self.paragraph(line, &self.looks.wrapped)?;
            }
        }
        let v = &totals.verdicts;
        self.heads(&["Where every row ended", "Rows"])?;
        self.count("ready", v.ready)?;
        self.count("+ grace", v.grace)?;
        self.count("+ blocked", v.blocked)?;
        self.count("+ excluded", v.excluded)?;
        self.count("+ duplicate", v.duplicate)?;
        self.sum("= sum of the verdicts", v.sum())?;
        self.sum("Rows read", totals.read)?;
        if totals.blank_lines > 0 {
            self.count("Blank lines, which are no rows", totals.blank_lines)?;
        }
        Ok(())
    }

    fn tasks(&mut self, totals: &Totals) -> anyhow::Result<()> {
        self.row += 1;
        self.heads(&[
            "Where every task stands",
            "planned",
            "= open",
            "+ held",
            "+ in doubt",
            "+ accepted",
            "+ refused",
            "+ gave up",
        ])?;
        let t = &totals.tasks;
        for (what, states, always) in [
            ("accounts", &t.account, true),
            ("updates", &t.update, false),
            ("documents", &t.document, true),
            ("KYB", &t.kyb, true),
        ] {
            if always || states.planned > 0 {
                self.states(what, states)?;
            }
        }
        let custody = totals.custody.iter().flat_map(CustodyTotals::kinds);
        for (kind, states) in custody {
            self.states(&format!("custody: {kind}"), states)?;
        }
        Ok(())
    }

    fn states(&mut self, what: &str, states: &States) -> anyhow::Result<()> {
        self.sheet.write_string(self.row, 0, what)?;
        let counts = [
            states.planned,
            states.open,
            states.held,
            states.in_doubt,
            states.accepted,
            states.refused,
            states.gave_up,
        ];
        for (place, count) in (1..).zip(counts) {
            self.sheet.write_number_with_format(
                self.row,
                place,
                count as f64,
                &self.looks.number,
            )?;
        }
        self.row += 1;
        Ok(())
    }

    /// What stands beside the sums.
    fn beside(&mut self, summary: &Summary) -> anyhow::Result<()> {
        let totals = &summary.totals;
        self.row += 1;
        self.heads(&["Beside these", "Number"])?;
        let (after, existed) = (&totals.after, &totals.existed);
        let read = &after.verification;
        let counts = [
            ("Documents given", totals.documents.given),
            ("Documents not sent", totals.documents.unsent()),
            ("Accounts of an earlier plan", totals.former),
            ("Sent, not accepted, dropped", totals.dropped.tasks),
            ("Existed before, equal", existed.equal),
            ("Existed before, different", existed.different),
            ("Existed before, overwritten", existed.overwritten),
            ("Gaps open", totals.gaps.open),
            ("Gaps past due", summary.overdue),
            ("Gaps closed", after.gaps_closed),
            ("Gaps let go", after.gaps_waived),
            ("Read back: the same", read.same),
            ("Read back: different", read.different),
            ("Read back: unknown to Bakkt", read.unknown),
        ];
        for (what, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            self.count(what, count)?;
        }
        for (decision, accounts) in &after.decisions {
            self.count(&format!("Accounts {decision}"), *accounts)?;
        }
        Ok(())
    }

    fn signatures(&mut self) -> anyhow::Result<()> {
        self.section("Signatures")?;
        let columns = [(0, 0), (1, 3), (4, 5), (6, LAST)];
        let row = self.row;
        self.merged(row, &columns, ["", "Name", "Date", "Signature"], true)?;
        for (place, signer) in (1..).zip(SIGNERS) {
            self.sheet.set_row_height(row + place, 34)?;
            self.merged(row + place, &columns, [signer, "", "", ""], false)?;
        }
        self.row += 1 + SIGNERS.len() as u32;
        Ok(())
    }

    /// Cells that each span several columns.
    fn merged(
        &mut self,
        row: u32,
        columns: &[(u16, u16)],
        texts: [&str; 4],
        is_head: bool,
    ) -> anyhow::Result<()> {
        let look = match is_head {
            true => &self.looks.head,
            false => &self.looks.line,
        };
        for ((first, last), text) in columns.iter().zip(texts) {
            if first == last {
                self.sheet
                    .write_string_with_format(row, *first, text, look)?;
            } else {
                self.sheet
                    .merge_range(row, *first, row, *last, text, look)?;
            }
        }
        Ok(())
    }

    fn runs(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.section("Runs")?;
        let runs = &summary.runs;
        let hidden = runs.len().saturating_sub(MOST_RUNS);
        if runs.is_empty() {
            return self.wide("None yet.", &self.looks.soft);
        }
        if hidden > 0 {
            let text = format!("The last of {}; summary.json has all of them.", runs.len());
            self.wide(&text, &self.looks.soft)?;
        }
        let columns = [(0, 0), (1, 2), (3, 4), (5, LAST)];
        let row = self.row;
        self.merged(row, &columns, ["Run", "Started", "Ended", "How"], true)?;
        self.row += 1;
        for run in &runs[hidden..] {
            let ended = run.ended.as_deref().map(readable).unwrap_or_default();
            let how = run.outcome.as_deref().unwrap_or("no end on record");
            let texts = [&*run.id.to_string(), &*readable(&run.started), &*ended, how];
            let row = self.row;
            self.merged(row, &columns, texts, false)?;
            self.row += 1;
        }
        Ok(())
    }

    /// What ties the paper to the journal and to the bytes that it was made of.
    fn hashes(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.section("Record and hashes")?;
        for record in &summary.audit {
            let of = match &record.shard {
                Some(shard) => format!(" of shard {shard}"),
                None => String::new(),
            };
            let head = format!("entry {}, {}", record.head.entry, record.head.hash);
            self.fact(&format!("Head of the chain{of}"), &head)?;
            if let Some(checkpoint) = &record.checkpoint {
                let at = readable(&checkpoint.at);
                self.fact(
                    "Last checkpoint",
                    &format!("entry {}, {at}", checkpoint.entry),
                )?;
            }
            if let Some(run) = record.runs.last() {
                let program = format!("{}, commit {}, {}", run.version, run.commit, run.build);
                self.fact("Program of the last run", &program)?;
                self.fact(
                    "Its SHA-256",
                    run.program_sha256.as_deref().unwrap_or_default(),
                )?;
                self.fact(
                    "Its machine and user",
                    &format!("{}, {}", run.host, run.user),
                )?;
            }
            for input in &record.inputs {
                let what = format!("{}, {} bytes", input.sha256, input.size);
                self.fact(&input.name, &what)?;
            }
        }
        Ok(())
    }

    fn sheets(&mut self, sheets: &[WrittenSheet]) -> anyhow::Result<()> {
        self.section("In this workbook")?;
        self.heads(&["Sheet", "Lines"])?;
        for written in sheets {
            let what = written.sheet.table.what;
            self.sheet.write_string_with_format(
                self.row,
                0,
                &written.sheet.name,
                &self.looks.text,
            )?;
            self.sheet.write_number_with_format(
                self.row,
                1,
                written.lines() as f64,
                &self.looks.number,
            )?;
            self.sheet
                .merge_range(self.row, 2, self.row, LAST, what, &self.looks.soft)?;
            self.row += 1;
        }
        Ok(())
    }
}
