//! What stands where the city belongs when columns slipped: a state, a street, a box, a remark for the mail, an e-mail address.
//!
//! Owner of [`slipped`], asked of every owner of every record, so a look at a few bytes settles most cities. Towns named like
//! states are cities (Nevada in Missouri), and so are numbers in names (29 Palms, 100 Mile House).

use crate::findings::address::{is_box, is_care_of, is_unit};
use crate::findings::other_field::is_of_another_field;
use bakkt_contract::countries;
use bakkt_contract::forms::is_state2;
use bakkt_contract::us_states::two_letters;

/// What a city is instead, if it is not one. `country` is ISO 3166-1 alpha-3.
pub(super) fn slipped(
    city: &str,
    state: Option<&str>,
    country: Option<&str>,
) -> Option<&'static str> {
    let bytes = city.as_bytes();
    let (mut has_digit, mut has_at, mut has_comma) = (false, false, false);
    for byte in bytes {
        has_digit |= byte.is_ascii_digit();
        has_at |= *byte == b'@';
        has_comma |= *byte == b',';
    }
    if has_at {
        return Some("an e-mail address");
    }
    if is_care_of(city) {
        return Some("a remark for the mail");
    }
    if has_digit && is_of_another_field(city) {
        return Some("a phone number or a tax id");
    }
    if has_digit {
        return digits(city, country);
    }
    if country.is_none_or(|country| country == "USA") {
        return home(city, state, has_comma);
    }
    None
}

/// What a city with a digit is, if it is not one.
fn digits(city: &str, country: Option<&str>) -> Option<&'static str> {
    let is_code = |word: &str| word.len() >= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    let has_code =
        || city.contains(char::is_alphabetic) && city.split([' ', ',', '-']).any(is_code);
    let code = || has_code().then_some("the state or the postal code stands in it");
    if city.as_bytes()[0].is_ascii_digit() {
        let last = city.split([' ', ',', '.']).rfind(|word| !word.is_empty());
        let is_street = |word: &str| STREETS.iter().any(|one| one.eq_ignore_ascii_case(word));
        return match last.is_some_and(is_street) {
            true => Some("a street"),
            false => code(),
        };
    }
    if is_unit(city) || (country.is_none_or(|country| country == "USA") && ends_in_unit(city)) {
        return Some("an apartment");
    }
    // "Bp. 12" is a district of Budapest.
    match country != Some("HUN") && is_box(city, country) {
        true => Some("a P.O. box"),
        false => code(),
    }
}

/// "Fort Worth Apt 4", "Austin #4".
fn ends_in_unit(city: &str) -> bool {
    let Some((before, last)) = city.rsplit_once(' ') else {
        return false;
    };
    if last.strip_prefix('#').is_some_and(|rest| !rest.is_empty()) {
        return true;
    }
    let unit = before.rsplit([' ', ',']).next().unwrap_or_default();
    let unit = unit.trim_end_matches('.');
    last.bytes().any(|byte| byte.is_ascii_digit())
        && UNITS.iter().any(|known| known.eq_ignore_ascii_case(unit))
}

/// Words in front of the number of an apartment that no name of a town ends in.
const UNITS: [&str; 6] = ["apt", "apartment", "unit", "ste", "suite", "trlr"];

/// Last words of a street that no town with a number in front of its name has.
#[rustfmt::skip]
const STREETS: [&str; 25] = [
    "st", "street", "ave", "av", "avenue", "rd", "road", "dr", "drive", "ln", "lane", "ct", "court", "blvd", "boulevard", "way", "pl",
    "place", "cir", "circle", "ter", "terrace", "pkwy", "parkway", "hwy",
];

/// What a city of the U.S. is, if it is not one: its state, alone or behind it.
fn home(city: &str, state: Option<&str>, has_comma: bool) -> Option<&'static str> {
    const STATE: Option<&str> = Some("a state");
    const BEHIND: Option<&str> = Some("the state stands in it");
    let bytes = city.as_bytes();
    if bytes.len() == 2 {
        return STATE.filter(|_| is_state2(city));
    }
    // "Austin TX", but the capital is often called Washington DC.
    // "Austin (TX)" and "Austin/TX".
    let open = city.strip_suffix(')').unwrap_or(city);
    if let [.., b' ' | b',' | b'/' | b'(', left, right] = open.as_bytes()
        && let Some(end) = open.get(open.len() - 2..)
        && !end.eq_ignore_ascii_case("DC")
    {
        let is_own = state.is_some_and(|state| state.eq_ignore_ascii_case(end));
        let are_capitals = left.is_ascii_uppercase() && right.is_ascii_uppercase();
        if is_own || (are_capitals && is_state2(end)) {
            return BEHIND;
        }
    }
    if has_comma {
        let (_, end) = city.rsplit_once(',')?;
        if end.trim().is_empty() {
            return Some("a comma at its end");
        }
        // "Austin, Texas, USA"
        if countries::alpha3(end.trim()) == Some("USA") {
            return BEHIND;
        }
        let found = two_letters(end);
        return found.filter(|found| *found != "DC").and(BEHIND);
    }
    // "Austin Texas"; East New York is in New York.
    if let (Some(own), Some((_, end))) = (state, city.rsplit_once(' '))
        && STATES.iter().any(|name| name.eq_ignore_ascii_case(end))
        && two_letters(end) == Some(own)
        && two_letters(city).is_none()
    {
        return BEHIND;
    }
    // A name of a state begins with the first of its two letters.
    let own = state.filter(|state| is_state2(state));
    let begins_alike = own.is_none_or(|own| own.as_bytes()[0] == bytes[0].to_ascii_uppercase());
    if !begins_alike || bytes.len() > LONGEST_STATE {
        return None;
    }
    let is_name = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(city));
    match own {
        // No city of Texas is called Texas.
        Some(own) if is_name(STATES) => STATE.filter(|_| two_letters(city) == Some(own)),
        Some(_) => None,
        None => STATE.filter(|_| is_name(STATES) && !is_name(TOWNS)),
    }
}

const LONGEST_STATE: usize = 14;

/// States of which no city has the name. New York is one, and so are Oklahoma City and Iowa City, which some shorten; the names of
/// territories are those of islands.
#[rustfmt::skip]
const STATES: &[&str] = &[
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware", "Florida", "Georgia", "Hawaii",
    "Idaho", "Illinois", "Indiana", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland", "Massachusetts", "Michigan", "Minnesota",
    "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire", "New Jersey", "New Mexico", "North Carolina",
    "North Dakota", "Ohio", "Oregon", "Pennsylvania", "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah",
    "Vermont", "Virginia", "West Virginia", "Wisconsin", "Wyoming",
];

/// Those that are towns of another state, too.
#[rustfmt::skip]
const TOWNS: &[&str] = &[
    "Alabama", "California", "Delaware", "Florida", "Georgia", "Indiana", "Kansas", "Louisiana", "Maine", "Maryland", "Nevada",
    "Ohio", "Oregon", "Vermont", "Virginia", "Wyoming",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slipped_into_the_city_is_found() {
        for (city, state) in [
            ("Austin, TX", "TX"),
            ("Austin TX", "TX"),
            ("AUSTIN TX", "TX"),
            ("austin tx", "TX"),
            ("Austin,TX", "TX"),
            ("Austin TX", ""),
            ("Austin, TX", "CA"),
            ("Austin, Texas", "TX"),
            ("New York, NY", "NY"),
            ("Nevada MO", "MO"),
            ("Austin Texas", "TX"),
            ("Austin, Texas, USA", "TX"),
            ("Washington 20001", "DC"),
            ("APO AE 09012", "AE"),
            ("TX", "TX"),
            ("TX", ""),
            ("Texas", "TX"),
            ("TEXAS", "TX"),
            ("Texas", ""),
            ("New Jersey", "NJ"),
            ("12 Main St", "TX"),
            ("12 Main St.", "TX"),
            ("1200 Sample Avenue", "TX"),
            ("Apt 4", "TX"),
            ("Suite 200", "TX"),
            ("PO Box 12", "TX"),
            ("P.O. Box 12", "TX"),
            ("Fort Worth Apt 4", "TX"),
            ("Austin, Apt. 4B", "TX"),
            ("Austin #4", "TX"),
            ("Austin Unit 4", "TX"),
            ("Austin (TX)", "TX"),
            ("Austin/TX", "TX"),
            ("AUSTIN(TX)", "CA"),
            ("Austin,", "TX"),
            ("c/o Bob", "TX"),
            ("C/O Bob", "TX"),
            ("Attn: Legal", "TX"),
            ("p1@example.com", "TX"),
        ] {
            let state = Some(state).filter(|state| !state.is_empty());
            assert!(
                slipped(city, state, Some("USA")).is_some(),
                "{city} {state:?}"
            );
        }
        for (city, country) in [
            ("Postfach 12", "DEU"),
            ("c/o Bob", "DEU"),
            ("p1@example.com", "CHE"),
            ("12 Main St", "AUS"),
            ("75012 Paris", "FRA"),
        ] {
            assert!(slipped(city, None, Some(country)).is_some(), "{city}");
        }
    }

    #[test]
    fn cities_have_not_slipped() {
        for (city, state) in [
            ("Austin", "TX"),
            ("Washington", "DC"),
            ("Washington DC", "DC"),
            ("Washington, DC", "DC"),
            ("East New York", "NY"),
            ("West Virginia City", "WV"),
            ("Kansas City", "KS"),
            ("Port Maryland", "VA"),
            ("Washington, D.C.", "DC"),
            ("New York", "NY"),
            ("Washington", "NC"),
            ("Nevada", "IA"),
            ("Nevada", "MO"),
            ("Nevada", ""),
            ("Delaware", "OH"),
            ("Indiana", "PA"),
            ("California", "MD"),
            ("Wyoming", "MI"),
            ("Texas City", "TX"),
            ("Kansas City", "KS"),
            ("Iowa City", "IA"),
            ("Oklahoma City", "OK"),
            ("Virginia Beach", "VA"),
            ("Guam", "GU"),
            ("Ty Ty", "GA"),
            ("Port St Lucie", "FL"),
            ("Fond du Lac", "WI"),
            ("Eau Claire", "WI"),
            ("29 Palms", "CA"),
            ("Eighty Four", "PA"),
            ("Box Elder", "SD"),
            ("Attica", "NY"),
            ("Carefree", "AZ"),
            ("Boxborough", "MA"),
            ("Ho Ho Kus", "NJ"),
            ("Dover/Foxcroft", "ME"),
            ("Bagdad (Milton)", "FL"),
            ("Washington (DC)", "DC"),
            ("District 4", "TN"),
            ("Township 12", "AR"),
        ] {
            let state = Some(state).filter(|state| !state.is_empty());
            assert_eq!(slipped(city, state, Some("USA")), None, "{city} {state:?}");
        }
        for (city, country) in [
            ("100 Mile House", "CAN"),
            ("Paris 8", "FRA"),
            ("Praha 1", "CZE"),
            ("Wien 1010", "AUT"),
            ("Bp. 12", "HUN"),
            ("Dublin 4", "IRL"),
            ("Sector 5 Unit 2", "IND"),
            ("1770", "AUS"),
            ("Attnang-Puchheim", "AUT"),
            ("Attendorn", "DEU"),
            ("Box", "GBR"),
            ("Pô", "BFA"),
            ("Apartadó", "COL"),
            ("Roma RM", "ITA"),
            ("Georgia", "GBR"),
            ("Y", "FRA"),
        ] {
            assert_eq!(slipped(city, None, Some(country)), None, "{city}");
        }
    }

    #[test]
    fn the_names_are_those_of_states() {
        for name in STATES {
            assert!(
                two_letters(name).is_some() && name.len() <= LONGEST_STATE,
                "{name}"
            );
            let begins = two_letters(name).map(|letters| letters.as_bytes()[0]);
            assert_eq!(begins, name.bytes().next(), "{name}");
        }
        assert!(TOWNS.iter().all(|name| STATES.contains(name)));
    }
}
