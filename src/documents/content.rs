//! What a file is, by its first bytes.
//!
//! Owner of the table of accepted types. A name is never believed: an extension that claims another accepted type than the
//! content has is a mistake somebody should look at, because one of the two is wrong.
//! Left out on purpose: whether the rest of the file is whole; Bakkt looks at it.

/// So many first bytes decide.
pub const HEAD: usize = 32;

/// Why a file is refused for what it is.
pub mod refusal {
    /// Neither image nor PDF.
    pub const NEITHER: &str = "invalid: its content is no image and no PDF";
    /// An image of another kind.
    pub const OTHER_IMAGE: &str =
        "invalid: its content is an image of another kind than PNG, JPEG, TIFF and HEIC";
    /// The name claims another type.
    pub const DISAGREE: &str = "invalid: the type that its name claims and its content disagree";
}

/// Accepted types: name for people, media type, and the extensions that claim it.
pub const ACCEPTED: &[(&str, &str, &[&str])] = &[
    ("PDF", "application/pdf", &["pdf"]),
    ("PNG", "image/png", &["png"]),
    ("JPEG", "image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("TIFF", "image/tiff", &["tif", "tiff"]),
    ("HEIC", "image/heic", &["heic", "heif"]),
];

const HEIC_BRANDS: &[&[u8]] = &[
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
];

/// The media type of a file with these first bytes and this name.
pub fn media_type(head: &[u8], name: &str) -> Result<&'static str, &'static str> {
    let found = sniff(head)?;
    let extension = name
        .rsplit('/')
        .next()
        .and_then(|last| last.rsplit_once('.'))
        .map(|(_, extension)| extension.to_ascii_lowercase());
    let claimed = extension.and_then(|extension| {
        ACCEPTED
            .iter()
            .find(|(.., extensions)| extensions.contains(&extension.as_str()))
    });
    match claimed {
        Some((_, claimed, _)) if *claimed != found => Err(refusal::DISAGREE),
        _ => Ok(found),
    }
}

fn sniff(head: &[u8]) -> Result<&'static str, &'static str> {
    let begins = |magic: &[u8]| head.starts_with(magic);
    let brand = head.get(8..12).filter(|_| head.get(4..8) == Some(b"ftyp"));
    if begins(b"%PDF-") {
        Ok("application/pdf")
    } else if begins(b"\x89PNG\r\n\x1a\n") {
        Ok("image/png")
    } else if begins(b"\xff\xd8\xff") {
        Ok("image/jpeg")
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        Ok("image/tiff")
    } else if brand.is_some_and(|brand| HEIC_BRANDS.contains(&brand)) {
        Ok("image/heic")
    } else if begins(b"GIF8")
        || begins(b"BM")
        || begins(b"RIFF") && head.get(8..12) == Some(b"WEBP")
        || brand.is_some_and(|brand| brand == b"avif" || brand == b"avis")
    {
        Err(refusal::OTHER_IMAGE)
    } else {
        Err(refusal::NEITHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n....";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0";

    #[test]
    fn content_decides_and_a_name_may_not_contradict_it() {
        for (head, name, wanted) in [
            (b"%PDF-1.4".as_slice(), "a/b.PDF", Ok("application/pdf")),
            (PNG, "b.png", Ok("image/png")),
            (PNG, "b", Ok("image/png")),
            (PNG, "b.scan", Ok("image/png")),
            (PNG, "b.pdf/c", Ok("image/png")),
            (b"\xff\xd8\xff\xe0", "b.jpg", Ok("image/jpeg")),
            (b"\xff\xd8\xff\xe0", "b.JPEG", Ok("image/jpeg")),
            (b"II*\0", "b.tif", Ok("image/tiff")),
            (b"MM\0*", "b.tiff", Ok("image/tiff")),
            (HEIC, "b.heic", Ok("image/heic")),
            (PNG, "b.pdf", Err(refusal::DISAGREE)),
            (b"%PDF-1.4", "b.jpg", Err(refusal::DISAGREE)),
            (b"GIF89a", "b.gif", Err(refusal::OTHER_IMAGE)),
            (b"RIFF....WEBPVP8 ", "b.png", Err(refusal::OTHER_IMAGE)),
            (b"MZ\x90\0", "b.pdf", Err(refusal::NEITHER)),
            (b"<html>", "b.pdf", Err(refusal::NEITHER)),
            (b"", "b.pdf", Err(refusal::NEITHER)),
            (b"\x89PNG", "b.png", Err(refusal::NEITHER)),
        ] {
            assert_eq!(media_type(head, name), wanted, "{name}");
        }
    }
}
