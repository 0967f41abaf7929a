//! How an output is recognised in a file that is there already.
//!
//! Owner of that comparison. It looks at the beginning (of a workbook, at its end too), never at the name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// The longest beginning that is compared.
const LONGEST: usize = 1 << 14;

/// How a file of this program begins.
#[derive(Clone, Debug)]
pub enum FileStart {
    /// A CSV file with these columns. One of an earlier version may have fewer at the end.
    Columns(Vec<String>),
    /// This text.
    Text(&'static str),
    /// Lines that begin with these texts, one by one.
    Lines(&'static [&'static str]),
    /// A zip archive that ends with this comment, which is lost when another program saves it.
    Archive(&'static [u8]),
    /// Any of these: a later version may begin otherwise than an earlier one.
    AnyOf(Vec<FileStart>),
}

/// A CSV file of an earlier version has at least so many of the columns, and half of them.
const FEWEST: usize = 3;

impl FileStart {
    /// A CSV file with these columns.
    pub fn columns<'c>(columns: impl IntoIterator<Item = &'c &'c str>) -> FileStart {
        let columns = columns.into_iter();
        FileStart::Columns(columns.map(|column| (*column).to_owned()).collect())
    }

    /// Whether a file begins so.
    pub(crate) fn fits(&self, file: &mut File) -> io::Result<bool> {
        file.seek(SeekFrom::Start(0))?;
        let mut begin = Vec::new();
        file.take(LONGEST as u64).read_to_end(&mut begin)?;
        match self {
            FileStart::Columns(columns) => Ok(has_columns(&begin, columns)),
            FileStart::Text(text) => Ok(begin.starts_with(text.as_bytes())),
            FileStart::Lines(texts) => {
                let mut lines = begin.split(|byte| *byte == b'\n');
                let mut texts = texts.iter();
                Ok(texts.all(|text| {
                    lines
                        .next()
                        .is_some_and(|line| line.starts_with(text.as_bytes()))
                }))
            }
            FileStart::AnyOf(all) => {
                for begins in all {
                    if begins.fits(file)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            FileStart::Archive(comment) => {
                let length = comment.len() as i64;
                let long_enough = file.metadata()?.len() > comment.len() as u64;
                if !begin.starts_with(b"PK\x03\x04") || !long_enough {
                    return Ok(false);
                }
                file.seek(SeekFrom::End(-length))?;
                let mut end = Vec::new();
                file.read_to_end(&mut end)?;
                Ok(end == *comment)
            }
        }
    }
}

/// Whether a CSV file has these columns, or the first of them.
fn has_columns(begin: &[u8], columns: &[String]) -> bool {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(begin);
    let Some(Ok(first)) = reader.records().next() else {
        return false;
    };
    // A line that goes on beyond what was read is none of ours.
    let ended = begin.contains(&b'\n');
    let fewest = FEWEST.min(columns.len()).max(columns.len().div_ceil(2));
    let same = first.iter().zip(columns).all(|(own, known)| own == known);
    ended && same && first.len() <= columns.len() && first.len() >= fewest
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn fits(begins: &FileStart, bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        begins.fits(&mut file).unwrap()
    }

    #[test]
    fn only_what_begins_alike_is_recognised() {
        let begins = FileStart::columns(&["a", "b", "c", "d"]);
        for (bytes, own) in [
            (&b"a,b,c,d\n1,2,3,4\n"[..], true),
            (b"a,b,c,d\n", true),
            (b"a,b,c\n1,2,3\n", true),
            (b"a,b\n", false),
            (b"a,b,c,d,mine\n", false),
            (b"a,b,x,d\n", false),
            (b"a,b,c,d", false),
            (b"", false),
            (b"\n", false),
        ] {
            assert_eq!(
                fits(&begins, bytes),
                own,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        let either = FileStart::AnyOf(vec![begins, FileStart::Text("x")]);
        assert!(fits(&either, b"a,b,c,d\n") && fits(&either, b"x") && !fits(&either, b"y"));
        let begins = FileStart::Text("{\"a\":");
        assert!(
            fits(&begins, b"{\"a\":1}\n") && !fits(&begins, b"{\"b\":1}") && !fits(&begins, b"")
        );
        let begins = FileStart::Lines(&["{", "  \"a\":"]);
        assert!(
            fits(&begins, b"{\n  \"a\": 1\n}")
                && !fits(&begins, b"{\n  \"b\": 1\n}")
                && !fits(&begins, b"{")
        );
        let begins = FileStart::Archive(b"ours");
        assert!(fits(&begins, b"PK\x03\x04...ours") && !fits(&begins, b"PK\x03\x04..."));
        assert!(!fits(&begins, b"ours") && !fits(&begins, b"PK"));
    }
}
