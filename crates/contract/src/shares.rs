//! What an owner owns, and whether a share was written in percent at all.
//!
//! Owner of [`Share`] and of the rule that tells fractions from percent. Spreadsheets keep 50 % as `0.5`, and many write it out
//! like that: read as half a percent, it would make an owner of half the entity one of whom KYB asks for nothing. Left out on
//! purpose: what follows from a share (`documents`).

use rust_decimal::Decimal;

/// Above so many hundredths an owner must be identified (contract, section 5).
const QUARTER: Decimal = Decimal::from_parts(25, 0, 0, false, 0);

/// What is wrong with a share that may be a fraction.
pub const FRACTION: &str = "no share of the account is above 1, so this may be a fraction of one instead of percent; write 50 or 50% for a half, 0.5% for half a percent";

/// The same where others of the account are above 1.
pub const FRACTION_BESIDE_PERCENT: &str = "the shares of the account are not the whole with it, so this may be a fraction of one beside shares in percent; write 50 or 50% for a half, 0.5% for half a percent";

/// A share from 0 to 100 percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    hundredths: Decimal,
    /// A percent sign stands behind it, so that nobody can take it for a fraction.
    has_sign: bool,
}

impl Share {
    /// Reads a share in plain digits with or without decimals, and with or without a percent sign. Decimals stand behind a point or
    /// a comma: no share has thousands for a comma to part.
    pub fn read(text: &str) -> Option<Share> {
        let number = text.strip_suffix('%').map(str::trim_end);
        let has_sign = number.is_some();
        let number = number.unwrap_or(text);
        let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',');
        if !number.bytes().all(plain) || number.contains('.') && number.contains(',') {
            return None;
        }
        let hundredths = match number.contains(',') {
            true => Decimal::from_str_exact(&number.replace(',', ".")),
            false => Decimal::from_str_exact(number),
        };
        let hundredths = hundredths.ok().filter(|all| *all <= Decimal::ONE_HUNDRED)?;
        Some(Share {
            hundredths,
            has_sign,
        })
    }

    /// The number in its shortest form: `50` for `50.0 %`.
    pub fn shortest(self) -> String {
        self.hundredths.normalize().to_string()
    }

    /// Whether an owner of so much must be identified.
    pub fn is_above_quarter(self) -> bool {
        self.hundredths > QUARTER
    }

    /// Whether an owner of so much is no owner of a quarter or more, of whom the form of manual KYB asks.
    pub fn is_below_quarter(self) -> bool {
        self.hundredths < QUARTER
    }

    /// Why it may be a fraction of one, if it may be: it is above 0 and says no percent, and no share of the account (`all`, this
    /// one among them) is above 1; or others are, and only as a fraction does it fit beside them. One of half a percent beside
    /// one of 99.5 is what it says, as is one that would make more than the whole. Nothing is nothing either way.
    pub fn fraction_doubt(self, all: impl IntoIterator<Item = Share>) -> Option<&'static str> {
        if self.has_sign || self.hundredths.is_zero() || self.hundredths > Decimal::ONE {
            return None;
        }
        let (mut greatest, mut least, mut most) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for share in all {
            greatest = greatest.max(share.hundredths);
            least += share.at_least();
            most += share.hundredths + share.last_digit();
        }
        if greatest <= Decimal::ONE {
            return Some(FRACTION);
        }
        let is_whole = (least..=most).contains(&Decimal::ONE_HUNDRED);
        let as_fraction = self.hundredths * Decimal::ONE_HUNDRED;
        let fits = least - self.at_least() + as_fraction <= Decimal::ONE_HUNDRED;
        (!is_whole && fits).then_some(FRACTION_BESIDE_PERCENT)
    }

    /// One of its last digit, by which it may have been rounded.
    fn last_digit(self) -> Decimal {
        Decimal::try_new(1, self.hundredths.scale()).unwrap_or_default()
    }

    /// The least that it may be when it was rounded up.
    fn at_least(self) -> Decimal {
        (self.hundredths - self.last_digit()).max(Decimal::ZERO)
    }
}

/// Whether shares of one firm are more than the whole of it. Each may have been rounded up by one of its last digit: three owners of a
/// third are written as 33.34 each.
pub fn exceed_the_whole(shares: impl IntoIterator<Item = Share>) -> bool {
    shares.into_iter().map(Share::at_least).sum::<Decimal>() > Decimal::ONE_HUNDRED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Share {
        Share::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn shares_are_plain_numbers_with_or_without_a_sign() {
        for text in [
            "0",
            "50",
            "50%",
            "50 %",
            "50\u{a0}%",
            "33.3",
            ".5",
            "100",
            "100.00",
            "33,3",
            "33,333 %",
            ",5",
        ] {
            share(text);
        }
        for text in [
            "", "%", "50%%", "% 50", "-1", "1e2", "100.01", "1,2,3", "1.000,5", "100,01", "half",
            "+5", "1 0",
        ] {
            assert_eq!(Share::read(text), None, "{text}");
        }
        assert_eq!(share("50.0 %").shortest(), "50");
        assert_eq!(share("33,30").shortest(), "33.3");
        assert!(share("25.01").is_above_quarter() && share("26 %").is_above_quarter());
        assert!(!share("25.00").is_above_quarter() && !share("0.5").is_above_quarter());
        assert!(!share("25").is_below_quarter() && share("24.99 %").is_below_quarter());
    }

    #[test]
    fn shares_of_at_most_one_may_be_fractions() {
        let in_doubt = |all: &[&str]| -> Vec<bool> {
            let shares: Vec<Share> = all.iter().map(|text| share(text)).collect();
            let each = shares.iter();
            each.map(|share| share.fraction_doubt(shares.iter().copied()).is_some())
                .collect()
        };
        assert_eq!(in_doubt(&["0.5", ".5"]), [true, true]);
        assert_eq!(in_doubt(&["0.30", "0.7"]), [true, true]);
        assert_eq!(in_doubt(&["1"]), [true]);
        assert_eq!(in_doubt(&["1.0", "0"]), [true, false]);
        assert_eq!(in_doubt(&["0.5", "0.2%"]), [true, false]);
        // A widely held firm of which only small owners are listed can say so with a sign.
        assert_eq!(in_doubt(&["0.5%", "1 %"]), [false, false]);
        assert_eq!(in_doubt(&["0.5", "99.5"]), [false, false]);
        assert_eq!(in_doubt(&["1", "99"]), [false, false]);
        assert_eq!(in_doubt(&["0", "0"]), [false, false]);
        assert_eq!(in_doubt(&["50", "50"]), [false, false]);
    }

    #[test]
    fn a_share_that_fits_beside_percent_only_as_a_fraction_may_be_one() {
        let doubt = |all: &[&str]| {
            let shares: Vec<Share> = all.iter().map(|text| share(text)).collect();
            shares[0].fraction_doubt(shares.iter().copied())
        };
        for all in [
            &["0.5", "30", "20"][..],
            &["0.50", "30.00", "20.00"],
            &["0,25", "74,75"],
            &["0.5", "30"],
            &["0.5", "30%", "20%"],
            &["0.33", "33", "33"],
            &["0.3", "0.2", "50"],
        ] {
            assert_eq!(doubt(all), Some(FRACTION_BESIDE_PERCENT), "{all:?}");
        }
        for all in [
            // The whole as percent, rounded or not.
            &["0.5", "99.5"][..],
            &["0.5", "33", "33", "33"],
            &["0.7", "49.65", "49.65"],
            &["1", "60", "39"],
            // More than the whole as a fraction.
            &["0.5", "60", "30"],
            &["1", "30"],
            &["0.5%", "30", "20"],
            &["0", "30", "20"],
        ] {
            assert_eq!(doubt(all), None, "{all:?}");
        }
    }

    #[test]
    fn shares_of_more_than_the_whole_are_told_from_rounded_ones() {
        let exceed = |all: &[&str]| exceed_the_whole(all.iter().map(|text| share(text)));
        for all in [
            &["60", "60"][..],
            &["100", "100"],
            &["100", "1.5"],
            &["50,5", "50,5"],
            &["99.5%", "1.0%"],
            &["60", "43", "0"],
        ] {
            assert!(exceed(all), "{all:?}");
        }
        for all in [
            &["60", "40"][..],
            &["100"],
            &["33.34", "33.34", "33.34"],
            &["17", "17", "17", "17", "17", "17"],
            &["100", "0"],
            &[],
        ] {
            assert!(!exceed(all), "{all:?}");
        }
    }
}
