//! `replan`.
use super::Output;
use crate::cli::ReplanArgs;
use crate::progress::Mode;
/// Runs it.
pub fn run(_args: &ReplanArgs, _mode: Mode) -> anyhow::Result<Output> {
    anyhow::bail!("wip")
}
