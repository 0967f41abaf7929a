//! What a scan tells of owners to whoever asks: place, clientOwnerId as sent, share, manager, U.S. person.

use std::path::Path;

use bakkt_contract::documents::owner::{ABOVE_25, FOREIGN, MANAGES, SHARE_UNKNOWN};
use bakkt_folder::migration::{Binding, Migration, settings};
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};

type Owner = (u32, String, u32);

/// The owners of every record of a case, and its payloads where they were asked for.
fn owners(case: &str, want: ScanOptions) -> Vec<(Vec<Owner>, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let binding = Binding {
        key: [7; 32],
        as_of: jiff::civil::date(2026, 6, 1),
        layers: Vec::new(),
    };
    let migration =
        Migration::open(settings(&dir.join(case)).unwrap(), binding, &mut |_| Ok(())).unwrap();
    let mut all = Vec::new();
    scan(
        &mut migration.pipeline.export.pass(),
        &migration.pipeline,
        want,
        &mut |batch| {
            for row in &batch.rows {
                let owners = batch.owners(row);
                let owners = owners.map(|(place, id, flags)| (place, id.to_owned(), flags));
                all.push((owners.collect(), batch.payload(row).to_vec()));
            }
            Ok(())
        },
    )
    .unwrap();
    all
}

const FACTS: ScanOptions = ScanOptions {
    payloads: false,
    hashes: false,
    facts: true,
    shapes: false,
    ids: true,
    people: false,
    findings: false,
};

#[test]
fn shares_managers_and_foreigners_are_told_apart() {
    let all = owners("owner-shares", FACTS);
    let flags: Vec<Vec<u32>> = all
        .iter()
        .map(|(owners, _)| owners.iter().map(|(.., flags)| *flags).collect())
        .collect();
    assert_eq!(
        flags,
        [
            vec![ABOVE_25 | MANAGES, FOREIGN],
            vec![0, ABOVE_25 | MANAGES | FOREIGN],
            vec![SHARE_UNKNOWN, SHARE_UNKNOWN | FOREIGN],
            vec![SHARE_UNKNOWN | MANAGES],
            vec![SHARE_UNKNOWN | MANAGES],
            vec![FOREIGN],
        ]
    );
    for (owners, _) in &all {
        let places: Vec<u32> = owners.iter().map(|(place, ..)| *place).collect();
        assert_eq!(places, (0..owners.len() as u32).collect::<Vec<_>>());
    }
    assert_eq!(all[0].0[1].1, "B-1");
}

#[test]
fn ids_are_those_that_are_sent_with_and_without_a_payload() {
    let whole = ScanOptions {
        payloads: true,
        ..FACTS
    };
    let mut seen = 0;
    for case in ["owner-shares", "joint-owners", "personal-trust"] {
        let (brief, whole) = (owners(case, FACTS), owners(case, whole));
        for ((owners, _), (same, payload)) in brief.iter().zip(&whole) {
            assert_eq!(owners, same, "{case}");
            if payload.is_empty() {
                assert!(
                    owners.is_empty(),
                    "{case}: nothing is known of who is not sent"
                );
                continue;
            }
            let payload: serde_json::Value = serde_json::from_slice(payload).unwrap();
            let sent = payload["owners"].as_array().unwrap();
            let sent: Vec<&str> = sent
                .iter()
                .map(|owner| owner["clientOwnerId"].as_str().unwrap())
                .collect();
            let ids: Vec<&str> = owners.iter().map(|(_, id, _)| id.as_str()).collect();
            assert_eq!(ids, sent, "{case}");
            seen += ids.len();
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn the_type_of_every_record_is_told() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/account-types");
    let binding = Binding {
        key: [7; 32],
        as_of: jiff::civil::date(2026, 6, 1),
        layers: Vec::new(),
    };
    let migration = Migration::open(settings(&dir).unwrap(), binding, &mut |_| Ok(())).unwrap();
    let mut all = Vec::new();
    let pipeline = &migration.pipeline;
    scan(
        &mut migration.pipeline.export.pass(),
        pipeline,
        ScanOptions::default(),
        &mut |batch| {
            all.extend(batch.rows.iter().map(|row| row.account_type));
            Ok(())
        },
    )
    .unwrap();
    let (trust, individual) = (Some("ENTITY_PERSONAL_TRUST"), Some("INDIVIDUAL"));
    let first = [
        Some("ENTITY"),
        individual,
        individual,
        Some("CUSTODIAL"),
        trust,
    ];
    assert_eq!(all[..5], first);
    assert_eq!(
        all[8..10],
        [None, None],
        "a code that is not in the table, and none"
    );
}

#[test]
fn nobody_asks_nothing_is_told() {
    let all = owners("owner-shares", ScanOptions::default());
    assert!(all.iter().all(|(owners, _)| owners.is_empty()));
}
