//! The kind of a workbook, by what is in it and never by its name.

use std::io::{Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};

use super::refused::WorkbookRefusal;
use super::zipped;

/// A kind of workbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkbookKind {
    /// Office Open XML, with macros or without: .xlsx, .xlsm.
    Xlsx,
    /// The binary form of the same: .xlsb.
    Xlsb,
    /// Excel 97 to 2003: .xls.
    Xls,
    /// OpenDocument: .ods.
    Ods,
}

impl WorkbookKind {
    /// What people call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            WorkbookKind::Xlsx => "xlsx",
            WorkbookKind::Xlsb => "xlsb",
            WorkbookKind::Xls => "xls",
            WorkbookKind::Ods => "ods",
        }
    }

    /// Finds out the kind; the reader stands at its beginning afterwards.
    pub fn of<R: Read + Seek>(reader: &mut R) -> Result<WorkbookKind, WorkbookRefusal> {
        reader.rewind()?;
        let mut start = Vec::new();
        reader.by_ref().take(8).read_to_end(&mut start)?;
        let kind = if start.starts_with(b"PK") {
            reader.rewind()?;
            of_archive(reader)
        } else if start == OLE {
            of_compound(reader)
        } else {
            Err(WorkbookRefusal::NotAWorkbook)
        };
        reader.seek(SeekFrom::Start(0))?;
        kind
    }
}

const OLE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

fn of_archive<R: Read + Seek>(reader: &mut R) -> Result<WorkbookKind, WorkbookRefusal> {
    let mut archive = zipped::open(reader)?;
    let names: Vec<String> = zipped::names(&archive)
        .into_iter()
        .map(|name| name.replace('\\', "/").to_ascii_lowercase())
        .collect();
    let has = |name: &str| names.iter().any(|other| other == name);
    if has("xl/workbook.bin") {
        return Ok(WorkbookKind::Xlsb);
    }
    let main = |name: &String| name.starts_with("xl/") || name.ends_with("workbook.xml");
    if names.iter().any(main) {
        return Ok(WorkbookKind::Xlsx);
    }
    if has("content.xml") {
        let kind = zipped::text(&mut archive, "mimetype")?;
        let sheet = memchr::memmem::find(&kind, b"opendocument.spreadsheet").is_some();
        if !sheet {
            return Err(WorkbookRefusal::OtherDocument);
        }
        let manifest = zipped::text(&mut archive, "META-INF/manifest.xml")?;
        return match memchr::memmem::find(&manifest, b"encryption-data") {
            Some(_) => Err(WorkbookRefusal::Password),
            None => Ok(WorkbookKind::Ods),
        };
    }
    if names
        .iter()
        .any(|name| name.starts_with("word/") || name.starts_with("ppt/"))
    {
        return Err(WorkbookRefusal::OtherDocument);
    }
    Err(WorkbookRefusal::NotAWorkbook)
}

/// What the names in a compound file's directory tell; they stand in it in UTF-16.
fn of_compound<R: Read + Seek>(reader: &mut R) -> Result<WorkbookKind, WorkbookRefusal> {
    let wide = |name: &str| -> Vec<u8> { name.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let names = [
        ("EncryptedPackage", Err(WorkbookRefusal::Password)),
        ("Workbook", Ok(WorkbookKind::Xls)),
        ("WORKBOOK", Ok(WorkbookKind::Xls)),
        ("Book", Ok(WorkbookKind::Xls)),
        ("WordDocument", Err(WorkbookRefusal::OtherDocument)),
        ("PowerPoint Document", Err(WorkbookRefusal::OtherDocument)),
    ];
    let mut found = [false; 6];
    let mut buffer = vec![0; 1 << 20];
    let mut kept = 0;
    reader.rewind()?;
    loop {
        let count = reader.read(&mut buffer[kept..])?;
        if count == 0 {
            break;
        }
        let filled = kept + count;
        for (place, (name, _)) in names.iter().enumerate() {
            // A directory entry begins with its name, which ends with a zero.
            let mut name = wide(name);
            name.extend([0, 0]);
            found[place] |= memchr::memmem::find(&buffer[..filled], &name).is_some();
        }
        // A name may stand across the end.
        kept = filled.min(64);
        buffer.copy_within(filled - kept..filled, 0);
    }
    let mut kinds = names.into_iter().zip(found);
    let kind = kinds.find(|(_, found)| *found);
    match kind {
        Some(((_, kind), _)) => kind,
        None if is_cut(reader)? => Err(WorkbookRefusal::Damaged),
        None => Err(WorkbookRefusal::NotAWorkbook),
    }
}

/// Whether a compound file ends before the directory that its header names.
fn is_cut<R: Read + Seek>(reader: &mut R) -> std::io::Result<bool> {
    let mut header = Vec::new();
    reader.rewind()?;
    reader.by_ref().take(512).read_to_end(&mut header)?;
    let (Some([low, high]), Some(&[a, b, c, d])) = (
        header.get(30..32).and_then(|size| size.first_chunk::<2>()),
        header
            .get(48..52)
            .and_then(|first| first.first_chunk::<4>()),
    ) else {
        return Ok(true);
    };
    let sector = 1u64 << u16::from_le_bytes([*low, *high]).min(32);
    let number = u64::from(u32::from_le_bytes([a, b, c, d])) + 1;
    let directory = number.saturating_mul(sector);
    Ok(directory >= reader.seek(SeekFrom::End(0))?)
}
