//! Verdicts by pattern: records with the same fields filled, missing and unfit are judged once.
//!
//! Owner of what a verdict, its gaps and the facts about owners depend on beyond the mapping: which slots hold something, whether
//! each value fits its form, the words of roles, and whether a slot holds one of the words that a level looks for. Every value that
//! may be unfit is still checked in every record; what is saved is the walk over the tree, which comes to the same for most records
//! of an export. Invariant: a pattern gives what the walk would (debug builds walk as well and compare).
//! Left out on purpose: payloads, which differ from record to record, and ids of owners, which are compared with each other.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::Assessor;
use crate::assess::plan::{
    AssessPlan, Leaf, Node, NodeBody, NodeLevel, OwnerSlots, SlotCondition, Tree,
};
use crate::assess::{Gap, facts};
use crate::draft::{Draft, SlotValue};
use bakkt_contract::Form;
use bakkt_model::verdict::Verdict;

/// Patterns that are remembered. An export that has more is one whose records have little in common.
const MOST: usize = 8192;

/// Behind the values that are unfit: no number of one.
const END: [u8; 4] = [0xff; 4];

/// What has to be looked at of a record to know its pattern, besides which of its slots hold something.
#[derive(Debug, Default)]
pub struct PatternLooks {
    /// Values that may be unfit.
    leaves: Vec<Leaf>,
    /// Their slots, in the same order and close together: most of them are empty in most records.
    leaf_slots: Vec<usize>,
    /// Lists of texts, each of the same form.
    lists: Vec<(usize, Form)>,
    /// Slots whose very words count. In order, each once.
    words: Vec<usize>,
    /// Slots of which only that counts whether they hold one of some words, as conditions of levels ask. Each pair once.
    conditions: Vec<(usize, &'static [&'static str])>,
}

impl PatternLooks {
    /// What to look at below these nodes. `always_fits` says whether what fills a slot gives nothing that is unfit for a form.
    pub(crate) fn of(nodes: &[Node], always_fits: &impl Fn(usize, Form) -> bool) -> PatternLooks {
        let mut looks = PatternLooks::default();
        looks.add_all(nodes, always_fits);
        looks.words.sort_unstable();
        looks.words.dedup();
        looks.conditions.sort_unstable();
        looks.conditions.dedup();
        looks
    }

    fn add_all(&mut self, nodes: &[Node], always_fits: &impl Fn(usize, Form) -> bool) {
        for node in nodes {
            self.words.extend(node.owed);
            if let NodeLevel::When(conditions, _) = &node.level {
                self.conditions
                    .extend(conditions.iter().map(SlotCondition::looks_at));
            }
            match &node.body {
                NodeBody::Leaf(leaf) => self.add_leaf(*leaf, always_fits),
                NodeBody::Lines(slot, form, _) => {
                    self.lists.extend(slot.map(|slot| (slot, *form)));
                }
                NodeBody::Object { inside, .. } => self.add_all(&inside.children, always_fits),
                NodeBody::List {
                    elements, about, ..
                } => {
                    let kinds = about.iter().filter_map(|about| about.kind);
                    self.words.extend(kinds.map(|(slot, _)| slot));
                    self.add_all(elements, always_fits);
                }
            }
        }
    }

    fn add_leaf(&mut self, leaf: Leaf, always_fits: &impl Fn(usize, Form) -> bool) {
        if matches!(leaf.form, Form::Role) {
            self.words.extend(leaf.slot);
        }
        let mut add = |slot: Option<usize>, form| {
            if let Some(number) = slot.filter(|slot| !always_fits(*slot, form)) {
                self.leaves.push(Leaf { slot, form, ..leaf });
                self.leaf_slots.push(number);
            }
        };
        add(leaf.slot, leaf.form);
        // What a value is withheld by is looked at with what stands beside that value.
        if let Some((slot, form)) = leaf.partner {
            add(slot, form);
        }
    }
}

/// What a pattern comes to.
#[derive(Debug)]
struct Judged {
    verdict: Verdict,
    gaps: Box<[Gap]>,
    /// Place and bits of each owner that is sent.
    owners: Box<[(u32, u32)]>,
}

/// The patterns of a thread.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    known: HashMap<Box<[u8]>, Judged, RandomState>,
    /// The pattern of the record at hand.
    pattern: Vec<u8>,
    /// Why values are unfit, by number.
    reasons: Vec<&'static str>,
    /// Records that were judged by a pattern that was known.
    hits: usize,
    /// Records whose pattern was new.
    misses: usize,
}

impl Patterns {
    /// Whether records have so little in common that looking for patterns only costs.
    fn are_rare(&self) -> bool {
        self.misses >= MOST && self.misses > self.hits
    }

    /// Adds why something is unfit; false when there are too many reasons to number.
    fn add_reason(&mut self, why: &'static str) -> bool {
        let known = self
            .reasons
            .iter()
            .position(|reason| std::ptr::eq(*reason, why));
        let number = known.unwrap_or_else(|| {
            self.reasons.push(why);
            self.reasons.len() - 1
        });
        let number = u8::try_from(number + 1);
        self.pattern.extend(number);
        number.is_ok()
    }
}

impl Assessor {
    /// Judges a record without its payload: by its pattern where that is known, else by a walk.
    pub(super) fn by_pattern(&mut self, plan: &AssessPlan, draft: &Draft, tree: &Tree) -> Verdict {
        // The ids of owners are compared with each other, and with facts they are told. What a backfill file says was made by
        // other feeds.
        if self.ids || self.is_laid || plan.feeds_owner_ids || self.patterns.are_rare() {
            return self.walk(plan, draft, tree);
        }
        let mut patterns = std::mem::take(&mut self.patterns);
        let verdict = match self.add_pattern(&mut patterns, plan, draft, tree) {
            false => self.walk(plan, draft, tree),
            true => match patterns.known.get(patterns.pattern.as_slice()) {
                Some(judged) => {
                    patterns.hits += 1;
                    self.take_judged(plan, draft, tree, judged)
                }
                None => {
                    patterns.misses += 1;
                    let verdict = self.walk(plan, draft, tree);
                    if patterns.known.len() < MOST {
                        let pattern = patterns.pattern.as_slice().into();
                        patterns.known.insert(pattern, self.judged(verdict));
                    }
                    verdict
                }
            },
        };
        self.patterns = patterns;
        verdict
    }

    fn judged(&self, verdict: Verdict) -> Judged {
        let owners = self.owner_facts.iter();
        Judged {
            verdict,
            gaps: self.gaps.as_slice().into(),
            owners: owners.map(|(place, _, flags)| (place, flags)).collect(),
        }
    }

    fn take_judged(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        tree: &Tree,
        judged: &Judged,
    ) -> Verdict {
        if cfg!(debug_assertions) {
            let walked = self.walk(plan, draft, tree);
            let walked = self.judged(walked);
            debug_assert_eq!(walked.verdict, judged.verdict);
            debug_assert_eq!(walked.gaps, judged.gaps);
            debug_assert_eq!(walked.owners, judged.owners);
            self.start();
        }
        self.account_type = Some(tree.account_type);
        self.gaps.extend_from_slice(&judged.gaps);
        for &(place, flags) in &judged.owners {
            self.owner_facts.push((place, "", flags));
        }
        judged.verdict
    }

    /// Writes the pattern of a record; false when it has none that could be told from others.
    fn add_pattern(
        &self,
        patterns: &mut Patterns,
        plan: &AssessPlan,
        draft: &Draft,
        tree: &Tree,
    ) -> bool {
        patterns.pattern.clear();
        patterns.pattern.push(tree.number);
        for count in [draft.rows(0), draft.rows(1), draft.len()] {
            patterns.pattern.extend((count as u32).to_le_bytes());
        }
        patterns.pattern.extend_from_slice(draft.states());
        self.add_owners(&mut patterns.pattern, plan, draft, tree);
        add_conditions(&mut patterns.pattern, draft, tree);
        draft.reasons().all(|why| patterns.add_reason(why))
            && self.add_leaves(patterns, plan, draft, tree)
            && self.add_lists(patterns, draft, tree)
            && add_words(&mut patterns.pattern, draft, tree)
    }

    fn add_leaves(
        &self,
        patterns: &mut Patterns,
        plan: &AssessPlan,
        draft: &Draft,
        tree: &Tree,
    ) -> bool {
        let mut beside = self.beside(plan);
        for (number, slot) in tree.looks.leaf_slots.iter().enumerate() {
            let Some(text) = draft.value(*slot) else {
                continue;
            };
            let leaf = &tree.looks.leaves[number];
            let checked = self.check_beside(plan, draft, (leaf.form, leaf), text, &mut beside);
            let Err(why) = checked else {
                continue;
            };
            // Nothing is written of a value that fits.
            patterns.pattern.extend((number as u32).to_le_bytes());
            if !patterns.add_reason(why) {
                return false;
            }
        }
        patterns.pattern.extend(END);
        true
    }

    fn add_lists(&self, patterns: &mut Patterns, draft: &Draft, tree: &Tree) -> bool {
        for &(slot, form) in &tree.looks.lists {
            let SlotValue::List { first, last, .. } = draft.slot(slot) else {
                continue;
            };
            let mut some_fit = 0;
            let mut broken = None;
            for item in first..last {
                match self.line(draft, form, item, first) {
                    Ok(_) => some_fit = 1,
                    Err(why) => broken = broken.or(Some(why)),
                }
            }
            patterns.pattern.push(some_fit);
            match broken {
                None => patterns.pattern.push(0),
                Some(why) if patterns.add_reason(why) => {}
                Some(_) => return false,
            }
        }
        true
    }

    /// The bits of every owner that the mapping can make.
    fn add_owners(&self, pattern: &mut Vec<u8>, plan: &AssessPlan, draft: &Draft, tree: &Tree) {
        for node in tree.nodes.iter().filter(|_| self.facts) {
            if let NodeBody::List { about, .. } = &node.body {
                let flags = |about: &OwnerSlots| facts::flags(plan, about, draft).to_le_bytes();
                pattern.extend(about.iter().flat_map(flags));
            }
        }
    }
}

/// Whether the slots that levels look at hold one of their words.
fn add_conditions(pattern: &mut Vec<u8>, draft: &Draft, tree: &Tree) {
    let conditions = tree.looks.conditions.iter();
    pattern.extend(conditions.map(|(slot, words)| {
        let word = draft.value(*slot);
        u8::from(word.is_some_and(|word| words.contains(&word)))
    }));
}

/// The words that owners' roles and kinds are, and those that say whether a field is owed.
fn add_words(pattern: &mut Vec<u8>, draft: &Draft, tree: &Tree) -> bool {
    for &slot in &tree.looks.words {
        let Some(word) = draft.value(slot) else {
            continue;
        };
        let Ok(length) = u8::try_from(word.len()) else {
            return false;
        };
        pattern.push(length);
        pattern.extend_from_slice(word.as_bytes());
    }
    true
}
