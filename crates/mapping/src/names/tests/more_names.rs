//! Two family names, and two people in one cell, where the mapping says so; and whatever stands in a cell.

use super::*;
use crate::names::firms::{ACCOUNT, FIRM, TRADE_OR_NAME};

#[test]
fn two_family_names_where_the_mapping_says_so() {
    let two = |order| NameHabit {
        order,
        family_names: 2,
    };
    for (order, text, wanted) in [
        (
            NameOrder::GivenFirst,
            "Maria Garcia Lopez",
            "Maria||Garcia Lopez|",
        ),
        (
            NameOrder::GivenFirst,
            "Maria Elena Garcia Lopez",
            "Maria|Elena|Garcia Lopez|",
        ),
        (NameOrder::GivenFirst, "Maria Lopez", "Maria||Lopez|"),
        (
            NameOrder::FamilyFirst,
            "GARCIA LOPEZ MARIA",
            "MARIA||GARCIA LOPEZ|",
        ),
        (NameOrder::FamilyFirst, "GARCIA MARIA", "MARIA||GARCIA|"),
        (
            NameOrder::GivenFirst,
            "Garcia Lopez, Maria",
            "Maria||Garcia Lopez|",
        ),
        // An initial is no family name.
        (NameOrder::GivenFirst, "John Q Smith", "John|Q|Smith|"),
        (NameOrder::GivenFirst, "John Q. Smith", "John|Q|Smith|"),
        (NameOrder::FamilyFirst, "SMITH Q JOHN", "Q|JOHN|SMITH|"),
    ] {
        assert_eq!(
            read(text, two(order))
                .map(|parts| parts.join("|"))
                .as_deref(),
            Some(wanted),
            "{text}"
        );
    }
}

#[test]
fn family_names_of_several_words_stay_whole() {
    use NameOrder::{FamilyFirst, GivenFirst};
    for (order, text, wanted) in [
        (GivenFirst, "Ana Dela Cruz", Some("Ana||Dela Cruz|")),
        (
            GivenFirst,
            "Maria Delos Santos",
            Some("Maria||Delos Santos|"),
        ),
        (
            GivenFirst,
            "Santos, Maria Delos",
            Some("Maria||Delos Santos|"),
        ),
        (GivenFirst, "Juan Sta. Maria", Some("Juan||Sta. Maria|")),
        (FamilyFirst, "Dela Cruz Maria", Some("Maria||Dela Cruz|")),
        (GivenFirst, "Jose San Martin", Some("Jose||San Martin|")),
        (GivenFirst, "José San Martín", Some("José||San Martín|")),
        (GivenFirst, "Roque Santa Cruz", Some("Roque||Santa Cruz|")),
        (GivenFirst, "Martin, Jose San", Some("Jose||San Martin|")),
        (FamilyFirst, "San Martin Jose", Some("Jose||San Martin|")),
        (FamilyFirst, "Santa Cruz Roque", Some("Roque||Santa Cruz|")),
        (GivenFirst, "Kim San Lee", Some("Kim|San|Lee|")),
        (GivenFirst, "San Martin", Some("San||Martin|")),
        (
            GivenFirst,
            "Berg van der, Anna",
            Some("Anna||van der Berg|"),
        ),
        (GivenFirst, "Berg von, Anna", Some("Anna||von Berg|")),
        (GivenFirst, "Tran Le, Anna", Some("Anna||Tran Le|")),
        // Names of the generation belong to the family name.
        (GivenFirst, "Juan Perez Filho", Some("Juan||Perez Filho|")),
        (GivenFirst, "João Silva Neto", Some("João||Silva Neto|")),
        (
            GivenFirst,
            "João Carlos Silva Sobrinho",
            Some("João|Carlos|Silva Sobrinho|"),
        ),
        (GivenFirst, "João Neto", Some("João||Neto|")),
        (GivenFirst, "Mary Ann Netto", Some("Mary|Ann|Netto|")),
        (
            GivenFirst,
            "João Carlos Sobrinho",
            Some("João|Carlos|Sobrinho|"),
        ),
        (FamilyFirst, "SANTO JUAN CARLOS", Some("JUAN|CARLOS|SANTO|")),
        (
            FamilyFirst,
            "SANTO DOMINGO JUAN",
            Some("JUAN||SANTO DOMINGO|"),
        ),
        (FamilyFirst, "SANTA JUAN MARIA", Some("JUAN|MARIA|SANTA|")),
        (GivenFirst, "Omar Al- Rashid", Some("Omar||Al-Rashid|")),
        (GivenFirst, "Al- Rashid, Omar", Some("Omar||Al-Rashid|")),
        (FamilyFirst, "AL- RASHID OMAR", Some("OMAR||AL-RASHID|")),
        (GivenFirst, "Omar Al-", None),
        (GivenFirst, "Rashid, Omar Al-", None),
        (FamilyFirst, "SILVA NETO JOAO", Some("JOAO||SILVA NETO|")),
        (GivenFirst, "João Silva Júnior", Some("João||Silva|Jr")),
        (GivenFirst, "JOÃO SILVA JÚNIOR", Some("JOÃO||SILVA|Jr")),
        // One character is a whole family name.
        (FamilyFirst, "王 小明", Some("小明||王|")),
        (FamilyFirst, "김 민준", Some("민준||김|")),
        (FamilyFirst, "李 明", Some("明||李|")),
        (FamilyFirst, "山田 太郎", Some("太郎||山田|")),
        // Half of a name, titles and remarks.
        (GivenFirst, "Ann Smith -Jones", None),
        (GivenFirst, "Ann Smith- Jones", None),
        (GivenFirst, "John Smith-", None),
        (GivenFirst, "John Doe, KC", None),
        (GivenFirst, "Doe, KC", Some("KC||Doe|")),
        (GivenFirst, "KC Jones", Some("KC||Jones|")),
        (GivenFirst, "Mstr John Smith", Some("John||Smith|")),
        (GivenFirst, "John Doe NRI", None),
        (GivenFirst, "No Name", None),
        (GivenFirst, "John REDACTED", None),
    ] {
        let read = read(text, NameHabit::from(order)).map(|parts| parts.join("|"));
        assert_eq!(read.as_deref(), wanted, "{text}");
    }
}

#[test]
fn a_cell_may_name_two_people_where_the_mapping_says_so() {
    let person = |text: &str, order: NameOrder, person| {
        let mut whole = Vec::new();
        for part in [NamePart::Given, NamePart::Middle, NamePart::Family] {
            let taking = NameTransform {
                part,
                habit: order.into(),
                suffix: false,
                person: Some(person),
            };
            let mut out = String::new();
            taking.write(text, &mut out).ok()?;
            whole.push(out);
        }
        Some(whole.join("|"))
    };
    use NameOrder::{FamilyFirst, GivenFirst};
    for (order, text, first, second) in [
        (GivenFirst, "John & Mary Doe", "John||Doe", "Mary||Doe"),
        (GivenFirst, "John and Mary Doe", "John||Doe", "Mary||Doe"),
        (GivenFirst, "JOHN AND MARY DOE", "JOHN||DOE", "MARY||DOE"),
        (
            GivenFirst,
            "John Q. & Mary Ann Doe",
            "John|Q|Doe",
            "Mary|Ann|Doe",
        ),
        (GivenFirst, "John Doe & Jane Roe", "John||Doe", "Jane||Roe"),
        (GivenFirst, "John Doe/Jane Roe", "John||Doe", "Jane||Roe"),
        (GivenFirst, "Doe, John & Mary", "John||Doe", "Mary||Doe"),
        (GivenFirst, "Doe, John; Roe, Jane", "John||Doe", "Jane||Roe"),
        (
            GivenFirst,
            "Mr. John & Mrs. Mary Doe",
            "John||Doe",
            "Mary||Doe",
        ),
        (
            GivenFirst,
            "Juan y Maria Perez",
            "Juan||Perez",
            "Maria||Perez",
        ),
        (
            GivenFirst,
            "Hans und Anna von Berg",
            "Hans||von Berg",
            "Anna||von Berg",
        ),
        (FamilyFirst, "DOE JOHN & MARY", "JOHN||DOE", "MARY||DOE"),
        // One person is one, and nobody stands second.
        (GivenFirst, "John Doe", "John||Doe", "||"),
    ] {
        assert_eq!(person(text, order, 0).as_deref(), Some(first), "{text}");
        assert_eq!(person(text, order, 1).as_deref(), Some(second), "{text}");
    }
    for text in [
        "Mr. & Mrs. John Doe",
        "Mr. and Mrs. Doe",
        "John, Mary & Jane Doe",
        "John & Mary & Jane Doe",
        "Mary Ann & John Doe",
        "Doe, John & Jane Roe",
        "John Doe & Mary",
        "José Ortega y Gasset",
        "J & M Doe",
        "John & Mary",
        "Doe & Sons",
        "John & Mary Doe CLOSED",
        "The Doe Company",
        "&",
        "",
    ] {
        assert_eq!(person(text, GivenFirst, 0), None, "{text}");
        assert_eq!(person(text, GivenFirst, 1), None, "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_invents_nothing(any in any::<String>(), near in "(Dr\\. |Mr )?([A-Z][a-z]{1,6}|van|de|Jr|MD|Q\\.)[, ]{1,2}([A-Z][a-z]{1,6}|der|la|III)[, ]{0,2}[A-Za-z.(\"]{0,6}") {
        for text in [&any, &near] {
            for order in [NameOrder::GivenFirst, NameOrder::FamilyFirst] {
                let Some([given, middle, family, _]) = read(text, order) else { continue };
                prop_assert!(!given.is_empty() && !family.is_empty());
                for part in [given, middle, family] {
                    for word in part.split_whitespace() {
                        prop_assert!(text.contains(word), "{}", word);
                    }
                }
            }
        }
    }

    #[test]
    fn a_name_holds_every_word_but_those_that_go(text in "((Dr\\.|Mr|Fr|Jr|III|V|MD|Q\\.|van|de|la|Law|Jane|Church|Doe|Hon|\"Jack\"|[A-Z][a-z]{0,5})(, | )){1,5}[A-Z][a-z]{0,5}") {
        for order in [NameOrder::GivenFirst, NameOrder::FamilyFirst] {
            let Some([given, middle, family, _]) = read(&text, order) else { continue };
            prop_assert!(letters(&family) > 1, "{}", text);
            let mut kept: Vec<String> = [given, middle, family].iter().flat_map(|part| part.split_whitespace()).map(plain).collect();
            for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
                match kept.iter().position(|one| *one == plain(word)) {
                    Some(place) => drop(kept.remove(place)),
                    None => prop_assert!(word.starts_with('"') || is_mark(word) || is_degree(word), "{} of {}", word, text),
                }
            }
            prop_assert!(kept.is_empty(), "{}", text);
        }
    }

    #[test]
    fn a_name_comes_back_however_it_is_written(given in "[B-Z][f-s]{3,6}", middle in "[A-Z]", family in "[B-Z][f-s]{3,6}") {
        let plain = [&given, &middle, &family].map(|part| plain(part));
        let all = [ACCOUNT, FIRM, TRADE_OR_NAME, words::HONORIFICS, words::DEGREES];
        // A bare "O" may begin the family name, and a bare "Y" links two.
        prop_assume!(!["O", "Y"].contains(&middle.as_str()));
        prop_assume!(!doubts::is_no_given_name(&given) && !doubts::has_remark(&[vec![&given, &family]]));
        prop_assume!(all.iter().all(|list| plain.iter().all(|word| !list.contains(&word.as_str()))));
        prop_assume!([&given, &family].iter().all(|name| !is_particle(name)));
        for (order, text) in [
            (NameOrder::GivenFirst, format!("{given} {middle} {family}")),
            (NameOrder::GivenFirst, format!("{family}, {given} {middle}.")),
            (NameOrder::FamilyFirst, format!("{family} {given} {middle}")),
            (NameOrder::GivenFirst, format!("Mr. {given} {middle}. {family}, Jr.")),
        ] {
            let read = read(&text, order).map(|[given, middle, family, _]| [given, middle, family]);
            prop_assert_eq!(read, Some([given.clone(), middle.clone(), family.clone()]), "{}", text);
        }
    }
}
