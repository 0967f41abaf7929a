//! A migration of individuals and a sandbox, and commands of its shards.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::small::{MAPPING, export};
use crate::support::{SandboxProcess, json_of, program, reason_for};

const SETTINGS: &str = r#"
[source]
file = "export.csv"
mapping = "mapping.toml"
[accounts]
allow_unissued_tax_ids = true
[limits]
create = "unlimited"
lookup = "unlimited"
upload = "unlimited"
kyb = "unlimited"
[retry]
request_timeout = "2s"
settle_after = "2100ms"
backoff_first = "10ms"
backoff_most = "50ms"
[findings]
same_person = "tell"
"#;

pub struct World {
    folder: tempfile::TempDir,
    pub sandbox: SandboxProcess,
    /// Runs name a registry.
    pub uses_registry: bool,
}

impl World {
    /// Customers `C-0001` and on.
    pub fn new(customers: usize) -> World {
        World::with_sandbox(customers, "seed = 3\n")
    }

    /// The same, with a configuration of the sandbox.
    pub fn with_sandbox(customers: usize, config: &str) -> World {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("acme")).unwrap();
        let world = World {
            sandbox: SandboxProcess::start(folder.path(), config),
            folder,
            uses_registry: true,
        };
        world.write("mapping.toml", MAPPING);
        world.write("migration.toml", SETTINGS);
        world.customers(
            &(1..=customers)
                .map(|n| format!("C-{n:04}"))
                .collect::<Vec<_>>(),
        );
        world
    }

    /// Writes an export of customers with these ids.
    pub fn customers(&self, ids: &[String]) {
        let rows: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "7755550100")).collect();
        self.write("export.csv", &export(&rows));
    }

    pub fn dir(&self) -> PathBuf {
        self.path("acme")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir().join(name), text).unwrap();
    }

    /// A command of a shard; `run` with the registry.
    pub fn command(&self, command: &str, shard: &str, more: &[&str]) -> Command {
        let mut program = program();
        program.arg(command).arg(self.dir());
        if !shard.is_empty() {
            program.args(["--shard", shard]);
        }
        if ["run", "replan", "verify"].contains(&command) {
            program.args(["--base-url", &self.sandbox.base_url()]);
        }
        if command == "run" {
            program.arg("--yes");
        }
        if command == "run" && self.uses_registry {
            program.arg("--registry").arg(self.path("registry"));
        }
        program.args(more).args(reason_for(command, more));
        program
    }

    /// Its output must be one object.
    pub fn json(&self, command: &str, shard: &str, more: &[&str]) -> (Value, i32) {
        json_of(self.command(command, shard, more).arg("--json"))
    }

    /// What it says, and its exit code.
    pub fn said(&self, command: &str, shard: &str, more: &[&str]) -> (String, i32) {
        said(&mut self.command(command, shard, more))
    }

    /// Runs every shard of a count.
    pub fn run_all(&self, count: u32) {
        for number in 0..count {
            let (totals, code) = self.json("run", &format!("{number}/{count}"), &[]);
            assert_eq!(
                (&totals["balanced"], code),
                (&Value::Bool(true), 0),
                "{totals}"
            );
        }
    }
}

/// What a command says on both streams, and its exit code.
pub fn said(command: &mut Command) -> (String, i32) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = [stdout, stderr].concat();
    (
        String::from_utf8(text).unwrap(),
        status.code().unwrap_or(-1),
    )
}
