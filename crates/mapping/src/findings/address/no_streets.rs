//! Words of many languages that stand where a street belongs and say that there is none.

/// Lines that say that there is no street; folded.
#[rustfmt::skip]
pub(super) const NO_STREETS: &[&str] = &[
    "", "unknown", "unknownaddress", "addressunknown", "unk", "na", "none", "nil", "null", "notavailable",
    "notapplicable", "notprovided", "notgiven", "notknown", "nofixedabode", "nofixedaddress", "nfa", "noaddress",
    "noaddressonfile", "nostreet", "homeless", "tbd", "tba", "tobedetermined", "tobeadvised", "pending", "same", "sameas",
    "sameasabove", "nonegiven", "mailreturned", "refused", "addressonfile", "brakadresu", "npai", "nonreperibile", "unbek", "sameasmailing", "sameasmailingaddress", "sameasresidential", "sameasbusiness", "sameasprimary",
    "sameaddress", "seeabove", "seemailing", "seemailingaddress", "seenotes", "seefile", "asabove", "asbefore", "ditto",
    "dito", "idem", "address", "street", "streetaddress", "addressline1", "badaddress", "invalid", "invalidaddress",
    "returnedmail", "returntosender", "rts", "undeliverable", "donotmail", "nomail", "holdmail", "moved", "deceased", "test",
    "testaddress", "dummy", "xx", "xxx", "xxxx", "xxxxx", "asdf", "confidential", "withheld", "onfile", "anywhere",
    "noknownaddress", "noknownstreet", "nopermanentaddress", "noaddressprovided", "noaddressgiven", "nocurrentaddress", "addressnotknown",
    "addressnotprovided", "addressunavailable", "unknownstreet", "streetunknown", "unavailable", "undisclosed", "undefined", "unspecified",
    "notsupplied", "notstated", "notonfile", "noneonfile", "noneprovided", "notknownatthisaddress", "nolongeratthisaddress", "nk", "tbc",
    "tobeconfirmed", "nodata", "sn", "missing", "blank", "empty", "noforwardingaddress", "movednoforwarding", "nofwdaddress", "transient",
    "donotuse", "sameasowner", "sameasowner1", "sameasowner2", "sameasprimaryowner", "sameaddressasprimary", "sameaddressasabove", "sameasmailingaddr",
    "sameashome", "sameashomeaddress", "sameasphysical", "samemailing", "sameasbefore", "true", "false", "wahr", "falsch", "vrai", "faux", "sameasabv",
    "keine", "kein", "keiner", "keinestrasse", "ohne", "ohneangabe", "ohneadresse", "entfaellt", "entfallt", "adresseunbekannt",
    "wohnsitzunbekannt", "strasseunbekannt", "anschriftunbekannt", "gleicheadresse", "gleich", "nichtbekannt", "nichtvorhanden",
    "keinfesterwohnsitz", "ninguno", "ninguna", "sincalle", "nd", "sindomicilioconocido", "direcciondesconocida", "domiciliodesconocido",
    "nohay", "aucun", "aucune", "pasdadresse", "sansadresse", "adressenonconnue", "nc", "nessuno", "nessuna", "indirizzosconosciuto",
    "senzaindirizzo", "geen", "ingen", "ingenadresse", "ukendtadresse", "ukjentadresse", "brak", "adresnieznany", "nenhum", "nenhuma",
    "enderecodesconhecido", "semendereco", "adresonbekend",
    "unbekannt", "unbekanntverzogen", "verzogen", "keineangabe", "keineangaben", "keineadresse", "ohnefestenwohnsitz",
    "ofw", "ka", "wieoben", "sieheoben", "sodesuso", "desconocido", "desconocida", "sindato", "sindatos",
    "sindireccion", "sindomicilio", "sindomiciliofijo", "noaplica", "nodisponible", "noinformado", "mismadireccion",
    "lamisma", "elmismo", "igual", "igualanterior", "inconnu", "inconnue", "adresseinconnue", "nonconnu",
    "nonrenseigne", "nonrenseignee", "nr", "sansdomicilefixe", "sdf", "memeadresse", "identique", "cidessus", "sconosciuto",
    "sconosciuta", "comesopra", "nondisponibile", "senzafissadimora", "desconhecido", "desconhecida", "naoinformado",
    "omesmo", "omesma", "mesmoendereco", "onbekend", "geenadres", "zieboven", "ukjent", "ukendt", "okand", "okandadress",
    "tuntematon", "nieznany", "nieznana", "brak", "brakdanych", "neznamy", "neznama", "neuvedeno", "ismeretlen",
    "bilinmiyor", "yok", "неизвестно", "неизвестен", "нетданных", "нет", "невідомо", "άγνωστο", "αγνωστο", "不明", "不详", "不詳", "未知",
    "无", "無", "同上", "同左", "なし", "転居先不明", "住所不明", "宛先不明", "住所不定", "宛所不明", "地址不详", "地址不詳", "查无此人", "모름", "없음", "상동", "مجهول", "غيرمعروف", "לאידוע",
];

/// Further lines of an address that say something about the customer or the mail; folded.
#[rustfmt::skip]
pub(super) const REMARKS: &[&str] = &[
    "deceased", "decd", "badaddress", "badaddr", "returnedmail", "mailreturned", "returntosender", "rts", "undeliverable",
    "donotmail", "nomail", "holdmail", "moved", "movednoforwarding", "noforwardingaddress", "unknown", "addressunknown",
    "invalid", "invalidaddress", "donotuse", "closed", "testaddress", "test", "tbd", "none", "na", "null", "undefined",
    "unbekanntverzogen", "verzogen", "verstorben", "unbekannt", "npai", "decede", "decedee", "fallecido", "fallecida",
    "desconocido", "trasferito", "deceduto", "deceduta", "overleden", "転居先不明", "不明", "同上",
];
