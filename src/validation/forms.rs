//! The forms that clients fill in. The domain's own types say what each field may hold; `validator` walks the form
//! and gathers every fault; nothing is kept of a form that has one.

use std::{collections::HashSet, str::FromStr};

use schemars::JsonSchema;
use serde_json::Value;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use super::fields::{Faults, Fields, must_have_items, sentence};
use crate::{
    json,
    limits::LIMITS,
    orders::{
        Currency, LineDraft, Name, Note, OrderDraft, OrderRevision, ProductDraft, Quantity, Reference, Sku,
        UnitPrice,
        money::{MAX_LINES, RangeError},
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
#[validate(schema(function = "lines_are_some", skip_on_field_errors = false))]
#[validate(schema(function = "skus_are_distinct", skip_on_field_errors = false))]
pub(super) struct OrderForm {
    #[schemars(with = "Reference")]
    #[validate(custom(function = "holds::<Reference>"))]
    reference: Option<String>,
    #[schemars(with = "Currency")]
    #[validate(custom(function = "is_currency"))]
    currency: Option<String>,
    /// Each sku stands in one line.
    #[schemars(with = "Vec<LineForm>", length(min = 1, max = MAX_LINES))]
    #[validate(nested)]
    lines: Option<Vec<LineForm>>,
    #[schemars(with = "Option<Note>")]
    #[validate(custom(function = "holds::<Note>"))]
    note: Option<String>,
}

/// A line of an order that is to be placed.
#[derive(Default, JsonSchema, Validate)]
#[schemars(rename = "NewLine", deny_unknown_fields)]
struct LineForm {
    #[schemars(with = "Sku")]
    #[validate(custom(function = "holds::<Sku>"))]
    sku: Option<String>,
    #[schemars(with = "Quantity")]
    #[validate(custom(function = "counts::<Quantity>"))]
    quantity: Option<i64>,
}

/// What a product is to be; its sku stands in the path.
#[derive(JsonSchema, Validate)]
#[schemars(rename = "NewProduct", deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ProductForm {
    #[schemars(with = "Name")]
    #[validate(custom(function = "holds::<Name>"))]
    name: Option<String>,
    #[schemars(with = "Currency")]
    #[validate(custom(function = "is_currency"))]
    currency: Option<String>,
    #[schemars(with = "UnitPrice")]
    #[validate(custom(function = "counts::<UnitPrice>"))]
    unit_price: Option<i64>,
    /// Whether it can be ordered.
    #[schemars(with = "bool", default = "sold")]
    active: Option<bool>,
}

/// Reads the body of a new order.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn order(body: &[u8]) -> Result<OrderDraft, Problem> {
    filled(body, |fields| {
        let form = OrderForm::of(fields);
        (form.draft(), form.validate())
    })
}

/// Reads the body of an order that is to be changed: a new one's without its currency, which stays.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn revision(body: &[u8]) -> Result<OrderRevision, Problem> {
    filled(body, |fields| {
        let form = OrderForm::without_currency(fields);
        (form.revision(), form.validate())
    })
}

/// What the body of a product says; its sku stands in the path.
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
    pub fn of(self, sku: Sku) -> ProductDraft {
        let Self { name, currency, unit_price, active } = self;
        ProductDraft { sku, name, currency, unit_price, active }
    }
}

/// Reads the body of a product.
///
/// # Errors
/// `malformed`, or `invalid-fields` with every wrong field.
pub fn product(body: &[u8]) -> Result<ProductFields, Problem> {
    filled(body, |fields| {
        let form = ProductForm {
            name: fields.text("name"),
            currency: fields.text("currency"),
            unit_price: fields.integer("unitPrice", UnitPrice::RANGE),
            active: fields.optional_flag("active").or_else(sold),
        };
        (form.fields(), form.validate())
    })
}

/// Parses a body, lets `fill` take what it wants of it, and gives out what it made only if nothing was wrong.
pub(super) fn filled<T>(
    body: &[u8],
    fill: impl FnOnce(&mut Fields<'_>) -> (Option<T>, Result<(), ValidationErrors>),
) -> Result<T, Problem> {
    let body = json::parse_strict(body, LIMITS.json_body.max_depth).ok_or(NOT_JSON)?;
    let mut faults = Faults::default();
    let mut made = None;
    let mut broken = Ok(());
    if let Some(mut fields) = Fields::of(body, String::new(), "The body", &mut faults) {
        (made, broken) = fill(&mut fields);
        fields.finish();
    }
    if let Err(errors) = broken {
        gather("", &errors, &mut faults);
    }
    match made {
        Some(made) if faults.is_empty() => Ok(made),
        _ => Err(Problem::InvalidFields(faults.into())),
    }
}

impl OrderForm {
    pub(super) fn of(fields: &mut Fields<'_>) -> Self {
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
                .list("lines", MAX_LINES, line)
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

/// A product of which nothing else is said can be ordered.
#[expect(clippy::unnecessary_wraps, reason = "the schema wants a default of the field's own type")]
fn sold() -> Option<bool> {
    Some(true)
}

fn holds<T: FromStr<Err = TextError>>(text: &str) -> Result<(), ValidationError> {
    text.parse::<T>().map(|_| ()).map_err(|error| {
        let code = match error {
            TextError::Length { .. } => "length",
            TextError::ControlCharacter | TextError::InvisibleCharacter | TextError::Pattern(_) => "pattern",
        };
        broken(code, error)
    })
}

fn is_currency(text: &str) -> Result<(), ValidationError> {
    text.parse::<Currency>().map(|_| ()).map_err(|error| broken("pattern", error))
}

fn counts<T: TryFrom<i64, Error = RangeError>>(number: i64) -> Result<(), ValidationError> {
    T::try_from(number).map(|_| ()).map_err(|error| broken("range", error))
}

/// A broken rule, in words that follow on the name of the field.
fn broken(code: &'static str, rule: impl ToString) -> ValidationError {
    ValidationError::new(code).with_message(rule.to_string().into())
}

/// An order has lines; a list with too many of them was not read.
fn lines_are_some(form: &OrderForm) -> Result<(), ValidationError> {
    let fits = form.lines.as_ref().is_none_or(|lines| !lines.is_empty());
    if fits { Ok(()) } else { Err(broken("length", must_have_items(MAX_LINES))) }
}

/// Of the lines with one sku all but the first are wrong: their indexes travel with the error.
fn skus_are_distinct(form: &OrderForm) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    let lines = form.lines.iter().flatten().enumerate();
    let again = lines.filter(|(_, line)| line.sku.as_ref().is_some_and(|sku| !seen.insert(sku)));
    let indexes: Vec<usize> = again.map(|(index, _)| index).collect();
    if indexes.is_empty() {
        return Ok(());
    }
    let mut error = broken("duplicate", "must name each sku once: order the whole quantity in one line");
    error.add_param(INDEXES.into(), &indexes);
    Err(error)
}

/// The parameter of an error that holds the indexes of the wrong lines.
const INDEXES: &str = "indexes";

/// Where `validator` puts what is wrong with a form as a whole; here only the list of lines can be.
const WHOLE_FORM: &str = "__all__";

/// Turns what `validator` found into pointers.
fn gather(pointer: &str, errors: &ValidationErrors, faults: &mut Faults) {
    for (field, kind) in errors.errors() {
        let name = match field.as_ref() {
            "unit_price" => "unitPrice",
            WHOLE_FORM => "lines",
            name => name,
        };
        let pointer = format!("{pointer}/{name}");
        match kind {
            ValidationErrorsKind::Struct(inner) => gather(&pointer, inner, faults),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    gather(&format!("{pointer}/{index}"), inner, faults);
                }
            }
            ValidationErrorsKind::Field(found) => {
                for error in found {
                    let code = code(&error.code);
                    let detail = sentence(name, error.message.as_deref().unwrap_or_default());
                    match error.params.get(INDEXES).and_then(Value::as_array) {
                        Some(indexes) => indexes.iter().for_each(|index| {
                            faults.add(format!("{pointer}/{index}"), code, detail.clone());
                        }),
                        None => faults.add(pointer.clone(), code, detail),
                    }
                }
            }
        }
    }
}

fn code(code: &str) -> FieldCode {
    match code {
        "length" => FieldCode::Length,
        "range" => FieldCode::Range,
        "duplicate" => FieldCode::Duplicate,
        _ => FieldCode::Pattern,
    }
}
