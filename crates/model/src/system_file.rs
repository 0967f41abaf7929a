//! Files that operating systems and office programs leave beside those of people.
//!
//! Owner of which names these are. Whoever copies a folder from a Mac or a share, or packs one, hands them over without seeing them.
//! Left out on purpose: what is said of them, which depends on what was looked for.

/// Whether a path, with `/` between its parts, is that of a file that no person made: what macOS keeps beside a file or in an archive,
/// the pictures and settings of a folder of Windows, and the mark that a document is open in an office program.
pub fn is_system_file(path: &str) -> bool {
    let mut parts = path.split('/');
    let name = parts.next_back().unwrap_or_default();
    let is_named = ["Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let is_beside = ["._", "~$", ".~lock."]
        .iter()
        .any(|start| name.starts_with(start));
    is_named || is_beside || parts.any(|part| part == "__MACOSX")
}

/// Whether a path is that of a file that is not whole, or was replaced: what browsers and copying programs write until they are
/// done, and what editors keep of a file that they change. Its name is that of the file with an ending more.
pub fn is_unfinished(path: &str) -> bool {
    const ENDINGS: [&str; 8] = [
        "part",
        "partial",
        "crdownload",
        "download",
        "tmp",
        "bak",
        "swp",
        "filepart",
    ];
    let is_known = |ending: &str| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    };
    path.ends_with('~')
        || path
            .rsplit_once('.')
            .is_some_and(|(_, ending)| is_known(ending))
}

#[cfg(test)]
mod tests {
    use super::{is_system_file, is_unfinished};

    #[test]
    fn files_that_are_not_whole_are_known_by_their_endings() {
        for path in [
            "a/A1.pdf.part",
            "A1.pdf~",
            "A1.PDF.TMP",
            ".A1.pdf.swp",
            "A1.pdf.crdownload",
        ] {
            assert!(is_unfinished(path), "{path}");
        }
        for path in ["A1.pdf", "part/A1.pdf", "A1.part.pdf", "tmp", ""] {
            assert!(!is_unfinished(path), "{path}");
        }
    }

    #[test]
    fn files_that_nobody_made_are_known_by_their_names() {
        for path in [
            "._A1_passport.pdf",
            "a/._x",
            "~$A1_passport.docx",
            "a/b/THUMBS.DB",
            "Desktop.ini",
            "__MACOSX/out/A1.pdf",
            "out/.DS_Store",
            ".~lock.export.ods#",
        ] {
            assert!(is_system_file(path), "{path}");
        }
        for path in [
            "A1.pdf",
            "a/.hidden",
            "~A1.pdf",
            "Thumbs.db.csv",
            "",
            "_A1",
            "__MACOSX",
        ] {
            assert!(!is_system_file(path), "{path}");
        }
    }
}
