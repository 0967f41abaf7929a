//! `retry`.
use super::Output;
use crate::cli::RetryArgs;
/// Runs it.
pub fn run(_args: &RetryArgs) -> anyhow::Result<Output> {
    anyhow::bail!("wip")
}
