//! The binary: parse, set up logging, call the command, print, exit.

use std::process::ExitCode;

use bakkt_files::terminal;
use bakkt_migrate::{cli, commands, logging, process};
use bakkt_model::error::{self, Style};
use clap::Parser;

fn main() -> ExitCode {
    process::keep_memory_private();
    let code = match cli::Cli::try_parse() {
        Ok(cli) => process::without_panic(|| run(cli)),
        Err(usage) => tell_usage(&usage),
    };
    terminal::flush();
    ExitCode::from(code)
}

/// Runs the command and prints what it ends with; the exit code.
fn run(cli: cli::Cli) -> u8 {
    logging::start(cli.verbose, cli.log_format);
    #[cfg(feature = "object-storage")]
    bakkt_engine::objects::make_readable();
    let ended = commands::run(cli).and_then(|output| {
        terminal::flush();
        // A command that has to know whether somebody reads prints everything itself, and leaves nothing.
        if !output.text.is_empty() {
            let printed = terminal::print_result(&output.text);
            printed.map_err(|error| error::unwritable("stdout", &error))?;
        }
        Ok(output.code)
    });
    ended.unwrap_or_else(|error| {
        let error = bakkt_journal::explained(error);
        terminal::show_line(&error::describe(&error, Style::of_stderr()));
        error::exit_code(&error)
    })
}

/// Prints the help that was asked for, or what is wrong with the arguments; the exit code.
fn tell_usage(usage: &clap::Error) -> u8 {
    let text = usage.render();
    if usage.use_stderr() {
        terminal::show(&text.to_string());
        return usage.exit_code() as u8;
    }
    match terminal::print_result(text.to_string().trim_end()) {
        Ok(()) => usage.exit_code() as u8,
        Err(error) => {
            let error = error::unwritable("stdout", &error);
            terminal::show_line(&error::describe(&error, Style::of_stderr()));
            error::exit_code(&error)
        }
    }
}
