//! One entry for each record of an export, for as long as it is read: in blocks, which move from memory into a temporary file once
//! there are many.
//!
//! Owner of [`Column`], a list that grows without copying, and of [`ColumnStore`], where the full blocks of all columns of one scan
//! go. The file is a [`Spool`]: it has no name, and is encrypted under a key that only this process holds. Where none can be made or
//! written, blocks stay in memory. A block that cannot be read again gives entries of nothing, and [`ColumnStore::check`] an
//! error; so what was made of columns counts only once that was asked. Left out on purpose: what the entries are.

use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::Context;

use bakkt_source::spool::Spool;

/// Entries of a block.
const BLOCK: usize = 1 << 16;

/// Bytes of full blocks that stay in memory, in all columns of a store together. With more, all of them go into the file.
const ROOM: usize = 12 << 20;

/// What a column can hold.
pub(crate) trait Entry: Copy + Default {
    /// Bytes of an entry.
    const SIZE: usize;
    /// Writes it into so many bytes.
    fn put(self, bytes: &mut [u8]);
    /// Reads it from so many bytes.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Entry for $number {
            const SIZE: usize = size_of::<$number>();
            fn put(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
            fn take(bytes: &[u8]) -> $number {
                bytes.try_into().map_or(0, <$number>::from_le_bytes)
            }
        })*
    };
}

numbers!(u16, u32, u64);

/// Where the full blocks of columns go. The default keeps all of them in memory.
#[derive(Clone, Debug, Default)]
pub struct ColumnStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Where the temporary file is made; `None`: nowhere.
    folder: Option<PathBuf>,
    /// Bytes of full blocks that stay in memory.
    room: usize,
    blocks: RwLock<StoredBlocks>,
    failure: Mutex<Option<io::Error>>,
}

#[derive(Debug, Default)]
struct StoredBlocks {
    /// Bytes of full blocks in memory, as long as there is no file.
    in_memory: usize,
    /// They were too many.
    is_full: bool,
    spool: Option<Spool>,
    /// The file could not be made, or not be written.
    is_closed: bool,
}

impl ColumnStore {
    /// With a temporary file in a folder, once one is needed.
    pub fn new(folder: &Path) -> ColumnStore {
        ColumnStore::with_room(folder, ROOM)
    }

    /// The same, with so many bytes of full blocks in memory before all of them go into the file.
    pub(crate) fn with_room(folder: &Path, room: usize) -> ColumnStore {
        ColumnStore(Arc::new(Shared {
            folder: Some(folder.to_owned()),
            room,
            ..Shared::default()
        }))
    }

    /// Fails when a block could not be read again.
    pub fn check(&self) -> anyhow::Result<()> {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match failure.take() {
            Some(error) => Err(error).context("cannot read a temporary file again"),
            None => Ok(()),
        }
    }

    /// Puts a full block into the file, and says at which byte it stands there; `None`: it stays in memory.
    fn put<T: Entry>(&self, block: &[T]) -> Option<u64> {
        let folder = self.0.folder.as_ref()?;
        let mut blocks = self
            .0
            .blocks
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let length = block.len() * T::SIZE;
        blocks.in_memory += length;
        blocks.is_full |= blocks.in_memory > self.0.room;
        if blocks.is_closed || !blocks.is_full {
            return None;
        }
        let mut bytes = vec![0; length];
        let entries = bytes.chunks_exact_mut(T::SIZE).zip(block);
        entries.for_each(|(bytes, entry)| entry.put(bytes));
        let written = blocks.write(folder, &bytes);
        blocks.is_closed = written.is_none();
        written
    }

    /// Reads what stands at a place of the file.
    fn read(&self, bytes: &mut [u8], at: u64) {
        let blocks = self.0.blocks.read().unwrap_or_else(PoisonError::into_inner);
        let read = match &blocks.spool {
            Some(spool) => spool.read_at(bytes, at),
            None => Ok(0),
        };
        let error = match read {
            Ok(count) if count == bytes.len() => return,
            Ok(_) => io::ErrorKind::UnexpectedEof.into(),
            Err(error) => error,
        };
        bytes.fill(0);
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
    }
}

impl StoredBlocks {
    fn write(&mut self, folder: &Path, bytes: &[u8]) -> Option<u64> {
        let spool = match self.spool.take() {
            Some(spool) => spool,
            None => Spool::new(folder).ok()?,
        };
        let spool = self.spool.insert(spool);
        let at = spool.length();
        spool.append(bytes, &mut |_| Ok(())).ok()?;
        Some(at)
    }
}

/// One entry a record, in blocks, so that growing never needs twice the memory.
#[derive(Debug)]
pub(crate) struct Column<T> {
    store: ColumnStore,
    full: Vec<Block<T>>,
    /// Behind them; has its own place, since it is what is added to.
    last: Vec<T>,
}

#[derive(Debug)]
enum Block<T> {
    InMemory(Vec<T>),
    /// Where it stands in the file.
    Stored(u64, PhantomData<T>),
}

impl<T> Default for Column<T> {
    fn default() -> Column<T> {
        Column::new(&ColumnStore::default())
    }
}

impl<T> Column<T> {
    /// An empty one, whose blocks go to a store.
    pub(crate) fn new(store: &ColumnStore) -> Column<T> {
        Column {
            store: store.clone(),
            full: Vec::new(),
            last: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.full.len() * BLOCK + self.last.len()
    }
}

impl<T: Entry> Column<T> {
    /// Adds the entry of the next record.
    #[inline]
    pub(crate) fn push(&mut self, entry: T) {
        if self.last.len() == BLOCK {
            self.begin_block();
        }
        self.last.push(entry);
    }

    #[cold]
    fn begin_block(&mut self) {
        match self.store.put(&self.last) {
            Some(at) => {
                self.move_out();
                self.full.push(Block::Stored(at, PhantomData));
                self.last.clear();
            }
            None => {
                let full = std::mem::replace(&mut self.last, Vec::with_capacity(BLOCK));
                self.full.push(Block::InMemory(full));
            }
        }
    }

    /// Moves the blocks that are still in memory into the file, once it takes some.
    fn move_out(&mut self) {
        for block in &mut self.full {
            if let Block::InMemory(entries) = block
                && let Some(at) = self.store.put(entries)
            {
                *block = Block::Stored(at, PhantomData);
            }
        }
    }

    /// The entry of a record, counted from 0.
    pub(crate) fn get(&self, place: usize) -> T {
        self.some(place..place + 1)
            .first()
            .copied()
            .unwrap_or_default()
    }

    /// The entries of a range of records, counted from 0, which all are in one block (65,536 records).
    pub(crate) fn some(&self, places: Range<usize>) -> Vec<T> {
        let (block, start) = (places.start / BLOCK, places.start % BLOCK);
        let within = start..start + places.len();
        let in_memory = |block: &[T]| block.get(within.clone()).unwrap_or_default().to_vec();
        match self.full.get(block) {
            Some(Block::InMemory(block)) => in_memory(block),
            Some(Block::Stored(at, _)) => {
                let mut bytes = vec![0; places.len() * T::SIZE];
                self.store.read(&mut bytes, at + (start * T::SIZE) as u64);
                bytes.chunks_exact(T::SIZE).map(T::take).collect()
            }
            None if block == self.full.len() => in_memory(&self.last),
            None => Vec::new(),
        }
    }

    /// All entries, in order; a block at a time is held twice.
    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        let full = self.full.iter().flat_map(|block| match block {
            Block::InMemory(block) => block.clone(),
            Block::Stored(at, _) => {
                let mut bytes = vec![0; BLOCK * T::SIZE];
                self.store.read(&mut bytes, *at);
                bytes.chunks_exact(T::SIZE).map(T::take).collect()
            }
        });
        full.chain(self.last.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_longer_than_what_stays_in_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let room = 11 * BLOCK;
        let stored = ColumnStore::with_room(folder.path(), room);
        for store in [ColumnStore::default(), stored] {
            // Blocks that stay at first, blocks that do not, and one that is not full.
            let count = 4 * BLOCK + 7;
            let (mut long, mut short) = (Column::new(&store), Column::new(&store));
            for number in 0..count as u64 {
                long.push(number * 3);
                short.push(number as u16);
            }
            assert_eq!((long.len(), short.len()), (count, count));
            let is_stored = |block: &Block<u64>| matches!(block, Block::Stored(..));
            assert_eq!(long.full.iter().all(is_stored), store.0.folder.is_some());
            assert!(long.iter().eq((0..count as u64).map(|number| number * 3)));
            assert!(
                short
                    .iter()
                    .eq((0..count as u64).map(|number| number as u16))
            );
            for place in [0, BLOCK - 1, BLOCK, 3 * BLOCK + 5, count - 1] {
                assert_eq!(long.get(place), place as u64 * 3);
                assert_eq!(short.get(place), place as u16);
            }
            assert_eq!((long.get(count), long.get(9 * count)), (0, 0));
            for places in [
                0..3,
                BLOCK - 2..BLOCK,
                3 * BLOCK..3 * BLOCK + 4,
                count - 2..count,
            ] {
                let wanted: Vec<u64> = places.clone().map(|place| place as u64 * 3).collect();
                assert_eq!(long.some(places), wanted);
            }
            store.check().expect("everything was read");
        }
    }

    #[test]
    fn a_block_that_is_not_there_any_more_is_an_error_and_none_that_cannot_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = ColumnStore::new(folder.path());
        let mut bytes = [7; 8];
        store.read(&mut bytes, 0);
        assert_eq!(bytes, [0; 8]);
        store.check().expect_err("nothing is there");
        store.check().expect("it was told");
        let nowhere = ColumnStore::with_room(&folder.path().join("gone"), 0);
        let mut column = Column::new(&nowhere);
        let count = 2 * BLOCK;
        (0..count as u64).for_each(|number| column.push(number));
        assert!(column.iter().eq(0..count as u64));
        nowhere.check().expect("nothing was stored");
    }
}
