//! What a whole export has found of its records, compared.

use super::*;
use crate::findings::checks::TaxedOwner;

fn seen(line: u64, person: u64, tax_id: u64, email: u64) -> ScannedRecord<'static> {
    ScannedRecord {
        at: (0, line),
        account_type: 0,
        standing: RecordStanding::Ready,
        person,
        keys: ComparisonKeys {
            tax_id,
            email,
            ..ComparisonKeys::default()
        },
        further: &[],
        found: &[],
    }
}

fn told(outcome: &GatheredFindings) -> Vec<(&'static str, u64, u64)> {
    let told = outcome.told.iter();
    told.map(|told| (told.kind.name(), told.count, told.groups))
        .collect()
}

#[test]
fn one_person_is_told_once_and_strangers_with_one_tax_id_as_such() {
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    for (line, person, tax_id, email) in [
        (2, 1, 10, 20),
        (3, 1, 10, 20),
        (5, 2, 30, 0),
        (6, 3, 30, 0),
        (7, 4, 0, 40),
    ] {
        gathering.add(&seen(line, person, tax_id, email));
    }
    let outcome = gathering.finish(std::iter::empty());
    assert_eq!(
        told(&outcome),
        [("same_person", 2, 1), ("same_tax_id", 2, 1)]
    );
    assert_eq!(
        [1, 2, 3, 4, 5].map(|record| outcome.line_of(record).1),
        [2, 3, 5, 6, 7]
    );
    let members: Vec<_> = outcome
        .members()
        .map(|one| (one.record, one.first))
        .collect();
    assert_eq!(members, [(1, 1), (2, 1), (3, 3), (4, 3)]);
}

#[test]
fn duplicates_are_no_findings_and_groups_of_other_types_neither() {
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    for line in 2..5 {
        gathering.add(&seen(line, 1, 10, 20));
    }
    let other = ScannedRecord {
        account_type: 1,
        ..seen(5, 1, 10, 20)
    };
    gathering.add(&other);
    let outcome = gathering.finish([2, 3].into_iter());
    assert!(outcome.told.is_empty(), "{:?}", outcome.told);
}

#[test]
fn what_blocks_names_the_most_important_kind() {
    let mut rules = FindingRules::default();
    rules.set(FindingKind::SameTaxId, FindingAction::Block);
    rules.set(FindingKind::SameEmail, FindingAction::Block);
    let mut gathering = Gathering::new(&rules, &ColumnStore::default());
    gathering.add(&seen(2, 1, 10, 20));
    gathering.add(&seen(3, 2, 10, 20));
    let blocked = ScannedRecord {
        standing: RecordStanding::NotSent,
        ..seen(4, 3, 10, 0)
    };
    gathering.add(&blocked);
    gathering.add(&seen(5, 4, 0, 20));
    let outcome = gathering.finish(std::iter::empty());
    let kinds: Vec<_> = outcome
        .blocked
        .iter()
        .map(|(record, kind, _)| (*record, *kind))
        .collect();
    assert_eq!(
        kinds,
        [
            (1, FindingKind::SameTaxId),
            (2, FindingKind::SameTaxId),
            (4, FindingKind::SameEmail)
        ]
    );
}

#[test]
fn findings_are_the_same_wherever_they_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = [
        ColumnStore::default(),
        ColumnStore::with_room(folder.path(), 0),
    ];
    let [in_memory, stored] = stores.map(|store| {
        let mut gathering = Gathering::new(&FindingRules::default(), &store);
        for line in 0..200_000u64 {
            let mut one = seen(line + 2, line + 1, line % 150_000 + 1, 0);
            one.keys.born = (line % 9_000) as u16 + u16::from(line % 50 == 0) * 20_000;
            one.standing = match line % 3 {
                0 => RecordStanding::NotSent,
                1 => RecordStanding::Ready,
                _ => RecordStanding::Grace,
            };
            gathering.add(&one);
        }
        let outcome = gathering.finish([7, 150_009].into_iter());
        let members: Vec<Member> = outcome.members().collect();
        outcome.check().expect("everything was read");
        (outcome.told, members)
    });
    let counts: Vec<u64> = in_memory.0.iter().map(|told| told.count).collect();
    assert!(counts.contains(&99_996), "{counts:?}");
    assert_eq!(in_memory, stored);
}

#[test]
fn one_birth_date_of_many_is_told() {
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    for line in 0..40u64 {
        let mut one = seen(line + 2, 0, 0, 0);
        one.keys.born = if line < 5 { 9 } else { 100 + (line % 9) as u16 };
        one.keys.born = if line < 9 {
            one.keys.born
        } else {
            100 + line as u16
        };
        gathering.add(&one);
    }
    let outcome = gathering.finish(std::iter::empty());
    assert_eq!(told(&outcome), [("default_birth_date", 5, 1)]);
}

#[test]
fn a_person_found_alone_and_in_a_group_counts_once() {
    let alone = [RecordFinding {
        kind: FindingKind::SamePerson,
        field: Some(1),
        shape: String::new(),
        at: None,
    }];
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    for (line, person, found) in [(2, 7, &alone[..]), (3, 7, &[]), (4, 8, &alone[..])] {
        gathering.add(&ScannedRecord {
            found,
            ..seen(line, person, 0, 0)
        });
    }
    let outcome = gathering.finish(std::iter::empty());
    assert_eq!(told(&outcome), [("same_person", 3, 1)]);
    assert_eq!(outcome.told[0].spots.len(), 4);
}

#[test]
fn rounded_ids_are_one_group_beside_those_that_are_changed_by_themselves() {
    use crate::findings::ids::DigitsBehind;
    let date = [RecordFinding {
        kind: FindingKind::ChangedId,
        field: None,
        shape: String::new(),
        at: None,
    }];
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    for (line, behind) in (2..).zip([DigitsBehind::Zeros; 5]) {
        let mut one = seen(line, 0, 0, 0);
        (one.keys.digits, one.keys.behind) = (16, behind);
        gathering.add(&one);
    }
    let changed = ScannedRecord {
        found: &date,
        ..seen(7, 0, 0, 0)
    };
    gathering.add(&changed);
    let outcome = gathering.finish(std::iter::empty());
    assert_eq!(told(&outcome), [("changed_id", 6, 1)]);
    let members: Vec<_> = outcome.members().map(|one| one.record).collect();
    assert_eq!(members, [1, 2, 3, 4, 5]);
}

#[test]
fn a_tax_id_of_several_owners_is_told_wherever_they_stand() {
    let mut gathering = Gathering::new(&FindingRules::default(), &ColumnStore::default());
    // Person and tax id by which the record is compared, and those of a further owner. A joint owner has the number of another customer;
    // two joint owners share one; one is a customer once more; two of one account share one, which the record tells by itself.
    for (line, own, further) in [
        (2, (4, 0), (1, 10)),
        (3, (3, 10), (0, 0)),
        (4, (5, 0), (9, 30)),
        (5, (6, 0), (8, 30)),
        (6, (7, 0), (2, 20)),
        (7, (2, 20), (0, 0)),
        (8, (11, 50), (12, 50)),
    ] {
        let further = [TaxedOwner {
            tax_id: further.1,
            person: further.0,
        }];
        gathering.add(&ScannedRecord {
            further: &further,
            ..seen(line, own.0, own.1, 0)
        });
    }
    let outcome = gathering.finish(std::iter::empty());
    assert_eq!(told(&outcome), [("same_tax_id", 4, 2)]);
    let members: Vec<_> = outcome
        .members()
        .map(|one| (one.record, one.first))
        .collect();
    assert_eq!(members, [(1, 1), (2, 1), (3, 3), (4, 3)]);
}
