//! The bytes of invented papers: a PDF of a few lines, a PNG and a JPEG of grey blocks.
//!
//! Invariants: every file is a whole one of its type, which a viewer opens; the same text or seed gives the same bytes.
//! Nothing is compressed, so that no library's version decides about the bytes.

use fastrand::Rng;

/// A page with these lines, the first of them as the title. They are ASCII.
pub fn pdf(lines: &[&str]) -> Vec<u8> {
    let mut page = String::from("BT /F1 14 Tf 72 720 Td 20 TL\n");
    for line in lines {
        let text = line.replace('\\', "\\\\");
        let text = text.replace('(', "\\(").replace(')', "\\)");
        page.push_str(&format!("({text}) Tj T*\n"));
    }
    page.push_str("ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{page}\nendstream", page.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let (mut file, mut places) = (String::from("%PDF-1.4\n"), Vec::new());
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n", objects.len() + 1));
    file.push_str("0000000000 65535 f \n");
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    ));
    file.into_bytes()
}

/// Blocks to a side of an image.
const WIDE: usize = 8;
const HIGH: usize = 5;

/// The greys of an image: a frame, and whatever the seed gives inside.
fn greys(seed: u64) -> [[u8; WIDE]; HIGH] {
    let mut rng = Rng::with_seed(seed);
    let mut greys = [[32; WIDE]; HIGH];
    for row in &mut greys[1..HIGH - 1] {
        for grey in &mut row[1..WIDE - 1] {
            *grey = rng.u8(96..=240);
        }
    }
    greys
}

/// A PNG of 32 × 20 pixels.
pub fn png(seed: u64) -> Vec<u8> {
    const BLOCK: usize = 4;
    let mut pixels = Vec::new();
    for row in greys(seed) {
        for _ in 0..BLOCK {
            // Each line begins with its filter: none.
            pixels.push(0);
            pixels.extend(row.iter().flat_map(|grey| [*grey; BLOCK]));
        }
    }
    let length = pixels.len() as u16;
    let mut data = vec![0x78, 0x01, 1];
    data.extend(length.to_le_bytes());
    data.extend((!length).to_le_bytes());
    data.extend(&pixels);
    data.extend(adler32(&pixels).to_be_bytes());

    let mut header = Vec::new();
    header.extend(((WIDE * BLOCK) as u32).to_be_bytes());
    header.extend(((HIGH * BLOCK) as u32).to_be_bytes());
    // Eight bits a pixel, grey, and the only ways of compressing, filtering and ordering.
    header.extend([8, 0, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, body) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        file.extend((body.len() as u32).to_be_bytes());
        let start = file.len();
        file.extend(name);
        file.extend(body);
        let check = crc32(&file[start..]);
        file.extend(check.to_be_bytes());
    }
    file
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1u32, 0u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// A JPEG of 64 × 40 pixels: every block of eight by eight has one grey, so that only its mean is written.
pub fn jpeg(seed: u64) -> Vec<u8> {
    let mut file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    // With all factors 8, a block's mean is written as it is, less 128.
    file.extend(b"\xff\xdb\0\x43\0");
    file.extend([8; 64]);
    file.extend(b"\xff\xc0\0\x0b\x08\0\x28\0\x40\x01\x01\x11\0");
    // Means: the sizes 0 to 8, each with a code of four bits. The rest of a block: only its end, one bit.
    file.extend(b"\xff\xc4\0\x1c\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend(0..=8u8);
    file.extend(b"\xff\xc4\0\x14\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend(b"\xff\xda\0\x08\x01\x01\0\0\x3f\0");
    let mut bits = Bits::default();
    let mut before = 0;
    for grey in greys(seed).into_iter().flatten() {
        let mean = i32::from(grey) - 128;
        let step = mean - before;
        before = mean;
        let size = 32 - step.unsigned_abs().leading_zeros();
        bits.put(size, 4);
        // A negative step is written as the ones' complement of its amount.
        let written = if step < 0 { step - 1 } else { step };
        bits.put(written as u32, size);
        bits.put(0, 1);
    }
    file.extend(bits.end());
    file.extend(b"\xff\xd9");
    file
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    /// The lowest bits of a number.
    fn put(&mut self, number: u32, count: u32) {
        for place in (0..count).rev() {
            self.open = self.open << 1 | (number >> place & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = self.open as u8;
                self.bytes.push(byte);
                // 0xff begins a marker; a zero behind it says that this one does not.
                if byte == 0xff {
                    self.bytes.push(0);
                }
                (self.open, self.count) = (0, 0);
            }
        }
    }

    fn end(mut self) -> Vec<u8> {
        while self.count > 0 {
            self.put(1, 1);
        }
        self.bytes
    }
}
