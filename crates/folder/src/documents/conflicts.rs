//! Documents that probably belong to another customer than the one they are given to.
//!
//! Owner of [`Conflicts`]: one file that several customers claim, and a file whose path names another customer than the row
//! that claims it. Filled in the same two steps as the accounts: every document is noted, then the scan of the export says
//! which of the names in paths are ids. Ids are compared as keyed hashes; memory grows with the documents, in about fifty
//! bytes each, and with the names in paths that do not name their own customer.
//! Left out on purpose: what two files hold. Planning reads that, and so finds copies of one file (`commands::findings`).

use std::collections::BTreeMap;

/// A keyed hash of an id, cut to sixteen bytes.
pub(crate) type IdKey = u128;

/// A document that looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The account that claims it.
    pub account: IdKey,
    /// The row of the manifest; the number of the name in a folder.
    pub row: u64,
    /// The account that claims it first, or that its path names.
    pub other: IdKey,
    /// Of a shared file, the row that claims it first; else its own row.
    pub group: u64,
}

/// Everything that is noted of documents.
#[derive(Debug, Default)]
pub struct Conflicts {
    files: Vec<(IdKey, IdKey, u64)>,
    suspects: Vec<SuspectRow>,
    /// Hashes of names in the paths of suspects, with their paths' numbers.
    names: Vec<(IdKey, u32)>,
    /// Documents whose path names their own customer.
    own: u64,
    total: u64,
    given_up: bool,
    /// Names that turned out to be ids, with their records.
    known: BTreeMap<IdKey, u32>,
}

#[derive(Clone, Copy, Debug)]
struct SuspectRow {
    account: IdKey,
    row: u64,
}

/// The most names that are kept: paths that hold so many follow no convention.
const MOST_NAMES: usize = 8_000_000;
/// The most parts of a path's component that are put together.
const SPAN: usize = 3;

impl Conflicts {
    /// Notes a document: its account's id, its path, and its row. `hash` makes keys.
    pub fn note(&mut self, id: &str, path: &str, row: u64, hash: impl Fn(&str) -> IdKey) {
        let account = hash(id);
        let path = path.replace('\\', "/");
        let path = path.trim_start_matches("./");
        self.files.push((hash(path), account, row));
        self.total += 1;
        if names_id(path, id) {
            self.own += 1;
            return;
        }
        if self.given_up {
            return;
        }
        let number = self.suspects.len() as u32;
        self.suspects.push(SuspectRow { account, row });
        each_name(path, |name| self.names.push((hash(name), number)));
        if self.names.len() > MOST_NAMES {
            self.given_up = true;
            self.names = Vec::new();
            self.suspects = Vec::new();
        }
    }

    /// Ends the first step.
    pub fn sort(&mut self) {
        self.names.sort_unstable();
        self.files.sort_unstable();
        // Only files that are claimed more than once matter from here on.
        let shared = self.files.chunk_by(|a, b| a.0 == b.0);
        let shared = shared.filter(|claims| claims.iter().any(|claim| claim.1 != claims[0].1));
        self.files = shared.flatten().copied().collect();
    }

    /// Whether no id matters.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The record of an account that some path may name.
    pub fn note_account(&mut self, key: IdKey, record: u32) {
        let place = self.names.partition_point(|(name, _)| *name < key);
        if self.names.get(place).is_some_and(|(name, _)| *name == key) {
            self.known.entry(key).or_insert(record);
        }
    }

    /// The record of an account that a path names.
    pub fn record_of(&self, key: IdKey) -> Option<u32> {
        self.known.get(&key).copied()
    }

    /// One file of several customers: every row that claims it, in the order of the manifest.
    pub fn shared(&self) -> Vec<Conflict> {
        let mut all = Vec::new();
        for claims in self.files.chunk_by(|a, b| a.0 == b.0) {
            let first = claims.iter().min_by_key(|(.., row)| *row);
            let (other, group) = first.map_or((0, 0), |(_, account, row)| (*account, *row));
            all.extend(claims.iter().map(|(_, account, row)| Conflict {
                account: *account,
                row: *row,
                other,
                group,
            }));
        }
        all.sort_unstable_by_key(|conflict| conflict.row);
        all
    }

    /// Files that name another customer. Only where paths name customers at all: numbers of scans are no ids.
    pub fn misplaced(&self) -> Vec<Conflict> {
        let mut found: BTreeMap<u32, IdKey> = BTreeMap::new();
        for (name, number) in &self.names {
            if self.known.contains_key(name) {
                found.entry(*number).or_insert(*name);
            }
        }
        let others = found.len() as u64;
        let is_convention = (self.own + others) * 2 >= self.total && (self.own > 0 || others <= 2);
        if !is_convention || others > self.own.max(2) {
            return Vec::new();
        }
        let mut all: Vec<Conflict> = found
            .into_iter()
            .filter_map(|(number, other)| {
                let suspect = self.suspects.get(number as usize)?;
                Some(Conflict {
                    account: suspect.account,
                    row: suspect.row,
                    other,
                    group: suspect.row,
                })
            })
            .filter(|conflict| conflict.account != conflict.other)
            .collect();
        all.sort_unstable_by_key(|conflict| conflict.row);
        all
    }
}

/// Whether a path names an id, not as a piece of a longer word or number.
fn names_id(path: &str, id: &str) -> bool {
    path.match_indices(id).any(|(at, _)| {
        let before = path[..at].chars().next_back();
        let after = path[at + id.len()..].chars().next();
        let ends = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
        ends(before) && ends(after)
    })
}

/// Everything in a path that may be an id: its components, and up to three of their parts together.
fn each_name(path: &str, mut each: impl FnMut(&str)) {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    for component in folders.split('/').chain([stem]) {
        let parts: Vec<(usize, usize)> = parts(component);
        for (at, (start, _)) in parts.iter().enumerate() {
            for (_, end) in parts.iter().skip(at).take(SPAN) {
                let name = &component[*start..*end];
                if may_be_id(name) {
                    each(name);
                }
            }
        }
        if parts.len() > SPAN && may_be_id(component) {
            each(component);
        }
    }
}

/// Where the words of a component begin and end.
fn parts(component: &str) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = None;
    for (at, c) in component.char_indices() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                parts.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        parts.push((from, component.len()));
    }
    parts.truncate(12);
    parts
}

/// Words that are too short, years and days are no ids.
fn may_be_id(name: &str) -> bool {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    let year = name.starts_with("19") || name.starts_with("20");
    name.len() >= 2 && !(digits && (name.len() < 3 || (year && matches!(name.len(), 4 | 8))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{DefaultHasher, Hash, Hasher};

    /// Shared: the row, and whether it is the first customer's. Misplaced: the row, and whom its path names.
    type ReportedRows = (Vec<(u64, bool)>, Vec<(u64, String)>);

    fn key(text: &str) -> IdKey {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        IdKey::from(hasher.finish())
    }

    fn conflicts(rows: &[(&str, &str)], ids: &[&str]) -> ReportedRows {
        let mut conflicts = Conflicts::default();
        for ((id, path), row) in rows.iter().zip(2..) {
            conflicts.note(id, path, row, key);
        }
        conflicts.sort();
        ids.iter().for_each(|id| conflicts.note_account(key(id), 1));
        let shared = conflicts.shared();
        let shared = shared.iter().map(|one| (one.row, one.account == one.other));
        let name = |wanted: IdKey| ids.iter().find(|id| key(id) == wanted).map_or("", |id| *id);
        let misplaced = conflicts.misplaced();
        let misplaced = misplaced
            .iter()
            .map(|one| (one.row, name(one.other).to_owned()));
        (shared.collect(), misplaced.collect())
    }

    #[test]
    fn one_file_of_two_customers_is_found_in_both_rows() {
        let rows = [
            ("C-1", "scans/a.pdf"),
            ("C-2", "scans/b.pdf"),
            ("C-3", "scans\\a.pdf"),
            ("C-2", "scans/b.pdf"),
        ];
        assert_eq!(
            conflicts(&rows, &["C-1", "C-2", "C-3"]).0,
            [(2, true), (4, false)]
        );
    }

    #[test]
    fn a_path_that_names_another_customer_is_found() {
        let ids = ["C-1", "C-2", "C-100", "77123", "2023"];
        for (wrong, other) in [
            (("C-1", "C-2/passport.pdf"), "C-2"),
            (("C-1", "C-100_DL_FRONT.jpg"), "C-100"),
            (("C-1", "kyc/2024/77123.pdf"), "77123"),
        ] {
            let rows = [
                ("C-2", "C-2/front.pdf"),
                ("C-100", "C-100_PASSPORT.pdf"),
                wrong,
            ];
            assert_eq!(
                conflicts(&rows, &ids).1,
                [(4, other.to_owned())],
                "{wrong:?}"
            );
        }
        // Two that were exchanged.
        let rows = [("C-1", "C-2.pdf"), ("C-2", "C-1.pdf")];
        assert_eq!(conflicts(&rows, &ids).1.len(), 2);
    }

    #[test]
    fn numbers_of_scans_and_years_name_nobody() {
        let ids = ["10001", "10002", "10003", "10004", "2023", "C-1"];
        let rows = [
            ("10001", "s/10002.pdf"),
            ("10002", "s/10003.pdf"),
            ("10003", "s/10004.pdf"),
            ("10004", "s/10001.pdf"),
        ];
        assert!(conflicts(&rows, &ids).1.is_empty());
        let rows = [
            ("C-1", "C-1/passport_2023.pdf"),
            ("2023", "2023/a.pdf"),
            ("C-1", "passport_2023.pdf"),
        ];
        assert!(conflicts(&rows, &ids).1.is_empty());
        // A path that names its own customer as well.
        let rows = [("C-1", "10001/C-1.pdf"), ("10001", "10001/a.pdf")];
        assert!(conflicts(&rows, &ids).1.is_empty());
    }
}
