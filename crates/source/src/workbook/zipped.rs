//! The parts of a workbook that is a zip archive.
//!
//! Owner of opening one with bounds: the sizes that the archive declares are looked at before anything is unpacked. What
//! unpacks to more than it declares is bounded by the limits of the process.

use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use super::refused::{WorkbookBound, WorkbookRefusal};

/// Parts of the largest archive.
const PARTS: usize = 20_000;

/// Bytes of all parts together: a million rows of a hundred columns are less.
const UNPACKED: u64 = 4 << 30;

/// Bytes of the texts that cells share, which are held in memory.
const SHARED: u64 = 400 << 20;

/// An archive whose declared sizes are within bounds.
pub(crate) fn open<R: Read + Seek>(reader: R) -> Result<ZipArchive<R>, WorkbookRefusal> {
    let mut archive = ZipArchive::new(reader).map_err(refused)?;
    if archive.len() > PARTS {
        return Err(WorkbookRefusal::TooLarge(WorkbookBound::Unpacked));
    }
    let mut total = 0_u64;
    for number in 0..archive.len() {
        let part = archive.by_index_raw(number).map_err(refused)?;
        if part.encrypted() {
            return Err(WorkbookRefusal::Password);
        }
        total = total.saturating_add(part.size());
        let shared = part.name().is_ok_and(|name| {
            let name = name.to_ascii_lowercase();
            name.contains("sharedstrings")
        });
        if shared && part.size() > SHARED {
            return Err(WorkbookRefusal::TooLarge(WorkbookBound::Memory));
        }
    }
    if total > UNPACKED {
        return Err(WorkbookRefusal::TooLarge(WorkbookBound::Unpacked));
    }
    Ok(archive)
}

/// The names of the parts, as they are written.
pub(crate) fn names<R: Read + Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    let names = archive.file_names().filter_map(Result::ok);
    names.map(std::borrow::Cow::into_owned).collect()
}

/// A part by its path; letters in another case and backslashes will do, as they do in Excel.
pub(crate) fn part<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
    path: &str,
) -> Result<Option<impl Read + use<'a, R>>, WorkbookRefusal> {
    let path = path.trim_start_matches('/');
    let mut names = archive.file_names();
    let place = names
        .position(|name| name.is_ok_and(|name| name.replace('\\', "/").eq_ignore_ascii_case(path)));
    drop(names);
    match place {
        None => Ok(None),
        Some(number) => Ok(Some(archive.by_index(number).map_err(refused)?)),
    }
}

/// A small part as a whole; nothing when it is not there.
pub(crate) fn text<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    path: &str,
) -> Result<Vec<u8>, WorkbookRefusal> {
    const LARGEST: u64 = 16 << 20;
    let mut bytes = Vec::new();
    if let Some(part) = part(archive, path)? {
        part.take(LARGEST).read_to_end(&mut bytes).map_err(broken)?;
    }
    Ok(bytes)
}

/// Hands over the beginnings of the elements of an XML part, each with its local name, and as it stands between its brackets.
/// Much faster than reading the document, and good enough to count by: comments and the like are not told apart.
pub(crate) fn each_tag(
    mut part: impl Read,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), WorkbookRefusal> {
    /// A longer tag is passed over.
    const KEPT: usize = 64 << 10;
    let mut buffer = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        let read = part.read(&mut buffer[filled..]).map_err(broken)?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut at = 0;
        while let Some(begin) = memchr::memchr(b'<', &buffer[at..filled]) {
            at += begin;
            let Some(end) = memchr::memchr(b'>', &buffer[at..filled]) else {
                break;
            };
            let tag = &buffer[at + 1..at + end];
            at += end + 1;
            if !tag.starts_with(b"/") {
                let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
                let name = tag.split(is_end).next().unwrap_or(tag);
                let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
                each(local, tag);
            }
        }
        let rest = match memchr::memchr(b'<', &buffer[at..filled]) {
            Some(begin) if filled - at - begin <= KEPT => at + begin,
            _ => filled,
        };
        buffer.copy_within(rest..filled, 0);
        filled -= rest;
    }
}

/// The character of a name that every XML document knows.
pub(crate) fn named(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// What an error of the archive means.
pub fn refused(error: ZipError) -> WorkbookRefusal {
    match error {
        ZipError::Io(error) => broken(error),
        _ => WorkbookRefusal::Damaged,
    }
}

/// What an error while unpacking means: wrong checksums and cut streams come as these.
pub(crate) fn broken(error: std::io::Error) -> WorkbookRefusal {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error.kind() {
        InvalidData | InvalidInput | Other | UnexpectedEof => WorkbookRefusal::Damaged,
        _ => error.into(),
    }
}
