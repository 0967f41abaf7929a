//! What is kept of a server's words: real messages stay readable, and no value of a customer stays in any of them.
//!
//! Customers are drawn from lists of names that are hard to tell from words, and written in every way in which services
//! write them. The draws are those of a fixed seed.

use bakkt_contract::masking::{Masker, Personal};
use serde_json::{Value, json};

const MESSAGES: &str = include_str!("messages.txt");

fn messages() -> Vec<&'static str> {
    let lines = MESSAGES.lines().filter(|line| !line.starts_with('#'));
    lines.collect()
}

fn customer(
    given: &str,
    family: &str,
    employer: &str,
    street: &str,
    city: &str,
    zip: &str,
) -> Value {
    let mail = format!(
        "{}.{}84@example.com",
        given.to_lowercase(),
        family.to_lowercase()
    );
    let address = json!({"streetAddress": [street], "city": city, "state": "TX", "postalCode": zip, "country": "USA"});
    json!({
        "clientAccountId": "C10000001", "accountType": "INDIVIDUAL",
        "owners": [{
            "role": "PRIMARY_OWNER", "clientOwnerId": "o-1", "emailAddress": mail, "phoneNumber": "+13125550147",
            "agreements": [{"name": "Customer Agreement", "version": "3"}],
            "identity": {
                "givenName": given, "familyName": family, "dateOfBirth": "1961-11-23", "taxId": "987004321", "taxIdType": "SSN",
                "personalAddress": address, "employment": {"employerName": employer, "position": "Clerk"},
                "disclosures": {"politicallyExposed": "NO_MATCH"},
            },
        }],
    })
}

/// Words of letters, in tags or not: what a person reads.
fn words(text: &str) -> Vec<String> {
    let tag = regex::Regex::new(r"(?s)<style>.*?</style>|<[^>]*>").unwrap();
    let read = tag.replace_all(text, " ").into_owned();
    let words = read.split(|c: char| !(c.is_alphabetic() || c == '\''));
    words
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| word.len() > 1)
        .collect()
}

#[test]
fn real_messages_stay_readable() {
    let sent = customer(
        "Zephyrantha",
        "Quillonde",
        "Kolibri Instruments",
        "4711 Wunderbaum Terrace",
        "Austin",
        "78701",
    );
    let mut personal = Personal::default();
    personal.add_sent(sent.to_string().as_bytes());
    personal.add_secret("k3X9-v7pLm2Qq8");
    let masker = Masker::new(&personal);
    let all = messages();
    assert!(all.len() >= 60);
    let mut unreadable = Vec::new();
    for message in all {
        let kept = masker.message(message);
        // What is kept ends somewhere; a long message is compared as far as that.
        let wanted: Vec<String> = words(message);
        let end = if kept.chars().count() > 200 {
            words(&kept).len() + 4
        } else {
            wanted.len()
        };
        let wanted = &wanted[..wanted.len().min(end)];
        let shown = words(&kept);
        let found = wanted.iter().filter(|word| shown.contains(word)).count();
        let share = found as f64 / wanted.len() as f64;
        if share < 0.8 {
            unreadable.push(format!("{share:.2}\n{message}\n{kept}"));
        }
    }
    assert!(unreadable.is_empty(), "{}", unreadable.join("\n"));
}

/// Given name, family name, employer, street, city, postal code.
const PEOPLE: &[[&str; 6]] = &[
    ["Ana", "Li", "IBM", "12 Elm Grove Rd", "Reno", "89501"],
    ["Bo", "Ng", "3M", "7 Page St", "Mobile", "36601"],
    [
        "Will",
        "Grant",
        "Target",
        "1 State Street",
        "Long Beach",
        "90801",
    ],
    [
        "May",
        "Young",
        "Gap Inc",
        "99 Field Ln",
        "Rich Square",
        "27869",
    ],
    [
        "Mark",
        "Page",
        "Case Logic",
        "5 Bill Way",
        "Enterprise",
        "36330",
    ],
    ["An", "Do", "Key Bank", "3 High Rd", "Best", "79001"],
    [
        "Zoë-Maria",
        "O'Brannigan",
        "Müller & Söhne",
        "Königsallee 60",
        "Düsseldorf",
        "40212",
    ],
    [
        "José",
        "Núñez",
        "Peña y Hijos",
        "Calle Mayor 5",
        "Cádiz",
        "11001",
    ],
    ["王", "小明", "中国银行", "北京路 12", "上海", "200001"],
    ["太郎", "山田", "トヨタ", "桜通り 3", "名古屋", "4500001"],
    [
        "Анна",
        "Иванова",
        "Газпром",
        "Невский 10",
        "Москва",
        "101000",
    ],
    [
        "محمد",
        "العربي",
        "أرامكو",
        "شارع الملك 4",
        "الرياض",
        "11564",
    ],
    [
        "Jo",
        "Newmark",
        "Open Service",
        "8 Request Row",
        "Valid",
        "10001",
    ],
    [
        "Chi",
        "Error",
        "Data Services",
        "4 Code Court",
        "Null",
        "20002",
    ],
    ["Li", "An", "State Farm", "2 A St", "Of", "30003"],
    [
        "Sam",
        "Longfield",
        "Form Factor",
        "6 The Order",
        "First",
        "40004",
    ],
];

/// Every value of a customer that a message may not hold, and every word of it.
fn values(person: &[&str; 6]) -> Vec<String> {
    let mut values: Vec<String> = person.iter().map(|value| (*value).to_owned()).collect();
    for value in person {
        values.extend(
            value
                .split(|c: char| !c.is_alphanumeric())
                .map(str::to_owned),
        );
    }
    for number in [
        "987-00-4321",
        "987004321",
        "4321",
        "1961",
        "November",
        "3125550147",
        "555-0147",
    ] {
        values.push(number.to_owned());
    }
    values.retain(|value| !value.is_empty());
    values
}

/// Whether a text has a value, in any case, with or without accents, between whatever is no letter.
fn holds(text: &str, value: &str) -> bool {
    let fold = bakkt_contract::fold::fold;
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .map(fold)
        .filter(|word| !word.is_empty())
        .collect();
    let wanted = fold(value);
    (0..words.len()).any(|start| {
        let mut joined = String::new();
        words[start..].iter().any(|word| {
            joined.push_str(word);
            joined == wanted
        })
    })
}

/// The ways in which services write a name.
fn spellings(name: &str) -> Vec<String> {
    let each = |of: &dyn Fn(char) -> String| name.chars().map(of).collect::<String>();
    let parted = |by: &str| {
        let letters: Vec<String> = name.chars().map(String::from).collect();
        letters.join(by)
    };
    let half: String = name
        .chars()
        .take(name.chars().count().div_ceil(2))
        .collect();
    vec![
        name.to_owned(),
        name.to_uppercase(),
        name.to_lowercase(),
        format!("'{name}'"),
        format!("\"{}\"", name.to_uppercase()),
        format!("({name})"),
        format!("<b>{name}</b>"),
        each(&|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                format!("&#{};", c as u32)
            }
        }),
        each(&|c| format!("&#x{:x};", c as u32)),
        each(&|c| {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes)
                .bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect()
        }),
        each(&|c| {
            let mut units = [0; 2];
            c.encode_utf16(&mut units)
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect()
        }),
        parted("."),
        parted("-"),
        parted(" "),
        parted("\u{ad}"),
        name.replace([' ', '-', '\''], "."),
        name.replace(' ', "_"),
        format!("{half}…"),
        format!("{half}..."),
        format!("{half}***"),
    ]
}

#[test]
fn no_value_of_a_customer_is_kept() {
    let mut count = 0;
    for (number, person) in PEOPLE.iter().enumerate() {
        let [given, family, employer, street, city, zip] = *person;
        let sent = customer(given, family, employer, street, city, zip).to_string();
        let mut personal = Personal::default();
        personal.add_sent(sent.as_bytes());
        let masker = Masker::new(&personal);
        let check = |message: String| {
            let kept = masker.message(&message);
            for value in values(person) {
                assert!(
                    !holds(&kept, &value),
                    "{value:?} of {person:?}\n{message}\n{kept}"
                );
            }
        };
        for (of, (first, last)) in spellings(given).iter().zip(spellings(family)).enumerate() {
            let message = match (of + number) % 8 {
                0 => format!("customer {first} {last} is on a list"),
                1 => format!("{last} {first}: KYC failed"),
                2 => format!("name {first}{last} does not match the records"),
                3 => format!("field givenName: invalid value {first}, familyName: {last}"),
                4 => format!("rejected [{last},{first}] born November 23, 1961 or 11/23/61"),
                5 => format!(
                    "account of {first}_{last} at {employer} in {city} {zip}, {street} exists"
                ),
                6 => format!("SSN 987-00-4321 (ending 4321) of {first} is used by {last}"),
                _ => format!(
                    "The employer {} of {first}.{last}@example.com, phone (312) 555-0147",
                    employer.to_uppercase()
                ),
            };
            check(message);
            count += 1;
        }
        for value in person {
            for (of, spelled) in spellings(value).into_iter().enumerate() {
                check(format!(
                    "{} {spelled}",
                    ["unknown value", "not found:", "Rejected", "the"][of % 4]
                ));
            }
        }
        // Everything that a service says to everybody, of this customer.
        for message in messages() {
            check(format!("{message} {family}"));
        }
        for value in person {
            for code in [
                (*value).to_owned(),
                value.to_uppercase(),
                value.replace([' ', '-'], "_"),
                format!("{}_NOT_FOUND", value.to_uppercase().replace(' ', "_")),
                format!("{}_{}", family.to_uppercase(), given.to_uppercase()),
            ] {
                assert_eq!(masker.code(&code, Some(422)), None, "{code} of {person:?}");
            }
        }
        for code in ["987004321", "4321", "1961", "312", zip] {
            assert_eq!(masker.code(code, Some(422)), None, "{code}");
        }
    }
    assert!(count >= 200, "{count}");
}

#[test]
fn a_credential_is_not_kept_and_neither_is_a_piece_of_it() {
    let mut personal = Personal::default();
    for secret in [
        "k3X9-v7pLm2Qq8",
        "correct horse battery",
        "migration-user",
        "tk-00ffab12cd-1",
    ] {
        personal.add_secret(secret);
    }
    let masker = Masker::new(&personal);
    for (message, kept) in [
        (
            "API key k3X9-v7pLm2Qq8 is not valid",
            "API key *-* is not valid",
        ),
        ("API key k3X9v7p… is not valid", "API key *... is not valid"),
        (
            "the password 'correct horse battery' of migration-user expired",
            "the password '*' of *-* expired",
        ),
        ("token tk-00ffab12cd-1 expired", "token *-*-* expired"),
    ] {
        assert_eq!(masker.message(message), kept);
    }
    for code in ["k3X9-v7pLm2Qq8", "CORRECT", "USER_EXPIRED", "v7pLm2"] {
        assert_eq!(masker.code(code, None), None, "{code}");
    }
}

#[test]
fn words_of_which_nobody_knows_whose_they_are_stay_only_when_they_are_no_names() {
    let nobody = Personal::unknown();
    let masker = Masker::new(&nobody);
    for word in [
        "VERIFICATION_IN_PROGRESS",
        "ON_HOLD",
        "FROZEN",
        "KYC_FAILED",
        "RISK_AML",
        "BANK_ACCOUNT_LINK",
        "FIAT_EVENT",
    ] {
        assert_eq!(masker.code(word, None).as_deref(), Some(word));
    }
    for word in [
        "ANA_LI",
        "MARK_GRANT",
        "WILL",
        "MAY",
        "WUNDERBAUM_TERRACE",
        "AN_DO",
        "zephyrantha.q@canary.example",
        "",
    ] {
        assert_eq!(masker.code(word, None), None, "{word}");
    }
}
