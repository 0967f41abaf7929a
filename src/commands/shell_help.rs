//! `completions` and `man`: what a shell and `man` know of the program, made of its command line.
//!
//! Owner of which pages there are. Left out on purpose: where a system wants them (packages put them there).

use std::io::Write;

use clap::CommandFactory;

use super::CommandOutput;
use crate::cli::{Cli, CompletionsArgs, ManArgs};
use bakkt_files::output::{FileStart, ProtectedPaths};
use bakkt_model::error::{ShownPath, unwritable};

/// Prints the completions of a shell.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<CommandOutput> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut program(), "bakkt-migrate", &mut text);
    let mut text = String::from_utf8(text)?.trim_end().to_owned();
    if args.shell == clap_complete::Shell::Bash {
        // clap_complete writes a program's name with a hyphen in two ways, so that no command below it is ever found.
        text = text.replace("bakkt__subcmd__migrate", "bakkt__migrate");
    }
    Ok(CommandOutput { text, code: 0 })
}

/// Writes a page for the program and one for each of its commands.
pub fn man(args: &ManArgs) -> anyhow::Result<CommandOutput> {
    let protected = ProtectedPaths::default();
    let mut program = program();
    program.build();
    let pages: Vec<(String, clap_mangen::Man)> = pages(&program)
        .into_iter()
        .map(|command| clap_mangen::Man::new(command.clone()))
        .map(|page| (page.get_filename(), page))
        .collect();
    let names = pages.iter().map(|(name, _)| name.as_str());
    let begins: Vec<(&str, FileStart)> = names
        .map(|name| (name, FileStart::Text(PREAMBLE)))
        .collect();
    protected.look_at_folder(&args.out, &begins)?;
    let folder = protected.open_folder(&args.out)?;
    let count = pages
        .iter()
        .map(|(name, page)| {
            let mut file = folder.file(name, &FileStart::Text(PREAMBLE))?;
            page.render(&mut file)
                .and_then(|()| file.flush())
                .map_err(|error| unwritable(name, &error))?;
            file.put_in_place()
        })
        .try_fold(0, |count, done| done.map(|()| count + 1))?;
    Ok(CommandOutput {
        text: format!("{count} pages in {}", args.out.shown()),
        code: 0,
    })
}

/// How every page begins.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq";

/// The command line without what only the program itself calls.
fn program() -> clap::Command {
    let whole = Cli::command();
    let shown = whole.get_subcommands().filter(|below| !below.is_hide_set());
    let mut program = clap::Command::new("bakkt-migrate")
        .disable_help_subcommand(true)
        .args(whole.get_arguments())
        .subcommands(shown);
    if let (Some(about), Some(codes)) = (whole.get_about(), whole.get_after_help()) {
        program = program.about(about.clone()).after_help(codes.clone());
    }
    program.version(crate::built::VERSION)
}

/// A command and all below it.
fn pages(command: &clap::Command) -> Vec<&clap::Command> {
    std::iter::once(command)
        .chain(command.get_subcommands().flat_map(pages))
        .collect()
}
