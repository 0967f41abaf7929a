//! Recipients of whom nobody can tell which is right, and names that nobody can write in plain letters by rule: gaps of custody, and
//! nothing is made of them.

use super::world::{IBANS, World, row};

const RECIPIENTS: &str = r#"
[fields]
"custody.recipients[].accountName" = "PAYEE"
"custody.recipients[].currency" = { const = "EUR" }
"custody.recipients[].iban" = "IBAN"
"custody.recipients[].mainRecipient" = { column = "MAIN", yes_no = true }
"#;

/// The gaps of custody: customer, row and field.
fn gaps(world: &World) -> Vec<String> {
    let gaps = world.sheet("custody-gaps.csv");
    let mut gaps: Vec<String> = gaps
        .iter()
        .map(|gap| format!("{} {} {}", gap["clientAccountId"], gap["row"], gap["path"]))
        .collect();
    gaps.sort();
    gaps
}

#[test]
fn recipients_that_contradict_each_other_are_not_made() {
    let ids = ["A-1", "A-2", "A-3", "A-4"];
    let people = ids.map(|id| {
        let email = format!("{}@example.com", id.to_lowercase());
        row(id, &email, "", "N", "")
    });
    let source =
        "\n[source.recipients]\nfile = \"payees.csv\"\nmapping = \"payees.toml\"\nkey = \"ID\"\n";
    let world = World::new(&people, source, "");
    world.write("payees.toml", RECIPIENTS);
    let [one, two, three] = IBANS;
    let spaced = "DE89 3704 0044 0532 0130 00";
    world.write(
        "payees.csv",
        &format!(
            "ID,PAYEE,IBAN,MAIN\n\
            A-1,Jan Oak,{one},Y\nA-1,Eva Oak,{two},Y\nA-1,Kim Oak,{three},N\n\
            A-2,Jan Oak,{one},N\nA-2,J. Oak,{spaced},N\nA-2,Eva Oak,{two},Y\n\
            A-3,Jan Oak,{one},Y\nA-3,Jan Oak,{spaced},Y\n\
            A-4,Jan Oak,{one},Y\nA-4,Jan Oak,{one},N\n"
        ),
    );
    world.run(3);
    let expected = [
        "A-1 2 custody.recipients[].mainRecipient",
        "A-1 3 custody.recipients[].mainRecipient",
        "A-2 5 custody.recipients[].accountName",
        "A-2 6 custody.recipients[].accountName",
        "A-3 9 custody.recipients[].accountName",
        "A-4 10 custody.recipients[].accountName",
        "A-4 11 custody.recipients[].accountName",
    ];
    assert_eq!(gaps(&world), expected);
    world.sessions(&ids, "");
    world.run(3);
    let made = world.made().recipients;
    let made: Vec<&str> = made.keys().map(|(id, _)| id.as_str()).collect();
    assert_eq!(made, ["A-1", "A-2", "A-3"]);
}

#[test]
fn a_name_is_spelled_in_plain_letters_only_where_its_letters_say_how() {
    let names = [
        ("A-1", "Zoë", "Núñez"),
        ("A-2", "Олександр", "Шевченко"),
        ("A-3", "太郎", "山田"),
        ("A-4", "محمد", "Fassi"),
        ("A-5", "דוד", "Cohen"),
    ];
    let people = names.map(|(id, given, family)| {
        let email = format!("{}@example.com", id.to_lowercase());
        let row = row(id, &email, "", "N", "");
        row.replace(",Ann,Example,", &format!(",{given},{family},"))
    });
    let world = World::new(&people, "transliterate = true", "");
    world.run(3);
    let told = |word: &str| -> Vec<String> {
        let gaps = world.sheet("custody-gaps.csv");
        let gaps = gaps.iter().filter(|gap| gap["reason"].contains(word));
        gaps.map(|gap| format!("{} {}", gap["clientAccountId"], gap["path"]))
            .collect()
    };
    assert_eq!(
        told("do not say how it is read"),
        [
            "A-3 custody.firstName",
            "A-3 custody.lastName",
            "A-4 custody.firstName",
            "A-5 custody.firstName",
        ]
    );
    assert_eq!(told("sent in plain letters").len(), 4);
    assert_eq!(world.states()["user accepted"], 2);
}
