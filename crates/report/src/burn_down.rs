//! The burn-down of gaps: open ones day by day until today, and from then on what is still allowed to be open.
//!
//! Pure: numbers in, SVG text out, as in [`super::chart`]. Owner of what the dashed line means: after each due date, only
//! the gaps that are due later may still be open. Left out on purpose: a forecast. Nobody knows when customers answer.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::Date;

use super::chart::{WIDTH, label, line, nice_step, open, tick};
use bakkt_model::grace::Due;
use bakkt_model::number::thousands;

const OPEN: &str = "#e3b549";
const ALLOWED: &str = "#65549a";
const LATE: &str = "#a8322d";

/// Draws it; empty while no gap was ever open. `days` are in order, the last one is today.
pub(crate) fn burn_down(days: &[(Date, u64)], due_on: &BTreeMap<Due, u64>) -> String {
    let (Some((first, _)), Some((today, now))) = (days.first(), days.last()) else {
        return String::new();
    };
    let dates: Vec<(Date, u64)> = due_on
        .iter()
        .filter_map(|(due, open)| match due {
            Due::On(date) => Some((*date, *open)),
            Due::AfterAcceptance | Due::NotSet => None,
        })
        .collect();
    let past: u64 = dates
        .iter()
        .filter(|(date, _)| date < today)
        .map(|(_, open)| open)
        .sum();
    let last = dates.iter().map(|(date, _)| *date).max();
    let last = last.map_or(*today, |date| date.max(*today));
    let span = days_between(*first, last).max(1) + 1;
    let most = days.iter().map(|(_, open)| *open).max().unwrap_or(0) as f64;
    let step = nice_step(most);
    let ceiling = step * (most / step).ceil().max(1.0);

    let (left, right, above, below) = (80.0, WIDTH - 14.0, 12.0, 236.0);
    let x = |day: i64| left + (right - left) * day as f64 / span as f64;
    let y = |count: u64| below - (below - above) * count as f64 / ceiling;
    let title = format!(
        "Open gaps from {first} to {today}: {} now, {} past due, the last due on {last}",
        thousands(*now),
        thousands(past)
    );
    let mut svg = open(280.0, &title);
    let mut value = 0.0;
    while value <= ceiling + step / 2.0 {
        let at = below - (below - above) * value / ceiling;
        let colour = if value == 0.0 { "#5b6472" } else { "#dde2e9" };
        line(&mut svg, (left, at, right, at), colour);
        label(&mut svg, (left - 8.0, at + 4.5), "end", &tick(value));
        value += step;
    }
    let mut area = format!("M{left:.1} {below:.1}");
    for (date, open) in days {
        let day = days_between(*first, *date);
        let _ = write!(area, "L{:.1} {:.1}H{:.1}", x(day), y(*open), x(day + 1));
    }
    let end = x(days_between(*first, *today) + 1);
    let _ = write!(area, "L{end:.1} {below:.1}Z");
    let _ = write!(svg, r#"<path d="{area}" fill="{OPEN}"/>"#);

    // What may be open after each due date; what is past due may not be open at all.
    let mut allowed = now.saturating_sub(past);
    let mut steps = format!("M{end:.1} {:.1}", y(allowed));
    for (date, open) in dates.iter().filter(|(date, _)| date >= today) {
        let at = x(days_between(*first, *date) + 1);
        allowed = allowed.saturating_sub(*open);
        let _ = write!(steps, "H{at:.1}V{:.1}", y(allowed));
    }
    let _ = write!(steps, "H{right:.1}");
    let _ = write!(
        svg,
        r#"<path d="{steps}" fill="none" stroke="{ALLOWED}" stroke-width="2" stroke-dasharray="6 4"/>"#
    );
    if past > 0 {
        let _ = write!(
            svg,
            r#"<line x1="{end:.1}" y1="{:.1}" x2="{end:.1}" y2="{:.1}" stroke="{LATE}" stroke-width="4"/>"#,
            y(*now),
            y(now.saturating_sub(past))
        );
    }
    for (date, anchor) in marks(*first, *today, last) {
        let at = x(days_between(*first, date));
        line(&mut svg, (at, below, at, below + 6.0), "#5b6472");
        label(&mut svg, (at, below + 22.0), anchor, &date.to_string());
    }
    svg + "</svg>"
}

/// The dates that are written below: the first, today, the last, where there is room.
fn marks(first: Date, today: Date, last: Date) -> Vec<(Date, &'static str)> {
    let whole = days_between(first, last).max(1) as f64;
    let share = days_between(first, today) as f64 / whole;
    let mut marks = vec![(first, "start")];
    if (0.15..=0.8).contains(&share) {
        marks.push((today, "middle"));
    }
    if last > first {
        marks.push((last, "end"));
    }
    marks
}

fn days_between(from: Date, to: Date) -> i64 {
    (to - from).get_days().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn it_says_what_is_open_past_due_and_until_when() {
        let days = [
            (date(2026, 11, 1), 40),
            (date(2026, 11, 2), 40),
            (date(2026, 11, 3), 25),
        ];
        let due_on = BTreeMap::from([
            (Due::On(date(2026, 11, 2)), 5),
            (Due::On(date(2026, 12, 1)), 20),
            (Due::NotSet, 3),
        ]);
        let svg = burn_down(&days, &due_on);
        let title = "Open gaps from 2026-11-01 to 2026-11-03: 25 now, 5 past due, the last due on 2026-12-01";
        assert!(svg.contains(title), "{svg}");
        assert!(svg.contains(LATE) && svg.contains("stroke-dasharray"));
        assert_eq!(
            svg.matches("V").count(),
            1,
            "one due date is to come: {svg}"
        );
        assert_eq!(svg, burn_down(&days, &due_on));
    }

    #[test]
    fn nothing_was_open_and_one_day() {
        assert_eq!(burn_down(&[], &BTreeMap::new()), "");
        let svg = burn_down(&[(date(2026, 11, 1), 0)], &BTreeMap::new());
        assert!(
            svg.contains("0 now, 0 past due") && !svg.contains("NaN"),
            "{svg}"
        );
    }
}
