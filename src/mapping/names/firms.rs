//! Words that tell a firm, an account or several people from one person.
//!
//! Owner: `mapping::names`. All in lower case, without dots, sorted: they are searched by halves, for every word of every row.
//! Invariant: a family name that many people have stands only in `TRADE_OR_NAME`. Exceptions are "Roth", "Ira" and "Tod",
//! which are kinds of account too often. Left out on purpose: "Glass", "Hall" and the like, more often names than trades.

/// A table of this file has the word.
pub fn has(table: &[&str], word: &str) -> bool {
    table.binary_search(&word).is_ok()
}

/// A cell with one of these names an account, an estate or several people.
#[rustfmt::skip]
pub const ACCOUNT: &[&str] = &[
    "admin", "administrator", "aka", "and", "attn", "bene", "beneficiary", "care", "conservator",
    "conservatorship", "cust", "custodial", "custodian", "dba", "dec", "dec'd", "decd", "deceased", "decedent",
    "escrow", "est", "estate", "et", "executor", "executrix", "family", "fbo", "fka", "guardian",
    "guardianship", "inherited", "ira", "iras", "irrevocable", "joint", "jt", "jtros", "jtten", "jtwros",
    "living", "nka", "nominee", "of", "or", "poa", "pod", "representative", "revocable", "rollover", "roth",
    "sep", "survivorship", "tenancy", "tenants", "the", "tic", "tod", "tr", "trust", "trustee", "trustees",
    "trusts", "ttee", "ttees", "ugma", "und", "utma", "wros",
];

/// A cell with one of these names a firm.
#[rustfmt::skip]
pub const FIRM: &[&str] = &[
    "academy", "accounting", "advertising", "advisors", "advisory", "agencies", "agency", "airlines", "airways",
    "american", "apartments", "apotheke", "apparel", "appliances", "aquatics", "architects", "architecture", "assn",
    "associates", "association", "attorneys", "auto", "autobody", "autohaus", "automotive", "autos", "aviation",
    "bakery", "bancorp", "bancshares", "barbershop", "bistro", "bookkeeping", "boutique", "brands", "brewery",
    "brewing", "bros", "builders", "building", "bv", "cabinets", "cafe", "capital", "carpets", "carwash",
    "catering", "charities", "charity", "charters", "cleaners", "cleaning", "clinic", "clinics", "clothing", "club",
    "clubs", "college", "collision", "committee", "communications", "company", "concrete", "condominium",
    "condominiums", "congregation", "construction", "constructors", "consultancy", "consultants", "consulting",
    "contracting", "contractor", "contractors", "cooling", "coop", "cooperative", "corp", "corporation", "council",
    "dairy", "deli", "dental", "dentistry", "design", "designs", "detailing", "developers", "development",
    "developments", "digital", "diner", "diocese", "distillery", "drywall", "electric", "electrical", "electronics",
    "energy", "engineering", "engineers", "enterprise", "enterprises", "entertainment", "equipment", "equities",
    "equity", "estates", "excavating", "excavation", "exports", "exteriors", "fabrication", "farms", "finance",
    "financial", "firm", "firms", "fitness", "flooring", "florist", "florists", "flowers", "foods", "foundation",
    "freight", "furnishings", "furniture", "garage", "gbr", "global", "gmbh", "goods", "graphics", "grill",
    "groceries", "grocery", "grooming", "group", "groups", "gym", "hardware", "hauling", "healthcare", "heating",
    "holding", "holdings", "homeowners", "homes", "hospital", "hospitals", "hotel", "hotels", "hvac", "imports",
    "inc", "incorporated", "industrial", "industries", "institute", "insurance", "interiors", "international",
    "investment", "investments", "investors", "janitorial", "jewelers", "jewelry", "kanzlei", "kennel", "kennels",
    "kg", "laboratories", "laboratory", "labs", "landscape", "landscaping", "laundromat", "laundry", "lawncare",
    "leasing", "lending", "limited", "llc", "lllp", "llp", "lodge", "logistics", "ltd", "lumber", "machining",
    "management", "manufacturing", "marine", "marketing", "markets", "masonry", "media", "medical", "medicine",
    "metzgerei", "mfg", "mgmt", "ministries", "ministry", "mortgage", "mortgages", "mosque", "motel", "motors",
    "national", "network", "networks", "nursery", "ohg", "orchard", "orchards", "orthodontics", "orthopedics",
    "outfitters", "painting", "parish", "partners", "partnership", "paving", "pc", "pediatrics", "petroleum",
    "pharmaceuticals", "pharmacy", "photography", "pizza", "pizzeria", "plc", "pllc", "plumbing", "pools",
    "printing", "productions", "products", "promotions", "properties", "property", "publications", "publishing",
    "ranch", "ranches", "realestate", "realtor", "realtors", "realty", "records", "recruiting", "remodeling",
    "rental", "rentals", "repair", "repairs", "research", "resort", "resorts", "restaurant", "restaurants",
    "roofing", "salon", "salons", "sarl", "school", "schools", "securities", "security", "service", "services",
    "shipping", "shops", "society", "software", "solar", "solutions", "sons", "spa", "srl", "staffing", "storage",
    "stores", "studio", "studios", "supermarket", "supplies", "supply", "synagogue", "systems", "tavern", "tech",
    "technologies", "technology", "telecom", "therapy", "tires", "tours", "towing", "traders", "trading",
    "transport", "transportation", "travel", "trucking", "union", "university", "upholstery", "utilities",
    "ventures", "veterinary", "vineyard", "vineyards", "wealth", "welding", "wellness", "widgets", "windows",
    "winery", "wireless", "worldwide",
];

/// A trade where it stands last, and a family name too: "Doe Law", "Law, Jude".
#[rustfmt::skip]
pub const TRADE_OR_NAME: &[&str] = &[
    "ag", "bank", "banking", "brothers", "chapel", "church", "co", "coffee", "farm", "fund", "house", "inn",
    "law", "lp", "market", "minor", "sa", "sales", "shop", "store", "temple", "ten",
];

/// Given names that are no family names, saints or virtues: "Jane Church" is a person, "Grace Church" may be none.
#[rustfmt::skip]
pub const GIVEN: &[&str] = &[
    "alice", "alison", "amanda", "amy", "angela", "ann", "anna", "anne", "ashley", "barbara", "beth", "betty", "brenda", "brian", "carol",
    "carolyn", "cheryl", "christine", "cynthia", "deborah", "debra", "denise", "diane", "donna", "dorothy",
    "emily", "eric", "evelyn", "gary", "heather", "helen", "jane", "janet", "janice", "jason", "jeffrey",
    "jennifer", "jessica", "jill", "joan", "joyce", "judith", "judy", "julie", "karen", "kathleen", "kathy",
    "keith", "kelly", "kenneth", "kevin", "kimberly", "laura", "linda", "lisa", "lori", "marilyn", "mary", "megan",
    "melissa", "nancy", "nicole", "pamela", "patricia", "rachel", "rebecca", "robert", "ronald", "ruth",
    "sandra", "sarah", "sharon", "shirley", "stephanie", "steven", "sue", "susan", "tammy", "teresa", "theresa",
    "timothy", "tina", "wendy", "william",
];
