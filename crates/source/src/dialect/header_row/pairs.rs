//! Cells that hold a customer's value and so name no column, and texts of `word: value` lines, which are no table.

/// Whether a cell holds a whole SSN or an e-mail address.
pub(super) fn holds_a_value(cell: &str) -> bool {
    let mails = cell.split(|c: char| c.is_whitespace() || "<>()[],;:=\"'".contains(c));
    holds_ssn(cell) || mails.into_iter().any(is_mail)
}

/// Whether a text holds a whole SSN.
pub fn holds_ssn(text: &str) -> bool {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit() && c != '-');
    numbers.any(is_ssn)
}

/// Three, two and four digits. Such as `999-99-9999` only show a form.
fn is_ssn(text: &str) -> bool {
    let text = text.trim_matches('-');
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let mut digits = text.chars().filter(char::is_ascii_digit);
    let first = digits.next();
    groups == [3, 2, 4] && digits.any(|digit| Some(digit) != first)
}

fn is_mail(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else {
        return false;
    };
    let domain = domain.trim_end_matches('.');
    !name.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|part| !part.is_empty())
}

/// The word before the colon or the equals sign of a cell: letters first, and few of them.
fn word_of(cell: &str) -> Option<&str> {
    const LONGEST: usize = 40;
    let cell = cell.trim().trim_start_matches("- ").trim_start();
    let (word, value) = cell.split_at(cell.find([':', '='])?);
    let value = &value[1..];
    // `a::b`, `http://` and `10:30` are none.
    let parted = !value.starts_with(['/', ':', '=']) || value.starts_with(": ");
    let word = word.trim().trim_matches(['"', '\'']);
    let of_word = |c: char| c.is_alphanumeric() || " _-./#()".contains(c);
    let is_word = word.starts_with(char::is_alphabetic) && word.chars().all(of_word);
    (is_word && parted && word.len() <= LONGEST).then_some(word)
}

/// Whether a cell is `word: value`, as most cells below it are with the same word.
pub(super) fn says_a_word_again<'a>(cell: &str, below: impl Iterator<Item = &'a str>) -> bool {
    let Some(word) = word_of(cell) else {
        return false;
    };
    let below: Vec<&str> = below.take(20).collect();
    let same = below.iter().filter(|other| word_of(other) == Some(word));
    let same = same.count();
    same > 0 && same * 2 >= below.len()
}

/// Whether the rows are lines of `word: value`, as in YAML: nearly all of them, the first ones too.
pub fn are_pairs(rows: &[Vec<String>]) -> bool {
    const LEAST: usize = 2;
    let lines = rows
        .iter()
        .filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    let is_mark = |row: &&Vec<String>| ["---", "...", "-"].contains(&row[0].trim());
    let lines: Vec<&Vec<String>> = lines.filter(|row| !is_mark(row)).collect();
    let is_pair = |row: &&&Vec<String>| row.first().is_some_and(|cell| word_of(cell).is_some());
    let pairs = lines.iter().filter(is_pair).count();
    let alone = lines.iter().filter(|row| row.len() == 1).count();
    pairs >= LEAST && pairs * 10 >= lines.len() * 9 && alone * 2 > lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_names() {
        for value in [
            "SSN: 212-11-1234",
            "p0@example.com",
            "- email: <p0@example.com>",
            "Mail p@x.example.org",
        ] {
            assert!(holds_a_value(value), "{value}");
        }
        for name in [
            "SSN (999-99-9999)",
            "SSN (XXX-XX-XXXX)",
            "E-mail @ work",
            "2024-01-02",
            "Phone 312-555-0100",
        ] {
            assert!(!holds_a_value(name), "{name}");
        }
    }

    #[test]
    fn lines_of_pairs_are_no_table() {
        let table = |text: &str| -> Vec<Vec<String>> {
            let cells = |line: &str| line.split(',').map(str::to_owned).collect();
            text.lines().map(cells).collect()
        };
        for text in [
            "- name: Mara\n  id: C0\n- name: Ian\n  id: C1",
            "Name=Mara\nId=C0\n\nName=Ian\nId=C1",
            "---\ncustomers:\n  - name: Quill, Mara\n    id: C0\n    city: Austin",
        ] {
            assert!(are_pairs(&table(text)), "{text}");
        }
        for text in [
            "Account: Account Name,Account: Id\nAnn Roe,C1\nBo Fox,C2",
            "Account: Account Name\nAnn Roe\nBo Fox",
            "Time\n10:30\n10:45",
        ] {
            assert!(!are_pairs(&table(text)), "{text}");
        }
        let cells = |text: &str| says_a_word_again("Name: Mara", text.split(','));
        assert!(cells("Name: Ian,Name: Tess") && !cells("Ian,Tess"));
    }
}
