//! The tables of `report.xlsx`: texts stay texts, also while somebody edits them.

use std::fs::File;
use std::io::Read;

use regex::Regex;

use super::case::{Case, EVERYTHING, days};

fn part(case: &Case, name: &str) -> String {
    let file = File::open(case.report().join("report.xlsx")).unwrap();
    let mut text = String::new();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut part = archive.by_name(name).unwrap();
    part.read_to_string(&mut text).unwrap();
    text
}

/// The numbers of the looks whose cells are texts whatever is typed into them.
fn text_looks(styles: &str) -> Vec<String> {
    let format = Regex::new(r#"numFmtId="([0-9]+)" formatCode="@""#).unwrap();
    let id = &format.captures(styles).unwrap()[1];
    let (_, looks) = styles.split_once("<cellXfs ").unwrap();
    let looks = looks.split("<xf ").skip(1).enumerate();
    looks
        .filter(|(_, look)| look.starts_with(&format!("numFmtId=\"{id}\"")))
        .map(|(place, _)| place.to_string())
        .collect()
}

#[test]
fn every_text_of_a_table_has_the_look_of_a_text() {
    let case = Case::new(&[EVERYTHING]);
    case.write(days(90), false);
    let looks = text_looks(&part(&case, "xl/styles.xml"));
    let cell = Regex::new(r#"<c r="[A-Z]+[0-9]+" s="([0-9]+)" t="inlineStr"><is><t[^>]*>"#);
    let cell = cell.unwrap();
    // Exceptions, refusals, gaps, decisions.
    for sheet in 2..=5 {
        let text = part(&case, &format!("xl/worksheets/sheet{sheet}.xml"));
        let (_, lines) = text.split_once("</row>").unwrap();
        assert!(lines.contains("t=\"inlineStr\""), "sheet {sheet}");
        for found in cell.captures_iter(lines) {
            assert!(looks.iter().any(|look| *look == found[1]), "sheet {sheet}");
        }
        // Who types into an empty cell below gets a text too.
        for column in text.split("<col ").skip(1) {
            assert!(column.contains("style=\""), "sheet {sheet}");
        }
    }
    let exceptions = part(&case, "xl/worksheets/sheet2.xml");
    for id in ["=1+1", "+15550100"] {
        assert!(
            exceptions.contains(&format!("<is><t>{id}</t></is>")),
            "{id}"
        );
    }
    assert!(!exceptions.contains("<f>"));
}
