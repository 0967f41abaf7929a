//! Streams of a compound file, the container of .xls ([MS-CFB]).
//!
//! Owner of finding one stream by its name. Invariant: chains of sectors end, whatever the file says about them.

use super::refused::WorkbookRefusal;

/// The end of a chain, and what is no sector, begin here.
const NO_SECTOR: u32 = 0xFFFF_FFFA;

/// A compound file.
struct Compound<'a> {
    bytes: &'a [u8],
    shift: u32,
    /// The next sector of every sector.
    table: Vec<u32>,
}

/// The bytes of the first of these streams that is there; letters in another case will do.
pub(crate) fn stream(bytes: &[u8], names: &[&str]) -> Result<Vec<u8>, WorkbookRefusal> {
    let file = Compound::of(bytes)?;
    let directory = file.chain(u32_at(bytes, 48)?)?;
    let entries = directory.chunks_exact(128);
    let root = entries.clone().next().ok_or(WorkbookRefusal::Damaged)?;
    let named = |wanted: &str| {
        let mut entries = entries.clone();
        entries.find(|entry| name(entry).eq_ignore_ascii_case(wanted))
    };
    let found = names.iter().find_map(|wanted| named(wanted));
    let entry = found.ok_or(WorkbookRefusal::Damaged)?;
    let (start, size) = (u32_at(entry, 116)?, u32_at(entry, 120)? as usize);
    let mut stream = if size < u32_at(bytes, 56)? as usize {
        file.small(root, start)?
    } else {
        file.chain(start)?
    };
    if stream.len() < size {
        return Err(WorkbookRefusal::Damaged);
    }
    stream.truncate(size);
    Ok(stream)
}

impl<'a> Compound<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, WorkbookRefusal> {
        let shift = u32::from(u16_at(bytes, 30)?);
        if !(7..=16).contains(&shift) {
            return Err(WorkbookRefusal::Damaged);
        }
        let mut file = Compound {
            bytes,
            shift,
            table: Vec::new(),
        };
        // The sectors of the table: 109 stand in the header, the others in sectors that are a chain of their own.
        let mut sectors: Vec<u32> =
            words(bytes.get(76..512).ok_or(WorkbookRefusal::Damaged)?).collect();
        let mut next = u32_at(bytes, 68)?;
        let most = bytes.len() >> shift;
        while next < NO_SECTOR && sectors.len() <= most {
            let mut more: Vec<u32> = words(file.sector(next)?).collect();
            next = more.pop().ok_or(WorkbookRefusal::Damaged)?;
            sectors.extend(more);
        }
        for sector in sectors.into_iter().filter(|sector| *sector < NO_SECTOR) {
            if file.table.len() > bytes.len() {
                return Err(WorkbookRefusal::Damaged);
            }
            let words: Vec<u32> = words(file.sector(sector)?).collect();
            file.table.extend(words);
        }
        Ok(file)
    }

    /// A sector; the last of a file may be cut.
    fn sector(&self, number: u32) -> Result<&'a [u8], WorkbookRefusal> {
        let size = 1_usize << self.shift;
        let start = (number as usize + 1) * size;
        let rest = self.bytes.get(start..).ok_or(WorkbookRefusal::Damaged)?;
        Ok(&rest[..size.min(rest.len())])
    }

    fn chain(&self, start: u32) -> Result<Vec<u8>, WorkbookRefusal> {
        let (mut all, mut next) = (Vec::new(), start);
        while next < NO_SECTOR {
            if all.len() > self.bytes.len() {
                return Err(WorkbookRefusal::Damaged);
            }
            all.extend_from_slice(self.sector(next)?);
            next = *self
                .table
                .get(next as usize)
                .ok_or(WorkbookRefusal::Damaged)?;
        }
        Ok(all)
    }

    /// A small stream, which stands in parts of 64 bytes within that of the root entry.
    fn small(&self, root: &[u8], start: u32) -> Result<Vec<u8>, WorkbookRefusal> {
        let table = self.chain(u32_at(self.bytes, 60)?)?;
        let parts = self.chain(u32_at(root, 116)?)?;
        let (mut all, mut next) = (Vec::new(), start);
        while next < NO_SECTOR {
            if all.len() > parts.len() {
                return Err(WorkbookRefusal::Damaged);
            }
            let at = next as usize * 64;
            all.extend_from_slice(parts.get(at..at + 64).ok_or(WorkbookRefusal::Damaged)?);
            next = u32_at(&table, next as usize * 4)?;
        }
        Ok(all)
    }
}

/// The name of a directory entry.
fn name(entry: &[u8]) -> String {
    let length = u16_at(entry, 64).unwrap_or(0).min(64) as usize;
    let units = entry[..length].as_chunks().0.iter();
    let units = units.map(|pair| u16::from_le_bytes(*pair));
    let text: String = char::decode_utf16(units).filter_map(Result::ok).collect();
    text.trim_end_matches('\0').to_owned()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let words = bytes.as_chunks().0.iter();
    words.map(|word| u32::from_le_bytes(*word))
}

/// A number of two bytes.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, WorkbookRefusal> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes
        .map(|two| u16::from_le_bytes(*two))
        .ok_or(WorkbookRefusal::Damaged)
}

/// A number of four bytes.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, WorkbookRefusal> {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes
        .map(|four| u32::from_le_bytes(*four))
        .ok_or(WorkbookRefusal::Damaged)
}
