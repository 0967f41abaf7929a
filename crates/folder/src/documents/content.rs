//! What a file is, by its first bytes.
//!
//! Owner of the table of accepted types. A name is never believed: an extension that claims another accepted type than the
//! content has is a mistake somebody should look at, because one of the two is wrong.
//! Left out on purpose: whether the rest of the file is whole; Bakkt looks at it.

/// So many first bytes decide: readers of PDFs look for the header in the first 1,024.
pub(crate) const HEAD: usize = 1024 + PDF.len();

/// Why a file is refused for what it is.
pub mod refusal {
    /// Neither image nor PDF.
    pub(crate) const NEITHER: &str = "invalid: its content is no image and no PDF";
    /// An image of a kind that cannot be accepted.
    pub(crate) const OTHER_IMAGE: &str =
        "invalid: its content is an image of a kind that Bakkt is not known to take";
    /// The name claims another type.
    pub(crate) const DISAGREE: &str =
        "invalid: the type that its name claims and its content disagree";
}

/// One type of content.
#[derive(Debug)]
pub struct ContentType {
    /// The word of `documents.accept`.
    pub name: &'static str,
    /// As it is sent.
    pub media_type: &'static str,
    /// What a file's name ends with that claims it.
    pub extensions: &'static [&'static str],
    /// Whether it is accepted unless the settings say otherwise.
    pub by_default: bool,
    /// Why a file of it is refused when it is not accepted.
    pub refusal: &'static str,
}

const fn content_type(
    name: &'static str,
    media_type: &'static str,
    extensions: &'static [&'static str],
    by_default: bool,
    refusal: &'static str,
) -> ContentType {
    ContentType {
        name,
        media_type,
        extensions,
        by_default,
        refusal,
    }
}

/// Every type that may be accepted. That Bakkt takes TIFF and HEIC nothing says, so a person must name them.
pub const TYPES: &[ContentType] = &[
    content_type(
        "PDF",
        "application/pdf",
        &["pdf"],
        true,
        "invalid: its content is PDF, which `accept` under [documents] does not name",
    ),
    content_type(
        "JPEG",
        "image/jpeg",
        &["jpg", "jpeg", "jpe", "jfif"],
        true,
        "invalid: its content is JPEG, which `accept` under [documents] does not name",
    ),
    content_type(
        "PNG",
        "image/png",
        &["png"],
        true,
        "invalid: its content is PNG, which `accept` under [documents] does not name",
    ),
    content_type(
        "GIF",
        "image/gif",
        &["gif"],
        true,
        "invalid: its content is GIF, which `accept` under [documents] does not name",
    ),
    content_type(
        "BMP",
        "image/bmp",
        &["bmp", "dib"],
        true,
        "invalid: its content is BMP, which `accept` under [documents] does not name",
    ),
    content_type(
        "TIFF",
        "image/tiff",
        &["tif", "tiff"],
        false,
        "invalid: its content is TIFF, which `accept` under [documents] does not name",
    ),
    content_type(
        "HEIC",
        "image/heic",
        &["heic", "heif"],
        false,
        "invalid: its content is HEIC, which `accept` under [documents] does not name",
    ),
];

/// The types that are accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AcceptedTypes([bool; TYPES.len()]);

// Part of the fingerprint of `[documents]`: plans of earlier versions hold this text.
impl std::fmt::Debug for AcceptedTypes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Accepted").field(&self.0).finish()
    }
}

impl Default for AcceptedTypes {
    fn default() -> AcceptedTypes {
        let mut accepted = [false; TYPES.len()];
        for (known, is_accepted) in TYPES.iter().zip(&mut accepted) {
            *is_accepted = known.by_default;
        }
        AcceptedTypes(accepted)
    }
}

impl AcceptedTypes {
    pub(crate) const NOTHING: AcceptedTypes = AcceptedTypes([false; TYPES.len()]);

    /// Accepts a type by its word, whatever its case; false when there is no such word.
    pub(crate) fn add(&mut self, word: &str) -> bool {
        let place = TYPES
            .iter()
            .position(|known| known.name.eq_ignore_ascii_case(word));
        if let Some(place) = place {
            self.0[place] = true;
        }
        place.is_some()
    }
}

const HEIC_BRANDS: &[&[u8]] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
];

/// How a PDF begins, behind whatever a scanner, a printer or a mail program put in front of it.
const PDF: &[u8] = b"%PDF-";

/// The media type of a file with these first bytes and this name.
pub(crate) fn media_type(
    head: &[u8],
    name: &str,
    accepted: AcceptedTypes,
) -> Result<&'static str, &'static str> {
    judged(sniff(head)?, name, accepted)
}

/// The media type of a file of the type at a place among [`TYPES`], with this name.
pub(crate) fn judged(
    place: usize,
    name: &str,
    accepted: AcceptedTypes,
) -> Result<&'static str, &'static str> {
    let found = &TYPES[place];
    if !accepted.0[place] {
        return Err(found.refusal);
    }
    let last = name.rsplit(['/', '\\']).next();
    let extension = last
        .and_then(|last| last.rsplit_once('.'))
        .map(|(_, extension)| extension.trim().to_ascii_lowercase());
    let claimed = extension.and_then(|extension| {
        let claims = |known: &&ContentType| known.extensions.contains(&extension.as_str());
        TYPES.iter().find(claims)
    });
    match claimed {
        Some(claimed) if claimed.name != found.name => Err(refusal::DISAGREE),
        _ => Ok(found.media_type),
    }
}

/// The place of a type among [`TYPES`].
pub(crate) fn sniff(head: &[u8]) -> Result<usize, &'static str> {
    let place = |name: &str| TYPES.iter().position(|known| known.name == name);
    match kind(head) {
        Some(name) => place(name).ok_or(refusal::OTHER_IMAGE),
        None => Err(refusal::NEITHER),
    }
}

/// What the first bytes say: the name of a type, another word for an image that cannot be accepted.
fn kind(head: &[u8]) -> Option<&'static str> {
    let begins = |magic: &[u8]| head.starts_with(magic);
    let brand = head.get(8..12).filter(|_| head.get(4..8) == Some(b"ftyp"));
    if begins(b"\x89PNG\r\n\x1a\n") {
        Some("PNG")
    } else if begins(b"\xff\xd8\xff") {
        Some("JPEG")
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Some("GIF")
    } else if is_bitmap(head) {
        Some("BMP")
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        Some("TIFF")
    } else if brand.is_some_and(|brand| HEIC_BRANDS.contains(&brand)) {
        Some("HEIC")
    } else if begins(b"RIFF") && head.get(8..12) == Some(b"WEBP")
        || brand.is_some_and(|brand| brand == b"avif" || brand == b"avis")
    {
        Some("another image")
    } else {
        is_pdf(head).then_some("PDF")
    }
}

/// A bitmap says `BM`, which a text may begin with as well; the size of its second header is one of a few.
fn is_bitmap(head: &[u8]) -> bool {
    let header = head.get(14..18).and_then(|bytes| bytes.try_into().ok());
    let header = header.map(u32::from_le_bytes);
    head.starts_with(b"BM") && matches!(header, Some(12 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// The header of a PDF may stand anywhere in the first 1,024 bytes. A page, a program or an archive is none, whatever stands in it.
fn is_pdf(head: &[u8]) -> bool {
    let others: [&[u8]; 5] = [b"<", b"MZ", b"PK", b"\x7fELF", b"{\\rtf"];
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if others.iter().any(|other| text.starts_with(other)) {
        return false;
    }
    let finder = memchr::memmem::Finder::new(PDF);
    finder.find(head).is_some_and(|at| at < 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0";
    const BMP: &[u8] = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0";

    #[test]
    fn content_decides_and_a_name_may_not_contradict_it() {
        for (head, name, wanted) in [
            (b"%PDF-1.4".as_slice(), "a/b.PDF", Ok("application/pdf")),
            (b"\xef\xbb\xbf%PDF-1.4", "b.pdf", Ok("application/pdf")),
            (b"\r\n\r\n  %PDF-1.4", "b.pdf", Ok("application/pdf")),
            (
                b"\x1b%-12345X@PJL\r\n%PDF-1.4",
                "b.pdf",
                Ok("application/pdf"),
            ),
            (PNG, "b.png", Ok("image/png")),
            (PNG, "b", Ok("image/png")),
            (PNG, "b.scan", Ok("image/png")),
            (PNG, "b.pdf/c", Ok("image/png")),
            (b"\xff\xd8\xff\xe0", "b.jpg", Ok("image/jpeg")),
            (b"\xff\xd8\xff\xe0", "b.JPEG ", Ok("image/jpeg")),
            (b"GIF89a", "b.gif", Ok("image/gif")),
            (BMP, "b.bmp", Ok("image/bmp")),
            (b"II*\0", "b.tif", Err(TYPES[5].refusal)),
            (HEIC, "b.heic", Err(TYPES[6].refusal)),
            (PNG, "b.pdf", Err(refusal::DISAGREE)),
            (PNG, "a.png\\b.pdf", Err(refusal::DISAGREE)),
            (PNG, "b.tif", Err(refusal::DISAGREE)),
            (b"%PDF-1.4", "b.jpg", Err(refusal::DISAGREE)),
            (b"RIFF....WEBPVP8 ", "b.png", Err(refusal::OTHER_IMAGE)),
            (b"MZ\x90\0", "b.pdf", Err(refusal::NEITHER)),
            (b"<html>%PDF-1.4", "b.pdf", Err(refusal::NEITHER)),
            (
                b"BMW and other cars, a text",
                "b.bmp",
                Err(refusal::NEITHER),
            ),
            (b"", "b.pdf", Err(refusal::NEITHER)),
            (b"\x89PNG", "b.png", Err(refusal::NEITHER)),
        ] {
            assert_eq!(
                media_type(head, name, AcceptedTypes::default()),
                wanted,
                "{name}"
            );
        }
        let mut some = AcceptedTypes::NOTHING;
        assert!(some.add("tiff") && some.add("Heic") && !some.add("WEBP"));
        assert_eq!(media_type(b"MM\0*", "b.tiff", some), Ok("image/tiff"));
        assert_eq!(media_type(HEIC, "b.heic", some), Ok("image/heic"));
        assert_eq!(media_type(PNG, "b.png", some), Err(TYPES[2].refusal));
    }

    #[test]
    fn the_header_of_a_pdf_stands_in_its_first_kilobyte() {
        let behind = |blanks: usize| [vec![b' '; blanks], b"%PDF-1.7".to_vec()].concat();
        let head = |content: Vec<u8>| {
            media_type(
                &content[..content.len().min(HEAD)],
                "a.pdf",
                AcceptedTypes::default(),
            )
        };
        assert_eq!(head(behind(1023)), Ok("application/pdf"));
        assert_eq!(head(behind(1024)), Err(refusal::NEITHER));
    }
}
