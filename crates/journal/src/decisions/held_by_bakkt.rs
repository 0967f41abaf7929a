//! What Bakkt has of a customer who is forgotten, for the request that goes to Bakkt, and where it is kept until it was told.
//!
//! Invariant: nothing here holds the clientAccountId. Left out: finding it out (`decisions::erasures`).

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use bakkt_files::state_folder;
use bakkt_model::error::ShownPath;

/// How the names of these files begin.
const BEGINS: &str = "forgetting-";

/// An account that Bakkt has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldAccount {
    /// Bakkt's id; empty when it was not told.
    pub bakkt_id: String,
    /// As Bakkt named it.
    pub status: String,
}

/// A document that Bakkt has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldDocument {
    /// clientDocumentId.
    pub client_document_id: String,
    /// documentType; empty: of an earlier plan.
    pub document_type: String,
}

/// Something of fiat custody that Bakkt has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCustody {
    /// user, bank account, savings, recipient
    pub kind: String,
    /// Bakkt's uuid; empty when it was not told.
    pub uuid: String,
}

/// What Bakkt has of a customer, for the request that goes to Bakkt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldByBakkt {
    /// Accounts, under the clientAccountId.
    pub accounts: Vec<HeldAccount>,
    /// Documents.
    pub documents: Vec<HeldDocument>,
    /// Whether KYB screening was triggered.
    pub kyb: bool,
    /// Users, bank accounts, savings accounts and recipients.
    pub custody: Vec<HeldCustody>,
}

impl HeldByBakkt {
    /// Whether Bakkt has nothing.
    pub fn is_empty(&self) -> bool {
        *self == HeldByBakkt::default()
    }

    /// Adds what is known elsewhere; what is here already is not added again.
    pub fn add(&mut self, other: &HeldByBakkt) {
        add_new(&mut self.accounts, &other.accounts);
        add_new(&mut self.documents, &other.documents);
        add_new(&mut self.custody, &other.custody);
        self.kyb |= other.kyb;
    }
}

fn add_new<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    let new = more.iter().filter(|one| !all.contains(one)).cloned();
    let new: Vec<T> = new.collect();
    all.extend(new);
}

/// What Bakkt has of a customer, in a file of the state folder while they are being forgotten: on the disk before anything is
/// erased, gone when the command has ended, so that the same command tells it again after one that was cut off.
#[derive(Debug)]
pub struct ForgetNote {
    path: PathBuf,
}

impl ForgetNote {
    /// That of a customer, by the keyed hash of the id.
    pub fn of(folder: &Path, hash: &str) -> ForgetNote {
        ForgetNote {
            path: folder.join(format!("{BEGINS}{hash}.json")),
        }
    }

    /// Whether a forget has begun in a state folder and not ended.
    pub fn is_any(folder: &Path) -> anyhow::Result<bool> {
        if !folder.exists() {
            return Ok(false);
        }
        let mut names = std::fs::read_dir(folder)
            .with_context(|| format!("cannot look into {}", folder.shown()))?;
        Ok(names.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with(BEGINS))
        }))
    }

    /// Whether a forget of this customer has begun and not ended.
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// What it says; nothing where there is none.
    pub fn read(&self) -> anyhow::Result<HeldByBakkt> {
        if !self.path.exists() {
            return Ok(HeldByBakkt::default());
        }
        let mut text = String::new();
        state_folder::read_file(&self.path)?.read_to_string(&mut text)?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", self.path.shown()))
    }

    /// Writes it, durably.
    pub fn write(&self, held: &HeldByBakkt) -> anyhow::Result<()> {
        if let Some(folder) = self.path.parent() {
            state_folder::open(folder)?;
        }
        let text = serde_json::to_string_pretty(held)? + "\n";
        state_folder::replace_file(&self.path, text.as_bytes())
    }

    /// Deletes it.
    pub fn remove(&self) -> anyhow::Result<()> {
        state_folder::remove_file(&self.path)
    }
}
