//! The walk over the tree: one pass that writes the payload and finds the gaps.
//!
//! Owner of the shape rule. An object is written as if it were whole; when it turns out not to be, what was written
//! is cut off again, and the values in it that came from cells are recorded as withheld. Reused from row to row.

mod leaf;
mod lines;
mod owed;
mod patterns;

pub use patterns::PatternLooks;
use patterns::Patterns;
use uuid::Uuid;

use super::facts::{self, OwnerFacts};
use super::kept::KeptValue;
use super::owners::{self, SentOwner};
use super::plan::{AssessPlan, Node, NodeBody, ObjectContents, OwnerSlots, Tree};
use super::{Gap, GapReason};
use crate::draft::Draft;
use crate::merge::DISAGREE;
use bakkt_contract::Level;
use bakkt_contract::roles::{ENTITY_KIND, MANUAL_KYB};
use bakkt_model::verdict::Verdict;

/// Namespace of derived clientOwnerIds. It never changes: the same account and place give the same id forever.
const OWNER_NAMESPACE: Uuid = Uuid::from_u128(0x5b0d_9d4e_7a51_5c07_9a36_2f0c_8f3e_61d4);

/// The clientOwnerId of an owner that has none of its own: made of the account's id and the owner's place.
pub(crate) fn derived_owner_id(account: &str, owner: usize) -> Uuid {
    let name = format!("{account}/{owner}");
    Uuid::new_v5(&OWNER_NAMESPACE, name.as_bytes())
}

/// The walker and its buffers.
#[derive(Debug, Default)]
pub struct Assessor {
    /// Write the payload's skeleton only, for a verdict and gaps without a payload.
    pub brief: bool,
    /// Collect [`Assessor::owners`].
    pub facts: bool,
    /// When brief: derive the ids in the facts.
    pub ids: bool,
    /// Backfill files say something about the record.
    pub is_laid: bool,
    /// Of the record; none where it cannot be told.
    account_type: Option<&'static str>,
    out: Vec<u8>,
    gaps: Vec<Gap>,
    /// Leaves written from cells, which a cut turns into withheld gaps.
    sent: Vec<u32>,
    /// Leaves with data seen so far, valid or not.
    data: usize,
    lent: Option<(usize, usize)>,
    /// All texts of the record are of the usual characters (`text::is_latin`).
    is_latin: bool,
    /// Owners that are sent.
    owners: Vec<SentOwner>,
    /// The owner that is being walked.
    owner: SentOwner,
    owner_ids: Vec<(usize, usize, u32)>,
    owner_facts: OwnerFacts,
    /// The values that are written.
    kept: Vec<KeptValue>,
    /// clientOwnerId of the owner that is being walked, where facts are collected.
    owner_id: String,
    /// Of the records before.
    patterns: Patterns,
}

/// What became of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NodeOutcome {
    Sent,
    Absent,
    Broken,
}

#[derive(Clone, Copy)]
struct Checkpoint {
    out: usize,
    gaps: usize,
    sent: usize,
    data: usize,
}

impl Assessor {
    /// Forgets the record before.
    pub(crate) fn start(&mut self) {
        self.out.clear();
        self.gaps.clear();
        self.sent.clear();
        self.owner_ids.clear();
        self.kept.clear();
        self.data = 0;
        self.lent = None;
        self.account_type = None;
        self.owners.clear();
        self.owner_facts.clear();
    }

    pub(crate) fn assess(&mut self, plan: &AssessPlan, draft: &Draft) -> Verdict {
        self.start();
        self.is_latin = draft.is_latin();
        match plan.tree(draft) {
            Ok(tree) if self.brief => self.by_pattern(plan, draft, tree),
            Ok(tree) => self.walk(plan, draft, tree),
            Err(why) => self.walk_untyped(plan, draft, why),
        }
    }

    /// Without a type nobody knows what the account needs: that is its one gap. What it would send is still written, so
    /// that rows of one id can be compared; never equal to a payload of an account that has a type.
    fn walk_untyped(&mut self, plan: &AssessPlan, draft: &Draft, reason: GapReason) -> Verdict {
        if let Some(tree) = plan.trees.iter().max_by_key(|tree| tree.nodes.len()) {
            self.walk(plan, draft, tree);
        }
        let payload = std::mem::take(&mut self.out);
        self.start();
        self.out = payload;
        self.out.push(b'?');
        let (path, level) = (plan.type_path, Level::H);
        self.add_gap(Gap {
            path,
            reason,
            level,
        });
        Verdict::Blocked
    }

    fn walk(&mut self, plan: &AssessPlan, draft: &Draft, tree: &Tree) -> Verdict {
        self.account_type = Some(tree.account_type);
        self.out.push(b'{');
        let mut whole = true;
        for node in &tree.nodes {
            let level = node.level_on(draft);
            if self.node(plan, draft, node, level, level) != NodeOutcome::Sent && level.breaks() {
                whole = false;
            }
        }
        self.close(b'}');
        if !whole || self.gaps.iter().any(|gap| gap.level.breaks()) {
            Verdict::Blocked
        } else if self.gaps.is_empty() {
            Verdict::Ready
        } else {
            Verdict::Grace
        }
    }

    /// The payload's bytes; of a blocked record, what there is of it (for comparing duplicates only).
    pub(crate) fn payload(&self) -> &[u8] {
        &self.out
    }

    pub(crate) fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// What KYB needs to know of the owners that are sent; empty unless asked for, or when one of them is not whole.
    pub(crate) fn owners(&self) -> &OwnerFacts {
        &self.owner_facts
    }

    /// The values of the payload, in its order; none when brief.
    pub(crate) fn kept(&self) -> &[KeptValue] {
        &self.kept
    }

    /// The account type of the record; none where it cannot be told.
    pub(crate) fn account_type(&self) -> Option<&'static str> {
        self.account_type
    }

    /// Records a gap that was found outside of the tree.
    pub(crate) fn add_gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// `own` is the level inside the object, `level` what counts ([`Node::level_in`]).
    fn owed_node(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        own: Level,
        level: Level,
    ) -> NodeOutcome {
        match &node.body {
            NodeBody::Leaf(leaf) => self.leaf(plan, draft, node, leaf, own, level),
            NodeBody::Lines(slot, form, number) => {
                self.lines(draft, node, (*slot, *form, *number), (own, level))
            }
            NodeBody::Object {
                inside,
                lends,
                borrows,
            } => {
                let start = self.out.len() + if self.brief { 0 } else { node.key.len() };
                let done = self.object(
                    plan,
                    draft,
                    node,
                    inside,
                    level,
                    // An object above that is there may owe it whatever counts.
                    (level < Level::G && own != Level::W) || *borrows,
                );
                if *lends && done == NodeOutcome::Sent {
                    self.lent = Some((start, self.out.len() - 1));
                }
                match (done, self.lent) {
                    (NodeOutcome::Absent | NodeOutcome::Broken, Some((start, end))) if *borrows => {
                        self.key(node);
                        self.out.extend_from_within(start..end);
                        self.out.push(b',');
                        NodeOutcome::Sent
                    }
                    _ => done,
                }
            }
            NodeBody::List {
                elements,
                empty,
                owners,
                about,
                joined,
            } => {
                let there = joined.map_or(elements.len(), |joined| {
                    (joined.base + draft.rows(joined.each)).min(elements.len())
                });
                if *owners && there == 0 {
                    return self.gap(node, GapReason::NoRow, level, NodeOutcome::Absent);
                }
                let must = joined.map_or(usize::MAX, |joined| match joined.must {
                    true => joined.base,
                    false => usize::MAX,
                });
                self.list(
                    plan,
                    draft,
                    node,
                    (&elements[..there], about),
                    (*empty, *owners, must),
                    level,
                )
            }
        }
    }

    fn object(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        inside: &ObjectContents,
        level: Level,
        quiet: bool,
    ) -> NodeOutcome {
        let data = || inside.slots.iter().any(|slot| draft.has_data(*slot));
        if quiet && !inside.constants_suffice && !data() {
            return NodeOutcome::Absent;
        }
        let mark = self.mark();
        self.key(node);
        self.out.push(b'{');
        let mut whole = true;
        for child in &inside.children {
            let own = child.level_on(draft);
            let counts = child.level_in(own, level);
            let done = self.node(plan, draft, child, own, counts);
            if done != NodeOutcome::Sent && child.breaks_object(own) {
                whole = false;
            }
        }
        // Constants make an object appear only when they make it whole; an empty object says nothing.
        let empty = whole && self.out.last() == Some(&b'{');
        if empty || (self.data == mark.data && !whole) {
            self.take_back(mark);
            if self.data == mark.data {
                self.sent.truncate(mark.sent);
                if quiet {
                    self.gaps.truncate(mark.gaps);
                }
            }
            // An object may be owed of which no field is.
            let told = |gap: &Gap| gap.level >= level;
            if level >= Level::G && !quiet && !self.gaps[mark.gaps..].iter().any(told) {
                self.gap(node, GapReason::Missing, level, NodeOutcome::Absent);
            }
            return NodeOutcome::Absent;
        }
        if !whole {
            self.cut(mark, level);
            return NodeOutcome::Broken;
        }
        self.close(b'}');
        self.out.push(b',');
        NodeOutcome::Sent
    }

    /// Takes back what was written since the mark; values from cells become withheld.
    fn cut(&mut self, mark: Checkpoint, level: Level) {
        self.take_back(mark);
        if level.breaks() {
            self.sent.truncate(mark.sent);
            return;
        }
        for path in self.sent.drain(mark.sent..) {
            self.gaps.push(Gap {
                path,
                reason: GapReason::Withheld,
                level,
            });
        }
    }

    fn list(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        (elements, about): (&[Node], &[OwnerSlots]),
        (empty, owners, rows): (bool, bool, usize),
        level: Level,
    ) -> NodeOutcome {
        let mark = self.mark();
        self.key(node);
        self.out.push(b'[');
        let (mut count, mut whole) = (0, true);
        for (index, element) in elements.iter().enumerate() {
            let NodeBody::Object { inside, .. } = &element.body else {
                continue;
            };
            let must = owners && (index == 0 || index >= rows);
            let there = || must || inside.slots.iter().any(|slot| draft.has_data(*slot));
            let about = about.get(index);
            if let Some((slot, path)) = about.and_then(|about| about.kind)
                && draft.value(slot) == Some(ENTITY_KIND)
                && there()
            {
                // What a person needs to be whole says nothing about it.
                self.gaps.push(Gap {
                    path,
                    reason: GapReason::Invalid(MANUAL_KYB),
                    level: Level::H,
                });
                whole = false;
                continue;
            }
            if owners {
                self.lent = None;
                self.owner = SentOwner::default();
            }
            match self.object(plan, draft, element, inside, level, !must) {
                NodeOutcome::Sent => {
                    count += 1;
                    if owners {
                        self.owners.push(self.owner);
                    }
                    if let Some(about) = about.filter(|_| self.facts) {
                        let flags = facts::flags(plan, about, draft);
                        self.owner_facts.push((index as u32, &self.owner_id, flags));
                    }
                }
                NodeOutcome::Absent if !must => {}
                NodeOutcome::Absent | NodeOutcome::Broken => whole &= !owners,
            }
        }
        if owners && !whole {
            self.owner_facts.clear();
            return NodeOutcome::Broken;
        }
        if owners {
            self.judge_owners();
        }
        if count == 0 {
            if level >= Level::G && self.gaps.len() == mark.gaps {
                self.gap(node, GapReason::Missing, level, NodeOutcome::Absent);
            }
            if !empty {
                self.out.truncate(mark.out);
                return NodeOutcome::Absent;
            }
        }
        self.close(b']');
        self.out.push(b',');
        NodeOutcome::Sent
    }

    /// Roles that fit together; clientOwnerIds unique (contract, section 2, owners).
    fn judge_owners(&mut self) {
        let account_type = self.account_type.unwrap_or_default();
        owners::judge_roles(&self.owners, account_type, &mut self.gaps);
        for (place, &(start, end, path)) in self.owner_ids.iter().enumerate() {
            let twice = self.owner_ids[..place]
                .iter()
                .any(|&(s, e, _)| self.out.get(s..e) == self.out.get(start..end));
            if twice {
                let reason = GapReason::Invalid("another owner of the account has the same id");
                self.gaps.push(Gap {
                    path,
                    reason,
                    level: Level::H,
                });
            }
        }
    }

    /// Which of the rows is right nobody but a person knows.
    fn disagree(&mut self, node: &Node, level: Level) -> NodeOutcome {
        self.data += 1;
        let reason = GapReason::Invalid(DISAGREE);
        self.gap(node, reason, level.max(Level::H), NodeOutcome::Broken)
    }

    fn take_back(&mut self, mark: Checkpoint) {
        self.out.truncate(mark.out);
        self.lent = self.lent.filter(|(_, end)| *end <= mark.out);
        self.owner_ids.retain(|(_, end, _)| *end <= mark.out);
        self.kept.retain(|kept| kept.end <= mark.out);
    }

    fn key(&mut self, node: &Node) {
        if !self.brief {
            self.out.extend_from_slice(&node.key);
        }
    }

    fn gap(
        &mut self,
        node: &Node,
        reason: GapReason,
        level: Level,
        done: NodeOutcome,
    ) -> NodeOutcome {
        self.gaps.push(Gap {
            path: node.path,
            reason,
            level,
        });
        done
    }

    fn mark(&self) -> Checkpoint {
        Checkpoint {
            out: self.out.len(),
            gaps: self.gaps.len(),
            sent: self.sent.len(),
            data: self.data,
        }
    }

    /// Closes an object or a list: the comma after the last member goes.
    fn close(&mut self, with: u8) {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.out.push(with);
    }
}
