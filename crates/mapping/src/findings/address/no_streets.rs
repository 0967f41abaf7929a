//! Words of many languages that stand where a street belongs and say that there is none.

use std::collections::HashSet;
use std::sync::LazyLock;

use bakkt_contract::fold::fold;
use foldhash::fast::RandomState;

/// Lines that say that there is no street, as they are folded.
pub(super) static NO_STREETS: LazyLock<HashSet<String, RandomState>> =
    LazyLock::new(|| LINES.iter().map(|line| fold(line)).collect());

/// Without blanks and capitals. Sorted.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "", "address", "addressline1", "addressnotknown", "addressnotprovided", "addressonfile", "addressunavailable",
    "addressunknown", "adresnieznany", "adresonbekend", "adresseinconnue", "adressenonconnue", "adresseunbekannt",
    "anschriftunbekannt", "anywhere", "asabove", "asbefore", "asdf", "aucun", "aucune", "badaddress", "bilinmiyor", "blank",
    "brak", "brakadresu", "brakdanych", "cidessus", "comesopra", "confidential", "deceased", "desconhecida", "desconhecido",
    "desconocida", "desconocido", "direcciondesconocida", "dito", "ditto", "domiciliodesconocido", "donotmail", "donotuse",
    "dummy", "elmismo", "empty", "enderecodesconhecido", "entfaellt", "entfallt", "falsch", "false", "faux", "foreign", "foreignaddress", "geen",
    "geenadres", "gleich", "gleicheadresse", "holdmail", "homeless", "idem", "identique", "igual", "igualanterior",
    "inconnu", "inconnue", "indirizzosconosciuto", "ingen", "ingenadresse", "invalid", "invalidaddress", "ismeretlen", "ka",
    "kein", "keine", "keineadresse", "keineangabe", "keineangaben", "keiner", "keinestrasse", "keinfesterwohnsitz",
    "lamisma", "mailreturned", "masked", "memeadresse", "mesmoendereco", "mismadireccion", "missing", "moved", "movednoforwarding",
    "na", "naoinformado", "nc", "nd", "nenhum", "nenhuma", "nessuna", "nessuno", "neuvedeno", "neznama", "neznamy", "nfa",
    "nichtbekannt", "nichtvorhanden", "nieznana", "nieznany", "nil", "ninguna", "ninguno", "nk", "noaddress",
    "noaddressgiven", "noaddressonfile", "noaddressprovided", "noaplica", "nocurrentaddress", "nodata", "nodisponible",
    "nofixedabode", "nofixedaddress", "noforwardingaddress", "nofwdaddress", "nohay", "noinformado", "noknownaddress",
    "noknownstreet", "nolongeratthisaddress", "nomail", "nonconnu", "nondisponibile", "none", "nonegiven", "noneonfile",
    "noneprovided", "nonrenseigne", "nonrenseignee", "nonreperibile", "nopermanentaddress", "nostreet", "notapplicable",
    "notavailable", "notgiven", "notknown", "notknownatthisaddress", "notonfile", "notprovided", "notstated", "notsupplied",
    "npai", "nr", "null", "ofw", "ohne", "ohneadresse", "ohneangabe", "ohnefestenwohnsitz", "okand", "okandadress",
    "omesma", "omesmo", "onbekend", "onfile", "pasdadresse", "pending", "redacted", "refused", "returnedmail", "returntosender", "rts",
    "same", "sameaddress", "sameaddressasabove", "sameaddressasprimary", "sameas", "sameasabove", "sameasabv",
    "sameasbefore", "sameasbusiness", "sameashome", "sameashomeaddress", "sameasmailing", "sameasmailingaddr",
    "sameasmailingaddress", "sameasowner", "sameasowner1", "sameasowner2", "sameasphysical", "sameasprimary",
    "sameasprimaryowner", "sameasresidential", "samemailing", "sansadresse", "sansdomicilefixe", "sconosciuta",
    "sconosciuto", "sdf", "seeabove", "seefile", "seemailing", "seemailingaddress", "seenotes", "semendereco",
    "senzafissadimora", "senzaindirizzo", "sieheoben", "sincalle", "sindato", "sindatos", "sindireccion", "sindomicilio",
    "sindomicilioconocido", "sindomiciliofijo", "sn", "sodesuso", "strasseunbekannt", "street", "streetaddress",
    "streetunknown", "tba", "tbc", "tbd", "test", "testaddress", "tobeadvised", "tobeconfirmed", "tobedetermined",
    "transient", "true", "tuntematon", "ukendt", "ukendtadresse", "ukjent", "ukjentadresse", "unavailable", "unbek",
    "unbekannt", "unbekanntverzogen", "undefined", "undeliverable", "undisclosed", "unk", "unknown", "unknownaddress",
    "unknownstreet", "unspecified", "verzogen", "vrai", "wahr", "wieoben", "withheld", "wohnsitzunbekannt", "xx", "xxx",
    "xxxx", "xxxxx", "yok", "zieboven", "άγνωστο", "αγνωστο", "невідомо", "неизвестен", "неизвестно", "нет", "нетданных",
    "לאידוע", "غيرمعروف", "مجهول", "なし", "不明", "不詳", "不详", "住所不定", "住所不明", "同上", "同左", "地址不詳", "地址不详", "宛先不明", "宛所不明", "无", "未知", "查无此人", "無", "転居先不明", "모름", "상동", "없음",
];

/// Further lines of an address that say something about the customer or the mail; folded.
#[rustfmt::skip]
pub(super) const REMARKS: &[&str] = &[
    "deceased", "decd", "badaddress", "badaddr", "returnedmail", "mailreturned", "returntosender", "rts", "undeliverable",
    "donotmail", "nomail", "holdmail", "redacted", "masked", "same", "sameasabove", "moved", "movednoforwarding", "noforwardingaddress", "unknown", "addressunknown",
    "invalid", "invalidaddress", "donotuse", "closed", "testaddress", "test", "tbd", "none", "na", "null", "undefined",
    "unbekanntverzogen", "verzogen", "verstorben", "unbekannt", "npai", "decede", "decedee", "fallecido", "fallecida",
    "desconocido", "trasferito", "deceduto", "deceduta", "overleden", "転居先不明", "不明", "同上",
];
