//! The forms that clients fill in. The domain's own types check each field; `validator` walks the form and collects
//! every error; a form with an error is dropped whole.

use std::{collections::HashSet, str::FromStr};

use schemars::JsonSchema;
use serde_json::Value;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use super::fields::{ErrorCollector, Fields, must_have_items, sentence};
use crate::{
    json,
    limits::LIMITS,
    orders::{
        Currency, LineDraft, Name, Note, OrderDraft, OrderRevision, ProductDraft, Quantity, Reference, Sku,
        UnitPrice,
        money::{MAX_ORDER_LINES, RangeError},
        text::TextError,
    },
    problem::{FieldCode, Problem},
};

const NOT_JSON: Problem = Problem::Malformed(
    "The body must be one JSON value in UTF-8 without a byte order mark. No object may have a name twice. The nesting \
     must be at most 32 levels deep.",
);

/// An order that is to be placed. Prices come from the product table.
#[derive(JsonSchema, Validate)]
#[schemars(rename = "NewOrder", deny_unknown_fields)]
#[expect(clippy::duplicated_attributes, reason = "two rules, and each holds whatever else is wrong")]
#[validate(schema(function = "validate_lines_not_empty", skip_on_field_errors = false))]
#[validate(schema(function = "validate_distinct_skus", skip_on_field_errors = false))]
pub(super) struct OrderForm {
    #[schemars(with = "Reference")]
    #[validate(custom(function = "validate_text::<Reference>"))]
    reference: Option<String>,
    #[schemars(with = "Currency")]
    #[validate(custom(function = "validate_currency"))]
    currency: Option<String>,
    /// Each sku occurs in one line only.
    #[schemars(with = "Vec<LineForm>", length(min = 1, max = MAX_ORDER_LINES))]
    #[validate(nested)]
    lines: Option<Vec<LineForm>>,
    #[schemars(with = "Option<Note>")]
    #[validate(custom(function = "validate_text::<Note>"))]
    note: Option<String>,
}

/// A line of an order that is to be placed.
#[derive(Default, JsonSchema, Validate)]
#[schemars(rename = "NewLine", deny_unknown_fields)]
struct LineForm {
    #[schemars(with = "Sku")]
    #[validate(custom(function = "validate_text::<Sku>"))]
    sku: Option<String>,
    #[schemars(with = "Quantity")]
    #[validate(custom(function = "validate_number::<Quantity>"))]
    quantity: Option<i64>,
}

/// The new state of a product; its sku is in the path.
#[derive(JsonSchema, Validate)]
#[schemars(rename = "NewProduct", deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ProductForm {
    #[schemars(with = "Name")]
    #[validate(custom(function = "validate_text::<Name>"))]
    name: Option<String>,
    #[schemars(with = "Currency")]
    #[validate(custom(function = "validate_currency"))]
    currency: Option<String>,
    #[schemars(with = "UnitPrice")]
    #[validate(custom(function = "validate_number::<UnitPrice>"))]
    unit_price: Option<i64>,
    /// Whether it can be ordered.
    #[schemars(with = "bool", default = "active_by_default")]
    active: Option<bool>,
}

/// Reads the body of a new order.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn parse_order(body: &[u8]) -> Result<OrderDraft, Problem> {
    parse_form(body, |fields| {
        let form = OrderForm::read(fields);
        (form.draft(), form.validate())
    })
}

/// Reads the body of an order that is to be changed: a new one's without its currency, which stays.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn parse_revision(body: &[u8]) -> Result<OrderRevision, Problem> {
    parse_form(body, |fields| {
        let form = OrderForm::without_currency(fields);
        (form.revision(), form.validate())
    })
}

/// The fields of a product's body; its sku is in the path.
#[derive(Clone, Debug)]
pub struct ProductFields {
    name: Name,
    currency: Currency,
    unit_price: UnitPrice,
    active: bool,
}

impl ProductFields {
    /// The product that these fields describe.
    #[must_use]
    pub fn with_sku(self, sku: Sku) -> ProductDraft {
        let Self { name, currency, unit_price, active } = self;
        ProductDraft { sku, name, currency, unit_price, active }
    }
}

/// Reads the body of a product.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn parse_product(body: &[u8]) -> Result<ProductFields, Problem> {
    parse_form(body, |fields| {
        let form = ProductForm {
            name: fields.text("name"),
            currency: fields.text("currency"),
            unit_price: fields.integer("unitPrice", UnitPrice::RANGE),
            active: fields.optional_bool("active").or_else(active_by_default),
        };
        (form.fields(), form.validate())
    })
}

/// Parses a JSON body with `fill`, which reads its fields. Fails with every wrong field.
pub(super) fn parse_form<T>(
    body: &[u8],
    fill: impl FnOnce(&mut Fields<'_>) -> (Option<T>, Result<(), ValidationErrors>),
) -> Result<T, Problem> {
    let body = json::parse_strict(body, LIMITS.json_body.max_depth).ok_or(NOT_JSON)?;
    let mut found = ErrorCollector::default();
    let mut parsed = None;
    let mut validated = Ok(());
    if let Some(mut fields) = Fields::new(body, String::new(), "The body", &mut found) {
        (parsed, validated) = fill(&mut fields);
        fields.reject_unknown();
    }
    if let Err(errors) = validated {
        collect_errors("", &errors, &mut found);
    }
    match parsed {
        Some(parsed) if found.is_empty() => Ok(parsed),
        _ => Err(Problem::InvalidFields(found.into())),
    }
}

impl OrderForm {
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let currency = fields.text("currency");
        Self { currency, ..Self::without_currency(fields) }
    }

    fn without_currency(fields: &mut Fields<'_>) -> Self {
        let line = |line: &mut Fields<'_>| LineForm {
            sku: line.text("sku"),
            quantity: line.integer("quantity", Quantity::RANGE),
        };
        Self {
            reference: fields.text("reference"),
            currency: None,
            lines: fields
                .list("lines", MAX_ORDER_LINES, line)
                .map(|lines| lines.into_iter().map(Option::unwrap_or_default).collect()),
            note: fields.optional_text("note"),
        }
    }

    pub(super) fn draft(&self) -> Option<OrderDraft> {
        let currency = self.currency.as_ref()?.parse().ok()?;
        let OrderRevision { reference, lines, note } = self.revision()?;
        Some(OrderDraft { reference, currency, lines, note })
    }

    fn revision(&self) -> Option<OrderRevision> {
        let line = |line: &LineForm| {
            let quantity = Quantity::try_from(line.quantity?).ok()?;
            Some(LineDraft { sku: line.sku.as_ref()?.parse().ok()?, quantity })
        };
        Some(OrderRevision {
            reference: self.reference.as_ref()?.parse().ok()?,
            lines: self.lines.as_ref()?.iter().map(line).collect::<Option<_>>()?,
            note: self.note.as_ref().map(|note| note.parse()).transpose().ok()?,
        })
    }
}

impl ProductForm {
    fn fields(&self) -> Option<ProductFields> {
        Some(ProductFields {
            name: self.name.as_ref()?.parse().ok()?,
            currency: self.currency.as_ref()?.parse().ok()?,
            unit_price: UnitPrice::try_from(self.unit_price?).ok()?,
            active: self.active?,
        })
    }
}

/// A product whose body has no `active` can be ordered.
#[expect(clippy::unnecessary_wraps, reason = "the schema wants a default of the field's own type")]
fn active_by_default() -> Option<bool> {
    Some(true)
}

fn validate_text<T: FromStr<Err = TextError>>(text: &str) -> Result<(), ValidationError> {
    text.parse::<T>().map(|_| ()).map_err(|error| {
        let code = match error {
            TextError::Length { .. } => "length",
            TextError::ControlCharacter | TextError::InvisibleCharacter | TextError::Pattern(_) => "pattern",
        };
        validated(code, &error)
    })
}

fn validate_currency(text: &str) -> Result<(), ValidationError> {
    text.parse::<Currency>().map(|_| ()).map_err(|error| validated("pattern", &error))
}

fn validate_number<T: TryFrom<i64, Error = RangeError>>(number: i64) -> Result<(), ValidationError> {
    T::try_from(number).map(|_| ()).map_err(|error| validated("range", &error))
}

/// A validated rule, in words that follow on the name of the field.
fn validated(code: &'static str, rule: &(impl ToString + ?Sized)) -> ValidationError {
    ValidationError::new(code).with_message(rule.to_string().into())
}

/// An order has lines; a list with too many of them was not read.
fn validate_lines_not_empty(form: &OrderForm) -> Result<(), ValidationError> {
    let fits = form.lines.as_ref().is_none_or(|lines| !lines.is_empty());
    if fits { Ok(()) } else { Err(validated("length", &must_have_items(MAX_ORDER_LINES))) }
}

/// Of the lines with one sku all but the first are wrong: the error carries their indexes.
fn validate_distinct_skus(form: &OrderForm) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    let lines = form.lines.iter().flatten().enumerate();
    let again = lines.filter(|(_, line)| line.sku.as_ref().is_some_and(|sku| !seen.insert(sku)));
    let indexes: Vec<usize> = again.map(|(index, _)| index).collect();
    if indexes.is_empty() {
        return Ok(());
    }
    let mut error = validated("duplicate", "must name each sku once: order the whole quantity in one line");
    error.add_param(INDEXES.into(), &indexes);
    Err(error)
}

/// The parameter of an error that holds the indexes of the wrong lines.
const INDEXES: &str = "indexes";

/// The key under which `validator` reports errors of the form as a whole; here only the list of lines has such errors.
const WHOLE_FORM: &str = "__all__";

/// Turns what `validator` found into pointers.
fn collect_errors(pointer: &str, errors: &ValidationErrors, found: &mut ErrorCollector) {
    for (field, kind) in errors.errors() {
        let name = match field.as_ref() {
            "unit_price" => "unitPrice",
            WHOLE_FORM => "lines",
            name => name,
        };
        let pointer = format!("{pointer}/{name}");
        match kind {
            ValidationErrorsKind::Struct(inner) => collect_errors(&pointer, inner, found),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    collect_errors(&format!("{pointer}/{index}"), inner, found);
                }
            }
            ValidationErrorsKind::Field(errors) => {
                for error in errors {
                    let code = field_code(&error.code);
                    let detail = sentence(name, error.message.as_deref().unwrap_or_default());
                    match error.params.get(INDEXES).and_then(Value::as_array) {
                        Some(indexes) => indexes.iter().for_each(|index| {
                            found.add(format!("{pointer}/{index}"), code, detail.clone());
                        }),
                        None => found.add(pointer.clone(), code, detail),
                    }
                }
            }
        }
    }
}

fn field_code(code: &str) -> FieldCode {
    match code {
        "length" => FieldCode::Length,
        "range" => FieldCode::Range,
        "duplicate" => FieldCode::Duplicate,
        _ => FieldCode::Pattern,
    }
}
