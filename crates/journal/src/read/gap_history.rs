//! The history of gaps, and the open ones by the day on which their account was accepted.
//!
//! Over all days, opened − closed − waived is what is open now. What became of a gap that left the plan, and when, is said by
//! `unsent_closures`: one that Bakkt still has counts as open, also one whose customer left the plan, and one that came back
//! before Bakkt had the value is one gap. A gap that was waived and closed later counts as closed; a gap of a customer who left the
//! plan and has no account is in no number. Left out: when a gap is due, which depends on a setting (`report`).

use std::collections::{BTreeMap, HashSet};

use rusqlite::Row;

use crate::read::columns::{Origin, count, index, origin, text, unsigned};
use crate::read::lost_values::{AT_BAKKT, LostValues};
use crate::read::reader::Reader;
use crate::read::unsent_closures::{
    Closure, ClosureFate, FormerCustomer, UnsentClosure, UnsentClosures,
};
use crate::schema::codes::is_sendable;
use bakkt_model::position::{JoinedList, JoinedRow, Position};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// What happened to gaps on one day (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GapDay {
    /// Gaps that a plan had for the first time.
    pub opened: u64,
    /// Gaps of which Bakkt got the value; of customers whom it does not have, those that left the plan.
    pub closed: u64,
    /// Gaps that a person waived, if the waiver stands.
    pub waived: u64,
    /// Open at the end of the day.
    pub open: u64,
}

/// How many gaps a backfill file closed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FileClosures {
    /// Number of the file; 0: a new plan of a changed export, mapping or policy.
    pub layer: u64,
    /// As it was called when it was taken; empty for 0.
    pub name: String,
    /// How many gaps.
    pub closed: u64,
}

/// A gap that was open once, and is not now.
#[derive(Clone, Copy, Debug)]
pub struct ClosedLine<'a> {
    /// The clientAccountId.
    pub client_id: &'a str,
    /// The contract path.
    pub path: &'a str,
    /// The level that it had.
    pub level: &'a str,
    /// What it lacked.
    pub reason: &'a str,
    /// When a plan first had it, in milliseconds since 1970.
    pub opened_at: i64,
    /// When it left the plan.
    pub closed_at: i64,
    /// The backfill file that closed it; none: a new plan of a changed export, mapping or policy.
    pub layer_name: Option<&'a str>,
    /// Its row in that file; 0 without one.
    pub row: u64,
    /// What became of it.
    pub fate: ClosureFate,
}

/// A gap that a person has waived.
#[derive(Clone, Copy, Debug)]
pub struct WaiverLine<'a> {
    /// The clientAccountId.
    pub client_id: &'a str,
    /// The contract path.
    pub path: &'a str,
    /// The level that the gap has, or had.
    pub level: &'a str,
    /// What it lacks, or lacked.
    pub lacks: &'a str,
    /// When a plan first had it; none: the journal does not have the gap any more.
    pub opened_at: Option<i64>,
    /// Who decided.
    pub by: &'a str,
    /// The reason, in the operator's words.
    pub reason: &'a str,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Whether the plan has the gap, or its customer left the plan and Bakkt has the account without the value; else it was
    /// closed since, or its customer is no longer sent.
    pub stands: bool,
}

/// A customer with gaps.
#[derive(Clone, Copy, Debug)]
pub struct GapRecord {
    /// Number of the record in this plan.
    pub record: i64,
    /// Whether the record is sent: ready or grace.
    pub sendable: bool,
    /// When the account was accepted; none: not (yet).
    pub accepted_at: Option<i64>,
    /// Whether Bakkt has the account, or may have it; also one of an earlier plan, which this one does not send.
    pub at_bakkt: bool,
    /// Whether it was there before the migration, with other data, and is left as it is.
    pub left_alone: bool,
}

/// One gap of a customer, with its history.
#[derive(Clone, Copy, Debug)]
pub struct DatedGap<'a> {
    /// Where it stands, and whose it is.
    pub origin: Origin<'a>,
    /// The contract path.
    pub path: &'a str,
    /// W, H, G or O.
    pub level: &'a str,
    /// missing, invalid: …, withheld
    pub reason: &'a str,
    /// open, waived; `not at Bakkt yet`: closed in the plan, and Bakkt still has it; `at Bakkt, not in the plan`: only the plan has it
    pub status: &'a str,
    /// When a plan first had it.
    pub opened_at: i64,
    /// Who waived it; `None` when nobody did.
    pub waived_by: Option<&'a str>,
    /// Why it was waived.
    pub waived_for: Option<&'a str>,
}

impl Reader {
    /// What happened to gaps by day (days since 1970). A day on which nothing happened has no entry.
    pub fn gap_days(&self) -> anyhow::Result<BTreeMap<i64, GapDay>> {
        // A journal of an earlier version did not note when.
        let planned = self.meta_count("planned_at")?.unwrap_or_default() as i64;
        let day = |at: i64| if at == 0 { planned } else { at }.div_euclid(DAY);
        let mut days: BTreeMap<i64, GapDay> = BTreeMap::new();
        let uses = self.set_uses()?;
        let mut any_waived = false;
        self.walk(sql::OPENED, |row| {
            let count = match row.get::<_, i64>(0)? {
                set if set < 0 && row.get::<_, Option<i64>>(3)? == Some(set) => 1,
                set => uses.get(&set).map_or(0, |[all, _]| *all),
            };
            any_waived |= row.get_ref(2)?.as_str()? == "waived";
            days.entry(day(row.get(1)?)).or_default().opened += count;
            Ok(())
        })?;
        if any_waived {
            self.walk(sql::WAIVED, |row| {
                let opened = day(row.get(0)?);
                let at = row.get::<_, Option<i64>>(1)?.map_or(opened, day);
                days.entry(at).or_default().waived += 1;
                Ok(())
            })?;
        }
        // A gap that came back was opened once: its later opening is none. Nor is that of one that only the plan has.
        let mut again: BTreeMap<i64, u64> = BTreeMap::new();
        self.each_closure(|opened_at, _, fate| {
            days.entry(day(opened_at)).or_default().opened += 1;
            match fate {
                ClosureFate::Closed(at) => days.entry(day(at)).or_default().closed += 1,
                ClosureFate::Waived(at) => days.entry(day(at)).or_default().waived += 1,
                ClosureFate::OpenAgain(at) => *again.entry(day(at)).or_default() += 1,
                ClosureFate::OnlyInPlan => *again.entry(day(opened_at)).or_default() += 1,
                ClosureFate::Unsent => {}
            }
            Ok(())
        })?;
        self.each_lost_value(|_, opened_at| {
            *again.entry(day(opened_at)).or_default() += 1;
            Ok(())
        })?;
        for (day, count) in again {
            let opened = &mut days.entry(day).or_default().opened;
            *opened = opened.saturating_sub(count);
        }
        days.retain(|_, day| *day != GapDay::default());
        let mut open = 0u64;
        for day in days.values_mut() {
            open = (open + day.opened).saturating_sub(day.closed + day.waived);
            day.open = open;
        }
        Ok(days)
    }

    /// Gaps that are closed at Bakkt too, by the file that closed them, in the order in which those were taken.
    pub fn closed_by(&self) -> anyhow::Result<Vec<FileClosures>> {
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        self.each_closure(|_, layer, fate| {
            if matches!(fate, ClosureFate::Closed(_)) {
                *counts.entry(layer).or_default() += 1;
            }
            Ok(())
        })?;
        let mut name = self
            .journal
            .prepare("SELECT name FROM layer WHERE id = ?")?;
        let mut all = Vec::new();
        for (layer, closed) in counts {
            let mut names = name.query([layer])?;
            all.push(FileClosures {
                layer: unsigned(layer),
                name: match names.next()? {
                    Some(row) => row.get(0)?,
                    None => String::new(),
                },
                closed,
            });
        }
        Ok(all)
    }

    /// Every gap that left the plan, in the order of time.
    pub fn each_closed_gap(
        &self,
        mut each: impl FnMut(ClosedLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let updates = self.first_updates()?;
        self.walk(sql::CLOSED_LINES, |row| {
            let closure = Closure::read(row, 9, updates.get(row.get(5)?))?;
            each(ClosedLine {
                client_id: text(row, 0)?.unwrap_or_default(),
                path: text(row, 1)?.unwrap_or_default(),
                level: text(row, 2)?.unwrap_or_default(),
                reason: text(row, 3)?.unwrap_or_default(),
                opened_at: row.get(4)?,
                closed_at: closure.closed_at,
                layer_name: text(row, 6)?,
                row: unsigned(row.get(7)?),
                fate: closure.fate(),
            })
        })
    }

    /// Updates that Bakkt accepted.
    pub fn updates_sent(&self) -> anyhow::Result<u64> {
        let sql = "SELECT count(*) FROM sent_update";
        Ok(unsigned(self.journal.query_row(sql, [], |row| row.get(0))?))
    }

    /// Every waived gap, by customer.
    pub fn each_waiver(
        &self,
        mut each: impl FnMut(WaiverLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let of_former = self.waived_of_former()?;
        self.walk(sql::WAIVERS, |row| {
            let (client_id, path) = (text(row, 0)?.unwrap_or_default(), row.get(9)?);
            let is_planned: bool = row.get(5)?;
            each(WaiverLine {
                client_id,
                path: text(row, 1)?.unwrap_or_default(),
                by: text(row, 2)?.unwrap_or_default(),
                reason: text(row, 3)?.unwrap_or_default(),
                at: row.get(4)?,
                stands: is_planned || of_former.contains(&(client_id.to_owned(), path)),
                level: text(row, 6)?.unwrap_or_default(),
                lacks: text(row, 7)?.unwrap_or_default(),
                opened_at: row.get(8)?,
            })
        })
    }

    /// The waivers of customers who left the plan, whose account Bakkt has without the value: customer and path. They are few.
    fn waived_of_former(&self) -> anyhow::Result<HashSet<(String, i64)>> {
        let mut waived = HashSet::new();
        if self.may_have_unsent_closures()? {
            let updates = self.first_updates()?;
            self.walk(sql::CLOSED_LINES, |row| {
                let closure = Closure::read(row, 9, updates.get(row.get(5)?))?;
                if matches!(closure.fate(), ClosureFate::Waived(_)) {
                    waived.insert((row.get(0)?, row.get(8)?));
                }
                Ok(())
            })?;
        }
        Ok(waived)
    }

    /// Every customer with gaps and their gaps, those first whose account was accepted on the earliest day, those last that
    /// were not accepted. Customers whom the plan does not send and whose account Bakkt has are among them.
    pub fn each_gap_by_day(
        &self,
        mut each: impl FnMut(GapRecord, DatedGap<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let planned = self.meta_count("planned_at")?.unwrap_or_default() as i64;
        let mut gaps = self.journal.prepare(sql::GAPS_OF)?;
        let mut unsent = UnsentClosures::new(self)?;
        let mut statement = self.journal.prepare(sql::RECORDS_BY_DAY)?;
        let mut records = statement.query([self.may_have_unsent_closures()?])?;
        let day = |at: Option<i64>| at.map_or(i64::MAX, |at| at.div_euclid(DAY));
        let mut former = self.former_customers()?.into_iter().peekable();
        while let Some(record) = records.next()? {
            let own_day = day(record.get(2)?);
            while let Some(customer) =
                former.next_if(|customer| day(customer.accepted_at) < own_day)
            {
                former_gaps(&mut unsent, &customer, planned, &mut each)?;
            }
            let of = GapRecord {
                record: record.get(0)?,
                sendable: is_sendable(index(record, 1)?),
                accepted_at: record.get(2)?,
                at_bakkt: record.get::<_, Option<bool>>(3)?.unwrap_or_default(),
                left_alone: record.get::<_, Option<bool>>(4)?.unwrap_or_default(),
            };
            let lost = LostValues::read(record, 9)?;
            let mut rows = gaps.query([of.record])?;
            while let Some(row) = rows.next()? {
                let opened_at = match row.get(7)? {
                    0 => planned,
                    at => at,
                };
                let path = text(row, 3)?.unwrap_or_default();
                each(
                    of,
                    DatedGap {
                        origin: origin(row)?,
                        path,
                        level: text(row, 4)?.unwrap_or_default(),
                        reason: text(row, 5)?.unwrap_or_default(),
                        status: match text(row, 6)?.unwrap_or_default() {
                            "open" if lost.has(path, opened_at) => AT_BAKKT,
                            status => status,
                        },
                        opened_at,
                        waived_by: text(row, 8)?,
                        waived_for: text(row, 9)?,
                    },
                )?;
            }
            let own = Origin {
                file: text(record, 6)?,
                row: count(record, 7)?,
                client_id: text(record, 8)?,
            };
            unsent.each(
                (Some(of.record), own.client_id),
                record.get(5)?,
                &mut |gap| each(of, DatedGap::unsent(own, &gap, planned)),
            )?;
        }
        former.try_for_each(|customer| former_gaps(&mut unsent, &customer, planned, &mut each))
    }

    /// Where a record is in the exports, and its joined rows.
    pub fn place(&self, record: i64) -> anyhow::Result<(Position, Vec<JoinedRow>)> {
        let position = |row: &Row<'_>| -> rusqlite::Result<Position> {
            Ok(Position {
                row: row.get::<_, i64>(0)? as u64,
                offset: row.get::<_, i64>(1)? as u64,
                length: row.get(2)?,
            })
        };
        let mut own = self
            .journal
            .prepare_cached("SELECT row, offset, length FROM record WHERE id = ?")?;
        let mut beside = self.journal.prepare_cached(
            "SELECT row, offset, length, list FROM part WHERE record = ? ORDER BY list, place",
        )?;
        let parts = beside.query_map([record], |row| {
            let list = JoinedList::ALL
                .get(usize::from(row.get::<_, u8>(3)?))
                .copied();
            Ok(list.map(|list| (list, position(row))))
        })?;
        let mut noted = Vec::new();
        for part in parts {
            // A row of a backfill file is no row that is mapped here.
            if let Some((list, at)) = part? {
                noted.push(JoinedRow { list, at: at? });
            }
        }
        Ok((own.query_row([record], position)?, noted))
    }
}

/// The gaps of a customer whose account Bakkt has, and whom the plan does not send.
fn former_gaps(
    unsent: &mut UnsentClosures<'_>,
    customer: &FormerCustomer,
    planned: i64,
    each: &mut impl FnMut(GapRecord, DatedGap<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let origin = customer.origin();
    let of = GapRecord {
        record: customer.number,
        sendable: false,
        accepted_at: customer.accepted_at,
        at_bakkt: true,
        left_alone: false,
    };
    unsent.each((None, origin.client_id), customer.accepted_at, &mut |gap| {
        each(of, DatedGap::unsent(origin, &gap, planned))
    })
}

impl<'a> DatedGap<'a> {
    /// One that left the plan, and that Bakkt still has.
    fn unsent(origin: Origin<'a>, gap: &UnsentClosure<'a>, planned: i64) -> DatedGap<'a> {
        DatedGap {
            origin,
            path: gap.path,
            level: gap.level,
            reason: gap.reason,
            status: gap.status,
            opened_at: match gap.opened_at {
                0 => planned,
                at => at,
            },
            waived_by: gap.waived_by,
            waived_for: gap.waived_for,
        }
    }
}

pub(crate) mod sql {
    use crate::read::columns::{accepted_at, has_gaps, unsent_since};
    use crate::read::lost_values::lost_columns;
    use crate::read::unsent_closures::{account_accepted_at, fate_columns, is_again};

    pub const OPENED: &str = "SELECT s.id, s.opened_at, s.status, r.gap_set \
        FROM gap_set s LEFT JOIN record r ON r.id = -s.id";
    pub const WAIVED: &str = "SELECT g.opened_at, v.at FROM record r JOIN gap_set g ON g.id = r.gap_set AND g.status = 'waived' \
        LEFT JOIN waiver v ON v.client_id = r.client_id AND v.path = g.path \
        WHERE r.gap_set IN (SELECT s.id FROM gap_set s WHERE s.status = 'waived')";
    pub const CLOSED_LINES: &str = sql!(concat!(
        "SELECT c.client_id, p.text, c.level, w.text, c.opened_at, c.id, l.name, c.row, c.path, ",
        fate_columns!(),
        " FROM closed_gap c LEFT JOIN word p ON p.id = c.path LEFT JOIN word w ON w.id = c.reason \
        LEFT JOIN layer l ON l.id = c.layer ORDER BY c.id"
    ));
    /// A column of the gap that `v` waived, as the record `o` has it now: of its first line, where it has several.
    macro_rules! first_line {
        ($column:literal) => {
            concat!(
                "(SELECT s.",
                $column,
                " FROM gap_set s WHERE s.id = o.gap_set AND s.path = v.path AND s.status = 'waived' ORDER BY s.reason, s.file, s.row LIMIT 1)"
            )
        };
    }
    pub const WAIVERS: &str = concat!(
        "SELECT v.client_id, p.text, v.by, v.reason, v.at, \
        EXISTS (SELECT 1 FROM record r JOIN gap g ON g.record = r.id AND g.path = v.path \
        WHERE r.client_id = v.client_id AND g.status = 'waived'), coalesce(",
        first_line!("level"),
        ", c.level), w.text, coalesce(",
        first_line!("opened_at"),
        ", c.opened_at), v.path FROM waiver v LEFT JOIN word p ON p.id = v.path \
        LEFT JOIN record o ON o.id = (SELECT min(r.id) FROM record r JOIN gap g ON g.record = r.id AND g.path = v.path WHERE r.client_id = v.client_id) \
        LEFT JOIN closed_gap c ON c.id = (SELECT max(d.id) FROM closed_gap d WHERE d.client_id = v.client_id AND d.path = v.path) \
        LEFT JOIN word w ON w.id = coalesce(",
        first_line!("reason"),
        ", c.reason) ORDER BY v.client_id, v.path"
    );
    pub const GAPS_OF: &str = "SELECT f.name, CASE g.file WHEN 0 THEN r.row ELSE g.row END, r.client_id, p.text, g.level, w.text, g.status, g.opened_at, v.by, v.reason \
        FROM gap g JOIN record r ON r.id = g.record \
        LEFT JOIN waiver v ON g.status = 'waived' AND v.client_id = r.client_id AND v.path = g.path LEFT JOIN file f ON f.id = CASE g.file WHEN 0 THEN r.file ELSE g.file END \
        LEFT JOIN word p ON p.id = g.path LEFT JOIN word w ON w.id = g.reason WHERE g.record = ?1 ORDER BY g.path, g.reason";
    /// The one statement that sorts: four numbers per customer with gaps; SQLite uses a file when they are many.
    pub const RECORDS_BY_DAY: &str = sql!(concat!(
        "SELECT r.id, r.verdict, ",
        accepted_at!(),
        " AS accepted_at, coalesce(t.state IN ({state.perhaps_at_bakkt}), EXISTS (SELECT 1 FROM former f WHERE f.client_id = r.client_id)), t.existed = {existed.different}, ",
        unsent_since!(),
        ", (SELECT name FROM file WHERE id = r.file), r.row, r.client_id, ",
        lost_columns!(),
        " FROM record r LEFT JOIN task t ON t.record = r.id AND t.kind = {kind.account} WHERE ",
        has_gaps!(),
        " ORDER BY coalesce(accepted_at / 86400000, 9223372036854775807), r.id"
    ));
}
