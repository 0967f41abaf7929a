//! What the commands share by which a person decides: who, why, about whom, about which fields.
//!
//! Owner of these four. Invariant: what was typed as an id may be anything, a tax id too: one that the plan does not have
//! is told by its line or counted, never repeated. Left out on purpose: what follows from a decision (`journal`).

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::other_forms::OtherForms;
use super::place::StatePlace;
use super::variables::{OPERATOR_VARIABLE, variable};
use crate::cli::{ByArgs, WhoseArgs};
use bakkt_contract::path;
use bakkt_files::machine;
use bakkt_files::progress::{Mode, note};
use bakkt_files::small_files::{IdList, ListedId};
use bakkt_folder::settings::id_columns;
use bakkt_journal::Journal;
use bakkt_journal::write::Selection;
use bakkt_model::error::{Failure, ShownPath, nearest};
use bakkt_model::shard::Shard;

/// Who decides: as said, else as the environment says, else git's user. A decision of nobody in particular is none.
pub fn by(args: &ByArgs, dir: &Path) -> anyhow::Result<String> {
    let is_name = |name: &String| {
        let name = name.trim();
        name.chars().any(char::is_alphabetic) && !name.eq_ignore_ascii_case("unknown")
    };
    let named = match &args.name {
        Some(name) => Some(name.clone()).filter(is_name),
        None => variable(OPERATOR_VARIABLE)?
            .filter(is_name)
            .or_else(|| machine::git_user(dir).filter(is_name)),
    };
    named.map(|name| name.trim().to_owned()).ok_or_else(|| {
        Failure::configuration(
            "nobody is named who decides",
            format!(
                "give your name with --by, or in {OPERATOR_VARIABLE}; git's user.name is taken too"
            ),
        )
    })
}

/// The reason of a decision; a look without one needs none.
pub fn why_unless(is_look: bool, reason: Option<&str>) -> anyhow::Result<Option<&str>> {
    match reason {
        None if is_look => Ok(None),
        reason => why(reason.unwrap_or_default()).map(Some),
    }
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

/// The customers whom a person names for a command.
pub struct NamedCustomers {
    /// The ids; of a list, what may be its header is among them.
    pub ids: Vec<String>,
    /// The list, if they stand in one.
    pub(super) list: Option<IdList>,
    /// The option that names them.
    pub(super) option: &'static str,
    /// The shard to which they were limited.
    shard: Option<Shard>,
}

/// Lines of a list whose ids the plan does not have.
#[derive(Debug, Serialize)]
pub struct UnknownLines {
    /// The list, as it was named.
    file: String,
    /// The lines, from 1.
    lines: Vec<usize>,
    /// The first of them may be a header.
    #[serde(skip)]
    may_be_header: bool,
}

/// Reads the list of an option. One that names nobody is a mistake.
pub fn read_ids(path: &Path, option: &'static str, dir: &Path) -> anyhow::Result<NamedCustomers> {
    let name = path.shown();
    let list = IdList::read(path, &name, &id_columns(dir)).map_err(|error| {
        Failure::configuration(
            format!("cannot read {name}: {error}"),
            "a list is a text file with one clientAccountId on each line",
        )
    })?;
    if list.is_empty() {
        return Err(Failure::configuration(
            format!("{option} names nobody: {name} holds no id"),
            "a list has one clientAccountId on each line",
        ));
    }
    Ok(NamedCustomers {
        ids: list.ids.iter().map(|listed| listed.id.clone()).collect(),
        list: Some(list),
        option,
        shard: None,
    })
}

/// The customers who are named; none: nobody is.
pub fn named(args: &WhoseArgs, dir: &Path) -> anyhow::Result<Option<NamedCustomers>> {
    match &args.from {
        Some(file) => read_ids(file, "--from", dir).map(Some),
        None if args.id.is_empty() => Ok(None),
        None => Ok(Some(NamedCustomers {
            ids: args.id.clone(),
            list: None,
            option: "--id",
            shard: None,
        })),
    }
}

/// The customers who are named; a decision needs some.
pub fn must_name(args: &WhoseArgs, dir: &Path) -> anyhow::Result<NamedCustomers> {
    named(args, dir)?.ok_or_else(|| {
        Failure::configuration(
            "nobody is named",
            "name customers with --id ID.. or --from FILE, which has one clientAccountId per line",
        )
    })
}

/// Selects the customers for what follows. Typed ids that the plan does not have are refused; those of a list are told
/// with their lines, unless the plan has none of them.
pub fn select(
    journal: &mut Journal,
    named: Option<NamedCustomers>,
    place: &StatePlace,
) -> anyhow::Result<(Selection, Option<UnknownLines>)> {
    select_also(journal, named, place, |_, _| Ok(false))
}

/// The same; those whom the plan does not have are no mistake where something else of the journal knows them.
pub fn select_also(
    journal: &mut Journal,
    named: Option<NamedCustomers>,
    place: &StatePlace,
    is_known: impl Fn(&Journal, &str) -> anyhow::Result<bool>,
) -> anyhow::Result<(Selection, Option<UnknownLines>)> {
    let forms = named.as_ref().map(|named| OtherForms::of(named, place));
    let named = named.map(|named| named.of_place(place)).transpose()?;
    let mut selection = Selection {
        only: named.as_ref().map(|named| named.ids.clone()),
    };
    let mut unknown = Vec::new();
    for id in journal.select(&selection)? {
        if !is_known(journal, &id)? {
            unknown.push(id);
        }
    }
    if let Some(forms) = &forms {
        forms.refuse(&unknown, place, |each| journal.each_client_id(each))?;
    }
    let lines = match named {
        Some(named) => named.without(&unknown)?,
        None => None,
    };
    if let Some(only) = selection.only.as_mut().filter(|_| !unknown.is_empty()) {
        // Nothing is decided about somebody who is not there.
        let unknown: HashSet<&String> = unknown.iter().collect();
        only.retain(|id| !unknown.contains(id));
        journal.select(&selection)?;
    }
    Ok((selection, lines))
}

impl NamedCustomers {
    /// No customer by name.
    pub fn nobody() -> NamedCustomers {
        NamedCustomers {
            ids: Vec::new(),
            list: None,
            option: "",
            shard: None,
        }
    }

    /// Whether they stand in a list.
    pub fn is_list(&self) -> bool {
        self.list.is_some()
    }

    /// Those of the shard of a place. Of a list the others are told, unless their turn comes as well.
    pub fn of_place(self, place: &StatePlace) -> anyhow::Result<NamedCustomers> {
        let Some(shard) = place.shard else {
            return Ok(self);
        };
        let lines = |named: &NamedCustomers| {
            let list = named.list.iter().flat_map(|list| &list.ids);
            list.filter(|listed| !listed.may_be_header).count()
        };
        let all = lines(&self);
        let own = self.limited_to(shard)?;
        let others = all - lines(&own);
        if let Some(list) = own
            .list
            .as_ref()
            .filter(|_| others > 0 && !place.is_one_of_all)
        {
            let left = match others {
                1 => "1 id was left out because it does not belong".to_owned(),
                _ => format!("{others} ids were left out because they do not belong"),
            };
            let told = format!(
                "{}: {left} to shard {shard}; use --shard all to decide for every shard",
                list.name
            );
            note(Mode::Lines, &told);
        }
        Ok(own)
    }

    /// Those who fall to a shard. A list may hold those of other shards too; whoever is typed is meant.
    fn limited_to(mut self, shard: Shard) -> anyhow::Result<NamedCustomers> {
        let all = self.ids.len();
        self.ids.retain(|id| shard.has_id(id));
        match &mut self.list {
            Some(list) => list.ids.retain(|listed| shard.has_id(&listed.id)),
            None if self.ids.len() < all => {
                return Err(Failure::configuration(
                    format!(
                        "{} of the ids of {} do not belong to shard {shard}",
                        all - self.ids.len(),
                        self.option
                    ),
                    "use --shard all to decide for every shard",
                ));
            }
            None => {}
        }
        self.shard = Some(shard);
        Ok(self)
    }

    /// What is to be told of ids that the plan does not have.
    pub fn without(&self, unknown: &[String]) -> anyhow::Result<Option<UnknownLines>> {
        if unknown.is_empty() {
            return Ok(None);
        }
        let Some(list) = &self.list else {
            return Err(Failure::configuration(
                format!("the plan does not have {} of these ids", unknown.len()),
                "clientAccountIds are in reconciliation.csv",
            ));
        };
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        let is_unknown = |listed: &&ListedId| unknown.contains(listed.id.as_str());
        let all = list.ids.iter().filter(is_unknown);
        let lines: Vec<usize> = all
            .filter(|listed| !listed.may_be_header)
            .map(|listed| listed.line)
            .collect();
        // Of a list for all shards, the only line of one may be the header, or one that nobody knows.
        if self.shard.is_none() && list.ids.iter().all(|listed| is_unknown(&listed)) {
            return Err(Failure::configuration(
                format!(
                    "{} names {} ids that the plan does not have, and no other",
                    self.option,
                    lines.len()
                ),
                format!(
                    "each line is one clientAccountId, as in reconciliation.csv; look at line {} of {} first",
                    lines.first().unwrap_or(&1),
                    list.name
                ),
            ));
        }
        let mut words = list.ids.iter().filter(|listed| listed.may_be_words);
        let may_be_header = words.any(|listed| lines.first() == Some(&listed.line));
        Ok((!lines.is_empty()).then(|| UnknownLines {
            file: list.name.clone(),
            lines,
            may_be_header,
        }))
    }
}

/// Lines that are named one by one.
const NAMED: usize = 20;

impl UnknownLines {
    /// Tells the lines on stderr. The command goes on without them, and a person has to look.
    pub fn tell(&self) {
        note(Mode::Lines, &self.to_string());
    }
}

impl fmt::Display for UnknownLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.lines.iter().take(NAMED).map(usize::to_string);
        let mut lines = first.collect::<Vec<_>>().join(", ");
        if self.lines.len() > NAMED {
            lines.push_str(&format!(" and {} more", self.lines.len() - NAMED));
        }
        let word = if self.lines.len() == 1 {
            "line"
        } else {
            "lines"
        };
        write!(
            f,
            "{}, {word} {lines}: the plan does not have such an id; the others of the list are taken",
            self.file
        )?;
        if let Some(first) = self.lines.first().filter(|_| self.may_be_header) {
            write!(f, " (if line {first} is a header, all is well with it)")?;
        }
        Ok(())
    }
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
