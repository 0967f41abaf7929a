//! Names of months and weekdays in the languages that a mapping may name.
//!
//! Owner: `mapping::dates`. Names stand folded: lower case, no accents, letters only. Invariants (tested): no name means two
//! months, whichever languages are asked for, and all names of a month in one language begin with the same letter. A name that
//! is a month in one language and a weekday in another ("mar") is told apart by its place. Left out on purpose: languages whose
//! scripts need more than folding.

/// A language: its code, its months' names by month, and its weekdays' names from Monday on, parted by bars; names of one month
/// or weekday are parted by spaces.
pub struct Language {
    /// ISO 639-1.
    pub code: &'static str,
    months: [&'static str; 12],
    weekdays: &'static str,
}

/// Those that are known.
#[rustfmt::skip] // a month's names stand together
pub static LANGUAGES: [Language; 8] = [
    Language {
        code: "en",
        months: [
            "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
            "september sept sep", "october oct", "november nov", "december dec",
        ],
        weekdays: "monday mon|tuesday tues tue|wednesday wed|thursday thurs thur thu|friday fri|saturday sat|sunday sun",
    },
    Language {
        code: "de",
        months: [
            "januar janner jan", "februar feber feb", "marz maerz mrz mar", "april apr", "mai", "juni jun", "juli jul", "august aug",
            "september sept sep", "oktober okt", "november nov", "dezember dez",
        ],
        weekdays: "montag mo|dienstag di|mittwoch mi|donnerstag do|freitag fr|samstag sonnabend sa|sonntag so",
    },
    Language {
        code: "fr",
        months: [
            "janvier janv jan", "fevrier fevr fev", "mars mar", "avril avr", "mai", "juin", "juillet juil", "aout",
            "septembre sept sep", "octobre oct", "novembre nov", "decembre dec",
        ],
        weekdays: "lundi lun|mardi mar|mercredi mer|jeudi jeu|vendredi ven|samedi sam|dimanche dim",
    },
    Language {
        code: "es",
        months: [
            "enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul", "agosto ago",
            "septiembre setiembre sept sep set", "octubre oct", "noviembre nov", "diciembre dic",
        ],
        weekdays: "lunes lun|martes mar|miercoles mie|jueves jue|viernes vie|sabado sab|domingo dom",
    },
    Language {
        code: "it",
        months: [
            "gennaio genn gen", "febbraio febbr feb", "marzo mar", "aprile apr", "maggio magg mag", "giugno giu", "luglio lug", "agosto ago",
            "settembre sett set", "ottobre ott", "novembre nov", "dicembre dic",
        ],
        weekdays: "lunedi lun|martedi mar|mercoledi mer|giovedi gio|venerdi ven|sabato sab|domenica dom",
    },
    Language {
        code: "pt",
        months: [
            "janeiro jan", "fevereiro fev", "marco mar", "abril abr", "maio mai", "junho jun", "julho jul", "agosto ago",
            "setembro set", "outubro out", "novembro nov", "dezembro dez",
        ],
        weekdays: "segunda segundafeira seg|terca tercafeira ter|quarta quartafeira qua|quinta quintafeira qui|sexta sextafeira sex|sabado sab|domingo dom",
    },
    Language {
        code: "nl",
        months: [
            "januari jan", "februari feb", "maart mrt", "april apr", "mei", "juni jun", "juli jul", "augustus aug",
            "september sept sep", "oktober okt", "november nov", "december dec",
        ],
        weekdays: "maandag ma|dinsdag di|woensdag wo|donderdag do|vrijdag vr|zaterdag za|zondag zo",
    },
    Language {
        code: "pl",
        months: [
            "styczen stycznia sty", "luty lutego lut", "marzec marca mar", "kwiecien kwietnia kwi", "maj maja", "czerwiec czerwca cze",
            "lipiec lipca lip", "sierpien sierpnia sie", "wrzesien wrzesnia wrz", "pazdziernik pazdziernika paz", "listopad listopada lis",
            "grudzien grudnia gru",
        ],
        weekdays: "poniedzialek pon|wtorek wt|sroda sr|czwartek czw|piatek pt|sobota sob|niedziela niedz",
    },
];

/// Words that stand in a date and say nothing: "31st of March", "31 de marzo de 1984", "31 marca 1984 r.".
const FILLERS: [&str; 9] = ["of", "the", "de", "del", "den", "le", "el", "r", "roku"];

impl Language {
    /// The language of a code.
    pub(crate) fn find(code: &str) -> Option<&'static Language> {
        LANGUAGES.iter().find(|language| language.code == code)
    }

    /// The month, from 1, that a folded word names.
    pub(crate) fn month(&self, word: &str) -> Option<i8> {
        // All names of a month begin alike, and most words are none.
        let first = word.as_bytes().first();
        let is_named = |names: &str| names.as_bytes().first() == first && has(names, word);
        let place = self.months.iter().position(|names| is_named(names))?;
        i8::try_from(place + 1).ok()
    }

    /// The day of the week, from 1 for Monday, that a folded word names.
    pub(crate) fn weekday(&self, word: &str) -> Option<i8> {
        let place = self
            .weekdays
            .split('|')
            .position(|names| has(names, word))?;
        i8::try_from(place + 1).ok()
    }
}

fn has(names: &str, word: &str) -> bool {
    let mut names = names.as_bytes().split(|byte| *byte == b' ');
    names.any(|name| name == word.as_bytes())
}

/// Whether a folded word says nothing.
pub(crate) fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bakkt_contract::fold::fold;

    #[test]
    fn no_name_means_two_months() {
        for language in &LANGUAGES {
            for (names, month) in language.months.iter().zip(1..) {
                for name in names.split(' ') {
                    assert_eq!(fold(name), name);
                    assert_eq!(name.get(..1), names.get(..1), "{name}");
                    for other in &LANGUAGES {
                        let there = other.month(name);
                        assert!(
                            there.is_none_or(|there| there == month),
                            "{name}: {} {}",
                            language.code,
                            other.code
                        );
                    }
                    assert!(!is_filler(name), "{name}");
                }
            }
        }
    }
}
