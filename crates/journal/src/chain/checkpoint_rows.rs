//! Everything that a checkpoint hashes, and how the events among it compare with those that the checkpoint before saw.

use super::RowHashes;

/// The sheet of the events of webhooks.
pub const EVENT_SHEET: &str = "table event";
/// The sheet of what they come to for each account.
pub const PARTY_SHEET: &str = "table party";

/// Whether a sheet is a table of the journal, and not a file of the report.
pub fn is_table(sheet: &str) -> bool {
    sheet.starts_with("table ")
}

/// Everything that a checkpoint hashes.
#[derive(Debug, Default)]
pub struct CheckpointRows {
    /// The rows by the name of their file or table.
    pub sheets: Vec<(String, RowHashes)>,
    /// How the events compare with those that the last checkpoint saw; `None` where there is none, or something was done since that
    /// takes events away.
    pub events: Option<EventComparison>,
}

/// The events of webhooks against those that a checkpoint saw.
///
/// They come beside everything else, so that more of them are no alteration; nor are those that got their account since, because
/// the plan knows it by now. All others have to be there as they were, and the rows of accounts have to be what they come to.
#[derive(Debug, Default)]
pub struct EventComparison {
    /// Events that came since.
    pub came: u64,
    /// Events that got their account since.
    pub named: u64,
    /// An event is gone, or is another one.
    pub is_altered: bool,
    /// The rows of accounts that the events come to, where those that are there are others.
    pub expected_parties: Option<RowHashes>,
}

impl EventComparison {
    /// Whether a sheet is one of those that this comparison is about.
    pub fn is_about(sheet: &str) -> bool {
        [EVENT_SHEET, PARTY_SHEET].contains(&sheet)
    }

    /// The sheets that were altered.
    pub fn altered(&self) -> impl Iterator<Item = &'static str> {
        let parties = self.expected_parties.is_some();
        let sheets = [(self.is_altered, EVENT_SHEET), (parties, PARTY_SHEET)];
        sheets
            .into_iter()
            .filter_map(|(is_altered, sheet)| is_altered.then_some(sheet))
    }
}
