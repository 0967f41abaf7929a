//! A migration whose updates Bakkt refuses when a test says so, and its report.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::Value;

use crate::backfill::world::{Customer, World, export};
use crate::support::{gatekeeper, json_of, program, reason_for};

/// What Bakkt answers to what it refuses.
const REFUSAL: &str = r#"{"code":422,"message":"The request is not valid"}"#;

pub const PHONE: &str = "owners[0].phoneNumber";

/// One who lacks a phone, and two who lack nothing that these tests ask for.
pub const CUSTOMERS: [Customer<'static>; 3] = [
    ("A-1", "a1@example.com", ""),
    ("A-2", "a2@example.com", "7755550101"),
    ("A-3", "a3@example.com", "7755550102"),
];

/// The same, and the first has a phone.
pub const CALLED: [Customer<'static>; 3] = [
    ("A-1", "a1@example.com", "7755550100"),
    CUSTOMERS[1],
    CUSTOMERS[2],
];

pub type Row = BTreeMap<String, String>;

pub struct Migration {
    pub world: World,
    url: String,
    is_refusing: Arc<AtomicBool>,
}

impl Migration {
    /// One of these customers that was planned and sent.
    pub fn sent(customers: &[Customer<'_>]) -> Migration {
        let migration = Migration::new(customers);
        let (_, code) = migration.json("run", &["--yes"]);
        assert_eq!(code, 0);
        migration
    }

    pub fn new(customers: &[Customer<'_>]) -> Migration {
        let world = World::new(customers);
        let is_refusing = Arc::new(AtomicBool::new(false));
        let refuses = is_refusing.clone();
        let url = gatekeeper::serve(&world.sandbox.base_url(), move |head, _, pass| {
            match head.starts_with("POST ") && refuses.load(Ordering::SeqCst) {
                true => format!(
                    "HTTP/1.1 422 Unprocessable Entity\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{REFUSAL}",
                    REFUSAL.len()
                )
                .into_bytes(),
                false => pass(),
            }
        });
        Migration {
            world,
            url,
            is_refusing,
        }
    }

    /// Whether Bakkt refuses everything that is sent from now on.
    pub fn refuse(&self, is_refusing: bool) {
        self.is_refusing.store(is_refusing, Ordering::SeqCst);
    }

    pub fn command(&self, command: &str, more: &[&str]) -> Command {
        let mut program = program();
        program.arg(command).arg(self.world.dir()).args(more);
        program.args(reason_for(command, more));
        if matches!(command, "run" | "plan" | "replan" | "backfill" | "verify") {
            program.args(["--base-url", &self.url]);
        }
        program
    }

    pub fn json(&self, command: &str, more: &[&str]) -> (Value, i32) {
        json_of(self.command(command, more).arg("--json"))
    }

    /// What a command says on both streams, and its exit code.
    pub fn said(&self, command: &str, more: &[&str]) -> (String, i32) {
        let output = self.command(command, more).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        let code = output.status.code().unwrap_or(-1);
        (String::from_utf8(text).unwrap(), code)
    }

    /// Takes another export.
    pub fn replan(&self, customers: &[Customer<'_>], more: &[&str]) -> Value {
        self.world.write("export.csv", &export(customers));
        let (value, code) = self.json("replan", more);
        assert!(matches!(code, 0 | 3), "{code}: {value}");
        value
    }

    pub fn backfill(&self, text: &str) -> Value {
        let path = self.world.folder.path().join("fill.csv");
        std::fs::write(&path, text).unwrap();
        let (value, code) = self.json("backfill", &[path.to_str().unwrap()]);
        assert!(matches!(code, 0 | 3), "{code}: {value}");
        value
    }

    pub fn waive(&self, id: &str, field: &str) {
        let named = [
            "--id", id, "--field", field, "--reason", "has none", "--by", "kim",
        ];
        let (_, code) = self.json("waive", &named);
        assert_eq!(code, 0);
    }

    /// What `status` counts; a report counts the same.
    pub fn status(&self) -> (Value, i32) {
        let (status, code) = self.json("status", &[]);
        let (report, report_code) = self.json("report", &[]);
        assert_eq!(report, status);
        assert_eq!(report_code, code);
        assert_eq!(status["balanced"], true, "{status}");
        (status, code)
    }

    /// The rows of a CSV file of the last report.
    pub fn rows(&self, name: &str) -> Vec<Row> {
        let path = self.world.path("report").join(name);
        let mut reader = csv::Reader::from_path(path).unwrap();
        reader.deserialize().map(|row| row.unwrap()).collect()
    }

    pub fn summary(&self) -> Value {
        let path = self.world.path("report/summary.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The lines of a sheet of the last report's workbook.
    pub fn sheet(&self, name: &str) -> Vec<Row> {
        let path = self.world.path("report/report.xlsx");
        let mut workbook: Xlsx<_> = open_workbook(path).unwrap();
        let range = workbook.worksheet_range(name).unwrap();
        let text = |cell: &Data| match cell {
            Data::String(text) => text.clone(),
            Data::Empty => String::new(),
            other => other.to_string(),
        };
        let mut rows = range.rows().map(|row| row.iter().map(text));
        let names: Vec<String> = rows.next().unwrap().collect();
        rows.map(|row| names.iter().cloned().zip(row).collect())
            .collect()
    }

    /// Counts of gaps that every place has to agree in, after a report: closed, not at Bakkt, waived.
    pub fn gap_counts(&self) -> [u64; 3] {
        let (status, _) = self.status();
        let count = |name: &str, column: &str, word: &str| {
            let rows = self.rows(name);
            rows.iter().filter(|row| row[column] == word).count() as u64
        };
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let closed = number(&status["after"]["gaps_closed"]);
        let unsent = number(&status["gaps"]["not_at_bakkt"]);
        let waived = number(&status["after"]["gaps_waived"]);
        let history = "gap-history.csv";
        assert_eq!(closed, count(history, "outcome", "closed"));
        assert_eq!(
            unsent,
            count(history, "outcome", "closed, not at Bakkt yet")
        );
        assert_eq!(waived, count(history, "outcome", "waived"));
        assert_eq!(unsent, count("gaps.csv", "status", "not at Bakkt yet"));
        assert_eq!(waived, count("gaps.csv", "status", "waived"));
        let open = number(&status["gaps"]["open"]);
        assert_eq!(open, count("gaps.csv", "status", "open"));
        let (listed, _) = self.json("gaps", &[]);
        assert_eq!(number(&listed["gaps"]), open + unsent, "{listed}");
        let (listed, _) = self.json("gaps", &["--waived"]);
        assert_eq!(number(&listed["gaps"]), waived, "{listed}");
        let summary = self.summary();
        let sum = |list: &Value, key: &str| {
            let all = list.as_array().unwrap().iter();
            all.map(|one| number(&one[key])).sum::<u64>()
        };
        assert_eq!(sum(&summary["closed_by"], "closed"), closed);
        let days = &summary["burn_down"];
        assert_eq!(sum(days, "closed"), closed, "{days}");
        assert_eq!(sum(days, "waived"), waived, "{days}");
        let last = days.as_array().unwrap().last().unwrap();
        assert_eq!(number(&last["open"]), open + unsent, "{days}");
        [closed, unsent, waived]
    }
}
