//! `migration.toml` → validated [`Settings`].
//!
//! Owner of what each setting becomes; the table of keys (`schema::settings`) has their names, defaults and limits. Unknown keys are mistakes; all mistakes are reported
//! together. Nothing downstream sees raw TOML. Relative paths are relative to the migration folder.
//! Left out on purpose: what needs the export's header row (columns of `[exclude]`), which is checked with the mapping.

pub mod amounts;
pub mod approval;
pub mod custody;
pub mod documents;
pub mod events;
pub mod exclude;
pub mod findings;
mod id_columns;
pub mod layout;
mod notify;
mod openpgp;
pub mod reading;
pub mod source;
mod window;

use std::path::{Path, PathBuf};
use std::time::Duration;

use amounts::{duration, rate, whole};
use approval::ApprovalSettings;
use bakkt_contract::unfit_id::{ID_WORDS, IdRules};
use bakkt_contract::{Level, path};
use bakkt_files::toml_file::{Table, TomlFile};
use bakkt_mapping::assess::policy::{KYB, Policy};
use bakkt_model::error::{Diagnostics, Failure, nearest};
use bakkt_model::finding::FindingRules;
use bakkt_model::grace::{Grace, GraceFrom};
use bakkt_model::limits::{Limits, OnExisting, Retry, default_limits, default_retry};
use bakkt_model::quota::QuotaAddress;
use bakkt_model::target::{
    Dialect, Target, WayOut, base_url, is_of_this_machine, is_production, proxy,
};
use bakkt_model::webhook::EventSettings;
use bakkt_model::window::SendingWindow;
use bakkt_source::export::Options;
use custody::CustodySettings;
use documents::DocumentSettings;
use exclude::ExcludeSettings;
pub use id_columns::id_columns;
pub use notify::NotifySettings;
use source::{BesideSettings, JoinSettings, NamedColumn};

/// All settings of one migration.
#[derive(Debug)]
pub struct Settings {
    /// The migration folder.
    pub dir: PathBuf,
    /// The export, as written.
    pub export: String,
    /// How it is read.
    pub reading: Options,
    /// The mapping, as written.
    pub mapping: String,
    /// Rows with the same value in this column are one account.
    pub group_by: Option<NamedColumn>,
    /// Exports beside that of the accounts.
    pub joins: Vec<JoinSettings>,
    /// `[accounts]`.
    pub on_existing: OnExisting,
    /// `[accounts]`: what ids may look like.
    pub ids: IdRules,
    /// The file itself names Bakkt's production as the target of a rehearsal.
    pub rehearses_in_production: bool,
    /// `[target]`.
    pub target: Target,
    /// `[limits]`.
    pub limits: Limits,
    /// `[limits] shared`: the server through which several processes share them.
    pub shared: Option<QuotaAddress>,
    /// `[retry]`.
    pub retry: Retry,
    /// `[window]`: when sending is allowed. What counts at a target may be less: [`Settings::window_in_force`].
    pub window: SendingWindow,
    /// `[grace]`.
    pub grace: Grace,
    /// `[policy]`.
    pub policy: Policy,
    /// `[exclude]`.
    pub exclude: ExcludeSettings,
    /// `[findings]`, and `[accounts] expected_id_length`.
    pub findings: FindingRules,
    /// `[documents]`.
    pub documents: Option<DocumentSettings>,
    /// `[events]`.
    pub events: EventSettings,
    /// `[approval]`.
    pub approval: Option<ApprovalSettings>,
    /// `[notify]`.
    pub notify: NotifySettings,
    /// `[custody]`.
    pub custody: Option<CustodySettings>,
    /// `[source.recipients]`.
    pub recipients: Option<BesideSettings>,
}

impl Settings {
    /// Reads `dir/migration.toml`. Mistakes go to `found`; what can be read comes back even so, for the mistakes that
    /// stand in other files.
    pub(crate) fn read(dir: &Path, found: &mut Diagnostics) -> anyhow::Result<Option<Settings>> {
        let file = TomlFile::load(&dir.join("migration.toml"), "migration.toml")?;
        Ok(file.parse(found).and_then(|document| {
            let root = document.root();
            let settings = read(dir, &root, found);
            root.finish(found);
            settings
        }))
    }
}

fn read(dir: &Path, root: &Table<'_>, found: &mut Diagnostics) -> Option<Settings> {
    let openpgp = openpgp::read(dir, root, found);
    let source = source::read(dir, root, &openpgp, found);
    let is_grouped = source
        .as_ref()
        .is_some_and(|source| source.group_by.is_some());
    let mut findings = findings::read(root, is_grouped, found);
    let (on_existing, ids) = accounts(root, &mut findings, found);
    // Every table is read, so that all their mistakes are known, before the first that is not there ends it.
    let target = target(root, dir, found);
    let names_target = root
        .get("target")
        .and_then(|value| value.table("target", found)?.get("base_url"))
        .is_some();
    let (limits, shared) = limits(root, found);
    let retry = retry(root, found);
    let window = window::read(root, found);
    let grace = grace(root, found);
    let policy = policy(root, found);
    let exclude = exclude::read(dir, root, found);
    let documents = documents::read(root, found);
    let events = events::read(root, found);
    let approval = approval::read(root, dir, found);
    let notify = notify::read(root, found);
    let custody = custody::read(root, &retry, found);
    let source = source?;
    Some(Settings {
        dir: dir.to_owned(),
        on_existing,
        ids,
        rehearses_in_production: names_target
            && ids.allow_unissued
            && is_production(&target.base_url),
        target,
        limits,
        shared,
        retry,
        window,
        grace,
        policy,
        exclude,
        findings,
        documents,
        events,
        approval,
        notify,
        custody,
        recipients: source.recipients,
        export: source.export,
        reading: source.reading,
        mapping: source.mapping,
        group_by: source.group_by,
        joins: source.joins,
    })
}

fn accounts(
    root: &Table<'_>,
    findings: &mut FindingRules,
    found: &mut Diagnostics,
) -> (OnExisting, IdRules) {
    let mut ids = IdRules::default();
    let Some(table) = root.table("accounts", found) else {
        return (OnExisting::Skip, ids);
    };
    let choices = [
        ("skip", OnExisting::Skip),
        ("update", OnExisting::Update),
        ("stop", OnExisting::Stop),
    ];
    let on_existing = table
        .choice("on_existing", &choices, found)
        .unwrap_or(OnExisting::Skip);
    findings.expected_id_length = whole(&table, "accounts.expected_id_length", found);
    for (word, place) in table.texts("allow_ids_like", found).unwrap_or_default() {
        if !ids.allow(word) {
            place.wrong(
                found,
                format!("`allow_ids_like` cannot hold \"{word}\""),
                format!("one of: {}", ID_WORDS.join(", ")),
            );
        }
    }
    ids.allow_unissued = table.boolean("allow_unissued_tax_ids", found) == Some(true);
    table.finish(found);
    (on_existing, ids)
}

fn target(root: &Table<'_>, dir: &Path, found: &mut Diagnostics) -> Target {
    let mut target = Target {
        base_url: "https://api.bakkt.com".into(),
        dialect: Dialect::Guide,
        key_file: None,
        logon_id: None,
        partner_id: None,
        way_out: WayOut::default(),
    };
    let Some(table) = root.table("target", found) else {
        return target;
    };
    if let Some(value) = table.get("base_url")
        && let Some(text) = value.text(found)
    {
        match base_url(text) {
            Ok(url) => target.base_url = url,
            Err(why) => value.wrong(found, why, "such as https://api.bakkt.com"),
        }
    }
    let dialects = [("guide", Dialect::Guide), ("reference", Dialect::Reference)];
    target.dialect = table
        .choice("dialect", &dialects, found)
        .unwrap_or(target.dialect);
    target.key_file = table.text("key_file", found).map(str::to_owned);
    target.logon_id = table.text("logon_id", found).map(str::to_owned);
    target.way_out.ca_file = table.text("ca_file", found).map(|file| dir.join(file));
    if let Some(value) = table.get("proxy")
        && let Some(text) = value.text(found)
    {
        match proxy(text) {
            Ok(url) => target.way_out.proxy = Some(url),
            Err(why) => value.wrong(
                found,
                why,
                "such as http://proxy.example.com:8080; user and password go into BAKKT_PROXY_CREDENTIALS",
            ),
        }
    }
    if let Some(value) = table.get("partner_id")
        && let Some(text) = value.text(found)
    {
        // With its hyphens: it may be read in other forms, but not so sent.
        match uuid::Uuid::try_parse(text)
            .ok()
            .filter(|_| text.len() == 36)
        {
            Some(id) => target.partner_id = Some(id.to_string()),
            None => value.wrong(
                found,
                "`partner_id` is no UUID",
                "such as 3fa85f64-5717-4562-b3fc-2c963f66afa6; Bakkt gives each partner one",
            ),
        }
    }
    if let Some(value) = table.get("api_key") {
        value.wrong_key(
            found,
            "a key does not belong in this file",
            "put it into BAKKT_API_KEY, or a 0600 file named by `key_file`",
        );
    }
    table.finish(found);
    target
}

impl Settings {
    /// The hours in which sending is allowed. The maintenance that Bakkt announces counts only where something goes to Bakkt.
    pub fn window_in_force(&self) -> SendingWindow {
        let mut window = self.window.clone();
        let custody = self
            .custody
            .as_ref()
            .and_then(|custody| custody.base_url.as_deref());
        if is_of_this_machine(&self.target.base_url) && custody.is_none_or(is_of_this_machine) {
            window.maintenance = None;
        }
        window
    }

    /// Refuses what is for rehearsals only, where the target is Bakkt's production.
    pub fn refuse_rehearsal(&self) -> anyhow::Result<()> {
        if !self.ids.allow_unissued || !is_production(&self.target.base_url) {
            return Ok(());
        }
        Err(Failure::configuration(
            format!(
                "accounts.allow_unissued_tax_ids is on, and the target is Bakkt's production, {}",
                self.target.base_url
            ),
            "it lets invented tax ids through and is for rehearsals: take it away, or name another \
             target (`base_url` under [target], --base-url, --sandbox)",
        ))
    }
}

fn limits(root: &Table<'_>, found: &mut Diagnostics) -> (Limits, Option<QuotaAddress>) {
    let mut limits = default_limits();
    let Some(table) = root.table("limits", found) else {
        return (limits, None);
    };
    limits.create = rate(&table, "create", found).unwrap_or(limits.create);
    limits.lookup = rate(&table, "lookup", found).unwrap_or(limits.lookup);
    limits.upload = rate(&table, "upload", found).unwrap_or(limits.upload);
    limits.kyb = rate(&table, "kyb", found).unwrap_or(limits.kyb);
    let mut number = |path: &str| whole(&table, path, found);
    limits.burst = number("limits.burst").unwrap_or(limits.burst);
    limits.in_flight = number("limits.in_flight").map_or(limits.in_flight, |n| n as usize);
    limits.uploads_in_flight =
        number("limits.uploads_in_flight").map_or(limits.uploads_in_flight, |n| n as usize);
    limits.headroom_percent = number("limits.headroom_percent").unwrap_or(limits.headroom_percent);
    let mut shared = None;
    if let Some(value) = table.get("shared")
        && let Some(text) = value.text(found)
    {
        match text.parse() {
            Ok(address) => shared = Some(address),
            Err(why) => value.wrong(
                found,
                format!("`shared` {why}"),
                "such as \"rediss://quota.example.com:6379\", or \"redis://127.0.0.1:6379\" on this machine; the password is read from BAKKT_REDIS_PASSWORD",
            ),
        }
    }
    table.finish(found);
    (limits, shared)
}

fn retry(root: &Table<'_>, found: &mut Diagnostics) -> Retry {
    let mut retry = default_retry();
    let Some(table) = root.table("retry", found) else {
        return retry;
    };
    let mut set = |key: &str, field: &mut Duration| {
        if let Some(value) = duration(&table, key, found) {
            *field = value;
        }
    };
    set("request_timeout", &mut retry.request_timeout);
    set("upload_timeout", &mut retry.upload_timeout);
    set("settle_after", &mut retry.settle_after);
    set("backoff_first", &mut retry.backoff_first);
    set("backoff_most", &mut retry.backoff_most);
    set("longest_pause", &mut retry.longest_pause);
    set("clock_tolerance", &mut retry.clock_tolerance);
    retry.attempts = whole(&table, "retry.attempts", found).unwrap_or(retry.attempts);
    retry.breaker = whole(&table, "retry.breaker", found).unwrap_or(retry.breaker);
    if retry.settle_after <= retry.request_timeout {
        table.wrong(
            found,
            "`settle_after` must be longer than `request_timeout`",
            "a request that is still on its way must not be asked about",
        );
    }
    table.finish(found);
    retry
}

fn grace(root: &Table<'_>, found: &mut Diagnostics) -> Grace {
    let mut grace = Grace {
        days: None,
        from: GraceFrom::Accepted,
    };
    let Some(table) = root.table("grace", found) else {
        return grace;
    };
    grace.days = whole(&table, "grace.days", found);
    if let Some(value) = table.get("from")
        && let Some(text) = value.text(found)
        && text != "accepted"
    {
        match text.parse() {
            // Where a period of no length begins, nothing is due.
            Ok(_) if table.get("days").is_none() => value.wrong(
                found,
                "`from` says where the grace period begins, and nothing says how long it is",
                "add `days`; without it reports say \"not set\"",
            ),
            Ok(date) => grace.from = GraceFrom::Date(date),
            Err(_) => value.wrong(
                found,
                "`from` is neither \"accepted\" nor a date",
                "such as \"2026-12-01\"",
            ),
        }
    }
    table.finish(found);
    grace
}

const KYB_HELP: &str = "such as \"kyb.CUSTODIAL\" = { level = \"O\", reason = \"..\" }; H: accounts of this type need KYB, O: they do not";

fn policy(root: &Table<'_>, found: &mut Diagnostics) -> Policy {
    let mut policy = Policy::default();
    let Some(table) = root.table("policy", found) else {
        return policy;
    };
    for (pattern, value) in table.all() {
        let Some(entry) = value.table(pattern, found) else {
            continue;
        };
        let levels = [
            ("H", Level::H),
            ("G", Level::G),
            ("O", Level::O),
            ("W", Level::W),
        ];
        let level = entry.choice("level", &levels, found);
        let reason = entry.text("reason", found).unwrap_or("").trim();
        if reason.is_empty() {
            value.wrong_key(
                found,
                format!("the move of `{pattern}` has no reason"),
                "add reason = \"..\": the report repeats it",
            );
        }
        entry.finish(found);
        if let Some(account_type) = pattern.strip_prefix(KYB) {
            if let Some(level) = level
                && let Err(why) = policy.add_kyb(account_type, level, reason.to_owned())
            {
                value.wrong_key(
                    found,
                    format!("`{pattern}` cannot be moved: {why}"),
                    KYB_HELP,
                );
            }
        } else if path::find_pattern(pattern).is_none() {
            let patterns = path::patterns();
            let near = nearest(&path::pattern(pattern), patterns.iter().map(String::as_str));
            let help = near.map_or("list elements are written as owners[]".to_owned(), |name| {
                format!("did you mean \"{name}\"?")
            });
            value.wrong_key(
                found,
                format!("the contract has no field `{pattern}`"),
                help,
            );
        } else if let Some(level) = level
            && let Err(why) = policy.add(pattern, level, reason.to_owned())
        {
            value.wrong_key(
                found,
                format!("`{pattern}` cannot be moved: {why}"),
                "H, G and O fields can be moved to H, G or O",
            );
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_production_is_known_however_it_is_written() {
        for url in [
            "https://api.bakkt.com",
            "https://API.BAKKT.COM/",
            "https://api.bakkt.com.",
            "https://api.bakkt.com:443/x",
        ] {
            assert!(is_production(url), "{url}");
        }
        for url in [
            "https://sandbox.api.bakkt.com",
            "https://api.bakkt.com.example.com",
            "http://127.0.0.1:8080",
            "https://xapi.bakkt.com",
            "api.bakkt.com",
        ] {
            assert!(!is_production(url), "{url}");
        }
    }
}
