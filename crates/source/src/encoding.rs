//! The encodings that exports come in: their names, and their byte order marks.
//!
//! Owner of [`Encoding`]. Those of the Encoding Standard are decoded by `encoding_rs`, the code pages of DOS by `oem_cp`,
//! those of the old Mac OS that neither knows by a table here ([`mac`]), and three code pages of EBCDIC by `ebcdic`;
//! `transcode` does all four. Left out on purpose: finding out which one a file has ([`find`], which never finds EBCDIC), and
//! UTF-32 and UTF-7.

mod alphabets;
mod ebcdic;
pub mod find;
mod mac;
mod plausible;
#[cfg(test)]
mod samples;
mod torn;

pub(crate) use ebcdic::character;
pub use find::EncodingGuess;

/// Which library decodes an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    /// This program: UTF-8, UTF-16, and ISO-8859-1, which the Encoding Standard takes for Windows-1252.
    Own,
    /// `encoding_rs`, one byte for each character.
    SingleByte,
    /// `encoding_rs`, several bytes for a character.
    MultiByte,
    /// `oem_cp`, by the number of the code page.
    CodePage(u16),
    /// A table of this program: what the bytes from 80 on stand for.
    Table(&'static str),
    /// This program: a code page of EBCDIC.
    Ebcdic,
}

macro_rules! encodings {
    ($($variant:ident $name:literal $decoder:expr;)*) => {
        /// An encoding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Encoding {
            $(#[doc = $name] $variant,)*
        }

        impl Encoding {
            /// All of them.
            pub const ALL: &'static [Encoding] = &[$(Encoding::$variant),*];

            /// The names of all of them, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            fn row(self) -> (&'static str, Decoder) {
                match self {
                    $(Encoding::$variant => ($name, $decoder),)*
                }
            }
        }
    };
}

encodings! {
    Utf8 "utf-8" Decoder::Own;
    Utf16Le "utf-16le" Decoder::Own;
    Utf16Be "utf-16be" Decoder::Own;
    Windows1252 "windows-1252" Decoder::SingleByte;
    Iso8859_1 "iso-8859-1" Decoder::Own;
    Iso8859_15 "iso-8859-15" Decoder::SingleByte;
    Windows1250 "windows-1250" Decoder::SingleByte;
    Windows1251 "windows-1251" Decoder::SingleByte;
    Windows1253 "windows-1253" Decoder::SingleByte;
    Windows1254 "windows-1254" Decoder::SingleByte;
    Windows1255 "windows-1255" Decoder::SingleByte;
    Windows1256 "windows-1256" Decoder::SingleByte;
    Windows1257 "windows-1257" Decoder::SingleByte;
    Windows1258 "windows-1258" Decoder::SingleByte;
    Windows874 "windows-874" Decoder::SingleByte;
    Iso8859_2 "iso-8859-2" Decoder::SingleByte;
    Iso8859_3 "iso-8859-3" Decoder::SingleByte;
    Iso8859_4 "iso-8859-4" Decoder::SingleByte;
    Iso8859_5 "iso-8859-5" Decoder::SingleByte;
    Iso8859_6 "iso-8859-6" Decoder::SingleByte;
    Iso8859_7 "iso-8859-7" Decoder::SingleByte;
    Iso8859_8 "iso-8859-8" Decoder::SingleByte;
    Iso8859_8I "iso-8859-8-i" Decoder::SingleByte;
    Iso8859_10 "iso-8859-10" Decoder::SingleByte;
    Iso8859_13 "iso-8859-13" Decoder::SingleByte;
    Iso8859_14 "iso-8859-14" Decoder::SingleByte;
    Iso8859_16 "iso-8859-16" Decoder::SingleByte;
    Macintosh "macintosh" Decoder::SingleByte;
    MacCyrillic "x-mac-cyrillic" Decoder::SingleByte;
    MacCentralEurope "x-mac-ce" Decoder::Table(mac::CENTRAL_EUROPE);
    MacTurkish "x-mac-turkish" Decoder::Table(mac::TURKISH);
    MacCroatian "x-mac-croatian" Decoder::Table(mac::CROATIAN);
    MacRomanian "x-mac-romanian" Decoder::Table(mac::ROMANIAN);
    MacIcelandic "x-mac-icelandic" Decoder::Table(mac::ICELANDIC);
    MacGreek "x-mac-greek" Decoder::Table(mac::GREEK);
    Koi8R "koi8-r" Decoder::SingleByte;
    Koi8U "koi8-u" Decoder::SingleByte;
    Cp437 "cp437" Decoder::CodePage(437);
    Cp720 "cp720" Decoder::CodePage(720);
    Cp737 "cp737" Decoder::CodePage(737);
    Cp775 "cp775" Decoder::CodePage(775);
    Cp850 "cp850" Decoder::CodePage(850);
    Cp852 "cp852" Decoder::CodePage(852);
    Cp855 "cp855" Decoder::CodePage(855);
    Cp857 "cp857" Decoder::CodePage(857);
    Cp858 "cp858" Decoder::CodePage(858);
    Cp860 "cp860" Decoder::CodePage(860);
    Cp861 "cp861" Decoder::CodePage(861);
    Cp862 "cp862" Decoder::CodePage(862);
    Cp863 "cp863" Decoder::CodePage(863);
    Cp864 "cp864" Decoder::CodePage(864);
    Cp865 "cp865" Decoder::CodePage(865);
    Ibm866 "ibm866" Decoder::SingleByte;
    Cp869 "cp869" Decoder::CodePage(869);
    Gbk "gbk" Decoder::MultiByte;
    Gb18030 "gb18030" Decoder::MultiByte;
    Big5 "big5" Decoder::MultiByte;
    ShiftJis "shift_jis" Decoder::MultiByte;
    EucJp "euc-jp" Decoder::MultiByte;
    Iso2022Jp "iso-2022-jp" Decoder::MultiByte;
    EucKr "euc-kr" Decoder::MultiByte;
    Cp037 "cp037" Decoder::Ebcdic;
    Cp500 "cp500" Decoder::Ebcdic;
    Cp1140 "cp1140" Decoder::Ebcdic;
}

/// Names that people write and no library knows, or knows for another encoding.
const OTHER_WORDS: &[(Encoding, &[&str])] = &[
    (Encoding::Utf8, &["utf8"]),
    (
        Encoding::Utf16Le,
        &["utf16le", "utf-16", "utf16", "ucs-2", "ucs2"],
    ),
    (Encoding::Utf16Be, &["utf16be"]),
    (Encoding::Windows1252, &["ansi"]),
    (
        Encoding::Iso8859_1,
        &[
            "iso8859-1",
            "iso88591",
            "iso-8859-1:1987",
            "iso-ir-100",
            "csisolatin1",
            "cp819",
            "ibm819",
            "latin1",
            "latin-1",
            "l1",
        ],
    ),
    (Encoding::Iso8859_15, &["latin9", "latin-9"]),
    (Encoding::Iso8859_2, &["latin-2"]),
    (Encoding::Iso8859_16, &["latin10", "latin-10"]),
    (Encoding::Macintosh, &["macroman", "mac-roman", "applemac"]),
    (
        Encoding::MacCentralEurope,
        &[
            "macce",
            "mac-ce",
            "mac-latin2",
            "maclatin2",
            "10029",
            "cp10029",
        ],
    ),
    (Encoding::MacTurkish, &["macturkish", "mac-turkish"]),
    (Encoding::MacCroatian, &["maccroatian", "mac-croatian"]),
    (Encoding::MacRomanian, &["macromanian", "mac-romanian"]),
    (Encoding::MacIcelandic, &["maciceland", "mac-icelandic"]),
    (Encoding::MacGreek, &["macgreek", "mac-greek"]),
    (Encoding::ShiftJis, &["cp932", "932"]),
    (Encoding::Gbk, &["cp936", "936"]),
    (Encoding::EucKr, &["cp949", "949"]),
    (Encoding::Big5, &["cp950", "950"]),
    (Encoding::Cp037, &["ebcdic-us", "cp37", "ibm37", "37"]),
    (Encoding::Cp500, &["ebcdic-international"]),
];

/// What stands before the number of a code page.
const CODE_PAGE_PREFIXES: &[&str] = &[
    "", "cp", "cp-", "ibm", "ibm-", "dos-", "oem", "oem-", "win", "windows", "windows-", "ms",
];

impl Encoding {
    /// Its name in settings and messages.
    pub fn word(self) -> &'static str {
        self.row().0
    }

    /// Who decodes it.
    pub(super) fn decoder(self) -> Decoder {
        self.row().1
    }

    /// What `encoding_rs` knows it as.
    pub(super) fn standard(self) -> Option<&'static encoding_rs::Encoding> {
        encoding_rs::Encoding::for_label(self.word().as_bytes())
    }

    /// The encoding that a setting names: in any case, with `_` or a blank for `-`, by its name here, by a label of the
    /// Encoding Standard, or by the number of a code page.
    pub fn from_word(word: &str) -> Option<Self> {
        let label = word.trim().to_ascii_lowercase();
        let word = label.replace(['_', ' '], "-");
        let named = |name: &str| {
            let fits = |known: &&Encoding| known.word().replace('_', "-") == name;
            Encoding::ALL.iter().find(fits).copied()
        };
        let mut others = OTHER_WORDS.iter();
        let other = others.find(|(_, words)| words.contains(&word.as_str()));
        if let Some(found) = other
            .map(|(encoding, _)| *encoding)
            .or_else(|| named(&word))
        {
            return Some(found);
        }
        let number = CODE_PAGE_PREFIXES
            .iter()
            .filter_map(|prefix| word.strip_prefix(prefix))
            .find(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
        let page = number.and_then(|number| {
            ["windows-", "cp", "ibm"]
                .iter()
                .find_map(|prefix| named(&format!("{prefix}{number}")))
        });
        page.or_else(|| {
            let standard = encoding_rs::Encoding::for_label(label.as_bytes())?;
            named(&standard.name().to_ascii_lowercase().replace('_', "-"))
        })
    }

    /// How many bytes of a beginning are this encoding's byte order mark.
    pub fn bom(self, start: &[u8]) -> usize {
        let mark: &[u8] = match self {
            Encoding::Utf8 => b"\xEF\xBB\xBF",
            Encoding::Utf16Le => b"\xFF\xFE",
            Encoding::Utf16Be => b"\xFE\xFF",
            Encoding::Gb18030 => b"\x84\x31\x95\x33",
            _ => return 0,
        };
        if start.starts_with(mark) {
            mark.len()
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_them_in_many_ways() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::from_word(encoding.word()), Some(*encoding));
            let shouted = encoding.word().to_uppercase().replace('-', "_");
            assert_eq!(Encoding::from_word(&shouted), Some(*encoding), "{shouted}");
        }
        for (word, encoding) in [
            ("UTF8", Encoding::Utf8),
            ("utf_16le", Encoding::Utf16Le),
            ("UTF-16", Encoding::Utf16Le),
            ("UTF-16BE", Encoding::Utf16Be),
            ("Windows 1252", Encoding::Windows1252),
            ("ANSI", Encoding::Windows1252),
            ("cp1252", Encoding::Windows1252),
            ("1252", Encoding::Windows1252),
            ("win1250", Encoding::Windows1250),
            ("Latin1", Encoding::Iso8859_1),
            ("ISO_8859-1", Encoding::Iso8859_1),
            ("latin9", Encoding::Iso8859_15),
            ("latin2", Encoding::Iso8859_2),
            ("437", Encoding::Cp437),
            ("IBM850", Encoding::Cp850),
            ("CP-852", Encoding::Cp852),
            ("cp866", Encoding::Ibm866),
            ("mac", Encoding::Macintosh),
            ("x-mac-roman", Encoding::Macintosh),
            ("MacRoman", Encoding::Macintosh),
            ("sjis", Encoding::ShiftJis),
            ("cp932", Encoding::ShiftJis),
            ("gb2312", Encoding::Gbk),
            ("iso-8859-9", Encoding::Windows1254),
            ("tis-620", Encoding::Windows874),
        ] {
            assert_eq!(Encoding::from_word(word), Some(encoding), "{word}");
        }
        assert_eq!(Encoding::from_word("ebcdic"), None);
        assert_eq!(Encoding::from_word("IBM-037"), Some(Encoding::Cp037));
        assert_eq!(Encoding::from_word("1140"), Some(Encoding::Cp1140));
        // To Windows it is UTF-16, to everybody else it is none.
        assert_eq!(Encoding::from_word("cp"), None);
        assert_eq!(Encoding::from_word("replacement"), None);
    }
}
