//! From the plan to the sandbox: what reaches it, when, and what is held.

use super::world::{PDF, PNG, World, account, joint};

fn metadata(sandbox: &crate::support::SandboxProcess, world: &World) -> Vec<String> {
    let journal = world.journal();
    let mut rows = journal
        .prepare("SELECT uuid FROM document WHERE verdict = 0 ORDER BY id")
        .unwrap();
    let ids = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| {
        let id = id.unwrap();
        let path = format!("/apex-crypto/api/v2/documents/{id}/metadata");
        let (status, body) = sandbox.get(&path).unwrap();
        assert_eq!(status, 200);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["request"]["clientDocumentId"], id.as_str());
        let mut request = body["request"].clone();
        request.as_object_mut().unwrap().remove("clientDocumentId");
        request.to_string()
    })
    .collect()
}

#[test]
fn metadata_arrive_as_the_guide_spells_them() {
    let world = World::new("INDIVIDUAL");
    world.accounts(&[joint("A1", "50")]);
    world.file("a.png", PNG);
    world.manifest(&[
        "a.png,A1,PASSPORT,FRONT,USA,12/31/2099,a passport,second,,",
        "a.png,A1,TRUST_CERTIFICATION,,,,,,,",
    ]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    let wanted: Vec<serde_json::Value> = [
        r#"{"account":"A1","documentType":"PASSPORT","documentSide":"FRONT","clientOwnerId":"second","description":"a passport","documentExpiration":"2099-12-31T00:00:00Z","issueCountry":"USA"}"#,
        r#"{"account":"A1","documentType":"TRUST_CERTIFICATION","documentSide":"FRONT"}"#,
    ]
    .map(|text| serde_json::from_str(text).unwrap())
    .into();
    let got: Vec<serde_json::Value> = metadata(&sandbox, &world)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(got, wanted);
}

#[test]
fn a_two_digit_year_of_an_expiration_lies_ahead() {
    for date in [r#""mdy""#, r#""%m/%d/%y""#] {
        let world = World::new("INDIVIDUAL");
        world.file("a.png", PNG);
        let path = world.dir().join("documents.toml");
        let mapping = std::fs::read_to_string(path).unwrap();
        world.write("documents.toml", &mapping.replace(r#""%m/%d/%Y""#, date));
        world.manifest(&["a.png,A1,PASSPORT,FRONT,USA,12/31/79,,,,"]);
        let sandbox = world.sandbox();
        assert_eq!(world.run(&sandbox, &[]).1, 0, "{date}");
        let sent = metadata(&sandbox, &world).concat();
        assert!(sent.contains("2079-12-31T00:00:00Z"), "{sent}");
    }
}

/// Everything that KYB wants of an account with two owners above 25 %.
const CHECKLIST: [&str; 7] = [
    "a.png,A1,CERTIFICATE_OF_INCORPORATION,,USA,,,,,",
    "a.png,A1,ENTITY_DUE_DILIGENCE,,USA,,,,,governing_documents;shareholder_registry",
    "b.pdf,A1,ENTITY_DUE_DILIGENCE,,USA,,,,,organization_chart",
    "a.png,A1,CERTIFICATE_OF_BENEFICIAL_OWNERS,,USA,,,,,",
    "a.png,A1,PASSPORT,FRONT,USA,,,,1,",
    "a.png,A1,DRIVERS_LICENSE,FRONT,USA,,,,2,",
    "b.pdf,A1,DRIVERS_LICENSE,BACK,USA,,,,2,",
];

fn custodial() -> World {
    let world = World::new("CUSTODIAL");
    world.accounts(&[joint("A1", "50")]);
    world.file("a.png", PNG);
    world.file("b.pdf", PDF);
    world
}

#[test]
fn kyb_follows_a_complete_checklist_only() {
    let world = custodial();
    world.manifest(&CHECKLIST);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!((sandbox.count("documents"), sandbox.count("kyb")), (7, 1));

    for left_out in [1, 4, 6] {
        let world = custodial();
        let mut rows = CHECKLIST.to_vec();
        rows.remove(left_out);
        world.manifest(&rows);
        let sandbox = world.sandbox();
        world.run(&sandbox, &[]);
        assert_eq!(
            (sandbox.count("documents"), sandbox.count("kyb")),
            (6, 0),
            "{left_out}"
        );
        assert_eq!(world.tasks(4), [(1, "incomplete".to_owned())]);
    }
}

#[test]
fn policy_decides_who_needs_kyb() {
    let world = custodial();
    world.with_policy("\"kyb.CUSTODIAL\" = { level = \"O\", reason = \"agreed\" }");
    world.manifest(&["a.png,A1,PASSPORT,FRONT,USA,,,,1,"]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!(
        (sandbox.count("documents"), sandbox.count("kyb_posts")),
        (1, 0)
    );
    assert!(world.tasks(4).is_empty());

    // With KYB it must say whose it is, also where there is one owner.
    let world = World::new("CUSTODIAL");
    world.file("a.png", PNG);
    world.accounts(&[account("A1")]);
    world.manifest(&["a.png,A1,PASSPORT,FRONT,USA,,,,,"]);
    assert!(world.check().contains("which owner"), "{}", world.check());
}

#[test]
fn a_document_that_changed_since_it_was_planned_is_held_and_nothing_else_is() {
    let world = World::new("INDIVIDUAL");
    for name in ["same", "other", "gone", "type", "out"] {
        world.file(&format!("{name}.png"), &[PNG, name.as_bytes()].concat());
    }
    world.manifest(&[
        "same.png,A1,PASSPORT,FRONT,USA,,,,,",
        "other.png,A1,PASSPORT,FRONT,USA,,,,,",
        "gone.png,A1,PASSPORT,FRONT,USA,,,,,",
        "type.png,A1,PASSPORT,FRONT,USA,,,,,",
        "out.png,A1,PASSPORT,FRONT,USA,,,,,",
    ]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &["--limit", "0"]).1, 0);
    assert_eq!(world.tasks(3).len(), 5);
    // As long as the one before, so that only its content tells.
    world.file("other.png", &[PNG, b"ohter"].concat());
    world.file("type.png", PDF);
    std::fs::remove_file(world.documents().join("gone.png")).unwrap();
    std::fs::remove_file(world.documents().join("out.png")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", world.documents().join("out.png")).unwrap();
    world.run(&sandbox, &[]);
    assert_eq!(
        (sandbox.count("accounts"), sandbox.count("documents")),
        (1, 1)
    );
    let states: Vec<i64> = world.tasks(3).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, [4, 1, 1, 1, 1]);
}

#[test]
fn a_document_that_was_held_before_it_left_was_never_sent() {
    let world = World::new("INDIVIDUAL");
    world.file("a.png", PNG);
    world.file("b.png", &[PNG, b"b"].concat());
    let both = [
        "a.png,A1,PASSPORT,FRONT,USA,,,,,",
        "b.png,A1,VISA,FRONT,USA,,,,,",
    ];
    world.manifest(&both);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &["--limit", "0"]).1, 0);
    std::fs::remove_file(world.documents().join("b.png")).unwrap();
    // It is tried again by each run, and leaves in none.
    for _ in 0..2 {
        assert_eq!(world.run(&sandbox, &[]).1, 3);
    }
    let attempts = || -> Vec<(String, String)> {
        let path = world.dir().join("report/documents.csv");
        let mut reader = csv::Reader::from_path(path).unwrap();
        let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>();
        let rows = rows.map(|row| row.unwrap());
        rows.map(|row| (row["state"].clone(), row["attempts"].clone()))
            .collect()
    };
    let pair = |state: &str, count: &str| (state.to_owned(), count.to_owned());
    assert_eq!(attempts(), [pair("accepted", "1"), pair("held", "0")]);

    let replan = crate::support::program()
        .args(["replan", "--reason", "a test"])
        .arg(world.dir())
        .args(["--base-url", &sandbox.base_url()])
        .output()
        .unwrap();
    assert!(replan.status.success(), "{replan:?}");
    let (summary, _) = world.run(&sandbox, &[]);
    assert!(summary["dropped"].is_null(), "{summary}");
    let page = std::fs::read_to_string(world.dir().join("report/report.html")).unwrap();
    assert!(!page.contains("were sent, not accepted"), "{page}");
    assert_eq!(attempts(), [pair("accepted", "1"), pair("", "0")]);
    assert_eq!(sandbox.count("documents"), 1);
}

#[test]
fn a_folder_is_read_again_by_its_sealed_paths() {
    let world = World::new("INDIVIDUAL");
    world.settings("[documents]\nroot = \"documents\"\npattern = \"{clientAccountId}/{documentType}_{documentSide}_{issueCountry}.*\"\n");
    world.file("A1/PASSPORT_FRONT_usa.png", PNG);
    world.file("A1/VISA_BACK_DEU.png", PNG);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &["--limit", "0"]).1, 0);
    // Another name says something else, and the old one is gone.
    std::fs::rename(
        world.documents().join("A1/VISA_BACK_DEU.png"),
        world.documents().join("A1/VISA_FRONT_DEU.png"),
    )
    .unwrap();
    world.run(&sandbox, &[]);
    assert_eq!(sandbox.count("documents"), 1);
    let states: Vec<i64> = world.tasks(3).into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, [4, 1]);
}

#[test]
fn a_changed_manifest_stops_the_run_and_replan_goes_on() {
    let world = World::new("INDIVIDUAL");
    world.file("a.png", PNG);
    world.manifest(&["a.png,A1,PASSPORT,FRONT,USA,,,,,"]);
    let sandbox = world.sandbox();
    assert_eq!(world.run(&sandbox, &["--limit", "0"]).1, 0);
    world.manifest(&[
        "a.png,A1,PASSPORT,FRONT,USA,,,,,",
        "a.png,A1,VISA,FRONT,USA,,,,,",
    ]);
    let mut run = crate::support::program();
    let output = run
        .arg("run")
        .arg(world.dir())
        .args(["--base-url", &sandbox.base_url()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("the manifest documents.csv"), "{told}");
    let mut replan = crate::support::program();
    let output = replan
        .args(["replan", "--reason", "a test"])
        .arg(world.dir())
        .args(["--base-url", &sandbox.base_url()])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(world.run(&sandbox, &[]).1, 0);
    assert_eq!(sandbox.count("documents"), 2);
}

#[test]
fn a_limit_announces_what_so_many_accounts_need() {
    let world = World::new("INDIVIDUAL");
    let ids: Vec<String> = (1..=5).map(|number| format!("A{number}")).collect();
    let accounts: Vec<String> = ids.iter().map(|id| account(id)).collect();
    world.accounts(&accounts);
    // The first has one document, the second two, and so on.
    let mut rows = Vec::new();
    for number in 1..=5 {
        for document in 1..=number {
            let name = format!("{number}-{document}.png");
            world.file(&name, &[PNG, name.as_bytes()].concat());
            rows.push(format!("{name},A{number},TRUST_CERTIFICATION,,,,,,,"));
        }
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    world.manifest(&rows);
    let sandbox = world.sandbox();
    let said = |more: &[&str]| {
        let output = crate::support::program()
            .arg("run")
            .arg(world.dir())
            .args(["--base-url", &sandbox.base_url()])
            .args(more)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        (text, output.status.code())
    };
    for (limit, announced) in [
        ("1", "1 accounts and 1 documents to send"),
        ("2", "2 accounts and 5 documents to send"),
        ("9", "2 accounts and 9 documents to send"),
    ] {
        let (text, code) = said(&["--limit", limit]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(announced), "{text}");
    }
    assert_eq!(sandbox.count("accounts"), 5);
}
