//! What must hold when a migration has come to its end: the accounts, and the report about them.
//!
//! Owner of the last judgement of the crash test. Invariant: the ledger says what is true, the report is only compared.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

use super::world::World;
use crate::support::judge::Ledger;
use crate::support::{json_of, program, wait_for};

impl World {
    /// The ledger first, then the report.
    pub fn judge(&self) {
        wait_for("the end of what the sandbox still handles", || {
            let now = self.sandbox.summary();
            (now["open_posts"] == 0 && now["pending_late"] == 0).then_some(())
        });
        let ledger = self.sandbox.ledger();
        println!("{}", ledger.answers());
        self.agree(&ledger);
        let refused: BTreeSet<&str> = ledger
            .posts()
            .filter(|post| post.answer == "422")
            .filter_map(|post| post.id.as_deref())
            .collect();
        let there: BTreeSet<&str> = ledger
            .accounts
            .iter()
            .filter(|(_, account)| account.created || account.existed)
            .map(|(id, _)| id.as_str())
            .collect();
        for (id, account) in &ledger.accounts {
            assert!(self.planned.contains_key(id), "{id} was never planned");
            let made = u64::from(!account.existed && !refused.contains(id.as_str()));
            assert_eq!(
                (account.posts_made, u64::from(account.created)),
                (made, made),
                "{id}: POSTs that made it, and whether one did"
            );
        }
        for id in self.planned.keys() {
            let is_there = there.contains(id.as_str());
            assert_ne!(is_there, refused.contains(id.as_str()), "{id} at the end");
        }
        self.judge_report(&ledger, &refused, &there);
    }

    /// The report says what the ledger says.
    fn judge_report(&self, ledger: &Ledger, refused: &BTreeSet<&str>, there: &BTreeSet<&str>) {
        let (totals, code) = json_of(program().args(["report", "--json"]).arg(self.folder.path()));
        assert_eq!(totals["balanced"], true, "{totals}");
        // Blocked and duplicate rows need a person.
        assert_eq!(code, 3, "{totals}");
        let tasks = &totals["tasks"]["account"];
        let wanted = [
            ("planned", self.planned.len()),
            ("open", 0),
            ("held", 0),
            ("in_doubt", 0),
            ("accepted", there.len()),
            ("refused", refused.len()),
            ("gave_up", 0),
        ];
        for (state, count) in wanted {
            assert_eq!(tasks[state], count, "{state} in {totals}");
        }
        let report = self.folder.path().join("report");
        let of_state = |state: &str| -> BTreeSet<String> {
            rows(&report.join("reconciliation.csv"))
                .into_iter()
                .filter(|row| row["accountState"] == state)
                .map(|row| row["clientAccountId"].clone())
                .collect()
        };
        assert!(
            of_state("accepted")
                .iter()
                .map(String::as_str)
                .eq(there.iter().copied())
        );
        assert!(
            of_state("refused")
                .iter()
                .map(String::as_str)
                .eq(refused.iter().copied())
        );
        let crosswalk = rows(&report.join("crosswalk.csv"));
        assert_eq!(crosswalk.len(), there.len(), "lines of the crosswalk");
        for row in &crosswalk {
            let id = row["clientAccountId"].as_str();
            assert!(there.contains(id), "{id} is in the crosswalk");
            let existed = ledger.accounts[id].existed;
            assert_eq!(
                row["existedBefore"] != "no",
                existed,
                "{id}: existed before"
            );
        }
        self.judge_ids(&crosswalk);
    }

    /// Bakkt's ids in the crosswalk are the ones that Bakkt gave.
    fn judge_ids(&self, crosswalk: &[HashMap<String, String>]) {
        std::thread::scope(|scope| {
            for part in crosswalk.chunks(crosswalk.len().div_ceil(16)) {
                scope.spawn(move || {
                    for row in part {
                        let path =
                            format!("/apex-crypto/api/v2/accounts/{}", row["clientAccountId"]);
                        // Lookups fail at times.
                        let account = wait_for("an account", || {
                            let (status, body) = self.sandbox.get(&path)?;
                            (status == 200).then_some(body)
                        });
                        let account: serde_json::Value = serde_json::from_slice(&account).unwrap();
                        assert_eq!(account["id"], row["bakktId"].as_str(), "{path}");
                    }
                });
            }
        });
    }
}

/// A CSV file, row by row, by the names of its columns.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(File::open(path).unwrap());
    reader.deserialize().map(Result::unwrap).collect()
}
