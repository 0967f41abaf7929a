//! Words that say something about a name's cell beside the name, and names that say something about a title.
//!
//! Owner: `mapping::names`. All folded (lower case, no accents, no dots), sorted: they are searched by halves. Left out on
//! purpose: words that many people are called ("Close", "Lost", "Held", "Child").

/// Remarks of clerks and systems, in several languages: a cell with one of these says that something is the matter with the
/// account, and what else of the cell is a name nobody can tell.
#[rustfmt::skip]
pub(crate) const NOTES: &[&str] = &[
    "abandoned", "account", "accounts", "acct", "actif", "active", "activo", "addr", "address", "aktiv", "aml", "annule", "annulee",
    "anonymised", "anonymized", "archived", "ativo", "attivo", "baby", "bankrupt", "bankruptcy", "betreuer", "bloccato", "blocked", "bloque",
    "bloqueada", "bloqueado", "bloquee", "canc", "canceled", "cancelled", "ceo", "cerrada", "cerrado", "cfo",
    "charged", "chargedoff", "chgoff", "chiusa", "chiuso", "client", "closed", "cloture", "cloturee", "clsd", "comprop", "compte", "conta", "conto",
    "cuenta", "customer", "dcd", "deactivated", "dead", "decede", "decedee", "deceduta", "deceduto", "declined", "decsd",
    "defunct", "defunta", "defunto", "delete", "deleted", "difunta", "difunto", "disabled", "divorced", "dnc", "dnu",
    "donotuse", "doppelt", "dormant", "doublon", "dummy", "dup", "dupe", "duplicada", "duplicado", "duplicate",
    "duplicated", "duplikat", "employee", "encerrada", "encerrado", "erben", "erbengemeinschaft", "eredi",
    "erroneous", "error", "escheat", "escheated", "escheatment", "espolio", "expired", "exposed", "falecida",
    "falecido", "fallecida", "fallecido", "fam", "familie", "fao", "ferme", "fermee", "feu", "fnu", "foreign",
    "former", "formerly", "fraud", "frozen", "frzn", "garnish", "gdpr", "gekundigt", "geloscht", "geschlossen", "gesloten", "gesperrt",
    "gest", "gestorben", "gone", "heirs", "herdeiros", "herederos", "heritiers", "hinterbliebene", "hoirie", "hold",
    "hsa", "husband", "inact", "inactif", "inactive", "inactivo", "inaktiv", "inativo", "inattivo", "incap",
    "incapacitated", "incompetent", "infant", "inh", "inhaber", "invalid", "itf", "konto", "kyc", "late", "liq",
    "liquidated", "lnu", "maiden", "mailing", "masked", "memoriam", "merged", "migrated", "minors", "missing", "mnu", "moved",
    "nachlass", "nfmn", "nfn", "nfnu", "ngn", "nicht", "nieaktywna", "nieaktywny", "nln", "nlnu", "nmi", "nmln",
    "nmn", "nofn", "noln", "non-us", "nonus", "not", "notes", "nra", "nri", "obo", "obsolete", "ofac", "offen", "ofw", "only",
    "opened", "overleden", "owner", "pending", "pep", "peps", "politically", "prim", "primary", "prop", "prueba",
    "rca", "redacted", "refused", "removed", "restr", "restricted", "returned", "rts", "sanctioned", "sdn", "secondary",
    "spadkobiercy", "spouse", "succession", "sucesion", "sucesores", "susp", "suspended", "suspendido", "suspense",
    "tba", "tbd", "tbe", "temp", "temporary", "terminated", "test", "testamentaria", "teste", "testing", "ufn",
    "uln", "unbek", "unclaimed", "undeliverable", "unkn", "unknown", "unknwn", "updated", "use", "verst",
    "verstorben", "verstorbene", "verzogen", "vip", "void", "vormund", "widow", "widower", "wife", "writeoff", "xx", "xxx",
    "xxxx", "zamkniete", "zamkniety", "zmarla", "zmarly",
];

/// Between a name and the name that somebody was born with or is known by.
#[rustfmt::skip]
pub(crate) const MAIDEN: &[&str] = &[
    "alias", "born", "dite", "domo", "domu", "ep", "epouse", "geb", "geboren", "geborene", "geborener", "gesch",
    "nacida", "nacido", "nascida", "nata", "ne", "nee", "nom", "roz", "rozena", "urozena", "vda", "verh", "verw",
    "veuve", "viuda", "vve", "witwe", "wwe",
];

/// Titles that are given names or family names as well: behind one nobody knows which it was.
#[rustfmt::skip]
pub(crate) const TITLES_OR_NAMES: &[&str] = &[
    "abbe", "abbess", "abbot", "arch", "archbishop", "archdeacon", "arq", "baron", "baroness", "bay", "bayan",
    "bishop", "br", "bro", "brother", "bruder", "canon", "cantor", "cardinal", "chief", "count", "countess",
    "datin", "dato", "datuk", "deacon", "duchess", "duke", "elder", "encik", "fa", "father", "fra", "frater",
    "frei", "frere", "friar", "graf", "haji", "handel", "her", "hermana", "hermano", "his", "hofrat", "imam", "ing", "irmao",
    "judge", "kiai", "kyai", "lady", "lic", "lord", "mag", "major", "marshal", "marshall", "maulana", "me", "mesdames", "messrs", "minor", "mother",
    "mullah", "notar", "padre", "pan", "pastor", "pater", "pfarrer", "prince", "princess", "prinz", "private",
    "puan", "ra", "schwester", "shaikh", "sheikh", "sister", "soeur", "sor", "stb", "suor", "swami", "ustad", "ustadz", "ustaz", "wp",
];

/// Titles that are the initial of a given name as well, or a given name, where a whole given name stands behind: "M. Jean Dupont" is
/// Jean or Mathieu Jean, "Dona Maria Silva" one or the other.
#[rustfmt::skip]
pub(crate) const TITLES_OR_INITIALS: &[&str] = &["d", "dona", "kr", "m"];

/// Words of clerks that are family names as well: behind a whole name and in capitals, where the name has small letters, they say
/// something about the account ("John Doe NEW").
#[rustfmt::skip]
pub(crate) const NOTES_OR_NAMES: &[&str] = &["bad", "cons", "due", "ee", "levy", "new", "old", "self"];

/// Before a woman's name, or before her husband's.
#[rustfmt::skip]
pub(crate) const FEMININE: &[&str] = &[
    "frau", "madame", "mevr", "mevrouw", "miss", "mlle", "mme", "mrs", "ms", "senhora", "senora", "signa", "signora", "sigra", "sra",
    "srta",
];

/// Given names of men: "Mrs. John Smith" is not called John.
#[rustfmt::skip]
pub(crate) const MALE: &[&str] = &[
    "aaron", "adam", "adrian", "alan", "albert", "alberto", "alejandro", "alexander", "alfred", "allen", "andrew",
    "anthony", "antonio", "arthur", "benjamin", "bernard", "bob", "bradley", "brandon", "brian", "bruce", "carl",
    "carlos", "charles", "christopher", "craig", "daniel", "david", "dennis", "diego", "donald", "douglas", "earl",
    "edgar", "edward", "edwin", "eric", "ernest", "eugene", "fernando", "francisco", "frank", "franklin", "franz",
    "fred", "frederick", "gary", "george", "gerald", "giovanni", "giuseppe", "gregory", "hans", "harold", "harry",
    "heinrich", "henry", "herbert", "howard", "jack", "jacob", "james", "jason", "javier", "jean-pierre", "jeffrey",
    "jim", "joe", "johann", "johannes", "john", "jonathan", "jorge", "jose", "joseph", "joshua", "juan", "justin",
    "karl", "keith", "kenneth", "kevin", "klaus", "larry", "lawrence", "louis", "luigi", "luis", "manuel", "marco",
    "mario", "mark", "martin", "matthew", "max", "michael", "miguel", "nicholas", "otto", "patrick", "paul", "pedro",
    "peter", "philip", "phillip", "pierre", "rafael", "ralph", "ramon", "raymond", "ricardo", "richard", "robert",
    "roberto", "roger", "ronald", "roy", "russell", "ryan", "samuel", "scott", "sean", "sergio", "stefan", "stephen",
    "steven", "thomas", "timothy", "victor", "vincent", "walter", "wayne", "werner", "wilhelm", "william", "wolfgang",
];

/// Family names that are written with an apostrophe, or with a space for it: behind a bare "D" or "L" they are one name.
#[rustfmt::skip]
pub(crate) const BEHIND_APOSTROPHE: &[&str] = &[
    "abreu", "agostino", "alessandro", "almeida", "ambrosio", "amico", "amore", "andrea", "angelo", "annunzio",
    "antonio", "apice", "aquino", "arcy", "arrigo", "augustine", "costa", "cruz", "cunha", "elia", "errico",
    "esposito", "estree", "heureux", "hommedieu", "italien", "mello", "onofrio", "orazio", "orsi", "ovidio", "silva",
    "souza", "urso",
];

/// The commonest family names of Vietnam: before "Van" and "Thi" the family name stands first, whatever the column's order.
#[rustfmt::skip]
pub(crate) const VIETNAMESE: &[&str] = &[
    "bui", "cao", "chu", "dang", "dao", "dinh", "do", "doan", "duong", "ha", "ho", "hoang", "huynh", "lam", "le",
    "luong", "luu", "ly", "mai", "ngo", "nguyen", "pham", "phan", "phung", "ta", "to", "tran", "trinh", "truong",
    "vo", "vu", "vuong",
];
