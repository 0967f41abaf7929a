//! Fields that not every record owes: the mapping says under which condition (`owed_if`).
//!
//! Owner of what becomes of one that is not owed: whole, it goes as every other does; else it is left out, and neither what is
//! missing of it nor what cannot be read is a gap. Left out on purpose: the condition itself, which is a feed (`mapping`).

use super::{Assessor, NodeOutcome};
use crate::assess::plan::{AssessPlan, Node};
use crate::draft::Draft;
use bakkt_contract::Level;

impl Assessor {
    /// Walks a node with its levels: `own` inside the object, `level` what counts.
    pub(super) fn node(
        &mut self,
        plan: &AssessPlan,
        draft: &Draft,
        node: &Node,
        own: Level,
        level: Level,
    ) -> NodeOutcome {
        if !node.is_not_owed(draft) {
            return self.owed_node(plan, draft, node, own, level);
        }
        let mark = self.mark();
        let done = self.owed_node(plan, draft, node, own, level);
        if done == NodeOutcome::Sent {
            return done;
        }
        self.gaps.truncate(mark.gaps);
        self.sent.truncate(mark.sent);
        NodeOutcome::Absent
    }
}
