//! The recipients of one customer beside each other: which of them can be made.
//!
//! Owner of [`RecipientList`]. The same recipient twice is made once. Where one account stands there with other details, nobody can tell
//! which are right, and where several are the main one, nobody can tell which: none of those is made, because Bakkt would take what
//! arrives last. Left out on purpose: what is wrong with one recipient by itself (`assess`).

use super::assess::{CustodyItem, CustodyOutcome, WrongFields};
use super::fields::{RECIPIENT_FIELDS, RecipientField};
use bakkt_contract::custody::payloads::{Details, Recipient};
use bakkt_model::custody::CustodyKind;
use bakkt_model::position::Position;

const TWICE: &str = "invalid: the same recipient stands here twice";
const OTHER_DETAILS: &str =
    "invalid: the same account stands here more than once, with other details";
const SEVERAL_MAIN: &str = "invalid: several recipients of the customer are the main one";

/// The recipients of one customer, in the order in which they stand there.
#[derive(Debug, Default)]
pub(super) struct RecipientList {
    entries: Vec<ListedRecipient>,
}

#[derive(Debug)]
struct ListedRecipient {
    /// How its paths begin, such as `custody.recipients[0]`.
    path: String,
    at: Option<Position>,
    /// It says that it is the main one, whatever else is wrong with it.
    is_main: bool,
    found: Result<(Recipient, Vec<u8>), WrongFields>,
}

impl RecipientList {
    /// Adds a recipient, or all that is wrong with it.
    pub(super) fn add(
        &mut self,
        (path, at): (String, Option<Position>),
        is_main: bool,
        found: Result<Recipient, WrongFields>,
    ) {
        let found = found.map(|recipient| {
            let body = recipient.body();
            (recipient, body)
        });
        self.entries.push(ListedRecipient {
            path,
            at,
            is_main,
            found,
        });
    }

    /// Hands over what is made and what is not.
    pub(super) fn finish(self, outcome: &mut CustodyOutcome) {
        let entries = &self.entries;
        let twice: Vec<bool> = (0..entries.len())
            .map(|place| {
                let mut before = entries[..place].iter();
                before.any(|other| other.is_same(&entries[place]))
            })
            .collect();
        let single = || entries.iter().zip(&twice).filter(|(_, twice)| !**twice);
        let mains = single().filter(|(entry, _)| entry.is_main).count();
        let accounts: Vec<usize> = entries
            .iter()
            .map(|entry| {
                let same = single().filter(|(other, _)| other.has_account_of(entry));
                same.count()
            })
            .collect();
        for ((entry, twice), accounts) in self.entries.into_iter().zip(twice).zip(accounts) {
            let several_main = entry.is_main && mains > 1;
            let wrong = match entry.found {
                Err(wrong) => wrong,
                Ok(_) if accounts > 1 => {
                    vec![(RecipientField::AccountName, OTHER_DETAILS.to_owned())]
                }
                Ok(_) if several_main => {
                    vec![(RecipientField::MainRecipient, SEVERAL_MAIN.to_owned())]
                }
                Ok(_) if twice => vec![(RecipientField::AccountName, TWICE.to_owned())],
                Ok((_, body)) => {
                    outcome.items.push(CustodyItem {
                        kind: CustodyKind::Recipient,
                        item: "",
                        body,
                        at: entry.at,
                    });
                    continue;
                }
            };
            for (field, reason) in wrong {
                let name = RECIPIENT_FIELDS[field as usize].1;
                outcome.gap(&format!("{}.{name}", entry.path), &reason, entry.at);
            }
        }
    }
}

impl ListedRecipient {
    fn is_same(&self, other: &ListedRecipient) -> bool {
        match (&self.found, &other.found) {
            (Ok((_, body)), Ok((_, other))) => body == other,
            _ => false,
        }
    }

    /// Whether both go to one account, whatever else is said of it.
    fn has_account_of(&self, other: &ListedRecipient) -> bool {
        match (&self.found, &other.found) {
            (Ok((one, _)), Ok((other, _))) => account(&one.details) == account(&other.details),
            _ => false,
        }
    }
}

/// What makes an account another one: its bank and its number. A spreadsheet takes the zeros in front of a number, and only in the
/// U.S. have numbers of all lengths.
fn account(details: &Details) -> (&'static str, &str, &str) {
    let (bank, number) = match details {
        Details::Eur { iban } => ("", iban.as_str()),
        Details::Gbp {
            account_number,
            sort_code,
        } => (sort_code.as_str(), account_number.as_str()),
        Details::Usd {
            account_number,
            routing_number,
            ..
        } => (
            routing_number.as_str(),
            account_number.trim_start_matches('0'),
        ),
        Details::Ngn {
            account_number,
            bank_code,
        } => (bank_code.as_str(), account_number.as_str()),
    };
    (details.currency(), bank, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made, by place, and what is not.
    fn finished(recipients: Vec<(bool, Result<Recipient, WrongFields>)>) -> (usize, Vec<String>) {
        let mut list = RecipientList::default();
        for (place, (is_main, found)) in recipients.into_iter().enumerate() {
            list.add((format!("[{place}]"), None), is_main, found);
        }
        let mut outcome = CustodyOutcome::default();
        list.finish(&mut outcome);
        let gaps = outcome.gaps.into_iter().map(|gap| gap.path);
        (outcome.items.len(), gaps.collect())
    }

    fn payee(name: &str, iban: &str, is_main: bool) -> (bool, Result<Recipient, WrongFields>) {
        let recipient = Recipient {
            account_name: name.to_owned(),
            is_main,
            details: Details::Eur {
                iban: iban.to_owned(),
            },
        };
        (is_main, Ok(recipient))
    }

    #[test]
    fn one_account_under_two_names_is_made_for_neither() {
        let (made, gaps) = finished(vec![
            payee("Jan Muster", "DE1", false),
            payee("J. Muster", "DE1", false),
            payee("Eva Muster", "NL1", true),
        ]);
        assert_eq!(
            (made, gaps.join(" ")),
            (1, "[0].accountName [1].accountName".to_owned())
        );
        // Nor where only one of them is the main one.
        let (made, gaps) = finished(vec![payee("Jan", "DE1", true), payee("Jan", "DE1", false)]);
        assert_eq!((made, gaps.len()), (0, 2));
        let (made, gaps) = finished(vec![payee("Jan", "DE1", true), payee("Jan", "DE1", true)]);
        assert_eq!((made, gaps.join(" ")), (1, "[1].accountName".to_owned()));
    }

    #[test]
    fn accounts_in_dollars_are_the_same_without_the_zeros_in_front() {
        let usd = |number: &str, routing: &str| {
            let recipient = Recipient {
                account_name: "Jan".to_owned(),
                is_main: false,
                details: Details::Usd {
                    account_number: number.to_owned(),
                    routing_number: routing.to_owned(),
                    account_type: "Checking".to_owned(),
                    relationship: None,
                },
            };
            (false, Ok(recipient))
        };
        let of = |recipients| finished(recipients).0;
        assert_eq!(of(vec![usd("000123", "021"), usd("123", "021")]), 0);
        assert_eq!(of(vec![usd("000123", "021"), usd("123", "022")]), 2);
    }

    #[test]
    fn of_several_main_recipients_none_is_made() {
        let (made, gaps) = finished(vec![
            payee("Jan", "DE1", true),
            payee("Eva", "NL1", true),
            payee("Kim", "FR1", false),
        ]);
        assert_eq!(
            (made, gaps.join(" ")),
            (1, "[0].mainRecipient [1].mainRecipient".to_owned())
        );
        // One that is wrong says so as well.
        let wrong = vec![(RecipientField::Iban, "missing".to_owned())];
        let (made, gaps) = finished(vec![payee("Jan", "DE1", true), (true, Err(wrong))]);
        assert_eq!(
            (made, gaps.join(" ")),
            (0, "[0].mainRecipient [1].iban".to_owned())
        );
    }
}
