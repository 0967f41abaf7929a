//! From a document task to what is uploaded, and to the metadata that was.

use std::borrow::Cow;
use std::sync::Arc;

use bakkt_contract::documents::client_document_id;
use bakkt_engine::api::Upload;
use bakkt_engine::submit::DocumentFn;
use bakkt_engine::verify::MetadataFn;
use bakkt_folder::documents::Documents;
use bakkt_folder::documents::planned::{DocumentOrigin, JournalDocument, OpenedDocument, Reopen};
use bakkt_journal::open_sealed;
use bakkt_model::sensitive::Sensitive;
use bakkt_model::task::{DocumentFacts, Task};

/// Opens planned documents; whatever is not as it was planned holds its document and nothing else.
pub fn source(documents: Option<Documents>, key: [u8; 32]) -> DocumentFn {
    let Some(documents) = documents else {
        return Arc::new(|_| Err("there is no [documents] any more; run replan".to_owned()));
    };
    // Today, not the day of the plan: a document may have expired since.
    let reopen = Reopen::new(documents, key, bakkt_folder::migration::today());
    Arc::new(move |task| upload(&reopen, &key, task))
}

/// Makes metadata again, to be compared with what Bakkt has of a document.
pub fn metadata(documents: Option<Documents>, key: [u8; 32]) -> MetadataFn {
    let reopen =
        documents.map(|documents| Reopen::new(documents, key, bakkt_folder::migration::today()));
    Arc::new(move |account, facts| {
        let reopen = reopen.as_ref()?;
        let made = planned(&key, account, facts, |planned| reopen.metadata(planned));
        made.ok().map(Sensitive::new)
    })
}

fn upload(reopen: &Reopen, key: &[u8; 32], task: &Task) -> Result<Upload, String> {
    let facts = task.document.as_ref().ok_or("it is no document")?;
    let opened = planned(key, &task.client_id, facts, |planned| reopen.open(planned))?;
    let owner = facts.owner.as_ref().map(|(_, id)| id.as_str());
    Ok(made(opened, &task.client_id, owner, &facts.uuid))
}

/// Does something with a document as the journal has it.
fn planned<T>(
    key: &[u8; 32],
    account: &str,
    facts: &DocumentFacts,
    work: impl FnOnce(&JournalDocument<'_>) -> Result<T, Cow<'static, str>>,
) -> Result<T, String> {
    let path = match &facts.sealed {
        Some(sealed) => Some(open_sealed(key, sealed).map_err(|error| error.to_string())?),
        None => None,
    };
    let owner = facts.owner.as_ref();
    let done = work(&JournalDocument {
        account,
        owner: owner.map(|(place, id)| (id.as_str(), *place)),
        uuid: &facts.uuid,
        hash: &facts.hash,
        place: match &path {
            Some(path) => DocumentOrigin::Path(path),
            None => DocumentOrigin::Manifest(facts.at),
        },
    });
    done.map_err(Cow::into_owned)
}

fn made(opened: OpenedDocument, account: &str, owner: Option<&str>, uuid: &str) -> Upload {
    let OpenedDocument {
        metadata,
        content,
        size,
        content_type,
        document_type,
        side,
    } = opened;
    let (account, owner) = (account.to_owned(), owner.map(str::to_owned));
    let uuid = uuid.to_owned();
    // The name of the file may be the customer's; that of its type is nobody's.
    let extension = content_type.rsplit('/').next().unwrap_or("bin");
    Upload {
        metadata: Sensitive::new(metadata),
        content,
        size,
        content_type,
        file_name: format!("document.{extension}"),
        is_planned: Box::new(move |content| {
            let id = client_document_id(&account, owner.as_deref(), document_type, side, content);
            id.to_string() == uuid
        }),
    }
}
