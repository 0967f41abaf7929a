//! Tables as programs print them for people: columns of fixed width, with a line of dashes below their names.
//!
//! Owner of [`are_printed`]. SQL*Plus, sqlcmd and their like write such lines. Left out on purpose: lines of dashes between delimiters,
//! whose rows are cut all the same.

/// Rows that are looked at: a spool begins with the statement that was run.
const LOOKED_AT: usize = 20;

/// Whether one of the first rows is a line of dashes, in several groups with blanks between them.
pub(crate) fn are_printed<'a>(rows: impl Iterator<Item = &'a [String]>) -> bool {
    rows.take(LOOKED_AT).any(|cells| match cells {
        [line] => is_ruled(line),
        _ => false,
    })
}

fn is_ruled(line: &str) -> bool {
    let mut groups = line.split_ascii_whitespace().peekable();
    let is_group = |group: &str| group.len() > 1 && group.bytes().all(|byte| byte == b'-');
    groups.peek().is_some() && line.trim().contains(' ') && groups.all(is_group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_dashes_in_groups_is_one_of_a_printed_table() {
        let of = |rows: &[&[&str]]| {
            let rows: Vec<Vec<String>> = rows
                .iter()
                .map(|cells| cells.iter().map(|cell| (*cell).to_owned()).collect())
                .collect();
            are_printed(rows.iter().map(Vec::as_slice))
        };
        assert!(of(&[&["ID   NAME"], &["---- ---------"], &["1    Ann"]]));
        assert!(of(&[&["SQL> select"], &[""], &["  ---   --"]]));
        assert!(!of(&[&["Customers"], &["---------"], &["ID", "NAME"]]));
        assert!(!of(&[&["ID", "NAME"], &["--", "----"], &["1", "Ann"]]));
        assert!(!of(&[&["ID"], &["- -"], &["a -- b"], &[""]]));
    }
}
