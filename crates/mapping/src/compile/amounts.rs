//! How a feed's numbers and amounts are written: the keys of `usd_range` and `integer`.
//!
//! Left out on purpose: reading them (`bakkt_contract::amounts`, `spans`).

use super::Compiler;
use bakkt_contract::amounts::DecimalMark;
use bakkt_contract::spans::AmountStyle;
use bakkt_contract::usd::AmountUnit;
use bakkt_files::toml_file::Value;

/// What may begin the decimals of a column's numbers.
const POINTS: [(&str, DecimalMark); 2] = [(".", DecimalMark::Dot), (",", DecimalMark::Comma)];

/// What the numbers of a column may count.
const UNITS: [(&str, AmountUnit); 3] = [
    ("dollars", AmountUnit::Dollars),
    ("thousands", AmountUnit::Thousands),
    ("millions", AmountUnit::Millions),
];

impl Compiler<'_, '_> {
    /// `true`, or what begins the decimals of the column's numbers.
    pub(super) fn decimal_mark(&mut self, key: &str, value: Value<'_>) -> Option<DecimalMark> {
        if !value.is_table() {
            return value.boolean(self.found)?.then_some(DecimalMark::Open);
        }
        let table = value.table(key, self.found)?;
        let point = table.choice("decimal", &POINTS, self.found);
        table.finish(self.found);
        Some(point.unwrap_or_default())
    }

    /// The same, and what the column's amounts count.
    pub(super) fn amount_style(&mut self, key: &str, value: Value<'_>) -> Option<AmountStyle> {
        if !value.is_table() {
            return value.boolean(self.found)?.then(AmountStyle::default);
        }
        let table = value.table(key, self.found)?;
        let point = table.choice("decimal", &POINTS, self.found);
        let unit = table.choice("unit", &UNITS, self.found);
        table.finish(self.found);
        Some(AmountStyle {
            point: point.unwrap_or_default(),
            unit: unit.unwrap_or_default(),
        })
    }
}
