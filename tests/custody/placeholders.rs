//! Values in the form of a name, a number or a mailbox that stand for none, and numbers that are another field's: gaps of custody.

use std::collections::BTreeSet;

use super::world::{World, row};

const RECIPIENTS: &str = r#"
[fields]
"custody.recipients[].accountName" = "PAYEE"
"custody.recipients[].currency" = "CCY"
"custody.recipients[].iban" = "IBAN"
"custody.recipients[].accountNumber" = "ACCOUNT"
"custody.recipients[].routingNumber" = "ROUTING"
"custody.recipients[].sortCode" = "SORT"
"custody.recipients[].bankCode" = "BANK"
"custody.recipients[].accountType" = { const = "Checking", when = "ROUTING" }
"custody.recipients[].relationship" = "RELATION"
"#;

/// Payee, currency, IBAN, account number, routing number, sort code, bank code, relationship; and the field that is a gap, none where all is well.
type Payee = ([&'static str; 8], &'static str);

const PAYEES: &[Payee] = &[
    // All is well.
    (
        [
            "Ida Oak",
            "USD",
            "",
            "8800580",
            "021000584",
            "",
            "",
            "Family",
        ],
        "",
    ),
    (
        ["Walt Test", "GBP", "", "31000380", "", "20-38-00", "", ""],
        "",
    ),
    (["Xi Xx", "NGN", "", "0000000460", "", "", "058", ""], ""),
    (
        [
            "Zoë Fir",
            "EUR",
            "DE89370400440532013000",
            "",
            "",
            "",
            "",
            "",
        ],
        "",
    ),
    // Numbers that stand for none.
    (
        ["Ida Oak", "USD", "", "0000000", "021000584", "", "", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "USD", "", "1111111", "021000584", "", "", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "USD", "", "123456789", "021000584", "", "", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "USD", "", "8800581", "000000000", "", "", ""],
        "routingNumber",
    ),
    (
        ["Ida Oak", "GBP", "", "12345678", "", "20-38-00", "", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "GBP", "", "31000381", "", "00-00-00", "", ""],
        "sortCode",
    ),
    (
        ["Ida Oak", "NGN", "", "0123456789", "", "", "058", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "NGN", "", "0000000461", "", "", "000", ""],
        "bankCode",
    ),
    (
        [
            "Ida Oak",
            "EUR",
            "DE68370400440000000000",
            "",
            "",
            "",
            "",
            "",
        ],
        "iban",
    ),
    // Numbers of another field.
    (
        ["Ida Oak", "USD", "", "021000584", "021000584", "", "", ""],
        "accountNumber",
    ),
    (
        ["Ida Oak", "USD", "", "987001234", "021000584", "", "", ""],
        "accountNumber",
    ),
    // Names that stand for none.
    (
        ["N/A", "USD", "", "8800582", "021000584", "", "", ""],
        "accountName",
    ),
    (
        ["test", "USD", "", "8800583", "021000584", "", "", ""],
        "accountName",
    ),
    (
        ["8800584", "USD", "", "8800584", "021000584", "", "", ""],
        "accountName",
    ),
    (
        [
            "DE89 3704 0044 0532 0130 00",
            "EUR",
            "DE89370400440532013000",
            "",
            "",
            "",
            "",
            "",
        ],
        "accountName",
    ),
    (
        ["Ida Oak", "USD", "", "8800585", "021000584", "", "", "N/A"],
        "relationship",
    ),
];

#[test]
fn what_stands_for_none_is_a_gap_and_no_recipient() {
    let long = "x".repeat(200);
    let mut payees: Vec<Payee> = PAYEES.to_vec();
    payees.push((
        [long.leak(), "USD", "", "8800586", "021000584", "", "", ""],
        "accountName",
    ));
    let id = |place: usize| format!("A-{place}");
    let people: Vec<String> = (0..payees.len())
        .map(|place| {
            row(
                &id(place),
                &format!("ann{place}@example.com"),
                "EUR",
                "N",
                "",
            )
        })
        .collect();
    let source =
        "\n[source.recipients]\nfile = \"payees.csv\"\nmapping = \"payees.toml\"\nkey = \"ID\"\n";
    let world = World::new(&people, source, "");
    world.write("payees.toml", RECIPIENTS);
    let lines = payees.iter().enumerate();
    let lines = lines.map(|(place, (cells, _))| format!("{},{}\n", id(place), cells.join(",")));
    let header = "ID,PAYEE,CCY,IBAN,ACCOUNT,ROUTING,SORT,BANK,RELATION\n";
    world.write(
        "payees.csv",
        &format!("{header}{}", lines.collect::<String>()),
    );
    world.run(3);

    let gaps: BTreeSet<String> = world
        .sheet("custody-gaps.csv")
        .iter()
        .map(|gap| format!("{} {}", gap["clientAccountId"], gap["path"]))
        .collect();
    let wrong = payees
        .iter()
        .enumerate()
        .filter(|(_, (_, field))| !field.is_empty());
    let wanted: BTreeSet<String> = wrong
        .map(|(place, (_, field))| format!("{} custody.recipients[].{field}", id(place)))
        .collect();
    assert_eq!(gaps, wanted);
    assert_eq!(world.states()["recipient held needs a session"], 4);
}

#[test]
fn a_user_has_a_name_and_a_mailbox_of_their_own() {
    let mut people = ["A-1", "A-2", "A-3"].map(|id| {
        let email = format!("{}@example.com", id.to_lowercase());
        row(id, &email, "EUR", "N", "")
    });
    people[1] = people[1].replace("a-2@example.com", "test@test.com");
    people[2] = people[2].replace(",Ann,", ",Unknown,");
    let world = World::new(&people, "", "");
    world.run(3);
    let gaps: Vec<String> = world
        .sheet("custody-gaps.csv")
        .iter()
        .map(|gap| format!("{} {}", gap["clientAccountId"], gap["path"]))
        .collect();
    assert_eq!(gaps, ["A-2 custody.email", "A-3 custody.firstName"]);
    assert_eq!(world.states()["user accepted"], 1);
}
