//! U.S. states, the District of Columbia, territories, freely associated states and military addresses, as two letters.
//!
//! Owner: `contract`. The list is the Postal Service's. Invariants: the answer is always one of the 62 codes below; a
//! bare code is answered without allocation. Left out on purpose: abbreviations that fit two states ("Miss." is
//! Mississippi by custom, "Wash" is the state), and whether an address is in the U.S. at all (`mapping::step`).

use super::fold::{fold, with_folded};
use std::sync::OnceLock;

use foldhash::HashMap;

use bakkt_model::text::trim;

/// Code, name, and the abbreviations that are not the code, parted by `|`.
type StateRow = (&'static str, &'static str, &'static str);

#[rustfmt::skip] // one state per line reads as the table it is
static STATES: [StateRow; 62] = [
    ("AA", "Armed Forces Americas", "Armed Forces, the Americas|Armed Forces of the Americas"),
    ("AE", "Armed Forces Europe", "Armed Forces - Europe|Armed Forces Africa|Armed Forces Canada|Armed Forces Middle East|Armed Forces Europe, the Middle East, and Canada"),
    ("AK", "Alaska", "Alas"),
    ("AL", "Alabama", "Ala"),
    ("AP", "Armed Forces Pacific", ""),
    ("AR", "Arkansas", "Ark"),
    ("AS", "American Samoa", "Amer Samoa|Am. Samoa"),
    ("AZ", "Arizona", "Ariz"),
    ("CA", "California", "Calif|Cal|Californ|Califronia|State of California"),
    ("CO", "Colorado", "Colo|Col"),
    ("CT", "Connecticut", "Conn|Conneticut|Connecticutt"),
    ("DC", "District of Columbia", "Washington DC|Washington, District of Columbia|Dist of Columbia|Dist. Columbia"),
    ("DE", "Delaware", "Del|Delawere"),
    ("FL", "Florida", "Fla|Flor|Florda"),
    ("FM", "Federated States of Micronesia", "Micronesia|Micronesia (Federated States of)|Fed. States of Micronesia|F.S.M."),
    ("GA", "Georgia", ""),
    ("GU", "Guam", "Territory of Guam"),
    ("HI", "Hawaii", "Hawai'i"),
    ("IA", "Iowa", ""),
    ("ID", "Idaho", "Ida"),
    ("IL", "Illinois", "Ill|Ills|Illinios"),
    ("IN", "Indiana", "Ind|Indianna"),
    ("KS", "Kansas", "Kan|Kans"),
    ("KY", "Kentucky", "Ken|Kent|Commonwealth of Kentucky"),
    ("LA", "Louisiana", "Lousiana|Louisana"),
    ("MA", "Massachusetts", "Mass|Commonwealth of Massachusetts|Massachussetts|Massachusets"),
    ("MD", "Maryland", ""),
    ("ME", "Maine", ""),
    ("MH", "Marshall Islands", "Republic of the Marshall Islands|Marshall Isl|Marshall Is"),
    ("MI", "Michigan", "Mich"),
    ("MN", "Minnesota", "Minn|Minesota"),
    ("MO", "Missouri", "Misouri"),
    ("MP", "Northern Mariana Islands", "Commonwealth of the Northern Mariana Islands|CNMI|N. Mariana Islands|Northern Marianas|Saipan"),
    ("MS", "Mississippi", "Miss|Missisippi|Mississipi"),
    ("MT", "Montana", "Mont"),
    ("NC", "North Carolina", "N. Carolina|N. Car|No. Carolina|North Car"),
    ("ND", "North Dakota", "N. Dakota|N. Dak|No. Dakota|NoDak"),
    ("NE", "Nebraska", "Neb|Nebr"),
    ("NH", "New Hampshire", "N. Hampshire|N. Hamp"),
    ("NJ", "New Jersey", "N. Jersey"),
    ("NM", "New Mexico", "N. Mexico|N. Mex|New Mex"),
    ("NV", "Nevada", "Nev"),
    ("NY", "New York", "N. York|New York State"),
    ("OH", "Ohio", ""),
    ("OK", "Oklahoma", "Okla|Oklahama"),
    ("OR", "Oregon", "Ore|Oreg"),
    ("PA", "Pennsylvania", "Penn|Penna|Pennsylvannia|Commonwealth of Pennsylvania|Pensylvania"),
    ("PR", "Puerto Rico", "Commonwealth of Puerto Rico|P. Rico"),
    ("PW", "Palau", "Republic of Palau|Belau"),
    ("RI", "Rhode Island", "Rhode Isl|Rhode Is|Rhode I|State of Rhode Island and Providence Plantations"),
    ("SC", "South Carolina", "S. Carolina|S. Car|So. Carolina|South Car"),
    ("SD", "South Dakota", "S. Dakota|S. Dak|So. Dakota|SoDak"),
    ("TN", "Tennessee", "Tenn|Tennesee|Tennesse"),
    ("TX", "Texas", "Tex"),
    ("UT", "Utah", ""),
    ("VA", "Virginia", "Virg|Commonwealth of Virginia"),
    ("VI", "Virgin Islands", "US Virgin Islands|United States Virgin Islands|Virgin Islands, U.S.|USVI"),
    ("VT", "Vermont", "Verm"),
    ("WA", "Washington", "Wash|Washington State"),
    ("WI", "Wisconsin", "Wis|Wisc"),
    ("WV", "West Virginia", "W. Virginia|W. Virg|W. Va|West Va"),
    ("WY", "Wyoming", "Wyo"),
];

/// No state: `STATES` is shorter than this.
const NONE: u8 = u8::MAX;

static BY_CODE: [u8; 26 * 26] = {
    let mut places = [NONE; 26 * 26];
    let mut place = 0;
    while place < STATES.len() {
        let code = STATES[place].0.as_bytes();
        places[(code[0] - b'A') as usize * 26 + (code[1] - b'A') as usize] = place as u8;
        place += 1;
    }
    places
};

/// The two letters of a state, from its code, its name or a usual abbreviation.
pub fn two_letters(text: &str) -> Option<&'static str> {
    let text = trim(text);
    let row = match *text.as_bytes() {
        [a, b] => by_code(a.to_ascii_uppercase(), b.to_ascii_uppercase()),
        // ISO 3166-2, as in "US-CA".
        [b'U' | b'u', b'S' | b's', b'-', a, b] => {
            by_code(a.to_ascii_uppercase(), b.to_ascii_uppercase())
        }
        _ => with_folded(text, |folded| match *folded {
            // "N.Y." and "D. C.", but not "I/D".
            [a, b]
                if text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b' ')) =>
            {
                by_code(a.to_ascii_uppercase(), b.to_ascii_uppercase())
            }
            _ => by_name(folded),
        }),
    };
    row.map(|row| row.0)
}

/// Whether `code` is a code of this table, exactly as it goes on the wire.
pub(super) fn is_code(code: &str) -> bool {
    match *code.as_bytes() {
        [a, b] => by_code(a, b).is_some(),
        _ => false,
    }
}

fn by_code(a: u8, b: u8) -> Option<&'static StateRow> {
    if !(a.is_ascii_uppercase() && b.is_ascii_uppercase()) {
        return None;
    }
    STATES.get(usize::from(
        BY_CODE[usize::from(a - b'A') * 26 + usize::from(b - b'A')],
    ))
}

fn by_name(folded: &[u8]) -> Option<&'static StateRow> {
    static NAMES: OnceLock<HashMap<Box<[u8]>, u8>> = OnceLock::new();
    let names = NAMES.get_or_init(|| {
        spellings()
            .map(|(name, place)| (fold(name).into_bytes().into_boxed_slice(), place))
            .collect()
    });
    let place = names
        .get(folded)
        .or_else(|| names.get(folded.strip_prefix(b"stateof")?))?;
    STATES.get(usize::from(*place))
}

fn spellings() -> impl Iterator<Item = (&'static str, u8)> {
    STATES.iter().zip(0u8..).flat_map(|(row, place)| {
        let names = row
            .2
            .split('|')
            .chain([row.1])
            .filter(|name| !name.is_empty());
        names.map(move |name| (name, place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn real_spellings() {
        for (text, code) in [
            ("CA", "CA"),
            ("ca", "CA"),
            (" Ny ", "NY"),
            ("N.Y.", "NY"),
            ("N. Carolina", "NC"),
            ("NORTH  CAROLINA", "NC"),
            ("Calif.", "CA"),
            ("Mass", "MA"),
            ("D.C.", "DC"),
            ("Washington, D.C.", "DC"),
            ("Washington", "WA"),
            ("W. Va.", "WV"),
            ("Puerto Rico", "PR"),
            ("U.S. Virgin Islands", "VI"),
            ("US-TX", "TX"),
            ("AE", "AE"),
            ("State of Georgia", "GA"),
            ("Hawaiʻi", "HI"),
            ("CALIF", "CA"),
            ("N.C.", "NC"),
            ("Penna.", "PA"),
            ("Pa.", "PA"),
            ("Tex.", "TX"),
            ("Armed Forces Pacific", "AP"),
            ("guam", "GU"),
            ("American Samoa", "AS"),
            ("CNMI", "MP"),
            ("FM", "FM"),
            ("mh", "MH"),
            ("PW", "PW"),
            ("Micronesia", "FM"),
            ("Federated States of Micronesia", "FM"),
            ("Republic of the Marshall Islands", "MH"),
            ("PALAU", "PW"),
            ("AA", "AA"),
            ("Armed Forces Europe", "AE"),
        ] {
            assert_eq!(two_letters(text), Some(code), "{text}");
        }
        for text in [
            "", "XX", "Ontario", "N", "I/D", "C A X", "UM", "é", "US-", "New", "12",
        ] {
            assert_eq!(two_letters(text), None, "{text}");
        }
    }

    #[test]
    fn table_is_sound() {
        assert!(STATES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let mut seen: HashMap<String, u8> = HashMap::default();
        for (name, place) in spellings() {
            let code = STATES[usize::from(place)].0;
            assert_eq!(*seen.entry(fold(name)).or_insert(place), place, "{name}");
            assert_eq!(
                (two_letters(name), two_letters(code)),
                (Some(code), Some(code)),
                "{name}"
            );
            assert!(is_code(code) && !is_code(&code.to_lowercase()));
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_is_idempotent(text in any::<String>()) {
            if let Some(code) = two_letters(&text) {
                prop_assert_eq!(two_letters(code), Some(code));
            }
        }
    }
}
