//! Values that must not be found, in every disguise that a careless program could give them.
//!
//! Owner of the disguises: as it is, in other case, without punctuation, URL-encoded, base64 at all three alignments,
//! hex, plain SHA-256 and BLAKE3. Left out on purpose: keyed hashes, which is what the journal keeps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One disguise of one value.
struct Needle {
    label: String,
    bytes: Vec<u8>,
}

/// All disguises of all values.
pub struct Needles {
    all: Vec<Needle>,
    /// The folded ones, by their first two bytes: one pass over some bytes finds all of them.
    folded: Starts,
    /// The others.
    exact: Starts,
}

/// Places in the list of needles, by the first two bytes of each.
type Starts = Vec<Vec<usize>>;

/// The place of two bytes.
fn start(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

impl Needles {
    /// Of values that have at least six characters: shorter ones would be found by chance.
    pub fn new(values: &[&str]) -> Needles {
        let mut needles = Needles {
            all: Vec::new(),
            folded: vec![Vec::new(); 1 << 16],
            exact: vec![Vec::new(); 1 << 16],
        };
        for value in values {
            assert!(value.len() >= 6, "{value} is too short to look for");
            needles.add(value);
        }
        needles
    }

    fn add(&mut self, value: &str) {
        let squeezed: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
        let mut push = |how: &str, bytes: Vec<u8>, folded: bool| {
            let label = format!("{value} {how}");
            let starts = if folded {
                &mut self.folded
            } else {
                &mut self.exact
            };
            starts[start(bytes[0], bytes[1])].push(self.all.len());
            self.all.push(Needle { label, bytes });
        };
        push("as it is", value.to_lowercase().into_bytes(), true);
        push("squeezed", squeezed.to_lowercase().into_bytes(), true);
        push("URL-encoded", url(value).to_lowercase().into_bytes(), true);
        let form = url(value).replace("%20", "+");
        push("form-encoded", form.to_lowercase().into_bytes(), true);
        for text in [
            value.to_owned(),
            value.to_uppercase(),
            value.to_lowercase(),
            squeezed,
        ] {
            push("in hex", hex(text.as_bytes()).into_bytes(), true);
            for shift in 0..3 {
                let plain = base64(text.as_bytes(), shift);
                let safe = plain.replace('+', "-").replace('/', "_");
                push("in base64", plain.into_bytes(), false);
                push("in URL-safe base64", safe.into_bytes(), false);
            }
            for (name, hash) in [
                ("SHA-256", sha256(text.as_bytes())),
                ("BLAKE3", *blake3::hash(text.as_bytes()).as_bytes()),
            ] {
                push(name, hash.to_vec(), false);
                push(&format!("{name} in hex"), hex(&hash).into_bytes(), true);
                push(
                    &format!("{name} in base64"),
                    base64(&hash, 0).into_bytes(),
                    false,
                );
            }
        }
    }

    /// What is found in some bytes.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = BTreeSet::new();
        self.look(&bytes.to_ascii_lowercase(), &self.folded, &mut found);
        self.look(bytes, &self.exact, &mut found);
        found
            .into_iter()
            .map(|place| self.all[place].label.as_str())
            .collect()
    }

    fn look(&self, hay: &[u8], starts: &Starts, found: &mut BTreeSet<usize>) {
        for at in 1..hay.len() {
            for &place in &starts[start(hay[at - 1], hay[at])] {
                if hay[at - 1..].starts_with(&self.all[place].bytes) {
                    found.insert(place);
                }
            }
        }
    }

    /// What is found in the name or the bytes of any file below a folder.
    pub fn found_below(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in files_below(folder) {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.extend_from_slice(path.file_name().unwrap().as_encoded_bytes());
            let labels = self.found_in(&bytes);
            found.extend(
                labels
                    .iter()
                    .map(|label| format!("{}: {label}", path.display())),
            );
        }
        found
    }
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Percent-encoding of everything but unreserved characters.
pub fn url(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The base64 characters that depend on nothing but `bytes` when they stand `shift` bytes behind a multiple of three.
pub fn base64(bytes: &[u8], shift: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let bits = padded.len() * 8;
    let first = (shift * 8).div_ceil(6);
    let digit = |place: usize| {
        (0..6).fold(0, |digit, bit| {
            let at = place * 6 + bit;
            digit << 1 | usize::from(padded[at / 8] >> (7 - at % 8) & 1)
        })
    };
    (first..bits / 6)
        .map(|place| char::from(DIGITS[digit(place)]))
        .collect()
}

/// SHA-256 as FIPS 180-4 states it. The constants are the fraction bits of the roots of the first primes, so they are
/// computed: exactly, as the integer root of the prime times a power of two.
pub fn sha256(message: &[u8]) -> [u8; 32] {
    let primes: Vec<u128> = (2u128..312)
        .filter(|n| (2..*n).all(|d| n % d != 0))
        .take(64)
        .collect();
    let root = |value: u128, power: u32| {
        let (mut low, mut high) = (0u128, 1 << 40);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let fits = middle.checked_pow(power).is_some_and(|p| p <= value);
            *(if fits { &mut low } else { &mut high }) = middle;
        }
        low as u32
    };
    let constants: Vec<u32> = primes.iter().map(|prime| root(prime << 96, 3)).collect();
    let mut state: Vec<u32> = primes[..8].iter().map(|p| root(p << 64, 2)).collect();
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words: Vec<u32> = block
            .chunks_exact(4)
            .map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        for at in 16..64 {
            let (x, y) = (words[at - 15], words[at - 2]);
            let low = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
            let high = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
            let sum = words[at - 16].wrapping_add(low);
            words.push(sum.wrapping_add(words[at - 7]).wrapping_add(high));
        }
        let mut now = state.clone();
        for (word, constant) in words.iter().zip(&constants) {
            let (a, e) = (now[0], now[4]);
            let choice = (e & now[5]) ^ (!e & now[6]);
            let majority = (a & now[1]) ^ (a & now[2]) ^ (now[1] & now[2]);
            let high = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let low = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let first = now[7]
                .wrapping_add(high)
                .wrapping_add(choice)
                .wrapping_add(*constant)
                .wrapping_add(*word);
            now.rotate_right(1);
            now[4] = now[4].wrapping_add(first);
            now[0] = first.wrapping_add(low).wrapping_add(majority);
        }
        for (sum, word) in state.iter_mut().zip(now) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut hash = [0; 32];
    for (place, word) in hash.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    hash
}
