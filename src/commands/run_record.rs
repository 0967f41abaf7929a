//! What the chain says of a run: the program, the machine, the person's arguments, the target, and how many tasks there are.
//!
//! Owner of which facts these are. Invariant: no secret and no customer's id is among them; arguments that name customers are
//! left out. Left out on purpose: what a run sends (the plan's own entry), and how it is kept (`journal::chain`).

use serde_json::{Value, json};

use crate::built;
use bakkt_files::{checksums, machine};
use bakkt_journal::{Journal, now};

/// Options whose values name customers or may hold words about them.
const ABOUT_CUSTOMERS: [&str; 8] = [
    "--id",
    "--kyb",
    "--manual",
    "--user",
    "--duplicate",
    "--reason",
    "--code",
    "--take",
];
/// What stands in place of such a value.
const LEFT_OUT: &str = "(left out)";

/// Records that a run begins; `what` it is: sending, settling, custody. Returns its number.
pub fn begin(journal: &mut Journal, what: &str) -> anyhow::Result<i64> {
    let facts = json!({
        "what": what,
        "program": program(),
        "host": machine::host(),
        "user": machine::user(),
        "arguments": arguments(std::env::args().skip(1)),
        "target": journal.meta("target")?,
        "dialect": journal.meta("dialect")?,
        "tasks": journal.task_counts()?,
    });
    journal.begin_run(now(), facts)
}

/// Records how a run has ended.
pub fn end(journal: &mut Journal, number: i64, outcome: &str) -> anyhow::Result<()> {
    let facts = json!({"tasks": journal.task_counts()?});
    journal.end_run(number, now(), outcome, facts)
}

/// Which program this is: as it says of itself, and its own file's SHA-256.
pub fn program() -> Value {
    let own = checksums::of_this_program();
    json!({
        "version": built::VERSION,
        "commit": built::COMMIT,
        "build": built::BUILD,
        "sha256": own.map(|own| own.sha256),
    })
}

/// The arguments without what is said of customers, and without what stands before the host in an address.
fn arguments(given: impl Iterator<Item = String>) -> Vec<String> {
    let mut hides = false;
    given
        .map(|argument| {
            if let Some((name, _)) = argument.split_once('=')
                && ABOUT_CUSTOMERS.contains(&name)
            {
                return format!("{name}={LEFT_OUT}");
            }
            if argument.starts_with('-') {
                hides = ABOUT_CUSTOMERS.contains(&argument.as_str());
                return argument;
            }
            match hides {
                true => LEFT_OUT.to_owned(),
                false => without_login(argument),
            }
        })
        .collect()
}

/// An address without the part of it that may be a login.
pub fn without_login(argument: String) -> String {
    let Some((scheme, rest)) = argument.split_once("://") else {
        return argument;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::arguments;

    #[test]
    fn arguments_say_nothing_of_customers_and_hold_no_login() {
        let given = "resolve dir --kyb C-1 --as accepted --reason=said x --id A B --base-url http://me:key@127.0.0.1:1/x";
        let kept = arguments(given.split(' ').map(str::to_owned));
        assert_eq!(
            kept.join(" "),
            "resolve dir --kyb (left out) --as accepted --reason=(left out) x --id (left out) (left out) \
             --base-url http://127.0.0.1:1/x"
        );
    }
}
