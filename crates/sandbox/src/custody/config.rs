//! How the custody calls behave.

use serde::Deserialize;

use super::Made;
use crate::config::Rate;

/// `[custody]` of a sandbox's configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Custody {
    /// The one key that these calls accept. None: that of the API.
    pub key: Option<String>,
    /// What stands before the key in the header.
    pub header_prefix: String,
    /// Calls that are not in the merchant's agreement: user, "bank account", savings, recipient.
    pub gated: Vec<String>,
    /// They are answered 404 instead of 403.
    pub gated_as_404: bool,
    /// 403 for customers whose external id contains this text, whatever they call.
    pub forbid_id_containing: Option<String>,
    /// 422 for users whose e-mail address contains this text.
    pub refuse_email_containing: Option<String>,
    /// The first answer of every refusal is lost.
    pub lose_refusals: bool,
    /// A session is answered 401 after so many uses. None: it never ends.
    pub session_uses: Option<u32>,
    /// How long answers are kept for their keys, in milliseconds. None: for ever.
    pub keys_kept_ms: Option<u64>,
    /// A user that it does not know was made by an earlier process: the sandbox inside a run forgets everything at its end.
    pub forgets_users: bool,
    /// All users are answered with the uuid of one.
    pub one_user_uuid: bool,
    /// The rate limit over everything that is made.
    pub rate: Option<Rate>,
}

impl Custody {
    /// Refuses kinds of calls that there are not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let kinds = Made::ALL.map(Made::word);
        match self
            .gated
            .iter()
            .find(|kind| !kinds.contains(&kind.as_str()))
        {
            None => Ok(()),
            Some(kind) => Err(format!(
                "custody.gated: {kind:?} is not a kind of call; there are {}",
                kinds.join(", ")
            )),
        }
    }
}
