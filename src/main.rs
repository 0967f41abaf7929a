//! The binary: parse, set up logging, call the command, print, exit.

use std::io::Write;
use std::process::ExitCode;

use bakkt_migrate::error::Style;
use clap::Parser;

fn main() -> ExitCode {
    let cli = bakkt_migrate::cli::Cli::parse();
    bakkt_migrate::logging::start(cli.verbose);
    match bakkt_migrate::commands::run(cli) {
        Ok(output) => {
            // A closed pipe is no reason to fail after the work is done.
            let _ = writeln!(std::io::stdout(), "{}", output.text);
            ExitCode::from(output.code)
        }
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "{}",
                bakkt_migrate::error::describe(&error, Style::of_stderr())
            );
            ExitCode::from(bakkt_migrate::error::exit_code(&error))
        }
    }
}
