//! What must be told or acknowledged by people when it changes on an account that Bakkt has (contract, section 6).
//!
//! Owner of the form of two lists of keyed marks, and of comparing them: the agreements of each owner, which both sides
//! must have acknowledged before an update changes them, and the owners of an entity, of whose changes Bakkt must be told.
//! Left out on purpose: how marks are made (`pipeline::owner_marks`) and what follows from a change (`journal::ownership`).

/// Bytes of one mark.
pub const MARK: usize = 8;
/// Marks of one owner's agreements: whose they are, and what they say.
pub(crate) const AGREEMENT_MARKS: usize = 2 * MARK;
/// Marks of one owner: their id, who they are, and what they own and do.
pub(crate) const OWNER_MARKS: usize = 3 * MARK;

/// What an agreement's path begins with.
const AGREEMENTS: &str = "owners[].agreements[].";

/// Whether a pattern is that of a part of an agreement.
pub(crate) fn is_of_agreement(pattern: &str) -> bool {
    pattern.starts_with(AGREEMENTS)
}

/// Whether agreements that Bakkt has are gone or others now. A first agreement of an owner who had none is no change.
pub fn agreements_changed(before: &[u8], after: &[u8]) -> bool {
    let stays = |entry| {
        after
            .chunks_exact(AGREEMENT_MARKS)
            .any(|other| other == entry)
    };
    !before.chunks_exact(AGREEMENT_MARKS).all(stays)
}

/// How the owners of one account changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerChanges {
    /// Owners who were not there.
    pub added: u64,
    /// Owners who are gone.
    pub removed: u64,
    /// Owners whose role, share or management of the entity is another.
    pub changed: u64,
}

impl OwnerChanges {
    /// Whether nothing changed.
    pub fn none(self) -> bool {
        self == OwnerChanges::default()
    }
}

/// Compares the owners of one account. Somebody is the same owner while they are the same person, whatever their id is;
/// somebody else under the same id is another owner.
pub fn owner_changes(before: &[u8], after: &[u8]) -> OwnerChanges {
    let person = |entry: &[u8]| entry[MARK..2 * MARK].to_vec();
    let owns = |entry: &[u8]| entry[2 * MARK..].to_vec();
    let mut left: Vec<&[u8]> = after.chunks_exact(OWNER_MARKS).collect();
    let mut changes = OwnerChanges::default();
    for entry in before.chunks_exact(OWNER_MARKS) {
        match left.iter().position(|other| person(other) == person(entry)) {
            Some(place) => {
                changes.changed += u64::from(owns(left.swap_remove(place)) != owns(entry))
            }
            None => changes.removed += 1,
        }
    }
    changes.added = left.len() as u64;
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(all: &[[u8; 3]]) -> Vec<u8> {
        let marks = all.iter().flatten();
        marks.flat_map(|byte| [*byte; MARK]).collect()
    }

    #[test]
    fn owners_are_told_apart_by_who_they_are() {
        let before = owners(&[[1, 10, 50], [2, 20, 30]]);
        let changes = |after: &[[u8; 3]]| {
            let OwnerChanges {
                added,
                removed,
                changed,
            } = owner_changes(&before, &owners(after));
            (added, removed, changed)
        };
        assert_eq!(changes(&[[2, 20, 30], [1, 10, 50]]), (0, 0, 0));
        assert_eq!(changes(&[[9, 10, 50], [2, 20, 30]]), (0, 0, 0));
        assert_eq!(changes(&[[1, 10, 60], [2, 20, 30]]), (0, 0, 1));
        assert_eq!(changes(&[[1, 10, 50], [2, 21, 30]]), (1, 1, 0));
        assert_eq!(changes(&[[1, 10, 50]]), (0, 1, 0));
        assert_eq!(changes(&[[1, 10, 50], [2, 20, 30], [3, 30, 20]]), (1, 0, 0));
    }

    #[test]
    fn a_first_agreement_is_no_change() {
        let of = |all: &[[u8; 2]]| -> Vec<u8> {
            let marks = all.iter().flatten();
            marks.flat_map(|byte| [*byte; MARK]).collect()
        };
        let one = of(&[[1, 10]]);
        assert!(!agreements_changed(&of(&[]), &one));
        assert!(!agreements_changed(&one, &of(&[[2, 20], [1, 10]])));
        assert!(agreements_changed(&one, &of(&[[1, 11]])));
        assert!(agreements_changed(&one, &of(&[])));
        assert!(agreements_changed(&one, &of(&[[2, 10]])));
    }
}
