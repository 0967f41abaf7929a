//! The kinds of findings: their names, what they mean, what to do, and what the settings say about each.
//!
//! Owner of the one table that settings, schema, `check`, the journal and the report take their words from. The order of
//! the table is the order of importance, in which findings are shown.

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the table below says what each one is
pub enum FindingKind {
    UnusedExclusion,
    UnusedPattern,
    SamePerson,
    SimilarIds,
    LostLeadingZeros,
    ChangedId,
    PlaceholderId,
    IdLength,
    MisplacedDocument,
    SharedDocument,
    SameTaxId,
    MinorOwner,
    ImplausibleBirthDate,
    DateBeforeBirth,
    SwappedDate,
    DefaultBirthDate,
    AmountUnit,
    DoubtfulName,
    Mojibake,
    EscapedText,
    InvisibleCharacter,
    LookAlikeLetters,
    PlaceholderStreet,
    PoBox,
    DoubtfulCity,
    DoubtfulState,
    DoubtfulCountry,
    DoubtfulText,
    TooMuchOwned,
    SameEmail,
}

pub(crate) const COUNT: usize = 30;

/// A kind, its name in settings and files, what it means, and what a person should do about it.
struct FindingText {
    kind: FindingKind,
    name: &'static str,
    meaning: &'static str,
    advice: &'static str,
}

#[rustfmt::skip]
const TABLE: [FindingText; COUNT] = [
    FindingText { kind: FindingKind::UnusedExclusion, name: "unused_exclusion", meaning: "an exclusion fits no row of the export", advice: "correct the id or the rule: whoever it means may be sent" },
    FindingText { kind: FindingKind::UnusedPattern, name: "unused_pattern", meaning: "a pattern of documents fits no file, or the manifest of documents has no row", advice: "correct the pattern, or find the files: documents of customers may be left behind" },
    FindingText { kind: FindingKind::SamePerson, name: "same_person", meaning: "the same person (names, birth date and tax id) has several ids or is several owners of one account", advice: "find out which id is right and exclude the others, or the person gets several accounts" },
    FindingText { kind: FindingKind::SimilarIds, name: "similar_ids", meaning: "ids that look alike: they differ in case, leading zeros, spelling of a character, blanks or invisible characters only", advice: "make sure that they are different customers" },
    FindingText { kind: FindingKind::LostLeadingZeros, name: "lost_leading_zeros", meaning: "ids that look as if a spreadsheet had cut their leading zeros", advice: "export again with ids as text, or restore them with `pad` in the mapping; an id cannot be changed later" },
    FindingText { kind: FindingKind::ChangedId, name: "changed_id", meaning: "an id that a spreadsheet seems to have changed: it looks like a date, a truth value or an amount, is several ids in one cell, or is one of long ids of which nearly all have zeros behind the fifteenth digit", advice: "export again with ids as text; an id cannot be changed later" },
    FindingText { kind: FindingKind::PlaceholderId, name: "placeholder_id", meaning: "an id that stands for no id: zeros, nines, a dash, \"n/a\", \"test\"", advice: "find the customer's id; an id cannot be changed later" },
    FindingText { kind: FindingKind::IdLength, name: "id_length", meaning: "ids of another length than accounts.expected_id_length", advice: "correct the ids, or the setting" },
    FindingText { kind: FindingKind::MisplacedDocument, name: "misplaced_document", meaning: "a document of one customer whose file names another customer", advice: "correct the manifest or move the file: it would be sent for the wrong customer" },
    FindingText { kind: FindingKind::SharedDocument, name: "shared_document", meaning: "one document that several customers claim", advice: "find out whose document it is and take the other lines away" },
    FindingText { kind: FindingKind::SameTaxId, name: "same_tax_id", meaning: "different people or entities have the same tax id", advice: "correct the tax ids: at most one of them is right" },
    FindingText { kind: FindingKind::MinorOwner, name: "minor_owner", meaning: "an owner who must be of age is under 18", advice: "check the birth date (also its century) and the role; a birth date cannot be changed later" },
    FindingText { kind: FindingKind::ImplausibleBirthDate, name: "implausible_birth_date", meaning: "a birth date before 1900 or more than 120 years ago", advice: "correct the birth date or the format in the mapping; a birth date cannot be changed later" },
    FindingText { kind: FindingKind::DateBeforeBirth, name: "date_before_birth", meaning: "an agreement, a screening or a verification from before its owner was born", advice: "find out which of the two dates is wrong; a birth date cannot be changed later" },
    FindingText { kind: FindingKind::SwappedDate, name: "swapped_date", meaning: "a birth date of which a spreadsheet seems to have exchanged day and month: all date cells have a day up to 12, and no text has one", advice: "export again with dates as text; a birth date cannot be changed later" },
    FindingText { kind: FindingKind::DefaultBirthDate, name: "default_birth_date", meaning: "one birth date that far too many customers have: a system may have filled it in", advice: "add it to `missing` in the mapping if it stands for an unknown date" },
    FindingText { kind: FindingKind::AmountUnit, name: "amount_unit", meaning: "an amount that is read as dollars and may be thousands, as others of its column are not read for that reason", advice: "say with `unit` of `usd_range` in the mapping what the column's numbers count" },
    FindingText { kind: FindingKind::DoubtfulName, name: "doubtful_name", meaning: "a given name or a family name that is none of one person: two people, a firm, a title, a remark, a word such as \"unknown\"", advice: "correct the name at the source; `name` in the mapping takes names out of whole cells" },
    FindingText { kind: FindingKind::Mojibake, name: "mojibake", meaning: "text that was decoded in the wrong character encoding", advice: "set `encoding` under [source], or export again in UTF-8" },
    FindingText { kind: FindingKind::EscapedText, name: "escaped_text", meaning: "text with HTML entities, percent codes or other escapes in it", advice: "export again without the escapes, or replace them in the mapping" },
    FindingText { kind: FindingKind::InvisibleCharacter, name: "invisible_character", meaning: "an invisible or bidirectional character inside a text", advice: "take it out at the source" },
    FindingText { kind: FindingKind::LookAlikeLetters, name: "look_alike_letters", meaning: "letters of another alphabet or of another width that look like plain ones, in a name, an id or an e-mail address", advice: "write them as plain letters at the source" },
    FindingText { kind: FindingKind::PlaceholderStreet, name: "placeholder_street", meaning: "a street that says something like \"unknown\" or \"same as above\", carries a remark such as \"deceased\", is a number without a name, or has the rest of its address in it", advice: "collect or split the address, or add the word to `missing` in the mapping" },
    FindingText { kind: FindingKind::PoBox, name: "po_box", meaning: "a P.O. box where the residential street belongs", advice: "collect the residential address; a P.O. box belongs into mailingAddress" },
    FindingText { kind: FindingKind::DoubtfulCity, name: "doubtful_city", meaning: "a city that is a number, a state or a street, says that none is known, or has the state or the postal code in it", advice: "correct the city, or split the cell in the mapping" },
    FindingText { kind: FindingKind::DoubtfulState, name: "doubtful_state", meaning: "a state or province that its postal code is not in", advice: "correct the state or the postal code" },
    FindingText { kind: FindingKind::DoubtfulCountry, name: "doubtful_country", meaning: "a country whose code is that of the U.S. state beside it, with a ZIP code of that state, or beside a post office of the U.S. forces", advice: "correct the country, or take it from the right column in the mapping" },
    FindingText { kind: FindingKind::DoubtfulText, name: "doubtful_text", meaning: "an employer, an occupation, a firm's name or another free text that says that none is known, is masked, or holds a tax id, a phone number or an e-mail address; a mailbox that nobody has", advice: "correct the text at the source, or add the word to `missing` in the mapping" },
    FindingText { kind: FindingKind::TooMuchOwned, name: "too_much_owned", meaning: "the shares of an entity's owners add up to more than 100 %", advice: "correct the shares: whoever owns more than 25 % must be identified for KYB" },
    FindingText { kind: FindingKind::SameEmail, name: "same_email", meaning: "different customers have the same e-mail address", advice: "nothing for households; look at addresses that many share" },
];

impl FindingKind {
    /// All of them, in the order of importance.
    pub fn all() -> impl Iterator<Item = FindingKind> {
        TABLE.iter().map(|words| words.kind)
    }

    /// The kind with a name.
    pub fn named(name: &str) -> Option<FindingKind> {
        TABLE
            .iter()
            .find(|words| words.name == name)
            .map(|words| words.kind)
    }

    /// Its name in settings, files and `--json`.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].name
    }

    /// What the finding means, as a phrase.
    pub fn meaning(self) -> &'static str {
        TABLE[self as usize].meaning
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        TABLE[self as usize].advice
    }

    /// Whether it is about customers, who can be kept from being sent.
    pub fn can_block(self) -> bool {
        !matches!(
            self,
            FindingKind::UnusedExclusion | FindingKind::UnusedPattern
        )
    }

    /// What is done about it where the settings say nothing. An amount that may be a thousand times what is sent stays here until
    /// somebody has said what it counts.
    pub fn usual_action(self) -> FindingAction {
        match self {
            FindingKind::AmountUnit => FindingAction::Block,
            _ => FindingAction::Tell,
        }
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

/// How findings of a kind are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FindingAction {
    /// The findings are shown.
    #[default]
    Tell,
    /// The findings are shown, and the customers concerned are not sent.
    Block,
    /// Nothing looks for such findings.
    Silence,
}

impl FindingAction {
    /// The words in settings, with their meaning.
    pub const WORDS: [(&'static str, FindingAction); 3] = [
        ("tell", FindingAction::Tell),
        ("block", FindingAction::Block),
        ("silence", FindingAction::Silence),
    ];

    /// The word in settings and files.
    pub fn word(self) -> &'static str {
        match self {
            FindingAction::Tell => "tell",
            FindingAction::Block => "block",
            FindingAction::Silence => "silence",
        }
    }
}

/// What the settings say about findings.
#[derive(Clone, Debug)]
pub struct FindingRules {
    actions: [FindingAction; COUNT],
    /// So many customers with one e-mail address are a finding.
    pub same_email_from: u32,
    /// How many characters an id has; none: any number.
    pub expected_id_length: Option<u32>,
}

impl Default for FindingRules {
    fn default() -> FindingRules {
        let mut actions = [FindingAction::Tell; COUNT];
        for kind in FindingKind::all() {
            actions[kind as usize] = kind.usual_action();
        }
        FindingRules {
            actions,
            same_email_from: 2,
            expected_id_length: None,
        }
    }
}

impl FindingRules {
    /// What is done about a kind.
    pub fn action(&self, kind: FindingKind) -> FindingAction {
        self.actions[kind as usize]
    }

    /// Sets what is done about a kind.
    pub fn set(&mut self, kind: FindingKind, action: FindingAction) {
        self.actions[kind as usize] = action;
    }

    /// Whether a kind is looked for.
    pub fn looks_for(&self, kind: FindingKind) -> bool {
        self.action(kind) != FindingAction::Silence
    }

    /// The kinds that block, as a set.
    pub fn blocking(&self) -> u32 {
        let blocks = FindingKind::all().filter(|kind| self.action(*kind) == FindingAction::Block);
        blocks.map(FindingKind::bit).sum()
    }

    /// What decides which customers are blocked, as one text for the fingerprint; empty when that is as usual.
    pub fn canonical(&self) -> String {
        let blocks = |kind: FindingKind| self.action(kind) == FindingAction::Block;
        let is_usual = |kind: FindingKind| kind.usual_action() == FindingAction::Block;
        let unusual = FindingKind::all().filter(|kind| blocks(*kind) != is_usual(*kind));
        let words = unusual.map(|kind| match kind {
            kind if is_usual(kind) => format!("not {}", kind.name()),
            FindingKind::SameEmail => format!("{} from {}", kind.name(), self.same_email_from),
            FindingKind::IdLength => format!("{} {:?}", kind.name(), self.expected_id_length),
            kind => kind.name().to_owned(),
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// The first kind of a set, in the order of importance.
pub fn first_of(set: u32) -> Option<FindingKind> {
    FindingKind::all().find(|kind| set & kind.bit() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_kinds_and_names_are_unique() {
        for (place, words) in TABLE.iter().enumerate() {
            assert_eq!(words.kind as usize, place);
            assert_eq!(FindingKind::named(words.name), Some(words.kind));
        }
    }

    #[test]
    fn only_what_blocks_is_in_the_fingerprint() {
        let mut rules = FindingRules::default();
        rules.set(FindingKind::PoBox, FindingAction::Silence);
        let usual = FindingKind::AmountUnit.bit();
        assert_eq!((rules.canonical().as_str(), rules.blocking()), ("", usual));
        rules.set(FindingKind::AmountUnit, FindingAction::Tell);
        assert_eq!(rules.canonical(), "not amount_unit");
        rules.set(FindingKind::AmountUnit, FindingAction::Block);
        rules.set(FindingKind::MinorOwner, FindingAction::Block);
        rules.set(FindingKind::SameEmail, FindingAction::Block);
        assert_eq!(rules.canonical(), "minor_owner, same_email from 2");
        assert_eq!(first_of(rules.blocking()), Some(FindingKind::MinorOwner));
    }
}
