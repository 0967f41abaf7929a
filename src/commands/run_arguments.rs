//! The arguments of a run, as the chain keeps them.
//!
//! Owner of what is kept of a command line: the command, the migration folder, the names of options, and the values of the
//! options that are known to name nothing of a customer. Invariant: whatever is not known is left out, so that a new option
//! tells nothing until somebody decides that it may. Left out on purpose: everything else that is said of a run (`run_record`).

use clap::{Arg, Command};

use super::run_record::without_login;

/// Options whose values are kept: paths, addresses, names of parts of a file, numbers, and choices from a list.
const KEPT: [&str; 40] = [
    "accept-changes",
    "base-url",
    "by",
    "config",
    "csv",
    "due-within",
    "encoding",
    "field",
    "findings",
    "for",
    "from",
    "gaps",
    "head",
    "head-to",
    "header",
    "key",
    "layout",
    "limit",
    "listen",
    "log-format",
    "member",
    "metrics-listen",
    "only",
    "out",
    "payloads",
    "plan",
    "port",
    "registry",
    "renew-within",
    "rows",
    "sandbox-config",
    "seal-with",
    "shard",
    "sheet",
    "sheet-name",
    "sheet-number",
    "signers",
    "source",
    "state",
    "with-values",
];
/// The positional argument that is kept: the migration folder.
const FOLDER: &str = "dir";
/// What stands in place of everything else.
const LEFT_OUT: &str = "(left out)";

/// What is kept of the arguments of a command, those after the name of the program.
pub fn kept(command: &Command, given: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut line = CommandLine {
        globals: command
            .get_arguments()
            .filter(|arg| arg.is_global_set())
            .collect(),
        command,
        has_positional: false,
        values: Values::default(),
    };
    given
        .into_iter()
        .map(|argument| line.keep(argument))
        .collect()
}

/// The values that may follow an option.
#[derive(Clone, Copy, Default)]
struct Values {
    /// How many more there can be.
    left: usize,
    is_kept: bool,
}

/// How far a command line was read.
struct CommandLine<'c> {
    /// Options that every command takes.
    globals: Vec<&'c Arg>,
    command: &'c Command,
    has_positional: bool,
    values: Values,
}

impl CommandLine<'_> {
    fn keep(&mut self, argument: String) -> String {
        if let Some(option) = argument.strip_prefix("--") {
            return self.long(option);
        }
        if let Some(letters) = argument.strip_prefix('-')
            && !letters.is_empty()
        {
            self.values = Values::default();
            let are_flags = letters.chars().all(|letter| self.is_flag(letter));
            return shown(are_flags, argument);
        }
        let is_kept = match self.values.left.checked_sub(1) {
            Some(left) => {
                self.values.left = left;
                self.values.is_kept
            }
            None => self.is_kept_word(&argument),
        };
        shown(is_kept, argument)
    }

    /// An option, with or without its value.
    fn long(&mut self, option: &str) -> String {
        self.values = Values::default();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let mut options = self.options();
        let Some(arg) = options.find(|arg| arg.get_long() == Some(name)) else {
            return LEFT_OUT.to_owned();
        };
        let is_kept = KEPT.contains(&name);
        match value {
            Some(value) => format!("--{name}={}", shown(is_kept, value.to_owned())),
            None => {
                let left = most_values(arg);
                drop(options);
                self.values = Values { left, is_kept };
                format!("--{name}")
            }
        }
    }

    fn is_flag(&self, letter: char) -> bool {
        self.options()
            .any(|arg| arg.get_short() == Some(letter) && most_values(arg) == 0)
    }

    /// Whether a word that belongs to no option is a command or the migration folder.
    fn is_kept_word(&mut self, word: &str) -> bool {
        if !self.has_positional
            && let Some(command) = self.command.find_subcommand(word)
        {
            self.command = command;
            return true;
        }
        let is_first = !std::mem::replace(&mut self.has_positional, true);
        let first = self.command.get_positionals().next();
        is_first && first.is_some_and(|arg| arg.get_id() == FOLDER)
    }

    fn options(&self) -> impl Iterator<Item = &Arg> {
        let own = self.command.get_arguments();
        own.chain(self.globals.iter().copied())
            .filter(|arg| !arg.is_positional())
    }
}

/// How many values an option can take at a time.
fn most_values(arg: &Arg) -> usize {
    match (arg.get_action().takes_values(), arg.get_num_args()) {
        (false, _) => 0,
        (true, None) => 1,
        (true, Some(range)) => range.max_values(),
    }
}

fn shown(is_kept: bool, argument: String) -> String {
    match is_kept {
        true => without_login(argument),
        false => LEFT_OUT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory};

    use super::{KEPT, kept, most_values};
    use crate::cli::Cli;

    /// Options whose values name customers or people, or hold words about them.
    const ABOUT_CUSTOMERS: [&str; 13] = [
        "account",
        "as",
        "bakkt-id",
        "code",
        "custody-task",
        "document",
        "duplicate",
        "id",
        "kyb",
        "manual",
        "reason",
        "take",
        "user",
    ];

    fn of(line: &str) -> String {
        let given = line.split(' ').map(str::to_owned);
        kept(&Cli::command(), given).join(" ")
    }

    #[test]
    fn a_run_is_kept_as_it_was_typed() {
        for line in [
            "run dir --limit 0 --only ids.txt --shard 3/16 --json -q",
            "-vv --log-format=json run --sandbox dir --sandbox-config s.toml --yes",
            "custody numbers dir --out numbers.csv",
        ] {
            assert_eq!(of(line), line);
        }
    }

    #[test]
    fn what_may_name_a_customer_is_left_out() {
        for (line, expected) in [
            (
                "resolve dir --kyb C-1 --as accepted --reason=said C-9",
                "resolve dir --kyb (left out) --as (left out) --reason=(left out) (left out)",
            ),
            (
                "exclude dir --id A B --sandbox",
                "exclude dir --id (left out) (left out) --sandbox",
            ),
            ("exclude --id=A dir", "exclude --id=(left out) dir"),
            (
                "exclude dir C-7 -C8 -x --idd=A",
                "exclude dir (left out) (left out) (left out) (left out)",
            ),
            ("retry dir -- C-7", "retry dir (left out) (left out)"),
            ("retry dir run", "retry dir (left out)"),
        ] {
            assert_eq!(of(line), expected, "{line}");
        }
    }

    #[test]
    fn an_address_is_kept_without_its_login() {
        assert_eq!(
            of("run dir --base-url http://me:key@127.0.0.1:1/x"),
            "run dir --base-url http://127.0.0.1:1/x"
        );
        assert_eq!(
            of("run dir --head-to=https://me@a.example/x?token=sesame"),
            "run dir --head-to=https://a.example/x?…"
        );
    }

    /// The names of the options with values of a command and those below it.
    fn names(command: &Command, into: &mut BTreeSet<String>) {
        for arg in command.get_arguments().filter(|arg| most_values(arg) > 0) {
            if !arg.is_positional() {
                into.insert(
                    arg.get_long()
                        .expect("an option without a long name")
                        .to_owned(),
                );
            }
        }
        command
            .get_subcommands()
            .for_each(|command| names(command, into));
    }

    #[test]
    fn of_every_option_somebody_decided_whether_its_value_is_kept() {
        let mut all = BTreeSet::new();
        names(&Cli::command(), &mut all);
        let decided = KEPT.iter().chain(&ABOUT_CUSTOMERS);
        let decided: BTreeSet<String> = decided.map(|name| (*name).to_owned()).collect();
        assert_eq!(all, decided, "an option in neither list or of no command");
        assert!(KEPT.iter().all(|name| !ABOUT_CUSTOMERS.contains(name)));
    }
}
