//! `sandbox`: the stand-in for Bakkt as a process of its own.

use std::path::Path;

use anyhow::Context;

use super::CommandOutput;
use super::signals::Signals;
use super::variables::{SANDBOX_VARIABLE, variable};
use crate::cli::SandboxArgs;
use crate::process::runtime;
use bakkt_files::progress::{Mode, announce};
use bakkt_model::error::{Failure, ShownPath};
use bakkt_sandbox::{Config, Sandbox, serve_until};

/// Serves until Ctrl-C.
pub fn run(args: &SandboxArgs, mode: Mode) -> anyhow::Result<CommandOutput> {
    let signals = Signals::listen(mode)?;
    let mut config = args
        .config
        .as_deref()
        .map_or_else(|| Ok(Config::default()), read_config)?;
    if config.key.is_none() {
        config.key = variable(SANDBOX_VARIABLE)?;
    }
    let is_random = config.key.is_none();
    let ledger = runtime()?
        .block_on(async {
            // Harnesses wait for this line, so it goes out whatever the mode.
            let ready = |sandbox: &Sandbox| {
                announce(&format!("listening on {}", sandbox.base_url()))?;
                match is_random {
                    // Whoever started it reads this; other people of this machine do not.
                    true => announce(&format!("key {}", sandbox.key())),
                    false => Ok(()),
                }
            };
            serve_until(signals.stopped(), config, args.port, ready).await
        })
        .context("the sandbox ended")?;
    Ok(CommandOutput {
        text: format!("{ledger:?}"),
        code: 0,
    })
}

/// Reads a sandbox configuration.
pub fn read_config(path: &Path) -> anyhow::Result<Config> {
    let text = bakkt_files::small_files::read(path).map_err(|error| {
        let hint = "check the name of the file, and who may read it";
        error.failure(&format!("read {}", path.shown()), hint)
    })?;
    Config::from_toml(&text).map_err(|error| {
        Failure::configuration(
            format!("{}: {error}", path.shown()),
            "see docs/sandbox.md for what can be set",
        )
    })
}
