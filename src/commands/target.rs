//! Which Bakkt, with which key.

use std::path::Path;

use secrecy::SecretString;

use super::variables::{
    CUSTODY_VARIABLE, KEY_VARIABLE, PASSWORD_VARIABLE, PROXY_VARIABLE, misspelt, variable,
};
use crate::cli::TargetArgs;
use bakkt_engine::api::{Credentials, Login};
use bakkt_files::small_files;
use bakkt_folder::settings::Settings;
use bakkt_folder::settings::custody::CustodySettings;
use bakkt_model::error::{Failure, ShownPath};
use bakkt_model::target::{Dialect, base_url, is_stand_in};

/// Name under which a journal knows the in-process sandbox.
pub const SANDBOX: &str = "sandbox (in-process)";

/// The name of a migration: its folder's.
pub fn name(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.file_name().map_or_else(
        || "migration".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Makes sure that a folder is there to work in.
pub fn existing_folder(dir: &Path) -> anyhow::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    Err(Failure::configuration(
        format!("there is no folder {}", dir.shown()),
        "name the folder that holds migration.toml",
    ))
}

/// Applies `--base-url`; returns the name of the target for the journal.
pub fn resolve(args: &TargetArgs, settings: &mut Settings) -> anyhow::Result<String> {
    if args.sandbox {
        return Ok(SANDBOX.to_owned());
    }
    if let Some(url) = &args.base_url {
        stand_in_for_custody(settings);
        settings.target.base_url = base_url(url).map_err(|why| {
            Failure::configuration(
                format!("--base-url: {why}"),
                "such as https://api.bakkt.com",
            )
        })?;
    }
    settings.refuse_rehearsal()?;
    Ok(settings.target.base_url.clone())
}

/// Whether a person must say yes first: for everything that may be Bakkt.
pub fn must_ask(args: &TargetArgs, settings: &Settings) -> bool {
    let custody = settings.custody.as_ref();
    let custody = custody.map(|custody| custody_url(settings, custody));
    let is_bakkt = |url: &str| !is_stand_in(url);
    !args.sandbox
        && (is_bakkt(&settings.target.base_url) || custody.is_some_and(|url| is_bakkt(&url)))
}

/// Where the custody calls go.
pub fn custody_url(settings: &Settings, custody: &CustodySettings) -> String {
    let own = custody.base_url.as_ref();
    own.unwrap_or(&settings.target.base_url).clone()
}

/// Sends the custody calls where the accounts go: another target was named for one command.
pub fn stand_in_for_custody(settings: &mut Settings) {
    if let Some(custody) = &mut settings.custody {
        custody.base_url = None;
    }
}

/// The key of the custody calls; none without `[custody]`.
pub fn custody_key(settings: &Settings) -> anyhow::Result<Option<SecretString>> {
    let Some(custody) = &settings.custody else {
        return Ok(None);
    };
    let key = secret(CUSTODY_VARIABLE, custody.key_file.as_deref(), &settings.dir)?;
    key.map(Some).ok_or_else(|| {
        Failure::configuration(
            format!(
                "there is no custody key for {}",
                custody_url(settings, custody)
            ),
            told(format!(
                "set {CUSTODY_VARIABLE}, or name a 0600 file as `key_file` under [custody]"
            )),
        )
    })
}

/// The credentials of the target's dialect, from the environment or a 0600 file; never from an argument.
pub fn credentials(settings: &Settings) -> anyhow::Result<Credentials> {
    let name = match settings.target.dialect {
        Dialect::Guide => KEY_VARIABLE,
        Dialect::Reference => PASSWORD_VARIABLE,
    };
    let file = settings.target.key_file.as_deref();
    let secret = secret(name, file, &settings.dir)?.ok_or_else(|| {
        Failure::configuration(
            format!("there is no key for {}", settings.target.base_url),
            told(format!(
                "set {name}, or name a 0600 file as `key_file` under [target]"
            )),
        )
    })?;
    let login = match (settings.target.dialect, &settings.target.logon_id) {
        (Dialect::Guide, _) => Login::Key(secret),
        (Dialect::Reference, Some(id)) => Login::Logon {
            id: id.clone(),
            password: secret,
        },
        (Dialect::Reference, None) => {
            return Err(Failure::configuration(
                "the reference dialect logs in, and there is no logon id",
                "add logon_id = \"..\" under [target]",
            ));
        }
    };
    let proxy = proxy_credentials(settings)?;
    Ok(Credentials { login, proxy })
}

/// User and password of the proxy, where there is one and they are set.
pub fn proxy_credentials(settings: &Settings) -> anyhow::Result<Option<SecretString>> {
    let Some(value) = variable(PROXY_VARIABLE)? else {
        return Ok(None);
    };
    if settings.target.way_out.proxy.is_none() {
        return Err(Failure::configuration(
            format!("{PROXY_VARIABLE} is set, and no proxy is"),
            "add proxy = \"http://..\" under [target], or unset the variable",
        ));
    }
    if !value.contains(':') {
        return Err(Failure::configuration(
            format!("{PROXY_VARIABLE} has no colon"),
            "it holds user:password",
        ));
    }
    Ok(Some(SecretString::from(value)))
}

/// A hint, with what of the environment may have been meant.
fn told(hint: String) -> String {
    let misspelt = misspelt();
    if misspelt.is_empty() {
        hint
    } else {
        format!("{}; {hint}", misspelt.join("; "))
    }
}

/// A secret from the environment, else from a 0600 file that the settings name, if they do.
pub fn secret(name: &str, file: Option<&str>, dir: &Path) -> anyhow::Result<Option<SecretString>> {
    let from_variable = variable(name)?;
    let place = match (&from_variable, file) {
        (None, Some(file)) => format!("the key file {}", dir.join(file).shown()),
        _ => name.to_owned(),
    };
    let secret = match (from_variable, file) {
        (Some(secret), _) => small_files::one_line(&secret).map_err(|error| {
            Failure::configuration(
                format!("{name}: {error}"),
                "it holds the key alone, on one line",
            )
        })?,
        (None, Some(file)) => key_file(&dir.join(file))?,
        (None, None) => return Ok(None),
    };
    // A password may be anything.
    let odd = small_files::odd_key(&secret).filter(|_| name != PASSWORD_VARIABLE);
    if let Some(what) = odd {
        return Err(Failure::configuration(
            format!("{place}: {what}"),
            "it holds the key alone, as Bakkt gave it",
        ));
    }
    Ok(Some(SecretString::from(secret)))
}

fn key_file(path: &Path) -> anyhow::Result<String> {
    small_files::read_secret(path).map_err(|error| {
        Failure::configuration(
            format!("the key file {}: {error}", path.shown()),
            "it holds the key alone, and only its owner may read it (chmod 600)",
        )
    })
}
