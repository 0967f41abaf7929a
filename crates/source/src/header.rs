//! The columns of an export, by name and by position.
//!
//! Owner of how a column is named: by its header, or as `#3`, the third column, which always works, whatever stands in the
//! header row twice or not at all. A header that is spelled so itself comes first.

use std::collections::HashMap;

use bakkt_model::error::nearest;
use bakkt_model::text::{compose, trim};

/// Why a name is no column: what is wrong, and what to do.
pub(crate) type UnknownColumn = (String, String);

/// The index of a column, from 0. `export` is how the message speaks of the file.
pub fn find(export: &str, headers: &[String], name: &str) -> Result<usize, UnknownColumn> {
    let name = trim(name);
    // Headers are composed as all cells are.
    let composed = compose(name);
    let name = composed.as_deref().unwrap_or(name);
    let places: Vec<usize> = (0..headers.len())
        .filter(|place| headers[*place] == name && !name.is_empty())
        .collect();
    match places[..] {
        [place] => return Ok(place),
        [] => {}
        _ => {
            let all: Vec<String> = places.iter().map(|place| position(*place)).collect();
            return Err((
                format!("{export} has the column `{name}` more than once"),
                format!("say which by its position: {}", all.join(" or ")),
            ));
        }
    }
    if let Some(number) = name.strip_prefix('#').and_then(|n| n.parse::<usize>().ok()) {
        return match number.checked_sub(1).filter(|place| *place < headers.len()) {
            Some(place) => Ok(place),
            None => Err((
                format!("{export} has no column `{name}`"),
                format!("its columns are #1 to #{}", headers.len()),
            )),
        };
    }
    let near = nearest(
        name,
        headers.iter().map(String::as_str).filter(|h| !h.is_empty()),
    );
    Err((
        format!("{export} has no column `{name}`"),
        near.map_or_else(
            || match (headers, array_of(headers, name)) {
                (_, Some(array)) => format!(
                    "it stands in the elements of `{array}`: `rows = \"{array}\"` under [source] makes a row of each"
                ),
                ([_], _) => "it has only one column: where cells are cut at the wrong character, `delimiter` says which it is"
                    .to_owned(),
                _ => "its columns have other names; `bakkt-migrate inspect` lists them".to_owned(),
            },
            |near| format!("did you mean `{near}`?"),
        ),
    ))
}

/// The array of a JSON file whose elements have a name for a key, where it is not said that they are the rows.
fn array_of<'h>(headers: &'h [String], name: &str) -> Option<&'h str> {
    let mut arrays = headers
        .iter()
        .filter_map(|header| header.strip_suffix(name)?.strip_suffix("[0]."));
    arrays.find(|array| !array.is_empty())
}

/// A column by its position: `#3` is the third.
pub fn position(place: usize) -> String {
    format!("#{}", place + 1)
}

/// What a person should know about the header row, one line each.
pub(crate) fn remarks(headers: &[String]) -> Vec<String> {
    let mut same: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, header) in headers.iter().enumerate() {
        let words: Vec<&str> = header.split_whitespace().collect();
        same.entry(words.concat().to_lowercase())
            .or_default()
            .push(place);
    }
    let empty = same.remove("").unwrap_or_default();
    let list = |places: &[usize]| {
        let all: Vec<String> = places.iter().map(|place| position(*place)).collect();
        all.join(", ")
    };
    let mut twice: Vec<Vec<usize>> = same.into_values().filter(|all| all.len() > 1).collect();
    twice.sort();
    let mut remarks: Vec<String> = twice
        .iter()
        .map(|places| {
            let first = &headers[places[0]];
            let equal = places.iter().all(|place| headers[*place] == *first);
            let how = if equal { "" } else { " but for case or spaces" };
            format!(
                "the columns {} have the same header{how}, `{first}`: use their positions",
                list(places)
            )
        })
        .collect();
    match empty.len() {
        0 => {}
        1 => remarks.push(format!(
            "the column {} has no header: use its position",
            list(&empty)
        )),
        _ => remarks.push(format!(
            "the columns {} have no header: use their positions",
            list(&empty)
        )),
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_column_has_a_name_and_a_position() {
        let names = headers(&["ID", "NAME", "", "NAME", "name", "#2"]);
        let find = |name| find("x.csv", &names, name);
        assert_eq!((find(" ID "), find("name")), (Ok(0), Ok(4)));
        assert_eq!((find("#4"), find("#3")), (Ok(3), Ok(2)));
        // A header that is spelled like a position is meant.
        assert_eq!(find("#2"), Ok(5));
        let text = |name| find(name).map_err(|(what, help)| format!("{what}; {help}"));
        assert_eq!(
            text("NAME"),
            Err(
                "x.csv has the column `NAME` more than once; say which by its position: #2 or #4"
                    .into()
            )
        );
        assert_eq!(
            text("#7"),
            Err("x.csv has no column `#7`; its columns are #1 to #6".into())
        );
        assert_eq!(
            text("IDD"),
            Err("x.csv has no column `IDD`; did you mean `ID`?".into())
        );
        assert!(find("").is_err());
    }

    #[test]
    fn what_is_odd_is_said() {
        let names = headers(&["A B", "a  b", "C", "C", "", "D"]);
        assert_eq!(
            remarks(&names),
            [
                "the columns #1, #2 have the same header but for case or spaces, `A B`: use their positions",
                "the columns #3, #4 have the same header, `C`: use their positions",
                "the column #5 has no header: use its position",
            ]
        );
    }
}
