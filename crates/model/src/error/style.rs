//! Colours of messages: on a terminal that wants them, else none.

use std::io::IsTerminal;

/// How a text is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Every sequence that this type writes: the terminal lets these pass, and no others.
    pub const CODES: [&str; 4] = ["\u{1b}[1;31m", "\u{1b}[1;34m", "\u{1b}[1m", "\u{1b}[0m"];
    /// No colours.
    pub const PLAIN: Style = Style { colour: false };

    /// That of stderr: colours when it is a terminal, and neither `NO_COLOR` nor a dumb terminal speaks against them.
    pub fn of_stderr() -> Style {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Style {
            colour: std::io::stderr().is_terminal() && !set("NO_COLOR") && !dumb,
        }
    }

    /// With colours, wherever it goes.
    pub const COLOURED: Style = Style { colour: true };

    /// What is wrong.
    pub fn wrong(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// What stands around a text from a file: its place, its line number.
    pub(crate) fn frame(self, text: &str) -> String {
        self.paint("1;34", text)
    }

    /// A heading that matters less than what it heads.
    pub(crate) fn quiet(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}
