//! Names of many languages in the encodings that they are written in: what is found for each.

use super::Encoding;
use crate::encoding::Decoder;
use crate::transcode::whole;

/// A language, its encodings besides UTF-8, and names of people, streets and towns.
type Sample = (&'static str, &'static [Encoding], &'static str);

use Encoding::{
    Big5, Cp437, Cp720, Cp737, Cp775, Cp850, Cp852, Cp855, Cp857, Cp860, Cp861, Cp862, Cp863,
    Cp865, Cp869, EucJp, EucKr, Gbk, Ibm866, Iso8859_2, Iso8859_3, Iso8859_4, Iso8859_5, Iso8859_6,
    Iso8859_7, Iso8859_8, Iso8859_10, Iso8859_13, Iso8859_14, Iso8859_15, Iso8859_16, Koi8R, Koi8U,
    MacCentralEurope, MacCroatian, MacCyrillic, MacGreek, MacIcelandic, MacRomanian, MacTurkish,
    Macintosh, ShiftJis, Windows1250, Windows1251, Windows1252, Windows1253, Windows1254,
    Windows1255, Windows1256, Windows1257,
};

const WESTERN: &[Encoding] = &[Windows1252, Macintosh, Cp850];

const SAMPLES: &[Sample] = &[
    (
        "Spanish",
        WESTERN,
        "José Peña García Muñoz Núñez Martínez Rodríguez Ángel Íñigo Begoña Jiménez Gómez Pérez Sánchez Álvarez Úrsula Ñíguez Güell Nicolás Zúñiga Piñera Cañón LEÓN PEÑA MUÑOZ GARCÍA IBÁÑEZ María Verónica",
    ),
    (
        "French",
        WESTERN,
        "François Hélène Éric Gaël Noël Benoît Zoë Désirée Thérèse Rémi Françoise Agnès Lefèvre Lemaître Côté Forêt Québec Île-de-France Évian Crémieux Bézier Müller Loïc Anaïs Renée ÉLÉONORE HÉLÈNE FRANÇOIS Rhône Bœuf d’Été",
    ),
    (
        "German",
        WESTERN,
        "Müller Jürgen Günther Schröder Köhler Weiß Straße Äpfel Öztürk Übel Böhm Bäcker Groß Königstraße Düsseldorf Köln München Zürich Österreich Jörg Björn MÜLLER KÖNIG Kühn Schäfer",
    ),
    (
        "Portuguese",
        WESTERN,
        "João São Conceição Gonçalves Simões Antônio Mônica Araújo Guimarães Magalhães Assunção Inês Luís Hélio Patrícia Brandão Leitão Câmara Flávia Eça JOÃO CONCEIÇÃO Évora",
    ),
    (
        "Scandinavian",
        WESTERN,
        "Jørgen Søren Åse Bjørn Ødegård Grønland Tromsø Åkerström Malmö Göteborg Håkan Märta Kjærsgaard Blåbær Ærø Østergård Sjöberg Nyström Väinö Mäkinen Häkkinen Åland JØRGEN ÅSE",
    ),
    (
        "Italian",
        WESTERN,
        "Niccolò Cantù Forlì Città Università Andrè Nicolò Zoè Mondovì Cefalù Bondì Libertà Giosuè Mosè Salò",
    ),
    (
        "Icelandic",
        &[Windows1252],
        "Guðrún Þór Sigurður Björk Jón Ólafur Hörður Ísafjörður Reykjavík Þórunn Æsa Sævar Magnús",
    ),
    (
        "Polish",
        &[Windows1250, Iso8859_2, Cp852],
        "Łukasz Małgorzata Wałęsa Święcicki Żółw Gdańsk Kraków Łódź Poznań Wąsowska Jędrzej Zieliński Wójcik Świętokrzyska Błażej Ślązak Żurek Stanisław",
    ),
    (
        "Czech",
        &[Windows1250, Iso8859_2, Cp852],
        "Dvořák Jiří Černý Novák Růžička Šťastný Žižka Plzeň Říha Tomáš Zdeněk Kučera Procházka Přemysl Třebíč Děčín Čeněk Ondřej",
    ),
    (
        "Hungarian",
        &[Windows1250, Iso8859_2, Cp852],
        "Erdős Szabó György Tőkés Győr Fekete Ödön Péter Vörös Nagykőrös Gyöngyös Dezső Jenő Kovács Ernő Hunyadi Bartók Béla Székesfehérvár Petőfi",
    ),
    (
        "Croatian",
        &[Windows1250, Cp852],
        "Ivanišević Žarko Đorđe Petrović Šimić Kovačević Čačić Dragić Božić Željko Varaždin Šibenik Hrvoje Perić",
    ),
    (
        "Turkish",
        &[Windows1254],
        "Yılmaz Şahin Öztürk Çelik Güneş Erdoğan İstanbul Beşiktaş Kadıköy Ayşe Işık Doğan Çağlar Gülşen Bahçeşehir Özgür",
    ),
    (
        "Lithuanian",
        &[Windows1257],
        "Žemaitė Šarūnas Jasikevičius Kaunas Šiauliai Česlovas Rūta Dalia Grybauskaitė Panevėžys Mažeikiai Jurgis Gražina Vaičiūnas",
    ),
    (
        "Russian",
        &[Windows1251, Koi8R, Ibm866],
        "Иванов Пётр Наталья Кузнецова Москва Екатеринбург Смирнов Александр Дмитрий Ольга Сергей Новосибирск Васильева",
    ),
    (
        "Greek",
        &[Windows1253, Iso8859_7],
        "Παπαδόπουλος Γεώργιος Αθήνα Θεσσαλονίκη Μαρία Δημήτριος Ιωάννης Κωνσταντίνος Ελένη Νικόλαος",
    ),
    (
        "Japanese",
        &[ShiftJis, EucJp],
        "田中 太郎 東京都 山田 花子 鈴木 一郎 渋谷区 佐藤 大阪市",
    ),
    (
        "Chinese",
        &[Gbk],
        "张伟 王芳 李娜 北京市 刘洋 陈静 杨勇 上海市 赵磊 黄敏",
    ),
    (
        "Taiwanese",
        &[Big5],
        "張偉 王芳 李娜 臺北市 劉洋 陳靜 楊勇 高雄市 趙磊 黃敏",
    ),
    (
        "Korean",
        &[EucKr],
        "김철수 이영희 박지성 서울특별시 최민호 부산광역시 정수진",
    ),
    (
        "Spanish of DOS",
        &[Cp437],
        "José Peña Muñoz Núñez Martínez Rodríguez Begoña Jiménez Gómez Pérez Nicolás Zúñiga Müller PEÑA MUÑOZ IBÑEZ",
    ),
];

/// Names in encodings that few exports are written in; beside each language those that hold all of its letters.
const UNUSUAL: &[Sample] = &[
    (
        "Finnish",
        &[Iso8859_15],
        "Šimo Žák Räsänen Mäkinen Häkkinen Väinö Örn Åke",
    ),
    (
        "French with one ligature",
        &[Iso8859_15],
        "François Hélène Éric Gaël Noël Benoît Zoë Désirée Thérèse Rémi Agnès Lefèvre Lemaître Côté Forêt Québec Œuvre",
    ),
    (
        "Estonian",
        &[Iso8859_15, Iso8859_4, Iso8859_13, Windows1257, Cp775],
        "Tõnu Põder Järvi Öpik Üksküla Šmidt Žukov Mäe Kõiv",
    ),
    (
        "Polish",
        &[Iso8859_2, Windows1250, Iso8859_16, Cp852, MacCentralEurope],
        "WIŚNIEWSKI Łukasz Małgorzata Wałęsa Święcicki Żółw Gdańsk Kraków Łódź Poznań",
    ),
    (
        "Polish in capitals",
        &[Iso8859_2, Windows1250],
        "WIŚNIEWSKI ŚLUSARSKI",
    ),
    (
        "Czech",
        &[MacCentralEurope],
        "Dvořák Jiří Černý Novák Růžička Šťastný Žižka Plzeň Říha Tomáš",
    ),
    (
        "Hungarian",
        &[MacCentralEurope, Iso8859_16],
        "Erdős Szabó György Tőkés Győr Ödön Péter Vörös Nagykőrös",
    ),
    (
        "Russian",
        &[MacCyrillic, Iso8859_5, Cp855, Koi8R, Ibm866, Windows1251],
        "Иванов Пётр Наталья Кузнецова Москва Екатеринбург Смирнов Александр Дмитрий Ольга",
    ),
    ("One Russian", &[MacCyrillic], "Иванов Иван"),
    (
        "Ukrainian",
        &[Koi8U, Windows1251, MacCyrillic],
        "Шевченко Київ Олексій Зеленський Іван Юрій Наталія Євген",
    ),
    (
        "Greek",
        &[Cp737, Cp869, Iso8859_7, Windows1253, MacGreek],
        "Παπαδόπουλος Γεώργιος Αθήνα Θεσσαλονίκη Μαρία Δημήτριος Ιωάννης Ελένη",
    ),
    (
        "Portuguese",
        &[Cp860, Cp850, Macintosh],
        "João São Conceição Gonçalves Simões Antônio Mônica Araújo Guimarães Magalhães",
    ),
    ("One Portuguese", &[Cp860, Cp850], "João"),
    (
        "Maltese",
        &[Iso8859_3],
        "Żebbuġ Ħamrun Borġ Mifsud Għarb Ċetta Naxxar Żammit",
    ),
    ("Esperanto", &[Iso8859_3], "Ĉapek Ŝtono Ĵaŭdo Ĝis Ĥoro"),
    (
        "Turkish",
        &[Windows1254, Iso8859_3, Cp857, MacTurkish],
        "Yılmaz Şahin Öztürk Çelik Güneş Erdoğan İstanbul Beşiktaş Ayşe",
    ),
    (
        "Lithuanian",
        &[Cp775, Iso8859_13, Iso8859_4, Windows1257],
        "Žemaitė Šarūnas Jasikevičius Šiauliai Česlovas Rūta Panevėžys Gražina",
    ),
    (
        "Latvian",
        &[Cp775, Iso8859_13, Iso8859_4, Windows1257],
        "Bērziņš Kalniņš Ozoliņš Rīga Liepāja Jānis Pēteris Ķīpsala",
    ),
    (
        "Icelandic",
        &[Cp861, MacIcelandic, Iso8859_10],
        "Guðrún Þór Sigurður Björk Jón Ólafur Hörður Ísafjörður",
    ),
    (
        "Norwegian",
        &[Cp865, Cp850],
        "Jørgen Søren Åse Bjørn Ødegård Grønland Tromsø",
    ),
    (
        "French of Canada",
        &[Cp863, Cp850],
        "François Hélène Éric Noël Benoît Québec Côté Lefèvre ÉLÉONORE",
    ),
    (
        "Romanian",
        &[Iso8859_16, MacRomanian],
        "Ștefan Țiriac Brâncuși Popescu Mihăilă Iași București Ionuț",
    ),
    (
        "Croatian",
        &[MacCroatian, Iso8859_2, Cp852],
        "Ivanišević Žarko Đorđe Šimić Kovačević Čačić Željko Varaždin",
    ),
    (
        "Hebrew",
        &[Cp862, Windows1255, Iso8859_8],
        "כהן לוי תל אביב ירושלים דוד שרה",
    ),
    (
        "Arabic",
        &[Cp720, Windows1256, Iso8859_6],
        "محمد أحمد القاهرة فاطمة علي",
    ),
    ("Welsh", &[Iso8859_14], "Siôn Tŷ Llŷr Gŵyn Ŵyn"),
    ("Sami", &[Iso8859_10], "Áigi Čoahkki Ŋuolla Đivttas"),
];

fn bytes(encoding: Encoding, text: &str) -> Vec<u8> {
    match encoding.decoder() {
        Decoder::CodePage(page) => {
            let table = oem_cp::code_table::ENCODING_TABLE_CP_MAP
                .get(&page)
                .unwrap();
            oem_cp::encode_string_lossy(text, table)
        }
        Decoder::Table(characters) => {
            let byte = |c: char| match characters.chars().position(|one| one == c) {
                Some(place) => 0x80 + place as u8,
                None => c as u8,
            };
            text.chars().map(byte).collect()
        }
        _ => encoding.standard().unwrap().encode(text).0.into_owned(),
    }
}

/// An export of names, one a row.
fn export(encoding: Encoding, names: &[&str]) -> Vec<u8> {
    let mut file = b"ID,NAME,CITY\n".to_vec();
    for (row, name) in names.iter().enumerate() {
        file.extend(format!("C{row},").bytes());
        file.extend(bytes(encoding, name));
        file.extend(b",Austin\n");
    }
    file
}

#[test]
fn names_are_read_as_they_were_written_or_a_person_is_asked() {
    let mut wrong = Vec::new();
    for (language, encodings, names) in SAMPLES.iter().chain(UNUSUAL) {
        let names: Vec<&str> = names.split(' ').collect();
        for &encoding in *encodings {
            let file = export(encoding, &names);
            let found = Encoding::find(&[&file]);
            let right = whole(found.encoding, &file) == whole(encoding, &file);
            if !right && found.rival.is_none() {
                wrong.push(format!("{language} in {encoding:?}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_of_western_europe_in_windows_1252_stop_nobody() {
    let (mut all, mut stopped) = (0, 0);
    for (language, encodings, names) in SAMPLES {
        if encodings[0] != Windows1252 {
            continue;
        }
        let names: Vec<&str> = names.split(' ').collect();
        let file = export(Windows1252, &names);
        let found = Encoding::find(&[&file]);
        let expected = (Windows1252, true, None);
        assert_eq!(
            (found.encoding, found.is_confident, found.rival),
            expected,
            "{language}"
        );
        // With very few names beyond ASCII it may be that a person has to look.
        for some in names.chunks(4) {
            let found = Encoding::find(&[&export(Windows1252, some)]);
            assert_eq!(found.encoding, Windows1252, "{some:?}");
            all += 1;
            stopped += usize::from(found.rival.is_some());
        }
    }
    assert!(all > 40 && stopped * 20 <= all, "{stopped} of {all}");
}

#[test]
fn what_only_one_encoding_has_decides() {
    let table: &[(&[u8], Encoding)] = &[
        (b"Jos\x82,Pe\xA4a", Cp437),
        (b"JOS\x90,PE\xA5A,M\x9ALLER", Cp437),
        (b"Jo\xC6o,Jos\x82", Cp850),
        (b"Jos\x8E,Andr\x8E", Macintosh),
        (b"\xA3ukasz,Dvo\xF8\xE1k,Krak\xF3w", Windows1250),
        (b"W\xB9sowska,\x8Cl\xB9zak", Windows1250),
        (b"\xA3uk\xB1sz,W\xB1sowska", Iso8859_2),
        (b"O\x92Neil,Zo\xEB,\x80", Windows1252),
        (b"D\x92Angelo,Smith\x96Jones,Garc\xEDa", Windows1252),
        (b"\xC8\xE2\xE0\xED\xEE\xE2,\xCC\xEE\xF1\xEA\xE2\xE0,\xCE\xEB\xFC\xE3\xE0,\xD1\xE5\xF0\xE3\xE5\xE9", Windows1251),
    ];
    for (bytes, encoding) in table {
        let found = Encoding::find(&[bytes]);
        assert_eq!(
            (found.encoding, found.rival),
            (*encoding, None),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_few_names_of_the_neighbours_among_many_of_ones_own_are_not_read_wrongly() {
    let german = "Müller Jürgen Günther Schröder Köhler Weiß Straße Böhm Bäcker Groß Düsseldorf Köln München Zürich Österreich Jörg Schäfer Kühn";
    let polish = "Gdańsk Ślązak Żurek Wąsowska";
    let names: Vec<&str> = german.split(' ').chain(polish.split(' ')).collect();
    for encoding in [Windows1250, Iso8859_2] {
        let file = export(encoding, &names);
        let found = Encoding::find(&[&file]);
        let right = found.encoding == encoding || found.rival == Some(encoding);
        assert!(right, "{encoding:?}: {found:?}");
    }
    let found = Encoding::find(&[&export(Windows1252, &names[..18])]);
    assert_eq!((found.encoding, found.rival), (Windows1252, None));
}

#[test]
fn two_plausible_readings_are_both_named() {
    let table: &[(&[u8], Encoding, Encoding)] = &[
        (
            b"Dvo\xF8\xE1k,Ji\xF8\xED,\xC8ern\xFD",
            Windows1252,
            Windows1250,
        ),
        (b"Garc\x92a,Rodr\x92guez", Macintosh, Cp852),
        (b"Bj\x94rn", Macintosh, Cp437),
        (b"Y\xFDlmaz,Erdo\xF0an", Windows1252, Windows1254),
    ];
    for (bytes, one, other) in table {
        let found = Encoding::find(&[bytes]);
        let all = [Some(found.encoding), found.rival];
        let expected = [Some(*one), Some(*other)];
        assert!(
            all == expected || all == [expected[1], expected[0]],
            "{bytes:?}: {found:?}"
        );
    }
}
