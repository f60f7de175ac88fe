//! The wrong fields of a body, as many as the answer lists.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    limits::{JsonBodyLimits, LIMITS},
    orders::{InvalidLine, LineError},
};

/// A wrong field.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[schemars(rename = "FieldFault")]
pub struct FieldError {
    /// Where it is: an RFC 6901 pointer into the body. For an unknown field with a long name, the pointer names the
    /// object that contains it.
    pub pointer: String,
    /// What is wrong with it: one of a closed list.
    pub code: FieldCode,
    /// What is allowed instead, for people.
    pub detail: Cow<'static, str>,
}

impl FieldError {
    /// The error, with a sentence that says what is allowed.
    #[must_use]
    pub fn new(pointer: String, code: FieldCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer, code, detail: detail.into() }
    }
}

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldCode {
    /// It is missing.
    Required,
    /// The value has the wrong JSON type.
    Type,
    /// There is no such field.
    UnknownField,
    /// The value is too short or too long, or has too few or too many items.
    Length,
    /// The number is too small or too large.
    Range,
    /// The value does not match the pattern, or has characters that are not allowed.
    Pattern,
    /// No active product has this sku.
    Unknown,
    /// The product is priced in another currency.
    Currency,
    /// An earlier line has the same sku.
    Duplicate,
}

/// The wrong fields of one body, sorted by their pointers, each once. Their number is limited, so that a small body
/// cannot make a large answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
    truncated: bool,
}

impl FieldErrors {
    /// No wrong field.
    pub(crate) const NONE: Self = Self { errors: Vec::new(), truncated: false };

    /// Sorts the errors, removes duplicates, and drops those beyond the limits of number and size.
    #[must_use]
    pub fn new(mut errors: Vec<FieldError>) -> Self {
        errors.sort();
        errors.dedup();
        let JsonBodyLimits { max_errors, max_errors_bytes, .. } = LIMITS.json_body;
        let mut size = 0;
        let fit = errors.iter().take(max_errors).take_while(|error| {
            size += size_in_envelope(error);
            size <= max_errors_bytes
        });
        let fit = fit.count();
        let truncated = fit < errors.len();
        errors.truncate(fit);
        Self { errors, truncated }
    }

    /// The errors that the answer lists.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.errors
    }

    /// Whether there are more.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

/// The lines that the product table refuses, as the fields of the body that held them.
impl From<Vec<InvalidLine>> for FieldErrors {
    fn from(lines: Vec<InvalidLine>) -> Self {
        let fault = |line: InvalidLine| {
            let (code, detail) = match line.error {
                LineError::UnknownProduct => (
                    FieldCode::Unknown,
                    "`sku` must be the sku of an active product: GET /api/products lists them.",
                ),
                LineError::CurrencyMismatch => {
                    (FieldCode::Currency, "The product must be priced in the currency of the order.")
                }
            };
            FieldError::new(format!("/lines/{}", line.index), code, detail)
        };
        Self::new(lines.into_iter().map(fault).collect())
    }
}

/// How many bytes an error takes at most: in an envelope the answer is a text within JSON.
fn size_in_envelope(error: &FieldError) -> usize {
    let written = serde_json::to_string(error).and_then(|text| serde_json::to_string(&text));
    written.map_or(usize::MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(count: usize, name: &str) -> FieldErrors {
        let fault =
            |number| FieldError::new(format!("/{number:05}{name}"), FieldCode::UnknownField, "Remove it.");
        FieldErrors::new((0..count).rev().map(fault).collect())
    }

    #[test]
    fn at_most_a_hundred_errors_are_listed() {
        let (whole, more) = (errors(100, ""), errors(101, ""));
        assert_eq!((whole.as_slice().len(), whole.is_truncated()), (100, false));
        assert_eq!((more.as_slice(), more.is_truncated()), (whole.as_slice(), true));
    }

    #[test]
    fn long_names_reduce_the_number_of_listed_errors() {
        let told = errors(100, &"\u{1}".repeat(1_000));
        let size: usize = told.as_slice().iter().map(size_in_envelope).sum();
        assert!(told.is_truncated() && !told.as_slice().is_empty(), "{}", told.as_slice().len());
        assert!(size <= LIMITS.json_body.max_errors_bytes);
    }
}
