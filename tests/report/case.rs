//! A journal written by hand, and the report that is made of it.
//!
//! Owner: the tests of the report. Left out on purpose: how a journal comes to be (the journal's own tests).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bakkt_files::output::ProtectedPaths;
use bakkt_journal::{JOURNAL_SCHEMA, Journal, Journals, Reader};
use bakkt_model::grace::{Grace, GraceFrom};
use bakkt_report::{ReportFacts, Totals, write};
use rusqlite::Connection;

/// 2026-11-18T11:06:40Z in milliseconds. Rows 1 to 8 are sendable, one for each state and one more that was accepted.
pub const EVERYTHING: &str = r#"
INSERT INTO meta VALUES ('target', 'https://api.bakkt.com'), ('dialect', 'guide'), ('as_of', '2026-11-18'),
  ('plan', 'planned'), ('planned_at', '1795000000000'), ('rows_read', '12'), ('blank_lines', '3');
INSERT INTO file (id, name, rows, blank_lines) VALUES (1, 'export.csv', 12, 3);
INSERT INTO word VALUES (1, 'owners[0].phoneNumber'), (2, 'missing'), (3, 'owners[0].emailAddress'),
  (4, 'invalid: no e-mail address'), (5, 'left by hand'), (6, 'identical copy'), (7, '422/1004'),
  (8, 'owners[0].identity.taxId'), (9, '=HYPERLINK(…) <b>is taken</b>'), (10, '503'), (11, 'target is not ready'),
  (12, 'waits'), (13, 'same id, other data');
INSERT INTO policy VALUES ('owners[].phoneNumber', 'G', 'agreed <em>on</em> 2 November');
INSERT INTO record (id, file, row, offset, length, client_id, verdict, reason, hash, gaps) VALUES
  (1, 1, 2, 0, 9, 'C-1', 0, NULL, x'00', 0), (2, 1, 3, 9, 9, '<script>alert(1)</script>', 1, NULL, x'00', 1),
  (3, 1, 4, 18, 9, '=1+1', 0, NULL, x'00', 0), (4, 1, 5, 27, 9, '+15550100', 0, NULL, x'00', 0),
  (5, 1, 6, 36, 9, 'C-5', 0, NULL, x'00', 0), (6, 1, 7, 45, 9, 'C-6', 1, NULL, x'00', 1),
  (7, 1, 8, 54, 9, 'C-7', 0, NULL, x'00', 0), (8, 1, 9, 63, 9, 'C-8', 0, NULL, x'00', 0),
  (9, 1, 10, 72, 9, NULL, 2, NULL, NULL, 2), (10, 1, 12, 81, 9, 'C-10', 3, 5, NULL, 0),
  (11, 1, 13, 90, 9, 'C-1', 4, 6, NULL, 0), (12, 1, 14, 99, 9, 'C-12', 4, 13, NULL, 0);
INSERT INTO gap (record, path, reason, level, status) VALUES (2, 1, 2, 'G', 'open'), (6, 1, 2, 'G', 'open'), (9, 3, 4, 'W', 'open'), (9, 1, 2, 'G', 'open');
INSERT INTO task (id, record, kind, state, attempts, first_at, last_at, bakkt_id, status, created_at, existed, code, field, message) VALUES
  (1, 1, 0, 4, 2, 1795000000000, 1795000060500, 'b-1', 'PENDING', '2026-11-18T11:07:40Z', 0, NULL, NULL, NULL),
  (2, 2, 0, 4, 1, 1795000000000, 1795000000250, 'b-2', 'COMPLETE', '2025-01-01T00:00:00Z', 2, NULL, NULL, NULL),
  (3, 3, 0, 5, 1, 1795000000000, 1795000000250, NULL, NULL, NULL, 0, 7, 8, 9),
  (4, 4, 0, 6, 5, 1795000000000, 1795000000250, NULL, NULL, NULL, 0, 10, NULL, 11),
  (5, 5, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL),
  (6, 6, 0, 3, 1, 1795000000000, 1795000000250, NULL, NULL, NULL, 0, NULL, NULL, NULL),
  (7, 7, 0, 1, 0, NULL, 1795000000250, NULL, NULL, NULL, 0, 12, NULL, NULL),
  (8, 8, 0, 2, 1, 1795000000000, 1795000000000, NULL, NULL, NULL, 0, NULL, NULL, NULL);
INSERT INTO attempt VALUES (1, 1, 1795000000000, NULL, NULL, NULL, x'00'),
  (1, 2, 1795000060000, 1795000060500, NULL, NULL, x'00'), (2, 1, 1795000000000, 1795000000250, NULL, NULL, x'00');
INSERT INTO run VALUES (1, 1795000000000, NULL, NULL), (2, 1795000060000, 1795000070000, 'finished');
INSERT INTO operator_log (id, at, action, target, reason, count) VALUES (1, 1795000050000, 'retry', 'all', 'outage over', 2);
"#;

/// The version of the journals here: gaps still stand in a table of their own, and nothing is counted.
const WRITTEN: i64 = 5;

/// When every report here is made.
const NOW: &str = "2027-01-01T10:00:00Z";

pub struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    pub fn new(sql: &[&str]) -> Case {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal.key"), [7; 32]).unwrap();
        let journal = Connection::open(folder.path().join("journal.db")).unwrap();
        let versions = &JOURNAL_SCHEMA[..WRITTEN as usize];
        versions
            .iter()
            .for_each(|sql| journal.execute_batch(sql).unwrap());
        journal
            .pragma_update(None, "user_version", WRITTEN)
            .unwrap();
        sql.iter()
            .for_each(|sql| journal.execute_batch(sql).unwrap());
        drop(journal);
        for file in ["journal.key", "journal.db"] {
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(folder.path().join(file), private).unwrap();
        }
        // Brought up to date: gaps become sets, and everything is counted.
        drop(Journal::open(folder.path()).unwrap());
        Case { folder }
    }

    pub fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub fn report(&self) -> PathBuf {
        self.folder.path().join("new/report")
    }

    /// What a report counts. While it balances, `status` says the same.
    pub fn totals(&self) -> Totals {
        self.write(days(90), false)
    }

    /// What `status` says.
    pub fn status(&self) -> Totals {
        let now: jiff::Timestamp = NOW.parse().unwrap();
        Totals::read_at(
            &Reader::open(&self.journal()).unwrap().into(),
            now.as_millisecond(),
        )
        .unwrap()
    }

    pub fn write(&self, grace: Grace, sandbox: bool) -> Totals {
        let readers = Reader::open_several(&self.journal(), 2).unwrap();
        let journals = readers.into_iter().map(Journals::from).collect();
        let totals = self.write_of(journals, grace, sandbox);
        if totals.balanced {
            assert_eq!(self.status(), totals);
        }
        totals
    }

    pub fn write_of(&self, journals: Vec<Journals>, grace: Grace, sandbox: bool) -> Totals {
        let name = "Wave 1 <one>".to_owned();
        let facts = ReportFacts {
            name,
            sandbox,
            grace,
            at: NOW.parse().unwrap(),
            altered: Vec::new(),
        };
        let protected = ProtectedPaths::default();
        let folder = protected.open_folder(&self.report()).unwrap();
        write(journals, &folder, &facts).unwrap()
    }

    pub fn file(&self, name: &str) -> String {
        fs::read_to_string(self.report().join(name)).unwrap()
    }
}

pub fn days(days: u32) -> Grace {
    Grace {
        days: Some(days),
        from: GraceFrom::Accepted,
    }
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
