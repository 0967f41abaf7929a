//! Words in a name's cell that are no names.
//!
//! Owner: `mapping::names`. All in lower case, without dots. Left out on purpose: words that are names as often as not,
//! such as "Do", "Ma", "Don" and "Ben".

/// Before a name, or behind a given name. Those of one kind may stand in a row: "Prof. Dr.".
pub const HONORIFICS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "master",
    "mister",
    "dr",
    "doctor",
    "prof",
    "professor",
    "rev",
    "reverend",
    "hon",
    "honorable",
    "sir",
    "dame",
    "fr",
    "sra",
    "srta",
    "herr",
    "frau",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "capt",
    "captain",
    "col",
    "cpl",
    "cmdr",
    "gen",
    "lt",
    "ltc",
    "maj",
    "sgt",
    "ssgt",
    "mssr",
];

/// Behind a name.
pub const DEGREES: &[&str] = &[
    "md", "phd", "dds", "dmd", "dvm", "dpm", "jd", "llm", "llb", "esq", "esquire", "cpa", "cfa",
    "cfp", "clu", "rn", "lpn", "crna", "mba", "mph", "msw", "lcsw", "psyd", "edd", "dnp", "pharmd",
    "dc", "facs", "rph", "usn", "usaf", "usmc", "ret", "pe",
];

/// Behind a name, and a name itself as often: nobody can tell "John Doe, DO" from "Tran Van, Do".
pub const DEGREES_OR_NAMES: &[&str] = &["do", "ma", "ba", "bs", "ms", "pa", "np", "od", "sj"];

/// Behind a name: what it is written as, and how it is found.
pub const SUFFIXES: &[(&str, &str)] = &[
    ("jr", "Jr"),
    ("jnr", "Jr"),
    ("junior", "Jr"),
    ("sr", "Sr"),
    ("snr", "Sr"),
    ("senior", "Sr"),
    ("2nd", "II"),
    ("3rd", "III"),
    ("4th", "IV"),
    ("5th", "V"),
    ("ii", "II"),
    ("iii", "III"),
    ("iv", "IV"),
    ("vii", "VII"),
    ("viii", "VIII"),
    ("1st", "I"),
];

/// Before the rest of a family name.
pub const PARTICLES: &[&str] = &[
    "de", "la", "las", "los", "del", "della", "delle", "degli", "dei", "di", "da", "do", "dos",
    "das", "du", "des", "le", "lo", "van", "von", "vom", "der", "den", "dem", "ter", "ten", "te",
    "het", "t", "zu", "zum", "zur", "bin", "ibn", "bint", "binti", "al", "el", "abu", "st", "ste",
    "saint", "mc", "af",
];

/// Particles that end the given names of no one: "Berg, Anna von".
pub const TRAILING: &[&str] = &[
    "von", "vom", "de", "del", "della", "di", "dos", "das", "du", "der", "den", "zu", "des",
];

/// Before the name of one person: two of them are two people.
pub const COURTESY: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "mister", "sra", "srta", "herr", "frau", "mme", "mlle",
    "monsieur", "madame",
];

/// Behind a name a number or a name or an initial: "John Doe V".
pub const NUMBERS_OR_NAMES: &[&str] = &["i", "v", "vi", "ix", "x", "xi"];
