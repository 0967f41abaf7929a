//! Ids that a person names and the plan does not have as they are written, while it has them in another form, or with something
//! besides: the same judgement as of `[exclude]` (`planning::exclusions`).
//!
//! Owner of whom it is asked about: of a list that goes to one shard, the lines of the other shards too, because another form falls
//! to another shard. Invariant: nothing is done about anybody of a list in which somebody may be meant who would not be taken.
//! Left out on purpose: when a line means an id (`model::text::listed_ids`).

use std::collections::HashSet;

use super::deciding::NamedCustomers;
use super::place::StatePlace;
use bakkt_files::small_files::ListedId;
use bakkt_journal::Reader;
use bakkt_model::error::Failure;
use bakkt_model::number::thousands;
use bakkt_model::text::listed_ids::{ListedIds, Resemblance, Resemblances};

/// Hands every id of a plan to a function.
type EachId<'a> = &'a mut dyn FnMut(&str);

/// What was named, before it is limited to a shard.
pub struct OtherForms {
    ids: Vec<ListedId>,
    /// The list; none: they were typed.
    list: Option<String>,
    option: &'static str,
}

impl OtherForms {
    /// Those who are named for a place. Of one of all shards all were asked before.
    pub fn of(named: &NamedCustomers, place: &StatePlace) -> OtherForms {
        let ids = match &named.list {
            _ if place.is_one_of_all => Vec::new(),
            Some(list) => list.ids.clone(),
            None => (named.ids.iter().cloned())
                .map(|id| ListedId {
                    id,
                    line: 0,
                    may_be_header: false,
                    may_be_words: false,
                })
                .collect(),
        };
        OtherForms {
            ids,
            list: named.list.as_ref().map(|list| list.name.clone()),
            option: named.option,
        }
    }

    /// Refuses the whole when an id that the plan does not have means one of its ids. `unknown` are those of the place that it does not
    /// have, `rows` gives its ids.
    pub fn refuse(
        &self,
        unknown: &[String],
        place: &StatePlace,
        rows: impl FnOnce(EachId<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        let others = self.of_other_shards(place)?;
        let is_unknown = |id: &str| unknown.contains(id) || others.contains(id);
        self.refuse_those(is_unknown, rows)
    }

    /// The same, over all shards.
    pub fn refuse_in_all(&self, unknown: &[String], readers: &[&Reader]) -> anyhow::Result<()> {
        let unknown: HashSet<&str> = unknown.iter().map(String::as_str).collect();
        self.refuse_those(
            |id| unknown.contains(id),
            |each| {
                let mut readers = readers.iter();
                readers.try_for_each(|reader| reader.each_client_id(&mut *each))
            },
        )
    }

    fn refuse_those(
        &self,
        is_unknown: impl Fn(&str) -> bool,
        rows: impl FnOnce(EachId<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut forms = ListedIds::default();
        for (number, listed) in self.ids.iter().enumerate() {
            if !listed.may_be_header && is_unknown(&listed.id) {
                forms.add(number, &listed.id);
            }
        }
        if forms.is_empty() {
            return Ok(());
        }
        let named: HashSet<&str> = self.ids.iter().map(|listed| listed.id.as_str()).collect();
        let mut found = Resemblances::default();
        rows(&mut |id| {
            if !named.contains(id) {
                forms.each_meaning(id, |number, likeness| found.note(number, likeness, id));
            }
        })?;
        let mut meant = (0..self.ids.len()).filter_map(|number| {
            let resemblance = found.of_line(number)?;
            Some((&self.ids[number], resemblance))
        });
        let Some((first, resemblance)) = meant.next() else {
            return Ok(());
        };
        Err(self.refusal(first, resemblance, meant.count()))
    }

    fn refusal(&self, first: &ListedId, resemblance: &Resemblance, others: usize) -> anyhow::Error {
        let others = match others {
            0 => String::new(),
            count => format!(" (and {} more like it)", thousands(count as u64)),
        };
        let (place, hint) = match &self.list {
            Some(list) => (
                format!("{list}, line {}{others}", first.line),
                "write the id as the plan has it, one on each line and nothing besides (reconciliation.csv has them), or take the line out when somebody else is meant; until then nobody of the list is taken",
            ),
            None => (
                format!("{}{others}", self.option),
                "clientAccountIds are in reconciliation.csv",
            ),
        };
        Failure::configuration(
            format!(
                "{place}: the plan does not have such an id, and it {}",
                resemblance.text()
            ),
            hint,
        )
    }

    /// Of a list for one shard, the ids of others that no journal here has.
    fn of_other_shards(&self, place: &StatePlace) -> anyhow::Result<HashSet<String>> {
        let Some(shard) = place.shard.filter(|_| self.list.is_some()) else {
            return Ok(HashSet::new());
        };
        let others = self.ids.iter().map(|listed| &listed.id);
        let mut unknown: HashSet<String> = others.filter(|id| !shard.has_id(id)).cloned().collect();
        if unknown.is_empty() {
            return Ok(unknown);
        }
        for (_, path) in place.journals_of_other_shards() {
            // One that cannot be read vouches for nobody.
            if let Ok(reader) = Reader::open(&path) {
                reader.each_client_id(|id| {
                    unknown.remove(id);
                })?;
            }
        }
        Ok(unknown)
    }
}
