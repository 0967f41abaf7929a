//! Charts: numbers in, SVG text out. Pure.
//!
//! Every chart stands inside the page: no script, no font, no reference to anything outside. Colours are attributes and
//! not backgrounds, so that they print. Whatever is a text from elsewhere passes [`escape`].
//! Left out on purpose: legends. A table beside each chart has the same numbers, for who cannot see it.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;

use bakkt_journal::read::Minute;
use bakkt_model::number::thousands;

/// A part of a stacked bar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BarPart<'a> {
    pub word: &'a str,
    /// Its size.
    pub count: u64,
    /// Its colour, `#rrggbb`.
    pub colour: &'a str,
    /// The colour of a text on it.
    pub ink: &'a str,
}

pub(super) const WIDTH: f64 = 1000.0;
/// A part that is there can be seen, however small it is.
const LEAST: f64 = 4.0;
const SENT: &str = "#9fb4cf";
const ACCEPTED: &str = "#1f6f54";

/// A bar of the full width, cut into parts in proportion.
pub(crate) fn stacked(title: &str, parts: &[BarPart<'_>]) -> String {
    let there: Vec<&BarPart<'_>> = parts.iter().filter(|part| part.count > 0).collect();
    let total: u64 = there.iter().map(|part| part.count).sum();
    let shared = WIDTH - LEAST * there.len() as f64;
    let told: Vec<String> = there
        .iter()
        .map(|p| format!("{} {}", p.word, thousands(p.count)))
        .collect();
    let told = if told.is_empty() {
        "nothing".to_owned()
    } else {
        told.join(", ")
    };
    let mut svg = open(44.0, &format!("{title}: {told}"));
    if there.is_empty() {
        rectangle(&mut svg, (0.0, 0.0, WIDTH, 44.0), "#e6e9ee");
    }
    let mut x = 0.0;
    for part in there {
        let width = LEAST + shared * part.count as f64 / total as f64;
        rectangle(&mut svg, (x, 0.0, width, 44.0), part.colour);
        let label = format!("{} {}", part.word, percent(part.count, total));
        // About 9 units a letter at this size; a label that does not fit is left to the table.
        if label.len() as f64 * 9.0 + 16.0 < width {
            let _ = write!(
                svg,
                r#"<text x="{:.1}" y="27.5" font-size="16" fill="{}">{}</text>"#,
                x + 10.0,
                part.ink,
                escape(&label)
            );
        }
        x += width;
    }
    svg + "</svg>"
}

/// A small bar for a table cell. The number stands beside it, so it is hidden from readers of the page.
pub(crate) fn bar(count: u64, most: u64, colour: &str) -> String {
    let share = if most == 0 {
        0.0
    } else {
        count as f64 / most as f64
    };
    let width = if count == 0 {
        0.0
    } else {
        (share * 200.0).max(1.5)
    };
    format!(
        r#"<svg class="bar" viewBox="0 0 200 12" preserveAspectRatio="none" aria-hidden="true"><rect width="{width:.1}" height="12" fill="{colour}"/></svg>"#
    )
}

/// A square of a colour, for the tables that explain a chart.
pub(crate) fn swatch(colour: &str) -> String {
    format!(
        r#"<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="2" fill="{colour}"/></svg>"#
    )
}

/// Sent (area) and accepted (line) per minute over time; empty while nothing happened.
pub(crate) fn throughput(minutes: &BTreeMap<i64, Minute>) -> String {
    let (Some(first), Some(last)) = (minutes.keys().next(), minutes.keys().next_back()) else {
        return String::new();
    };
    let each = bucket(last - first + 1);
    let start = first.div_euclid(each) * each;
    let mut buckets = vec![(0_u64, 0_u64); usize::try_from((last - start) / each + 1).unwrap_or(1)];
    for (minute, count) in minutes {
        let place = usize::try_from((minute - start) / each).unwrap_or_default();
        if let Some((sent, accepted)) = buckets.get_mut(place) {
            *sent += count.sent;
            *accepted += count.accepted;
        }
    }
    let per_minute = |count: u64| count as f64 / each as f64;
    let top = buckets
        .iter()
        .map(|(s, a)| per_minute((*s).max(*a)))
        .fold(0.0, f64::max);
    let step = nice_step(top);
    let ceiling = step * (top / step).ceil().max(1.0);

    let (left, right, above, below) = (80.0, WIDTH - 14.0, 12.0, 236.0);
    let x = |bucket: usize| left + (right - left) * bucket as f64 / buckets.len() as f64;
    let y = |value: f64| below - (below - above) * value / ceiling;
    let title = format!(
        "Throughput from {} to {}: at most {} per minute",
        clock(start, true),
        clock(start + each * buckets.len() as i64, true),
        thousands(top.round() as u64)
    );
    let mut svg = open(300.0, &title);
    let mut value = 0.0;
    while value <= ceiling + step / 2.0 {
        let at = y(value);
        line(
            &mut svg,
            (left, at, right, at),
            if value == 0.0 { "#5b6472" } else { "#dde2e9" },
        );
        label(&mut svg, (left - 8.0, at + 4.5), "end", &tick(value));
        value += step;
    }
    let mut area = format!("M{left:.1} {below:.1}");
    let mut outline = String::new();
    for (place, (sent, accepted)) in buckets.iter().enumerate() {
        let (from, to) = (x(place), x(place + 1));
        let (s, a) = (y(per_minute(*sent)), y(per_minute(*accepted)));
        let _ = write!(area, "L{from:.1} {s:.1}H{to:.1}");
        let pen = if place == 0 { 'M' } else { 'L' };
        let _ = write!(outline, "{pen}{from:.1} {a:.1}H{to:.1}");
    }
    let _ = write!(area, "L{right:.1} {below:.1}Z");
    let _ = write!(svg, r#"<path d="{area}" fill="{SENT}"/>"#);
    let _ = write!(
        svg,
        r#"<path d="{outline}" fill="none" stroke="{ACCEPTED}" stroke-width="2"/>"#
    );

    let end = start + each * buckets.len() as i64;
    let every = tick_every(end - start);
    let with_date = end - start >= 1440;
    let mut minute = start + (every - start.rem_euclid(every)) % every;
    while minute <= end {
        let at = left + (right - left) * (minute - start) as f64 / (end - start) as f64;
        line(&mut svg, (at, below, at, below + 6.0), "#5b6472");
        let anchor = if at > right - 40.0 { "end" } else { "middle" };
        label(
            &mut svg,
            (at, below + 22.0),
            anchor,
            &clock(minute, with_date),
        );
        minute += every;
    }
    let unit = if each == 1 {
        String::new()
    } else {
        format!(", average over {each} minutes")
    };
    let note = format!("per minute{unit}; UTC, from {}", clock(start, true));
    label(&mut svg, (left, below + 50.0), "start", &note);
    svg + "</svg>"
}

/// `&`, `<`, `>` and quotes as HTML writes them.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A share as a person reads it: what is not nothing is never 0 %, what is not all is never 100 %.
pub(crate) fn percent(count: u64, total: u64) -> String {
    if total == 0 {
        return "–".to_owned();
    }
    let share = 100.0 * count as f64 / total as f64;
    match (count, share) {
        (0, _) => "0 %".to_owned(),
        (_, share) if share < 0.1 => "< 0.1 %".to_owned(),
        (count, share) if count < total && share > 99.9 => "> 99.9 %".to_owned(),
        (count, _) if count == total => "100 %".to_owned(),
        (_, share) => format!("{share:.1} %"),
    }
}

pub(super) fn open(height: f64, title: &str) -> String {
    let title = escape(title);
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}"><title>{title}</title>"#
    )
}

fn rectangle(svg: &mut String, (x, y, width, height): (f64, f64, f64, f64), colour: &str) {
    let _ = write!(
        svg,
        r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#
    );
}

pub(super) fn line(svg: &mut String, (x1, y1, x2, y2): (f64, f64, f64, f64), colour: &str) {
    let _ = write!(
        svg,
        r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{colour}"/>"#
    );
}

pub(super) fn label(svg: &mut String, (x, y): (f64, f64), anchor: &str, text: &str) {
    let text = escape(text);
    let _ = write!(
        svg,
        r##"<text x="{x:.1}" y="{y:.1}" font-size="14" fill="#3c4654" text-anchor="{anchor}">{text}</text>"##
    );
}

/// Lengths of time, in minutes, that people count in.
const LENGTHS: [i64; 12] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];

/// The shortest of [`LENGTHS`], or of whole days, that cuts a time into no more pieces than `most`.
fn length(minutes: i64, most: i64) -> i64 {
    let days = minutes
        .div_euclid(1440 * most)
        .saturating_add(1)
        .saturating_mul(1440);
    LENGTHS
        .into_iter()
        .find(|length| minutes / length <= most)
        .unwrap_or(days)
}

/// Minutes per bucket: few enough buckets to be seen.
fn bucket(minutes: i64) -> i64 {
    length(minutes, 180)
}

/// Minutes between two labels: as many as find room with a date.
fn tick_every(minutes: i64) -> i64 {
    length(minutes, 6)
}

/// A step of 1, 2 or 5 times a power of ten that cuts an axis into at most five.
pub(super) fn nice_step(top: f64) -> f64 {
    let rough = (top / 5.0).max(0.2);
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= rough * 0.999_999);
    factor.unwrap_or(10.0) * power
}

pub(super) fn tick(value: f64) -> String {
    if value.fract().abs() < 1e-6 {
        thousands(value as u64)
    } else {
        format!("{value:.1}")
    }
}

fn clock(minute: i64, with_date: bool) -> String {
    let format = if with_date { "%Y-%m-%d %H:%M" } else { "%H:%M" };
    let time = Timestamp::from_second(minute.saturating_mul(60));
    time.map(|time| time.strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(word: &str, count: u64) -> BarPart<'_> {
        BarPart {
            word,
            count,
            colour: "#000000",
            ink: "#ffffff",
        }
    }

    fn widths(svg: &str) -> Vec<f64> {
        let cut = svg
            .split("width=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        cut.map(|number| number.parse().unwrap()).collect()
    }

    #[test]
    fn a_stacked_bar_fills_its_width_and_hides_nothing() {
        let svg = stacked(
            "Rows",
            &[
                part("ready", 9_999_998),
                part("grace", 0),
                part("blocked", 2),
            ],
        );
        let widths = widths(&svg);
        assert_eq!(widths.len(), 2);
        assert!(
            (widths.iter().sum::<f64>() - WIDTH).abs() < 0.2,
            "{widths:?}"
        );
        assert!(widths[1] >= LEAST);
        assert!(svg.contains("<title>Rows: ready 9,999,998, blocked 2</title>"));
    }

    #[test]
    fn nothing_is_a_chart_as_well() {
        assert!(stacked("Rows", &[]).contains("Rows: nothing"));
        assert_eq!(throughput(&BTreeMap::new()), "");
        assert_eq!(widths(&bar(0, 0, "#000"))[0], 0.0);
    }

    #[test]
    fn texts_cannot_leave_their_place() {
        let svg = stacked("<a href=\"x\">", &[part("<script>", 1)]);
        assert!(!svg.contains("<script") && !svg.contains("<a "), "{svg}");
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_to_all() {
        let shown = [
            (0, 10),
            (10, 10),
            (1, 3),
            (1, 1_000_000),
            (999_999, 1_000_000),
            (0, 0),
        ];
        let shown = shown.map(|(count, total)| percent(count, total));
        assert_eq!(
            shown,
            ["0 %", "100 %", "33.3 %", "< 0.1 %", "> 99.9 %", "–"]
        );
    }

    #[test]
    fn axes_have_round_numbers() {
        let steps: Vec<f64> = [0.0, 1.0, 4.0, 5.1, 600.0, 1234.0].map(nice_step).to_vec();
        assert_eq!(steps, [0.2, 0.2, 1.0, 2.0, 200.0, 500.0]);
        assert_eq!(
            [1, 180, 200, 1440, 20_160, 5_000_000].map(bucket),
            [1, 1, 2, 10, 120, 28_800]
        );
    }

    #[test]
    fn throughput_of_one_minute_and_of_a_month() {
        let one = BTreeMap::from([(
            29_000_000,
            Minute {
                sent: 600,
                accepted: 590,
            },
        )]);
        let svg = throughput(&one);
        assert!(
            svg.contains(">600<") && svg.contains("at most 600 per minute"),
            "{svg}"
        );
        let mut month = one;
        month.insert(
            29_043_200,
            Minute {
                sent: 1,
                accepted: 0,
            },
        );
        let svg = throughput(&month);
        assert!(svg.contains("average over 360 minutes"), "{svg}");
        assert!(svg.len() < 12_000, "{}", svg.len());
    }
}
