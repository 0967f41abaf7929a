//! Mistakes that show beside the export that a mapping is for.

use super::*;

const MAPPING: &str = "account_type = \"INDIVIDUAL\"\n[fields]\n\
    \"owners[0].identity.dateOfBirth\" = { column = \"BORN\", date = { order = \"mdy\", excel = \"EPOCH\" } }\n";

/// The messages about a mapping that takes plain numbers for days counted from a year.
fn mistakes(epoch: &str, day_epochs: &[DayEpoch]) -> Vec<String> {
    let files: Vec<(String, DayEpoch)> = (1..)
        .zip(day_epochs)
        .map(|(number, epoch)| (format!("part{number}.xlsx"), *epoch))
        .collect();
    let targets = Targets {
        account_type: true,
        rows: true,
        part: MappingPart::Whole,
        day_epochs: &files,
        resolve: &resolve,
    };
    let file = TomlFile {
        name: "mapping.toml".to_owned(),
        text: MAPPING.replace("EPOCH", epoch),
    };
    let mut found = Diagnostics::default();
    compile_for(&targets, &[file], &["BORN".to_owned()], &mut found);
    let all = found.into_result().err();
    all.map(|error| error.to_string()).into_iter().collect()
}

#[test]
fn a_workbook_says_from_which_year_it_counts() {
    use DayEpoch::{Of1900, Of1904};
    for (epoch, files) in [
        ("1900", &[][..]),
        ("1904", &[]),
        ("1900", &[Of1900]),
        ("1904", &[Of1904, Of1904]),
    ] {
        assert!(mistakes(epoch, files).is_empty(), "{epoch} {files:?}");
    }
    for (epoch, files, words) in [
        ("1900", &[Of1904][..], "part1.xlsx counts days from 1904"),
        ("1904", &[Of1900], "part1.xlsx counts days from 1900"),
        (
            "1900",
            &[Of1900, Of1904],
            "part2.xlsx counts days from 1904",
        ),
        (
            "1904",
            &[Of1900, Of1904],
            "part1.xlsx counts days from 1900",
        ),
    ] {
        let told = mistakes(epoch, files).concat();
        assert!(told.contains(words), "{epoch} {files:?}: {told}");
    }
}
