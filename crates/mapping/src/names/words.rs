//! Words in a name's cell that are no names.
//!
//! Owner: `mapping::names`. All in lower case, without dots. Left out on purpose: words that are names as often as not,
//! such as "Do", "Ma", "Don" and "Ben".

/// Before a name, or behind a given name. Those of one kind may stand in a row: "Prof. Dr.".
pub(crate) const HONORIFICS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "master",
    "mstr",
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
    "msgt",
    "tsgt",
    "gysgt",
    "sfc",
    "spc",
    "pfc",
    "pvt",
    "lcpl",
    "cpo",
    "ensign",
    "adm",
    "admiral",
    "radm",
    "vadm",
    "cdr",
    "lcdr",
    "ltcdr",
    "ltcol",
    "ltgen",
    "majgen",
    "brig",
    "briggen",
    "brigadier",
    "colonel",
    "commander",
    "corporal",
    "general",
    "lieutenant",
    "sergeant",
    "senator",
    "governor",
    "congressman",
    "congresswoman",
    "ambassador",
    "msgr",
    "monsignor",
    "rabbi",
    "dra",
    "dott",
    "dottssa",
    "avv",
    "sig",
    "signor",
    "signora",
    "signorina",
    "mevr",
    "mevrouw",
    "dhr",
    "drs",
    "mgr",
    "señor",
    "señora",
    "señorita",
    "senhor",
    "senhora",
    "dipl-ing",
    "magister",
    "dña",
    "doña",
    "pani",
    "rechtsanwalt",
    "rechtsanwältin",
    "herrn",
    "fräulein",
    "fraeulein",
    "fraulein",
    "mw",
    "fru",
    "smt",
    "shri",
    "shrimati",
    "mudr",
    "judr",
    "phdr",
    "rndr",
    "mvdr",
    "paeddr",
    "thdr",
    "pharmdr",
    "dipl",
    "dr-ing",
    "dipl-kfm",
    "dipl-kffr",
    "dipl-inform",
    "dkfm",
    "engr",
    "atty",
    "univ-prof",
    "priv-doz",
    "hrh",
    "maître",
    "magistra",
    "gospodin",
    "gospodja",
    "kommr",
    "sigra",
    "signa",
    "profssa",
    "senor",
    "senora",
    "senorita",
    "dª",
    "г-н",
    "г-жа",
    "господин",
    "госпожа",
];

/// Honorifics that people are called as well, so that one of them alone may be somebody's given name; with its dot it is none.
pub(crate) const HONORIFICS_OR_GIVEN_NAMES: &[&str] = &[
    "captain",
    "col",
    "colonel",
    "commander",
    "dame",
    "doctor",
    "ensign",
    "gen",
    "general",
    "governor",
    "hon",
    "maj",
    "master",
    "pani",
    "senator",
    "sergeant",
    "sig",
];

/// Honorifics that are names as well, so that behind another name they are titles only with their dot: "Britt Maj", "Wai Hon".
pub(crate) const HONORIFICS_LIKE_NAMES: &[&str] = &[
    "captain", "col", "dame", "doctor", "ensign", "fru", "gen", "general", "governor", "hon",
    "maj", "master", "pani", "sergeant", "sig",
];

/// Titles that are no family names, where they are the whole cell, but for some of them.
pub(crate) const TITLES_ALONE: &[&str] = &[
    "dr",
    "herr",
    "miss",
    "mister",
    "mlle",
    "mme",
    "monsieur",
    "mr",
    "mrs",
    "ms",
    "mx",
    "prof",
    "professor",
    "rev",
    "reverend",
    "sra",
    "srta",
];

/// Those of them that are family names.
pub(crate) const TITLES_ALONE_OR_FAMILY_NAMES: &[&str] =
    &["herr", "mister", "monsieur", "professor", "reverend"];

/// Titles only where they have their dot: "Ing. Jan Novak", but "Dean Ing".
pub(crate) const DOTTED_HONORIFICS: &[&str] = &[
    "ing", "lic", "arq", "mag", "hr", "ir", "ens", "sen", "rep", "inż", "inz", "ra", "rag", "geom",
    "arch", "bc", "ks", "ds", "sn", "eng", "dna", "dn", "br", "stb", "mtra", "mtro", "pan",
];

/// What follows "Dr." in German, with a small letter and a dot: "Dr. med.", "Dr. rer. nat.".
pub(crate) const FACULTIES: &[&str] = &[
    "agr", "dent", "habil", "hc", "ing", "iur", "jur", "med", "mult", "nat", "oec", "phil", "pol",
    "rer", "techn", "theol", "vet",
];

pub(crate) const DEGREES: &[&str] = &[
    "md", "phd", "dds", "dmd", "dvm", "dpm", "jd", "llm", "llb", "esq", "esquire", "cpa", "cfa",
    "cfp", "clu", "rn", "lpn", "crna", "mba", "mph", "msw", "lcsw", "psyd", "edd", "dnp", "pharmd",
    "dc", "facs", "rph", "usn", "usaf", "usmc", "ret", "pe", "usa", "usar", "uscg", "usnr", "ussf",
    "raf", "retd", "retired", "obe", "mbe", "cbe", "kbe", "dbe", "qc", "frcs", "frcp", "msc",
    "bsc", "meng", "beng", "dphil", "dmin", "mdiv", "thd", "aprn", "bsn", "msn", "chfc", "pmp",
    "uk", "us", "lld", "dlitt", "dsc", "scd", "mphil", "mfa", "bfa", "mpa", "mha", "btech",
    "mtech", "bcom", "mcom", "mbbs", "mbchb", "bds", "mrcp", "mrcs", "mrcgp", "frcpc", "frcsc",
    "facp", "dpt", "cnm", "fnp", "rgn", "fca", "fcca", "acca", "cissp", "cpcu", "jsd", "sjd",
    "frs", "frsa", "dso", "dfc", "cvo", "kcvo", "lvo", "mvo", "kcb", "cmg", "kcmg", "gbe",
    // Orders of the Church.
    "rsm", "osb", "ofm", "ofmcap", "ofmconv", "ofs", "osf", "osbm", "osfs", "ocd", "ocarm", "ocso",
    "ocist", "opraem", "csc", "cssr", "cssp", "csb", "csj", "ssj", "svd", "sdb", "scj", "fsc",
    "fms", "cmf", "cfc", "cfx", "cnd", "cicm", "mccj", "msf", "ssnd", "ssps", "ibvm", "pbvm",
    "bvm", "ihm", "rscj", "sndden", "rshm", "snjm", "fspa",
];

/// Degrees that are names as well when they are written like one: the "Md" of South Asia is short for Muhammad, "Mba" is a
/// family name of Cameroon. In capitals or with dots behind a name they are degrees.
pub(crate) const DEGREES_LIKE_NAMES: &[&str] = &[
    "bds", "clu", "dc", "edd", "ihm", "mba", "md", "mha", "obe", "pe", "raf", "ret", "uk", "us",
    "usa",
];

/// Degrees that nobody is called, so that a cell of one of them alone is no name.
pub(crate) const DEGREES_ALONE: &[&str] =
    &["cpa", "dds", "dmd", "dvm", "esq", "pharmd", "phd", "psyd"];

/// Behind a name, and a name itself as often: nobody can tell "John Doe, DO" from "Tran Van, Do".
pub(crate) const DEGREES_OR_NAMES: &[&str] = &[
    "do", "kc", "ma", "ba", "bs", "ms", "pa", "np", "od", "sj", "op", "omi", "osa", "osu", "sac",
];

/// Behind a name: what it is written as, and how it is found.
pub(crate) const SUFFIXES: &[(&str, &str)] = &[
    ("jr", "Jr"),
    ("jnr", "Jr"),
    ("junior", "Jr"),
    ("júnior", "Jr"),
    ("JÚNIOR", "Jr"),
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

/// Given names in short, with their dot: "Wm. Roe", "Ma. Elena". Any other word with a dot is short for something else.
pub(crate) const SHORT_GIVEN: &[&str] = &[
    "alex", "ant", "aug", "benj", "ch", "chas", "chr", "dan", "danl", "ed", "edw", "eliz", "fco",
    "fdo", "fred", "friedr", "geo", "gmo", "heinr", "hch", "jas", "jno", "jo", "joh", "jon", "jos",
    "ludw", "ma", "margt", "ph", "phil", "richd", "rob", "robt", "sam", "saml", "steph", "th",
    "theo", "thos", "tim", "wilh", "wm",
];

/// Between two names, or between two parts of one: "Ortega y Gasset", "Juan y Maria".
pub(crate) const JOINING: &[&str] = &[
    "y", "e", "i", "en", "og", "och", "ou", "ve", "oder", "con", "mit", "with", "u",
];

/// Before the name of one person: two of them are two people.
pub(crate) const COURTESY: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "mister", "sra", "srta", "herr", "frau", "mme", "mlle",
    "monsieur", "madame",
];

/// Behind a name a number or a name or an initial: "John Doe V".
pub(crate) const NUMBERS_OR_NAMES: &[&str] = &["i", "v", "vi", "ix", "x", "xi"];
