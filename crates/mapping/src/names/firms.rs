//! Words that tell a firm, an account or several people from one person.
//!
//! Owner: `mapping::names`. All folded (lower case, no accents, no dots), sorted: they are searched by halves, for every word of every row.
//! Invariant: a family name that many people have stands only in `TRADE_OR_NAME`. Exceptions are "Roth", "Ira" and "Tod",
//! which are kinds of account too often. Left out on purpose: "Glass", "Hall" and the like, more often names than trades.

/// A table of this file has the word.
pub(crate) fn has(table: &[&str], word: &str) -> bool {
    table.binary_search(&word).is_ok()
}

/// A cell with one of these names an account, an estate or several people.
#[rustfmt::skip]
pub(crate) const ACCOUNT: &[&str] = &[
    "admin", "administrator", "admr", "admx", "aka", "and", "attn", "bene", "beneficiary", "care", "com",
    "conservator", "conservatorship", "cust", "custodial", "custodian", "dba", "dec", "dec'd", "decd", "deceased",
    "decedent", "eheleute", "escrow", "est", "estate", "et", "exec", "executor", "executors", "executrix", "exor",
    "family", "fbo", "fka", "gdn", "guardian", "guardianship", "inherited", "ira", "iras", "irrevocable", "joint",
    "jt", "jtros", "jtten", "jtwros", "living", "nka", "nominee", "of", "or", "poa", "pod", "representative",
    "revocable", "rollover", "roth", "sep", "survivorship", "ten-com", "tenancy", "tenants", "tencom", "the", "tic",
    "tod", "tr", "trust", "trustee", "trustees", "trusts", "ttee", "ttees", "ugma", "und", "utma", "wros",
];

/// A cell with one of these names a firm.
#[rustfmt::skip]
pub(crate) const FIRM: &[&str] = &[
    "academy", "accounting", "advertising", "advisors", "advisory", "agencies", "agency", "airlines", "airways",
    "albergo", "american", "apartments", "apotheek", "apotheke", "apparel", "appliances", "aps", "apteka",
    "aquatics", "architects", "architecture", "arztpraxis", "asociacion", "assn", "associacao", "associates",
    "association", "associazione", "atelier", "attorneys", "auberge", "auto", "autobody", "autohaus", "automotive",
    "autos", "aviation", "backerei", "baeckerei", "bakery", "bakkerij", "bancorp", "bancshares", "barbershop",
    "baumschule", "bauunternehmen", "bistro", "bookkeeping", "boucherie", "boulangerie", "boutique", "brands",
    "brasserie", "brauerei", "brewery", "brewing", "bros", "buchhandlung", "builders", "building", "bv", "bvba",
    "cabinet", "cabinets", "cafe", "capital", "carniceria", "carpets", "carwash", "catering", "charities",
    "charity", "charters", "cleaners", "cleaning", "clinic", "clinics", "clothing", "club", "clubs", "coiffure",
    "college", "collision", "comercializadora", "comercio", "committee", "communications", "company", "concrete",
    "condominium", "condominiums", "congregation", "construcoes", "construction", "constructora", "constructors",
    "consultancy", "consultants", "consulting", "contracting", "contractor", "contractors", "cooling", "coop",
    "cooperative", "corp", "corporation", "council", "cukiernia", "dairy", "deli", "dental", "dentistry", "design",
    "designs", "detailing", "developers", "development", "developments", "digital", "diner", "diocese",
    "distillery", "ditta", "doo", "druckerei", "drywall", "eirl", "electric", "electrical", "electronics",
    "elektro", "elektrotechnik", "empresa", "energy", "engineering", "engineers", "enterprise", "enterprises",
    "entertainment", "entreprise", "eood", "epicerie", "equipment", "equities", "equity", "estates",
    "etablissements", "ets", "eurl", "excavating", "excavation", "exports", "exteriors", "fabrication", "farmacia",
    "farms", "ferreteria", "fhu", "finance", "financial", "firm", "firma", "firms", "fitness", "fleischerei",
    "fleuriste", "flooring", "florist", "florists", "flowers", "fondation", "fondazione", "foods", "foundation",
    "fratelli", "freight", "freres", "friseur", "friseursalon", "fundacao", "fundacion", "furnishings", "furniture",
    "gabinet", "gaertnerei", "garage", "gartnerei", "gasthaus", "gasthof", "gaststaette", "gaststatte", "gbr",
    "gebr", "gebruder", "gebrueder", "genossenschaft", "gesellschaft", "global", "gmbh", "goods", "graphics",
    "grill", "groceries", "grocery", "grooming", "grosshandel", "group", "groups", "gym", "handelsonderneming",
    "handwerk", "hardware", "hauling", "hausverwaltung", "healthcare", "heating", "hermanos", "hnos", "holding",
    "holdings", "holzbau", "homeowners", "homes", "hospital", "hospitals", "hotel", "hotels", "hurtownia", "hvac",
    "immobilien", "imports", "impresa", "inc", "incorporated", "industrial", "industries", "institute", "insurance",
    "interiors", "international", "inversiones", "investment", "investments", "investors", "irmaos", "janitorial",
    "jewelers", "jewelry", "kancelaria", "kanzlei", "kennel", "kennels", "kft", "kfz", "kg", "kgaa", "konditorei",
    "ksiegarnia", "kwiaciarnia", "laboratories", "laboratory", "labs", "landscape", "landscaping", "laundromat",
    "laundry", "lawncare", "lda", "leasing", "lending", "librairie", "limited", "llc", "lllp", "llp", "lodge",
    "logistics", "loja", "ltd", "ltda", "lumber", "macelleria", "machining", "management", "manufacturing",
    "marine", "marketing", "markets", "masonry", "mbh", "media", "medical", "medicine", "menuiserie", "mercearia",
    "metallbau", "metzgerei", "mfg", "mgmt", "ministries", "ministry", "mortgage", "mortgages", "mosque", "motel",
    "motors", "national", "negozio", "network", "networks", "nursery", "nv", "nyrt", "obchod", "officina",
    "oficina", "ohg", "ood", "orchard", "orchards", "orthodontics", "orthopedics", "osteria", "outfitters", "oyj",
    "padaria", "painting", "panaderia", "panetteria", "panificio", "parish", "partners", "partnership",
    "pasteleria", "patisserie", "paving", "pc", "pediatrics", "pekarna", "pekarstvi", "petroleum",
    "pharmaceuticals", "pharmacie", "pharmacy", "photography", "phu", "piekarnia", "pizza", "pizzeria", "plc",
    "pllc", "plomberie", "plumbing", "pools", "pphu", "praxis", "printing", "productions", "products", "promotions",
    "properties", "property", "przedsiebiorstwo", "publications", "publishing", "ranch", "ranches", "realestate",
    "realtor", "realtors", "realty", "rechtsanwaelte", "rechtsanwalte", "records", "recruiting", "reisebuero",
    "reiseburo", "remodeling", "rental", "rentals", "repair", "repairs", "research", "resort", "resorts",
    "restaurace", "restauracja", "restaurant", "restaurante", "restaurants", "reznictvi", "ristorante", "roofing",
    "salon", "salons", "sarl", "sasu", "schlachterei", "schlosserei", "school", "schools", "schreinerei",
    "securities", "security", "service", "services", "shipping", "shops", "sklep", "slagerij", "slu", "snc",
    "sociedad", "societa", "societe", "society", "soehne", "software", "sohne", "solar", "solutions", "sons", "spa",
    "spedition", "spolka", "spzoo", "srl", "srls", "sro", "staffing", "steuerberatung", "steuerkanzlei",
    "stichting", "stiftung", "storage", "stores", "studio", "studios", "supermarket", "supplies", "supply",
    "synagogue", "systems", "talleres", "tavern", "tech", "technologies", "technology", "telecom", "therapy",
    "tienda", "tires", "tischlerei", "tours", "towing", "traders", "trading", "traiteur", "transport",
    "transportation", "transportes", "trattoria", "travel", "trucking", "union", "university", "upholstery",
    "uslugi", "utilities", "ventures", "verein", "vereniging", "verlag", "versicherung", "versicherungen",
    "veterinary", "vineyard", "vineyards", "vof", "vzw", "wealth", "welding", "wellness", "werkstatt", "widgets",
    "windows", "winery", "wireless", "worldwide", "zahnarztpraxis", "zaklad", "zimmerei", "zrt",
];

/// A trade where it stands last, and a family name too: "Doe Law", "Law, Jude".
#[rustfmt::skip]
pub(crate) const TRADE_OR_NAME: &[&str] = &[
    "ab", "ag", "as", "bank", "banking", "brothers", "bt", "chapel", "church", "co", "coffee", "farm", "fund",
    "handel", "house", "inn", "law", "lp", "market", "minor", "oy", "sa", "sales", "sas", "se", "shop", "sl",
    "store", "temple", "ten", "ug",
];

/// Given names that are no family names, saints or virtues: "Jane Church" is a person, "Grace Church" may be none.
#[rustfmt::skip]
pub(crate) const GIVEN: &[&str] = &[
    "alice", "alison", "amanda", "amy", "angela", "ann", "anna", "anne", "ashley", "barbara", "beth", "betty", "brenda", "brian", "carol",
    "carolyn", "cheryl", "christine", "cynthia", "deborah", "debra", "denise", "diane", "donna", "dorothy",
    "emily", "eric", "evelyn", "gary", "heather", "helen", "jane", "janet", "janice", "jason", "jeffrey",
    "jennifer", "jessica", "jill", "joan", "joyce", "judith", "judy", "julie", "karen", "kathleen", "kathy",
    "keith", "kelly", "kenneth", "kevin", "kimberly", "laura", "linda", "lisa", "lori", "marilyn", "mary", "megan",
    "melissa", "nancy", "nicole", "pamela", "patricia", "rachel", "rebecca", "robert", "ronald", "ruth",
    "sandra", "sarah", "sharon", "shirley", "stephanie", "steven", "sue", "susan", "tammy", "teresa", "theresa",
    "timothy", "tina", "wendy", "william",
];
