//! `[approval]`: who has to approve a plan before it is sent.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::amounts::whole;
use bakkt_files::toml_file::Table;
use bakkt_model::error::Diagnostics;

/// `[approval]`.
#[derive(Clone, Debug)]
pub struct ApprovalSettings {
    /// So many people, besides the one who runs it.
    pub required: u32,
    /// The allowed_signers file with the keys of approvers and runners.
    pub signers: PathBuf,
    /// The same as it is written.
    pub signers_name: String,
    /// How long an approval holds.
    pub valid: Duration,
    /// The key that the runner signs with, unless the command names one.
    pub run_key: Option<PathBuf>,
}

/// How long an approval holds where nothing is set.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

pub(crate) fn read(
    root: &Table<'_>,
    dir: &Path,
    found: &mut Diagnostics,
) -> Option<ApprovalSettings> {
    let table = root.table("approval", found)?;
    let required = whole(&table, "approval.required", found);
    let signers = table.text("signers", found).map(str::to_owned);
    let valid = match table.get("valid") {
        None => Some(WEEK),
        Some(value) => value.text(found).and_then(|text| {
            let valid = long_duration(text);
            if valid.is_none() {
                value.wrong(
                    found,
                    "`valid` is no duration",
                    "such as \"12h\" or \"7d\", up to \"90d\"",
                );
            }
            valid
        }),
    };
    let run_key = table.text("run_key", found).map(|file| dir.join(file));
    if required.is_none() && table.get("required").is_none() {
        table.wrong(
            found,
            "[approval] does not say how many people are `required`",
            "such as required = 1",
        );
    }
    if signers.is_none() && table.get("signers").is_none() {
        table.wrong(
            found,
            "[approval] names no `signers`",
            "a file in OpenSSH's allowed_signers form, such as signers = \"allowed_signers\"",
        );
    }
    table.finish(found);
    let signers_name = signers?;
    Some(ApprovalSettings {
        required: required?,
        signers: dir.join(&signers_name),
        signers_name,
        valid: valid?,
        run_key,
    })
}

/// Seconds to days, up to ninety days.
fn long_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let each = match text[digits..].trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return None,
    };
    let seconds = number.checked_mul(each)?;
    (1..=90 * 24 * 3600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvals_hold_for_up_to_ninety_days() {
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        assert_eq!(long_duration("12h"), hours(12));
        assert_eq!(long_duration("7d"), hours(168));
        assert_eq!(long_duration("30 min"), Some(Duration::from_secs(1800)));
        for wrong in [
            "",
            "0d",
            "91d",
            "7",
            "7 weeks",
            "30ms",
            "99999999999999999999d",
        ] {
            assert_eq!(long_duration(wrong), None, "{wrong}");
        }
    }
}
