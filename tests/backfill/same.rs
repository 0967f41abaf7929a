//! A record without rows in a backfill file is what it would be without the file, byte for byte.
//!
//! Every case folder that can be opened, with a layer that has a column for every field of the contract, for two owners
//! and a contact, and rows of customers whom nobody has.

use std::collections::BTreeSet;
use std::path::Path;

use bakkt_contract::path::{find, patterns};
use bakkt_contract::{FieldShape, changes};
use bakkt_folder::migration::{BackfillFile, Binding, Migration, OverlayForm, settings};
use bakkt_mapping::pipeline::scan::{ScanOptions, scan};

const KEY: [u8; 32] = [7; 32];

/// Every field of the contract, in the first elements of its lists.
fn columns() -> Vec<String> {
    let mut all = Vec::new();
    for pattern in patterns() {
        for index in ["[0]", "[1]"] {
            let path = pattern.replace("[]", index);
            let leaf = |path: &str| match find(path).map(|found| found.field.shape) {
                Some(FieldShape::Leaf(_) | FieldShape::Lines(_)) => true,
                Some(FieldShape::Object(_) | FieldShape::List(_)) | None => false,
            };
            if path != "clientAccountId" && leaf(&path) && !all.contains(&path) {
                all.push(path);
            }
        }
    }
    assert!(
        all.iter().any(|path| changes::by_hand(path)) && all.len() > 150,
        "{}",
        all.len()
    );
    all
}

fn layer(folder: &Path) -> BackfillFile {
    let columns = columns();
    let rows = (1..4).map(|row| {
        let cells = columns.iter().map(|_| "x").collect::<Vec<_>>().join(",");
        format!("nobody-{row},{cells}\n")
    });
    let text = format!(
        "clientAccountId,{}\n{}",
        columns.join(","),
        rows.collect::<String>()
    );
    let path = folder.join("0001.csv");
    std::fs::write(&path, &text).unwrap();
    BackfillFile {
        number: 1,
        name: "all.csv".into(),
        path,
        hash: Some(*blake3::keyed_hash(&KEY, text.as_bytes()).as_bytes()),
        form: Some(OverlayForm::Fields),
        sheet: None,
        refused: BTreeSet::new(),
        who: std::collections::BTreeMap::new(),
    }
}

/// Everything that comes of every row, as texts.
fn rows(case: &Path, layers: Vec<BackfillFile>) -> Option<Vec<String>> {
    let binding = Binding {
        key: KEY,
        as_of: jiff::civil::date(2026, 6, 1),
        layers,
    };
    let mut migration = Migration::open(settings(case).ok()?, binding, &mut |_| Ok(())).ok()?;
    migration.index(&mut |_, _, _| Ok(())).ok()?;
    let pipeline = &migration.pipeline;
    let want = ScanOptions {
        payloads: true,
        hashes: true,
        facts: true,
        ..ScanOptions::default()
    };
    let mut all = Vec::new();
    let done = scan(&mut pipeline.export.pass(), pipeline, want, &mut |batch| {
        for row in &batch.rows {
            let gaps = batch.placed_gaps(row).map(|found| {
                assert!(found.laid.is_none());
                let path = &pipeline.plan.paths[found.gap.path as usize].path;
                format!(
                    "{path} {:?} {:?} {:?}",
                    found.gap.reason, found.gap.level, found.at
                )
            });
            let owners = batch.owners(row).map(|owner| format!("{owner:?}"));
            all.push(format!(
                "{:?} {:?} {:?} {:?} {:?} {}",
                row.verdict,
                row.hash,
                gaps.collect::<Vec<_>>(),
                owners.collect::<Vec<_>>(),
                batch.parts(row),
                String::from_utf8_lossy(batch.payload(row))
            ));
            assert!(batch.laid(row).is_empty());
        }
        Ok(())
    });
    let told = done.map_or_else(|error| error.to_string(), |()| String::new());
    all.push(told);
    let unused = pipeline.layers.iter().flat_map(|layer| layer.unused());
    assert!(
        unused.map(|(at, why)| (at.row, why)).eq((2..5)
            .map(|row| (row, "unknown account"))
            .take(3 * pipeline.layers.len()))
    );
    Some(all)
}

#[test]
fn a_file_with_every_field_changes_nobody_else() {
    let scratch = tempfile::tempdir().unwrap();
    let kept = layer(scratch.path());
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let (mut compared, mut records) = (0, 0);
    for case in std::fs::read_dir(cases).unwrap() {
        let case = case.unwrap().path();
        if !case.join("migration.toml").exists() {
            continue;
        }
        let Some(without) = rows(&case, Vec::new()) else {
            continue;
        };
        let with = rows(&case, vec![kept.clone()]);
        assert_eq!(with.as_ref(), Some(&without), "{}", case.display());
        compared += 1;
        records += without.len();
    }
    assert!(
        compared > 100 && records > 500,
        "{compared} cases, {records} rows"
    );
}
