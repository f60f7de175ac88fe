//! Validated text: the field is private, so `FromStr` is the only way to create one.
//!
//! Lengths count Unicode scalar values: `docs/reference/api.md#field-limits`.

use std::{borrow::Cow, fmt, ops::RangeInclusive, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Why a text is invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TextError {
    /// Too short or too long.
    #[error("must be {min} to {max} characters")]
    Length {
        /// The fewest characters.
        min: usize,
        /// The most characters.
        max: usize,
    },
    /// The text contains a control character.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// The text contains an invisible character, which changes how the others are shown.
    #[error("must not contain bidirectional, zero-width or other invisible characters")]
    InvisibleCharacter,
    /// The text does not match the pattern.
    #[error("must match `{0}`")]
    Pattern(&'static str),
}

/// A text of `$min` to `$max` characters. `$pattern` is published in the schema; `$check` validates.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:literal to $max:literal of $pattern:expr, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(String);

        impl $name {
            /// The fewest characters.
            pub const MIN_LENGTH: usize = $min;
            /// The most characters.
            pub const MAX_LENGTH: usize = $max;

            /// The text, unchanged.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                let check: fn(&str, usize, usize) -> Result<(), TextError> = $check;
                check(text, Self::MIN_LENGTH, Self::MAX_LENGTH).map(|()| Self(text.to_owned()))
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
                json_schema!({"type": "string", "minLength": $min, "maxLength": $max, "pattern": $pattern})
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

/// What [`check_free_text`] lets through: everything but control characters.
const FREE_TEXT: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// What [`check_visible_text`] lets through: [`FREE_TEXT`] without the ranges of [`INVISIBLE`] up to U+FFFF. The others are left to the
/// worker: readers whose characters have 16 bits, as those of .NET and JavaScript, know no range beyond.
const VISIBLE_TEXT: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e",
    r"\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]*$"
);
/// Invisible characters, and those that turn the direction of the others: two names with and without them look the
/// same, or one looks like another (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>). They are
/// what Unicode calls ignorable (<https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt>) but for
/// the variation selectors, which say how the character before them looks, and the marks of annotations. Emoji that
/// are joined from several are refused too.
const INVISIBLE: [RangeInclusive<char>; 17] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e00ff}',
    '\u{e01f0}'..='\u{e0fff}',
];
const SKU_PATTERN: &str = "^[A-Z0-9][A-Z0-9-]*$";
const VISIBLE_ASCII: &str = "^[!-~]+$";

text! {
    /// A customer's own name for an order: 1 to 64 characters.
    Reference, 1 to 64 of VISIBLE_TEXT, check_visible_text
}
text! {
    /// A customer's remark: at most 500 characters, possibly none.
    Note, 0 to 500 of FREE_TEXT, check_free_text
}
text! {
    /// What a product is called: 1 to 200 characters.
    Name, 1 to 200 of VISIBLE_TEXT, check_visible_text
}
text! {
    /// A product's key: `[A-Z0-9][A-Z0-9-]{0,31}`. Sorts by its bytes, as lists of products do.
    Sku, 1 to 32 of SKU_PATTERN, check_sku
}
text! {
    /// The value of `Idempotency-Key`: 1 to 255 visible ASCII characters.
    IdempotencyKey, 1 to 255 of VISIBLE_ASCII, check_visible_ascii
}

impl Reference {
    /// A reference from the database, which may be older than the rule about invisible characters.
    pub(crate) fn from_stored(text: &str) -> Result<Self, TextError> {
        check_free_text(text, Self::MIN_LENGTH, Self::MAX_LENGTH).map(|()| Self(text.to_owned()))
    }
}

impl Name {
    /// As [`Reference::from_stored`].
    pub(crate) fn from_stored(text: &str) -> Result<Self, TextError> {
        check_free_text(text, Self::MIN_LENGTH, Self::MAX_LENGTH).map(|()| Self(text.to_owned()))
    }
}

fn check_visible_text(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    if text.chars().any(|letter| INVISIBLE.iter().any(|range| range.contains(&letter))) {
        return Err(TextError::InvisibleCharacter);
    }
    check_free_text(text, min, max)
}

fn check_free_text(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    if text.chars().any(char::is_control) {
        return Err(TextError::ControlCharacter);
    }
    match text.chars().count() {
        length if (min..=max).contains(&length) => Ok(()),
        _ => Err(TextError::Length { min, max }),
    }
}

fn check_sku(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let fits = (min..=max).contains(&text.len())
        && text.bytes().next().is_some_and(plain)
        && text.bytes().all(|byte| plain(byte) || byte == b'-');
    fits.then_some(()).ok_or(TextError::Pattern("[A-Z0-9][A-Z0-9-]{0,31}"))
}

fn check_visible_ascii(text: &str, min: usize, max: usize) -> Result<(), TextError> {
    if !(min..=max).contains(&text.len()) {
        return Err(TextError::Length { min, max });
    }
    let fits = text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(()).ok_or(TextError::Pattern(VISIBLE_ASCII))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_has_1_to_64_characters() {
        assert!("ü".repeat(64).parse::<Reference>().is_ok());
        let refused = Err(TextError::Length { min: 1, max: 64 });
        assert_eq!("ü".repeat(65).parse::<Reference>(), refused);
        assert_eq!("".parse::<Reference>(), refused);
    }

    #[test]
    fn a_note_may_be_empty_and_ends_at_500_characters() {
        assert_eq!("".parse::<Note>().unwrap().as_str(), "");
        assert!("n".repeat(500).parse::<Note>().is_ok());
        assert!("n".repeat(501).parse::<Note>().is_err());
    }

    #[test]
    fn a_name_ends_at_200_characters() {
        assert!("n".repeat(200).parse::<Name>().is_ok());
        assert!("n".repeat(201).parse::<Name>().is_err());
    }

    #[test]
    fn no_text_holds_control_characters() {
        for hostile in ["a\0", "a\nb", "\u{7f}", "\u{85}", "\u{1b}[31m"] {
            assert_eq!(hostile.parse::<Reference>(), Err(TextError::ControlCharacter), "{hostile:?}");
            assert_eq!(hostile.parse::<Note>(), Err(TextError::ControlCharacter), "{hostile:?}");
            assert_eq!(hostile.parse::<Name>(), Err(TextError::ControlCharacter), "{hostile:?}");
        }
    }

    #[test]
    fn only_notes_may_hold_invisible_characters() {
        for hidden in [
            "\u{202e}txet",
            "a\u{200b}b",
            "a\u{200d}b",
            "\u{feff}a",
            "\u{2066}a\u{2069}",
            "\u{61c}",
            "\u{206f}",
            "soft\u{ad}hyphen",
            "\u{fff9}a\u{fffa}b\u{fffb}",
            "\u{e0001}",
            "a\u{e0020}\u{e007f}",
            "\u{1d173}\u{1d17a}",
            "\u{34f}",
            "\u{115f}\u{1160}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{17b4}",
            "\u{1bca0}",
        ] {
            assert_eq!(hidden.parse::<Reference>(), Err(TextError::InvisibleCharacter), "{hidden:?}");
            assert_eq!(hidden.parse::<Name>(), Err(TextError::InvisibleCharacter), "{hidden:?}");
            assert!(hidden.parse::<Note>().is_ok(), "{hidden:?}");
            assert!(
                Reference::from_stored(hidden).is_ok() && Name::from_stored(hidden).is_ok(),
                "{hidden:?}"
            );
        }
        for shown in ["ünï 🫘", "\u{2010}\u{2028}\u{2029}", "عربي", "\u{a0}", "☕\u{fe0f}", "葛\u{e0100}"]
        {
            assert!(shown.parse::<Reference>().is_ok() && shown.parse::<Name>().is_ok(), "{shown:?}");
        }
    }

    #[test]
    fn published_pattern_equals_the_validation_rule() {
        let schema = json!({"type": "string", "pattern": VISIBLE_TEXT});
        let schema = jsonschema::validator_for(&schema).unwrap();
        for letter in ('\0'..='\u{ffff}').chain('\u{10000}'..=char::MAX) {
            let text = letter.to_string();
            let is_refused = text.parse::<Reference>().is_err();
            let is_beyond = letter > '\u{ffff}' && INVISIBLE.iter().any(|range| range.contains(&letter));
            assert_eq!(schema.is_valid(&json!(text)), !is_refused || is_beyond, "{letter:?}");
        }
    }

    #[test]
    fn default_ignorable_characters_are_refused() {
        let ignorable = r"^[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]$";
        let ignorable = jsonschema::validator_for(&json!({"type": "string", "pattern": ignorable})).unwrap();
        let selectors = [
            '\u{180b}'..='\u{180d}',
            '\u{180f}'..='\u{180f}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{e0100}'..='\u{e01ef}',
        ];
        for letter in '\0'..=char::MAX {
            let selects = selectors.iter().any(|range| range.contains(&letter));
            if !selects && ignorable.is_valid(&json!(letter.to_string())) {
                assert_eq!(
                    letter.to_string().parse::<Name>(),
                    Err(TextError::InvisibleCharacter),
                    "{letter:?}"
                );
            }
        }
    }

    #[test]
    fn a_request_key_is_visible_ascii() {
        for good in ["k", "!", "~", "a,b", &"k".repeat(255)] {
            assert!(good.parse::<IdempotencyKey>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "a\t", "ä", "\u{7f}", &"k".repeat(256)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_sku_is_upper_case_digits_and_inner_hyphens() {
        for good in ["A", "0", "ESPRESSO-1KG", "A-", &"Z".repeat(32)] {
            assert!(good.parse::<Sku>().is_ok(), "{good}");
        }
        for bad in ["", "-A", "a", "A B", "Ä", "A\n", "A_", &"Z".repeat(33)] {
            assert!(bad.parse::<Sku>().is_err(), "{bad:?}");
        }
    }
}
