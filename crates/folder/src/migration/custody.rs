//! Fiat custody of a folder: its mapping, and the export of recipients.

use std::sync::Arc;

use super::{Inputs, Migration};
use crate::settings::Settings;
use bakkt_mapping::custody::recipients::RecipientExport;
use bakkt_mapping::custody::{CustodyMapper, CustodyRules};
use bakkt_model::error::{Diagnostic, Diagnostics};
use bakkt_source::Export;

/// What turns rows into users, accounts and recipients.
#[derive(Debug)]
pub struct Custody {
    /// The mapping.
    pub mapper: CustodyMapper,
    /// What the settings say.
    pub rules: CustodyRules,
    /// The export of recipients, where there is one.
    pub recipients: Option<RecipientExport>,
}

impl Custody {
    /// The export of recipients.
    pub fn export(&self) -> Option<&Export> {
        self.recipients
            .as_ref()
            .map(|recipients| &*recipients.export)
    }
}

/// The mapping, before the export of recipients is ready.
pub(super) struct CompiledCustody {
    mapper: CustodyMapper,
    /// Columns: of the recipients' key, and of the accounts' export.
    keys: Option<(usize, usize)>,
}

/// The mistake of a field of custody without `[custody]`.
pub(super) fn without_settings(target: &str) -> (String, String) {
    (
        format!("`{target}` is a field of fiat custody, and migration.toml has no [custody]"),
        "add [custody] to migration.toml, or take the line away".to_owned(),
    )
}

/// Compiles the mapping of custody, where the settings have it.
pub(super) fn compiled(
    settings: &Settings,
    inputs: &Inputs,
    found: &mut Diagnostics,
) -> Option<CompiledCustody> {
    let headers = inputs.export.headers();
    if settings.custody.is_none() {
        if settings.recipients.is_some() {
            found.push(Diagnostic::of_file(
                "migration.toml",
                "[source.recipients] is for fiat custody, and there is no [custody]".to_owned(),
                "add [custody], or take the table away".to_owned(),
            ));
        }
        return None;
    }
    let recipients = settings.recipients.as_ref().zip(inputs.recipients.as_ref());
    let keys = match recipients {
        Some((named, opened)) => {
            let key = named.key.index(&named.file, opened.export.headers(), found);
            let account_key = named.account_key.index(&settings.export, headers, found);
            Some(key.zip(account_key)?)
        }
        None => None,
    };
    let rows = recipients.map(|(_, opened)| (&opened.files[..], opened.export.headers()));
    let epochs = inputs.export.day_epochs();
    let mapper = CustodyMapper::compile((&inputs.files, &epochs), headers, rows, found)?;
    Some(CompiledCustody { mapper, keys })
}

impl CompiledCustody {
    pub(super) fn ready(
        self,
        settings: &Settings,
        as_of: jiff::civil::Date,
        recipients: Option<Arc<Export>>,
    ) -> Custody {
        let named = settings.custody.as_ref();
        let export = recipients.zip(self.keys);
        let join_keys = self.mapper.join_keys();
        Custody {
            mapper: self.mapper,
            rules: CustodyRules {
                transliterate: named.is_some_and(|named| named.transliterate),
                terms_hash: named.and_then(|named| named.terms_hash.clone()),
                fields: named.map(|named| named.fields.clone()).unwrap_or_default(),
                as_of,
            },
            recipients: export.map(|(export, keys)| RecipientExport::new(export, keys, join_keys)),
        }
    }
}

impl Migration {
    /// What decides whose a recipient is, as one text for the fingerprint.
    pub(super) fn custody_keys(&self) -> String {
        let named = self.settings.recipients.as_ref();
        let keys = named.map(|named| {
            (
                &named.file,
                &named.mapping,
                &named.key.name,
                &named.account_key.name,
            )
        });
        format!("{keys:?}")
    }
}
