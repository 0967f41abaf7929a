//! Durations and rates as people write them: `"30s"`, `"500ms"`, `"10/s"`, `"600/min"`, `"unlimited"`; and whole numbers.

use std::time::Duration;

use crate::schema::settings::range;
use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;
use bakkt_model::limits::Rate;

/// A whole number inside of the limits that the table of keys has for it. `path` is its key with the table around it, such
/// as `limits.burst`.
pub(crate) fn whole(table: &Table<'_>, path: &str, found: &mut Diagnostics) -> Option<u32> {
    let (low, high) = range(path)?;
    let (_, key) = path.split_once('.')?;
    u32::try_from(table.integer(key, low, high, found)?).ok()
}

pub(crate) fn rate(table: &Table<'_>, key: &str, found: &mut Diagnostics) -> Option<Rate> {
    let value = table.get(key)?;
    let text = value.text(found)?;
    let rate = text.parse().ok();
    if rate.is_none() {
        value.wrong(
            found,
            format!("`{key}` is no rate"),
            "such as \"10/s\", \"600/min\" or \"unlimited\"",
        );
    }
    rate
}

pub(crate) fn duration(table: &Table<'_>, key: &str, found: &mut Diagnostics) -> Option<Duration> {
    let value = table.get(key)?;
    let text = value.text(found)?;
    let duration = parse_duration(text);
    if duration.is_none() {
        value.wrong(
            found,
            format!("`{key}` is no duration"),
            "such as \"500ms\", \"30s\" or \"2m\", more than zero",
        );
    }
    duration
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits]
        .parse()
        .ok()
        .filter(|number| (1..=86_400_000).contains(number))?;
    match text[digits..].trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" | "min" => Some(Duration::from_secs(number * 60)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_as_people_write_them() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_secs(120)));
        for wrong in ["", "0s", "5", "s", "5h", "99999999999999999999s"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
