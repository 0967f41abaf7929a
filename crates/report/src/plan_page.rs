//! `plan.html`: what is about to be sent, for those who approve it.
//!
//! It holds counts, names of fields and hashes, and no value of a customer. Left out on purpose: what has become of a plan (`page`).

use std::io::Write;
use std::path::PathBuf;

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::text::{readable, status_lines};
use super::totals::Totals;
use bakkt_files::output::{FileStart, OutputFolder};

/// The name ends in `.html`: that is what switches escaping on.
const NAME: &str = "plan.html";
const TEMPLATE: &str = include_str!("plan.html.j2");

/// What the page says beside the totals.
#[derive(Clone, Debug, Serialize)]
pub struct PlanFacts {
    /// The name of the migration.
    pub name: String,
    /// The hash of the plan.
    pub hash: String,
    /// The migration.
    pub migration: String,
    /// Where it goes.
    pub target: String,
    /// The dialect.
    pub dialect: &'static str,
    /// What is sent, in words.
    pub work: String,
    /// How long it takes, line by line.
    pub forecasts: Vec<String>,
    /// Who has to approve, in words.
    pub approvals: String,
    /// When the page was made.
    pub at: jiff::Timestamp,
}

/// The file, and how it begins: an earlier one is recognised by that.
pub fn files() -> [(&'static str, FileStart); 1] {
    [(NAME, begins())]
}

fn begins() -> FileStart {
    FileStart::Text(TEMPLATE.split("{{").next().unwrap_or(TEMPLATE))
}

/// Writes the page; returns where it is.
pub fn write(
    folder: &OutputFolder<'_>,
    totals: &Totals,
    facts: &PlanFacts,
) -> anyhow::Result<PathBuf> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template(NAME, TEMPLATE)?;
    let page = environment.get_template(NAME)?.render(context! {
        facts => Serde(facts),
        made => readable(&format!("{:.0}", facts.at)),
        totals => Serde(totals),
        lines => status_lines(totals),
    })?;
    let mut file = folder.file(NAME, &begins())?;
    file.write_all(page.as_bytes())?;
    let path = file.path().to_owned();
    file.finish()?;
    Ok(path)
}
