//! `[notify]`: a program of the firm that is told how a run ended.

use std::time::Duration;

use super::amounts::duration;
use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;

/// Whom to tell.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// The program and its arguments; empty where nobody is to be told.
    pub command: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Default for NotifySettings {
    fn default() -> Self {
        NotifySettings {
            command: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }
}

pub(crate) fn read(root: &Table<'_>, found: &mut Diagnostics) -> NotifySettings {
    let mut notify = NotifySettings::default();
    let Some(table) = root.table("notify", found) else {
        return notify;
    };
    if let Some(value) = table.get("command") {
        let texts = table.texts("command", found).unwrap_or_default();
        notify.command = texts.into_iter().map(|(text, _)| text.to_owned()).collect();
        let program = notify.command.first();
        if program.is_none_or(|program| program.trim().is_empty()) {
            value.wrong(found, "`command` names no program", EXAMPLE);
        } else if notify.command.len() == 1 && program.is_some_and(|text| text.contains(' ')) {
            value.wrong(
                found,
                "`command` is a list of a program and its arguments: no shell reads it",
                EXAMPLE,
            );
        }
    }
    if let Some(value) = duration(&table, "timeout", found) {
        notify.timeout = value;
    }
    table.finish(found);
    notify
}

const EXAMPLE: &str = "such as [\"./tell-operations.sh\", \"bakkt\"]";
