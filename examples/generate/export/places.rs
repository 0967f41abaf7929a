//! Places that invented customers live in, with the forms of their phones, postal codes and national ids.
//!
//! Every phone number is of a kind that nobody is reached at (555-01xx and its like, or a range kept for
//! fiction). National ids begin with zeros, so that they are nobody's; they are digits with punctuation only,
//! which is what lets the sample's mapping read them with `digits = true`.
//! Data, and the little pattern language that the data is written in.

use super::lists::Name;
use fastrand::Rng;

/// A city of the United States.
pub struct UsCity {
    pub city: &'static str,
    pub code: &'static str,
    pub state: &'static str,
    pub zip: &'static str,
    pub area: &'static str,
}

const fn us(
    city: &'static str,
    code: &'static str,
    state: &'static str,
    zip: &'static str,
    area: &'static str,
) -> UsCity {
    UsCity {
        city,
        code,
        state,
        zip,
        area,
    }
}

pub const US_CITIES: &[UsCity] = &[
    us("Albany", "NY", "New York", "122##", "518"),
    us("Atlanta", "GA", "Georgia", "303##", "404"),
    us("Austin", "TX", "Texas", "787##", "512"),
    us("Boise", "ID", "Idaho", "837##", "208"),
    us("Boston", "MA", "Massachusetts", "021##", "617"),
    us("Charlotte", "NC", "North Carolina", "282##", "704"),
    us("Chicago", "IL", "Illinois", "606##", "312"),
    us("Coeur d'Alene", "ID", "Idaho", "838##", "208"),
    us("Denver", "CO", "Colorado", "802##", "303"),
    us("Hartford", "CT", "Connecticut", "061##", "860"),
    us("Honolulu", "HI", "Hawaii", "968##", "808"),
    us("Miami", "FL", "Florida", "331##", "305"),
    us("Minneapolis", "MN", "Minnesota", "554##", "612"),
    us("Newark", "NJ", "New Jersey", "071##", "973"),
    us("Phoenix", "AZ", "Arizona", "850##", "602"),
    us("Portland", "OR", "Oregon", "972##", "503"),
    us("Providence", "RI", "Rhode Island", "029##", "401"),
    us("Raleigh", "NC", "North Carolina", "276##", "919"),
    us("Sacramento", "CA", "California", "958##", "916"),
    us("San Juan", "PR", "Puerto Rico", "009##", "787"),
    us("Seattle", "WA", "Washington", "981##", "206"),
    us("St. Louis", "MO", "Missouri", "631##", "314"),
    us("Washington", "DC", "District of Columbia", "200##", "202"),
];

/// The spellings of the United States that the extract uses.
pub const US_NAMES: &[&str] = &[
    "US",
    "USA",
    "United States",
    "US",
    "USA",
    "United States of America",
];

/// How a U.S. phone number is written; the area code goes before it or into it at `@`.
pub const US_PHONES: &[&str] = &[
    "(@) 555-01##",
    "@-555-01##",
    "@.555.01##",
    "@55501##",
    "+1 @ 555 01##",
    "1-@-555-01##",
    "(@) 555-01## ",
];

/// A country that is not the United States.
pub struct Country {
    /// Name, alpha-2 and alpha-3.
    pub names: [&'static str; 3],
    /// City, region, postal code.
    pub cities: &'static [(&'static str, &'static str, &'static str)],
    pub streets: &'static [&'static str],
    /// National form, international form.
    pub phones: [&'static str; 2],
    pub national_id: &'static str,
    pub given: &'static [Name],
    pub family: &'static [Name],
}

pub const COUNTRIES: &[Country] = &[
    Country {
        names: ["Mexico", "MX", "MEX"],
        cities: &[
            ("Guadalajara", "Jalisco", "441##"),
            ("Mérida", "Yucatán", "970##"),
            ("León", "Guanajuato", "370##"),
        ],
        streets: &[
            "Calle Jacaranda %##",
            "Av. Los Álamos %##-B",
            "Privada Ciprés %#",
        ],
        phones: ["55 5555 01##", "+52 55 5555 01##"],
        national_id: "000 #### #### ##",
        given: &[
            ("Ximena", "ximena"),
            ("José Ángel", "joseangel"),
            ("Inés", "ines"),
            ("Raúl", "raul"),
        ],
        family: &[
            ("Peña López", "pena"),
            ("Ibáñez", "ibanez"),
            ("Núñez Ortiz", "nunez"),
            ("Güemes", "guemes"),
        ],
    },
    Country {
        names: ["Canada", "CA", "CAN"],
        cities: &[
            ("Montréal", "Québec", "H2X #A#"),
            ("Toronto", "ON", "M5V #B#"),
            ("Calgary", "Alberta", "T2P #C#"),
        ],
        streets: &[
            "%### rue des Érables",
            "%## Tamarack Rd",
            "%#-%## Spruce Ave",
        ],
        phones: ["(416) 555-01##", "+1 514 555 01##"],
        national_id: "000 ### ###",
        given: &[
            ("Zoé", "zoe"),
            ("Liam", "liam"),
            ("Geneviève", "genevieve"),
            ("Owen", "owen"),
        ],
        family: &[
            ("Lévesque", "levesque"),
            ("Tremblay-Roy", "tremblayroy"),
            ("MacNeil", "macneil"),
            ("Côté", "cote"),
        ],
    },
    Country {
        names: ["Germany", "DE", "DEU"],
        cities: &[
            ("München", "Bayern", "80###"),
            ("Köln", "Nordrhein-Westfalen", "50###"),
            ("Jena", "Thüringen", "077##"),
        ],
        streets: &["Lindenstraße %#", "Am Mühlbach %", "Große Gasse %#a"],
        phones: ["030 23125 ###", "+49 30 23125 ###"],
        national_id: "00 ### ### ###",
        given: &[
            ("Jürgen", "juergen"),
            ("Käthe", "kaethe"),
            ("Sören", "soeren"),
            ("Anneliese", "anneliese"),
        ],
        family: &[
            ("Groß", "gross"),
            ("Müller-Lüdenscheidt", "mueller"),
            ("von der Heide", "heide"),
            ("Köhler", "koehler"),
        ],
    },
    Country {
        names: ["Japan", "JP", "JPN"],
        cities: &[
            ("横浜市", "神奈川県", "220-00##"),
            ("Kyoto", "Kyoto", "600-8###"),
            ("札幌市", "北海道", "060-00##"),
        ],
        streets: &["桜町%-%#-%", "Sakuramachi %-%#-%", "緑が丘%丁目%#"],
        phones: ["03-5550-01##", "+81 3 5550 01##"],
        national_id: "0000 #### ####",
        given: &[
            ("陽子", "yoko"),
            ("Kenji", "kenji"),
            ("美咲", "misaki"),
            ("大輔", "daisuke"),
        ],
        family: &[
            ("佐藤", "sato"),
            ("Takahashi", "takahashi"),
            ("鈴木", "suzuki"),
            ("渡辺", "watanabe"),
        ],
    },
    Country {
        names: ["Brazil", "BR", "BRA"],
        cities: &[
            ("São Paulo", "SP", "01###-000"),
            ("Florianópolis", "Santa Catarina", "88###-000"),
        ],
        streets: &[
            "Rua das Acácias, %##",
            "Av. Ipê Amarelo, %###, ap. %#",
            "Travessa São João, %#",
        ],
        phones: ["(11) 5555-01##", "+55 11 5555 01##"],
        national_id: "000.###.###-##",
        given: &[
            ("João", "joao"),
            ("Conceição", "conceicao"),
            ("Thaís", "thais"),
            ("Caetano", "caetano"),
        ],
        family: &[
            ("da Conceição", "conceicao"),
            ("Araújo", "araujo"),
            ("Guimarães", "guimaraes"),
            ("Brandão", "brandao"),
        ],
    },
    Country {
        names: ["France", "FR", "FRA"],
        cities: &[
            ("Besançon", "Bourgogne-Franche-Comté", "25000"),
            ("Orléans", "Centre-Val de Loire", "45###"),
        ],
        streets: &[
            "%# rue de l'Érable",
            "%#bis, chemin du Pré",
            "% allée des Cèdres",
        ],
        phones: ["01 99 00 ## ##", "+33 1 99 00 ## ##"],
        national_id: "0 00 00 ## ### ###",
        given: &[
            ("François", "francois"),
            ("Maëlle", "maelle"),
            ("Noël", "noel"),
            ("Hélène", "helene"),
        ],
        family: &[
            ("L'Hôpital", "lhopital"),
            ("Lefèvre", "lefevre"),
            ("Bœuf", "boeuf"),
            ("d'Aurillac", "daurillac"),
        ],
    },
    Country {
        names: ["Poland", "PL", "POL"],
        cities: &[
            ("Łódź", "łódzkie", "90-###"),
            ("Wrocław", "dolnośląskie", "50-###"),
            ("Gdańsk", "pomorskie", "80-###"),
        ],
        streets: &["ul. Świerkowa %#/%", "ul. Źródlana %#", "os. Dębowe %/%#"],
        phones: ["22 555 01 ##", "+48 22 555 01 ##"],
        national_id: "000########",
        given: &[
            ("Łukasz", "lukasz"),
            ("Małgorzata", "malgorzata"),
            ("Zdzisław", "zdzislaw"),
            ("Święta", "swieta"),
        ],
        family: &[
            ("Wiśniewska", "wisniewska"),
            ("Źrebiec", "zrebiec"),
            ("Dąbrowski", "dabrowski"),
            ("Żółtko", "zoltko"),
        ],
    },
    Country {
        names: ["Vietnam", "VN", "VNM"],
        cities: &[
            ("Đà Nẵng", "Đà Nẵng", "55####"),
            ("Huế", "Thừa Thiên Huế", "53####"),
            ("Hà Nội", "Hà Nội", "10####"),
        ],
        streets: &["%# Đường Hoa Sen", "%## Phố Cây Khế", "% Ngõ Trúc"],
        phones: ["024 5550 01##", "+84 24 5550 01##"],
        national_id: "000#########",
        given: &[
            ("Thị Hồng", "hong"),
            ("Văn Dũng", "dung"),
            ("Quỳnh", "quynh"),
            ("Đức", "duc"),
        ],
        family: &[
            ("Nguyễn", "nguyen"),
            ("Trần", "tran"),
            ("Phạm", "pham"),
            ("Đặng", "dang"),
        ],
    },
    Country {
        names: ["United Kingdom", "GB", "GBR"],
        cities: &[
            ("Bath", "Somerset", "BA1 #AA"),
            ("Aberystwyth", "Ceredigion", "SY23 #BB"),
            ("London", "", "N1 #CC"),
        ],
        streets: &[
            "% Larch Mews",
            "Flat %, %# Tanner's Row",
            "The Old Forge, Mill Lane",
        ],
        phones: ["020 7946 0###", "+44 20 7946 0###"],
        national_id: "00 ## ## ## #",
        given: &[
            ("Gwen", "gwen"),
            ("Alasdair", "alasdair"),
            ("Siân", "sian"),
            ("Nigel", "nigel"),
        ],
        family: &[
            ("Llewellyn", "llewellyn"),
            ("ap Rhys", "aprhys"),
            ("Featherstone-Hall", "featherstone"),
            ("Ó Súilleabháin", "osuilleabhain"),
        ],
    },
    Country {
        names: ["Czech Republic", "CZ", "CZE"],
        cities: &[
            ("Plzeň", "Plzeňský kraj", "301 ##"),
            ("České Budějovice", "Jihočeský kraj", "370 ##"),
        ],
        streets: &["Třešňová %#", "Na Příkopě %##/%", "Žižkova %#"],
        phones: ["225 550 1##", "+420 225 550 1##"],
        national_id: "000###/####",
        given: &[
            ("Čeněk", "cenek"),
            ("Žofie", "zofie"),
            ("Jiří", "jiri"),
            ("Božena", "bozena"),
        ],
        family: &[
            ("Dvořáková", "dvorakova"),
            ("Říha", "riha"),
            ("Šťastný", "stastny"),
            ("Nováček", "novacek"),
        ],
    },
];

/// Appends a pattern: `#` becomes any digit, `%` a digit from 1 on, `@` the given text.
pub fn fill(pattern: &str, at: &str, cell: &mut String, rng: &mut Rng) {
    for letter in pattern.chars() {
        match letter {
            '#' => cell.push(char::from(b'0' + rng.u8(0..10))),
            '%' => cell.push(char::from(b'1' + rng.u8(0..9))),
            '@' => cell.push_str(at),
            other => cell.push(other),
        }
    }
}
