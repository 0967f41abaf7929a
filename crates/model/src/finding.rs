//! The kinds of findings: their names, what they mean, what to do, and what the settings say about each.
//!
//! Owner of the one table that settings, schema, `check`, the journal and the report take their words from. The order of
//! the table is the order of importance, in which findings are shown.

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the table below says what each one is
pub enum Kind {
    UnusedExclusion,
    SamePerson,
    SimilarIds,
    LostLeadingZeros,
    IdLength,
    MisplacedDocument,
    SharedDocument,
    SameTaxId,
    MinorOwner,
    ImplausibleBirthDate,
    DefaultBirthDate,
    Mojibake,
    EscapedText,
    InvisibleCharacter,
    PlaceholderStreet,
    PoBox,
    SameEmail,
}

/// Number of kinds.
pub const COUNT: usize = 17;

/// A kind, its name in settings and files, what it means, and what a person should do about it.
struct Words {
    kind: Kind,
    name: &'static str,
    meaning: &'static str,
    advice: &'static str,
}

#[rustfmt::skip]
const TABLE: [Words; COUNT] = [
    Words { kind: Kind::UnusedExclusion, name: "unused_exclusion", meaning: "an exclusion fits no row of the export", advice: "correct the id or the rule: whoever it means may be sent" },
    Words { kind: Kind::SamePerson, name: "same_person", meaning: "the same person (names, birth date and tax id) has several ids", advice: "find out which id is right and exclude the others, or the person gets several accounts" },
    Words { kind: Kind::SimilarIds, name: "similar_ids", meaning: "ids that look alike: they differ in case, leading zeros, spelling of a character, blanks or invisible characters only", advice: "make sure that they are different customers" },
    Words { kind: Kind::LostLeadingZeros, name: "lost_leading_zeros", meaning: "ids that look as if a spreadsheet had cut their leading zeros", advice: "export again with ids as text, or restore them with `pad` in the mapping; an id cannot be changed later" },
    Words { kind: Kind::IdLength, name: "id_length", meaning: "ids of another length than accounts.expected_id_length", advice: "correct the ids, or the setting" },
    Words { kind: Kind::MisplacedDocument, name: "misplaced_document", meaning: "a document of one customer whose file names another customer", advice: "correct the manifest or move the file: it would be sent for the wrong customer" },
    Words { kind: Kind::SharedDocument, name: "shared_document", meaning: "one document that several customers claim", advice: "find out whose document it is and take the other lines away" },
    Words { kind: Kind::SameTaxId, name: "same_tax_id", meaning: "different people or entities have the same tax id", advice: "correct the tax ids: at most one of them is right" },
    Words { kind: Kind::MinorOwner, name: "minor_owner", meaning: "an owner who must be of age is under 18", advice: "check the birth date (also its century) and the role; a birth date cannot be changed later" },
    Words { kind: Kind::ImplausibleBirthDate, name: "implausible_birth_date", meaning: "a birth date before 1900 or more than 120 years ago", advice: "correct the birth date or the format in the mapping; a birth date cannot be changed later" },
    Words { kind: Kind::DefaultBirthDate, name: "default_birth_date", meaning: "one birth date that far too many customers have: a system may have filled it in", advice: "add it to `missing` in the mapping if it stands for an unknown date" },
    Words { kind: Kind::Mojibake, name: "mojibake", meaning: "text that was decoded in the wrong character encoding", advice: "set `encoding` under [source], or export again in UTF-8" },
    Words { kind: Kind::EscapedText, name: "escaped_text", meaning: "text with HTML entities, percent codes or other escapes in it", advice: "export again without the escapes, or replace them in the mapping" },
    Words { kind: Kind::InvisibleCharacter, name: "invisible_character", meaning: "an invisible or bidirectional character inside a text", advice: "take it out at the source" },
    Words { kind: Kind::PlaceholderStreet, name: "placeholder_street", meaning: "a residential street that says something like \"unknown\" or \"same as above\", or is a number without a name", advice: "collect the address, or add the word to `missing` in the mapping" },
    Words { kind: Kind::PoBox, name: "po_box", meaning: "a P.O. box where the residential street belongs", advice: "collect the residential address; a P.O. box belongs into mailingAddress" },
    Words { kind: Kind::SameEmail, name: "same_email", meaning: "different customers have the same e-mail address", advice: "nothing for households; look at addresses that many share" },
];

impl Kind {
    /// All of them, in the order of importance.
    pub fn all() -> impl Iterator<Item = Kind> {
        TABLE.iter().map(|words| words.kind)
    }

    /// The kind with a name.
    pub fn named(name: &str) -> Option<Kind> {
        TABLE
            .iter()
            .find(|words| words.name == name)
            .map(|words| words.kind)
    }

    /// Its name in settings, files and `--json`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].name
    }

    /// What it means, as a phrase.
    pub fn meaning(self) -> &'static str {
        TABLE[self as usize].meaning
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        TABLE[self as usize].advice
    }

    /// Whether it is about customers, who can be kept from being sent.
    pub fn can_block(self) -> bool {
        self != Kind::UnusedExclusion
    }

    /// The reason of a record that is blocked because of it.
    pub fn reason(self) -> String {
        format!("finding: {}", self.name())
    }

    /// Its bit in a set of kinds.
    pub fn bit(self) -> u32 {
        1 << self as usize
    }
}

/// What is done about the findings of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Action {
    /// They are shown.
    #[default]
    Tell,
    /// They are shown, and the customers concerned are not sent.
    Block,
    /// They are not looked for.
    Silence,
}

impl Action {
    /// The words in settings, with their meaning.
    pub const WORDS: [(&'static str, Action); 3] = [
        ("tell", Action::Tell),
        ("block", Action::Block),
        ("silence", Action::Silence),
    ];

    /// The word in settings and files.
    pub fn word(self) -> &'static str {
        match self {
            Action::Tell => "tell",
            Action::Block => "block",
            Action::Silence => "silence",
        }
    }
}

/// What the settings say about findings.
#[derive(Clone, Debug)]
pub struct Rules {
    actions: [Action; COUNT],
    /// So many customers with one e-mail address are a finding.
    pub same_email_from: u32,
    /// How many characters an id has; none: any number.
    pub expected_id_length: Option<u32>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            actions: [Action::Tell; COUNT],
            same_email_from: 2,
            expected_id_length: None,
        }
    }
}

impl Rules {
    /// What is done about a kind.
    pub fn action(&self, kind: Kind) -> Action {
        self.actions[kind as usize]
    }

    /// Sets what is done about a kind.
    pub fn set(&mut self, kind: Kind, action: Action) {
        self.actions[kind as usize] = action;
    }

    /// Whether a kind is looked for.
    pub fn looks_for(&self, kind: Kind) -> bool {
        self.action(kind) != Action::Silence
    }

    /// The kinds that block, as a set.
    pub fn blocking(&self) -> u32 {
        let blocks = Kind::all().filter(|kind| self.action(*kind) == Action::Block);
        blocks.map(Kind::bit).sum()
    }

    /// What decides which customers are blocked, as one text for the fingerprint; empty when nothing blocks.
    pub fn canonical(&self) -> String {
        let blocks = Kind::all().filter(|kind| self.action(*kind) == Action::Block);
        let words = blocks.map(|kind| match kind {
            Kind::SameEmail => format!("{} from {}", kind.name(), self.same_email_from),
            Kind::IdLength => format!("{} {:?}", kind.name(), self.expected_id_length),
            kind => kind.name().to_owned(),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// The first kind of a set, in the order of importance.
pub fn first_of(set: u32) -> Option<Kind> {
    Kind::all().find(|kind| set & kind.bit() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds_and_names_are_unique() {
        for (place, words) in TABLE.iter().enumerate() {
            assert_eq!(words.kind as usize, place);
            assert_eq!(Kind::named(words.name), Some(words.kind));
        }
    }

    #[test]
    fn only_what_blocks_is_in_the_fingerprint() {
        let mut rules = Rules::default();
        rules.set(Kind::PoBox, Action::Silence);
        assert_eq!((rules.canonical().as_str(), rules.blocking()), ("", 0));
        rules.set(Kind::MinorOwner, Action::Block);
        rules.set(Kind::SameEmail, Action::Block);
        assert_eq!(rules.canonical(), "minor_owner, same_email from 2");
        assert_eq!(first_of(rules.blocking()), Some(Kind::MinorOwner));
    }
}
