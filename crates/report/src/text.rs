//! Numbers and times as people read them, and the few lines that a terminal shows.
//!
//! Owner of RFC 3339 and of [`status_lines`].
//! Left out on purpose: printing. The commands decide where the lines go.

use jiff::Timestamp;

use super::after::AfterAcceptance;
use super::totals::{States, Totals};
use bakkt_model::custody::next_step;
use bakkt_model::number::thousands;

/// What a terminal, the page and the cover say of a journal in which somebody else than the program changed rows.
pub(crate) const WAS_ALTERED: &str = "THE JOURNAL WAS ALTERED";

/// Milliseconds since 1970 as RFC 3339, UTC. A number that is no time is shown as it is: it must not get lost.
pub fn rfc3339(milliseconds: i64) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        // Always three digits of a second, so that the texts sort like the times.
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        Err(_) => milliseconds.to_string(),
    }
}

/// RFC 3339 as a page shows it: to the second, UTC. Any other text stays as it is.
pub(crate) fn readable(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => time.to_owned(),
    }
}

/// Bytes as people read them.
pub(crate) fn readable_bytes(bytes: u64) -> String {
    const STEP: u64 = 1000;
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut unit, mut size) = (0, bytes);
    while size >= 10 * STEP && unit + 1 < units.len() {
        size /= STEP;
        unit += 1;
    }
    format!("{} {}", thousands(size), units[unit])
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
    if totals.gaps.not_at_bakkt > 0 {
        lines.push_str(&format!(
            "gaps whose value is known but not at Bakkt yet: {} (`gaps` says why)\n",
            thousands(totals.gaps.not_at_bakkt)
        ));
    }
    if totals.gaps.only_in_plan > 0 {
        lines.push_str(&format!(
            "gaps of the plan whose value Bakkt has: {} (gaps.csv marks them)\n",
            thousands(totals.gaps.only_in_plan)
        ));
    }
    lines.push_str(&beside_lines(totals));
    lines.push_str(&custody_lines(totals));
    let existed = totals.existed.equal + totals.existed.different + totals.existed.overwritten;
    let u = &totals.tasks.update;
    let more = [
        ("existed before", existed),
        (
            "of these with other data, left as they are",
            totals.existed.different,
        ),
        ("update tasks", u.planned),
        ("former accounts", totals.former),
        ("sent before, and dropped since", totals.dropped.tasks),
        ("blank lines", totals.blank_lines),
        (
            "rows without a key or broken, of nobody known",
            totals.lost_rows,
        ),
    ];
    let more = more
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(name, n)| format!("{name} {}", thousands(*n)));
    let unused = totals.files.iter().filter(|file| file.unused > 0);
    let unused = unused.map(|file| {
        let count = thousands(file.unused);
        format!("rows of {} that nothing uses {count}", file.name)
    });
    let more = more.chain(unused).collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        lines.push_str(&more);
        lines.push('\n');
    }
    for sentence in totals.of_nobody() {
        lines.push_str(&format!("{sentence}\n"));
    }
    lines.push_str(&after_lines(&totals.after));
    // A check shows them one by one, with their places.
    if totals.findings.iter().all(|one| one.places.is_empty()) && !totals.findings.is_empty() {
        let kinds = totals.findings.iter();
        let kinds = kinds.map(|one| match one.action {
            "block" => format!("{} {} (blocked)", one.kind, thousands(one.count)),
            _ => format!("{} {}", one.kind, thousands(one.count)),
        });
        let kinds = kinds.collect::<Vec<_>>().join(", ");
        lines.push_str(&format!("findings: {kinds}\n"));
    }
    if !totals.planned {
        lines.push_str("the plan is not complete: the numbers are of what was planned so far\n");
    }
    if !totals.altered.is_empty() {
        lines.push_str(&format!("{WAS_ALTERED}: `bakkt-migrate audit` says what\n"));
        for words in &totals.altered {
            lines.push_str(&format!("  {words}\n"));
        }
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

/// Decisions, read-backs, events and gaps that are gone, each on a line of its own, when there are any.
fn after_lines(after: &AfterAcceptance) -> String {
    let words = |counts: &[(&str, u64)]| {
        let there = counts.iter().filter(|(_, n)| *n > 0);
        let there = there.map(|(word, n)| format!("{word} {}", thousands(*n)));
        there.collect::<Vec<_>>().join(", ")
    };
    let decisions: Vec<(&str, u64)> = after.decisions.iter().map(|(w, n)| (*w, *n)).collect();
    let (v, e, l) = (&after.verification, &after.events, &after.links);
    let reasons: Vec<String> = after
        .reasons
        .iter()
        .map(|(decision, reasons)| {
            let counts: Vec<(&str, u64)> = reasons.iter().map(|(w, n)| (w.as_str(), *n)).collect();
            format!("{decision}: {}", words(&counts))
        })
        .collect();
    let lines = [
        ("decisions", words(&decisions)),
        ("reasons", reasons.join("; ")),
        (
            "read back",
            words(&[
                ("same", v.same),
                ("different", v.different),
                ("unknown to Bakkt", v.unknown),
                ("not comparable", v.not_comparable),
            ]),
        ),
        (
            "events",
            words(&[
                ("received", e.events),
                ("repeats", e.repeats),
                ("unreadable", e.unreadable),
                ("of other types", e.other_types),
                ("with unknown words", e.unknown_words),
                ("of unknown accounts", e.unknown_events + e.without_id),
                ("of customers not sent or refused", e.not_sent_events),
            ]),
        ),
        (
            "links",
            words(&[
                ("wanted", l.wanted),
                ("fetched", l.fetched),
                ("to fetch", l.to_fetch),
                ("used up", l.used_up),
            ]),
        ),
        (
            "since the plan",
            words(&[
                ("gaps closed", after.gaps_closed),
                ("gaps waived", after.gaps_waived),
                ("updates sent", after.updates_sent),
            ]),
        ),
    ];
    let there = lines.iter().filter(|(_, text)| !text.is_empty());
    there
        .map(|(name, text)| format!("{name}: {text}\n"))
        .collect()
}

/// Fiat custody, a line for each kind, when there is any.
fn custody_lines(totals: &Totals) -> String {
    let Some(custody) = &totals.custody else {
        return String::new();
    };
    let mut lines = String::new();
    for (kind, states) in custody
        .kinds()
        .iter()
        .filter(|(_, states)| states.planned > 0)
    {
        let counts = [
            ("open", states.open),
            ("held", states.held),
            ("in doubt", states.in_doubt),
            ("accepted", states.accepted),
            ("refused", states.refused),
            ("gave up", states.gave_up),
        ];
        let there = counts.iter().filter(|(_, n)| *n > 0);
        let there: Vec<String> = there
            .map(|(word, n)| format!("{word} {}", thousands(*n)))
            .collect();
        lines.push_str(&format!(
            "{kind} {}: {}\n",
            thousands(states.planned),
            there.join(", ")
        ));
    }
    let waits = [
        (
            custody.needs_session,
            "wait for customers to log in (`sessions wanted` lists them)",
        ),
        (
            custody.not_in_agreement,
            "are not in the agreement: ask your Bakkt account manager",
        ),
        (
            custody.forbidden,
            "are forbidden by Bakkt: check the custody key, your address and your agreement",
        ),
        (
            custody.for_a_person,
            "are in doubt and for a person: custody.csv says which",
        ),
        (custody.gaps, "are not made: custody-gaps.csv says why"),
        (custody.former, "were made under an earlier plan"),
    ];
    for (count, what) in waits.iter().filter(|(count, _)| *count > 0) {
        lines.push_str(&format!("  {} {what}\n", thousands(*count)));
    }
    for (status, count) in &custody.statuses {
        lines.push_str(&format!(
            "  users {status} {}: {}\n",
            thousands(*count),
            next_step(status)
        ));
    }
    lines
}

/// Documents and KYB, each on a line of its own, when there are any.
fn beside_lines(totals: &Totals) -> String {
    let states = |tasks: &States| {
        [
            ("open", tasks.open),
            ("held", tasks.held),
            ("in doubt", tasks.in_doubt),
            ("accepted", tasks.accepted),
            ("refused", tasks.refused),
            ("gave up", tasks.gave_up),
        ]
    };
    let words = |counts: &[(&str, u64)]| {
        let there = counts.iter().filter(|(_, n)| *n > 0);
        let there = there.map(|(word, n)| format!("{word} {}", thousands(*n)));
        there.collect::<Vec<_>>().join(", ")
    };
    let mut lines = String::new();
    let (documents, tasks) = (&totals.documents, &totals.tasks);
    if documents.given > 0 || tasks.document.planned > 0 {
        let uploads = words(&states(&tasks.document));
        let colon = if uploads.is_empty() { "" } else { ": " };
        lines.push_str(&format!(
            "documents {}, uploads {}{colon}{uploads}\n",
            thousands(documents.given),
            thousands(tasks.document.planned)
        ));
        let unsent = words(&[
            ("refused before sending", documents.refused),
            ("same as an earlier one", documents.same),
            ("account not sent", documents.account_not_sent),
            ("no account", documents.no_account),
        ]);
        if !unsent.is_empty() {
            lines.push_str(&format!("  not sent: {unsent}\n"));
        }
        if documents.unclear > 0 {
            lines.push_str(&format!(
                "  of no account because their clientAccountId says too little: {} (documents.csv says why)\n",
                thousands(documents.unclear)
            ));
        }
        if documents.side_assumed > 0 {
            lines.push_str(&format!(
                "  sent as FRONT because nothing says their side: {} (documents.csv marks them)\n",
                thousands(documents.side_assumed)
            ));
        }
    }
    if tasks.kyb.planned > 0 {
        let planned = thousands(tasks.kyb.planned);
        lines.push_str(&format!("KYB {planned}: {}\n", words(&states(&tasks.kyb))));
    }
    let by_hand = words(&[
        (
            "accounts answered with the bakktId of another",
            totals.shared_ids,
        ),
        (
            "ids of Bakkt's with two customers (shared-ids.csv)",
            totals.repeated_ids,
        ),
        (
            "accounts whose changed agreements nobody has acknowledged",
            totals.after.unacknowledged,
        ),
        (
            "changes that no update may make (restricted.csv)",
            totals.after.restricted,
        ),
        (
            "entities whose owners changed (ownership.csv)",
            totals.after.ownership_changed,
        ),
        (
            "accounts that events name and Bakkt should not have (unknown-events.csv)",
            totals.after.events.unknown_accounts + totals.after.events.not_sent_accounts,
        ),
        ("events without a usable id", totals.after.events.without_id),
        (
            "customers whose verification links are used up",
            totals.after.links.used_up,
        ),
        (
            "accounts that Bakkt has with other data, and no update is planned",
            totals.after.outdated,
        ),
        (
            "customers who were put back and whom the plan does not have (replan)",
            totals.put_back,
        ),
        ("documents whose file has changed", documents.changed),
        (
            "uploads and KYB of accounts left as they are",
            documents.left_alone,
        ),
        ("KYB checklists that lack something", totals.kyb.incomplete),
        ("KYB triggers in doubt", totals.kyb_in_doubt()),
        (
            "accounts for manual KYB",
            totals.kyb.manual - totals.kyb.manual_ended(),
        ),
    ]);
    let ended = words(&[
        ("approved", totals.kyb.manual_approved),
        ("rejected", totals.kyb.manual_rejected),
    ]);
    if !ended.is_empty() {
        lines.push_str(&format!("manual KYB: {ended}\n"));
    }
    if !by_hand.is_empty() {
        lines.push_str(&format!("for a person: {by_hand}\n"));
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
