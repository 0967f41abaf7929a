//! JSON: lines, arrays and objects one after the other, as rows of text.
//!
//! Owner of [`JsonReader`], the stream of rows, and of finding the columns, for which the whole file is read once before
//! ([`columns()`]); `pieces` cuts a file into objects and `scan` an object into cells. A key inside of an object is a column `a.b`,
//! an element of an array `a[0]`; the elements of one array, which a setting names, are rows with columns `a[].b`.
//! Invariants: numbers keep their digits; a key that stands twice, or an object that is nested too deep, makes a broken row;
//! memory does not grow with the rows of the file, only with its columns.
//! Left out on purpose: other encodings than UTF-8, which JSON is written in.

mod columns;
mod pieces;
mod scan;

pub(crate) use columns::{Columns, columns};
pub(crate) use pieces::PieceForm;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::sync::Arc;

use bakkt_model::error::{Failure, nearest};

use crate::Flaw;
use crate::lines::MAX_ROW;
use crate::records::RecordWriter;
use pieces::{Piece, Pieces};
use scan::{Cells, scan};

/// Which array of every object gives the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonRows {
    /// The keys that lead to it, with full stops between them.
    pub array: String,
    /// An object without elements gives no row; otherwise it gives one without them.
    pub only_elements: bool,
}

/// Bytes of all rows of one object: each repeats what the object says beside them.
const MOST_BYTES: usize = 8 * MAX_ROW;

/// Reads objects, and gives the text that `records` writes.
pub(crate) struct JsonReader<R> {
    pieces: Pieces<R>,
    columns: Arc<Columns>,
    rows: Option<JsonRows>,
    cells: Cells,
    /// By column: the place of its cell in `cells`.
    own: Vec<Option<usize>>,
    row: Vec<Option<usize>>,
    /// The column of an element that is a value, where others of the file are objects.
    bare: Option<String>,
    writer: RecordWriter,
    ended: bool,
}

impl<R: Read> JsonReader<R> {
    /// Starts at the first byte of a text behind its byte order mark.
    pub(crate) fn new(
        input: R,
        name: &str,
        form: PieceForm,
        columns: Arc<Columns>,
        rows: Option<JsonRows>,
    ) -> JsonReader<R> {
        let bare = rows.as_ref().map(|rows| format!("{}[]", rows.array));
        let bare = bare.filter(|bare| columns.has_below(bare));
        JsonReader {
            pieces: Pieces::new(input, name, form),
            columns,
            bare,
            rows,
            cells: Cells::default(),
            own: Vec::new(),
            row: Vec::new(),
            writer: RecordWriter::default(),
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.writer.is_empty() && !self.ended {
            let Some(Piece { line, text }) = self.pieces.next()? else {
                self.ended = true;
                return Ok(());
            };
            let array = self.rows.as_ref().map(|rows| rows.array.as_str());
            let flaw = match text {
                Some(text) => scan(text, array, &mut self.cells).err(),
                None => {
                    self.cells.clear();
                    Some(Flaw::TooLong)
                }
            };
            self.object(line, flaw)?;
        }
        Ok(())
    }

    /// Writes the rows of an object.
    fn object(&mut self, line: u64, mut flaw: Option<Flaw>) -> io::Result<()> {
        self.own.clear();
        self.own.resize(self.columns.len(), None);
        let mut size = 0;
        for place in 0..self.cells.len() {
            let (path, element, text) = self.cells.get(place);
            if element.is_some() {
                continue;
            }
            size += text.len() + 1;
            // The columns are those of the same file: one that is new means that it was changed, or that the row is broken.
            match self.columns.find(path) {
                Some(column) if self.own[column].is_none() => self.own[column] = Some(place),
                Some(_) => flaw = flaw.or(Some(Flaw::TwiceNamed)),
                None if flaw.is_some() => {}
                None => return Err(changed()),
            }
        }
        let elements = self.cells.elements();
        let only = self.rows.as_ref().is_some_and(|rows| rows.only_elements);
        if flaw.is_none() && elements * (size + self.columns.len()) > MOST_BYTES {
            flaw = Some(Flaw::TooLong);
        }
        if flaw.is_some() || (elements == 0 && !only) {
            self.row.clone_from(&self.own);
            self.write(line, flaw);
            return Ok(());
        }
        let mut place = 0;
        for number in 0..elements {
            self.row.clone_from(&self.own);
            let mut flaw = None;
            // Elements stand in their order, with cells of the object between them at most.
            while place < self.cells.len() {
                let (path, element, text) = self.cells.get(place);
                match element {
                    Some(element) if element > number => break,
                    Some(_) if self.is_bare(path, text) => flaw = Some(Flaw::NoObject),
                    Some(_) => match self.columns.find(path) {
                        Some(column) if self.row[column].is_none() => {
                            self.row[column] = Some(place);
                        }
                        Some(_) => flaw = Some(Flaw::TwiceNamed),
                        None => return Err(changed()),
                    },
                    None => {}
                }
                place += 1;
            }
            self.write(line, flaw);
        }
        Ok(())
    }

    /// Whether a cell of an element is a value, or of an array, where other elements are objects. One that is empty is nobody.
    fn is_bare(&self, path: &[u8], text: &[u8]) -> bool {
        let below = |bare: &String| path.strip_prefix(bare.as_bytes());
        let below = self.bare.as_ref().and_then(below);
        below.is_some_and(|rest| !rest.starts_with(b".")) && !text.is_empty()
    }

    fn write(&mut self, line: u64, flaw: Option<Flaw>) {
        self.writer.begin(line);
        for place in &self.row {
            let text = place.map_or(&[][..], |place| self.cells.get(place).2);
            self.writer.cell(text);
        }
        self.writer.end(flaw);
    }
}

/// Refuses to take rows from an array that no object has.
pub(crate) fn refuse_unknown_array(
    file: &str,
    rows: &JsonRows,
    columns: &[String],
) -> anyhow::Result<()> {
    let own = format!("{}[]", rows.array);
    if columns.iter().any(|column| column.starts_with(&own)) {
        return Ok(());
    }
    let arrays = columns.iter().filter_map(|column| arrays_of(column).next());
    let arrays: BTreeSet<&str> = arrays.collect();
    let near = nearest(&rows.array, arrays.iter().copied());
    Err(Failure::configuration(
        format!("no object of {file} has an array `{}`", rows.array),
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if arrays.is_empty() => "its objects have no arrays: take `rows` away".to_owned(),
            None => {
                let all: Vec<&str> = arrays.into_iter().collect();
                format!("its arrays are `{}`", all.join("`, `"))
            }
        },
    ))
}

/// What a person should know of arrays whose elements are columns.
pub(crate) fn arrays_remark(columns: &[String]) -> Option<String> {
    let second = columns.iter().find(|column| column.contains("[1]."))?;
    let array = arrays_of(second).next()?;
    Some(format!(
        "the elements of `{array}` are columns such as `{second}`: `rows = \"{array}\"` makes a row of each, for an account's owners with `group_by`"
    ))
}

/// An array of objects beside that whose elements are rows, `own`, where they have the same keys: whoever they are is in no row.
pub fn array_beside<'c>(
    own: &str,
    columns: impl Iterator<Item = &'c str> + Clone,
) -> Option<&'c str> {
    let key_of_row = |column: &'c str| column.strip_prefix(own)?.strip_prefix("[].");
    let keys: BTreeSet<&str> = columns.clone().filter_map(key_of_row).collect();
    let mut beside: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut several = BTreeSet::new();
    for column in columns.filter(|column| key_of_row(column).is_none()) {
        if let Some((array, rest)) = column.split_once('[')
            && let Some((number, key)) = rest.split_once("].")
        {
            beside.entry(array).or_default().insert(key);
            several.extend((number == "1").then_some(array));
        }
    }
    // One object beside them may be anything; so may objects of which only an id or a name is called the same.
    let found = beside.into_iter().find(|(array, others)| {
        let same = others.intersection(&keys).count();
        several.contains(array) && same > 1 && same * 2 >= others.len().min(keys.len())
    });
    found.map(|(array, _)| array)
}

/// What a person should know of such an array.
pub(crate) fn array_beside_remark(rows: &JsonRows, columns: &[String]) -> Option<String> {
    let array = array_beside(&rows.array, columns.iter().map(String::as_str))?;
    Some(format!(
        "the objects of `{array}` have the same keys as those of `{}`, and none of them is a row: what only they hold is not migrated. Put them into one array, or export and migrate `{array}` by itself",
        rows.array
    ))
}

/// The arrays that the name of a column leads through, the outermost first.
fn arrays_of(column: &str) -> impl Iterator<Item = &str> {
    column.match_indices("[").map(|(at, _)| &column[..at])
}

fn changed() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "it has a key that it did not have a moment ago: it was changed while it was read",
    )
}

impl<R: Read> Read for JsonReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.writer.is_empty() && !buffer.is_empty() {
            self.fill()?;
        }
        Ok(self.writer.take(buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{RowFormat, RowReader};
    use crate::{Cell, Rows};

    /// The columns, and the rows as text.
    fn read(text: &str, rows: Option<(&str, bool)>) -> io::Result<Vec<String>> {
        let rows = rows.map(|(array, only_elements)| JsonRows {
            array: array.to_owned(),
            only_elements,
        });
        let form = PieceForm::of(text.as_bytes());
        let found = columns(text.as_bytes(), "a.json", form, rows.as_ref())?;
        let names = found.names();
        let reader = JsonReader::new(text.as_bytes(), "a.json", form, Arc::new(found), rows);
        let mut reader = RowReader::new(reader, RowFormat::records(names.len()), 0, 1);
        let mut rows = Rows::default();
        while reader.next(&mut rows)? {}
        let shown = rows.iter().map(|(at, row)| {
            let cells = row.cells().map(|cell| match cell {
                Cell::Text(text) => text.to_owned(),
                Cell::Broken(_) => "!".to_owned(),
            });
            let cells: Vec<String> = cells.collect();
            let flaw = row
                .flaw()
                .map_or(String::new(), |flaw| format!(" {flaw:?}"));
            format!("{}:{}{flaw}", at.row, cells.join("|"))
        });
        Ok([names.join("|")].into_iter().chain(shown).collect())
    }

    #[test]
    fn nested_keys_are_columns_and_numbers_keep_their_digits() {
        let text = r#"{"id": 12345678901234567890, "name": {"first": "A\u00e9\n\"", "last": null}, "ok": true}

{"id": 1.50e+3, "tags": ["x", {"y": ""}], "name": {"first": "\ud83d\ude00"}}
{"id": 1e5, "ok": "1e5"}
"#;
        let expected = [
            "id|name.first|name.last|ok|tags[0]|tags[1].y",
            "1:12345678901234567890|A\u{e9}\n\"||true||",
            "3:1.50e+3|\u{1f600}|||x|",
            "4:1e+5|||1e5||",
        ];
        assert_eq!(read(text, None).unwrap(), expected);
    }

    #[test]
    fn dates_that_mongodb_counts_are_written_as_its_others() {
        let rows = read(
            "{\"dob\":{\"$date\":\"1984-03-31T00:00:00Z\"},\"n\":{\"$numberLong\":\"-5\"}}\n\
             {\"dob\":{\"$date\":{\"$numberLong\":\"-142041600000\"}}}\n\
             {\"dob\":{\"$date\":{\"$numberLong\":\"later\"}}}\n",
            None,
        );
        let rows = rows.unwrap();
        assert!(
            rows.iter().any(|row| row.contains("1965-07-02T00:00:00Z")),
            "{rows:?}"
        );
        assert!(rows.iter().any(|row| row.contains("-5")), "{rows:?}");
        assert!(rows.iter().any(|row| row.contains("later")), "{rows:?}");
    }

    #[test]
    fn elements_of_the_named_array_are_rows() {
        let text = r#"{"id":"A","owners":[{"n":"Ann","p":{"t":1}},{"n":"Bo"}],"x":"y"}
{"id":"B","owners":[]}
{"id":"C"}
"#;
        let columns = "id|owners[].n|owners[].p.t|x";
        let all = [columns, "1:A|Ann|1|y", "1:A|Bo||y", "2:B|||", "3:C|||"];
        assert_eq!(read(text, Some(("owners", false))).unwrap(), all);
        let all = [columns, "1:A|Ann|1|y", "1:A|Bo||y"];
        assert_eq!(read(text, Some(("owners", true))).unwrap(), all);
    }

    #[test]
    fn an_only_element_that_stands_without_its_array_is_one() {
        let text = r#"{"id":"A","owners":[{"n":"Ann"},{"n":"Bo"}]}
{"id":"B","owners":{"n":"Cy"}}
{"id":"C","owners":"Di"}
{"id":"D","owners":null}
{"id":"E","owners":""}
{"id":"F","owners":{}}
{"id":"G","owners":7}
"#;
        let all = [
            "id|owners[].n|owners[]",
            "1:A|Ann|",
            "1:A|Bo|",
            "2:B|Cy|",
            "3:C|| NoObject",
            "4:D||",
            "5:E||",
            "6:F||",
            "7:G|| NoObject",
        ];
        assert_eq!(read(text, Some(("owners", false))).unwrap(), all);
        let only: Vec<&str> = (all.into_iter().enumerate())
            .filter(|(at, _)| ![5, 6, 7].contains(at))
            .map(|(_, row)| row)
            .collect();
        assert_eq!(read(text, Some(("owners", true))).unwrap(), only);
        let text = r#"{"id":"A","owners":["Ann","Bo"]}
{"id":"B","owners":"Cy"}
"#;
        let all = ["id|owners[]", "1:A|Ann", "1:A|Bo", "2:B|Cy"];
        assert_eq!(read(text, Some(("owners", false))).unwrap(), all);
        let text = r#"{"phone":"1","a":{"b":{"c":"x"}}}
{"phone":["2","3"],"a":[{"b":{"c":"y"}},{"b":[{"c":"z"}]}]}
{"phone":null,"phone[0]":""}
"#;
        let expected = [
            "phone[0]|a[0].b.c|phone[1]|a[1].b[0].c",
            "1:1|x||",
            "2:2|y|3|z",
            "3:||| TwiceNamed",
        ];
        assert_eq!(read(text, None).unwrap(), expected);
    }

    #[test]
    fn an_element_that_is_no_object_beside_objects_is_a_broken_row() {
        let text = r#"{"id":"A","owners":[{"n":"Ann"},"Bo"]}
{"id":"B","owners":[7,{"n":"Cy"},true]}
{"id":"C","owners":[{"n":"Di"},[{"n":"Ed"}]]}
{"id":"D","owners":[{"n":"Fay"},null,"",[],{}]}
"#;
        let expected = [
            "id|owners[].n|owners[]|owners[][0].n",
            "1:A|Ann||",
            "1:A||| NoObject",
            "2:B||| NoObject",
            "2:B|Cy||",
            "2:B||| NoObject",
            "3:C|Di||",
            "3:C||| NoObject",
            "4:D|Fay||",
        ];
        assert_eq!(read(text, Some(("owners", false))).unwrap(), expected);
    }

    #[test]
    fn an_element_without_anything_in_it_is_nobody() {
        let text = r#"{"id":"A","owners":[null,{"n":"Ann"},"",{"n":null},[],{},{"n":"Bo"}],"x":1}
{"id":"B","owners":[null],"x":2}
"#;
        let columns = "id|owners[].n|x";
        let all = [columns, "1:A|Ann|1", "1:A||1", "1:A|Bo|1", "2:B||2"];
        assert_eq!(read(text, Some(("owners", false))).unwrap(), all);
        assert_eq!(read(text, Some(("owners", true))).unwrap(), all[..4]);
    }

    #[test]
    fn arrays_beside_that_of_the_rows_with_the_same_keys_are_told() {
        let beside = |names: &[&'static str]| array_beside("active", names.iter().copied());
        let own = ["active[].id", "active[].name", "active[].born"];
        let of = |more: &[&'static str]| beside(&[&own[..], more].concat());
        let closed = of(&["closed[0].id", "closed[0].name", "closed[1].id"]);
        assert_eq!(closed, Some("closed"));
        let within = of(&["a.closed[1].id", "a.closed[1].born"]);
        assert_eq!(within, Some("a.closed"));
        for other in [
            &["closed[0].id", "closed[0].name"][..],
            &["branches[1].id", "branches[1].city", "branches[1].zip"],
            &["active[].closed[1].id", "active[].closed[1].name"],
            &["id", "name"],
        ] {
            assert_eq!(of(other), None, "{other:?}");
        }
    }

    #[test]
    fn arrays_and_objects_over_several_lines_are_read() {
        let expected = ["id", "2:A", "3:B"];
        assert_eq!(
            read("[\n{\"id\": \"A\"},\n {\"id\":\n \"B\"}]\n", None).unwrap(),
            expected
        );
        let expected = ["id", "1:A", "4:B}"];
        assert_eq!(
            read("{\n\"id\": \"A\"\n}\n{\"id\": \"B}\"}", None).unwrap(),
            expected
        );
        for wrong in [
            "[{\"id\": 1}, 2]",
            "[{\"id\": 1}",
            "[{\"id\": 1}] x",
            "[{\"id\": 1} {}]",
        ] {
            assert!(read(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_a_broken_row() {
        let deep = format!("{{\"id\":{}1{}}}", "[".repeat(99), "]".repeat(99));
        let text = format!(
            "{}\n[1]\n{}\n{}\n{}\n{}\n{deep}\n{}\n",
            r#"{"id":"A","b":{"c":"1"}}"#,
            r#"{"id":"B","id":"C"}"#,
            r#"{"id":"D","b.c":"1","b":{"c":"2"}}"#,
            r#"{"id":"E","b":5,}"#,
            r#"{"id":01}"#,
            r#"{"id":"\ud800"}"#,
        );
        let expected = [
            "id|b.c",
            "1:A|1",
            "2:| NotJson",
            "3:B| TwiceNamed",
            "4:D|1 TwiceNamed",
            "5:E| LastComma",
            "6:0| NotJson",
            "7:| TooDeep",
            "8:!|",
        ];
        assert_eq!(read(&text, None).unwrap(), expected);
    }

    #[test]
    fn what_programs_write_and_json_does_not_have_is_named() {
        for (line, flaw) in [
            (r#"{"id": NaN}"#, "NoNumber"),
            (r#"{"id": -Infinity}"#, "NoNumber"),
            (r#"{"id": [1, nan]}"#, "NoNumber"),
            (r#"{"id": -inf}"#, "NoNumber"),
            (r#"{"id": +Infinity}"#, "NoNumber"),
            (r#"{"id": -1.#IND}"#, "NoNumber"),
            (r#"{"id": nano}"#, "NotJson"),
            (r#"{"id": info}"#, "NotJson"),
            (r#"{"id": 1 /* one */}"#, "Comment"),
            (r#"{"id": 1} // one"#, "Comment"),
            (r#"{"id": [1, 2, ]}"#, "LastComma"),
            (r#"{"id": "NaN, //"}"#, ""),
            (r#"{"id": -}"#, "NotJson"),
        ] {
            let text = format!("{{\"id\":\"A\",\"b\":1}}\n{line}\n");
            let form = PieceForm::Lines;
            let found = columns(text.as_bytes(), "a.json", form, None).unwrap();
            let broken = found.first_broken();
            let named = broken.map_or(String::new(), |(line, flaw)| format!("{line} {flaw:?}"));
            let expected = match flaw {
                "" => String::new(),
                flaw => format!("2 {flaw}"),
            };
            assert_eq!(named, expected, "{line}");
        }
        for (array, what) in [
            ("[{\"id\": 1},]", "line 1 of a.json has a comma"),
            ("[{\"id\": 1}\n// two\n]", "line 2 of a.json has a comment"),
        ] {
            let why = read(array, None).unwrap_err();
            let why = format!("{:?}", anyhow::Error::from(why));
            assert!(why.contains(what), "{why}");
        }
    }

    #[test]
    fn an_object_beyond_a_megabyte_is_a_broken_row() {
        let long = "x".repeat(MAX_ROW);
        let text = format!("{{\"id\":\"A\"}}\n{{\"id\":\"{long}\"}}\n{{\"id\":\"B\"}}\n");
        let expected = ["id", "1:A", "2: TooLong", "3:B"];
        assert_eq!(read(&text, None).unwrap(), expected);
        let owners = vec![r#"{"n":1}"#; 100].join(",");
        let text = format!(
            "{{\"id\":\"{}\",\"o\":[{owners}]}}\n",
            "x".repeat(MAX_ROW / 2)
        );
        let read = read(&text, Some(("o", false))).unwrap();
        assert!(read[1].ends_with(" TooLong") && read.len() == 2);
    }
}
