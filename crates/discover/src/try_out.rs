//! The mapping that `init` has guessed, run over the first rows of the exports that it was guessed from.
//!
//! Owner of [`weighed`]. The text that would be written goes through the compiler of mappings, and rows through mapping and
//! judgement, as in `check`. A row of owners or of trusted contacts is tried as an account of its own, so that no file has
//! to be read a second time to join them. Bounded: so many rows of each file, and two passes. Left out on purpose: what
//! follows from it for a line (`guess::trial`).

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::guess::trial::{LineTrial, SheetTrial, withholds};
use crate::guess::{Guess, GuessedFile, write};
use crate::inspect::Profile;
use bakkt_contract::unfit_id::IdRules;
use bakkt_files::toml_file::TomlFile;
use bakkt_mapping::assess::plan::{AssessPlan, Spelling};
use bakkt_mapping::assess::policy::Policy;
use bakkt_mapping::assess::{Gap, GapReason};
use bakkt_mapping::compile::compile;
use bakkt_mapping::draft::Draft;
use bakkt_mapping::exclude::Exclusions;
use bakkt_mapping::findings::Checks;
use bakkt_mapping::pipeline::{JoinedRowSource, Pipeline, Worker};
use bakkt_model::error::Diagnostics;
use bakkt_model::finding::FindingRules;
use bakkt_model::position::Position;
use bakkt_source::{Export, Row, Rows};

/// Rows of each file that are tried.
const MOST_ROWS: usize = 2_000;
/// Rows of a batch.
const BATCH: usize = 250;
/// How often lines may be taken back; what is left then stays.
const PASSES: usize = 2;

/// Takes back of a guess what the exports' own rows do not bear out.
pub fn weighed(
    guess: &mut Guess,
    profiles: &[Profile],
    exports: &[Arc<Export>],
    today: Date,
) -> anyhow::Result<()> {
    for _ in 0..PASSES {
        let types = guess
            .sheets
            .first()
            .map_or(Vec::new(), |sheet| sheet.mapping.types.clone());
        let one = |sheet: &GuessedFile| {
            let files = (&profiles[sheet.file], &exports[sheet.file]);
            with_settings(sheet, files, &types, today)
        };
        let trials = guess
            .sheets
            .iter()
            .map(one)
            .collect::<anyhow::Result<Vec<_>>>()?;
        if !guess.weigh(profiles, &trials) {
            break;
        }
    }
    Ok(())
}

/// What becomes of a file's first rows, and which settings would let through what fails.
fn with_settings(
    sheet: &GuessedFile,
    files: (&Profile, &Arc<Export>),
    types: &[&'static str],
    today: Date,
) -> anyhow::Result<Option<SheetTrial>> {
    let Some(mut trial) = tried(sheet, files, types, (IdRules::default(), today))? else {
        return Ok(None);
    };
    let of_ids = |line: &LineTrial| {
        let ids = [
            "axId",
            "taxIdType",
            "entityTaxId",
            "clientAccountId",
            "clientOwnerId",
        ];
        ids.iter().any(|id| line.path.ends_with(id)) && line.failed > line.few()
    };
    if !trial.lines.iter().any(of_ids) {
        return Ok(Some(trial));
    }
    let other = tried(sheet, files, types, (IdRules::ALL, today))?.unwrap_or_default();
    for line in trial.lines.iter_mut().filter(|line| of_ids(line)) {
        let fit = |other: &LineTrial| other.path == line.path && other.failed <= other.few();
        if other.lines.iter().any(fit) {
            let is_id = ["clientAccountId", "clientOwnerId"]
                .iter()
                .any(|id| line.path.ends_with(id));
            line.setting = if is_id { ID_SETTING } else { TAX_ID_SETTING };
        }
    }
    Ok(Some(trial))
}

const ID_SETTING: &str =
    "`allow_ids_like` under [accounts] lets them through, where they are ids and nothing else";
const TAX_ID_SETTING: &str = "`allow_unissued_tax_ids` under [accounts] lets invented ones through";

/// What becomes of a file's first rows; none where its mapping does not compile, which `check` tells.
fn tried(
    sheet: &GuessedFile,
    (profile, export): (&Profile, &Arc<Export>),
    types: &[&'static str],
    (ids, today): (IdRules, Date),
) -> anyhow::Result<Option<SheetTrial>> {
    let file = TomlFile {
        name: "mapping.toml".into(),
        text: as_account(write::mapping(sheet, profile, ""), sheet, types),
    };
    let Some(mapper) = compile(&[file], export.headers(), &mut Diagnostics::default()) else {
        return Ok(None);
    };
    let (plan, _) = AssessPlan::new(&mapper, &Policy::default(), ids, Spelling::Guide, today);
    let pipeline = Pipeline {
        checks: Checks::new(&mapper, &plan, FindingRules::default()),
        export: export.clone(),
        mapper,
        plan,
        exclude: Exclusions::default(),
        key: [0; 32],
        joins: Vec::new(),
        layers: Vec::new(),
    };
    let mut trying = MappingTrial::new(&pipeline, sheet);
    let (mut pass, mut rows, mut read) = (export.pass(), Rows::default(), 0);
    while read < MOST_ROWS && pass.read_batch(&mut rows, BATCH)? {
        read += rows.len();
        for (at, row) in rows.iter() {
            trying.row(&row, at)?;
        }
    }
    Ok(Some(trying.finish()))
}

/// A mapping of elements as one of accounts with one element each.
fn as_account(text: String, sheet: &GuessedFile, types: &[&'static str]) -> String {
    let one = text
        .replace("owners[].", "owners[0].")
        .replace("trustedContacts[].", "trustedContacts[0].");
    match sheet.link {
        None => one,
        Some(_) => format!(
            "account_type = \"{}\"\n{one}",
            types.first().unwrap_or(&"INDIVIDUAL")
        ),
    }
}

/// A line with the slots that it fills.
struct SlotTrial {
    slot: usize,
    trial: LineTrial,
}

struct MappingTrial<'a> {
    pipeline: &'a Pipeline,
    worker: Worker,
    lines: Vec<SlotTrial>,
    /// By path of a gap: the place of its line.
    line_of: Vec<Option<usize>>,
    /// By line whose value is withheld, and by path of another gap of the same row.
    beside: BTreeMap<(usize, u32), GapCount>,
    /// Slots of the names: of the main owner, and of the joint owner.
    names: [[Option<usize>; 2]; 2],
    /// The main owner's middle names, and their place among the lines.
    middle: Option<usize>,
    sums: SheetTrial,
}

impl<'a> MappingTrial<'a> {
    fn new(pipeline: &'a Pipeline, sheet: &GuessedFile) -> MappingTrial<'a> {
        let written = |target: &str| {
            let paths = sheet.mapping.feeds.iter().map(|feed| feed.path.as_str());
            let found = paths
                .into_iter()
                .find(|path| path.replacen("[].", "[0].", 1) == target);
            found.unwrap_or(target).to_owned()
        };
        let fed = pipeline.mapper.fed();
        let slot = |owner: usize, name: &str| {
            let target = format!("owners[{owner}].identity.{name}");
            fed.iter()
                .find(|fed| fed.target == target)
                .map(|fed| fed.slot)
        };
        let names = [0, 1].map(|owner| ["givenName", "familyName"].map(|name| slot(owner, name)));
        let middle = fed
            .iter()
            .position(|fed| fed.target == "owners[0].identity.middleNames");
        let lines = fed.iter().map(|fed| SlotTrial {
            slot: fed.slot,
            trial: LineTrial {
                path: written(&fed.target),
                ..LineTrial::default()
            },
        });
        let lines: Vec<SlotTrial> = lines.collect();
        let first = |path: &str| path.replacen("[].", "[0].", 1);
        let places: BTreeMap<String, usize> = lines
            .iter()
            .enumerate()
            .map(|(place, line)| (first(&line.trial.path), place))
            .collect();
        let line_of = pipeline.plan.paths.iter();
        let line_of = line_of.map(|info| places.get(&first(&info.path)).copied());
        MappingTrial {
            pipeline,
            line_of: line_of.collect(),
            lines,
            worker: Worker::default(),
            beside: BTreeMap::new(),
            names,
            middle,
            sums: SheetTrial::default(),
        }
    }

    fn row(&mut self, row: &Row<'_>, at: Position) -> anyhow::Result<()> {
        if row.flaw().is_some() || self.pipeline.export.skipped(row).is_some() {
            return Ok(());
        }
        let Some(prepared) = self
            .worker
            .prepare(self.pipeline, row, at, JoinedRowSource::Index)?
        else {
            return Ok(());
        };
        let gaps = prepared.gaps.to_vec();
        let draft = self.worker.draft();
        for line in &mut self.lines {
            line.trial.filled += u64::from(draft.has_data(line.slot));
        }
        let person = |owner: usize| names(draft, self.names[owner]);
        if let Some(joint) = person(1) {
            self.sums.joint += 1;
            self.sums.same_person += u64::from(person(0).as_ref() == Some(&joint));
        }
        if let Some(line) = self.middle.and_then(|line| self.lines.get_mut(line))
            && let (Some(middle), Some([given, family])) =
                (draft.value(line.slot), names(draft, self.names[0]))
        {
            let middle = middle.to_lowercase();
            line.trial.whole_names +=
                u64::from(middle.contains(&given) && middle.contains(&family));
        }
        for gap in &gaps {
            self.gap(gap, row, at);
            if let (GapReason::Withheld, Some(line)) = (gap.reason, self.line_of[gap.path as usize])
            {
                self.note_beside(line, &gaps);
            }
        }
        Ok(())
    }

    fn gap(&mut self, gap: &Gap, row: &Row<'_>, at: Position) {
        let line = self.line_of[gap.path as usize];
        match (gap.reason, line.map(|place| &mut self.lines[place])) {
            (GapReason::Invalid(why), Some(SlotTrial { trial, .. })) => {
                trial.failed += 1;
                if trial.reason.is_empty() {
                    trial.reason = why.to_owned();
                    self.worker
                        .shape_of(self.pipeline, gap, (row, at), &mut trial.shape);
                }
            }
            (GapReason::Withheld, Some(SlotTrial { trial, .. })) => trial.withheld += 1,
            _ => {}
        }
    }

    /// Counts the gaps of a row in which the value of a line is withheld.
    fn note_beside(&mut self, line: usize, gaps: &[Gap]) {
        for gap in gaps {
            let missing = match gap.reason {
                GapReason::Withheld => continue,
                GapReason::Invalid(_) => 0,
                GapReason::Missing | GapReason::NoRow => 1,
            };
            let count = self.beside.entry((line, gap.path)).or_default();
            count.rows += 1;
            count.missing += missing;
        }
    }

    fn finish(mut self) -> SheetTrial {
        let paths = &self.pipeline.plan.paths;
        for (line, SlotTrial { trial, .. }) in self.lines.iter_mut().enumerate() {
            let own = trial.path.replacen("[].", "[0].", 1);
            // The one of most rows; of several the nearest, and of these the first.
            let causes = self.beside.range((line, 0)..=(line, u32::MAX));
            let causes = causes.filter_map(|((_, path), count)| {
                let depth = withholds(&paths[*path as usize].path, &own)?;
                Some((count.rows, depth, Reverse(*path), count.missing))
            });
            if let Some((rows, _, Reverse(path), missing)) = causes.max() {
                trial.needs = paths[path as usize].path.clone();
                trial.needs_is_missing = missing == rows;
            }
        }
        self.sums.lines = self.lines.into_iter().map(|line| line.trial).collect();
        self.sums
    }
}

/// How often a path is a gap.
#[derive(Clone, Copy, Default)]
struct GapCount {
    rows: u64,
    /// Those of them in which the export has nothing.
    missing: u64,
}

/// The names of an owner, without regard to case.
fn names(draft: &Draft, slots: [Option<usize>; 2]) -> Option<[String; 2]> {
    let text = |slot: Option<usize>| Some(draft.value(slot?)?.to_lowercase());
    Some([text(slots[0])?, text(slots[1])?])
}
