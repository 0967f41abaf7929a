//! Waivers of gaps of owners and contacts who are rows of an export: a waiver is for the gap of the person that somebody looked at.

use serde_json::{Value, json};

use crate::backfill::world::{SETTINGS, World};
use crate::support::program;
use bakkt_journal::Reader;

const OWNERS: &str = r#"
[fields]
"owners[].role" = "ROLE"
"owners[].clientOwnerId" = "OWNER"
"owners[].emailAddress" = "EMAIL"
"owners[].phoneNumber" = { column = "PHONE", phone = "US" }
"owners[].identity.givenName" = "FIRST"
"owners[].identity.familyName" = { const = "Ash" }
"owners[].identity.dateOfBirth" = { const = "1980-02-03" }
"owners[].identity.taxId" = { const = "987654321" }
"owners[].identity.taxIdType" = { const = "SSN" }
"owners[].identity.personalAddress.streetAddress" = { const = "1 Elm St" }
"owners[].identity.personalAddress.city" = { const = "Reno" }
"owners[].identity.personalAddress.state" = { const = "NV" }
"owners[].identity.personalAddress.postalCode" = { const = "89501" }
"owners[].identity.personalAddress.country" = { const = "USA" }
"#;

const CONTACTS: &str = r#"
[fields]
"trustedContacts[].givenName" = "FIRST"
"trustedContacts[].familyName" = { const = "Ash" }
"trustedContacts[].phoneNumber" = { column = "PHONE", phone = "US" }
"#;

const SECOND: &str = "owners[1].phoneNumber";
const ON: &str = "7755550101";

struct Case {
    world: World,
    contacts: bool,
}

impl Case {
    /// An account with two owners or contacts behind Ann, in an export of their own.
    fn new(with_ids: bool, contacts: bool, rows: &[(&str, &str)]) -> Case {
        let case = Case {
            world: World::new(&[]),
            contacts,
        };
        let world = &case.world;
        world.write("export.csv", "ID\nA-1\n");
        let accounts = "account_type = \"CUSTODIAL\"\n[fields]\nclientAccountId = \"ID\"\n";
        world.write("mapping.toml", accounts);
        let by_id = "\"owners[].clientOwnerId\" = \"OWNER\"\n";
        let without = OWNERS.replace(by_id, "");
        world.write("owners.toml", if with_ids { OWNERS } else { &without });
        world.write("contacts.toml", CONTACTS);
        let source = |table: &str, file: &str| {
            format!(
                "[source.{table}]\nfile = \"{file}.csv\"\nmapping = \"{file}.toml\"\nkey = \"ID\"\naccount_key = \"ID\"\n"
            )
        };
        let mut sources = source("owners", "owners");
        if contacts {
            sources += &source("trusted_contacts", "contacts");
        }
        world.write(
            "migration.toml",
            &SETTINGS.replace("[grace]", &format!("{sources}[grace]")),
        );
        case.export(rows);
        case
    }

    /// Names and phones, in this order.
    fn export(&self, rows: &[(&str, &str)]) {
        let owner = |(first, phone): &(&str, &str)| {
            let role = if *first == "Ann" { "PRIMARY" } else { "JOINT" };
            format!("A-1,{role}_OWNER,A-1-{first},{first}@example.com,{phone},{first}\n")
        };
        let contact = |(first, phone): &(&str, &str)| format!("A-1,{phone},{first}\n");
        let (owners, contacts): (Vec<_>, Vec<_>) = match self.contacts {
            true => (vec![("Ann", ON)], rows.to_vec()),
            false => (rows.to_vec(), Vec::new()),
        };
        let owners: String = owners.iter().map(owner).collect();
        let header = "ID,ROLE,OWNER,EMAIL,PHONE,FIRST\n";
        self.world.write("owners.csv", &format!("{header}{owners}"));
        let contacts: String = contacts.iter().map(contact).collect();
        self.world
            .write("contacts.csv", &format!("ID,PHONE,FIRST\n{contacts}"));
    }

    /// What a new plan with these rows says, once it is sent.
    fn replan(&self, rows: &[(&str, &str)]) -> Value {
        self.export(rows);
        let more = [
            "--update-accepted",
            "--accept-changes",
            "owners[].phoneNumber,trustedContacts[].phoneNumber",
        ];
        let (said, _) = self.world.json("replan", &more);
        said["replan"].clone()
    }

    fn waive(&self, field: &str, more: &[&str]) {
        let mut waive = program();
        waive.env("BAKKT_OPERATOR", "pat").arg("waive");
        waive.arg(self.world.dir());
        waive.args(["--id", "A-1", "--field", field]).args(more);
        let output = waive.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    /// Path, status and day of opening of every gap of a phone.
    fn phones(&self) -> Vec<String> {
        let sql = "SELECT w.text, g.status, g.opened_at FROM gap g JOIN word w ON w.id = g.path
            WHERE w.text LIKE '%phoneNumber' ORDER BY w.text";
        self.world.asked(sql)
    }

    /// What is open on the last day, and what `status` counts.
    fn adds_up(&self) {
        let reader = Reader::open(&self.world.path(".bakkt-migrate/journal.db")).unwrap();
        let days = reader.gap_days().unwrap();
        let open = days.values().last().map_or(0, |day| day.open);
        let (totals, _) = self.world.json("status", &[]);
        let count = |what: &str| totals["gaps"][what].as_u64().unwrap_or(0);
        assert_eq!(
            open,
            count("open") + count("not_at_bakkt"),
            "{days:?} {totals}"
        );
    }
}

fn status<'a>(phones: &'a [String], place: &str) -> Option<(&'a str, &'a str)> {
    let line = phones.iter().find(|line| line.contains(place))?;
    let mut words = line.split(' ').skip(1);
    Some((words.next()?, words.next()?))
}

#[test]
fn a_waiver_goes_with_the_owner_for_whom_it_stands() {
    for with_ids in [true, false] {
        let case = Case::new(with_ids, false, &[("Ann", ON), ("Bea", ""), ("Cyd", ON)]);
        case.world.run();
        let first = case.phones();
        let opened = status(&first, "[1]").unwrap().1.to_owned();
        case.waive(SECOND, &["--reason", "has no telephone"]);
        // Another order: Bea is the third, and Cyd lost the phone.
        let said = case.replan(&[("Ann", ON), ("Cyd", ""), ("Bea", "")]);
        assert_eq!(said.get("reopened"), None, "{said}");
        let phones = case.phones();
        assert_eq!(status(&phones, "[2]"), Some(("waived", opened.as_str())));
        let (is, began) = status(&phones, "[1]").unwrap();
        assert_eq!(is, "open", "{phones:?}");
        assert_ne!(began, opened, "another person's gap begins anew");
        let began = began.to_owned();
        case.world.run();
        case.adds_up();
        // Back again: each has what was theirs.
        case.replan(&[("Ann", ON), ("Bea", ""), ("Cyd", "")]);
        let phones = case.phones();
        assert_eq!(status(&phones, "[1]"), Some(("waived", opened.as_str())));
        assert_eq!(status(&phones, "[2]"), Some(("open", began.as_str())));
        case.adds_up();
        // The gap is there and nobody can say that it is Bea's.
        let said = case.replan(&[("Ann", ON), ("Dee", ""), ("Cyd", "")]);
        let told = json!({"gaps": 1, "first": [["A-1", SECOND]]});
        assert_eq!(said["reopened"], told, "{said}");
        assert_eq!(status(&case.phones(), "[1]").unwrap().0, "open");
        case.adds_up();
        // It is told once; and Bea's waiver stands for Bea.
        let said = case.replan(&[("Ann", ON), ("Dee", ""), ("Cyd", ON)]);
        assert_eq!(said.get("reopened"), None, "{said}");
        case.replan(&[("Ann", ON), ("Dee", ""), ("Bea", "")]);
        let phones = case.phones();
        assert_eq!(status(&phones, "[1]").unwrap().0, "open");
        assert_eq!(status(&phones, "[2]").unwrap().0, "waived");
        case.adds_up();
        case.waive("owners[]", &["--reason", "found", "--undo"]);
        assert_eq!(status(&case.phones(), "[2]").unwrap().0, "open");
        assert_eq!(case.world.asked("SELECT 1 FROM waiver_element"), [""; 0]);
    }
}

#[test]
fn a_gap_that_ends_where_another_persons_begins_is_closed() {
    let case = Case::new(true, false, &[("Ann", ON), ("Bea", ""), ("Cyd", ON)]);
    case.world.run();
    let opened = status(&case.phones(), "[1]").unwrap().1.to_owned();
    case.replan(&[("Ann", ON), ("Cyd", ""), ("Bea", ON)]);
    let closed = "SELECT w.text, c.opened_at FROM closed_gap c JOIN word w ON w.id = c.path";
    assert_eq!(case.world.asked(closed), [format!("{SECOND} {opened}")]);
    assert_ne!(status(&case.phones(), "[1]").unwrap().1, opened);
    // Bakkt lacks Bea's phone and has Cyd's until the update is there.
    let gaps = |status: &str| {
        case.world.command("report", &[]).output().unwrap();
        let text = std::fs::read_to_string(case.world.path("report/gaps.csv")).unwrap();
        let end = format!(",{status}");
        let is_it = |line: &&str| line.contains(",owners[1].phoneNumber,") && line.ends_with(&end);
        text.lines().filter(is_it).count()
    };
    let of = |status| (gaps(status), gaps("not at Bakkt yet"));
    assert_eq!(of("\"at Bakkt, not in the plan\""), (1, 1));
    case.adds_up();
    case.world.run();
    assert_eq!(of("open"), (1, 0));
    case.adds_up();
}

#[test]
fn a_waiver_goes_with_a_contact() {
    let case = Case::new(false, true, &[("Bea", "123"), ("Cyd", ON)]);
    case.world.run();
    case.waive("trustedContacts[0].phoneNumber", &["--reason", "none"]);
    case.replan(&[("Cyd", "124"), ("Bea", "123")]);
    let phones = case.phones();
    assert_eq!(status(&phones, "[0]").unwrap().0, "open", "{phones:?}");
    assert_eq!(status(&phones, "[1]").unwrap().0, "waived", "{phones:?}");
    case.adds_up();
}
