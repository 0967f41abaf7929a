//! The dialect and the header of CSV files: snippets of exports as people have them, and every export of this repository.
//!
//! Each row of the tables is a trap that some exporter sets.

use std::fs;
use std::path::{Path, PathBuf};

use bakkt_source::dialect::{DialectGuess, DialectSettings, find, header_row};

fn found(text: &str) -> DialectGuess {
    find(text.as_bytes(), true, DialectSettings::default())
}

/// What it is about, the text, its delimiter, its columns, its header.
type Snippet = (&'static str, &'static str, char, usize, Option<usize>);

const SNIPPETS: &[Snippet] = &[
    (
        "comma",
        "ID,NAME,CITY\n1,Ann,Austin\n2,Bo,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "semicolon",
        "ID;NAME;CITY\n1;Ann;Austin\n2;Bo;Waco\n",
        ';',
        3,
        Some(0),
    ),
    (
        "tab",
        "ID\tNAME\tCITY\n1\tAnn\tAustin\n2\tBo\tWaco\n",
        '\t',
        3,
        Some(0),
    ),
    (
        "pipe",
        "ID|NAME|CITY\n1|Ann|Austin\n2|Bo|Waco\n",
        '|',
        3,
        Some(0),
    ),
    ("CRLF", "ID;NAME\r\n1;Ann\r\n2;Bo\r\n", ';', 2, Some(0)),
    ("CR only", "ID;NAME\r1;Ann\r2;Bo\r", ';', 2, Some(0)),
    (
        "line ends mixed",
        "ID|NAME\r\n1|Ann\n2|Bo\r3|Cy",
        '|',
        2,
        Some(0),
    ),
    (
        "blank lines first",
        "\n\r\n\nID;NAME\n\n1;Ann\n",
        ';',
        2,
        Some(0),
    ),
    (
        "no line end at the end",
        "ID\tNAME\n1\tAnn",
        '\t',
        2,
        Some(0),
    ),
    ("header only", "ID,EMAIL,FIRST,LAST\n", ',', 4, Some(0)),
    (
        "header only, semicolons",
        "Kunde;Vorname;Nachname",
        ';',
        3,
        Some(0),
    ),
    (
        "names with commas, quoted",
        "ID,NAME\n1,\"Example, Ann\"\n2,\"Sample, Bo\"\n",
        ',',
        2,
        Some(0),
    ),
    (
        "names with commas in a semicolon file",
        "ID;NAME;CITY\n1;Example, Ann;Austin\n2;Sample, Bo;Waco\n",
        ';',
        3,
        Some(0),
    ),
    (
        "names with commas in the header too",
        "ID;Name, first;City\n1;Example, Ann;Austin\n2;Sample, Bo;Waco\n",
        ';',
        3,
        Some(0),
    ),
    (
        "names with commas in a tab file",
        "ID\tNAME\n1\tExample, Ann\n2\tSample, Bo\n",
        '\t',
        2,
        Some(0),
    ),
    (
        "semicolons inside of quoted cells",
        "ID,ROLES\n1,\"A;B;C\"\n2,\"B;C;D\"\n",
        ',',
        2,
        Some(0),
    ),
    (
        "semicolons inside of bare cells",
        "ID,ROLES,CITY\n1,A;B;C,Austin\n2,B;C;D,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "semicolons in the header too",
        "ID,ROLES (A;B),CITY\n1,A;B,Austin\n2,B;C,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "pipes in one column",
        "ID,TAGS,CITY\n1,a|b,Austin\n2,c|d,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "pipes in one column, header too",
        "ID,KIND|GRADE,CITY\n1,a|b,Austin\n2,c|d,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "tabs inside of texts",
        "ID,NOTE,CITY\n1,a\tb,Austin\n2,c,Waco\n3,d\te,Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "decimal commas",
        "KONTO;BETRAG;LIMIT\n11;1,5;2,5\n12;3,5;4,5\n",
        ';',
        3,
        Some(0),
    ),
    (
        "decimal commas everywhere, two columns",
        "A;B\n1,5;2,5\n3,5;4,5\n",
        ';',
        2,
        Some(0),
    ),
    (
        "decimal commas without a header",
        "1,5;2,5\n3,5;4,5\n",
        ';',
        2,
        None,
    ),
    (
        "thousands with commas in a pipe file",
        "ID|INCOME|WORTH\n1|1,200|3,400\n2|5,600|7,800\n",
        '|',
        3,
        Some(0),
    ),
    (
        "everything quoted",
        "\"ID\";\"NAME\"\n\"1\";\"Ann\"\n\"2\";\"Bo, Cy\"\n",
        ';',
        2,
        Some(0),
    ),
    (
        "quotes doubled inside",
        "ID,NAME\n1,\"Ann \"\"A, B; C\"\" Example\"\n2,\"x, y\"\n",
        ',',
        2,
        Some(0),
    ),
    (
        "line ends inside of quotes",
        "ID,ADDR,CITY\n1,\"12 Road\nUnit; 5\",Austin\n2,\"13 Road\nUnit; 6\",Waco\n",
        ',',
        3,
        Some(0),
    ),
    (
        "inch marks",
        "ID\tITEM\tCITY\n1\t5\" disk\tAustin\n2\t3\" disk\tWaco\n",
        '\t',
        3,
        Some(0),
    ),
    (
        "a quote that never closes",
        "ID;NAME\n1;Ann\n2;\"Bo\n3;Cy\n4;Di\n5;Ed\n",
        ';',
        2,
        Some(0),
    ),
    (
        "a delimiter at the end of every row",
        "ID;NAME;\n1;Ann;\n2;Bo;\n",
        ';',
        3,
        Some(0),
    ),
    (
        "a delimiter more than the header has",
        "ID;NAME\n1;Ann;\n2;Bo;\n",
        ';',
        3,
        Some(0),
    ),
    (
        "rows too short and too long",
        "ID,A,B,C\n1,x\n2,x,y,z\n3,x,y,z,q\n4,x,y,z\n",
        ',',
        4,
        Some(0),
    ),
    ("one column", "ID\n1001\n1002\n", ',', 1, Some(0)),
    (
        "one column of texts with commas",
        "NOTE\nhello, you\ngood bye\nand so, on\n",
        ',',
        2,
        Some(0),
    ),
    (
        "titles",
        "Customers of Example Bank\nas of 2024-03-31\n\nID,NAME,CITY,ZIP\n1,Ann,Austin,73301\n2,Bo,Waco,76701\n",
        ',',
        4,
        Some(2),
    ),
    (
        "titles filled up with delimiters",
        "Customers,,,\n,,,\nID,NAME,CITY,ZIP\n1,Ann,Austin,73301\n2,Bo,Waco,76701\n",
        ',',
        4,
        Some(1),
    ),
    (
        "a title of two cells",
        "Report:;Customers;;;;\nID;NAME;CITY;ZIP;BORN;MAIL\n1;Ann;Austin;73301;1980-02-03;a@example.com\n",
        ';',
        6,
        Some(1),
    ),
    (
        "titles, texts only",
        "Customers\nID,NAME,CITY\nA-1,Ann,Austin\nA-2,Bo,Waco\n",
        ',',
        3,
        Some(1),
    ),
    (
        "totals at the end",
        "ID,NAME,AMOUNT\nA-1,Ann,5\nA-2,Bo,6\nTotal,,11\nRows: 2\n",
        ',',
        3,
        Some(0),
    ),
    (
        "no header: dates",
        "A-1,Ann,1980-02-03\nA-2,Bo,1981-03-04\n",
        ',',
        3,
        None,
    ),
    (
        "no header: mails",
        "Ann;ann@example.com\nBo;bo@example.com\n",
        ';',
        2,
        None,
    ),
    (
        "no header: numbers",
        "1001|Ann|73301\n1002|Bo|76701\n",
        '|',
        3,
        None,
    ),
    ("no header: one row", "1001,Ann,02/03/1980\n", ',', 3, None),
    (
        "years for names",
        "ID,NAME,2022,2023,2024\nA-1,Ann,5,6,7\nA-2,Bo,8,9,10\n",
        ',',
        5,
        Some(0),
    ),
    (
        "years for names, numbers for ids",
        "ID,2022,2023\n1,5,6\n2,8,9\n",
        ',',
        3,
        Some(0),
    ),
    (
        "names left out",
        "ID,,NAME,\n1,x,Ann,y\n2,x,Bo,y\n",
        ',',
        4,
        Some(0),
    ),
    (
        "most names left out, texts below",
        "ID,NAME,,\nA-1,Ann,Lee,Austin\nA-2,Bo,Ray,Waco\n",
        ',',
        4,
        Some(0),
    ),
    (
        "the same name twice",
        "ID,NAME,NAME\n1,Ann,Lee\n2,Bo,Ray\n",
        ',',
        3,
        Some(0),
    ),
    ("texts only", "CODE,NAME\nA,Ann\nB,Bo\n", ',', 2, Some(0)),
    (
        "a sparse table",
        "ID,A,B,C,D,E\n1,x,,,,\n2,,,,,\n3,,y,,,\n",
        ',',
        6,
        Some(0),
    ),
    (
        "blanks after commas",
        "ID, NAME, CITY\n1, Ann, Austin\n2, Bo, Waco\n",
        ',',
        3,
        Some(0),
    ),
    ("numbers only", "ID,A,B\n1,2,3\n4,5,6\n", ',', 3, Some(0)),
    (
        "nicknames",
        "ID|NAME|CITY\n1|Robert \"Bob\" Lee|Austin\n2|Ann|Waco\n",
        '|',
        3,
        Some(0),
    ),
    (
        "caret",
        "ID^NAME^CITY\n1^Ann^Austin\n2^Bo^Waco\n",
        '^',
        3,
        Some(0),
    ),
    ("tilde", "ID~NAME\n1~Ann, Lee\n2~Bo\n", '~', 2, Some(0)),
    (
        "unit separator",
        "ID\x1fNAME\n1\x1fAnn\n2\x1fBo\n",
        '\x1f',
        2,
        Some(0),
    ),
    (
        "character one",
        "ID\x01NAME\n1\x01Ann\n2\x01Bo\n",
        '\x01',
        2,
        Some(0),
    ),
    (
        "colon",
        "ID:NAME:CITY\n1:Ann:Austin\n2:Bo:Waco\n",
        ':',
        3,
        Some(0),
    ),
    (
        "times",
        "ID,TIME (hh:mm:ss)\n1,10:20:30\n2,11:21:31\n",
        ',',
        2,
        Some(0),
    ),
];

#[test]
fn rows_like_the_others_are_no_header() {
    let table = |text: &str| -> Vec<Vec<String>> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        text.lines().map(cells).collect()
    };
    for rows in [
        "A,IND,Mara,Quill,AZ,M\nA,IND,Ann,Example,OR,F\nA,JNT,Bo,Sample,MA,M",
        "Mara,Quill,1318 Sample Road,Austin,TX,73301\nAnn,Example,190 Test Lane,Waco,TX,76701",
        "Mara,Quill\nAnn,Example\nBo,Sample",
        "C1001,Mara,Quill\nC1002,Ann,Example\nC1003,Bo,Sample",
        "MARA,QUILL,TX\nANN,EXAMPLE,TX\nBO,SAMPLE,NV",
        "1001,Mara,Quill\n1002,Ann,Example",
        "x,03/31/1984\ny,04/01/1985",
    ] {
        assert_eq!(header_row(&table(rows)), None, "{rows}");
    }
    for rows in [
        "FIRST,LAST,CITY\nMara,Quill,Austin\nAnn,Example,Waco",
        "Vorname,Nachname,Ort\nMara,Quill,Austin\nAnn,Example,Waco",
        "first_name,last_name\nMara,Quill\nAnn,Example",
        "CODE,STATE\nA,TX\nB,NV\nC,OR",
        "ADDR1,ADDR2,CITY\n12 Sample Rd,Apt 3,Austin\n7 Test Ln,Apt 4,Austin",
        "Account Type,Owner\nIND,Mara Quill\nJNT,Ann Example",
        "ID,2023,2024\nC1,5,7\nC2,6,8",
        "NAME\nMara",
        "FIRST,LAST",
    ] {
        assert_eq!(header_row(&table(rows)), Some(0), "{rows}");
    }
}

#[test]
fn snippets_are_found_as_a_person_reads_them() {
    assert!(SNIPPETS.len() > 40);
    for (about, text, delimiter, columns, header) in SNIPPETS {
        let guess = found(text);
        let quote = guess.dialect.quote;
        // Quotes that stand around nothing are text.
        let expected = Some(b'"').filter(|_| !["inch marks", "nicknames"].contains(about));
        assert_eq!(
            (
                char::from(guess.dialect.delimiter),
                guess.columns,
                guess.header,
                quote
            ),
            (*delimiter, *columns, *header, expected),
            "{about}"
        );
    }
}

#[test]
fn what_is_not_clear_is_said() {
    for (text, sure) in [
        ("ID,NAME,CITY\n1,Ann,Austin\n2,Bo,Waco\n", true),
        ("ID;BETRAG;LIMIT\n11;1,5;2,5\n12;3,5;4,5\n", true),
        ("ID,KIND|GRADE\n1,a|b\n2,c|d\n", false),
        ("ID\n1001\n1002\n", false),
        ("ID,NAME\n", false),
        ("", false),
    ] {
        assert_eq!(found(text).is_confident, sure, "{text:?}");
    }
    assert_eq!(found("").header, None);
    assert_eq!(found("\n\r\n").header, None);
}

#[test]
fn a_first_line_for_excel_is_no_row() {
    for (text, delimiter, sep, header) in [
        ("sep=;\r\nID;NAME\r\n1;Ann\r\n", ';', 7, Some(0)),
        ("SEP=,\nID,NAME\n1,Ann\n", ',', 6, Some(0)),
        ("\"sep=|\"\nID|NAME\n1|Ann\n", '|', 8, Some(0)),
        ("sep=\t\nID\tNAME\n1\tAnn\n", '\t', 6, Some(0)),
        // A delimiter that nothing else would find.
        ("sep=^\nID^NAME\n1^Ann\n", '^', 6, Some(0)),
        ("sep=;\rID;NAME\r1;Ann\r", ';', 6, Some(0)),
        ("sep=;", ';', 5, None),
        // Only a name that begins so.
        ("sep=x,NAME\n1,Ann\n", ',', 0, Some(0)),
    ] {
        let guess = found(text);
        let given = (char::from(guess.dialect.delimiter), guess.sep, guess.header);
        assert_eq!(given, (delimiter, sep, header), "{text:?}");
    }
}

#[test]
fn what_is_set_is_not_found() {
    let text = b"ID;A,B\n1;2,3\n";
    let set = DialectSettings {
        delimiter: Some(b','),
        quote: Some(None),
    };
    let guess = find(text, true, set);
    assert_eq!(
        (guess.dialect.delimiter, guess.dialect.quote, guess.columns),
        (b',', None, 2)
    );
    // What is set holds against the line for Excel too, which still is no row.
    let guess = find(b"sep=;\nID,NAME\n1,Ann\n", true, set);
    assert_eq!(
        (guess.dialect.delimiter, guess.sep, guess.header),
        (b',', 6, Some(0))
    );
}

#[test]
fn apostrophes_around_every_name_are_quotes() {
    let guess = found("'ID','NAME'\n'1','Example, Ann'\n'2','Sample, Bo'\n");
    assert_eq!((guess.dialect.quote, guess.columns), (Some(b'\''), 2));
    let guess = found("ID,NAME\n1,'Example'\n2,O'Neil\n");
    assert_eq!(guess.dialect.quote, Some(b'"'));
}

#[test]
fn a_row_that_the_sample_cuts_does_not_count() {
    // Its one cell is no sign of another delimiter; a header alone is better than nothing.
    let text = b"ID;NAME;CITY\n1;Ann;Austin\n2";
    assert_eq!(find(text, false, DialectSettings::default()).columns, 3);
    assert_eq!(
        find(b"ID;NAME;CITY", false, DialectSettings::default()).columns,
        3
    );
}

#[test]
fn a_sheet_has_its_header_below_its_titles() {
    let row = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<String>>();
    let rows: Vec<Vec<String>> = [
        "Customer list",
        "printed|2024-03-31",
        "||",
        "ID|Name|Born|Mail|City|State",
        "1|Ann|1980-02-03|ann@example.com|Austin|TX",
        "2|Bo|1981-02-03|bo@example.com|Waco|TX",
    ]
    .map(row)
    .to_vec();
    assert_eq!(header_row(&rows), Some(3));
    assert_eq!(header_row(&rows[..4]), Some(3));
    assert_eq!(header_row(&rows[3..]), Some(0));
    assert_eq!(header_row(&rows[4..]), None);
    assert_eq!(header_row(&[]), None);
}

fn exports(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            exports(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "csv") {
            found.push(path);
        }
    }
}

/// Exports whose first line is their header, with commas: all that there were before anything was found.
#[test]
fn the_exports_of_this_repository_are_found_as_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    exports(&root.join("samples"), &mut paths);
    exports(&root.join("tests/cases"), &mut paths);
    let plain = |path: &&PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        let case = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy();
        // The cases about other dialects say themselves what they are.
        let others = ["csv-", "excel-", "trap-"];
        !name.starts_with("expected.") && !others.iter().any(|other| case.starts_with(other))
    };
    let mut seen = 0;
    for path in paths.iter().filter(plain) {
        let bytes = fs::read(path).unwrap();
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let guess = find(text, true, DialectSettings::default());
        let (delimiter, quote) = (guess.dialect.delimiter, guess.dialect.quote);
        let there = text.iter().any(|byte| !b"\r\n".contains(byte));
        let given = (delimiter, quote, guess.sep, guess.header);
        assert_eq!(
            given,
            (b',', Some(b'"'), 0, there.then_some(0)),
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen > 60, "only {seen} exports");
}
