//! The report of findings.

use super::case::{Case, EVERYTHING, days};

/// A person under two ids, one of them also with a birth date that cannot be; a text in an export of owners; an exclusion
/// that fits nobody. Words 40 and up are kinds and a field.
const FINDINGS: &str = "
INSERT INTO meta VALUES ('findings_block', 'minor_owner');
INSERT INTO file (id, name, role) VALUES (7, 'owners.csv', 'owners'), (8, 'ids.txt', 'exclusions');
INSERT INTO word VALUES (40, 'same_person'), (41, 'implausible_birth_date'), (42, 'mojibake'), (43, 'unused_exclusion'),
  (44, 'owners[0].identity.dateOfBirth'), (45, 'owners[].identity.givenName'), (46, 'owners[].identity.familyName'),
  (47, 'minor_owner'), (48, 'finding: minor_owner');
UPDATE record SET reason = 48 WHERE id = 9;
INSERT INTO finding VALUES (0, 43, 0, 8, 3, 0), (0, 43, 0, 8, 4, 0), (1, 40, 0, 0, 0, 1), (5, 40, 0, 0, 0, 1),
  (5, 41, 44, 0, 0, 0), (6, 42, 45, 7, 12, 0), (6, 42, 46, 7, 12, 0), (9, 47, 44, 0, 0, 0);
";

#[test]
fn findings_are_counted_by_customer_and_listed_one_by_one() {
    let case = Case::new(&[EVERYTHING, FINDINGS]);
    let totals = case.write(days(30), false);
    assert!(totals.balanced, "{:?}", totals.imbalances);
    let kinds: Vec<String> = totals
        .findings
        .iter()
        .map(|one| format!("{} {} {} {}", one.kind, one.action, one.count, one.groups))
        .collect();
    assert_eq!(
        kinds,
        [
            "unused_exclusion tell 2 0",
            "same_person tell 2 1",
            "minor_owner block 1 0",
            "implausible_birth_date tell 1 0",
            "mojibake tell 1 0",
        ]
    );
    assert_eq!(
        case.file("findings.csv"),
        "kind,action,file,row,clientAccountId,field,group\n\
         unused_exclusion,tell,ids.txt,3,,,\n\
         unused_exclusion,tell,ids.txt,4,,,\n\
         same_person,tell,export.csv,2,C-1,,1\n\
         same_person,tell,export.csv,6,C-5,,1\n\
         implausible_birth_date,tell,export.csv,6,C-5,owners[0].identity.dateOfBirth,\n\
         mojibake,tell,owners.csv,12,C-6,owners[].identity.givenName,\n\
         mojibake,tell,owners.csv,12,C-6,owners[].identity.familyName,\n\
         minor_owner,block,export.csv,10,,owners[0].identity.dateOfBirth,\n"
    );
    let page = case.file("report.html");
    for words in [
        "<h2 id=\"findings\">Findings</h2>",
        "<code>unused_exclusion</code></th><td class=\"num\">2</td><td>no</td>",
        "<code>minor_owner</code></th><td class=\"num\">1</td><td>yes</td>",
        "1 row is blocked by a finding: minor_owner.",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn without_findings_there_is_no_section() {
    let case = Case::new(&[EVERYTHING]);
    assert!(case.write(days(30), false).findings.is_empty());
    assert!(!case.file("report.html").contains("id=\"findings\""));
    assert_eq!(case.file("findings.csv").lines().count(), 1);
}
