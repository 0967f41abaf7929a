//! Which documents go, whose they are, and what becomes of the rest.

use super::world::{PDF, PNG, World, account, foreign, joint};

fn outcomes(world: &World) -> Vec<(i64, String, Option<u32>)> {
    let planned = world.planned().into_iter();
    planned
        .map(|one| (one.verdict, one.what, one.place))
        .collect()
}

fn sent(what: &str, place: Option<u32>) -> (i64, String, Option<u32>) {
    (0, what.to_owned(), place)
}

#[test]
fn whose_a_document_is() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("A1"), joint("A2", "50")]);
    world.file("a.png", PNG);
    world.manifest(&[
        "a.png,A1,PASSPORT,,USA,,,,,",
        "a.png,A1,PASSPORT,BACK,USA,,,,1,",
        "a.png,A1,TRUST_CERTIFICATION,,,,,,,",
        "a.png,A2,VISA,,USA,,,,,",
        "a.png,A2,VISA,,USA,,,second,,",
        "a.png,A2,W_8BEN_FORM,FRONT,USA,,,,2,",
        "a.png,A2,PASSPORT,FRONT,USA,,,,3,",
        "a.png,A2,PASSPORT,FRONT,USA,,,nobody,,",
        "a.png,A2,PASSPORT,FRONT,USA,,,second,1,",
        "a.png,A1,ENTITY_DUE_DILIGENCE,,USA,,,,1,governing_documents",
        "a.png,A1,ENTITY_DUE_DILIGENCE,,,,,,,governing_documents",
        "a.png,A1,ENTITY_DUE_DILIGENCE,BACK,USA,,,,,governing_documents",
        "a.png,A1,ENTITY_DUE_DILIGENCE,,USA,,,,,governing_documents",
        "a.png,A1,PASSPORT_CARD,FRONT,USA,,,,,",
        "a.png,A1,PASSPORT,LEFT,USA,,,,,",
    ]);
    assert_eq!(world.run(&world.sandbox(), &["--limit", "0"]).1, 0);
    let planned = outcomes(&world);
    let good = [
        (0, sent("PASSPORT UNSPECIFIED", Some(0))),
        (1, sent("PASSPORT BACK", Some(0))),
        (2, sent("TRUST_CERTIFICATION FRONT", None)),
        (4, sent("VISA UNSPECIFIED", Some(1))),
        (5, sent("W_8BEN_FORM FRONT", Some(1))),
        (12, sent("ENTITY_DUE_DILIGENCE FRONT", None)),
    ];
    for (row, wanted) in &good {
        assert_eq!(&planned[*row], wanted, "row {row}");
    }
    let reasons: Vec<String> = world.planned().into_iter().map(|one| one.reason).collect();
    for (row, words) in [
        (3, "which owner"),
        (6, "owner_place"),
        (7, "clientOwnerId"),
        (8, "two owners"),
        (9, "has no owner"),
        (10, "issueCountry"),
        (11, "FRONT"),
        (13, "documentType"),
        (14, "documentSide"),
    ] {
        assert!(reasons[row].contains(words), "row {row}: {}", reasons[row]);
    }
}

#[test]
fn documents_of_accounts_that_are_not_sent_stay() {
    let world = World::new("INDIVIDUAL");
    let blocked = "B1,,Example,1980-02-03,987001234,USA,+15125550142,,,".to_owned();
    let excluded = format!("{}X", account("X1"));
    let (twice, other) = (account("D1"), account("D1").replace("Example", "Other"));
    world.accounts(&[account("A1"), blocked, excluded, twice, other]);
    world.file("a.pdf", PDF);
    world.manifest(&[
        "a.pdf,A1,VISA,,USA,,,,,",
        "a.pdf,B1,VISA,,USA,,,,,",
        "a.pdf,X1,VISA,,USA,,,,,",
        "a.pdf,D1,VISA,,USA,,,,,",
        "a.pdf,N1,VISA,,USA,,,,,",
        "a.pdf,,VISA,,USA,,,,,",
        "a.pdf,A1",
    ]);
    let told = world.check();
    for line in [
        "1 to send (1 MB), 6 not",
        "its account is blocked (line 3)",
        "its account is excluded (line 4)",
        "its account is a duplicate (line 5)",
        "no row of the export has its clientAccountId (line 6)",
        "it does not say its clientAccountId (line 7)",
        "fewer cells than the header (line 8)",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let sandbox = world.sandbox();
    world.run(&sandbox, &[]);
    let verdicts: Vec<i64> = world.planned().iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [0, 3, 3, 3, 4, 4, 4]);
    assert_eq!(sandbox.count("documents"), 1);
    assert!(
        world
            .gaps()
            .iter()
            .all(|gap| gap.starts_with("B1 owners[0].emailAddress")),
        "{:?}",
        world.gaps()
    );
}

#[test]
fn documents_whose_account_has_its_id_in_another_form_are_told() {
    let world = World::new("INDIVIDUAL");
    let excluded = format!("{}X", account("X01"));
    world.accounts(&[
        account("0001234"),
        account("C0002"),
        account("C3001"),
        excluded,
    ]);
    world.file("a.pdf", PDF);
    world.manifest(&[
        "a.pdf,1234,VISA,,USA,,,,,",
        "a.pdf,c0002,VISA,,USA,,,,,",
        "a.pdf,1234.0,VISA,,USA,,,,,",
        "a.pdf,x1,VISA,,USA,,,,,",
        "a.pdf,N1,VISA,,USA,,,,,",
        "a.pdf,3001,VISA,,USA,,,,,",
        "a.pdf,C0002-1,VISA,,USA,,,,,",
    ]);
    let told = world.check();
    for line in [
        "a row of the export has its clientAccountId in another form: zeros or letters in front, capitals, blanks, punctuation or what stands behind it differ (line 2, 3, 7, …)",
        "invalid: clientAccountId:",
        "no row of the export has its clientAccountId",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    // The customers are sent; whose the documents are, a person has to say.
    let (totals, code) = world.run(&world.sandbox(), &[]);
    assert_eq!(code, 3, "{totals}");
    assert_eq!(totals["documents"]["unclear"], 5, "{totals}");
    assert_eq!(totals["documents"]["no_account"], 7, "{totals}");
}

#[test]
fn an_owner_abroad_needs_an_identity_document_that_is_sent() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[foreign("F1"), foreign("F2"), foreign("F3"), account("A1")]);
    world.file("a.png", PNG);
    world.manifest(&[
        "a.png,F1,PASSPORT,FRONT,DEU,,,,,",
        "a.png,F2,W_8BEN_FORM,FRONT,DEU,,,,,",
        "none.png,F3,PASSPORT,FRONT,DEU,,,,,",
    ]);
    let told = world.check();
    assert!(told.contains("2  owners[0].identityDocument"), "{told}");
    world.run(&world.sandbox(), &[]);
    let gaps = [
        "F2 owners[0].identityDocument missing 0",
        "F3 documents.PASSPORT.FRONT missing 4",
        "F3 owners[0].identityDocument missing 0",
    ];
    assert_eq!(world.gaps(), gaps);
    let verdicts = world
        .journal()
        .prepare("SELECT group_concat(verdict || ' ' || gaps) FROM record")
        .unwrap()
        .query_row([], |row| row.get::<_, String>(0))
        .unwrap();
    assert_eq!(verdicts, "0 0,1 1,1 2,0 0");
}

/// `check` counts what planning writes.
#[test]
fn check_and_planning_agree() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[foreign("F1"), foreign("F2"), account("A1"), account("A2")]);
    world.file("a.png", PNG);
    world.manifest(&[
        "a.png,F1,PASSPORT,,DEU,,,,,",
        "none.png,A1,VISA,,USA,,,,,",
        "a.png,A2,VISA,,Nowhere,,,,,",
    ]);
    let gaps = world.dir().join("gaps.csv");
    let (checked, _) = crate::support::json_of(
        crate::support::program()
            .arg("check")
            .arg(world.dir())
            .arg("--json")
            .arg("--gaps")
            .arg(&gaps),
    );
    let (run, _) = world.run(&world.sandbox(), &[]);
    assert_eq!(checked["verdicts"], run["verdicts"]);
    assert_eq!(checked["gaps"], run["gaps"]);
    let lines = std::fs::read_to_string(gaps).unwrap();
    let lines: Vec<&str> = lines.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "export.csv,3,F2,grace,owners[0].identityDocument,G,missing,,,",
            "documents.csv,3,A1,grace,documents.VISA.UNSPECIFIED,G,missing,,,",
            "documents.csv,4,A2,grace,documents.VISA.UNSPECIFIED,G,invalid: issueCountry: not an ISO 3166-1 alpha-3 code,,,",
        ]
    );
}

#[test]
fn the_same_file_of_the_same_owner_goes_once() {
    let world = World::new("INDIVIDUAL");
    world.file("a.png", PNG);
    world.file("copy.png", PNG);
    world.manifest(&[
        "a.png,A1,PASSPORT,FRONT,USA,,,,,",
        "copy.png,A1,PASSPORT,FRONT,USA,,,,,",
        "a.png,A1,PASSPORT,BACK,USA,,,,,",
    ]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    let verdicts: Vec<i64> = world.planned().iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [0, 2, 0]);
    assert_eq!(sandbox.count("documents"), 2);
}

#[test]
fn a_folder_speaks_by_its_names() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("A1"), joint("A2", "50")]);
    world.settings(
        "[documents]\nroot = \"documents\"\npattern = [\"{clientAccountId}/{documentType}_{documentSide}.*\", \"{clientAccountId}/{owner_place}/{documentType}.*\"]\n",
    );
    for path in [
        "A1/passport_front.png",
        "A2/2/VISA.png",
        "N1/VISA_FRONT.png",
        "Jané Doe 1234.png",
        "A1/PASPORT_FRONT.png",
        "A1/._passport_front.png",
        "A1/~$passport_front.png",
        "Thumbs.db",
    ] {
        world.file(path, PNG);
    }
    let told = world.check();
    for line in [
        "2 to send",
        "no pattern fits its path: Aaaa Aaa 9999.aaa",
        "documentType is not one of Bakkt's words (A1/{documentType}_FRONT.*)",
        "({clientAccountId}/VISA_FRONT.*)",
        "a file that an operating system or an office program left",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(
        !told.contains("Jan") && !told.contains("N1") && !told.contains("PASPORT"),
        "{told}"
    );
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!(sandbox.count("documents"), 2);
    let journal = std::fs::read(world.dir().join(".bakkt-migrate/journal.db")).unwrap();
    for name in ["passport_front", "Jan", "PASPORT"] {
        let found = journal
            .windows(name.len())
            .any(|window| window == name.as_bytes());
        assert!(!found, "{name} is in the journal");
    }
    let counts = "SELECT f.rows || ' ' || (SELECT count(*) FROM document) || ' ' || (SELECT count(*) FROM unused) FROM file f WHERE role = 'documents'";
    let counts: String = world
        .journal()
        .query_row(counts, [], |row| row.get(0))
        .unwrap();
    assert_eq!(counts, "8 4 4");
}

#[test]
fn a_pattern_says_what_its_paths_do_not() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("A1"), joint("A2", "50")]);
    world.settings(
        "[documents]\nroot = \"documents\"\npattern = [{ path = \"{clientAccountId}_DL_{documentSide}.*\", documentType = \"DRIVERS_LICENSE\", owner_place = 1 }, \"{clientAccountId}_{documentType}.*\"]\n",
    );
    for path in [
        "A1_DL_FRONT.png",
        "A1_DL_back.png",
        "A2_DL_FRONT.png",
        "A1_PASSPORT.png",
    ] {
        world.file(path, PNG);
    }
    let told = world.check();
    assert!(told.contains("4 to send"), "{told}");
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!(sandbox.count("documents"), 4);
}

/// Ids of the export, paths, how many are sent, and the record and verdict of each document in the order of the folder.
#[test]
fn a_path_that_fits_several_customers_is_nobodys() {
    let nobody = (0, 4);
    for (ids, pattern, path, whose) in [
        (
            &["A", "A_1"][..],
            "{clientAccountId}_*.pdf",
            "A_1_pass.pdf",
            nobody,
        ),
        (
            &["A_1", "A"],
            "{clientAccountId}_*.pdf",
            "A_1_pass.pdf",
            nobody,
        ),
        (
            &["A", "B"],
            "{clientAccountId}_*.pdf",
            "A_1_pass.pdf",
            (1, 0),
        ),
        (
            &["B", "A_1"],
            "{clientAccountId}_*.pdf",
            "A_1_pass.pdf",
            (2, 0),
        ),
        (
            &["B", "C"],
            "{clientAccountId}_*.pdf",
            "A_1_pass.pdf",
            nobody,
        ),
        (
            &["A", "A_1"],
            "{clientAccountId}_*.pdf",
            "A_pass.pdf",
            (1, 0),
        ),
        // An id does not end inside a word or number.
        (&["C", "C1"], "{clientAccountId}*.pdf", "C10.pdf", nobody),
        (
            &["C1", "C10"],
            "{clientAccountId}*.pdf",
            "C10_pass.pdf",
            (2, 0),
        ),
        (
            &["C-1", "C"],
            "{clientAccountId}*.pdf",
            "C-1 pass.pdf",
            nobody,
        ),
        (&["10", "0"], "*{clientAccountId}.pdf", "pass10.pdf", nobody),
        (
            &["10", "2-10"],
            "*-{clientAccountId}.pdf",
            "p-2-10.pdf",
            nobody,
        ),
        (
            &["10", "3-10"],
            "*-{clientAccountId}.pdf",
            "p-2-10.pdf",
            (1, 0),
        ),
        (
            &["A", "A_1"],
            "s/{clientAccountId}_*/x_*.pdf",
            "s/A_1_q/x_1.pdf",
            nobody,
        ),
    ] {
        let world = World::new("INDIVIDUAL");
        let rows: Vec<String> = ids.iter().map(|id| account(id)).collect();
        world.accounts(&rows);
        world.settings(&format!(
            "[documents]\nroot = \"documents\"\npattern = {{ path = \"{pattern}\", documentType = \"PASSPORT\", owner_place = 1 }}\n"
        ));
        world.file(path, PDF);
        let told = world.check();
        let sent = if whose.0 == 0 {
            "0 to send"
        } else {
            "1 to send"
        };
        assert!(told.contains(sent), "{ids:?} {path}: {told}");
        world.run(&world.sandbox(), &["--limit", "0"]);
        let planned: (i64, i64) = world
            .journal()
            .query_row(
                "SELECT coalesce(record, 0), verdict FROM document",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(planned, whose, "{ids:?} {pattern} {path}");
    }
}

#[test]
fn a_path_that_fits_several_customers_is_told() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[account("A"), account("A_1")]);
    world.settings(
        "[documents]\nroot = \"documents\"\npattern = [\"{clientAccountId}_{owner_place}_{documentType}.*\", \"{clientAccountId}_{documentType}.*\", { path = \"{clientAccountId}_*.pdf\", documentType = \"VISA\" }]\n",
    );
    world.file("A_1_PASSPORT.png", PNG);
    world.file("A_1_scan.pdf", PDF);
    world.file("A_2_scan.pdf", PDF);
    let told = world.check();
    let words = "its path fits the clientAccountIds of several rows of the export";
    assert!(told.contains(words) && told.contains("1 to send"), "{told}");
    let sandbox = world.sandbox();
    let (totals, code) = world.run(&sandbox, &[]);
    // Whose the others are, a person has to say.
    assert_eq!((code, sandbox.count("documents")), (3, 1));
    assert!(
        totals["documents"]["of_several"].as_u64() > Some(0),
        "{totals}"
    );
    world.accounts(&[account("A_1")]);
    let output = crate::support::program()
        .args(["replan", "--base-url", &sandbox.base_url(), "--reason", "x"])
        .arg(world.dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    world.run(&sandbox, &[]);
    assert_eq!(sandbox.count("documents"), 3);
}

#[test]
fn mistakes_of_all_files_are_told_together() {
    let world = World::new("INDIVIDUAL");
    world.with_policy("\"kyb.INDIVIDUAL\" = { level = \"O\", reason = \"x\" }\n\"kyb.ENTITY\" = { level = \"G\", reason = \"x\" }");
    world.write("documents.toml", "account_type = \"ENTITY\"\n[fields]\nfile = \"FIL\"\nclientAccountId = \"ACCT\"\ndocumentTyp = \"TYPE\"\ndocumentSide = { const = \"LEFT\" }\n");
    let told = world.check();
    for words in [
        "`kyb.INDIVIDUAL` cannot be moved",
        "`kyb.ENTITY` cannot be moved",
        "unknown key `account_type`",
        "no column `FIL`",
        "did you mean `documentType`?",
        "\"LEFT\" does not fit",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    world.with_policy("");
    world.write(
        "documents.toml",
        "[fields]\nfile = \"FILE\"\nclientAccountId = \"ACCT\"\n",
    );
    assert!(
        world.check().contains("nothing feeds `documentType`"),
        "{}",
        world.check()
    );
    for (more, words) in [
        (
            "[documents]\nroot = \"documents\"\n",
            "one place where documents are spoken of",
        ),
        (
            "[documents]\npattern = \"{clientAccountId}/{documentType}\"\n",
            "no `root`",
        ),
        (
            "[documents]\nroot = \"documents\"\npattern = \"{clientAccountId}\"\n",
            "no {documentType}",
        ),
        (
            "[documents]\nroot = \"documents\"\npattern = { path = \"{clientAccountId}.*\", documentType = \"VISUM\" }\n",
            "`documentType` cannot be \"VISUM\"",
        ),
        (
            "[documents]\nroot = \"documents\"\npattern = { path = \"{clientAccountId}_{documentType}.*\", documentType = \"VISA\" }\n",
            "the pattern says documentType twice",
        ),
        (
            "[documents]\nroot = \"nowhere\"\npattern = \"{clientAccountId}/{documentType}\"\n",
            "cannot open the documents folder nowhere",
        ),
        (
            "[documents]\nroot = \"documents\"\nmanifest = \"none.csv\"\nmapping = \"documents.toml\"\n",
            "none.csv: No such file or directory (os error 2)\n  next: check `manifest`",
        ),
    ] {
        world.settings(more);
        assert!(world.check().contains(words), "{words}\n{}", world.check());
    }
}

/// What `check` prints of a folder that these patterns speak of, with its exit code.
fn checked(world: &World, pattern: &str) -> (String, Option<i32>) {
    world.settings(&format!(
        "[documents]\nroot = \"documents\"\npattern = {pattern}\n"
    ));
    let output = crate::support::program()
        .arg("check")
        .arg(world.dir())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8_lossy(&text).into_owned(),
        output.status.code(),
    )
}

#[test]
fn a_place_of_documents_that_has_none_is_told() {
    let world = World::new("INDIVIDUAL");
    let both = r#"["{clientAccountId}_{documentType}.png", "{clientAccountId}/{documentType}.*"]"#;
    let (said, code) = checked(&world, both);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("no file is in the documents folder documents"),
        "{said}"
    );

    world.file("A1_PASSPORT.png", PNG);
    let (said, code) = checked(&world, both);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("documents   1 to send"), "{said}");
    let found = "1  unused_pattern: a pattern of documents fits no file";
    assert!(said.contains(found), "{said}");
    assert!(said.contains("\n               migration.toml:"), "{said}");
    let (said, _) = checked(&world, r#""{clientAccountId}_{documentType}.*""#);
    assert!(!said.contains("unused_pattern"), "{said}");

    for (pattern, words) in [
        ("[]", "`pattern` names no pattern"),
        (r#""**/{clientAccountId}_{documentType}.*""#, "no `**`"),
        (r#""{clientAccountId}_{documentType}.pn?""#, "no `?`"),
        (r"'{clientAccountId}\{documentType}.*'", r"no `\`"),
    ] {
        let (said, code) = checked(&world, pattern);
        assert_eq!(code, Some(2), "{pattern}: {said}");
        assert!(said.contains(words), "{pattern}: {said}");
    }

    // A manifest without a row.
    let world = World::new("INDIVIDUAL");
    let said = world.check();
    assert!(said.contains("unused_pattern"), "{said}");
    assert!(said.contains("\n               documents.csv\n"), "{said}");
}
