//! Numbers and times as people read them, and the few lines that a terminal shows.
//!
//! Owner of thousands separators, of RFC 3339 and of [`status_lines`].
//! Left out on purpose: printing. The commands decide where the lines go.

use jiff::Timestamp;

use super::totals::Totals;

/// 1234567 → `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds since 1970 as RFC 3339, UTC. A number that is no time is shown as it is: it must not get lost.
pub fn rfc3339(milliseconds: i64) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        // Always three digits of a second, so that the texts sort like the times.
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => milliseconds.to_string(),
    }
}

/// RFC 3339 as a page shows it: to the second, UTC. Any other text stays as it is.
pub fn readable(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => time.to_owned(),
    }
}

/// What `status` and the end of `run` show: where every row and every task is, and whether it adds up.
pub fn status_lines(totals: &Totals) -> String {
    let (v, t) = (&totals.verdicts, &totals.tasks.account);
    let left = [
        ("rows read", totals.read),
        ("  ready", v.ready),
        ("  grace", v.grace),
        ("  blocked", v.blocked),
        ("  excluded", v.excluded),
        ("  duplicate", v.duplicate),
        ("gaps open", totals.gaps.open),
    ];
    let right = [
        ("account tasks", t.planned),
        ("  open", t.open),
        ("  held", t.held),
        ("  in doubt", t.in_doubt),
        ("  accepted", t.accepted),
        ("  refused", t.refused),
        ("  gave up", t.gave_up),
    ];
    let width = |column: &[(&str, u64)]| {
        column
            .iter()
            .map(|(_, n)| thousands(*n).len())
            .max()
            .unwrap_or_default()
    };
    let (left_width, right_width) = (width(&left), width(&right));
    let mut lines = String::new();
    for ((left, l), (right, r)) in left.into_iter().zip(right) {
        let (l, r) = (thousands(l), thousands(r));
        lines.push_str(&format!(
            "{left:<11} {l:>left_width$}    {right:<13} {r:>right_width$}\n"
        ));
    }
    let existed = totals.existed.equal + totals.existed.different + totals.existed.overwritten;
    let u = &totals.tasks.update;
    let more = [
        ("existed before", existed),
        ("update tasks", u.planned),
        ("former accounts", totals.former),
        ("blank lines", totals.blank_lines),
    ];
    let more = more
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{name} {}", thousands(*n)));
    let more = more.collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        lines.push_str(&more);
        lines.push('\n');
    }
    if !totals.planned {
        lines.push_str("the plan is not complete: the numbers are of what was planned so far\n");
    }
    if totals.balanced {
        lines.push_str("balances: every row and every task is accounted for\n");
    } else {
        lines.push_str("DOES NOT BALANCE\n");
        for imbalance in &totals.imbalances {
            lines.push_str(&format!("  {imbalance}\n"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        let shown: Vec<String> = [0, 7, 999, 1000, 123_456, 1_234_567]
            .map(thousands)
            .to_vec();
        assert_eq!(shown, ["0", "7", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn times_are_utc_and_nothing_gets_lost() {
        assert_eq!(rfc3339(1_795_000_000_123), "2026-11-18T11:06:40.123Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(i64::MAX), i64::MAX.to_string());
        assert_eq!(
            readable("2026-11-18T11:06:40.123Z"),
            "2026-11-18 11:06:40 UTC"
        );
        assert_eq!(readable("2026-11-18"), "2026-11-18");
    }
}
