//! Looking at one record with the checks of its mapping.
//!
//! Owner of what [`RecordFindings::look`] finds. Left out on purpose: which slots are looked at (`checks`).

use super::{CheckedOwner, Checks, ComparisonKeys, RecordFinding, RecordFindings, cell};
use crate::draft::Draft;
use crate::findings::people::fold_person;
use crate::findings::{birth, free_texts, ids, letters, name_slots};
use bakkt_contract::fold::fold_into;
use bakkt_contract::roles::PRIMARY_OWNER;
use bakkt_model::finding::{FindingKind, FindingRules};
use bakkt_source::shape::shape;

/// Roles whose holders act for others or for themselves, and so are of age.
const OF_AGE: &[&str] = &[
    PRIMARY_OWNER,
    "AUTHORIZED_AGENT",
    "AUTHORIZED_MEMBER",
    "AUTHORIZED_OWNER",
    "CUSTODIAN",
    "EDUCATION_MANAGER",
    "EXECUTOR",
    "GUARDIAN_CONSERVATOR",
    "INTERNAL_POWER_OF_ATTY",
    "POWER_OF_ATTY",
    "SOLE_PROPRIETOR",
    "TRADING_AUTHORITY",
    "TREASURER",
    "TRUSTEE",
];

impl RecordFindings {
    /// Looks at a record. `is_gap` says whether a path, by its number, is a gap of it.
    pub(crate) fn look(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        id: Option<&str>,
        is_gap: impl Fn(u32) -> bool,
    ) {
        self.found.clear();
        self.keys = ComparisonKeys::default();
        let fits = |field: u16| {
            let field = checks.fields.get(usize::from(field));
            !field.and_then(|field| field.gap).is_some_and(&is_gap)
        };
        if let Some(id) = id {
            self.look_at_id(checks, id);
        }
        for (slot, field) in &checks.owner_ids {
            let id = if *slot < draft.len() {
                cell(draft, *slot)
            } else {
                None
            };
            if let Some(id) = id.filter(|id| ids::stands_for_none(id) && fits(*field)) {
                self.add(
                    &checks.rules,
                    FindingKind::PlaceholderId,
                    Some(*field),
                    || shape(id),
                );
            }
        }
        self.look_at_texts(checks, draft, &fits);
        self.look_at_names(checks, draft, &fits);
        self.look_at_free_texts(checks, draft, &fits);
        if let Some(field) = checks.shares.too_much(draft, &fits) {
            self.add(
                &checks.rules,
                FindingKind::TooMuchOwned,
                Some(field),
                || "with the shares of the other owners".to_owned(),
            );
        }
        let primary = primary(checks, draft);
        for (place, owner) in present(checks, draft).enumerate() {
            self.look_at_owner(checks, draft, owner, place == primary, &fits);
        }
        self.look_at_addresses(checks, draft, &fits);
        self.look_at_people(checks, draft);
        self.look_at_entity_tax_id(checks, draft, &fits);
        self.note_keys(checks, draft, primary, &fits);
        self.look_at_tax_ids(checks, draft, primary, &fits);
    }

    /// Notes the tax ids of the owners by whose tax ids the record is not compared, and finds different owners who have the same.
    fn look_at_tax_ids(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        primary: usize,
        fits: &impl Fn(u16) -> bool,
    ) {
        self.further.clear();
        let is_entity = self.keys.entity != 0;
        let owners = present(checks, draft).count().min(checks.people.len());
        if (owners < 2 && !is_entity) || !checks.rules.looks_for(FindingKind::SameTaxId) {
            return;
        }
        let mut known: Vec<(usize, u64)> = Vec::new();
        for (place, owner) in checks.owners.iter().enumerate().take(owners) {
            let Some((slot, field)) = owner.tax_id.filter(|(_, field)| fits(*field)) else {
                continue;
            };
            let Some(tax_id) = cell(draft, slot) else {
                continue;
            };
            self.scratch.clear();
            fold_into(tax_id, &mut self.scratch);
            let key = checks.hash(1, &[&self.scratch]);
            let others = known.iter().filter(|(_, other)| *other == key);
            let mut others = others.map(|(other, _)| *other);
            if others.any(|other| !self.is_same_person(checks, draft, other, place)) {
                self.add(&checks.rules, FindingKind::SameTaxId, Some(field), || {
                    "that of another owner".to_owned()
                });
            }
            known.push((place, key));
            if is_entity || place != primary {
                self.further.push((place, key));
            }
        }
    }

    /// Whether two owners of a record are one person.
    fn is_same_person(&mut self, checks: &Checks, draft: &Draft, one: usize, other: usize) -> bool {
        let mut folded = |place: usize| {
            self.folded.clear();
            fold_person(&checks.people[place], draft, &mut self.folded);
            self.folded.clone()
        };
        folded(one) == folded(other)
    }

    /// Finds owners who are an earlier owner of the same account once more.
    fn look_at_people(&mut self, checks: &Checks, draft: &Draft) {
        let owners = present(checks, draft).count().min(checks.people.len());
        if owners < 2 || !checks.rules.looks_for(FindingKind::SamePerson) {
            return;
        }
        // Most accounts have one owner, whatever the mapping has room for.
        let known = checks.people.iter().take(owners);
        if known.filter(|slots| slots.names_somebody(draft)).count() < 2 {
            return;
        }
        let mut before: Vec<Vec<u8>> = Vec::with_capacity(owners);
        for (owner, slots) in checks.owners.iter().zip(&checks.people).take(owners) {
            self.folded.clear();
            if fold_person(slots, draft, &mut self.folded) < 2 {
                continue;
            }
            if before.contains(&self.folded) {
                let field = owner.tax_id.or(owner.born).map(|(_, field)| field);
                self.add(&checks.rules, FindingKind::SamePerson, field, || {
                    "an earlier owner of the account once more".to_owned()
                });
            } else {
                before.push(self.folded.clone());
            }
        }
    }

    /// Finds an entity whose tax id is that of one of its owners.
    fn look_at_entity_tax_id(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        fits: &impl Fn(u16) -> bool,
    ) {
        let Some((slot, field)) = checks.entity.tax_id.filter(|(_, field)| fits(*field)) else {
            return;
        };
        // Without the marks between them; letters are part of an id.
        fn signs(text: &str) -> impl Iterator<Item = char> {
            let signs = text.chars().filter(|c| c.is_alphanumeric());
            signs.flat_map(char::to_uppercase)
        }
        let has_it = |own: &str| {
            let mut owners =
                present(checks, draft).filter_map(|owner| cell(draft, owner.tax_id?.0));
            owners.any(|theirs| signs(own).eq(signs(theirs)))
        };
        if cell(draft, slot).is_some_and(|own| own.contains(char::is_numeric) && has_it(own)) {
            self.add(&checks.rules, FindingKind::SameTaxId, Some(field), || {
                "that of an owner".to_owned()
            });
        }
    }

    pub(super) fn add(
        &mut self,
        rules: &FindingRules,
        kind: FindingKind,
        field: Option<u16>,
        shape: impl FnOnce() -> String,
    ) {
        if rules.looks_for(kind) {
            let shape = if self.shapes { shape() } else { String::new() };
            self.found.push(RecordFinding {
                kind,
                field,
                shape,
                at: None,
            });
        }
    }

    fn look_at_id(&mut self, checks: &Checks, id: &str) {
        self.keys.digits = ids::digits(id);
        self.keys.behind = ids::DigitsBehind::of(id);
        self.keys.first = id.as_bytes().first().copied().unwrap_or(0);
        if let Some(why) = ids::made_by_spreadsheet(id).or_else(|| ids::formatted(id)) {
            self.add(&checks.rules, FindingKind::ChangedId, None, || {
                why.to_owned()
            });
        } else if ids::stands_for_none(id) {
            self.add(&checks.rules, FindingKind::PlaceholderId, None, || {
                shape(id)
            });
        }
        if !id.is_ascii()
            && let Some(what) = letters::look_alike(id, false)
        {
            self.add(&checks.rules, FindingKind::LookAlikeLetters, None, || {
                what.to_owned()
            });
        }
        if checks.rules.looks_for(FindingKind::SimilarIds) {
            self.scratch.clear();
            bakkt_model::text::ids::skeleton(id, &mut self.scratch);
            self.keys.id = checks.hash(0, &[&self.scratch]);
        }
        if let Some(expected) = checks.rules.expected_id_length {
            let length = id.chars().count();
            if length != expected as usize {
                self.add(&checks.rules, FindingKind::IdLength, None, || {
                    format!("{length} characters instead of {expected}")
                });
            }
        }
    }

    fn look_at_names(&mut self, checks: &Checks, draft: &Draft, fits: &impl Fn(u16) -> bool) {
        let mut judged = std::mem::take(&mut self.judged);
        for (text, why, field) in name_slots::doubts(&checks.names, draft, &mut judged) {
            // What is wrong with its text is told already.
            let is_told = self.found.iter().any(|one| one.field == Some(field));
            if !is_told && fits(field) {
                self.add(
                    &checks.rules,
                    FindingKind::DoubtfulName,
                    Some(field),
                    || format!("{}: {why}", shape(text)),
                );
            }
        }
        self.judged = judged;
    }

    fn look_at_free_texts(&mut self, checks: &Checks, draft: &Draft, fits: &impl Fn(u16) -> bool) {
        let mut judged = std::mem::take(&mut self.judged_texts);
        for (text, why, field) in free_texts::doubts(&checks.free_texts, draft, &mut judged) {
            if fits(field) {
                self.add(
                    &checks.rules,
                    FindingKind::DoubtfulText,
                    Some(field),
                    || format!("{}: {why}", shape(text)),
                );
            }
        }
        self.judged_texts = judged;
    }

    fn look_at_owner(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        owner: &CheckedOwner,
        is_primary: bool,
        fits: &impl Fn(u16) -> bool,
    ) {
        let rules = &checks.rules;
        if let Some((slot, field)) = owner.born
            && let Some(born) = cell(draft, slot).and_then(birth::day)
            && fits(field)
        {
            if let Some(why) = birth::implausible(born, checks.as_of) {
                self.add(
                    rules,
                    FindingKind::ImplausibleBirthDate,
                    Some(field),
                    || why.to_owned(),
                );
            } else if birth::is_minor(born, checks.as_of) {
                let role = owner.role.and_then(|slot| draft.value(slot));
                if is_primary || role.is_some_and(|role| OF_AGE.contains(&role)) {
                    self.add(rules, FindingKind::MinorOwner, Some(field), || {
                        "under 18".to_owned()
                    });
                }
            }
            for (slot, event) in &owner.events {
                if cell(draft, *slot).is_some_and(|text| birth::is_after(born, text))
                    && fits(*event)
                {
                    self.add(rules, FindingKind::DateBeforeBirth, Some(*event), || {
                        "before the birth date".to_owned()
                    });
                }
            }
            if is_primary && rules.looks_for(FindingKind::DefaultBirthDate) {
                self.keys.born = birth::number(born);
            }
        }
        if let Some((slot, field)) = owner.email
            && let Some(email) = cell(draft, slot).filter(|email| !email.is_ascii())
            && let Some(what) = letters::look_alike(email, false)
            && fits(field)
        {
            self.add(rules, FindingKind::LookAlikeLetters, Some(field), || {
                what.to_owned()
            });
        }
    }

    fn note_keys(
        &mut self,
        checks: &Checks,
        draft: &Draft,
        primary: usize,
        fits: &impl Fn(u16) -> bool,
    ) {
        let none = CheckedOwner::default();
        let owner = checks.owners.get(primary).unwrap_or(&none);
        let value = |slot: Option<(usize, u16)>| {
            let (slot, field) = slot?;
            cell(draft, slot).filter(|_| fits(field))
        };
        let entity_tax_id = value(checks.entity.tax_id);
        let entity_name = checks.entity.name.and_then(|slot| cell(draft, slot));
        let is_entity = entity_tax_id.is_some() || entity_name.is_some();
        let (tax_id, email) = match is_entity {
            true => (entity_tax_id, value(checks.entity.email)),
            false => (value(owner.tax_id), value(owner.email)),
        };
        if is_entity {
            let parts = [entity_name, entity_tax_id].map(Option::unwrap_or_default);
            self.keys.entity = checks.hash(3, &parts);
        }
        let scratch = &mut self.scratch;
        if let Some(tax_id) = tax_id.filter(|_| checks.rules.looks_for(FindingKind::SameTaxId)) {
            scratch.clear();
            fold_into(tax_id, scratch);
            self.keys.tax_id = checks.hash(1, &[scratch]);
        }
        if let Some(email) = email.filter(|_| checks.rules.looks_for(FindingKind::SameEmail)) {
            scratch.clear();
            match email.is_ascii() {
                true => {
                    scratch.push_str(email.trim());
                    scratch.make_ascii_lowercase();
                }
                false => scratch.extend(email.trim().chars().flat_map(char::to_lowercase)),
            }
            self.keys.email = checks.hash(2, &[scratch]);
        }
    }
}

/// The place of the primary owner.
fn primary(checks: &Checks, draft: &Draft) -> usize {
    let is_primary = |owner: &CheckedOwner| {
        let role = owner.role.and_then(|slot| draft.value(slot));
        role == Some(PRIMARY_OWNER)
    };
    present(checks, draft).position(is_primary).unwrap_or(0)
}

/// The owners for whom a record has slots.
fn present<'a>(checks: &'a Checks, draft: &Draft) -> impl Iterator<Item = &'a CheckedOwner> {
    let slots = draft.len();
    let has_slots = move |owner: &&CheckedOwner| owner.first.is_none_or(|first| first < slots);
    checks.owners.iter().take_while(has_slots)
}
