//! The one member of a zip archive that is the export, as a stream.
//!
//! Owner of the archive's directory, which is read entry by entry, and of what is refused as hostile before anything is unpacked:
//! links, paths that lead out of the archive, members that grow beyond all measure. Invariants: what is read is what
//! the directory says, to the byte and with its checksum, or the reading ends in an error; nothing is written under a member's
//! name; memory does not grow with the archive.
//! Left out on purpose: encrypted members, methods other than stored and deflate, archives in several parts.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use anyhow::Context;
use bakkt_model::error::{Failure, visible};
use bakkt_model::system_file::is_system_file;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use glob::Pattern;

use super::bytes::{Bytes, BytesReader};

/// Bytes of an unpacked member from which on its size is held against that of the packed one, and how many times as large it may be.
const LARGE: u64 = 256 << 20;
const MOST_TIMES: u64 = 200;

/// Names of members that a message shows.
const SHOWN: usize = 5;

const END: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const WIDE_PLACE: &[u8] = b"PK\x06\x07";
const WIDE_END: &[u8] = b"PK\x06\x06";

/// A member that is read.
#[derive(Clone, Debug)]
pub(super) struct Member {
    bytes: Arc<Bytes>,
    start: u64,
    end: u64,
    size: u64,
    checksum: u32,
    is_deflated: bool,
}

impl Member {
    /// What it holds, from its beginning.
    pub(super) fn open(&self) -> Box<dyn Read + Send> {
        let packed = BytesReader::new(self.bytes.clone(), self.start, self.end);
        let packed = BufReader::with_capacity(64 << 10, packed);
        match self.is_deflated {
            true => Box::new(CheckedMember::new(DeflateDecoder::new(packed), self)),
            false => Box::new(CheckedMember::new(packed, self)),
        }
    }
}

/// Compares what comes out with what the directory says.
struct CheckedMember<R> {
    inner: R,
    crc: Crc,
    read: u64,
    size: u64,
    checksum: u32,
}

impl<R> CheckedMember<R> {
    fn new(inner: R, member: &Member) -> Self {
        CheckedMember {
            inner,
            crc: Crc::new(),
            read: 0,
            size: member.size,
            checksum: member.checksum,
        }
    }
}

impl<R: Read> Read for CheckedMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wrong = |what: &str| {
            let hint = "copy the file again, or pack the export again";
            io::Error::new(io::ErrorKind::InvalidData, format!("{what}; {hint}"))
        };
        let count = self
            .inner
            .read(buffer)
            .map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => error,
                _ if error.raw_os_error().is_some() => error,
                _ => wrong("the packed data of its member cannot be unpacked"),
            })?;
        self.read += count as u64;
        self.crc.update(&buffer[..count]);
        if self.read > self.size {
            return Err(wrong("its member holds more than the archive says"));
        }
        if count == 0 && !buffer.is_empty() {
            if self.read < self.size {
                return Err(wrong("its member holds less than the archive says"));
            }
            if self.crc.sum() != self.checksum {
                return Err(wrong(
                    "the checksum of its member is another than the archive says",
                ));
            }
        }
        Ok(count)
    }
}

/// An entry of the directory.
struct Entry {
    name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    packed: u64,
    size: u64,
    /// Where its own header stands.
    header: u64,
    /// The kind of file in the bits of Unix; 0 where another system made the archive.
    kind: u32,
}

/// The directory: where it begins and ends, and how many entries it has.
struct Directory {
    start: u64,
    end: u64,
    entries: u64,
}

/// Why an archive is not read.
type Refusal = (String, &'static str);

fn refuse<T>(why: impl Into<String>, hint: &'static str) -> anyhow::Result<Result<T, Refusal>> {
    Ok(Err((why.into(), hint)))
}

const DAMAGED: &str = "copy the file again, or pack the export again";
const HOSTILE: &str = "nobody packs an export like this: ask where it comes from";

/// The member that a pattern names, or the only one; and its name.
pub(super) fn member(
    bytes: &Arc<Bytes>,
    length: u64,
    file: &str,
    pattern: Option<&Pattern>,
) -> anyhow::Result<(Member, String)> {
    let found = find(bytes, length, pattern).with_context(|| format!("cannot read {file}"))?;
    found.map_err(|(why, hint)| {
        let told = format!("the zip archive {file} {}", visible(&why));
        match hint {
            DAMAGED => Failure::cannot(told, hint),
            _ => Failure::configuration(told, hint),
        }
    })
}

fn find(
    bytes: &Arc<Bytes>,
    length: u64,
    pattern: Option<&Pattern>,
) -> anyhow::Result<Result<(Member, String), Refusal>> {
    let Some(directory) = directory(bytes, length)? else {
        return refuse("is damaged: its directory cannot be found", DAMAGED);
    };
    let reader = BytesReader::new(bytes.clone(), directory.start, directory.end);
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let (mut chosen, mut names, mut count) = (None, Vec::new(), 0u64);
    for _ in 0..directory.entries {
        let Some(entry) = entry(&mut reader)? else {
            return refuse("is damaged: its directory is cut", DAMAGED);
        };
        if let Some(why) = hostile(&entry) {
            return refuse(format!("has a member that is {why}"), HOSTILE);
        }
        if is_candidate(&entry, pattern) {
            count += 1;
            if names.len() < SHOWN {
                names.push(entry.name.clone());
            }
            chosen.get_or_insert(entry);
        }
    }
    let all = names.join("`, `");
    let Some(entry) = chosen else {
        return match pattern {
            None => refuse("has no file in it", "name a file with customers"),
            Some(pattern) => refuse(
                format!("has no member that fits \"{}\"", pattern.as_str()),
                "`*` stands for any part of a name; check `member`",
            ),
        };
    };
    if count > 1 {
        let more = if count > names.len() as u64 {
            " and more"
        } else {
            ""
        };
        return refuse(
            format!("has several members that may be meant: `{all}`{more}"),
            "say which one is read with `member` (`--member` of `inspect` and `init`), such as \"customers*.csv\"; the others go into exports of their own",
        );
    }
    opened(bytes, &directory, entry)
}

/// What the directory's end says; none where it is not where it must be.
fn directory(bytes: &Bytes, length: u64) -> io::Result<Option<Directory>> {
    // Behind the end stands a comment, whose length it says.
    let tail_start = length.saturating_sub(END_LENGTH as u64 + u64::from(u16::MAX));
    let tail = read(bytes, tail_start, (length - tail_start) as usize)?;
    let mut ends = memchr::memmem::rfind_iter(&tail, END);
    let place = ends.find(|at| {
        let comment = tail
            .get(at + 20..at + 22)
            .map(|two| usize::from(number(two) as u16));
        comment.is_some_and(|comment| at + END_LENGTH + comment == tail.len())
    });
    let Some(at) = place else {
        return Ok(None);
    };
    let end = &tail[at..at + END_LENGTH];
    let place = tail_start + at as u64;
    let (parts, entries) = (number(&end[4..8]), number(&end[10..12]));
    let (size, start) = (number(&end[12..16]), number(&end[16..20]));
    if let Some(wide) = wide_end(bytes, place)? {
        return Ok(Some(wide));
    }
    let whole = parts == 0 && start.checked_add(size) == Some(place);
    Ok(whole.then_some(Directory {
        start,
        end: place,
        entries,
    }))
}

/// The end of a directory whose numbers have 64 bits.
fn wide_end(bytes: &Bytes, place: u64) -> io::Result<Option<Directory>> {
    let Some(locator) = place.checked_sub(20) else {
        return Ok(None);
    };
    let place = read(bytes, locator, 20)?;
    if !place.starts_with(WIDE_PLACE) {
        return Ok(None);
    }
    let place = number(&place[8..16]);
    let end = read(bytes, place, 56)?;
    if end.len() < 56 || !end.starts_with(WIDE_END) {
        return Ok(None);
    }
    let (size, start) = (number(&end[40..48]), number(&end[48..56]));
    let whole = number(&end[16..24]) == 0 && start.checked_add(size) == Some(place);
    Ok(whole.then_some(Directory {
        start,
        end: place,
        entries: number(&end[32..40]),
    }))
}

/// Bytes at a place; fewer at the end.
fn read(bytes: &Bytes, offset: u64, count: usize) -> io::Result<Vec<u8>> {
    let (mut all, mut filled) = (vec![0; count], 0);
    while filled < count {
        match bytes.read_at(&mut all[filled..], offset.saturating_add(filled as u64))? {
            0 => break,
            more => filled += more,
        }
    }
    all.truncate(filled);
    Ok(all)
}

/// The number that up to eight bytes are, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    let bytes = bytes.iter().rev().take(8);
    bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The next entry; none where it is cut.
fn entry(reader: &mut impl Read) -> io::Result<Option<Entry>> {
    let mut head = [0; 46];
    let mut fill = |buffer: &mut [u8]| match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    };
    if !fill(&mut head)? || !head.starts_with(ENTRY) {
        return Ok(None);
    }
    let mut name = vec![0; number(&head[28..30]) as usize];
    let mut extra = vec![0; number(&head[30..32]) as usize];
    let mut comment = vec![0; number(&head[32..34]) as usize];
    if !fill(&mut name)? || !fill(&mut extra)? || !fill(&mut comment)? {
        return Ok(None);
    }
    let mut sizes = [
        number(&head[24..28]),
        number(&head[20..24]),
        number(&head[42..46]),
    ];
    let mut wide = wide_numbers(&extra);
    for size in &mut sizes {
        if *size == u64::from(u32::MAX) {
            let Some((first, rest)) = wide.split_at_checked(8) else {
                return Ok(None);
            };
            *size = number(first);
            wide = rest;
        }
    }
    let is_unix = head[5] == 3;
    Ok(Some(Entry {
        // Some programs write the paths of Windows.
        name: String::from_utf8_lossy(&name).replace('\\', "/"),
        flags: number(&head[8..10]) as u16,
        method: number(&head[10..12]) as u16,
        checksum: number(&head[16..20]) as u32,
        packed: sizes[1],
        size: sizes[0],
        header: sizes[2],
        kind: match is_unix {
            true => number(&head[40..42]) as u32 & 0o170_000,
            false => 0,
        },
    }))
}

/// The numbers of 64 bits that an entry's further fields hold.
fn wide_numbers(mut extra: &[u8]) -> &[u8] {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let length = number(&head[2..4]) as usize;
        let Some((field, behind)) = rest.split_at_checked(length) else {
            break;
        };
        if head[..2] == [1, 0] {
            return field;
        }
        extra = behind;
    }
    &[]
}

/// Why no archive has such a member that is only an export.
fn hostile(entry: &Entry) -> Option<&'static str> {
    let is_drive = entry.name.get(1..2) == Some(":");
    if entry.name.starts_with('/') || is_drive || entry.name.contains('\0') {
        return Some("at a place outside of it");
    }
    if entry.name.split('/').any(|part| part == "..") {
        return Some("at a place outside of it (`..`)");
    }
    match entry.kind {
        0 | 0o100_000 | 0o040_000 => None,
        0o120_000 => Some("a link"),
        _ => Some("neither a file nor a folder"),
    }
}

/// Whether an entry may be the export: a file that a pattern names, or any that a person made.
fn is_candidate(entry: &Entry, pattern: Option<&Pattern>) -> bool {
    let file = entry.name.rsplit('/').next().unwrap_or_default();
    if file.is_empty() {
        return false;
    }
    match pattern {
        Some(pattern) if pattern.as_str().contains('/') => pattern.matches(&entry.name),
        Some(pattern) => pattern.matches(file),
        None => !is_system_file(&entry.name),
    }
}

/// The member of an entry, if its own header agrees.
fn opened(
    bytes: &Arc<Bytes>,
    directory: &Directory,
    entry: Entry,
) -> anyhow::Result<Result<(Member, String), Refusal>> {
    const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
    let name = entry.name;
    if entry.flags & ENCRYPTED != 0 {
        return refuse(
            format!("has the member `{name}`, which is encrypted"),
            "unpack it with its password, or have it encrypted with OpenPGP instead",
        );
    }
    if !matches!(entry.method, 0 | 8) {
        return refuse(
            format!(
                "has the member `{name}`, which is packed by method {}",
                entry.method
            ),
            "pack it with deflate, which every program can",
        );
    }
    if entry.size > LARGE && entry.size / MOST_TIMES > entry.packed {
        return refuse(
            format!(
                "has the member `{name}`, which would grow to {} times its size",
                entry.size / entry.packed.max(1)
            ),
            "no export does: ask where it comes from; if it is right, unpack it and name what is in it",
        );
    }
    let head = read(bytes, entry.header, 30)?;
    let own = head.starts_with(LOCAL).then(|| {
        let (name, extra) = (number(&head[26..28]), number(&head[28..30]));
        (name as usize, entry.header.checked_add(30 + name + extra))
    });
    let Some((length, Some(start))) = own.filter(|_| head.len() == 30) else {
        return refuse(format!("is damaged at its member `{name}`"), DAMAGED);
    };
    let there = read(bytes, entry.header + 30, length)?;
    let there = String::from_utf8_lossy(&there).replace('\\', "/");
    let end = start.checked_add(entry.packed);
    let Some(end) = end.filter(|end| *end <= directory.start) else {
        return refuse(format!("is damaged at its member `{name}`"), DAMAGED);
    };
    if there != name || number(&head[8..10]) != u64::from(entry.method) {
        return refuse(
            format!("has the member `{name}`, which is another where it stands"),
            HOSTILE,
        );
    }
    let member = Member {
        bytes: bytes.clone(),
        start,
        end,
        size: entry.size,
        checksum: entry.checksum,
        is_deflated: entry.method == 8,
    };
    Ok(Ok((member, name)))
}
