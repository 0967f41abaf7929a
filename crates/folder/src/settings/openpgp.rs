//! `[openpgp]`: with which keys exports are decrypted, and who must have signed them.

use std::path::Path;

use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;
use bakkt_source::openpgp::OpenPgp;

pub(crate) fn read(dir: &Path, root: &Table<'_>, found: &mut Diagnostics) -> OpenPgp {
    let mut openpgp = OpenPgp::default();
    let Some(table) = root.table("openpgp", found) else {
        return openpgp;
    };
    let keys = table.texts("keys", found).unwrap_or_default();
    openpgp.keys = keys.into_iter().map(|(file, _)| dir.join(file)).collect();
    for (text, value) in table.texts("signers", found).unwrap_or_default() {
        match fingerprint(text) {
            Some(fingerprint) => openpgp.signers.push(fingerprint),
            None => value.wrong(
                found,
                "not the fingerprint of a key",
                "40 or 64 hexadecimal digits, as `gpg --list-keys` shows them",
            ),
        }
    }
    if let Some(value) = table.get("passphrase") {
        value.wrong_key(
            found,
            "a passphrase does not belong in this file",
            "put it into BAKKT_PGP_PASSPHRASE, or unlock the key in the agent",
        );
    }
    table.finish(found);
    openpgp
}

/// As GnuPG says it: capital hexadecimal digits without blanks.
fn fingerprint(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| *c != ' ').collect();
    let digits = digits.to_uppercase();
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && matches!(digits.len(), 40 | 64)).then_some(digits)
}
