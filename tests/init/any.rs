//! Whatever an export is called and holds, what `init` writes compiles.

use std::fs;

use crate::support::program;

/// Pieces of headers, known and unknown.
const HEADERS: &[&str] = &[
    "CUST",
    "ACCT",
    "NO",
    "TYPE",
    "STATUS",
    "FIRST",
    "LAST",
    "NAME",
    "NM",
    "FULL",
    "BIRTH",
    "DOB",
    "DT",
    "SSN",
    "TAX",
    "ID",
    "CD",
    "CTRY",
    "ADDR",
    "1",
    "2",
    "CITY",
    "ST",
    "ZIP",
    "MAIL",
    "JT",
    "EMP",
    "TC",
    "OWNER",
    "PCT",
    "ROLE",
    "ENTITY",
    "LEGAL",
    "FORM",
    "EIN",
    "REG",
    "OP",
    "EMAIL",
    "PHONE",
    "CELL",
    "NET",
    "WORTH",
    "INCOME",
    "RISK",
    "OBJ",
    "EXP",
    "AGR",
    "VER",
    "SIGNED",
    "XQZ",
    "FIELD",
    "KIND",
    "PEP",
    "AML",
    "COUNTRIES",
    "MGR",
    "SUFFIX",
    "",
    "TOKEN",
    "SETTLE",
];

/// Values of many forms; all invented.
const VALUES: &[&str] = &[
    "Ann",
    "Ann Lee",
    "LEE, ANN Q",
    "Lee Holdings LLC",
    "A-10000",
    "03/31/1984",
    "31.03.1984",
    "1984-03-31",
    "2024-03-31T09:30:00Z",
    "987-65-4320",
    "00-1234567",
    "60601",
    "2134",
    "IL",
    "Illinois",
    "US",
    "Germany",
    "US;Canada",
    "ann@example.com",
    "(312) 555-0123",
    "1 Elm St",
    "1 Elm St;Chicago;IL;60601;USA",
    "Chicago, IL",
    "$85,000",
    "85000",
    "24%",
    "Y",
    "N",
    "S",
    "M",
    "1",
    "7",
    "PRIMARY_OWNER",
    "Agreement v2.1",
    "N/A",
    "",
    "",
    "€5",
    "\"quoted\" \\ text",
    "50,000 - 100,000",
];

fn some<'a>(random: &mut fastrand::Rng, all: &[&'a str]) -> &'a str {
    all[random.usize(..all.len())]
}

fn export(random: &mut fastrand::Rng, keys: &[String]) -> String {
    let columns = random.usize(2..14);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = |random: &mut fastrand::Rng| {
        let parts: Vec<&str> = (0..random.usize(1..4))
            .map(|_| some(random, HEADERS))
            .collect();
        parts.join("_")
    };
    let mut names = vec!["ACCOUNT_NUMBER".to_owned()];
    names.extend((0..columns).map(|_| header(random)));
    writer.write_record(&names).unwrap();
    // Mostly one form a column.
    let forms: Vec<&str> = (0..columns).map(|_| some(random, VALUES)).collect();
    for key in keys {
        let cells = forms.iter().map(|form| {
            if random.usize(..5) > 0 {
                *form
            } else {
                some(random, VALUES)
            }
        });
        let mut row = vec![key.clone()];
        row.extend(cells.map(str::to_owned));
        writer.write_record(&row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[test]
fn what_init_writes_has_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..60 {
        let random = &mut fastrand::Rng::with_seed(seed);
        let dir = folder.path().join(seed.to_string());
        fs::create_dir(&dir).unwrap();
        let keys: Vec<String> = (0..30).map(|number| format!("A-{number:05}")).collect();
        fs::write(dir.join("accounts.csv"), export(random, &keys)).unwrap();
        let mut files = vec![dir.join("accounts.csv")];
        if random.bool() {
            let more: Vec<String> = (0..45)
                .map(|_| keys[random.usize(..keys.len())].clone())
                .collect();
            fs::write(dir.join("more.csv"), export(random, &more)).unwrap();
            files.push(dir.join("more.csv"));
        }
        let init = program()
            .arg("init")
            .arg(dir.join("m"))
            .arg("--from")
            .args(&files)
            .output()
            .unwrap();
        assert!(
            init.status.success(),
            "{seed}: {}",
            String::from_utf8_lossy(&init.stderr)
        );
        let check = program().arg("check").arg(dir.join("m")).output().unwrap();
        let code = check.status.code().unwrap();
        assert!(
            code == 0 || code == 3,
            "{seed}: {}",
            String::from_utf8_lossy(&check.stderr)
        );
    }
}
