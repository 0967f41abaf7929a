//! Errors that spreadsheets and programs write in the place of a value.
//!
//! Owner of [`is_error`]. A whole text is one or it is none. Left out on purpose: what a text that is one becomes (`lost`), and
//! `Infinity` without a sign, which firms are called.

/// Errors of a spreadsheet that do not end in a mark and have none within, in the languages that have such: German, Hungarian, Turkish.
const ENDLESS: [&str; 4] = ["#NV", "#HIÁNYZIK", "#YOK", "#TIMEOUT"];

/// What spreadsheets write in front of a colon and the number of an error: `Err:502`, `Fehler:522`.
const NUMBERED: [&str; 14] = [
    "Err",
    "Error",
    "Erreur",
    "Errore",
    "Erro",
    "Fehler",
    "Fout",
    "Fel",
    "Fejl",
    "Feil",
    "Virhe",
    "Błąd",
    "Chyba",
    "Ошибка",
];

/// What programs write for numbers that are none, behind a sign.
const SIGNED: [&str; 4] = ["inf", "infinity", "nan", "nan(ind)"];

/// Longer texts say something.
const LONGEST: usize = 64;

/// Whether a text is an error: `#REF!`, `#N/A`, `Err:502`, `1.#IND`, `-inf`. The first bytes settle most.
#[inline]
pub fn is_error(text: &str) -> bool {
    match text.as_bytes() {
        [b'#', ..] => is_of_spreadsheet(text),
        [b'+' | b'-', b'1', b'.', b'#', ..] | [b'1', b'.', b'#', ..] => is_of_c(text),
        [b'+' | b'-', b'i' | b'I' | b'n' | b'N', ..] => is_one_of(&text[1..], &SIGNED),
        [b'i', b'n', b'f'] => true,
        [.., b':', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => {
            NUMBERED.contains(&text[..text.len() - 4].trim_end())
        }
        _ => false,
    }
}

fn is_one_of(text: &str, list: &[&str]) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// Capitals between a `#` and a mark (`#WERT!`, `#¿NOMBRE?`), or with a mark among them (`#N/B`, `#Н/Д`, `#NENÍ_K_DISPOZICI`), in
/// whatever language; small letters where English has the error. An apartment has one capital or no mark (`#12/A`, `#PH`).
fn is_of_spreadsheet(text: &str) -> bool {
    const ENGLISH: [&str; 7] = [
        "#n/a", "#ref!", "#value!", "#null!", "#div/0!", "#name?", "#num!",
    ];
    if text.len() > LONGEST {
        return false;
    }
    let middle = || {
        let rest = text.strip_prefix('#')?;
        let rest = rest.strip_prefix(['¡', '¿']).unwrap_or(rest);
        let has_mark = rest.contains(['/', '_']) && !rest.ends_with(|c: char| c.is_ascii_digit());
        rest.strip_suffix(['!', '?']).or(has_mark.then_some(rest))
    };
    let is_capital = |c: char| c.is_uppercase() || matches!(c, '/' | '_' | '0'..='9');
    let is_name = |name: &str| {
        name.chars().all(is_capital) && name.chars().filter(|c| c.is_uppercase()).count() > 1
    };
    is_one_of(text, &ENDLESS) || is_one_of(text, &ENGLISH) || middle().is_some_and(is_name)
}

/// `1.#INF`, `-1.#IND00`: what the library of C writes on Windows.
fn is_of_c(text: &str) -> bool {
    let (_, name) = text.split_once('#').unwrap_or_default();
    ["IND", "INF", "QNAN", "SNAN"].iter().any(|known| {
        let zeros = name.strip_prefix(known);
        zeros.is_some_and(|zeros| zeros.bytes().all(|byte| byte == b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_are_found() {
        for text in [
            "#N/A",
            "#n/a",
            "#REF!",
            "#ref!",
            "#VALUE!",
            "#DIV/0!",
            "#NAME?",
            "#NUM!",
            "#NULL!",
            "#SPILL!",
            "#CALC!",
            "#WERT!",
            "#BEZUG!",
            "#NV",
            "#VALEUR!",
            "#¡REF!",
            "#¿NOMBRE?",
            "#GETTING_DATA",
            "#N/D",
            "#N/B",
            "#I/T",
            "#N/DISP",
            "#Н/Д",
            "#Δ/Υ",
            "#NENÍ_K_DISPOZICI",
            "#HIÁNYZIK",
            "#YOK",
            "#TIMEOUT",
            "Err:502",
            "Fehler:522",
            "Err :522",
            "Ошибка:504",
            "1.#IND",
            "-1.#IND",
            "1.#INF00",
            "1.#QNAN",
            "-inf",
            "+inf",
            "inf",
            "-Infinity",
            "+INF",
            "-nan",
            "-nan(ind)",
        ] {
            assert!(is_error(text), "{text}");
        }
        for text in [
            "",
            "#",
            "#5",
            "#12",
            "#12/A",
            "#1/2",
            "#PH",
            "#A_1",
            "Suite:522",
            "Err:52A",
            ":522",
            "#12!",
            "#A!",
            "#sale!",
            "# N/A",
            "#N/A2",
            "Infinity",
            "Inf",
            "Nan",
            "NaN",
            "-5",
            "+1 202",
            "1.5",
            "1.#5",
            "1.#INFO",
            "Err:",
            "Err:5021",
            "Error",
            "info",
            "Infante",
            "-info",
        ] {
            assert!(!is_error(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(any in any::<String>(), near in "[-+#1.!/?A-Zinfr:¡é]{0,12}") {
            let _ = (is_error(&any), is_error(&near));
        }
    }
}
