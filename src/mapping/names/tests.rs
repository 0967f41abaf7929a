//! Names as they stand in exports.

use super::*;
use proptest::prelude::*;

fn read(text: &str, order: Order) -> Option<[String; 4]> {
    let name = Name::parse(text, order)?;
    let part = |part| {
        let mut out = String::new();
        name.write(part, false, &mut out);
        out
    };
    Some([Part::Given, Part::Middle, Part::Family, Part::Suffix].map(part))
}

#[test]
fn real_names() {
    use Order::{FamilyFirst, GivenFirst};
    for (order, text, wanted) in [
        (GivenFirst, "DOE, JOHN Q JR", "JOHN|Q|DOE|Jr"),
        (GivenFirst, "Doe Jr., John Q.", "John|Q|Doe|Jr"),
        (GivenFirst, "John Q. Doe Jr", "John|Q|Doe|Jr"),
        (GivenFirst, "John Q. Doe, Jr.", "John|Q|Doe|Jr"),
        (GivenFirst, "Doe, John, Jr", "John||Doe|Jr"),
        (GivenFirst, "DOE, JR, JOHN", "JOHN||DOE|Jr"),
        (GivenFirst, "Dr. John Q Doe III, MD", "John|Q|Doe|III"),
        (GivenFirst, "John Doe, M.D., Ph.D.", "John||Doe|"),
        (GivenFirst, "Jane Doe Esq.", "Jane||Doe|"),
        (
            GivenFirst,
            "Prof. Dr. Anna Maria Schmidt",
            "Anna|Maria|Schmidt|",
        ),
        (GivenFirst, "Mr JOHN DOE", "JOHN||DOE|"),
        (GivenFirst, "MRS. JANE A. DOE", "JANE|A|DOE|"),
        (GivenFirst, "DOE, MR JOHN", "JOHN||DOE|"),
        (GivenFirst, "DOE, JOHN MR", "JOHN||DOE|"),
        (GivenFirst, "de la Cruz, Maria", "Maria||de la Cruz|"),
        (GivenFirst, "Maria de la Cruz", "Maria||de la Cruz|"),
        (GivenFirst, "Cruz, Maria de la", "Maria||de la Cruz|"),
        (GivenFirst, "VAN DER BERG, ANNA", "ANNA||VAN DER BERG|"),
        (GivenFirst, "ANNA M VAN DER BERG", "ANNA|M|VAN DER BERG|"),
        (GivenFirst, "Berg, Anna van der", "Anna||van der Berg|"),
        (
            GivenFirst,
            "Humboldt, Alexander von",
            "Alexander||von Humboldt|",
        ),
        (GivenFirst, "Omar bin Khalid", "Omar||bin Khalid|"),
        (GivenFirst, "John St. James", "John||St. James|"),
        (GivenFirst, "Mary-Ann O'Brien", "Mary-Ann||O'Brien|"),
        (GivenFirst, "SMITH-JONES, ANN", "ANN||SMITH-JONES|"),
        (
            GivenFirst,
            "Garcia Lopez, Maria del Carmen",
            "Maria|del Carmen|Garcia Lopez|",
        ),
        (GivenFirst, "José Álvarez", "José||Álvarez|"),
        (GivenFirst, "John \"Jack\" Q. Doe", "John|Q|Doe|"),
        (GivenFirst, "Mary \"Mary Lou\" Doe", "Mary||Doe|"),
        (GivenFirst, "J. R. Smith", "J|R|Smith|"),
        (GivenFirst, "J.R. Smith", "J.R.||Smith|"),
        (GivenFirst, "John V Doe", "John|V|Doe|"),
        (GivenFirst, "  John   Doe ", "John||Doe|"),
        (GivenFirst, "John Doe 3rd", "John||Doe|III"),
        (GivenFirst, "John Doe Sr.", "John||Doe|Sr"),
        (GivenFirst, "Sr. Juan Perez", "Juan||Perez|"),
        (GivenFirst, "Doe, Ma", "Ma||Doe|"),
        (GivenFirst, "Yo-Yo Ma", "Yo-Yo||Ma|"),
        (GivenFirst, "Co, Maria", "Maria||Co|"),
        (GivenFirst, "Philip Glass", "Philip||Glass|"),
        (GivenFirst, "Jane Church", "Jane||Church|"),
        (GivenFirst, "Ms. Jane Q. Church", "Jane|Q|Church|"),
        (GivenFirst, "Church, Grace", "Grace||Church|"),
        (GivenFirst, "Law, John", "John||Law|"),
        (GivenFirst, "John Farmer", "John||Farmer|"),
        (GivenFirst, "Ann Banks", "Ann||Banks|"),
        (GivenFirst, "J.T. Smith", "J.T.||Smith|"),
        (GivenFirst, "Doe, John V", "John|V|Doe|"),
        (GivenFirst, "Doe, J", "J||Doe|"),
        (GivenFirst, "Hon, Maria", "Maria||Hon|"),
        (GivenFirst, "Herr Dr. Max Schmidt", "Max||Schmidt|"),
        (FamilyFirst, "CHURCH JANE", "JANE||CHURCH|"),
        (FamilyFirst, "DOE JOHN V", "JOHN|V|DOE|"),
        (GivenFirst, "Null, Ann", "Ann||Null|"),
        (GivenFirst, "Junior Doe", "Junior||Doe|"),
        (GivenFirst, "Mary E Doe", "Mary|E|Doe|"),
        (GivenFirst, "Łukasz Żak", "Łukasz||Żak|"),
        (FamilyFirst, "DOE JOHN Q", "JOHN|Q|DOE|"),
        (FamilyFirst, "DOE JOHN Q JR", "JOHN|Q|DOE|Jr"),
        (FamilyFirst, "DOE JR JOHN Q", "JOHN|Q|DOE|Jr"),
        (FamilyFirst, "VAN DER BERG ANNA", "ANNA||VAN DER BERG|"),
        (FamilyFirst, "NGUYEN VAN MINH", "VAN|MINH|NGUYEN|"),
        (FamilyFirst, "Doe, John Q", "John|Q|Doe|"),
        (FamilyFirst, "LE ANNA", "ANNA||LE|"),
    ] {
        let read = read(text, order).map(|parts| parts.join("|"));
        assert_eq!(read.as_deref(), Some(wanted), "{text}");
    }
}

#[test]
fn what_is_not_the_name_of_one_person_has_no_parts() {
    for text in [
        "",
        " ",
        ",",
        "Doe",
        "Doe,",
        ", John",
        "Mr Doe",
        "Mr. and Mrs. Doe",
        "John & Jane Doe",
        "JOHN AND JANE DOE",
        "Doe, John and Jane",
        "John Doe / Jane Doe",
        "John Doe; Jane Doe",
        "JOHN OR JANE DOE",
        "Jean et Marie Dupont",
        "Acme Inc.",
        "ACME, INC",
        "Acme Widgets LLC",
        "Doe Family Trust",
        "Estate of John Doe",
        "John Doe TTEE",
        "The Doe Company",
        "First National Bank",
        "MARIA CO",
        "John Doe IRA",
        "John Doe TOD",
        "JOHN DOE JT TEN",
        "John Doe (deceased)",
        "John (of Acme) Doe",
        "Doe, John, Jane",
        "Doe, John, Jr, III",
        "John Doe, DO",
        "John Doe MA",
        "Doe, John DO",
        "Doe, Mr.",
        "Doe, Jr.",
        "John Jr",
        "J0hn Doe",
        "John Doe 42",
        "john@example.com",
        "John (Jack Doe",
        "Maria de la Cruz Garcia",
        "John_Doe",
        "Doe, J, R, S",
        "- -",
        "Dr. Doe",
        "#5 Doe",
        "ABC PLUMBING",
        "Johnson Realty",
        "Doe Law Firm",
        "Doe Law",
        "Doe Law, P.C.",
        "Doe Law, Esq.",
        "Midtown Dental",
        "Acme Widgets",
        "Doe Brothers",
        "Grace Church",
        "St. John Church",
        "Jane Doe Church",
        "John Doe POD Jane Doe",
        "Roth IRA John Doe",
        "John Doe J.T.",
        "Mr Mrs John Doe",
        "Mr and Mrs John Doe",
        "Dr Mrs John Doe",
        "Doe, Mr Mrs John",
        "Doe (dec.), John",
        "Doe dec, John",
        "Robert (Bob) Doe",
        "JOHN DOE V",
        "John Doe I",
        "John Doe VI",
        "John Doe, V",
        "Doe V, John",
        "Doe, John Q V",
        "John III Doe",
        "John Jr Doe",
        "Doe, John III Q",
        "John Doe Fr",
        "Doe, John Fr",
        "John D",
        "John Mr Doe",
    ] {
        assert_eq!(read(text, Order::GivenFirst), None, "{text}");
    }
    assert_eq!(read(&"Ann ".repeat(100), Order::GivenFirst), None);
}

#[test]
fn the_tables_that_are_searched_by_halves_are_sorted() {
    for table in [ACCOUNT, FIRM, TRADE_OR_NAME, GIVEN] {
        assert!(table.is_sorted_by(|one, next| one < next));
    }
}

#[test]
fn a_family_name_can_keep_its_suffix() {
    for (text, family, full) in [
        ("DOE, JOHN Q JR", "DOE Jr", "JOHN Q DOE Jr"),
        ("Dr. John Doe iii", "Doe III", "John Doe III"),
        ("Maria de la Cruz", "de la Cruz", "Maria de la Cruz"),
    ] {
        let name = Name::parse(text, Order::GivenFirst).unwrap();
        let (mut one, mut all) = (String::new(), String::new());
        name.write(Part::Family, true, &mut one);
        name.write(Part::Full, false, &mut all);
        assert_eq!((one.as_str(), all.as_str()), (family, full), "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_invents_nothing(any in any::<String>(), near in "(Dr\\. |Mr )?([A-Z][a-z]{1,6}|van|de|Jr|MD|Q\\.)[, ]{1,2}([A-Z][a-z]{1,6}|der|la|III)[, ]{0,2}[A-Za-z.(\"]{0,6}") {
        for text in [&any, &near] {
            for order in [Order::GivenFirst, Order::FamilyFirst] {
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
        for order in [Order::GivenFirst, Order::FamilyFirst] {
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
        let all = [ACCOUNT, FIRM, TRADE_OR_NAME, words::HONORIFICS, words::DEGREES, words::PARTICLES];
        prop_assume!(all.iter().all(|list| plain.iter().all(|word| !list.contains(&word.as_str()))));
        for (order, text) in [
            (Order::GivenFirst, format!("{given} {middle} {family}")),
            (Order::GivenFirst, format!("{family}, {given} {middle}.")),
            (Order::FamilyFirst, format!("{family} {given} {middle}")),
            (Order::GivenFirst, format!("Mr. {given} {middle}. {family}, Jr.")),
        ] {
            let read = read(&text, order).map(|[given, middle, family, _]| [given, middle, family]);
            prop_assert_eq!(read, Some([given.clone(), middle.clone(), family.clone()]), "{}", text);
        }
    }
}
