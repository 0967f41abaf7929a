//! The accounts that are asked for documents, and the state of their verification links.
//!
//! How many links of an account ran out is counted from what was seen: expiry dates in events, and the links fetched here. So the
//! count is never higher than Bakkt's. An account for which Bakkt gives no link has used all up until Bakkt gives one again.
//! Left out: keeping fetched links (`write::fetched_links`), and which decision asks for documents (`contract::decision`).

use std::collections::HashMap;

use serde::Serialize;

use crate::read::accepted::decisions::DecisionLine;
use crate::read::reader::Reader;
use crate::write::fetched_links::{Link, MOST_EXPIRATIONS};
use bakkt_contract::decision::Decision;

/// A link expires soon when it has no more than this left, in milliseconds.
pub const SOON: i64 = 24 * 3600 * 1000;

/// An account that is asked for documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLink {
    /// The number of its account task.
    pub task: i64,
    /// clientAccountId.
    pub client_id: String,
    /// The latest expiry of a link that events carried.
    pub told: Option<i64>,
    /// The link that was fetched last.
    pub link: Option<Link>,
}

/// The state of an account's links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStanding {
    /// None was fetched.
    NotFetched,
    /// The fetched link is good.
    Good,
    /// It expires soon, and there will be another one.
    RunsOut,
    /// It expires soon and is the last one.
    Last,
    /// It has expired.
    RanOut,
    /// Bakkt gives no more links.
    UsedUp,
}

/// Accounts that are asked for documents, counted by the state of their links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LinkCounts {
    /// How many accounts are asked for documents.
    pub wanted: u64,
    /// With a link that was fetched and is good still.
    pub fetched: u64,
    /// Of those, with one that runs out within a day.
    pub running_out: u64,
    /// Of those, with one that is the last.
    pub last_link: u64,
    /// Without a link that is good, but with one to be had.
    pub to_fetch: u64,
    /// For whom Bakkt gives none any more.
    pub used_up: u64,
}

impl WantedLink {
    /// Returns the state of its links at a time.
    pub fn standing(&self, now: i64) -> LinkStanding {
        match self.link {
            None => LinkStanding::NotFetched,
            Some(link) if link.expirations >= MOST_EXPIRATIONS => LinkStanding::UsedUp,
            Some(link) if link.expires_at <= now => LinkStanding::RanOut,
            Some(link) if link.expires_at - now > SOON => LinkStanding::Good,
            Some(link) if link.expirations + 1 >= MOST_EXPIRATIONS => LinkStanding::Last,
            Some(_) => LinkStanding::RunsOut,
        }
    }

    /// Returns the link to record when Bakkt gives one now.
    pub fn given(&self, hash: [u8; 32], expires_at: Option<i64>, now: i64) -> Link {
        let ran_out = |expiry: i64| i64::from(expiry <= now && expires_at != Some(expiry));
        let expirations = match self.link {
            // Another one came with an event and has run out since.
            None => self.told.map_or(0, ran_out),
            // Bakkt gives links again.
            Some(former) if former.expirations >= MOST_EXPIRATIONS => 0,
            Some(former) if former.hash == hash => former.expirations,
            Some(former) => former.expirations + ran_out(former.expires_at),
        };
        Link {
            expires_at: expires_at.unwrap_or(now),
            // While Bakkt gives one, they are not used up.
            expirations: expirations.min(MOST_EXPIRATIONS - 1),
            hash,
        }
    }

    /// Whether its last known link has expired.
    pub fn has_run_out(&self, now: i64) -> bool {
        match (self.link, self.told) {
            (Some(link), _) => link.expires_at <= now,
            (None, Some(told)) => told <= now,
            (None, None) => false,
        }
    }
}

impl LinkCounts {
    /// Counts one more.
    pub fn add(&mut self, standing: LinkStanding) {
        self.wanted += 1;
        let counters: &mut [&mut u64] = match standing {
            LinkStanding::NotFetched | LinkStanding::RanOut => &mut [&mut self.to_fetch],
            LinkStanding::Good => &mut [&mut self.fetched],
            LinkStanding::RunsOut => &mut [&mut self.fetched, &mut self.running_out],
            LinkStanding::Last => &mut [
                &mut self.fetched,
                &mut self.running_out,
                &mut self.last_link,
            ],
            LinkStanding::UsedUp => &mut [&mut self.used_up],
        };
        for counter in counters {
            **counter += 1;
        }
    }
}

impl Reader {
    /// Every account that is asked for documents, in the order of the tasks.
    pub fn each_wanted_link(
        &self,
        mut each: impl FnMut(WantedLink) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let links = self.fetched_links()?;
        self.each_decision(|line| wanted(&line, &links).map_or(Ok(()), &mut each))
    }

    /// Those who are asked for documents, counted as of now.
    pub fn link_counts(&self, now: i64) -> anyhow::Result<LinkCounts> {
        let (links, mut counts) = (self.fetched_links()?, LinkCounts::default());
        self.each_known_decision(|line| {
            if let Some(wanted) = wanted(&line, &links) {
                counts.add(wanted.standing(now));
            }
            Ok(())
        })?;
        Ok(counts)
    }

    fn fetched_links(&self) -> anyhow::Result<HashMap<i64, Link>> {
        let rows = self.all(LINKS, |row| {
            let link = Link {
                expires_at: row.get(1)?,
                expirations: row.get(2)?,
                hash: row.get(3)?,
            };
            Ok((row.get(0)?, link))
        })?;
        Ok(rows.into_iter().collect())
    }
}

fn wanted(line: &DecisionLine<'_>, links: &HashMap<i64, Link>) -> Option<WantedLink> {
    let (Decision::Documents, Some(client_id)) = (line.decision(), line.client_id) else {
        return None;
    };
    Some(WantedLink {
        task: line.task,
        client_id: client_id.to_owned(),
        told: line.expires_at,
        link: links.get(&line.task).copied(),
    })
}

const LINKS: &str = "SELECT task, expires_at, expirations, hash FROM link";
#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::fetched_links::FetchedLink;
    use crate::write::journal::Journal;

    const NOW: i64 = 1_000_000_000;

    fn wanted(told: Option<i64>, link: Option<(i64, i64, u8)>) -> WantedLink {
        WantedLink {
            task: 1,
            client_id: "A1".into(),
            told,
            link: link.map(|(expires_at, expirations, hash)| Link {
                expires_at,
                expirations,
                hash: [hash; 32],
            }),
        }
    }

    #[test]
    fn expirations_are_counted_from_what_was_seen() {
        let (past, later) = (NOW - 5, NOW + 5);
        for (told, former, hash, expiry, expected) in [
            // Never fetched: only an event can have carried one that ran out.
            (None, None, 1, Some(later), 0),
            (Some(later), None, 1, Some(later), 0),
            (Some(past), None, 1, Some(later), 1),
            // The same, fetched again.
            (None, Some((later, 0, 1)), 1, Some(later), 0),
            (Some(past), Some((later, 1, 1)), 1, Some(later), 1),
            // Another one: the former ran out, or was replaced before.
            (None, Some((past, 0, 1)), 2, Some(later), 1),
            (None, Some((past, 1, 1)), 2, Some(later), 2),
            (None, Some((later, 1, 1)), 2, Some(later), 1),
            // More than there can be; used up, and given again.
            (None, Some((past, 2, 1)), 2, Some(later), 2),
            (None, Some((past, 3, 1)), 2, Some(later), 0),
            // Bakkt does not say until when.
            (None, Some((past, 0, 1)), 1, None, 0),
        ] {
            let given = wanted(told, former).given([hash; 32], expiry, NOW);
            assert_eq!(given.expirations, expected, "{told:?} {former:?} {hash}");
            assert_eq!(given.expires_at, expiry.unwrap_or(NOW));
        }
    }

    #[test]
    fn the_last_one_is_told_before_it_runs_out() {
        let day = SOON;
        for (link, standing) in [
            (None, LinkStanding::NotFetched),
            (Some((NOW + day + 1, 0, 1)), LinkStanding::Good),
            (Some((NOW + day + 1, 2, 1)), LinkStanding::Good),
            (Some((NOW + day, 1, 1)), LinkStanding::RunsOut),
            (Some((NOW + day, 2, 1)), LinkStanding::Last),
            (Some((NOW, 2, 1)), LinkStanding::RanOut),
            (Some((NOW - 1, 3, 1)), LinkStanding::UsedUp),
            (Some((NOW + 1, 3, 1)), LinkStanding::UsedUp),
        ] {
            assert_eq!(wanted(None, link).standing(NOW), standing, "{link:?}");
        }
        let mut counts = LinkCounts::default();
        counts.add(LinkStanding::Last);
        counts.add(LinkStanding::RanOut);
        assert_eq!((counts.wanted, counts.fetched), (2, 1));
        assert_eq!((counts.running_out, counts.last_link), (1, 1));
        assert_eq!((counts.to_fetch, counts.used_up), (1, 0));
    }

    #[test]
    fn rows_are_kept_and_those_who_used_up_all_keep_their_last() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut journal = Journal::open(folder.path())?;
        journal.db.execute_batch(
            sql!("INSERT INTO record (id, file, row, offset, length, client_id, verdict, gaps) VALUES
               (1, 1, 2, 0, 9, 'A1',{verdict.ready}, 0), (2, 1, 3, 9, 9, 'B2',{verdict.ready}, 0);
             INSERT INTO task (id, record, kind, state, last_at) VALUES (1, 1, {kind.account}, {state.accepted}, 500), (2, 2, {kind.account}, {state.accepted}, 600);"),
        )?;
        let fetched = |at, expirations| FetchedLink {
            task: 1,
            at,
            link: Link {
                expires_at: at + 10,
                expirations,
                hash: [7; 32],
            },
        };
        journal.record_links(&[fetched(1, 0)])?;
        journal.record_links(&[fetched(2, 1)])?;
        journal.record_used_up(&[1, 2], 50)?;
        assert_eq!(journal.links()?, 2);
        let reader = Reader::open(&Journal::path(folder.path()))?;
        let rows = reader.all(LINKS, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
        let expected: [(i64, i64, i64, [u8; 32]); 2] = [(1, 12, 3, [7; 32]), (2, 50, 3, [0; 32])];
        assert_eq!(rows, expected);
        // Nobody is asked for documents, whatever the table has.
        assert_eq!(reader.link_counts(NOW)?, LinkCounts::default());
        Ok(())
    }
}
