//! How much of a mapping `init` gets right, on the samples under several naming styles.

use std::collections::BTreeMap;
use std::fs;

use super::truth::{
    self, BLIND, EXPORTS, Style, Takes, confidence, feeds, rename, root, styles, toml,
};
use crate::support::program;

/// What became of the fields of one export.
#[derive(Debug, Default)]
struct Count {
    right: usize,
    wrong: Vec<String>,
    absent: Vec<String>,
    wrong_at_high: Vec<String>,
}

impl Count {
    fn all(&self) -> usize {
        self.right + self.wrong.len() + self.absent.len()
    }
}

/// Runs init on the exports of some styles' tables and compares each mapping that it writes.
fn counts(name: &str) -> Vec<(&'static str, Count)> {
    counts_of(name, &|export| truth::style(name, export))
}

/// The same with columns renamed in any way.
fn counts_of(name: &str, style: &dyn Fn(&str) -> Style) -> Vec<(&'static str, Count)> {
    let dir = tempfile::tempdir().unwrap();
    let file = |export: &str| dir.path().join(format!("{export}.csv"));
    for (export, path, _) in EXPORTS {
        rename(path, &style(export), &file(export));
    }
    let runs = [
        ("a", vec!["acme"], vec!["mapping.toml"]),
        (
            "h",
            vec!["harbor-accounts", "harbor-owners"],
            vec!["mapping.toml", "owners.toml"],
        ),
    ];
    let mut all = Vec::new();
    for (folder, exports, mappings) in runs {
        let out = dir.path().join(folder);
        let run = program()
            .arg("init")
            .arg(&out)
            .arg("--from")
            .args(exports.iter().map(|export| file(export)))
            .output()
            .unwrap();
        assert!(
            run.status.success(),
            "{}",
            String::from_utf8_lossy(&run.stderr)
        );
        let check = program().arg("check").arg(&out).output().unwrap();
        let code = check.status.code().unwrap();
        assert!(
            code == 0 || code == 3,
            "{name} {folder}: {}",
            String::from_utf8_lossy(&check.stderr)
        );
        for (export, mapping) in exports.iter().zip(mappings) {
            let (export, _, truth) = EXPORTS.iter().find(|(known, ..)| known == export).unwrap();
            let path = out.join(mapping);
            let text = fs::read_to_string(&path).unwrap();
            let truth = feeds(&toml(&root().join(truth)), &style(export));
            all.push((
                *export,
                compare(&truth, &feeds(&toml(&path), &Default::default()), &text),
            ));
        }
    }
    all
}

fn compare(truth: &BTreeMap<String, Takes>, guess: &BTreeMap<String, Takes>, text: &str) -> Count {
    let mut count = Count::default();
    for (path, wanted) in truth {
        match guess.get(path) {
            Some(takes) if takes == wanted => count.right += 1,
            Some(takes) => count
                .wrong
                .push(format!("{path}: {takes:?} instead of {wanted:?}")),
            None => count.absent.push(format!("{path}: {wanted:?}")),
        }
    }
    // A field that the truth does not feed is wrong as well.
    for (path, takes) in guess {
        if truth.get(path) != Some(takes) && confidence(text, path) == "high" {
            count.wrong_at_high.push(format!("{path}: {takes:?}"));
        }
    }
    count
}

#[test]
fn nine_of_ten_fields_are_right_and_none_is_wrong_at_high_confidence() {
    let mut failed = Vec::new();
    for name in styles() {
        let (mut right, mut all) = (0, 0);
        for (export, count) in counts(name) {
            println!("{name} {export}: {} of {} right", count.right, count.all());
            for line in &count.wrong {
                println!("  wrong   {line}");
            }
            for line in &count.absent {
                println!("  absent  {line}");
            }
            for line in &count.wrong_at_high {
                println!("  WRONG AT HIGH  {line}");
                failed.push(format!("{name} {export}: wrong at high confidence: {line}"));
            }
            right += count.right;
            all += count.all();
        }
        println!(
            "{name}: {right} of {all}, {:.1} %",
            100.0 * right as f64 / all as f64
        );
        let enough = match name == BLIND.0 {
            true => right >= BLIND.1,
            false => right * 10 >= all * 9,
        };
        if !enough {
            failed.push(format!("{name}: {right} of {all}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Columns whose values tell what they are.
const TELLING: [(&str, &[&str]); 3] = [
    (
        "acme",
        &[
            "EMAIL",
            "SSN",
            "ZIP",
            "STATE",
            "BIRTH_DT",
            "ADDR_1",
            "CELL_PHONE",
            "MAIL_CITY_ST",
            "MAIL_ZIP",
            "MAIL_CTRY",
            "JT_EMAIL",
            "JT_SSN",
            "JT_BIRTH_DT",
        ],
    ),
    (
        "harbor-accounts",
        &[
            "EIN",
            "EMAIL",
            "PHONE",
            "REG_STATE",
            "OP_ZIP",
            "LEGAL_NAME",
            "REG_STREET",
        ],
    ),
    (
        "harbor-owners",
        &[
            "BIRTH_DT", "EMAIL", "PHONE", "STATE", "CTRY", "ZIP", "TAX_ID", "STREET",
        ],
    ),
];

#[test]
fn a_column_whose_name_says_nothing_is_read_by_its_values_and_neighbours() {
    let muted = |export: &str| -> Style {
        let (_, columns) = TELLING.iter().find(|(known, _)| *known == export).unwrap();
        let numbered = columns.iter().enumerate();
        numbered
            .map(|(number, column)| ((*column).to_owned(), format!("FIELD_{}", number + 11)))
            .collect()
    };
    mostly_right("mute", &muted);
}

/// Prints what became of the fields; nine of ten are right, and none is wrong at high confidence.
fn mostly_right(name: &str, style: &dyn Fn(&str) -> Style) {
    let (mut right, mut all) = (0, 0);
    for (export, count) in counts_of(name, style) {
        println!("{name} {export}: {} of {} right", count.right, count.all());
        for line in count.wrong.iter().chain(&count.absent) {
            println!("  {line}");
        }
        assert!(count.wrong_at_high.is_empty(), "{:?}", count.wrong_at_high);
        right += count.right;
        all += count.all();
    }
    assert!(right * 10 >= all * 9, "{name}: {right} of {all}");
}

#[test]
fn a_word_that_nobody_knows_but_several_columns_share_marks_an_object() {
    let marks = [
        ("MAIL_ADDR_1", "ZQX_ADDR_1"),
        ("MAIL_CITY_ST", "ZQX_CITY_ST"),
        ("MAIL_ZIP", "ZQX_ZIP"),
        ("MAIL_CTRY", "ZQX_CTRY"),
        ("JT_FIRST_NM", "KWUF_FIRST_NM"),
        ("JT_LAST_NM", "KWUF_LAST_NM"),
        ("JT_BIRTH_DT", "KWUF_BIRTH_DT"),
        ("JT_SSN", "KWUF_SSN"),
        ("JT_EMAIL", "KWUF_EMAIL"),
        ("JT_PHONE", "KWUF_PHONE"),
        ("REG_STREET", "ZQX_STREET"),
        ("REG_CITY", "ZQX_CITY"),
        ("REG_STATE", "ZQX_STATE"),
        ("REG_ZIP", "ZQX_ZIP"),
        ("REG_CTRY", "ZQX_CTRY"),
        ("OP_STREET", "VRTK_STREET"),
        ("OP_CITY", "VRTK_CITY"),
        ("OP_STATE", "VRTK_STATE"),
        ("OP_ZIP", "VRTK_ZIP"),
        ("OP_CTRY", "VRTK_CTRY"),
    ];
    let own = |_: &str| -> Style {
        let pair = |(old, new): &(&str, &str)| ((*old).to_owned(), (*new).to_owned());
        marks.iter().map(pair).collect()
    };
    mostly_right("mark", &own);
}
