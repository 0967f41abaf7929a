//! Documents of customers whom a backfill makes whole.

use serde_json::json;

use super::world::{SETTINGS, THREE, World};

const DOCUMENTS: &str = r#"
[fields]
file = "FILE"
clientAccountId = "ID"
documentType = { const = "PASSPORT" }
documentSide = { const = "FRONT" }
owner_place = { const = "1" }
"#;

#[test]
fn they_go_with_the_account_and_those_of_others_stay() {
    let world = World::new(&THREE);
    world.write("documents.toml", DOCUMENTS);
    world.write("manifest.csv", "ID,FILE\nA-1,one.pdf\nA-3,three.pdf\n");
    std::fs::create_dir(world.path("docs")).unwrap();
    world.write("docs/one.pdf", "%PDF-1.7 one");
    world.write("docs/three.pdf", "%PDF-1.7 three");
    let documents = "[documents]\nroot = \"docs\"\nmanifest = \"manifest.csv\"\nmapping = \"documents.toml\"\n[grace]";
    world.write("migration.toml", &SETTINGS.replace("[grace]", documents));
    world.run();
    assert_eq!(world.sandbox.ledger().documents.len(), 1);
    let (said, code) = world.backfill(
        "both.csv",
        "clientAccountId,owners[0].emailAddress,owners[0].phoneNumber\nA-3,a3@example.com,\nA-1,,7755550100\n",
    );
    let does = &said["does"];
    assert_eq!(
        (code, &does["created"], &does["updates"]),
        (0, &json!(1), &json!(1)),
        "{said}"
    );
    world.run();
    let ledger = world.sandbox.ledger();
    let of: Vec<&str> = ledger
        .documents
        .values()
        .map(|document| document.account.as_str())
        .collect();
    let uploads: u64 = ledger
        .documents
        .values()
        .map(|document| document.uploads_made)
        .sum();
    assert_eq!((of.len(), uploads, of.contains(&"A-3")), (2, 2, true));
    assert_eq!(world.posts(), 4);
}
