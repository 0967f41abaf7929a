//! Documents line by line, and the rows that nothing uses. Left out: how a line looks in a file (`report`).

use crate::read::columns::{Origin, TaskPart, count, index, origin, task, text, word_of};
use crate::read::reader::Reader;
use crate::schema::codes::DOCUMENT_OUTCOMES;

/// One document.
#[derive(Clone, Copy, Debug)]
pub struct DocumentLine<'a> {
    /// The manifest and its row, or the folder pattern as far as it may be shown; and the account.
    pub origin: Origin<'a>,
    /// The owner's place, from 1; none: the account itself.
    pub owner_place: Option<u64>,
    /// documentType, when it is one.
    pub document_type: Option<&'a str>,
    /// documentSide, when it is one.
    pub side: Option<&'a str>,
    /// Nothing says its side: FRONT by assumption.
    pub side_assumed: bool,
    /// Of [`DOCUMENT_OUTCOMES`].
    pub outcome: &'static str,
    /// Why it is not sent.
    pub reason: Option<&'a str>,
    /// Its upload.
    pub task: TaskPart<'a>,
    /// The masked message.
    pub message: Option<&'a str>,
    /// clientDocumentId, when it can be sent.
    pub uuid: Option<&'a str>,
    /// SHA-256 of its content, where a plan read it.
    pub sha256: Option<[u8; 32]>,
    /// Its size, as far as it is known.
    pub bytes: u64,
}

impl Reader {
    /// Every document, in the order of the manifest or the folder.
    pub fn each_document(
        &self,
        mut each: impl FnMut(DocumentLine<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::DOCUMENT_LINES, |row| {
            let place = row.get::<_, Option<u32>>(3)?;
            each(DocumentLine {
                origin: origin(row)?,
                owner_place: place.map(|place| u64::from(place) + 1),
                document_type: text(row, 4)?,
                side: text(row, 5)?,
                side_assumed: row.get(17)?,
                outcome: word_of(&DOCUMENT_OUTCOMES, index(row, 6)?),
                reason: text(row, 7)?,
                task: task(row, 8)?,
                message: text(row, 14)?,
                uuid: text(row, 15)?,
                bytes: count(row, 16)?,
                sha256: row.get(18)?,
            })
        })
    }

    /// Every row that nothing uses: file, row, why; in the order of the files.
    pub fn each_unused(
        &self,
        mut each: impl FnMut(Option<&str>, u64, Option<&str>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.walk(sql::UNUSED_LINES, |row| {
            each(text(row, 0)?, count(row, 1)?, text(row, 2)?)
        })
    }
}

pub(crate) mod sql {
    pub const DOCUMENT_LINES: &str = sql!(concat!(
        "SELECT coalesce(d.shown, f.name), d.row, r.client_id, d.place, k.text, s.text, \
        d.verdict, w.text, t.state, ",
        times_sent!("t", "attempt"),
        ", t.first_at, t.last_at, c.text, e.text, m.text, d.uuid, d.size, d.side_assumed, d.sha256 \
        FROM document d LEFT JOIN file f ON f.id = d.file LEFT JOIN record r ON r.id = d.record \
        LEFT JOIN word k ON k.id = d.type LEFT JOIN word s ON s.id = d.side LEFT JOIN word w ON w.id = d.reason \
        LEFT JOIN task t ON t.record = d.record AND t.kind = {kind.document} AND t.document = d.id \
        LEFT JOIN word c ON c.id = t.code LEFT JOIN word e ON e.id = t.field LEFT JOIN word m ON m.id = t.message \
        ORDER BY d.id"
    ));
    pub const UNUSED_LINES: &str = "SELECT f.name, u.row, w.text FROM unused u \
        LEFT JOIN file f ON f.id = u.file LEFT JOIN word w ON w.id = u.reason ORDER BY u.file, u.row";
}
