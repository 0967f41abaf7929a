//! The words of headers: how systems spell them, and what they stand for.
//!
//! Owner of the one table of abbreviations and of [`tokens`], which turns a header into words: parts that a mark, a
//! digit or a capital begins, and of a part that is glued together (`JTFSTNM`) the known pieces. A piece may stand for
//! several words (`ST` is a state or a street); the patterns of fields say which they want.
//! Left out on purpose: which words make which field (`fields`).

/// A word and its spellings, all in lower case. English, and what core banking, brokerage and CRM systems make of it.
const WORDS: &[(&str, &[&str])] = &[
    // who and what
    (
        "customer",
        &[
            "customer",
            "cust",
            "cst",
            "client",
            "clnt",
            "clt",
            "cif",
            "member",
            "mbr",
            "investor",
            "patron",
            "party",
            "counterparty",
            "kunde",
            "kunden",
            "kd",
        ],
    ),
    (
        "account",
        &[
            "account",
            "acct",
            "acc",
            "ac",
            "act",
            "accnt",
            "acnt",
            "portfolio",
            "relationship",
            "konto",
            "kto",
            "compte",
            "cuenta",
        ],
    ),
    (
        "owner",
        &[
            "owner",
            "own",
            "owners",
            "ownr",
            "holder",
            "hldr",
            "applicant",
            "appl",
            "borrower",
            "party",
            "person",
            "pers",
            "individual",
            "ind",
            "shareholder",
            "principal",
            "stakeholder",
            "ubo",
            "beneficial",
        ],
    ),
    (
        "joint",
        &[
            "joint",
            "jt",
            "jnt",
            "co",
            "spouse",
            "spse",
            "cosigner",
            "coowner",
            "coapplicant",
            "second",
        ],
    ),
    ("trusted", &["trusted", "tc", "tcp", "trstd"]),
    ("contact", &["contact", "cntct", "cont"]),
    (
        "entity",
        &[
            "entity",
            "ent",
            "company",
            "cmpny",
            "firm",
            "corporate",
            "organization",
            "organisation",
            "org",
            "legalentity",
            "undertaking",
        ],
    ),
    ("business", &["business", "bus", "busn", "biz", "trading"]),
    (
        "employer",
        &[
            "employer",
            "emp",
            "empl",
            "emplr",
            "empr",
            "employers",
            "worksfor",
            "arbeitgeber",
            "employeur",
            "firma",
        ],
    ),
    (
        "employment",
        &[
            "employment",
            "employed",
            "emp",
            "empl",
            "job",
            "work",
            "wrk",
        ],
    ),
    (
        "beneficiary",
        &["beneficiary", "bene", "benef", "bnf", "heir"],
    ),
    (
        "staff",
        &[
            "advisor",
            "adviser",
            "broker",
            "banker",
            "rep",
            "representative",
            "officer",
            "branch",
            "teller",
            "agent",
            "attorney",
            "poa",
            "guarantor",
            "referral",
            "introducer",
        ],
    ),
    ("emergency", &["emergency", "emerg"]),
    (
        "former",
        &[
            "previous", "prev", "prior", "former", "old", "maiden", "alias", "aka",
        ],
    ),
    // marks of an identifier or a code
    (
        "number",
        &[
            "number", "numbers", "no", "nbr", "num", "nmbr", "nr", "numb", "nummer", "numero",
        ],
    ),
    (
        "id",
        &[
            "id",
            "ident",
            "identification",
            "identifier",
            "key",
            "uid",
            "guid",
            "ref",
            "reference",
        ],
    ),
    ("code", &["code", "cd", "cde"]),
    (
        "type",
        &[
            "type", "typ", "tp", "kind", "category", "cat", "class", "cd", "code", "scheme",
        ],
    ),
    (
        "flag",
        &["flag", "flg", "indicator", "indicat", "yn", "fl", "is"],
    ),
    ("status", &["status", "stat", "sts", "stts"]),
    (
        "text",
        &[
            "text",
            "txt",
            "desc",
            "description",
            "descr",
            "value",
            "val",
            "field",
            "fld",
            "column",
            "col",
            "data",
            "info",
        ],
    ),
    ("date", &["date", "dt", "dte", "on", "day", "dat"]),
    ("time", &["time", "tm", "tim", "timestamp", "ts", "at"]),
    ("line", &["line", "ln", "lin", "row"]),
    ("primary", &["primary", "prim", "pri", "main", "prm"]),
    (
        "secondary",
        &[
            "secondary",
            "sec",
            "scnd",
            "alternate",
            "alt",
            "other",
            "additional",
        ],
    ),
    (
        "of",
        &["of", "the", "in", "and", "with", "for", "to", "per", "a"],
    ),
    ("current", &["current", "curr", "cur", "present"]),
    ("combined", &["combined", "full", "complete", "whole"]),
    (
        "system",
        &[
            "system",
            "sys",
            "source",
            "legacy",
            "created",
            "updated",
            "modified",
            "opened",
            "open",
            "closed",
            "close",
            "maint",
            "maintenance",
        ],
    ),
    // names
    ("name", &["name", "nm", "nam", "nme", "names"]),
    (
        "first",
        &[
            "first",
            "frst",
            "fst",
            "f",
            "fir",
            "given",
            "givn",
            "gvn",
            "forename",
            "fname",
            "firstname",
            "fnm",
            "givenname",
            "forenames",
            "christian",
            "firstnames",
            "vorname",
            "prenom",
            "nombre",
            "nome",
            "voornaam",
        ],
    ),
    (
        "last",
        &[
            "last",
            "lst",
            "l",
            "las",
            "family",
            "fam",
            "surname",
            "srnm",
            "surnm",
            "lname",
            "lastname",
            "lnm",
            "familyname",
            "sn",
            "nachname",
            "familienname",
            "nom",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "achternaam",
        ],
    ),
    (
        "middle",
        &[
            "middle",
            "mid",
            "mdl",
            "mi",
            "mddl",
            "mname",
            "middlename",
            "mnm",
            "additional",
        ],
    ),
    ("suffix", &["suffix", "sfx", "suff"]),
    (
        "title",
        &[
            "title",
            "ttl",
            "titl",
            "salutation",
            "prefix",
            "prfx",
            "honorific",
        ],
    ),
    ("legal", &["legal", "lgl", "leg", "registered"]),
    // a person
    (
        "birth",
        &[
            "birth",
            "brth",
            "bth",
            "born",
            "bir",
            "birthday",
            "geburt",
            "naissance",
            "nacimiento",
            "nascita",
            "nascimento",
            "geboorte",
        ],
    ),
    (
        "dob",
        &[
            "dob",
            "birthdate",
            "brthdt",
            "bdate",
            "dtob",
            "birthdt",
            "geburtsdatum",
            "gebdat",
            "geboortedatum",
        ],
    ),
    ("ssn", &["ssn", "socsec", "soc", "ssno", "sin"]),
    ("social", &["social"]),
    ("security", &["security", "sec", "secur"]),
    (
        "tin",
        &[
            "tin",
            "itin",
            "taxid",
            "taxpayer",
            "txid",
            "tinno",
            "utr",
            "nif",
            "nino",
            "tfn",
            "steuernummer",
            "steuerid",
        ],
    ),
    ("tax", &["tax", "tx", "fiscal", "fisc"]),
    ("ein", &["ein", "fein", "feid", "vat", "companyno", "crn"]),
    (
        "citizenship",
        &[
            "citizenship",
            "citizen",
            "citz",
            "citzn",
            "ctzn",
            "ctz",
            "ctzshp",
            "cit",
            "nationality",
            "natl",
            "nation",
            "nationalities",
            "staatsangehoerigkeit",
            "nationalite",
            "nacionalidad",
        ],
    ),
    (
        "marital",
        &[
            "marital",
            "mar",
            "mrtl",
            "marit",
            "maritl",
            "civil",
            "mrtlsts",
            "familienstand",
        ],
    ),
    ("gender", &["gender", "sex"]),
    (
        "occupation",
        &[
            "occupation",
            "occup",
            "occ",
            "occu",
            "profession",
            "prof",
            "position",
            "pos",
            "jobtitle",
            "prfssn",
            "beruf",
            "metier",
            "profesion",
        ],
    ),
    ("years", &["years", "yrs", "yr", "year", "tenure"]),
    // reaching someone
    (
        "email",
        &[
            "email",
            "eml",
            "mailid",
            "emailaddr",
            "emladdr",
            "e-mail",
            "emal",
            "emails",
            "courriel",
            "correo",
        ],
    ),
    (
        "mail",
        &[
            "mail",
            "mailing",
            "ml",
            "mlg",
            "mlng",
            "corresp",
            "correspondence",
            "postaladdr",
            "statement",
            "stmt",
            "corr",
            "correspond",
            "postanschrift",
            "despatch",
        ],
    ),
    (
        "phone",
        &[
            "phone",
            "ph",
            "phn",
            "phon",
            "tel",
            "telephone",
            "telno",
            "fon",
            "phones",
            "phne",
            "telefon",
            "telefono",
            "telefone",
            "telefoon",
            "landline",
            "fixed",
        ],
    ),
    (
        "mobile",
        &[
            "mobile",
            "mob",
            "mobl",
            "cell",
            "cel",
            "cellular",
            "cellphone",
            "handy",
            "movil",
            "cellulare",
        ],
    ),
    (
        "home",
        &[
            "home",
            "hm",
            "hom",
            "residential",
            "resid",
            "residence",
            "res",
            "permanent",
            "perm",
            "domicile",
            "personal",
            "residency",
            "domiciliary",
        ],
    ),
    ("fax", &["fax", "facsimile"]),
    // addresses
    (
        "address",
        &[
            "address",
            "addr",
            "adr",
            "adrs",
            "add",
            "addrs",
            "addresses",
        ],
    ),
    (
        "street",
        &[
            "street", "str", "st", "strt", "strasse", "stree", "strtnm", "bldg", "building", "rue",
            "calle", "via", "rua", "straat",
        ],
    ),
    (
        "unit",
        &[
            "unit",
            "apt",
            "apartment",
            "suite",
            "flat",
            "floor",
            "room",
            "extra",
        ],
    ),
    (
        "city",
        &[
            "city",
            "cty",
            "cit",
            "town",
            "twn",
            "municipality",
            "locality",
            "suburb",
            "stadt",
            "ort",
            "ville",
            "ciudad",
            "citta",
            "cidade",
            "stad",
            "wohnort",
        ],
    ),
    (
        "state",
        &[
            "state",
            "st",
            "stt",
            "ste",
            "province",
            "prov",
            "prv",
            "region",
            "rgn",
            "canton",
            "subdvsn",
            "subdivision",
            "district",
        ],
    ),
    (
        "zip",
        &[
            "zip",
            "zipcode",
            "postal",
            "pstl",
            "postcode",
            "post",
            "pst",
            "plz",
            "zp",
            "pcode",
            "pstcd",
            "codepostal",
            "cap",
            "cep",
            "codigopostal",
        ],
    ),
    (
        "country",
        &[
            "country",
            "ctry",
            "cntry",
            "cntr",
            "ctr",
            "countrycode",
            "nation",
            "cou",
            "iso",
            "land",
            "pays",
            "pais",
            "paese",
            "staat",
        ],
    ),
    (
        "countries",
        &["countries", "ctrys", "ctries", "cntrys", "cntries"],
    ),
    ("county", &["county", "cnty"]),
    ("place", &["place", "plc"]),
    // money and investing
    (
        "annual",
        &[
            "annual", "ann", "annl", "yearly", "yrly", "pa", "annum", "gross",
        ],
    ),
    (
        "income",
        &[
            "income", "inc", "incm", "salary", "earnings", "revenue", "rev",
        ],
    ),
    ("net", &["net", "nt"]),
    (
        "worth",
        &[
            "worth", "wth", "wrth", "assets", "nw", "networth", "wealth", "estate",
        ],
    ),
    ("liquid", &["liquid", "liq", "lqd", "liqd", "lnw"]),
    ("total", &["total", "tot", "ttl"]),
    (
        "investment",
        &[
            "investment",
            "inv",
            "invest",
            "invst",
            "investor",
            "investing",
            "trading",
        ],
    ),
    (
        "objective",
        &[
            "objective",
            "obj",
            "objctv",
            "objectives",
            "goal",
            "goals",
            "purpose",
            "strategy",
            "strat",
            "aim",
            "mandate",
        ],
    ),
    ("risk", &["risk", "rsk", "risktol", "volatility"]),
    (
        "tolerance",
        &[
            "tolerance",
            "tol",
            "toler",
            "profile",
            "level",
            "lvl",
            "appetite",
            "attitude",
            "capacity",
            "rating",
        ],
    ),
    (
        "horizon",
        &[
            "horizon",
            "hrz",
            "hrzn",
            "hor",
            "term",
            "holding",
            "timeframe",
            "timescale",
            "timeline",
            "timing",
            "period",
        ],
    ),
    (
        "liquidity",
        &["liquidity", "liq", "lqdty", "liqdty", "cash"],
    ),
    (
        "needs",
        &[
            "needs",
            "need",
            "nds",
            "nd",
            "requirement",
            "requirements",
            "importance",
        ],
    ),
    (
        "experience",
        &["experience", "exp", "exper", "expr", "knowledge", "exprnc"],
    ),
    (
        "bracket",
        &[
            "bracket", "brkt", "brckt", "rate", "brk", "marginal", "band",
        ],
    ),
    ("federal", &["federal", "fed", "fdrl"]),
    (
        "usd",
        &[
            "usd", "us", "dollars", "dollar", "amount", "amt", "range", "rng",
        ],
    ),
    ("source", &["source", "src", "srce", "origin"]),
    ("funds", &["funds", "fund", "fnds", "fnd", "money"]),
    (
        "currency",
        &[
            "currency", "ccy", "crypto", "digital", "virtual", "curr", "coin", "coins",
        ],
    ),
    // agreements
    (
        "agreement",
        &[
            "agreement",
            "agr",
            "agmt",
            "agrmt",
            "agrmnt",
            "contract",
            "tos",
            "tnc",
            "consent",
            "terms",
            "conditions",
            "tandc",
        ],
    ),
    ("version", &["version", "ver", "vers", "vrsn", "rev"]),
    (
        "signed",
        &[
            "signed",
            "sign",
            "sgn",
            "sgnd",
            "signature",
            "sig",
            "esign",
            "esigned",
            "accepted",
            "acceptance",
            "acknowledged",
            "executed",
            "agreed",
            "consented",
        ],
    ),
    ("document", &["document", "doc", "docs", "docmt"]),
    // owners of entities
    (
        "role",
        &[
            "role",
            "rol",
            "relation",
            "rel",
            "relationship",
            "capacity",
            "function",
        ],
    ),
    (
        "percent",
        &[
            "percent",
            "pct",
            "pc",
            "percentage",
            "share",
            "shares",
            "shr",
            "ownership",
            "interest",
            "shareholding",
            "stake",
            "holding",
            "held",
            "proportion",
        ],
    ),
    (
        "manages",
        &[
            "manages",
            "manage",
            "mgr",
            "mgmt",
            "manager",
            "management",
            "mng",
            "director",
            "dir",
            "signatory",
        ],
    ),
    (
        "control",
        &[
            "control",
            "ctrl",
            "ctl",
            "controlling",
            "controls",
            "beneficial",
        ],
    ),
    // entities
    (
        "form",
        &["form", "frm", "structure", "rechtsform", "constitution"],
    ),
    (
        "industry",
        &[
            "industry", "indstry", "indus", "sector", "naics", "sic", "ind", "nature", "activity",
            "trade", "branche",
        ],
    ),
    (
        "products",
        &[
            "products",
            "product",
            "prod",
            "prd",
            "offerings",
            "offering",
            "offers",
            "offer",
            "ofr",
            "offered",
            "goods",
        ],
    ),
    (
        "services",
        &["services", "service", "svc", "svcs", "srv", "srvc"],
    ),
    (
        "formation",
        &[
            "formation",
            "formed",
            "form",
            "incorporation",
            "incorporated",
            "incorp",
            "incorpdt",
            "established",
            "estab",
            "inception",
            "organized",
            "founding",
            "creation",
            "founded",
        ],
    ),
    (
        "registered",
        &[
            "registered",
            "reg",
            "regd",
            "rgstrd",
            "seat",
            "registry",
            "headoffice",
        ],
    ),
    (
        "registration",
        &[
            "registration",
            "reg",
            "regis",
            "regn",
            "registered",
            "register",
        ],
    ),
    (
        "operating",
        &[
            "operating",
            "operation",
            "operations",
            "op",
            "ops",
            "oper",
            "physical",
            "phys",
            "premises",
            "office",
            "headquarters",
            "hq",
            "site",
            "active",
        ],
    ),
    (
        "aml",
        &["aml", "amlflg", "laundering", "supervised", "regulated"],
    ),
    (
        "subject",
        &["subject", "subj", "regulations", "regulated", "regs"],
    ),
    (
        "expected",
        &[
            "expected",
            "expd",
            "exp",
            "anticipated",
            "est",
            "estimated",
            "average",
            "avg",
        ],
    ),
    ("daily", &["daily", "dly", "day"]),
    (
        "volume",
        &["volume", "vol", "vlm", "turnover", "throughput"],
    ),
    (
        "transaction",
        &[
            "transaction",
            "trans",
            "txn",
            "trx",
            "trn",
            "trxn",
            "transactions",
        ],
    ),
    ("notional", &["notional", "ntnl", "notnl", "notl"]),
    ("wallet", &["wallet", "wlt"]),
    // the rest of the contract
    ("settlement", &["settlement", "settle", "stlmt"]),
    ("token", &["token", "tkn"]),
    ("pep", &["pep", "politically", "exposed"]),
    ("ofac", &["ofac", "sanction", "sanctions", "sanctioned"]),
    ("language", &["language", "lang"]),
];

/// Words that say little about what a column holds: they weigh less.
const LIGHT: &[&str] = &[
    "number", "id", "code", "text", "date", "name", "line", "primary", "of", "current", "customer",
    "owner", "flag", "usd", "total", "type", "status", "combined", "legal", "expected",
];

/// A word of a header: everything that it can stand for; nothing when it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As it is spelled, in lower case.
    pub spelled: String,
    /// What it can stand for.
    pub words: Vec<&'static str>,
    /// A number that stands alone or behind it.
    pub number: Option<u32>,
}

impl Token {
    /// Whether it can stand for a word.
    pub fn is(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// How much it counts.
    pub fn weight(&self) -> f64 {
        let light = !self.words.is_empty() && self.words.iter().all(|word| LIGHT.contains(word));
        match (light, self.words.is_empty() && self.spelled.len() < 2) {
            (true, _) => 0.3,
            // A letter alone is a mark of the system, such as the `__c` of a field that somebody added.
            (_, true) => 0.05,
            _ => 1.0,
        }
    }
}

/// The words of a header.
pub fn tokens(header: &str) -> Vec<Token> {
    let mut all: Vec<Token> = Vec::new();
    for part in compounds(parts(header)) {
        if let Ok(number) = part.parse::<u32>() {
            match all.last_mut() {
                Some(last) => last.number = Some(number),
                None => all.push(Token {
                    spelled: part,
                    words: Vec::new(),
                    number: Some(number),
                }),
            }
            continue;
        }
        let known = meanings(&part);
        if !known.is_empty() {
            all.push(Token {
                spelled: part,
                words: known,
                number: None,
            });
            continue;
        }
        match pieces(&part) {
            Some(pieces) => all.extend(pieces.into_iter().map(|piece| Token {
                words: meanings(piece),
                spelled: piece.to_owned(),
                number: None,
            })),
            None => all.push(Token {
                spelled: part,
                words: Vec::new(),
                number: None,
            }),
        }
    }
    all
}

/// Neighbours that are one known word: `e-mail`, `post code`.
fn compounds(parts: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for part in parts {
        if let Some(last) = all.last_mut() {
            let both = format!("{last}{part}");
            if !meanings(&both).is_empty() {
                *last = both;
                continue;
            }
        }
        all.push(part);
    }
    all
}

/// What a spelling stands for.
fn meanings(spelling: &str) -> Vec<&'static str> {
    WORDS
        .iter()
        .filter(|(_, spellings)| spellings.contains(&spelling))
        .map(|(word, _)| *word)
        .collect()
}

/// The parts between marks, at capitals and at digits, in lower case.
fn parts(header: &str) -> Vec<String> {
    let chars: Vec<char> = header.chars().collect();
    let mut parts = vec![String::new()];
    for (place, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            parts.push(String::new());
            continue;
        }
        let before = place.checked_sub(1).and_then(|before| chars.get(before));
        let begins = before.is_some_and(|before| {
            let lower_next = chars.get(place + 1).is_some_and(|next| next.is_lowercase());
            let hump =
                c.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && lower_next);
            before.is_alphanumeric() && (hump || before.is_ascii_digit() != c.is_ascii_digit())
        });
        if begins {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Cost of one piece: few long pieces beat many short ones.
fn cost(piece: &str) -> usize {
    match piece.len() {
        2 => 14,
        3 => 11,
        _ => 10,
    }
}

/// A part that is glued together, cut into known pieces of two letters and more; the cheapest way.
fn pieces(part: &str) -> Option<Vec<&str>> {
    if part.len() < 4 || !part.is_ascii() {
        return None;
    }
    // By end: the cheapest cost, and where its last piece begins.
    let mut best: Vec<Option<(usize, usize)>> = vec![None; part.len() + 1];
    best[0] = Some((0, 0));
    for end in 2..=part.len() {
        for start in 0..end - 1 {
            let Some((so_far, _)) = best[start] else {
                continue;
            };
            let piece = &part[start..end];
            if meanings(piece).is_empty() {
                continue;
            }
            let total = so_far + cost(piece);
            if best[end].is_none_or(|(known, _)| total < known) {
                best[end] = Some((total, start));
            }
        }
    }
    let mut found = Vec::new();
    let mut end = part.len();
    while end > 0 {
        let (_, start) = best[end]?;
        found.push(&part[start..end]);
        end = start;
    }
    found.reverse();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(header: &str) -> String {
        let words = tokens(header);
        let words = words.iter().map(|token| match token.number {
            Some(number) => format!("{}{number}", token.spelled),
            None => token.spelled.clone(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn headers_come_apart() {
        for (header, wanted) in [
            ("FIRST_NM", "first nm"),
            ("Residential Address Line 1", "residential address line1"),
            ("dateOfBirth", "date of birth"),
            ("taxIDNumber", "tax id number"),
            ("JTFSTNM", "jt fst nm"),
            ("LIQNETWTH", "liq net wth"),
            ("MLADR1", "ml adr1"),
            ("E-Mail", "email"),
            ("postCode", "postcode"),
            ("ADDR2", "addr2"),
            ("OWN2_SSN", "own2 ssn"),
            ("XQZWK", "xqzwk"),
        ] {
            assert_eq!(spelled(header), wanted, "{header}");
        }
    }

    #[test]
    fn every_spelling_is_in_lower_case_and_once_under_a_word() {
        for (word, spellings) in WORDS {
            let mut sorted = spellings.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), spellings.len(), "{word}");
            assert!(
                spellings.iter().all(|text| *text == text.to_lowercase()),
                "{word}"
            );
        }
        for word in LIGHT {
            assert!(WORDS.iter().any(|(known, _)| known == word), "{word}");
        }
    }
}
