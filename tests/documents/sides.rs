//! Documents of accounts that are not INDIVIDUAL always have a side.

use super::world::{PNG, World, account, joint};

fn file(world: &World, name: &str) {
    world.file(name, &[PNG, name.as_bytes()].concat());
}

#[test]
fn one_without_a_side_is_the_front_and_is_listed() {
    let world = World::new("CUSTODIAL");
    world.accounts(&[account("A1"), joint("A2", "50")]);
    for name in [
        "a.png", "b.png", "c.png", "d.png", "e.png", "f.png", "g.png", "h.png",
    ] {
        file(&world, name);
    }
    world.manifest(&[
        "a.png,A2,PASSPORT,,USA,,,,1,",
        "b.png,A2,DRIVERS_LICENSE,,USA,,,,2,",
        "c.png,A2,DRIVERS_LICENSE,UNSPECIFIED,USA,,,,2,",
        "d.png,A2,VISA,FRONT,USA,,,,1,",
        "e.png,A2,VISA,,USA,,,,1,",
        "f.png,A2,W_8BEN_FORM,BACK,USA,,,,1,",
        "g.png,A2,W_8BEN_FORM,,USA,,,,1,",
        "a.png,A2,ENTITY_DUE_DILIGENCE,,USA,,,,,governing_documents",
        "b.png,A2,ENTITY_DUE_DILIGENCE,,USA,,,,,shareholder_registry",
        "a.png,A2,CERTIFICATE_OF_INCORPORATION,FRONT,USA,,,,,",
        "b.png,A2,CERTIFICATE_OF_INCORPORATION,FRONT,USA,,,,,",
        "c.png,A2,CERTIFICATE_OF_BENEFICIAL_OWNERS,,USA,,,,,",
        "d.png,A2,CERTIFICATE_OF_BENEFICIAL_OWNERS,,USA,,,,,",
        "h.png,A1,PASSPORT,,USA,,,,1,",
        "h.png,A1,PASSPORT,,USA,,,,1,",
    ]);
    let told = world.check();
    for line in [
        "documents that say no side, sent as FRONT (8 in all)",
        "PASSPORT (line 2, 15, 16)",
        "could be the front as well (line 3, 4, 6)",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let sandbox = world.sandbox();
    let (totals, _) = world.run(&sandbox, &[]);
    let planned: Vec<(i64, String)> = world
        .planned()
        .into_iter()
        .map(|one| (one.verdict, one.what))
        .collect();
    let sent = |what: &str| (0, what.to_owned());
    assert_eq!(planned[0], sent("PASSPORT FRONT"));
    assert_eq!(planned[1], (1, "DRIVERS_LICENSE ".to_owned()));
    assert_eq!(planned[2], (1, "DRIVERS_LICENSE ".to_owned()));
    assert_eq!(
        (&planned[3], &planned[4]),
        (&sent("VISA FRONT"), &(1, "VISA ".to_owned()))
    );
    assert_eq!(
        (&planned[5], &planned[6]),
        (&sent("W_8BEN_FORM BACK"), &sent("W_8BEN_FORM FRONT"))
    );
    assert!(
        planned[7..13]
            .iter()
            .all(|(verdict, what)| *verdict == 0 && what.ends_with(" FRONT")),
        "{planned:?}"
    );
    assert_eq!(planned[13].0 + planned[14].0, 2, "one file is one document");
    let gaps = world.gaps();
    let about = |kind: &str| gaps.iter().filter(|gap| gap.contains(kind)).count();
    assert_eq!(
        [
            about("documents.DRIVERS_LICENSE "),
            about("documents.VISA "),
            about("CERTIFICATE_OF_BENEFICIAL_OWNERS"),
            about("CERTIFICATE_OF_INC"),
            about("DUE_DILIGENCE")
        ],
        [2, 1, 2, 0, 0],
        "{gaps:?}"
    );
    assert_eq!(totals["documents"]["side_assumed"], 7, "{totals}");
    // What was sent is what was planned: none is held, and each has a side.
    let ledger = sandbox.ledger();
    assert_eq!(ledger.documents.len(), 11);
    let sides: Vec<Option<&str>> = ledger
        .documents
        .values()
        .map(|one| one.side.as_deref())
        .collect();
    assert!(
        sides
            .iter()
            .all(|side| matches!(side, Some("FRONT" | "BACK"))),
        "{sides:?}"
    );
    let lines = std::fs::read_to_string(world.dir().join("report/documents.csv")).unwrap();
    assert_eq!(
        lines.lines().filter(|line| line.contains(",yes,")).count(),
        7,
        "{lines}"
    );
}
