//! Rows of recipients that are broken, have no key, or have one that cannot be read: whose they may be is told, and nobody gets those
//! of somebody else.

use std::collections::BTreeSet;

use super::world::{IBANS, World, row};

const RECIPIENTS: &str = r#"
[fields]
"custody.recipients[].accountName" = "PAYEE"
"custody.recipients[].currency" = { const = "EUR" }
"custody.recipients[].iban" = "IBAN"
"#;

const SOURCE: &str = "\n[source.recipients]\nfile = \"payees.csv\"\nmapping = \"payees.toml\"\nkey = \"KEY\"\naccount_key = \"PAYEE\"\n";

/// A world of customers with these keys, and payees with these, each line as it stands.
fn world(keys: &[&str], payees: &[String]) -> World {
    let people = keys.iter().enumerate().map(|(place, key)| {
        let id = format!("A-{}", place + 1);
        let email = format!("ann{place}@example.com");
        let line = row(&id, &email, "EUR", "N", "");
        // The payee in the customer's own row is not fed here; its column holds the key.
        line.replace(",N,,", &format!(",N,{key},"))
    });
    let world = World::new(&people.collect::<Vec<_>>(), SOURCE, "");
    let mapping = std::fs::read_to_string(world.dir().join("mapping.toml")).unwrap();
    let kept = mapping
        .lines()
        .filter(|line| !line.contains("custody.recipients[0]"));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    world.write("mapping.toml", &kept);
    world.write("payees.toml", RECIPIENTS);
    world.write(
        "payees.csv",
        &format!("KEY,PAYEE,IBAN\n{}\n", payees.join("\n")),
    );
    world
}

/// Customer, file and row of each gap of recipients.
fn gaps(world: &World) -> BTreeSet<String> {
    let gaps = world.sheet("custody-gaps.csv");
    let gaps = gaps
        .iter()
        .filter(|gap| gap["path"] == "custody.recipients[]");
    gaps.map(|gap| {
        let words: Vec<&str> = gap["reason"].split(' ').collect();
        format!(
            "{} {} {} … {}",
            gap["clientAccountId"],
            gap["file"],
            gap["row"],
            words[words.len() - 2..].join(" ")
        )
    })
    .collect()
}

#[test]
fn a_broken_row_of_recipients_is_a_gap_of_whoever_has_one_of_its_cells_for_a_key() {
    let payees = [
        format!("K1,Some Payee,{}", IBANS[0]),
        format!("K2,Payee, Some,{}", IBANS[1]),
        "K3,Some Payee".to_owned(),
        format!("K4,Some Payee,{}", IBANS[2]),
        format!("K9,Payee, Some,{}", IBANS[2]),
    ];
    let world = world(&["K1", "K2", "K3", "K4"], &payees);
    let said = world.ended(&mut world.command(&["check"], &[]), 3);
    for told in [
        "a row of the recipients' export that may be the customer's is broken (A-2, A-3)",
        "rows of payees.csv that nothing uses (1 in all)",
        "of nobody known 1",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    world.run(3);
    world.sessions(&["A-1", "A-2", "A-3", "A-4"], "");
    // The customers have logged in, and it is not over.
    let said = world.run(3);
    assert!(said.contains("of nobody known 1"), "{said}");
    assert_eq!(
        gaps(&world),
        [
            "A-2 payees.csv 3 … is broken",
            "A-3 payees.csv 4 … is broken"
        ]
        .map(str::to_owned)
        .into()
    );
    let unused = world.sheet("unused.csv");
    assert_eq!((unused.len(), unused[0]["row"].as_str()), (1, "6"));
    assert_eq!(world.made().recipients.len(), 2);
}

#[test]
fn a_row_of_recipients_without_a_key_is_told_of_the_customer_above() {
    let payees = [
        format!("K1,Some Payee,{}", IBANS[0]),
        format!(",Other Payee,{}", IBANS[1]),
        format!("K2,Some Payee,{}", IBANS[0]),
        format!("K3,Some Payee,{}", IBANS[0]),
        format!("K\u{fffd},Other Payee,{}", IBANS[1]),
        format!("K4,Some Payee,{}", IBANS[0]),
        format!("K5,Some Payee,{}", IBANS[0]),
    ];
    let world = world(&["K1", "K2", "K3", "K4", "K5", "K\u{fffd}6"], &payees);
    world.run(3);
    world.sessions(&["A-1", "A-2", "A-3", "A-4", "A-5", "A-6"], "");
    let said = world.run(3);
    assert!(said.contains("of nobody known 2"), "{said}");
    let told: BTreeSet<String> = gaps(&world).iter().map(|gap| gap[..3].to_owned()).collect();
    assert_eq!(told, ["A-1", "A-3", "A-4", "A-6"].map(str::to_owned).into());
    assert_eq!(world.made().recipients.len(), 5);
}

#[test]
fn a_payee_whose_key_is_a_placeholder_is_nobodys() {
    let payees = [
        format!("N/A,Stray Payee,{}", IBANS[1]),
        format!("K1,Some Payee,{}", IBANS[0]),
    ];
    let world = world(&["K1", "N/A", "n/a", "N/A"], &payees);
    let said = world.ended(&mut world.command(&["check"], &[]), 3);
    assert!(said.contains("no key (line 2)"), "{said}");
    world.run(3);
    world.sessions(&["A-1", "A-2", "A-3", "A-4"], "");
    world.run(3);
    let made = world.made();
    assert_eq!(made.recipients.len(), 1, "{:?}", made.recipients);
    assert!(
        made.recipients
            .keys()
            .all(|(customer, _)| customer == "A-1")
    );
}
