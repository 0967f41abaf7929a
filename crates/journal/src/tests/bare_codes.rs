//! No SQL of this crate holds the bare number of a state, kind, verdict or outcome.

use std::fs;
use std::path::{Path, PathBuf};

/// Columns that hold codes.
const CODES: [&str; 6] = ["state", "kind", "verdict", "existed", "result", "list"];

/// Files that are about numbers: the table, and this test.
const EXEMPT: [&str; 2] = ["codes.rs", "bare_codes.rs"];

#[test]
fn no_statement_has_a_bare_code() {
    let mut files = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let (mut statements, mut wrong) = (0, Vec::new());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let all = if path.extension().is_some_and(|extension| extension == "sql") {
            vec![without_comments(&text, "--")]
        } else {
            literals(&without_comments(&text, "//"))
        };
        for sql in all {
            statements += 1;
            for found in bare_codes(&sql) {
                wrong.push(format!("{}: {found}", path.display()));
            }
        }
    }
    assert!(statements > 500, "only {statements} texts were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bare_codes_are_found_however_they_are_written() {
    for sql in [
        "WHERE t.state = 4",
        "WHERE state<4",
        "AND kind NOT IN (3, 4)",
        "AND kind IN (?, 4)",
        "WHERE t.existed IS NOT 2",
        "SELECT CASE t.state WHEN 4 THEN 1 END",
        "UPDATE task SET kind = CASE kind WHEN ?1 THEN 5 END",
        "INSERT INTO task (record, kind, state) VALUES (?, 0, ?)",
        "INSERT INTO task (record, kind, state) VALUES (?, ?, ?), (1, 2, 3)",
        "INSERT INTO main.task (record, kind, state) SELECT max(a, b), ?, 6 FROM attempt",
        "SET verdict = max(verdict, 1)",
        "coalesce(r.verdict, 9)",
    ] {
        assert!(!bare_codes(sql).is_empty(), "{sql}");
    }
    for sql in [
        "WHERE t.state = {state.accepted} AND t.id > 5",
        "SELECT state, 0 FROM task WHERE gone = 1",
        "INSERT INTO task (id, record, kind, state) VALUES (1, 2, {kind.account}, {state.open})",
        "CASE g.file WHEN 0 THEN r.row ELSE g.row END",
        "ORDER BY kind LIMIT 1",
    ] {
        assert_eq!(bare_codes(sql), [""; 0], "{sql}");
    }
}

/// The bare codes of a text, each with a few words around it.
fn bare_codes(sql: &str) -> Vec<String> {
    let words = words(sql);
    let is_code = |place: usize| {
        let word = words.get(place).map_or("", |word| word.as_str());
        CODES.contains(&word.rsplit('.').next().unwrap_or_default())
    };
    let is = |place: usize, expected: &[&str]| {
        words
            .get(place)
            .is_some_and(|word| expected.iter().any(|one| one.eq_ignore_ascii_case(word)))
    };
    let mut found = Vec::new();
    for start in 0..words.len() {
        let mut suspects = Vec::new();
        if is_code(start) {
            let mut next = start + 1;
            while is(next, &["=", "<", ">", "!", "IN", "NOT", "IS"]) {
                next += 1;
            }
            if is(next, &["("]) {
                suspects.extend(next + 1..close(&words, next));
            } else if next > start + 1 {
                suspects.push(next);
            }
            // What a CASE compares with a code, and what it gives one.
            if is(start.wrapping_sub(1), &["CASE"]) {
                suspects.extend(in_case(&words, start, &["WHEN"]));
            }
            if is(next, &["CASE"]) {
                suspects.extend(in_case(&words, next, &["THEN", "ELSE"]));
            }
            if is(start.wrapping_sub(2), &["max", "min", "coalesce", "ifnull"]) {
                suspects.push(start + 2);
            }
        }
        if is(start, &["INTO"]) && is(start + 2, &["("]) {
            suspects.extend(inserted_codes(&words, start + 2, &is_code));
        }
        for place in suspects {
            if words
                .get(place)
                .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            {
                found.push(words[start.saturating_sub(2)..words.len().min(place + 3)].join(" "));
            }
        }
    }
    found
}

/// What stands behind these words of a CASE.
fn in_case(words: &[String], from: usize, before: &[&str]) -> Vec<usize> {
    let rest = words.iter().enumerate().skip(from + 1);
    let case = rest.take_while(|(_, word)| *word != "END");
    case.filter(|(place, _)| before.contains(&words[place - 1].as_str()))
        .map(|(place, _)| place)
        .collect()
}

/// Where an INSERT with a list of columns has the values of codes.
fn inserted_codes(words: &[String], open: usize, is_code: &dyn Fn(usize) -> bool) -> Vec<usize> {
    let columns: Vec<usize> = (open + 1..close(words, open))
        .filter(|place| words[*place] != ",")
        .collect();
    let mut places = Vec::new();
    let mut from = close(words, open) + 1;
    loop {
        let is_list = words.get(from + 1).is_some_and(|word| word == "(");
        let (mut depth, mut column) = (0, 0);
        let mut place = from + 1 + usize::from(is_list);
        while place < words.len() {
            match words[place].as_str() {
                "(" => depth += 1,
                ")" if depth == 0 => break,
                ")" => depth -= 1,
                "FROM" if depth == 0 => break,
                "," if depth == 0 => column += 1,
                _ if depth == 0 && columns.get(column).is_some_and(|name| is_code(*name)) => {
                    places.push(place);
                }
                _ => {}
            }
            place += 1;
        }
        // Further lists of VALUES.
        if !(is_list && words.get(place + 1).is_some_and(|word| word == ",")) {
            return places;
        }
        from = place + 1;
    }
}

/// The place of the bracket that closes the one at `open`, or the end.
fn close(words: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (place, word) in words.iter().enumerate().skip(open) {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    words.len()
}

/// Words and signs; `t.state`, `{state.open}` and `?1` are one each.
fn words(sql: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut ends = true;
    for c in sql.chars() {
        let is_part = c.is_alphanumeric() || "_.{}?".contains(c);
        if is_part && !ends {
            words.last_mut().unwrap().push(c);
        } else if !c.is_whitespace() {
            words.push(c.to_string());
        }
        ends = !is_part;
    }
    words
}

fn without_comments(text: &str, mark: &str) -> String {
    let kept = |line: &str| line.split(mark).next().unwrap_or_default().to_owned();
    text.lines().map(kept).collect::<Vec<_>>().join("\n")
}

/// The string literals of Rust's source.
fn literals(text: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A quotation mark as a character.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
            }
            '"' => {
                let mut literal = String::new();
                while let Some(c) = chars.next().filter(|c| *c != '"') {
                    literal.push(if c == '\\' {
                        chars.next();
                        ' '
                    } else {
                        c
                    });
                }
                literals.push(literal);
            }
            _ => {}
        }
    }
    literals
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            collect(&path, files);
        } else if [".rs", ".sql"].iter().any(|end| name.ends_with(end))
            && !EXEMPT.contains(&name.as_str())
        {
            files.push(path);
        }
    }
}
