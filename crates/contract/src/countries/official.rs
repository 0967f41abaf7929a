//! Long official names of countries, and old or short ones, in the languages of neighbours.
//!
//! Owner: `contract::countries`, the only reader. One row is the alpha-2 code and its names, parted by `|`. Invariant (tested
//! next door): no name belongs to two countries. Left out on purpose: names that the other tables have, and adjectives.

#[rustfmt::skip] // one country per line reads as the table it is
pub(super) static NAMES: [(&str, &str); 32] = [
    ("AT", "Republik Österreich|República de Austria|République d'Autriche|Repubblica d'Austria|Republika Austrii"),
    ("BA", "Bosnien|Bosnien-Herzegowina"),
    ("BE", "Königreich Belgien|Royaume de Belgique|Koninkrijk België|Reino de Bélgica|Regno del Belgio|Królestwo Belgii"),
    ("BG", "Republik Bulgarien|Republika Bułgarii"),
    ("BY", "Weißrussland|Weissrussland|Republik Belarus"),
    ("CH", "Schweizerische Eidgenossenschaft|Confédération suisse|Confederazione Svizzera|Confederación Suiza|Konfederacja Szwajcarska|Eidgenossenschaft"),
    ("CZ", "Tschechei|Tschechische Republik|Republika Czeska|République tchèque|República Checa|Repubblica Ceca"),
    ("DE", "République fédérale d'Allemagne|República Federal de Alemania|Repubblica Federale di Germania|Republika Federalna Niemiec"),
    ("DK", "Königreich Dänemark|Kongeriget Danmark|Reino de Dinamarca|Królestwo Danii"),
    ("ES", "Königreich Spanien|Royaume d'Espagne|Regno di Spagna|Królestwo Hiszpanii"),
    ("FI", "Republik Finnland|Suomen tasavalta|Republika Finlandii"),
    ("FR", "Französische Republik|Republik Frankreich|República Francesa|Repubblica francese|Republika Francuska"),
    ("GB", "Vereinigtes Königreich Großbritannien und Nordirland|Royaume-Uni de Grande-Bretagne et d'Irlande du Nord|Reino Unido de Gran Bretaña e Irlanda del Norte|Zjednoczone Królestwo Wielkiej Brytanii i Irlandii Północnej|Großbritannien|Grande-Bretagne|Gran Bretaña|Wielka Brytania"),
    ("GR", "Hellenische Republik|République hellénique|República Helénica|Republika Grecka"),
    ("HR", "Republik Kroatien|Republika Hrvatska|Republika Chorwacji"),
    ("HU", "Republik Ungarn"),
    ("IE", "Republik Irland|República de Irlanda|République d'Irlande|Republika Irlandii"),
    ("IT", "Italienische Republik|Republik Italien|Repubblica italiana|República Italiana|République italienne|Republika Włoska"),
    ("LI", "Fürstentum Liechtenstein"),
    ("LT", "Republik Litauen|Lietuvos Respublika|Republika Litewska"),
    ("LU", "Großherzogtum Luxemburg|Grand-Duché de Luxembourg"),
    ("LV", "Republik Lettland|Latvijas Republika"),
    ("MD", "Moldawien|Republik Moldau|República de Moldavia"),
    ("NL", "Königreich der Niederlande|Koninkrijk der Nederlanden|Royaume des Pays-Bas|Reino de los Países Bajos|Królestwo Niderlandów"),
    ("NO", "Königreich Norwegen|Kongeriket Norge|Królestwo Norwegii"),
    ("PL", "Republik Polen|Rzeczpospolita Polska|República de Polonia|République de Pologne|Repubblica di Polonia"),
    ("PT", "Portugiesische Republik|Republik Portugal|República Portuguesa|Republika Portugalska"),
    ("RO", "Republik Rumänien"),
    ("SE", "Königreich Schweden|Konungariket Sverige|Królestwo Szwecji"),
    ("SI", "Republik Slowenien|Republika Slovenija|Republika Słowenii"),
    ("SK", "Slowakische Republik|Slovenská republika|Republika Słowacka"),
    ("US", "Stany Zjednoczone Ameryki|Stati Uniti d'America|Verenigde Staten van Amerika|États-Unis d'Amérique|Amerika Birleşik Devletleri"),
];
