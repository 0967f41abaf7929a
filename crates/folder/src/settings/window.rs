//! `[window]`: the hours in which sending is allowed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;
use bakkt_model::window::{Hours, Period, SendingWindow};

/// The maintenance counts unless it is said not to.
pub(crate) fn read(root: &Table<'_>, found: &mut Diagnostics) -> SendingWindow {
    let mut window = SendingWindow {
        maintenance: SendingWindow::bakkt_maintenance(),
        ..SendingWindow::default()
    };
    let Some(table) = root.table("window", found) else {
        return window;
    };
    let sending = periods(&table, "sending", found);
    let closed = periods(&table, "closed", found);
    let zone = zone(&table, sending.is_some() || closed.is_some(), found);
    if table.choice("maintenance", &[("bakkt", true), ("none", false)], found) == Some(false) {
        window.maintenance = None;
    }
    if let Some(zone) = zone {
        let hours = |periods: Option<Vec<Period>>| {
            periods
                .filter(|periods| !periods.is_empty())
                .map(|periods| Hours {
                    periods,
                    zone: zone.clone(),
                })
        };
        window.sending = hours(sending);
        window.closed = hours(closed);
    }
    if !window.opens(Timestamp::now()) {
        table.wrong(
            found,
            "[window] leaves no time in which sending is allowed",
            "`sending` names the hours in which it is, `closed` hours in which it is not",
        );
        window.sending = None;
        window.closed = None;
    }
    table.finish(found);
    window
}

const EXAMPLE: &str = "such as \"Mon-Fri 20:00-06:00\", \"Sat-Sun\" or \"12:00-13:30\": English days and the hours of a day of 24";

fn periods(table: &Table<'_>, key: &str, found: &mut Diagnostics) -> Option<Vec<Period>> {
    let texts = table.texts(key, found)?;
    if texts.is_empty()
        && key == "sending"
        && let Some(value) = table.get(key)
    {
        value.wrong(found, "`sending` names no hours", EXAMPLE);
    }
    let mut periods = Vec::new();
    for (text, value) in texts {
        match text.parse() {
            Ok(period) if periods.contains(&period) => {
                value.wrong(
                    found,
                    format!("`{key}` has \"{text}\" twice"),
                    "leave one of them away",
                );
            }
            Ok(period) => periods.push(period),
            Err(why) => value.wrong(found, format!("\"{text}\" {why}"), EXAMPLE),
        }
    }
    Some(periods)
}

fn zone(table: &Table<'_>, is_needed: bool, found: &mut Diagnostics) -> Option<TimeZone> {
    const NAMES: &str = "a name of the tz database, such as \"America/New_York\" or \"UTC\"";
    let Some(value) = table.get("time_zone") else {
        if is_needed {
            table.wrong(
                found,
                "[window] has hours and no `time_zone`",
                format!("name it: {NAMES}"),
            );
        }
        return None;
    };
    let text = value.text(found)?;
    match TimeZone::get(text) {
        Ok(zone) => Some(zone),
        Err(_) => {
            value.wrong(found, format!("there is no time zone \"{text}\""), NAMES);
            None
        }
    }
}
