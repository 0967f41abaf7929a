//! The legacy extract: decides the fate of every row and streams the rows out.
//!
//! A row is a pure function of the seed and its number. So the rows of a small export are the first rows of a
//! bigger one, and a duplicate is made by computing an earlier row again: nothing is remembered.
//!
//! Invariants: every line has one cell per column; only `fate` decides about duplicates, closed and blocked
//! customers, so `--clean` is one branch.
//! Left out on purpose: byte order marks, other encodings, broken quoting. Those are cases for the CSV reader's
//! own tests, and would make one sample stop for reasons of another.

mod flaws;
mod lists;
pub mod person;
mod places;
pub mod row;

use fastrand::Rng;
use flaws::Flaw;
use row::{Col, Row};
use std::fmt;
use std::io::{self, Write};

/// What to write.
pub struct Recipe {
    /// Rows below the header.
    pub rows: u64,
    /// The seed of everything.
    pub seed: u64,
    /// No duplicates, no closed and no blocked customers.
    pub clean: bool,
}

/// How many rows were given which fate.
#[derive(Default, Debug, PartialEq)]
pub struct Tally {
    /// Rows with nothing worse than a gap.
    pub plain: u64,
    /// Rows that the sample's `[exclude]` leaves out.
    pub closed: u64,
    /// Rows that repeat an earlier customer with the same payload.
    pub same: u64,
    /// Rows that repeat an earlier customer's id with another payload (so the earlier row is not sent either).
    pub differing: u64,
    /// Rows with a flaw that blocks them.
    pub blocked: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            plain,
            closed,
            same,
            differing,
            blocked,
        } = self;
        write!(
            f,
            "{plain} plain, {closed} closed, {blocked} to be blocked, "
        )?;
        write!(
            f,
            "{same} identical and {differing} differing copies of earlier rows"
        )
    }
}

/// What becomes of a row.
enum Fate {
    Plain,
    Closed,
    /// A copy of the row with this number.
    Same(u64),
    Differing(u64),
    Blocked(&'static Flaw),
}

/// Shares are counted in so many parts.
const PARTS: u32 = 100_000;
const CLOSED: u32 = 3_000;
/// A little above half a percent, because a copy of a row that is not plain is not made.
const SAME: u32 = 580;
const DIFFERING: u32 = 580;
/// A copy stands at most 2^FAR rows after its original.
const FAR: u32 = 12;

/// Writes the header and all rows.
pub fn write(recipe: &Recipe, out: &mut impl Write) -> io::Result<Tally> {
    const FULL: usize = 1 << 18;
    let mut tally = Tally::default();
    let mut lines = Vec::with_capacity(FULL + 4096);
    let mut row = Row::default();
    row::header(&mut lines);
    for number in 0..recipe.rows {
        fill(recipe, number, &mut row, &mut tally);
        row.write(&mut lines);
        if lines.len() >= FULL {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)?;
    out.flush()?;
    Ok(tally)
}

fn fill(recipe: &Recipe, number: u64, row: &mut Row, tally: &mut Tally) {
    let mut rng = dice(recipe.seed, number);
    match settled_fate(recipe, number, &mut rng) {
        Fate::Plain => {
            tally.plain += 1;
            person::fill(row, number, Default::default(), &mut rng);
            flaws::gaps(row, &mut rng);
        }
        Fate::Closed => {
            tally.closed += 1;
            person::fill(row, number, Default::default(), &mut rng);
            flaws::gaps(row, &mut rng);
            row.put(Col::AcctStat, "C");
        }
        Fate::Blocked(flaw) => {
            tally.blocked += 1;
            person::fill(row, number, flaw.wish, &mut rng);
            flaws::gaps(row, &mut rng);
            (flaw.spoil)(row, &mut rng);
        }
        Fate::Same(original) => {
            tally.same += 1;
            plain_again(recipe, original, row);
            // The status is no part of a payload: the line differs, the payload does not.
            if rng.bool() {
                row.put(Col::AcctStat, "D");
            }
        }
        Fate::Differing(original) => {
            tally.differing += 1;
            plain_again(recipe, original, row);
            flaws::contradict(row, &mut rng);
        }
    }
}

/// Computes an earlier, plain row once more, to the letter.
fn plain_again(recipe: &Recipe, number: u64, row: &mut Row) {
    let mut rng = dice(recipe.seed, number);
    settled_fate(recipe, number, &mut rng);
    person::fill(row, number, Default::default(), &mut rng);
    flaws::gaps(row, &mut rng);
}

/// The fate of a row, where a copy of anything but a plain row is no copy.
fn settled_fate(recipe: &Recipe, number: u64, rng: &mut Rng) -> Fate {
    let fate = fate(recipe, number, rng);
    let (Fate::Same(original) | Fate::Differing(original)) = fate else {
        return fate;
    };
    // First draws only: an original that is a copy itself does not count, whatever became of it.
    match self::fate(recipe, original, &mut dice(recipe.seed, original)) {
        Fate::Plain => fate,
        _ => Fate::Plain,
    }
}

fn fate(recipe: &Recipe, number: u64, rng: &mut Rng) -> Fate {
    let mut draw = rng.u32(0..PARTS);
    let far = rng.u32(0..=FAR);
    let back = 1 + rng.u64(0..1 << far);
    if recipe.clean {
        return Fate::Plain;
    }
    let mut within = |share: u32| {
        let hit = draw < share;
        draw = draw.wrapping_sub(share);
        hit
    };
    if within(CLOSED) {
        return Fate::Closed;
    }
    if within(SAME) {
        return number.checked_sub(back).map_or(Fate::Plain, Fate::Same);
    }
    if within(DIFFERING) {
        return number
            .checked_sub(back)
            .map_or(Fate::Plain, Fate::Differing);
    }
    flaws::BLOCKING
        .iter()
        .find(|flaw| within(flaw.share))
        .map_or(Fate::Plain, Fate::Blocked)
}

/// The dice of one row: the seed and the number, stirred (splitmix64), so that neighbours have nothing in common.
pub fn dice(seed: u64, number: u64) -> Rng {
    let mut z = seed
        .wrapping_mul(0xd134_2543_de82_ef95)
        .wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Rng::with_seed(z ^ (z >> 31))
}
