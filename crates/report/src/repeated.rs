//! `shared-ids.csv`: everybody who stands under an id of Bakkt's that somebody else has as well.

use super::files::sheet;
use bakkt_files::output::OutputFolder;
use bakkt_journal::Journals;

/// The columns of `shared-ids.csv`.
pub(super) const SHARED_IDS: &[&str] =
    &["what", "id", "clientAccountId", "clientDocumentId", "shard"];

/// Writes `shared-ids.csv`. Returns how many such ids there are.
pub(super) fn shared_ids(journals: &Journals, dir: &OutputFolder<'_>) -> anyhow::Result<u64> {
    let mut count = 0;
    sheet(dir, "shared-ids.csv", SHARED_IDS, |out| {
        count = journals.each_repeated_id(|line| {
            out.text(line.what)?;
            out.text(line.id)?;
            out.text(line.client_id)?;
            out.text(line.document)?;
            out.text(line.shard)?;
            out.end()
        })?;
        Ok(())
    })?;
    Ok(count)
}
