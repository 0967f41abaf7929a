//! Words that invented entities and their owners are made of. No list names a real firm on purpose.
//!
//! Every phone number is of a kind that nobody is reached at (555-01xx, or a range kept for fiction); every e-mail address
//! ends in a name reserved for examples.

pub const FIRST: &[&str] = &[
    "Amber",
    "Anchor",
    "Beacon",
    "Bluefin",
    "Breakwater",
    "Compass",
    "Coral",
    "Cormorant",
    "Driftwood",
    "Eastwind",
    "Fairlead",
    "Gannet",
    "Halyard",
    "Keel",
    "Lantern",
    "Leeward",
    "Longshore",
    "Mainsail",
    "Mooring",
    "Northlight",
    "Osprey",
    "Petrel",
    "Quayside",
    "Sandbar",
    "Seagrass",
    "Slipway",
    "Spindrift",
    "Tidewater",
    "Topsail",
    "Windward",
];

pub const SECOND: &[&str] = &[
    "Bakery Supply",
    "Boatworks",
    "Chandlery",
    "Cold Storage",
    "Crane Hire",
    "Dredging",
    "Ferries",
    "Fisheries",
    "Freight",
    "Instruments",
    "Joinery",
    "Logistics",
    "Marine Paint",
    "Packaging",
    "Pilotage",
    "Refrigeration",
    "Ropes & Nets",
    "Sailmakers",
    "Surveyors",
    "Warehousing",
];

pub const GIVEN: &[&str] = &[
    "Ada", "Amir", "Beatrice", "Carl", "Carmen", "Diana", "Edith", "Elias", "Fatima", "Frank",
    "Grace", "Henry", "Imani", "Ivan", "Jamal", "Julia", "Kofi", "Laura", "Leo", "Lin", "Miguel",
    "Nadia", "Oscar", "Priya", "Rachel", "Ruth", "Samuel", "Sofia", "Victor", "Yusuf",
];

pub const FAMILY: &[&str] = &[
    "Abbott",
    "Almeida",
    "Ashdown",
    "Barlow",
    "Becker",
    "Calloway",
    "Castellan",
    "Dunmore",
    "Ekwall",
    "Fairbairn",
    "Garrick",
    "Hollis",
    "Ibsen",
    "Jarrow",
    "Kessler",
    "Lindqvist",
    "Marchetti",
    "Norwood",
    "Okonjo",
    "Prentice",
    "Quill",
    "Redfern",
    "Sandoval",
    "Thackeray",
    "Underhill",
    "Vasquez",
    "Whitlock",
    "Yarrow",
    "Zeller",
];

pub const INDUSTRIES: &[&str] = &[
    "Shipping",
    "Fishing",
    "Wholesale trade",
    "Storage",
    "Engineering",
    "Food",
];

pub const STREETS: &[&str] = &[
    "Quay Street",
    "Dock Lane",
    "Pier Road",
    "Harbor View",
    "Customs House Row",
    "Lighthouse Way",
];

/// City, state as exports write it, beginning of the postal code, area code.
pub const CITIES: &[(&str, &str, &str, &str)] = &[
    ("Boston", "Massachusetts", "021", "617"),
    ("Galveston", "TX", "775", "409"),
    ("Long Beach", "California", "908", "562"),
    ("Mobile", "AL", "366", "251"),
    ("Norfolk", "Virginia", "235", "757"),
    ("Oakland", "CA", "946", "510"),
    ("Portland", "ME", "041", "207"),
    ("Savannah", "Georgia", "314", "912"),
    ("Seattle", "WA", "981", "206"),
    ("Tampa", "Florida", "336", "813"),
];

/// City, country as exports write it, its alpha-3 code, postal code, phone.
pub const ABROAD: &[(&str, &str, &str, &str, &str)] = &[
    (
        "Bristol",
        "United Kingdom",
        "GBR",
        "BS1 0AA",
        "+44 117 496 0123",
    ),
    ("Halifax", "Canada", "CAN", "B3H 0A1", "+1 902 555 0142"),
    ("Hamburg", "Germany", "DEU", "20095", "+49 30 23125 123"),
];
