//! A migration folder, opened: settings, export, mapping, and the pipeline that they make.
//!
//! Owner of how files of the folder find each other (`include`), of the order in which mistakes are looked for, and of
//! the fingerprints of whatever changes payloads or verdicts (invariant 9).

mod documents;

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::assess::plan::{Plan, Spelling};
use crate::documents::Documents;
use crate::error::Diagnostics;
use crate::mapping::exclude::Exclude;
use crate::mapping::{self, Mapper, compile};
use crate::pipeline::Pipeline;
use crate::settings::{Dialect, Settings};
use crate::source::CsvFile;
use crate::toml_file::TomlFile;

/// Everything of a folder that is known before the first row.
#[derive(Debug)]
pub struct Migration {
    /// The settings.
    pub settings: Settings,
    /// The export, open for one pass.
    pub export: CsvFile,
    /// From row to payload.
    pub pipeline: Pipeline,
    /// The documents, where the settings name some.
    pub documents: Option<Documents>,
    mapping_files: Vec<TomlFile>,
    document_files: Vec<TomlFile>,
}

/// What a pipeline needs that is in no file of the folder.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Key of the payload hashes.
    pub key: [u8; 32],
    /// The day of the plan.
    pub as_of: jiff::civil::Date,
}

/// Today, in UTC.
pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// The validated settings of a folder. When they hold a mistake, those of the mapping are looked for as well, so that a
/// person sees all of them at once.
pub fn settings(dir: &Path) -> anyhow::Result<Settings> {
    let mut found = Diagnostics::default();
    let settings = Settings::read(dir, &mut found)?;
    if let Some(settings) = settings {
        if found.is_empty() {
            return Ok(settings);
        }
        let opened = CsvFile::open(&settings.dir.join(&settings.export), &settings.export)
            .and_then(|export| Ok((export, mapping_files(&settings.dir, &settings.mapping)?)));
        // A file that cannot be read is told when the settings that name it are right.
        if let Ok((export, files)) = opened {
            compiled(&settings, export.headers(), &files, today(), &mut found);
        }
        documents::look_for_mistakes(&settings, &mut found);
    }
    found.into_result()?;
    anyhow::bail!("migration.toml could not be read")
}

/// The parts of a pipeline. Mistakes go to `found`.
fn compiled(
    settings: &Settings,
    headers: &[String],
    files: &[TomlFile],
    as_of: jiff::civil::Date,
    found: &mut Diagnostics,
) -> Option<(Mapper, Plan, Exclude)> {
    let exclude = settings.exclude.compile(headers, found);
    let mapper = compile::compile(files, headers, found)?;
    let spelling = match settings.target.dialect {
        Dialect::Guide => Spelling::Guide,
        Dialect::Reference => Spelling::Reference,
    };
    let (plan, unfed) = Plan::new(&mapper, &settings.policy, settings.ids, spelling, as_of);
    for (path, types) in unfed {
        let (sent, or) = match types.len() == mapper.account_types.len() {
            true => ("no customer".to_owned(), ""),
            false => (
                format!("no account of type {}", types.join(" or ")),
                ", or take the type out of `account_type`",
            ),
        };
        found.push(crate::error::Diagnostic {
            file: files[0].name.clone(),
            line: 1,
            column: 1,
            text: String::new(),
            message: format!("nothing feeds `{path}`, without which {sent} can be sent"),
            help: Some(format!("add \"{path}\" under [fields]{or}")),
        });
    }
    Some((mapper, plan, exclude))
}

impl Migration {
    /// Opens the folder of some settings; every mistake in its files is reported together.
    pub fn open(settings: Settings, binding: Binding) -> anyhow::Result<Migration> {
        let export = CsvFile::open(&settings.dir.join(&settings.export), &settings.export)?;
        let mapping_files = mapping_files(&settings.dir, &settings.mapping)?;
        let mut found = Diagnostics::default();
        let parts = compiled(
            &settings,
            export.headers(),
            &mapping_files,
            binding.as_of,
            &mut found,
        );
        let document_files = documents::files(&settings)?;
        let documents = documents::open(&settings, &document_files, &mut found)?;
        found.into_result()?;
        let (mapper, plan, exclude) = parts.context("the mapping could not be read")?;
        let pipeline = Pipeline {
            mapper,
            plan,
            exclude,
            key: binding.key,
        };
        Ok(Migration {
            settings,
            export,
            pipeline,
            documents,
            mapping_files,
            document_files,
        })
    }

    /// Path of the export.
    pub fn export_path(&self) -> PathBuf {
        self.settings.dir.join(&self.settings.export)
    }

    fn file_hash(&self, path: &Path, name: &str) -> anyhow::Result<[u8; 32]> {
        let mut hasher = blake3::Hasher::new_keyed(&self.pipeline.key);
        std::fs::File::open(path)
            .and_then(|file| hasher.update_reader(file).map(|_| ()))
            .with_context(|| format!("cannot read {name}"))?;
        Ok(*hasher.finalize().as_bytes())
    }

    /// Keyed hashes of whatever changes payloads or verdicts, by the name under which a person knows it.
    pub fn fingerprints(&self) -> anyhow::Result<Vec<(String, [u8; 32])>> {
        let mut prints = Vec::new();
        prints.push((
            format!("the export {}", self.settings.export),
            self.file_hash(&self.export_path(), &self.settings.export)?,
        ));
        let mut add =
            |name: String, text: &str| prints.push((name, self.pipeline.hash(text.as_bytes())));
        for file in &self.mapping_files {
            add(format!("the mapping {}", file.name), &file.text);
        }
        add(
            "[policy] in migration.toml".into(),
            &format!("{:?}", self.settings.policy),
        );
        add(
            "[exclude] in migration.toml".into(),
            &self.settings.exclude.canonical(),
        );
        add(
            "[accounts] allow_ids_like in migration.toml".into(),
            &format!("{:?}", self.settings.ids),
        );
        add("the mapper of bakkt-migrate".into(), mapping::VERSION);
        self.document_fingerprints(&mut prints)?;
        Ok(prints)
    }
}

/// The mapping and the files that it includes, nearest first.
fn mapping_files(dir: &Path, name: &str) -> anyhow::Result<Vec<TomlFile>> {
    let mut files: Vec<TomlFile> = Vec::new();
    let mut queue = vec![PathBuf::from(name)];
    while let Some(relative) = (!queue.is_empty()).then(|| queue.remove(0)) {
        let shown = relative.display().to_string();
        if files.iter().any(|file| file.name == shown) {
            continue;
        }
        let file = TomlFile::load(&dir.join(&relative), &shown)?;
        let mut found = Diagnostics::default();
        if let Some(document) = file.parse(&mut found)
            && let Some(names) = document.root().texts("include", &mut found)
        {
            let folder = relative.parent().unwrap_or(Path::new(""));
            queue.extend(names.into_iter().map(|(name, _)| folder.join(name)));
        }
        found.into_result()?;
        files.push(file);
    }
    Ok(files)
}
