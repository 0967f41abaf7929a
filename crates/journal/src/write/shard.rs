//! Which shard of a migration a journal is of, and what it knows of the others' customers.
//!
//! Invariants: a journal is of one shard, or of the whole migration, for as long as it lives; its id names it beyond its
//! folder, so that an empty journal in the same place is seen to be another one. Left out: whose turn a shard is (`registry`).

use rusqlite::params;

use crate::schema::state_files::random;
use crate::write::journal::Journal;
use bakkt_model::error::Failure;
use bakkt_model::shard::Shard;

/// A customer whom the plan sends in another shard.
#[derive(Clone, Copy, Debug)]
pub struct CustomerElsewhere<'a> {
    /// The number of the record.
    pub record: u64,
    /// The clientAccountId.
    pub client_id: &'a str,
    /// Keyed hash of the primary owner.
    pub person: Option<&'a [u8; 16]>,
}

/// The fact that names the shard.
pub(crate) const SHARD: &str = "shard";
/// The fact that names the journal.
const JOURNAL_ID: &str = "journal_id";

impl Journal {
    /// The shard that the journal is of; none: the whole migration.
    pub fn shard(&self) -> anyhow::Result<Option<Shard>> {
        Ok(self.meta(SHARD)?.and_then(|text| text.parse().ok()))
    }

    /// Binds a new journal to a shard, or to the whole migration; refuses one that is of another.
    pub fn bind_shard(&self, shard: Option<Shard>) -> anyhow::Result<()> {
        let (bound, is_new) = (self.shard()?, self.meta("plan")?.is_none());
        match shard {
            shard if shard == bound => Ok(()),
            Some(shard) if is_new && bound.is_none() => self.set_meta(SHARD, &shard.to_string()),
            _ => {
                let name = |shard: Option<Shard>| {
                    shard.map_or_else(
                        || "the whole migration".to_owned(),
                        |shard| format!("shard {shard}"),
                    )
                };
                Err(Failure::configuration(
                    format!("this journal is of {}, not of {}", name(bound), name(shard)),
                    "the number of shards stays what it was when the first of them started",
                ))
            }
        }
    }

    /// The id of the journal, which is made when it is first asked for.
    pub fn id(&self) -> anyhow::Result<String> {
        if let Some(id) = self.meta(JOURNAL_ID)? {
            return Ok(id);
        }
        let mut bytes = [0; 16];
        random(&mut bytes)?;
        let id = bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        self.set_meta(JOURNAL_ID, &id)?;
        Ok(id)
    }

    /// Ends the plan of a shard: what was counted of whole files becomes the rows of each that the shard uses. Returns the
    /// whole numbers, as [`WHOLE_FILES`](crate::journals::WHOLE_FILES) holds them.
    pub fn limit_files(&mut self, shard: Shard) -> anyhow::Result<String> {
        self.transaction(|journal| {
            let mut statement = journal.db.prepare(
                "SELECT rows || ' ' || role || ': ' || name || char(10) FROM file ORDER BY id",
            )?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            let whole = lines.collect::<rusqlite::Result<String>>()?;
            drop(statement);
            journal.db.execute(LIMIT_FILES, [shard.has_rest()])?;
            Ok(whole)
        })
    }

    /// Notes customers of other shards.
    pub fn add_elsewhere<'a>(
        &mut self,
        customers: impl Iterator<Item = CustomerElsewhere<'a>>,
    ) -> anyhow::Result<()> {
        self.transaction(|journal| {
            let mut add = journal
                .db
                .prepare_cached("INSERT OR IGNORE INTO other_shard VALUES (?, ?, ?)")?;
            for customer in customers {
                add.execute(params![
                    customer.client_id,
                    customer.record as i64,
                    customer.person
                ])?;
            }
            Ok(())
        })
    }
}

const LIMIT_FILES: &str =
    "UPDATE file SET blank_lines = CASE WHEN ?1 THEN blank_lines ELSE 0 END, rows =
    (SELECT count(*) FROM record r WHERE r.file = file.id)
    + (SELECT count(DISTINCT p.offset) FROM part p WHERE p.file = file.id)
    + (SELECT count(*) FROM document d WHERE d.file = file.id)
    + (SELECT count(*) FROM unused u WHERE u.file = file.id)";
