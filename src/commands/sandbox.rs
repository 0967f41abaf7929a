//! `sandbox`: the stand-in for Bakkt as a process of its own.

use std::path::Path;

use anyhow::Context;

use super::Output;
use super::run::runtime;
use crate::cli::SandboxArgs;
use crate::error::Failure;
use crate::progress::Mode;
use crate::sandbox::{Config, serve_until_ctrl_c};

/// Serves until Ctrl-C.
pub fn run(args: &SandboxArgs, mode: Mode) -> anyhow::Result<Output> {
    let config = args
        .config
        .as_deref()
        .map_or_else(|| Ok(Config::default()), read_config)?;
    let ledger = runtime()?
        .block_on(serve_until_ctrl_c(config, args.port, |sandbox| {
            // Harnesses wait for this line, so it goes out whatever the mode.
            let _ = mode;
            crate::progress::announce(&format!("listening on {}", sandbox.base_url()));
        }))
        .context("the sandbox ended")?;
    Ok(Output {
        text: format!("{ledger:?}"),
        code: 0,
    })
}

/// Reads a sandbox configuration.
pub fn read_config(path: &Path) -> anyhow::Result<Config> {
    let text = crate::small_files::read(path).map_err(|error| {
        Failure::configuration(format!("cannot read {}: {error}", path.display()), "")
    })?;
    Config::from_toml(&text).map_err(|error| {
        Failure::configuration(
            format!("{}: {error}", path.display()),
            "see docs/sandbox.md for what can be set",
        )
    })
}
