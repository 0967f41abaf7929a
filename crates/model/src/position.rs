//! Where rows stand in the files of an export.

/// Where a row stands in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The line where the row starts; the first line of a file, usually the header, is line 1.
    pub row: u64,
    /// Offset of the row's first byte, counted through all files of its export.
    pub offset: u64,
    /// Bytes up to and including the row's line end.
    pub length: u32,
}

/// Rows that stand beside a record's own; the numbers stand in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinedList {
    /// Further rows of its group, in the export of the accounts itself.
    Group = 0,
    /// Owners, in an export of their own.
    Owners = 1,
    /// Trusted contacts, in an export of their own.
    Contacts = 2,
}

impl JoinedList {
    /// All of them, in the order of their numbers.
    pub const ALL: [JoinedList; 3] = [JoinedList::Group, JoinedList::Owners, JoinedList::Contacts];
}

/// A row beside a record's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinedRow {
    /// The list that it belongs to.
    pub list: JoinedList,
    /// Where it stands.
    pub at: Position,
}

/// The letters of a column as a spreadsheet shows them; columns count from 0.
pub fn column_letters(column: usize) -> String {
    let (mut letters, mut rest) = (String::new(), column + 1);
    while rest > 0 {
        // A digit below 26 is a letter.
        letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::column_letters;

    #[test]
    fn columns_have_the_letters_that_a_spreadsheet_shows() {
        for (column, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (701, "ZZ"),
            (702, "AAA"),
            (16_383, "XFD"),
        ] {
            assert_eq!(column_letters(column), letters);
        }
    }
}
