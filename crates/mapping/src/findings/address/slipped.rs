//! What stands in a street when the columns of a row slipped, or a cell was copied from its neighbour: the city, the state, the
//! postal code or the country of the same address, an apartment alone, or the name of whoever lives there; and the rest of the
//! address behind a street.
//!
//! Owner of [`slipped`], asked of every street of one line, and of [`repeats_rest`], asked of every line. Most streets of the U.S.
//! begin with a digit, which settles them. Left out on purpose: what else is no street (`address`).

use super::is_unit;
use bakkt_contract::countries;
use bakkt_contract::fold::fold;
use bakkt_contract::forms::is_state2;
use bakkt_contract::us_states::two_letters;

/// What stands beside a street.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) city: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    pub(crate) postal_code: Option<&'a str>,
    /// ISO 3166-1 alpha-3.
    pub(crate) country: Option<&'a str>,
    /// Given name and family name of the owner whose address it is.
    pub(crate) names: Option<[&'a str; 2]>,
}

/// Whether the only line of a street is something else of its address, or its owner's name.
pub(crate) fn slipped(line: &str, beside: &Beside<'_>) -> bool {
    if line.as_bytes().first().is_none_or(u8::is_ascii_digit) {
        return false;
    }
    if beside.names.is_some_and(|names| is_name(line, names)) {
        return true;
    }
    let country = beside.country;
    if line.len() > 3 && country.is_some() && countries::alpha3(line) == country {
        return true;
    }
    // Elsewhere a village may have no names of streets, and a building no number.
    if country.is_some_and(|country| country != "USA") {
        return false;
    }
    is_state2(line) || is_unit(line) || is_rest_of_address(line, beside)
}

/// Whether a line has the rest of its address behind the street ("12 Oak St, Austin, TX 78701"), or is the rest of it below one.
pub(crate) fn repeats_rest(line: &str, is_further: bool, beside: &Beside<'_>) -> bool {
    if beside.country.is_some_and(|country| country != "USA") {
        return false;
    }
    let code = beside.postal_code.and_then(|code| code.get(..5));
    // Most streets have neither the ZIP code in them nor the state behind them.
    let has_code = code.is_some_and(|code| line.contains(code));
    let ends_in_state = || {
        let last = line.rsplit([' ', ',']).next();
        let state = beside.state.zip(last);
        state.is_some_and(|(state, last)| state.eq_ignore_ascii_case(last))
    };
    if !is_further && !has_code && !ends_in_state() {
        return false;
    }
    if is_further && is_rest_of_address(line, beside) {
        return true;
    }
    let folded = fold(line);
    let line = ["usa", "unitedstates", "unitedstatesofamerica"]
        .iter()
        .find_map(|country| folded.strip_suffix(country))
        .unwrap_or(&folded);
    // The four digits behind a ZIP code.
    let zip = code.and_then(|code| Some(line.rfind(code)? + code.len()));
    let line = match zip {
        Some(end) if line[end..].bytes().all(|byte| byte.is_ascii_digit()) => &line[..end],
        _ => line,
    };
    let city = fold(beside.city.unwrap_or_default());
    let behind_city = line.rfind(&*city).filter(|at| *at > 0 && !city.is_empty());
    let rest = behind_city.map(|at| &line[at + city.len()..]);
    let without_code = code.and_then(|code| line.strip_suffix(code));
    let state = beside.state.map(fold).filter(|state| !state.is_empty());
    rest.is_some_and(|rest| !rest.is_empty() && is_state_and_code(rest, beside))
        || without_code
            .zip(state)
            .is_some_and(|(line, state)| line.len() > state.len() && line.ends_with(&state))
}

/// "Mara Quill" and "Quill, Mara".
fn is_name(line: &str, names: [&str; 2]) -> bool {
    let letters = |text: &str| text.bytes().filter(u8::is_ascii_alphabetic).count();
    let [given, family] = names;
    // Most streets are longer or shorter.
    if letters(given) + letters(family) != letters(line) {
        return false;
    }
    let (line, given, family) = (fold(line), fold(given), fold(family));
    let [one, other] = [[&*given, &*family].concat(), [&*family, &*given].concat()];
    !given.is_empty() && !family.is_empty() && (line == one || line == other)
}

/// "Austin", "TX 78701", "Austin, Texas 78701": the city, the state and the ZIP code, as far as they are there and in this order.
fn is_rest_of_address(line: &str, beside: &Beside<'_>) -> bool {
    let line = fold(line);
    let city = fold(beside.city.unwrap_or_default());
    let after_city = line.strip_prefix(&*city).filter(|_| !city.is_empty());
    [after_city, Some(&*line)]
        .into_iter()
        .flatten()
        .any(|rest| is_state_and_code(rest, beside))
}

/// Whether a folded text is a state, a ZIP code, both, or nothing at all.
fn is_state_and_code(text: &str, beside: &Beside<'_>) -> bool {
    let code = fold(beside.postal_code.unwrap_or_default());
    let five = code.get(..5).unwrap_or(&code);
    let ends = [&*code, five].into_iter().filter(|code| !code.is_empty());
    let mut rests = ends.filter_map(|code| text.strip_suffix(code));
    let text = rests.next().unwrap_or(text);
    let own = beside.state.and_then(two_letters);
    text.is_empty() || own.is_some() && two_letters(text) == own
}

#[cfg(test)]
mod tests {
    use super::*;

    const BESIDE: Beside<'static> = Beside {
        city: Some("Fort Worth"),
        state: Some("TX"),
        postal_code: Some("76101"),
        country: Some("USA"),
        names: Some(["Mara", "Quill"]),
    };

    #[test]
    fn what_slipped_into_the_street_is_found() {
        for line in [
            "Fort Worth",
            "FORT WORTH",
            "TX",
            "Texas",
            "CA",
            "TX 76101",
            "Fort Worth TX",
            "Fort Worth, TX 76101",
            "Fort Worth, Texas 76101",
            "United States",
            "Mara Quill",
            "QUILL, MARA",
            "Unit 4",
            "Apt 4B",
        ] {
            assert!(slipped(line, &BESIDE), "{line}");
        }
        let abroad = Beside {
            country: Some("DEU"),
            ..BESIDE
        };
        for line in ["Germany", "Deutschland", "Mara Quill"] {
            assert!(slipped(line, &abroad), "{line}");
        }
    }

    #[test]
    fn the_rest_of_an_address_in_a_street_is_found() {
        for line in [
            "12 Oak St, Fort Worth, TX 76101",
            "12 Oak St Fort Worth TX 76101",
            "12 Oak St Fort Worth, Texas 76101-0001, USA",
            "12 Oak St, Fort Worth TX",
            "12 Oak St, TX 76101",
        ] {
            assert!(repeats_rest(line, false, &BESIDE), "{line}");
            assert!(repeats_rest(line, true, &BESIDE), "{line}");
        }
        for line in ["Fort Worth, TX 76101", "Fort Worth", "TX 76101", "76101"] {
            assert!(repeats_rest(line, true, &BESIDE), "{line}");
        }
        for line in [
            "12 Oak St",
            "12 Fort Worth",
            "12 Fort Worth St",
            "76101 Oak St",
            "12 TX",
            "Apt 4",
            "Fort Worth Tower",
        ] {
            assert!(!repeats_rest(line, false, &BESIDE), "{line}");
            assert!(!repeats_rest(line, true, &BESIDE), "{line}");
        }
        let abroad = Beside {
            country: Some("DEU"),
            ..BESIDE
        };
        assert!(!repeats_rest("Fort Worth, TX 76101", true, &abroad));
    }

    #[test]
    fn streets_have_not_slipped() {
        for line in [
            "12 Fort Worth",
            "Fort Worth St",
            "Texas Ave",
            "Old Mill",
            "Broadway",
            "Quill",
            "Mara",
            "Quill House",
            "Apt 4B Main St",
            "One Fort Worth",
            "TX Hwy 12",
            "Ñandú",
        ] {
            assert!(!slipped(line, &BESIDE), "{line}");
        }
        let abroad = Beside {
            country: Some("IRL"),
            ..BESIDE
        };
        for line in ["Fort Worth", "TX", "Unit 4"] {
            assert!(!slipped(line, &abroad), "{line}");
        }
        assert!(!slipped("Broadway", &Beside::default()));
    }
}
