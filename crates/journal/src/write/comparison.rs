//! A comparison of the journal with its last checkpoint that goes on beside a command.
//!
//! Owner of when its result is noted. It sees the journal as it was before the command, and what it finds is noted with the command's next
//! transaction, or at its end: also where the command fails, as soon as it has added to the chain, because the next comparison could
//! not tell any more. Left out: what is compared (`report::audit`), and what counts as altered ([`super::alteration`]).

use std::thread::{Builder, JoinHandle};

use anyhow::Context;
use serde_json::{Value, json};

use crate::chain::{ALTERED, ChainHead, EntryKind, RowHashes};
use crate::write::alteration::roots_of;
use crate::write::journal::Journal;

/// Rows that were found to be altered.
#[derive(Debug)]
pub struct FoundAlteration {
    /// What the entry says beside them.
    pub body: Value,
    /// What was altered, as [`crate::Reader::alteration`] says it.
    pub altered: Value,
    /// The rows as they were found.
    pub sheets: Vec<(String, RowHashes)>,
    /// Tells it, once it is noted.
    pub tell: fn(),
}

/// A comparison that goes on.
pub(crate) struct Comparison {
    thread: JoinHandle<anyhow::Result<Option<FoundAlteration>>>,
    /// The last entry when it began.
    head: ChainHead,
}

impl Journal {
    /// Compares the journal with its last checkpoint beside whatever is done with it next. `compare` reads it as it is now.
    pub fn compare_beside(
        &mut self,
        compare: impl FnOnce() -> anyhow::Result<Option<FoundAlteration>> + Send + 'static,
    ) -> anyhow::Result<()> {
        let head = self.chain_head()?;
        let thread = Builder::new().name("comparison".to_owned());
        let thread = thread.spawn(compare).context("cannot start a thread")?;
        self.comparison = Some(Comparison { thread, head });
        Ok(())
    }

    /// Notes what a comparison found that has ended by now.
    pub(crate) fn note_if_compared(&mut self) -> anyhow::Result<()> {
        let ended = |comparison: &Comparison| comparison.thread.is_finished();
        match self.comparison.as_ref().is_some_and(ended) {
            true => self.end_comparison(),
            false => Ok(()),
        }
    }

    /// Waits for a comparison, and notes what it found.
    pub fn end_comparison(&mut self) -> anyhow::Result<()> {
        let Some(Comparison { thread, head }) = self.comparison.take() else {
            return Ok(());
        };
        let found = thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let Some(mut found) =
            found.context("the journal cannot be compared with its last checkpoint")?
        else {
            return Ok(());
        };
        found.body[ALTERED] = found.altered;
        let is_first = self.chain_head()? == head;
        let (at, roots) = (crate::now(), roots_of(&found.sheets)?);
        self.write_checkpoint(at, found.body, roots, &found.sheets)?;
        if !is_first {
            // Rows have changed since they were compared: the next comparison is not with these.
            self.append_entry(EntryKind::Work, at, &json!({"what": "going on"}))?;
        }
        (found.tell)();
        Ok(())
    }

    /// The same where the command has added to the chain; else whoever comes next compares anew.
    pub(crate) fn end_comparison_if_needed(&mut self) -> anyhow::Result<()> {
        let head = self.comparison.as_ref().map(|comparison| &comparison.head);
        match head {
            Some(head) if *head != self.chain_head()? => self.end_comparison(),
            _ => {
                self.comparison = None;
                Ok(())
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // A disk that fails has been told of by what failed before.
        let _ = self.end_comparison_if_needed();
    }
}
