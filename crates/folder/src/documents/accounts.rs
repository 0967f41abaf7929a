//! The accounts that documents speak of.
//!
//! Owner of [`Accounts`]: what planning must know of an account to judge its documents in any order. Only accounts that some
//! document names are kept, by a keyed hash of 128 bits of their id, so memory grows with the documents and not with the
//! export. Filled in two steps: every document says which account it wants, then the scan of the export gives each its record.
//! Left out on purpose: the ids themselves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Whether an account is sent, which decides about its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStanding {
    /// The account is sent.
    Sent,
    /// Something that is required is missing or invalid.
    Blocked,
    /// The operator left it out.
    Excluded,
    /// Its id stands on several rows.
    Duplicate,
}

impl AccountStanding {
    /// Why its documents stay; `None`: they go.
    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            AccountStanding::Sent => None,
            AccountStanding::Blocked => Some("its account is blocked"),
            AccountStanding::Excluded => Some("its account is excluded"),
            AccountStanding::Duplicate => Some("its account is a duplicate"),
        }
    }
}

/// One owner of a wanted account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedOwner<'a> {
    /// Place in the paths of the account, from 0.
    pub place: u32,
    /// clientOwnerId, as sent.
    pub id: &'a str,
}

/// A wanted account that the export has.
#[derive(Clone, Copy, Debug)]
pub struct WantedAccount<'a> {
    /// Its record.
    pub record: u32,
    /// Whether it is sent.
    pub standing: AccountStanding,
    /// Its own row has no gap.
    pub ready: bool,
    /// It is the account of an entity: its own documents need a country.
    pub entity: bool,
    /// It needs KYB: every document about a person says whose it is.
    pub kyb: bool,
    owners: &'a [OwnerEntry],
    ids: &'a str,
}

impl<'a> WantedAccount<'a> {
    /// Its owners, in their order; none of an account that is not sent.
    pub(crate) fn owners(&self) -> impl Iterator<Item = WantedOwner<'a>> + use<'a> {
        let ids = self.ids;
        self.owners.iter().map(move |owner| WantedOwner {
            place: owner.place,
            id: &ids[owner.start..owner.end],
        })
    }
}

#[derive(Debug)]
struct AccountEntry {
    /// 0: no row of the export has the id so far.
    record: u32,
    standing: AccountStanding,
    ready: bool,
    entity: bool,
    kyb: bool,
    owners: (usize, usize),
}

#[derive(Debug)]
struct OwnerEntry {
    place: u32,
    start: usize,
    end: usize,
}

/// What the scan of the export says of an account.
#[derive(Clone, Copy, Debug)]
pub struct AccountRow {
    /// Its record, from 1.
    pub record: u32,
    /// Without regard to duplicates.
    pub standing: AccountStanding,
    /// See [`WantedAccount::ready`].
    pub ready: bool,
    /// See [`WantedAccount::entity`].
    pub entity: bool,
    /// See [`WantedAccount::kyb`].
    pub kyb: bool,
}

/// The index.
#[derive(Debug, Default)]
pub struct Accounts {
    places: HashMap<u128, u32, BuildHasherDefault<PrefixHasher>>,
    entries: Vec<AccountEntry>,
    owners: Vec<OwnerEntry>,
    ids: String,
}

/// The keys are keyed hashes already: eight of their bytes do.
#[derive(Debug, Default)]
pub(crate) struct PrefixHasher(u64);

impl Hasher for PrefixHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

/// A hash as the index knows it.
pub fn key(hash: &[u8; 32]) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    u128::from_le_bytes(half)
}

impl Accounts {
    /// A document names the account with this hash.
    pub fn want(&mut self, id: &[u8; 32]) {
        let next = self.entries.len() as u32;
        let place = *self.places.entry(key(id)).or_insert(next);
        if place == next {
            self.entries.push(AccountEntry {
                record: 0,
                standing: AccountStanding::Blocked,
                ready: false,
                entity: false,
                kyb: false,
                owners: (0, 0),
            });
        }
    }

    /// Whether no document names any account.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether some document names the account.
    pub fn wants(&self, id: &[u8; 32]) -> bool {
        self.places.contains_key(&key(id))
    }

    /// A row of the export has this id. Of several the first one that is sent counts, else the first.
    pub fn note<'o>(
        &mut self,
        id: &[u8; 32],
        row: AccountRow,
        owners: impl Iterator<Item = (u32, &'o str)>,
    ) {
        let Some(place) = self.places.get(&key(id)) else {
            return;
        };
        let entry = &mut self.entries[*place as usize];
        if entry.record != 0
            && (entry.standing == AccountStanding::Sent || row.standing != AccountStanding::Sent)
        {
            return;
        }
        let first = self.owners.len();
        for (place, id) in owners {
            let start = self.ids.len();
            self.ids.push_str(id);
            let end = self.ids.len();
            self.owners.push(OwnerEntry { place, start, end });
        }
        *entry = AccountEntry {
            record: row.record,
            standing: row.standing,
            ready: row.ready,
            entity: row.entity,
            kyb: row.kyb,
            owners: (first, self.owners.len()),
        };
    }

    /// Records that turned out to be duplicates.
    pub fn mark_duplicates(&mut self, is_duplicate: impl Fn(u32) -> bool) {
        self.mark(AccountStanding::Duplicate, is_duplicate);
    }

    /// Records that are not sent for another reason than their own row.
    pub fn mark(&mut self, standing: AccountStanding, is_meant: impl Fn(u32) -> bool) {
        for entry in &mut self.entries {
            if entry.record != 0 && is_meant(entry.record) {
                entry.standing = standing;
            }
        }
    }

    /// The account with this hash, if the export has it.
    pub fn find(&self, id: &[u8; 32]) -> Option<WantedAccount<'_>> {
        self.find_key(key(id))
    }

    /// The same by the hash as the index knows it.
    pub fn find_key(&self, key: u128) -> Option<WantedAccount<'_>> {
        let place = *self.places.get(&key)?;
        let entry = &self.entries[place as usize];
        (entry.record != 0).then(|| WantedAccount {
            record: entry.record,
            standing: entry.standing,
            ready: entry.ready,
            entity: entry.entity,
            kyb: entry.kyb,
            owners: &self.owners[entry.owners.0..entry.owners.1],
            ids: &self.ids,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(record: u32, standing: AccountStanding) -> AccountRow {
        AccountRow {
            record,
            standing,
            ready: false,
            entity: false,
            kyb: true,
        }
    }

    #[test]
    fn only_wanted_accounts_are_kept_and_the_one_that_is_sent_counts() {
        let (mut accounts, [a, b, c]) = (Accounts::default(), [[1; 32], [2; 32], [3; 32]]);
        accounts.want(&a);
        accounts.want(&b);
        accounts.want(&a);
        assert_eq!(accounts.entries.len(), 2);
        accounts.note(&c, row(1, AccountStanding::Sent), [(0, "X")].into_iter());
        accounts.note(&a, row(2, AccountStanding::Blocked), std::iter::empty());
        accounts.note(
            &a,
            row(3, AccountStanding::Sent),
            [(0, "O1"), (2, "O2")].into_iter(),
        );
        accounts.note(&a, row(4, AccountStanding::Sent), [(0, "O3")].into_iter());
        assert!(accounts.find(&b).is_none() && accounts.find(&c).is_none());
        let found = accounts.find(&a);
        assert_eq!(
            found.map(|account| (account.record, account.kyb)),
            Some((3, true))
        );
        let owners: Vec<_> = found
            .into_iter()
            .flat_map(|account| account.owners())
            .collect();
        assert_eq!(
            owners,
            [
                WantedOwner { place: 0, id: "O1" },
                WantedOwner { place: 2, id: "O2" }
            ]
        );
        accounts.mark_duplicates(|record| record == 3);
        assert_eq!(
            accounts.find(&a).map(|account| account.standing),
            Some(AccountStanding::Duplicate)
        );
    }
}
