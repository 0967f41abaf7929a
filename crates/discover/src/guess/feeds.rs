//! From what columns say to the feeds of a mapping.
//!
//! Owner of [`Mapping`]: the feeds in contract order, the lookup tables, what is required and unfed, and the columns that
//! nothing uses. Left out on purpose: the text of the files (`write`).

use super::columns::{Confidence, Pick};
use super::date_order::DateHabits;
use super::fields::Group;
use super::joined_parts::JoinedParts;
use super::numbered::LikeHeaders;
use super::required::required;
use super::tables::{LookupTable, table};
use super::values::{from, names, quoted};
use super::{Rows, aside, unfit};
use crate::inspect::Profile;
use crate::inspect::classes::Class;
use bakkt_contract::account::ACCOUNT_TYPES;
use bakkt_contract::{Level, path};

/// A line of the guessed mapping.
#[derive(Clone, Debug)]
pub struct MappingLine {
    /// The field.
    pub path: String,
    /// The right-hand side.
    pub value: String,
    /// How sure it is; none for what follows from another line.
    pub confidence: Option<Confidence>,
    /// What a person should know; empty when there is nothing.
    pub note: String,
    /// The columns that it reads.
    pub columns: Vec<usize>,
}

/// A guessed mapping.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// What stands behind `account_type`; none in a mapping of elements.
    pub account_type: Option<String>,
    /// The types that can occur.
    pub types: Vec<&'static str>,
    /// Lookup tables.
    pub tables: Vec<LookupTable>,
    /// Feeds, in contract order.
    pub feeds: Vec<MappingLine>,
    /// Guesses too weak to feed anything.
    pub hints: Vec<MappingLine>,
    /// Required fields.
    pub needed: Vec<(String, Level)>,
    /// Required fields that nothing feeds.
    pub unfed: Vec<(String, Level)>,
    /// Columns that say something although no feed reads them: the key, the account type.
    pub(super) read_besides: Vec<usize>,
    /// Columns that nothing uses.
    pub unused: Vec<usize>,
    /// The column that says whether an account is open, closed, …
    pub status: Option<usize>,
}

/// What is known about a file beside its columns.
#[derive(Clone, Debug)]
pub struct FileContext {
    /// What the rows are.
    pub rows: Rows,
    /// Owners stand in a file of their own.
    pub owners_apart: bool,
    /// Several rows are one account.
    pub grouped: bool,
    /// The account types, for a file beside that of the accounts.
    pub types: Vec<&'static str>,
}

/// A mapping in the making.
pub(super) struct Maker<'a> {
    pub(super) profile: &'a Profile,
    /// How the mapping names each column.
    names: Vec<String>,
    pub(super) picks: &'a [Pick],
    pub(super) habits: DateHabits,
    pub(super) joined: JoinedParts,
    pub(super) alike: LikeHeaders,
    about: FileContext,
    pub(super) mapping: Mapping,
}

/// The mapping of the accounts' file.
pub(crate) fn accounts(profile: &Profile, picks: &[Pick], about: FileContext) -> Mapping {
    let mut maker = Maker::new(profile, picks, about);
    maker.account_type();
    maker.about.types = maker.mapping.types.clone();
    maker.all();
    maker.same_address();
    let owners = match (maker.about.owners_apart, maker.about.grouped) {
        (true, _) => None,
        (_, true) => Some("owners[]"),
        _ => Some("owners[0]"),
    };
    let needed = required(&maker.mapping.types, owners);
    maker.finish(needed, None)
}

/// The mapping of a file whose rows are owners or contacts; `key` says whose they are.
pub(crate) fn elements(
    profile: &Profile,
    picks: &[Pick],
    about: FileContext,
    key: usize,
) -> Mapping {
    let needed = match about.rows {
        Rows::Owners => required(&about.types, Some("owners[]"))
            .into_iter()
            .filter(|(path, _)| path.starts_with("owners[]"))
            .collect(),
        _ => ["givenName", "familyName"]
            .map(|name| (format!("trustedContacts[].{name}"), Level::W))
            .into(),
    };
    let mut maker = Maker::new(profile, picks, about);
    maker.all();
    maker.finish(needed, Some(key))
}

impl<'a> Maker<'a> {
    fn new(profile: &'a Profile, picks: &'a [Pick], about: FileContext) -> Maker<'a> {
        Maker {
            profile,
            names: names(profile),
            picks,
            habits: DateHabits::of(profile),
            joined: JoinedParts::of(&profile.columns),
            alike: LikeHeaders::of(&profile.columns),
            about,
            mapping: Mapping::default(),
        }
    }

    pub(super) fn name(&self, column: usize) -> String {
        self.names[column].clone()
    }

    /// The path of a pick, as this mapping writes it.
    pub(super) fn at(&self, pick: &Pick, field: &str) -> String {
        let path = pick.path_of(field);
        if self.about.grouped {
            path.replacen("owners[0]", "owners[]", 1)
        } else {
            path
        }
    }

    pub(super) fn find(&self, prefix: &str, field: &str) -> Option<&Pick> {
        self.picks
            .iter()
            .find(|pick| pick.place.prefix == prefix && pick.concept.field == field)
    }

    /// The type from a column whose codes mostly have obvious meanings, else the usual one of such rows.
    fn account_type(&mut self) {
        let usual = if self.about.rows == Rows::Firms {
            "ENTITY"
        } else {
            "INDIVIDUAL"
        };
        let found = self
            .picks
            .iter()
            .find(|pick| pick.concept.field == "accountType");
        let known = found
            .filter(|pick| pick.confidence > Confidence::Low)
            .and_then(|pick| {
                let column = &self.profile.columns[pick.column];
                let mut table = table("accountType", column)?;
                let rows: u64 = table
                    .entries
                    .iter()
                    .filter(|entry| entry.word.is_some())
                    .map(|entry| entry.count)
                    .sum();
                table.name = "account_type".into();
                (column.part(rows) > 0.5).then_some((pick.column, table))
            });
        self.mapping.types = vec![usual];
        self.mapping.account_type = Some(quoted(usual));
        if let Some((column, table)) = known {
            let words = table.known();
            self.mapping.types = ACCOUNT_TYPES
                .iter()
                .copied()
                .filter(|word| words.contains(word))
                .collect();
            let lookup = "lookup = \"account_type\"".to_owned();
            self.mapping.account_type = Some(from(&self.name(column), &[lookup]));
            self.mapping.tables.push(table);
        }
    }

    fn all(&mut self) {
        let mut done: Vec<String> = Vec::new();
        for pick in self.picks {
            let same = format!("{}{:?}", pick.path(), pick.concept.kind);
            let accounts = matches!(self.about.rows, Rows::People | Rows::Firms);
            let elsewhere = matches!(pick.concept.group, Group::Account | Group::Kept) && !accounts;
            if pick.concept.field == "accountType" || elsewhere || done.contains(&same) {
                continue;
            }
            done.push(same);
            if aside(pick) {
                if pick.concept.field == "status" {
                    self.mapping.status = Some(pick.column);
                }
                continue;
            }
            let unfit = unfit::reason(pick, &self.profile.columns[pick.column]);
            let mut feeds = self.made(pick);
            for feed in feeds.iter_mut().filter(|_| unfit.is_some()) {
                feed.confidence = Some(Confidence::Low);
                feed.note = unfit.unwrap_or_default().to_owned();
            }
            for feed in feeds {
                let low = feed.confidence == Some(Confidence::Low);
                let hint = unfit.is_some() || low && !self.is_required(&feed.path);
                let known =
                    |feeds: &[MappingLine]| feeds.iter().any(|known| known.path == feed.path);
                if hint || self.stays_out(pick) || known(&self.mapping.feeds) {
                    self.mapping.hints.push(feed);
                } else {
                    self.mapping.feeds.push(feed);
                }
            }
        }
        self.roles();
        self.tax_id_types();
        self.unnamed_agreements();
    }

    /// A version or a date of an agreement whose name stands in no column: where everybody signed the same, a person
    /// knows it.
    fn unnamed_agreements(&mut self) {
        let mut feeds = self.mapping.feeds.iter();
        let head =
            feeds.find_map(|feed| feed.path.split_once("agreements[0].").map(|(head, _)| head));
        let Some(path) = head.map(|head| format!("{head}agreements[0].name")) else {
            return;
        };
        let is_unfit =
            |pick: &&Pick| unfit::reason(pick, &self.profile.columns[pick.column]).is_some();
        let unfit: Vec<usize> = self
            .picks
            .iter()
            .filter(is_unfit)
            .map(|pick| pick.column)
            .collect();
        let named = |hint: &MappingLine| {
            hint.path == path && hint.columns.iter().any(|column| !unfit.contains(column))
        };
        if !self.has(&path) && !self.mapping.hints.iter().any(named) {
            self.mapping.hints.push(MappingLine {
                path,
                value: "{ const = \"…\" }".into(),
                confidence: None,
                note: "no column has the name of the agreement: where all signed the same, write it here".into(),
                columns: Vec::new(),
            });
        }
    }

    /// What this mapping may not feed: owners that stand elsewhere, and what individuals do not have.
    fn stays_out(&self, pick: &Pick) -> bool {
        let elsewhere = self.about.owners_apart && pick.place.prefix.starts_with("owners");
        let kyb = ["kind", "ownership_percent", "manages_entity"].contains(&pick.concept.field);
        let entity =
            pick.concept.group == Group::Entity || pick.place.prefix.starts_with("entity.");
        let individual = self.about.types.iter().all(|word| *word == "INDIVIDUAL");
        elsewhere || ((kyb || entity) && individual)
    }

    pub(super) fn is_required(&self, path: &str) -> bool {
        let owners = if path.starts_with("owners[]") {
            "owners[]"
        } else {
            "owners[0]"
        };
        required(&self.about.types, Some(owners))
            .iter()
            .any(|(known, _)| known == path)
    }

    fn has(&self, path: &str) -> bool {
        self.mapping.feeds.iter().any(|feed| feed.path == path)
    }

    /// Whoever an owner is made of, and a column without which there is none.
    fn owner(&self, prefix: &str) -> Option<String> {
        let named = |field: &str| {
            let feed = self
                .mapping
                .feeds
                .iter()
                .find(|feed| feed.path == format!("{prefix}{field}"))?;
            feed.columns.first().map(|column| self.name(*column))
        };
        named("identity.familyName").or_else(|| named("identity.givenName"))
    }

    fn follows(&mut self, path: String, value: String, note: &str, columns: Vec<usize>) {
        if !self.has(&path) {
            self.mapping.feeds.push(MappingLine {
                path,
                value,
                confidence: None,
                note: note.to_owned(),
                columns,
            });
        }
    }

    fn roles(&mut self) {
        let of_account = matches!(self.about.rows, Rows::People | Rows::Firms);
        if !of_account || self.about.owners_apart || self.about.grouped {
            return;
        }
        for (owner, role) in [
            ("owners[0].", "PRIMARY_OWNER"),
            ("owners[1].", "JOINT_OWNER"),
        ] {
            if owner == "owners[0]." || self.owner(owner).is_some() {
                let value = format!("{{ const = \"{role}\" }}");
                self.follows(format!("{owner}role"), value, "", Vec::new());
            }
        }
    }

    /// A tax id without a column that says its kind: its form does.
    fn tax_id_types(&mut self) {
        let ids: Vec<Pick> = self
            .picks
            .iter()
            .filter(|pick| pick.concept.field == "identity.taxId")
            .copied()
            .collect();
        for pick in ids {
            let column = &self.profile.columns[pick.column];
            let (id, kind) = (
                self.at(&pick, "identity.taxId"),
                self.at(&pick, "identity.taxIdType"),
            );
            // What is written as no U.S. tax id is a gap, not a reason to read none of them.
            let formed =
                column.share(Class::Nine).max(column.share(Class::Ssn)) + column.share(Class::Ein);
            if formed <= 0.5 || !self.has(&id) {
                continue;
            }
            let own = self.name(pick.column);
            let foreign = self.may_be_foreign(&kind);
            let value = match foreign {
                false => Some(from(&own, &["tax_id = \"number\"".into()])),
                // Ids of other countries keep their letters; dashes stand between the digits of ours.
                true if column.count(Class::Mixed) > 0 && column.share(Class::Ssn) > 0.0 => {
                    without_dashes(&own)
                }
                true => None,
            };
            let mut feeds = self.mapping.feeds.iter_mut();
            if let Some((value, feed)) = value.zip(feeds.find(|feed| feed.path == id)) {
                feed.value = value;
                feed.note.clear();
                if column.count(Class::Mixed) > 0 && !foreign {
                    feed.note = "what is no U.S. tax id is a gap".into();
                    feed.confidence = feed.confidence.min(Some(Confidence::Medium));
                }
            }
            if !foreign {
                let value = from(&own, &["tax_id = \"type\"".into()]);
                let note = "no column says the kind; the form of the number does";
                self.follows(kind, value, note, vec![pick.column]);
            }
        }
    }

    /// Whether a column that says the kinds of tax ids may say that some are of other countries: their forms are their own.
    fn may_be_foreign(&self, kind: &str) -> bool {
        let mut feeds = self.mapping.feeds.iter();
        let says = feeds.find(|feed| feed.path == kind);
        says.is_some_and(|feed| {
            feed.value.contains("NATIONALID") || !feed.value.contains("lookup = {")
        })
    }

    /// A joint owner without an address of their own lives with the main owner.
    fn same_address(&mut self) {
        let Some(joint) = self.owner("owners[1].") else {
            return;
        };
        if self.has("owners[1].identity.personalAddress.streetAddress") {
            return;
        }
        let home: Vec<MappingLine> = self
            .mapping
            .feeds
            .iter()
            .filter(|feed| feed.path.starts_with("owners[0].identity.personalAddress."))
            .cloned()
            .collect();
        for feed in home {
            let when = format!("when = {} }}", quoted(&joint));
            let value = match feed.value.strip_suffix(" }") {
                Some(table) => format!("{table}, {when}"),
                None => format!("{{ column = {}, {when}", feed.value),
            };
            self.mapping.feeds.push(MappingLine {
                path: feed.path.replacen("owners[0]", "owners[1]", 1),
                value,
                confidence: Some(Confidence::Medium),
                note: "the joint owner has no address of their own: the main owner's".into(),
                columns: feed.columns,
            });
        }
    }

    /// Leaves out tables of codes whose line another one took the place of.
    fn drop_unnamed_tables(&mut self) {
        let Mapping {
            account_type,
            feeds,
            tables,
            ..
        } = &mut self.mapping;
        let values = || feeds.iter().map(|feed| &feed.value).chain(&*account_type);
        tables.retain(|table| {
            let lookup = format!("lookup = {}", quoted(&table.name));
            values().any(|value| value.contains(&lookup))
        });
    }

    fn finish(mut self, needed: Vec<(String, Level)>, key: Option<usize>) -> Mapping {
        self.drop_unnamed_tables();
        let typed = self
            .mapping
            .tables
            .iter()
            .any(|table| table.name == "account_type");
        let of_type = self
            .picks
            .iter()
            .find(|pick| typed && pick.concept.field == "accountType");
        self.mapping.read_besides = key
            .into_iter()
            .chain(of_type.map(|pick| pick.column))
            .collect();
        self.mapping.needed = needed;
        self.mapping.settle(self.profile.columns.len());
        self.mapping
    }
}

impl Mapping {
    /// Works out again what is unfed and unused, and puts the lines in the order of the contract.
    pub(super) fn settle(&mut self, columns: usize) {
        let fed = |path: &String| self.feeds.iter().any(|feed| feed.path == *path);
        self.unfed = self
            .needed
            .iter()
            .filter(|(path, _)| !fed(path))
            .cloned()
            .collect();
        let read = self
            .feeds
            .iter()
            .flat_map(|feed| feed.columns.iter().copied());
        let used: Vec<usize> = read.chain(self.read_besides.iter().copied()).collect();
        self.unused = (0..columns)
            .filter(|column| !used.contains(column))
            .collect();
        let order = path::patterns();
        let rank = |feed: &MappingLine| {
            let pattern = path::pattern(&feed.path);
            let place = order.iter().position(|known| *known == pattern);
            let (part, head) = section(&feed.path);
            (part, head.to_owned(), place.unwrap_or(usize::MAX))
        };
        self.feeds.sort_by_key(rank);
        self.hints.sort_by_key(rank);
    }
}

/// A column whose values lose their dashes; none where an expression cannot name it.
fn without_dashes(name: &str) -> Option<String> {
    let plain = name
        .chars()
        .all(|c| c.is_alphanumeric() || " _.-/()".contains(c));
    plain.then(|| format!("{{ expr = 'row[\"{name}\"] | replace(\"-\", \"\")' }}"))
}

/// The part of a mapping that a path belongs to: its first step, with its index, and where that stands.
pub(crate) fn section(path: &str) -> (usize, &str) {
    let heads = ["owners", "entity", "investmentProfile", "trustedContacts"];
    let head = path.split('.').next().unwrap_or("");
    match heads.iter().position(|known| head.starts_with(known)) {
        Some(place) => (place + 1, head),
        None => (0, ""),
    }
}
