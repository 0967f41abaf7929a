//! What `[exclude]` names and nobody fits, told before anything is sent.
//!
//! Owner of the rule what is a mistake and what is only told: a list of which no id is there holds nobody, and a legal
//! hold that holds nobody stops the command, and so does an id that a row has in another form; a single id or rule without a row is told with its line.
//! Left out on purpose: finding them (`mapping::exclude`, while rows are read).

use bakkt_mapping::exclude::{Exclusions, UnusedEntry, UnusedKind, WrittenPlace};
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_model::text::listed_ids::Resemblance;
use bakkt_report::exclusions::UnusedExclusion;

/// Lines that are named one by one.
const NAMED: usize = 20;

/// Ids and rules of `[exclude]` that left nobody out, after a whole pass over the export. An id whose customer is there under
/// another spelling is an error.
pub fn unused(exclude: &Exclusions) -> anyhow::Result<Vec<UnusedEntry>> {
    refuse_misspelled(&exclude.misspelled())?;
    let files = exclude.unused_files();
    let Some((name, count)) = files.first() else {
        return Ok(exclude.unused());
    };
    let others = match files.len() {
        1 => String::new(),
        several => format!("; the same holds for {} other lists", several - 1),
    };
    Err(Failure::configuration(
        format!(
            "[exclude]: no row has any of the {} ids in {name}, so the list leaves nobody out{others}",
            thousands(*count as u64)
        ),
        "check that it holds clientAccountIds as the mapping makes them (reconciliation.csv has them); take the list out of [exclude] when nobody of it is left in the export",
    ))
}

/// Refuses ids that no row has and that a row has in another form or with something besides: nobody can tell whether the customer
/// whom a legal hold means is left out, so nobody is sent.
fn refuse_misspelled(misspelled: &[(WrittenPlace, Resemblance)]) -> anyhow::Result<()> {
    let [(place, first), others @ ..] = misspelled else {
        return Ok(());
    };
    let others = match others.len() {
        0 => String::new(),
        count => format!(" (and {} more like it)", thousands(count as u64)),
    };
    Err(Failure::configuration(
        format!(
            "[exclude]: {}:{}{others}: no row has this id, and it {}",
            place.file,
            place.line,
            first.text()
        ),
        "write the id as the export has it, one on each line and nothing besides (reconciliation.csv and `check --payloads` show ids); when somebody else is meant, who is not in the export, take the line out",
    ))
}

/// Where those stand that are findings. The first line of a list may be its header, which is no mistake.
pub fn found(unused: &[UnusedEntry]) -> Vec<WrittenPlace> {
    let certain = unused
        .iter()
        .filter(|one| one.what != UnusedKind::FirstLine);
    certain.map(|one| one.place.clone()).collect()
}

/// For the report and for `--json`.
pub fn facts(unused: &[UnusedEntry]) -> Vec<UnusedExclusion> {
    let facts = unused.iter().map(|one| UnusedExclusion {
        file: one.place.file.clone(),
        line: one.place.line,
        what: one.what_text().to_owned(),
    });
    facts.collect()
}

/// The same in lines for a person; empty when there are none.
pub fn describe(unused: &[UnusedEntry]) -> String {
    if unused.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "exclusions that leave nobody out ({} in all)",
        thousands(unused.len() as u64)
    );
    for one in unused.iter().take(NAMED) {
        text.push_str(&format!("\n  {one}"));
    }
    if unused.len() > NAMED {
        let more = thousands((unused.len() - NAMED) as u64);
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}
