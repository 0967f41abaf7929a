//! Names as they stand in exports.

use super::*;
use proptest::prelude::*;

fn read(text: &str, habit: impl Into<NameHabit>) -> Option<[String; 4]> {
    let name = Name::parse(text, habit)?;
    let part = |part| {
        let mut out = String::new();
        name.write(part, false, &mut out);
        out
    };
    Some(
        [
            NamePart::Given,
            NamePart::Middle,
            NamePart::Family,
            NamePart::Suffix,
        ]
        .map(part),
    )
}

#[test]
fn real_names() {
    use NameOrder::{FamilyFirst, GivenFirst};
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
        (GivenFirst, "Gen. John Doe, USA", "John||Doe|"),
        (GivenFirst, "Gen. John Doe, USA, Ret.", "John||Doe|"),
        (GivenFirst, "Lt. Col. Jane Q. Doe USMC", "Jane|Q|Doe|"),
        (GivenFirst, "Doe, Sgt. John, USA", "John||Doe|"),
        (GivenFirst, "Senator Jane Doe", "Jane||Doe|"),
        (GivenFirst, "Dr. med. Max Schmidt", "Max||Schmidt|"),
        (GivenFirst, "Dr. rer. nat. Anna Schmidt", "Anna||Schmidt|"),
        (GivenFirst, "Dipl.-Ing. Max Schmidt", "Max||Schmidt|"),
        (GivenFirst, "Ing. Jan Novak", "Jan||Novak|"),
        (GivenFirst, "Dean Ing", "Dean||Ing|"),
        (GivenFirst, "John 'Jack' Doe", "John||Doe|"),
        (
            GivenFirst,
            "Ortega y Gasset, José",
            "José||Ortega y Gasset|",
        ),
        (GivenFirst, "de Souza, Maria", "Maria||de Souza|"),
        (GivenFirst, "Maria de Souza", "Maria||de Souza|"),
        (GivenFirst, "Omar al-Rashid", "Omar||al-Rashid|"),
        (GivenFirst, "St. James, Ann", "Ann||St. James|"),
        (GivenFirst, "Mary Ann St. James", "Mary|Ann|St. James|"),
        (GivenFirst, "John Mac Donald", "John||Mac Donald|"),
        (GivenFirst, "Sean O. Brien", "Sean|O|Brien|"),
        (GivenFirst, "O Brien, Sean", "Sean||O Brien|"),
        (GivenFirst, "Maria D'Angelo", "Maria||D'Angelo|"),
        (GivenFirst, "John D Smith", "John|D|Smith|"),
        (GivenFirst, "Ana M. dos Santos", "Ana|M|dos Santos|"),
        (GivenFirst, "Max Born", "Max||Born|"),
        (GivenFirst, "Nee, John", "John||Nee|"),
        (GivenFirst, "Mrs. Jane Smith", "Jane||Smith|"),
        (GivenFirst, "John Y. Doe", "John|Y|Doe|"),
        (GivenFirst, "MARY E DOE", "MARY|E|DOE|"),
        (GivenFirst, "mary e doe", "mary|e|doe|"),
        (GivenFirst, "Garcia Lopez, Israel", "Israel||Garcia Lopez|"),
        (GivenFirst, "Amartya Sen", "Amartya||Sen|"),
        (GivenFirst, "Anna Le", "Anna||Le|"),
        (GivenFirst, "Minh Nguyen", "Minh||Nguyen|"),
        (FamilyFirst, "山田 太郎", "太郎||山田|"),
        (FamilyFirst, "DE SOUZA MARIA", "MARIA||DE SOUZA|"),
        (FamilyFirst, "DO ANNA", "ANNA||DO|"),
        (FamilyFirst, "Doe, John Q", "John|Q|Doe|"),
        (FamilyFirst, "LE ANNA", "ANNA||LE|"),
        // Titles of many countries.
        (GivenFirst, "RA. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Dipl. Ing. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Dr.-Ing. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Dr.iur. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Prof.Dr. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Mag.a Anna Muster", "Anna||Muster|"),
        (GivenFirst, "Univ.-Prof. Jan Muster", "Jan||Muster|"),
        (GivenFirst, "Mgr. Ing. Jan Novak", "Jan||Novak|"),
        (GivenFirst, "MUDr. Jan Novak", "Jan||Novak|"),
        (GivenFirst, "Pani Anna Nowak", "Anna||Nowak|"),
        (GivenFirst, "Rag. Mario Rossi", "Mario||Rossi|"),
        (GivenFirst, "Fräulein Anna Muster", "Anna||Muster|"),
        (GivenFirst, "Muster, Dipl.-Kfm. Jan", "Jan||Muster|"),
        // Titles that are names, where they can be nothing else.
        (GivenFirst, "Anna Pan", "Anna||Pan|"),
        (GivenFirst, "Pan, Anna", "Anna||Pan|"),
        (GivenFirst, "Jan Graf", "Jan||Graf|"),
        (FamilyFirst, "PAN ANNA", "ANNA||PAN|"),
        (GivenFirst, "Wm. Roe", "Wm.||Roe|"),
        (GivenFirst, "Ma. Elena Roe", "Ma.|Elena|Roe|"),
        (GivenFirst, "Baja Roe", "Baja||Roe|"),
        (GivenFirst, "Jan BAJA", "Jan||BAJA|"),
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
        // Family names whose given name is missing.
        "de Souza",
        "da Silva",
        "van der Berg",
        "von Humboldt",
        "bin Khalid",
        "St. James",
        "Mac Donald",
        "al-Rashid Omar",
        "Souza, de",
        "Berg, van der",
        "Anna van",
        "O'Brien Sean",
        // Remarks.
        "John Doe CLOSED",
        "CLOSED John Doe",
        "DECEASED - JOHN DOE",
        "John Doe DO NOT USE",
        "VIP John Doe",
        "John Doe DUPLICATE",
        "TEST TEST",
        "Doe, John VERSTORBEN",
        "Jean Dupont décédé",
        "Juan Perez FALLECIDO",
        "John Doe, inactive",
        "Doe (VIP), John",
        "Richard Roe - see notes",
        "RICHARD ROE - SEE NOTES",
        "Richard Roe in memoriam",
        "Richard Roe via broker",
        "Muster, Jan verst.",
        "MUSTER, JAN VERST",
        "Muster, Anna z.Hd. Probe",
        "Erbengemeinschaft Muster, Jan",
        "Nachlaß Jan Muster",
        "Sucesión Juan Muster",
        "Jan Muster GEKÜNDIGT",
        "Jan Muster KG",
        // Names that somebody was born with.
        "Jane Doe née Smith",
        "Jane Doe nee Smith",
        "Anna Schmidt geb. Meier",
        "Doe née Smith, Jane",
        "Jane Roe née. Poe",
        "Jane Roe ép. Poe",
        "Kowalska z d. Nowak, Anna",
        "Anna Kowalska z domu Nowak",
        "ANNA KOWALSKA Z DOMU NOWAK",
        "Jane Roe roz. Poe",
        "Maria Perez vda de Lopez",
        // One family name or two people.
        "Ortega y Gasset",
        "José Ortega y Gasset",
        "JOSE ORTEGA Y GASSET",
        "Juan y Maria Perez",
        "Perez, Juan y Maria",
        "João e Maria Silva",
        "JOAO E MARIA SILVA",
        "Jan en Marie Jansen",
        // Initials that may begin the family name.
        "Sean O Brien",
        "SEAN O BRIEN",
        "Maria D Angelo",
        "John D Souza",
        // A husband's name, and titles that are names as well.
        "Mrs. John Smith",
        "Frau Max Schmidt",
        "Smith, Mrs. John",
        "Judge John Smith",
        "Major John Doe",
        "Bishop Smith",
        // A whole name, and what is no given name behind it.
        "Dr. John Smith, Boston",
        "Jane Smith, Accountant",
        "Garcia Lopez, MEX",
        "Garcia Lopez, United States",
        "Doe, USA",
        // The family name stands first wherever it is written.
        "Nguyen Van Minh",
        "Nguyễn Thị Lan",
        "Minh Van Nguyen",
        "山田 太郎",
        // One of two family names, or a middle name.
        "Ana Silva dos Santos",
        "Maria Garcia de la Cruz",
        "c/o John Doe",
        "John Doe c/o Jane Roe",
        "Smith, John (Jack)",
        "John Doe POA",
        "Estate of John Doe",
        "Prince",
        "BAJA",
        // Marks of an account or a person.
        "Roe PEP",
        "Jan Roe PEP",
        "Roe, Jan (PEP)",
        "Jan Roe NRA",
        "Jan Roe KYC",
        "Jan Roe HOLD",
        "Jan Roe RESTRICTED",
        "Jan Roe POLITICALLY EXPOSED",
        "Jan Roe DECSD",
        "Late Jan Roe",
        "Jan NMN Roe",
        "FNU Roe",
        "Jan LNU",
        "Baby Boy Roe",
        "Jan Roe TEN COM",
        "Jan Roe EXEC",
        "Jan Roe CEO",
        "MINOR Jan Roe",
        "Jan Roe MINOR",
        // Titles that are names as well, and words that are cut short.
        "RA Jan",
        "RA Jan Muster",
        "RA Muster, Jan",
        "Pan Jan",
        "Pan Jan Muster",
        "Pan Nowak, Jan",
        "Mag Jan Muster",
        "Ing Jan Novak",
        "Dipl Ing Jan Muster",
        "Graf Jan Muster",
        "Sheikh Ali Ahmad",
        "Jan Novak CSc.",
        "Hptm. Jan Muster",
        "Jan Gral. Roe",
        "Muster, Jan Bmstr.",
        "Juan Sta. Maria",
        // Firms in other languages.
        "Bäckerei Jan Muster",
        "BÄCKEREI JAN MUSTER",
        "Baeckerei Muster",
        "Handel Jan Muster",
        "Jan Muster Handel",
        "Sklep Anna Kowalska",
        "Usługi Jan Nowak",
        "Panadería Jan Roe",
        "Boulangerie Jean Dupont",
        "Trattoria Mario Rossi",
        "Loja Joao Silva",
        "Fa. Jan Muster",
        "Firma Jan Muster",
        "Jan Muster UG",
        "Juan Perez S.L.",
        "Joao Silva Ltda",
        "Jan Hansen ApS",
        "Jan Hansson AB",
        "Janos Kovacs Kft",
        "Eheleute Muster",
    ] {
        assert_eq!(read(text, NameOrder::GivenFirst), None, "{text}");
    }
    for text in [
        "NGUYEN VAN MINH",
        "TRAN THI LAN",
        "DE SOUZA",
        "LE PEN",
        "O BRIEN SEAN",
        "ORTEGA Y GASSET JOSE",
        "SMITH JUDGE JOHN",
        "SOUSA E SILVA MARIA",
        "PAN JAN NOWAK",
        "RA MUSTER JAN",
        "ROE JAN PEP",
    ] {
        assert_eq!(read(text, NameOrder::FamilyFirst), None, "{text}");
    }
    assert_eq!(read(&"Ann ".repeat(100), NameOrder::GivenFirst), None);
}

#[test]
fn the_tables_that_are_searched_by_halves_are_sorted() {
    use notes::{BEHIND_APOSTROPHE, FEMININE, MAIDEN, MALE, NOTES, TITLES_OR_NAMES, VIETNAMESE};
    for table in [
        ACCOUNT,
        FIRM,
        TRADE_OR_NAME,
        GIVEN,
        NOTES,
        MAIDEN,
        TITLES_OR_NAMES,
        FEMININE,
        MALE,
        BEHIND_APOSTROPHE,
        VIETNAMESE,
    ] {
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
        let name = Name::parse(text, NameOrder::GivenFirst).unwrap();
        let (mut one, mut all) = (String::new(), String::new());
        name.write(NamePart::Family, true, &mut one);
        name.write(NamePart::Full, false, &mut all);
        assert_eq!((one.as_str(), all.as_str()), (family, full), "{text}");
    }
}

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
        let all = [ACCOUNT, FIRM, TRADE_OR_NAME, words::HONORIFICS, words::DEGREES, words::PARTICLES];
        // A bare "O" may begin the family name, and a bare "Y" links two.
        prop_assume!(!["O", "Y"].contains(&middle.as_str()));
        prop_assume!(!doubts::is_no_given_name(&given) && !doubts::has_remark(&[vec![&given, &family]]));
        prop_assume!(all.iter().all(|list| plain.iter().all(|word| !list.contains(&word.as_str()))));
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
