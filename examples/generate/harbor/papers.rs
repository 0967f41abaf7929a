//! The papers of one invented account: the rows of the manifest, and the files that they name.
//!
//! Invariants: everything that KYB asks for is there, but for what the account's flaw takes away; a flaw of papers is one
//! paper beside those. Papers that are good today stay good: they expire in 2036 or later, those that have expired did in
//! 2019.

use super::account::{Account, Owner, dice};
use super::bytes;
use super::flaws::{Flaw, Kind};

/// The header of documents.csv.
pub const COLUMNS: &[&str] = &[
    "ENTITY_NO",
    "FILE",
    "DOC",
    "SIDE",
    "OWNER_NO",
    "OWNER_PLACE",
    "ISSUED_IN",
    "EXPIRES",
    "NOTE",
    "PROVES",
];

/// One paper.
pub struct Paper {
    /// Cells of the manifest's row, in the order of [`COLUMNS`].
    pub cells: Vec<String>,
    /// What is to be made at the place that the row names.
    pub content: Content,
}

/// What stands in the documents folder.
pub enum Content {
    /// A file.
    Bytes(Vec<u8>),
    /// A link to a path.
    Link(&'static str),
    /// Nothing of its own.
    Nothing,
}

/// Columns of a row that are not always the same.
#[derive(Default)]
struct Row<'a> {
    file: &'a str,
    code: &'a str,
    side: &'a str,
    owner: &'a str,
    place: &'a str,
    country: &'a str,
    expires: &'a str,
    note: &'a str,
    proves: &'a str,
}

struct Papers<'a> {
    account: &'a Account,
    papers: Vec<Paper>,
}

/// All papers of an account, in the order of the manifest.
pub fn of(account: &Account) -> Vec<Paper> {
    let papers = Vec::new();
    let mut all = Papers { account, papers };
    if account.has_kyb() {
        all.entity();
    }
    for (place, owner) in account.owners.iter().enumerate() {
        all.identity(place, owner);
    }
    all.extra();
    all.papers
}

impl Papers<'_> {
    fn add(&mut self, row: Row<'_>, content: Content) {
        // A path that does not begin at the account's folder says so itself.
        let file = match row.file.strip_prefix("at:") {
            Some(path) => path.to_owned(),
            None => format!("{}/{}", self.account.id, row.file),
        };
        let cells = [
            &self.account.id,
            file.as_str(),
            row.code,
            row.side,
            row.owner,
            row.place,
            row.country,
            row.expires,
            row.note,
            row.proves,
        ];
        let cells = cells.map(str::to_owned).to_vec();
        self.papers.push(Paper { cells, content });
    }

    fn page(&self, title: &str) -> Content {
        let note = "Invented for a sample. Nobody in it exists.";
        Content::Bytes(bytes::pdf(&[
            title,
            &self.account.name,
            &self.account.id,
            note,
        ]))
    }

    /// A paper of the entity itself.
    fn own(&mut self, file: &str, code: &str, note: &str, proves: &str) {
        let content = self.page(note);
        let row = Row {
            file,
            code,
            side: "F",
            country: "USA",
            note,
            proves,
            ..Row::default()
        };
        self.add(row, content);
    }

    fn entity(&mut self) {
        let flaw = self.account.flaw;
        if flaw != Flaw::NoIncorporation {
            self.own("formation.pdf", "COI", "certificate of formation", "");
        }
        // One file can prove two items of the checklist.
        let files: [(&str, &str, &[&str]); 2] = match self.account.number % 2 {
            0 => [
                ("governance.pdf", "by-laws and registry", &["GOV", "REG"]),
                ("chart.pdf", "organization chart", &["ORG"]),
            ],
            _ => [
                ("agreement.pdf", "operating agreement", &["GOV"]),
                (
                    "registry.pdf",
                    "registry and organization chart",
                    &["REG", "ORG"],
                ),
            ],
        };
        let lacking = match flaw {
            Flaw::NoGoverning => "GOV",
            Flaw::NoRegistry => "REG",
            Flaw::NoChart => "ORG",
            _ => "",
        };
        for (file, note, proves) in files {
            let proves: Vec<&str> = proves
                .iter()
                .copied()
                .filter(|item| *item != lacking)
                .collect();
            if !proves.is_empty() {
                self.own(file, "EDD", note, &proves.join(";"));
            }
        }
        if flaw != Flaw::NoBeneficial {
            self.own(
                "beneficial-owners.pdf",
                "CBO",
                "certificate of beneficial owners",
                "",
            );
        }
        if self.account.kind == Kind::PersonalTrust {
            self.own("trust.pdf", "TC", "trust certification", "");
        }
    }

    fn identity(&mut self, place: usize, owner: &Owner) {
        let (number, flaw) = (self.account.number, self.account.flaw);
        let foreign = owner.country != "USA";
        let without = match flaw {
            Flaw::OwnerUnidentified => place == 1,
            Flaw::ManagerUnidentified => owner.manages,
            Flaw::ForeignerUnidentified => foreign,
            _ => false,
        };
        if without || !(owner.above || owner.manages || foreign) {
            return;
        }
        let one_side = flaw == Flaw::OneSideOnly && place == 1;
        if foreign || !one_side && (number + place as u64).is_multiple_of(3) {
            self.of_owner(place, owner, ("passport.png", "PP", "F"));
        } else {
            self.of_owner(place, owner, ("license-front.jpg", "DL", "F"));
            if !one_side {
                self.of_owner(place, owner, ("license-back.jpg", "DL", "B"));
            }
        }
        if foreign {
            self.of_owner(place, owner, ("w8ben.pdf", "W8", ""));
        }
    }

    fn of_owner(&mut self, place: usize, owner: &Owner, (name, code, side): (&str, &str, &str)) {
        let number = self.account.number;
        let mut rng = dice(
            number,
            place as u64,
            code.len() as u64 + u64::from(side == "B"),
        );
        let content = match name.rsplit('.').next() {
            Some("png") => Content::Bytes(bytes::png(rng.u64(..))),
            Some("jpg") => Content::Bytes(bytes::jpeg(rng.u64(..))),
            _ => self.page(&owner.name),
        };
        let expires = format!(
            "{:02}/{:02}/{}",
            1 + number % 12,
            1 + number % 28,
            2036 + number % 6
        );
        // An individual's papers are that person's; a first owner can be named by place.
        let (said, by_place) = match (self.account.has_kyb(), place) {
            (false, _) => ("", ""),
            (true, 0) if number.is_multiple_of(4) => ("", "1"),
            _ => (owner.id.as_str(), ""),
        };
        let file = format!("owner-{}-{name}", place + 1);
        let row = Row {
            file: &file,
            code,
            side,
            owner: said,
            place: by_place,
            country: owner.country,
            expires: if code == "W8" { "" } else { &expires },
            ..Row::default()
        };
        self.add(row, content);
    }

    /// The paper that is one too many.
    fn extra(&mut self) {
        let first = self.account.owners[0].id.clone();
        let nobody = format!("{}-9", self.account.id);
        let minutes = Row {
            file: "minutes.pdf",
            code: "EDD",
            side: "F",
            country: "USA",
            note: "minutes",
            ..Row::default()
        };
        let passport = Row {
            file: "passport-old.png",
            code: "PP",
            side: "F",
            owner: &first,
            country: "USA",
            expires: "05/31/2039",
            ..Row::default()
        };
        let image = || Content::Bytes(bytes::png(self.account.number));
        let page = || self.page("Minutes");
        let absolute = format!("at:/srv/scans/{}/minutes.pdf", self.account.id);
        let climbing = "../../accounts.csv";
        let folder = format!("at:{}", self.account.id);
        let (row, content) = match self.account.flaw {
            Flaw::Missing => (minutes, Content::Nothing),
            Flaw::Empty => (minutes, Content::Bytes(Vec::new())),
            Flaw::TooLarge => (minutes, Content::Bytes(long_page())),
            Flaw::Climbs => (
                Row {
                    file: climbing,
                    ..minutes
                },
                Content::Nothing,
            ),
            Flaw::Absolute => (
                Row {
                    file: &absolute,
                    ..minutes
                },
                Content::Nothing,
            ),
            Flaw::Leaves => (
                Row {
                    file: "scan.pdf",
                    ..minutes
                },
                Content::Link("../../migration.toml"),
            ),
            Flaw::Folder => (
                Row {
                    file: &folder,
                    ..minutes
                },
                Content::Nothing,
            ),
            Flaw::NoImage => (
                Row {
                    file: "minutes.txt",
                    ..minutes
                },
                Content::Bytes(b"Minutes, typed.\n".to_vec()),
            ),
            Flaw::UnfitType => (
                Row {
                    code: "MISC",
                    ..minutes
                },
                page(),
            ),
            Flaw::NoCountry => (
                Row {
                    country: "",
                    ..minutes
                },
                page(),
            ),
            Flaw::Expired => (
                Row {
                    expires: "05/31/2019",
                    ..passport
                },
                image(),
            ),
            Flaw::Undated => (
                Row {
                    expires: "soon",
                    ..passport
                },
                image(),
            ),
            Flaw::NoSuchOwner => (
                Row {
                    owner: &nobody,
                    ..passport
                },
                image(),
            ),
            Flaw::NoOwnerSaid => (
                Row {
                    owner: "",
                    ..passport
                },
                image(),
            ),
            Flaw::Disagrees => (
                Row {
                    file: "passport-old.pdf",
                    owner: "",
                    ..passport
                },
                image(),
            ),
            Flaw::UnknownAccount => (
                Row {
                    file: "stray.png",
                    owner: "",
                    ..passport
                },
                image(),
            ),
            Flaw::ListedTwice => {
                let cells = self.papers[0].cells.clone();
                return self.papers.push(Paper {
                    cells,
                    content: Content::Nothing,
                });
            }
            _ => return,
        };
        self.add(row, content);
        if self.account.flaw == Flaw::UnknownAccount
            && let Some(stray) = self.papers.last_mut()
        {
            stray.cells[0] = stray.cells[0].replace("HB", "HX");
        }
    }
}

/// A PDF above 64 KB.
fn long_page() -> Vec<u8> {
    let line = "The meeting went on, and nothing was decided that anybody remembered afterwards.";
    bytes::pdf(&[line; 800])
}
