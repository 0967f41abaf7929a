//! What the commands share by which a person decides: who, why, about whom, about which fields.
//!
//! Owner of these four. Invariant: what was typed as an id may be anything, a tax id too: one that the plan does not have
//! is counted, never repeated. Left out on purpose: what follows from a decision (`journal`).

use std::path::Path;

use crate::cli::{ByArgs, WhoseArgs};
use crate::contract::path;
use crate::error::{Failure, nearest};
use crate::journal::Journal;
use crate::journal::tasks::Selection;

/// Who decides: as said, else the login name.
pub fn by(args: &ByArgs) -> String {
    let said = |name: &String| !name.trim().is_empty();
    let login = || {
        let names = ["USER", "LOGNAME"].into_iter();
        names
            .filter_map(|name| std::env::var(name).ok())
            .find(|name| said(name))
    };
    let name = args.name.clone().filter(said).or_else(login);
    name.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// The reason of a decision that needs one.
pub fn why(reason: &str) -> anyhow::Result<&str> {
    match reason.trim() {
        "" => Err(Failure::configuration(
            "a decision without a reason",
            "say in --reason how it was found out; the report repeats it",
        )),
        reason => Ok(reason),
    }
}

/// The ids of a file, one per line.
pub fn read_ids(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::configuration(
            format!("cannot read {}: {error}", path.display()),
            "one clientAccountId per line",
        )
    })?;
    Ok(text
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|id| !id.is_empty())
        .collect())
}

/// The customers who are named; none: nobody is.
pub fn named(args: &WhoseArgs) -> anyhow::Result<Option<Vec<String>>> {
    match &args.from {
        Some(file) => read_ids(file).map(Some),
        None => Ok((!args.id.is_empty()).then(|| args.id.clone())),
    }
}

/// The customers who must be named.
pub fn must_name(args: &WhoseArgs) -> anyhow::Result<Vec<String>> {
    let named = named(args)?.unwrap_or_default();
    if named.is_empty() {
        return Err(Failure::configuration(
            "nobody is named",
            "name customers with --id ID.. or --from FILE, which has one clientAccountId per line",
        ));
    }
    Ok(named)
}

/// Selects the customers for what follows; refuses ids that the plan does not have.
pub fn select(journal: &mut Journal, only: Option<Vec<String>>) -> anyhow::Result<Selection> {
    let selection = Selection { only };
    let unknown = journal.select(&selection)?;
    if unknown.is_empty() {
        return Ok(selection);
    }
    Err(Failure::configuration(
        format!("the plan does not have {} of these ids", unknown.len()),
        "clientAccountIds are in reconciliation.csv",
    ))
}

/// Fields of gaps that no AccountRequest has.
const UPLOADS: [&str; 2] = ["documents", "owners[].identityDocument"];

/// Refuses what can be no field of a gap.
pub fn known_fields(fields: &[String]) -> anyhow::Result<()> {
    let patterns = path::patterns();
    for field in fields {
        let pattern = path::pattern(field);
        // An element as a whole, such as owners[1], is its list's name with brackets.
        let name = pattern.strip_suffix("[]").unwrap_or(&pattern);
        let upload = UPLOADS.iter().any(|upload| path::covers(upload, field));
        if upload || patterns.iter().any(|known| known == name) {
            continue;
        }
        let near = nearest(name, patterns.iter().map(String::as_str));
        return Err(Failure::configuration(
            "--field names no field of the contract",
            near.map_or_else(
                || "gaps.csv names the fields, such as owners[0].phoneNumber".to_owned(),
                |near| format!("did you mean `{near}`?"),
            ),
        ));
    }
    Ok(())
}
