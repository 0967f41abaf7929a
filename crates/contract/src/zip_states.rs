//! Which state a ZIP code is in, and which province a Canadian postal code.
//!
//! Owner of both tables. The first three digits of a ZIP code are those of a mail centre of the Postal Service, which serves
//! one state, and some post offices beyond its border; in the Pacific, several share them. Invariants: a code that is in no range
//! is in every state, so that only what is very likely is told; nothing is allocated.
//! Left out on purpose: whether a code was ever given out, and cities.

/// A range of first three digits, and its state.
type ZipRange = (u16, u16, &'static str);

#[rustfmt::skip] // reads as the table it is
const RANGES: &[ZipRange] = &[
    (5, 5, "NY"), (6, 7, "PR"), (8, 8, "VI"), (9, 9, "PR"), (10, 27, "MA"), (28, 29, "RI"), (30, 38, "NH"), (39, 49, "ME"),
    (50, 54, "VT"), (55, 55, "MA"), (56, 59, "VT"), (60, 69, "CT"), (70, 89, "NJ"), (90, 98, "AE"), (100, 149, "NY"),
    (150, 196, "PA"), (197, 199, "DE"), (200, 200, "DC"), (201, 201, "VA"), (202, 205, "DC"), (206, 212, "MD"),
    (214, 219, "MD"), (220, 246, "VA"), (247, 268, "WV"), (270, 289, "NC"), (290, 299, "SC"), (300, 319, "GA"),
    (320, 339, "FL"), (340, 340, "AA"), (341, 342, "FL"), (344, 344, "FL"), (346, 347, "FL"), (349, 349, "FL"),
    (350, 352, "AL"), (354, 369, "AL"), (370, 385, "TN"), (386, 397, "MS"), (398, 399, "GA"), (400, 418, "KY"),
    (420, 427, "KY"), (430, 459, "OH"), (460, 479, "IN"), (480, 499, "MI"), (500, 516, "IA"), (520, 528, "IA"),
    (530, 532, "WI"), (534, 535, "WI"), (537, 549, "WI"), (550, 551, "MN"), (553, 567, "MN"), (569, 569, "DC"),
    (570, 577, "SD"), (580, 588, "ND"), (590, 599, "MT"), (600, 620, "IL"), (622, 629, "IL"), (630, 631, "MO"),
    (633, 641, "MO"), (644, 658, "MO"), (660, 662, "KS"), (664, 679, "KS"), (680, 681, "NE"), (683, 693, "NE"),
    (700, 701, "LA"), (703, 708, "LA"), (710, 714, "LA"), (716, 729, "AR"), (730, 731, "OK"), (733, 733, "TX"),
    (734, 741, "OK"), (743, 749, "OK"), (750, 770, "TX"), (772, 799, "TX"), (800, 816, "CO"), (820, 831, "WY"),
    (832, 838, "ID"), (840, 847, "UT"), (850, 853, "AZ"), (855, 857, "AZ"), (859, 860, "AZ"), (863, 865, "AZ"),
    (870, 871, "NM"), (873, 875, "NM"), (877, 884, "NM"), (885, 885, "TX"), (889, 891, "NV"), (893, 895, "NV"),
    (897, 898, "NV"), (900, 908, "CA"), (910, 928, "CA"), (930, 961, "CA"), (962, 966, "AP"), (967, 968, "HI"),
    (970, 979, "OR"), (980, 986, "WA"), (988, 994, "WA"), (995, 999, "AK"),
];

/// Territories and states in free association whose codes share their first three digits with those of others: ranges of whole
/// codes, each with its state.
#[rustfmt::skip]
const SHARED: &[(u32, u32, &str)] = &[
    (96_799, 96_799, "AS"), (96_910, 96_932, "GU"), (96_939, 96_940, "PW"), (96_941, 96_944, "FM"), (96_950, 96_952, "MP"),
    (96_960, 96_960, "MH"), (96_970, 96_970, "MH"),
];

/// States into which deliveries from the codes of a neighbour go. Wide on purpose: a finding that is wrong costs more than one
/// that is missing.
#[rustfmt::skip]
const BEYOND: &[(&str, &str)] = &[
    ("063", "NY"), ("834", "WY"), ("831", "ID"), ("822", "MT"), ("577", "ND"), ("577", "NE"), ("576", "ND"),
    ("566", "ND"), ("567", "ND"), ("582", "MN"), ("580", "MN"), ("561", "SD"), ("562", "SD"), ("570", "MN"), ("571", "MN"),
    ("571", "IA"), ("510", "SD"), ("521", "MN"), ("546", "MN"), ("540", "MN"), ("499", "WI"), ("498", "WI"), ("541", "MI"),
    ("612", "IA"), ("526", "MO"), ("525", "MO"), ("635", "IA"), ("645", "KS"), ("664", "NE"), ("669", "NE"), ("683", "KS"),
    ("689", "KS"), ("690", "CO"), ("693", "WY"), ("807", "NE"), ("811", "NM"), ("813", "NM"), ("874", "CO"), ("865", "NM"),
    ("873", "AZ"), ("860", "UT"), ("845", "AZ"), ("847", "AZ"), ("840", "WY"), ("832", "UT"), ("833", "UT"), ("833", "NV"),
    ("898", "UT"), ("890", "AZ"), ("864", "NV"), ("895", "CA"), ("961", "NV"), ("960", "OR"), ("976", "CA"), ("979", "ID"),
    ("836", "OR"), ("979", "NV"), ("978", "WA"), ("986", "OR"), ("838", "WA"), ("991", "ID"), ("594", "ND"), ("592", "ND"),
    ("593", "WY"), ("736", "TX"), ("790", "OK"), ("739", "KS"), ("678", "OK"), ("679", "OK"), ("743", "MO"), ("729", "OK"),
    ("749", "AR"), ("716", "LA"), ("710", "AR"), ("755", "AR"), ("718", "TX"), ("726", "MO"), ("656", "AR"), ("657", "AR"),
    ("380", "MS"), ("386", "TN"), ("420", "TN"), ("422", "TN"), ("385", "KY"), ("376", "VA"), ("242", "TN"), ("376", "NC"),
    ("286", "TN"), ("307", "TN"), ("373", "GA"), ("298", "GA"), ("359", "GA"), ("363", "FL"), ("324", "AL"), ("281", "SC"),
    ("297", "NC"), ("245", "NC"), ("246", "WV"), ("247", "VA"), ("248", "VA"), ("267", "MD"), ("215", "WV"), ("172", "MD"),
    ("219", "PA"), ("197", "PA"), ("199", "MD"), ("189", "NJ"), ("165", "NY"), ("147", "PA"), ("169", "NY"), ("010", "CT"),
    ("015", "CT"), ("028", "MA"), ("038", "ME"), ("035", "VT"), ("037", "VT"), ("038", "MA"), ("039", "NH"), ("121", "MA"),
    ("122", "VT"), ("128", "VT"), ("125", "CT"), ("201", "MD"), ("207", "DC"), ("203", "VA"), ("205", "MD"), ("439", "WV"),
    ("260", "OH"), ("456", "KY"), ("411", "WV"), ("255", "KY"), ("256", "KY"), ("450", "IN"), ("470", "OH"), ("424", "IN"),
    ("476", "IL"), ("629", "KY"), ("636", "IL"), ("485", "OH"), ("434", "MI"), ("465", "MI"), ("491", "IN"), ("463", "IL"),
    ("604", "IN"), ("531", "IL"), ("600", "WI"), ("513", "MN"), ("516", "MO"), ("730", "TX"), ("885", "NM"), ("880", "TX"),
    ("881", "TX"), ("799", "NM"), ("672", "OK"), ("737", "KS"),
    ("717", "LA"), ("739", "TX"), ("894", "CA"), ("993", "OR"), ("380", "KY"), ("898", "ID"), ("577", "MT"), ("820", "NE"),
    ("368", "GA"), ("319", "AL"), ("301", "AL"), ("377", "KY"), ("692", "SD"), ("687", "SD"), ("829", "UT"), ("820", "CO"),
    ("990", "ID"), ("598", "ID"), ("586", "SD"), ("584", "SD"), ("545", "MI"), ("426", "TN"), ("409", "TN"), ("383", "MS"),
    ("388", "AL"), ("388", "TN"), ("270", "VA"), ("218", "DE"), ("109", "NJ"), ("890", "CA"), ("894", "OR"), ("882", "TX"),
    ("884", "TX"), ("884", "OK"), ("835", "WA"), ("828", "MT"), ("827", "SD"),
];

/// The two letters of the state of each range of codes; zeros where there is none.
static STATES: [[u8; 2]; 1000] = {
    let mut states = [[0; 2]; 1000];
    let mut place = 0;
    while place < RANGES.len() {
        let (first, last, state) = RANGES[place];
        let mut number = first;
        while number <= last {
            states[number as usize] = [state.as_bytes()[0], state.as_bytes()[1]];
            number += 1;
        }
        place += 1;
    }
    states
};

/// The provinces and territories of Canada, each with the letters that its postal codes begin with.
const PROVINCES: [(&str, &[u8]); 13] = [
    ("AB", b"T"),
    ("BC", b"V"),
    ("MB", b"R"),
    ("NB", b"E"),
    ("NL", b"A"),
    ("NS", b"B"),
    ("NT", b"X"),
    ("NU", b"X"),
    ("ON", b"KLMNP"),
    ("PE", b"C"),
    ("QC", b"GHJK"),
    ("SK", b"S"),
    ("YT", b"Y"),
];

/// The two letters of the state that a ZIP code is in; zeros where nothing is known, none where it is no ZIP.
fn state_of(zip: &str) -> Option<[u8; 2]> {
    let &[first, second, third, ..] = zip.as_bytes() else {
        return None;
    };
    let digits = [first, second, third];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if matches!(&digits, b"967" | b"969") {
        let code = zip.get(..5).and_then(|code| code.parse::<u32>().ok())?;
        let shared = SHARED.iter();
        let mut shared = shared.filter(|(first, last, _)| (*first..=*last).contains(&code));
        if let Some((.., state)) = shared.next() {
            return state.as_bytes().try_into().ok();
        }
    }
    let digit = |byte: u8| usize::from(byte - b'0');
    Some(STATES[digit(first) * 100 + digit(second) * 10 + digit(third)])
}

/// Whether a ZIP code is certainly in the state or the territory with these two letters.
pub fn is_of_state(zip: &str, state: &str) -> bool {
    state_of(zip).is_some_and(|known| known == state.as_bytes())
}

/// Whether a ZIP code is certainly in another state than the one with these two letters.
pub fn is_of_another_state(zip: &str, state: &str) -> bool {
    let &[left, right] = state.as_bytes() else {
        return false;
    };
    let is_code = left.is_ascii_uppercase() && right.is_ascii_uppercase();
    let Some(known) = state_of(zip).filter(|_| is_code) else {
        return false;
    };
    // Nothing is known of these codes; most agree.
    if known == [left, right] || known == [0; 2] {
        return false;
    }
    // A place of the armed forces may be written with any of their three codes.
    let is_military = |state: &[u8]| matches!(state, b"AA" | b"AE" | b"AP");
    let is_beyond = BEYOND.contains(&(&zip[..3], state));
    !(is_beyond || (is_military(&known) && is_military(state.as_bytes())))
}

/// Whether a Canadian postal code is certainly in another province than the one with these two letters, or the letters are those
/// of no province.
pub fn is_of_another_province(code: &str, province: &str) -> bool {
    let capitals = province.len() == 2 && province.bytes().all(|byte| byte.is_ascii_uppercase());
    let Some(letter) = code.bytes().next().filter(|_| capitals) else {
        return false;
    };
    // Quebec and Newfoundland had other letters before.
    let province = match province {
        "PQ" => "QC",
        "NF" => "NL",
        province => province,
    };
    let found = PROVINCES.iter().find(|(known, _)| *known == province);
    !found.is_some_and(|(_, letters)| letters.contains(&letter.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::us_states::two_letters;

    #[test]
    fn codes_are_in_their_states() {
        for (zip, state) in [
            ("78701", "TX"),
            ("88510", "TX"),
            ("73301", "TX"),
            ("90210", "CA"),
            ("10001", "NY"),
            ("00501", "NY"),
            ("06390", "NY"),
            ("02134", "MA"),
            ("05501", "MA"),
            ("05401", "VT"),
            ("20001", "DC"),
            ("20101", "VA"),
            ("56901", "DC"),
            ("00901", "PR"),
            ("00802", "VI"),
            ("96799", "AS"),
            ("96813", "HI"),
            ("96910", "GU"),
            ("96950", "MP"),
            ("96960", "MH"),
            ("96970", "MH"),
            ("96940", "PW"),
            ("96941", "FM"),
            ("96910-1234", "GU"),
            ("09012", "AE"),
            ("34002", "AA"),
            ("96201", "AP"),
            ("99501", "AK"),
            ("89501", "NV"),
            ("96161", "CA"),
            ("83414", "WY"),
            ("42223", "TN"),
            ("71749", "LA"),
            ("73949", "TX"),
            ("89439", "CA"),
            ("99362", "OR"),
            ("57724", "MT"),
            ("31901-1234", "GA"),
            ("39813", "GA"),
        ] {
            assert!(!is_of_another_state(zip, state), "{zip} {state}");
        }
        for (zip, state) in [
            ("90210", "TX"),
            ("78701", "CA"),
            ("10001", "NJ"),
            ("60601", "IN"),
            ("02134", "CA"),
            ("33101", "GA"),
            ("89501-0001", "TX"),
            ("96910", "TX"),
            ("96910", "CA"),
            ("96910-1234", "MP"),
            ("96950", "GU"),
            ("96799", "HI"),
            ("96813", "AS"),
            ("96941", "PW"),
            ("02000", "FM"),
            ("09012", "NY"),
        ] {
            assert!(is_of_another_state(zip, state), "{zip} {state}");
        }
        // Of what is no code and of ranges without one nothing is known.
        for (zip, state) in [
            ("", "TX"),
            ("78", "TX"),
            ("AB123", "TX"),
            ("00100", "TX"),
            ("96999", "TX"),
            ("9691", "TX"),
            ("78701", "Texas"),
            ("78701", ""),
        ] {
            assert!(!is_of_another_state(zip, state), "{zip} {state}");
        }
    }

    #[test]
    fn postal_codes_are_in_their_provinces() {
        for (code, province) in [
            ("K1A 0B1", "ON"),
            ("M5V 2T6", "ON"),
            ("H2Y 1C6", "QC"),
            ("H2Y1C6", "PQ"),
            ("X0A 0H0", "NU"),
            ("v6b 1a1", "BC"),
            ("K1A 0B1", "QC"),
            ("K1A 0B1", "Ontario"),
            ("", "CA"),
        ] {
            assert!(!is_of_another_province(code, province), "{code} {province}");
        }
        for (code, province) in [
            ("K1A 0B1", "CA"),
            ("K1A 0B1", "BC"),
            ("V6B 1A1", "ON"),
            ("T2P 1J9", "TX"),
        ] {
            assert!(is_of_another_province(code, province), "{code} {province}");
        }
    }

    #[test]
    fn the_tables_are_sound() {
        for pair in RANGES.windows(2) {
            assert!(pair[0].1 < pair[1].0, "{pair:?}");
        }
        for (first, last, state) in RANGES {
            assert!(first <= last && *last < 1000);
            assert_eq!(two_letters(state), Some(*state), "{state}");
        }
        for (first, last, state) in SHARED {
            assert!(first <= last && (96_700..97_000).contains(last), "{state}");
            assert_eq!(two_letters(state), Some(*state), "{state}");
        }
        for (digits, state) in BEYOND {
            assert_eq!(two_letters(state), Some(*state), "{state}");
            let of_others = is_of_another_state(&format!("{digits}01"), "ZZ");
            assert!(
                of_others,
                "{digits}: the table has no state for it, so it is in every one"
            );
            let place: usize = digits.parse().unwrap();
            assert_ne!(STATES[place], state.as_bytes(), "{digits} {state}");
        }
    }
}
