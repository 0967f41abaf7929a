//! Variables of the environment that hold secrets: which there are, and which are set to nothing or misspelt.
//!
//! Owner of their names. A variable that is set and empty is a mistake in a script, and so is a name that nearly is one of
//! these; neither goes unnoticed, because without its secret a receiver would take events from anybody. Left out on
//! purpose: key files (`target`), and what each secret is for.

use bakkt_model::error::Failure;

/// Environment variable of the guide dialect's key.
pub const KEY_VARIABLE: &str = "BAKKT_API_KEY";
/// Environment variable of the reference dialect's password.
pub const PASSWORD_VARIABLE: &str = "BAKKT_PASSWORD";
/// Environment variable of the key of the custody calls.
pub const CUSTODY_VARIABLE: &str = "BAKKT_CUSTODY_KEY";
/// Environment variable of the secret by which an app proves that a session is its own.
pub const SESSIONS_VARIABLE: &str = "BAKKT_SESSIONS_SECRET";
/// Environment variable of the webhooks' secret.
pub const SECRET_VARIABLE: &str = "BAKKT_WEBHOOK_SECRET";
/// Environment variable of the proxy's user and password.
pub const PROXY_VARIABLE: &str = "BAKKT_PROXY_CREDENTIALS";
/// Environment variable that names who decides; the only one that is no secret.
pub const OPERATOR_VARIABLE: &str = "BAKKT_OPERATOR";
/// Environment variable of the key of a stand-alone sandbox.
pub const SANDBOX_VARIABLE: &str = "BAKKT_SANDBOX_KEY";
/// Environment variable of the quota server's password.
pub const QUOTA_VARIABLE: &str = bakkt_model::quota::PASSWORD_VARIABLE;

const KNOWN: [&str; 10] = [
    bakkt_source::openpgp::PASSPHRASE_VARIABLE,
    KEY_VARIABLE,
    CUSTODY_VARIABLE,
    SESSIONS_VARIABLE,
    PASSWORD_VARIABLE,
    SECRET_VARIABLE,
    PROXY_VARIABLE,
    SANDBOX_VARIABLE,
    OPERATOR_VARIABLE,
    QUOTA_VARIABLE,
];

/// What all of them begin with.
const PREFIX: &str = "BAKKT_";
/// From this likeness on, a name is taken for a misspelt one.
const ALIKE: f64 = 0.9;

/// The value of one of these variables, without blanks around it. One that is set and empty is refused.
pub fn variable(name: &str) -> anyhow::Result<Option<String>> {
    let Some(value) = std::env::var_os(name) else {
        return Ok(None);
    };
    let Some(value) = value.to_str() else {
        return Err(Failure::configuration(
            format!("{name} is set, and its value is not UTF-8"),
            "set it again, or unset it",
        ));
    };
    match value.trim() {
        "" => Err(Failure::configuration(
            format!("{name} is set, and empty"),
            format!("give it its value, or take it away (unset {name})"),
        )),
        value => Ok(Some(value.to_owned())),
    }
}

/// Variables that look like ours and are none, each with the name that it may have been meant to be.
pub fn misspelt() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut told: Vec<String> = names.filter_map(|name| suspicion(&name)).collect();
    told.sort();
    told
}

fn suspicion(name: &str) -> Option<String> {
    if KNOWN.contains(&name) {
        return None;
    }
    let upper = name.to_uppercase();
    let likeness = |known: &&str| strsim::jaro_winkler(&upper, known);
    let nearest = KNOWN
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    if likeness(&nearest) >= ALIKE {
        Some(format!(
            "the variable {name} is not read; is {nearest} meant?"
        ))
    } else if upper.starts_with(PREFIX) {
        Some(format!(
            "the variable {name} is not read; those that are: {}",
            KNOWN.join(", ")
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::suspicion;

    #[test]
    fn names_that_nearly_fit_are_told() {
        for (name, meant) in [
            ("BAKKT_WEBHOK_SECRET", "BAKKT_WEBHOOK_SECRET"),
            ("BAKT_WEBHOOK_SECRET", "BAKKT_WEBHOOK_SECRET"),
            ("bakkt_api_key", "BAKKT_API_KEY"),
            ("BAKKT_APIKEY", "BAKKT_API_KEY"),
            ("BAKKT_PASWORD", "BAKKT_PASSWORD"),
            ("BAKKT_REGION", "those that are"),
        ] {
            let told = suspicion(name).unwrap_or_default();
            assert!(
                told.contains(name) && told.contains(meant),
                "{name}: {told}"
            );
        }
        for name in [
            "BAKKT_API_KEY",
            "PATH",
            "AWS_SECRET_ACCESS_KEY",
            "API_KEY",
            "WEBHOOK_SECRET",
        ] {
            assert_eq!(suspicion(name), None, "{name}");
        }
    }
}
