//! Amounts in minor units, quantities, and currencies. Nothing here is ever a float.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// The most lines that one order has: `docs/reference/api.md#field-limits`.
pub const MAX_ORDER_LINES: usize = LINES as usize;
const LINES: u8 = 100;

/// A number is outside its range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be between {} and {}", Grouped(*.min), Grouped(*.max))]
pub struct RangeError {
    /// The smallest value.
    pub min: i64,
    /// The largest value.
    pub max: i64,
}

/// A number with a comma between its thousands.
struct Grouped(i64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
        write!(f, "{}{}", if self.0 < 0 { "-" } else { "" }, groups.join(","))
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The smallest value.
            pub const MIN: i64 = $min;
            /// The largest value.
            pub const MAX: i64 = $max;
            /// The error for a number beyond them.
            pub const RANGE: RangeError = RangeError { min: $min, max: $max };

            /// The number.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = RangeError;

            fn try_from(number: i64) -> Result<Self, RangeError> {
                (Self::MIN..=Self::MAX).contains(&number).then_some(Self(number)).ok_or(Self::RANGE)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "integer", "format": "int64", "minimum": Self::MIN, "maximum": Self::MAX,
                })
            }
        }
    };
}

number! {
    /// How many of something are wanted: 1 to 10 000.
    Quantity, 1, 10_000
}
number! {
    /// What one piece costs, in the currency's minor unit: 0 to 10⁹.
    UnitPrice, 0, 1_000_000_000
}
number! {
    /// What a line or an order costs, in the currency's minor unit. Every sum of a full order's lines fits.
    Money, 0, LARGEST_TOTAL
}

const LARGEST_LINE: i64 = UnitPrice::MAX * Quantity::MAX;
const LARGEST_TOTAL: i64 = LARGEST_LINE * LINES as i64;

impl UnitPrice {
    /// The price of this many; [`Money`] holds the largest.
    #[must_use]
    pub const fn times(self, quantity: Quantity) -> Money {
        Money(self.0 * quantity.0)
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum; none when it is more than an order of [`MAX_ORDER_LINES`] lines can cost.
    #[must_use]
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, |sum, amount| Self::try_from(sum.0 + amount.0).ok())
    }
}

/// An active currency of ISO 4217 that has a minor unit; bullion, drawing rights and test codes price nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Currency(&'static str);

/// The text is no currency.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be an active ISO 4217 code in capital letters, such as `EUR`")]
pub struct CurrencyError;

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let found = CODES.binary_search(&text).map_err(|_| CurrencyError)?;
        Ok(Self(CODES[found]))
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An active currency of ISO 4217 that has a minor unit.",
            "type": "string", "enum": CODES,
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

#[rustfmt::skip]
const CODES: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND",
    "BOB", "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CLF", "CLP", "CNY",
    "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD",
    "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP",
    "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN",
    "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN",
    "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD",
    "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
    "USD", "USN", "UYI", "UYU", "UYW", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAD", "XAF", "XCD", "XCG", "XOF",
    "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quantity_is_1_to_10_000() {
        assert!(Quantity::try_from(1).is_ok() && Quantity::try_from(10_000).is_ok());
        assert_eq!(Quantity::try_from(0), Err(RangeError { min: 1, max: 10_000 }));
        assert!(Quantity::try_from(10_001).is_err() && Quantity::try_from(-1).is_err());
    }

    #[test]
    fn a_unit_price_is_0_to_10_to_the_9th() {
        assert!(UnitPrice::try_from(0).is_ok() && UnitPrice::try_from(1_000_000_000).is_ok());
        assert!(UnitPrice::try_from(-1).is_err() && UnitPrice::try_from(1_000_000_001).is_err());
    }

    #[test]
    fn the_largest_order_has_a_total() {
        let line =
            UnitPrice::try_from(UnitPrice::MAX).unwrap().times(Quantity::try_from(Quantity::MAX).unwrap());
        let total = Money::sum(vec![line; MAX_ORDER_LINES]).unwrap();
        assert_eq!(total.get(), 1_000_000_000_000_000);
        assert_eq!(Money::sum([total, Money(1)]), None);
    }

    proptest! {
        #[test]
        fn no_line_of_a_valid_order_overflows(price in 0..=UnitPrice::MAX, quantity in 1..=Quantity::MAX) {
            let line = UnitPrice(price).times(Quantity(quantity));
            prop_assert_eq!(i128::from(line.get()), i128::from(price) * i128::from(quantity));
            prop_assert!(Money::sum(vec![line; MAX_ORDER_LINES]).is_some());
        }
    }

    #[test]
    fn the_currencies_are_sorted_and_each_is_found() {
        assert!(CODES.is_sorted());
        for code in CODES {
            assert_eq!(code.parse::<Currency>().unwrap().as_str(), *code);
        }
    }

    #[test]
    fn what_is_no_currency_is_refused() {
        for text in ["", "eur", "EURO", "XXX", "XAU", "DEM", "ABC"] {
            assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text}");
        }
    }
}
