//! In which order the dates of a file are most likely written, where a column alone does not tell.
//!
//! Owner of [`DateHabits`]: what other columns, the words of the headers and the countries say. Left out on purpose: the
//! transform itself (`values`).

use crate::inspect::Profile;
use crate::inspect::classes::Class;
use bakkt_contract::countries;

/// What a file says about its dates.
#[derive(Clone, Copy, Debug)]
pub struct DateHabits {
    /// Why the day most likely comes first; none: nothing says so.
    pub day_first: Option<&'static str>,
    /// The last two digits of this year: above them a two-digit year of something past is of the century before.
    pub pivot: u8,
}

/// Words of headers that only exports have whose dates begin with the day.
const DAY_FIRST_HEADERS: &str = "geburtsdatum geburtstag vorname nachname strasse straße plz ort land kundennummer anrede fecha nacimiento \
    nombre apellido apellidos domicilio poblacion población pais país codigo código telefono teléfono naissance \
    prenom prénom nom adresse ville pays courriel nascita cognome indirizzo citta città nascimento sobrenome \
    morada cidade geboortedatum voornaam achternaam straat woonplaats klantnummer";

impl DateHabits {
    pub(crate) fn of(profile: &Profile) -> DateHabits {
        let year = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .year();
        DateHabits {
            day_first: day_first(profile),
            pivot: u8::try_from(year.rem_euclid(100)).unwrap_or(0),
        }
    }
}

fn day_first(profile: &Profile) -> Option<&'static str> {
    let (month, day) = profile.columns.iter().fold((0, 0), |(month, day), column| {
        (
            month + column.count(Class::OnlyMdy),
            day + column.count(Class::OnlyDmy),
        )
    });
    match (month, day) {
        (0, 0) => {}
        (month, day) if day > month => return Some("other columns have it first"),
        _ => return None,
    }
    let foreign = profile.columns.iter().filter(|column| {
        let lower = column.name.to_lowercase();
        let mut words = lower.split(|c: char| !c.is_alphabetic());
        words.any(|word| DAY_FIRST_HEADERS.split(' ').any(|known| known == word))
    });
    if foreign.count() >= 2 {
        return Some("the headers are of a language that writes it first");
    }
    abroad(profile).then_some("most customers live where it comes first")
}

/// Whether a column of countries says that hardly anybody is where the month comes first.
fn abroad(profile: &Profile) -> bool {
    let month_first = |code: &str| {
        matches!(
            countries::alpha3(code),
            Some("USA" | "PHL" | "CAN" | "PRI" | "GUM" | "VIR")
        )
    };
    profile.columns.iter().any(|column| {
        column.share(Class::Country) > 0.9
            && column.share(Class::State) < 0.9
            && column.codes().is_some_and(|codes| {
                let home = codes.iter().filter(|(code, _)| month_first(code));
                column.part(home.map(|(_, count)| count).sum()) < 0.2
            })
    })
}
