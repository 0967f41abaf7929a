//! No value of a backfill file is in anything that the program leaves behind or says, but in the kept file itself.

use super::world::{THREE, World};
use crate::support::needles::{Needles, files_below};

const VALUES: [&str; 6] = [
    "7755550177",
    "775-555-0177",
    "quillonde@canary.example",
    "Zephyrantha Parade",
    "1961-11-23",
    "nobody's number",
];

#[test]
fn no_value_of_the_file_is_told() {
    let world = World::sent(&THREE);
    let text = format!(
        "clientAccountId,owners[0].phoneNumber,owners[0].emailAddress,owners[0].mailingAddress.streetAddress,owners[0].identity.dateOfBirth\n\
         A-1,{},,,\nA-2,{},{},{},\nA-3,{},,,{}\nA-2,,,,{}\n",
        VALUES[1], VALUES[5], VALUES[2], VALUES[3], VALUES[0], VALUES[4], VALUES[4]
    );
    let file = world.folder.path().join("canary.csv");
    std::fs::write(&file, text).unwrap();
    let needles = Needles::new(&VALUES);
    let mut said = Vec::new();
    for more in [vec!["--dry-run", "-vv"], vec!["-vv"], vec![]] {
        let mut all = vec![file.to_str().unwrap()];
        all.extend(more);
        let output = world.command("backfill", &all).output().unwrap();
        said.extend([output.stdout, output.stderr]);
    }
    for command in [
        ("run", vec!["--yes", "-vv"]),
        ("status", vec![]),
        ("report", vec![]),
    ] {
        let output = world.command(command.0, &command.1).output().unwrap();
        said.extend([output.stdout, output.stderr]);
    }
    for text in &said {
        assert_eq!(needles.found_in(text), Vec::<String>::new());
    }
    let mut kept = 0;
    for path in files_below(&world.dir()) {
        let found = needles.found_in(&std::fs::read(&path).unwrap());
        if path.ends_with("layers/0001.csv") {
            assert!(found.len() > VALUES.len(), "the search finds what is there");
            kept += 1;
        } else {
            assert_eq!(found, Vec::<String>::new(), "{}", path.display());
        }
    }
    assert_eq!(kept, 1);
    assert!(
        world
            .held("A-1")
            .unwrap()
            .to_string()
            .contains("+17755550177")
    );
}
