//! The bodies of orders: new ones, and updates.

use orders_worker::{
    orders::{LineDraft, OrderDraft, OrderRevision},
    problem::{FieldCode, Problem},
    validation,
};
use serde_json::{Value, json};

use super::{path, problem};

pub(super) const WORDS: &[&str] = &[
    "reference",
    "currency",
    "lines",
    "note",
    "sku",
    "quantity",
    "unitPrice",
    "owner",
    "status",
    "EUR",
    "JPY",
    "XXX",
    "BEANS",
    "PO-17",
    "10000",
    "10001",
    "1000000000",
    "-1",
    "~1",
    "~0",
];

/// A body that parses must print, and parse again to an equal one; any other is refused as
/// `docs/reference/api.md#field-errors` says.
pub(super) fn run(input: &[u8]) -> u64 {
    let revised = match validation::parse_revision(input) {
        Ok(revision) => {
            let again = validation::parse_revision(printed_revision(&revision).to_string().as_bytes());
            assert_eq!(again.as_ref(), Ok(&revision));
            path("revision")
        }
        Err(problem) => problem::check(&problem, input),
    };
    let placed = match validation::parse_order(input) {
        Ok(draft) => {
            let again = validation::parse_order(printed(&draft).to_string().as_bytes());
            assert_eq!(again.as_ref().map(OrderDraft::content_digest), Ok(draft.content_digest()));
            assert_eq!(again, Ok(draft.clone()));
            names_a_currency_that_stays(input);
            path((draft.lines.len().min(3), draft.note.map(|note| note.as_str().is_empty())))
        }
        Err(problem) => problem::check(&problem, input),
    };
    path((placed, revised))
}

/// Whether the only error of an update is that it names a currency: a new order's body is a valid update except for its
/// currency.
fn names_a_currency_that_stays(input: &[u8]) {
    let Err(Problem::InvalidFields(faults)) = validation::parse_revision(input) else {
        panic!("the currency of an order cannot be changed")
    };
    let faults: Vec<_> = faults.as_slice().iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    assert_eq!(faults, [("/currency", FieldCode::UnknownField)]);
}

/// A draft as its body.
pub(super) fn printed(draft: &OrderDraft) -> Value {
    let OrderDraft { reference, currency, lines, note } = draft;
    json!({"reference": reference, "currency": currency, "lines": printed_lines(lines), "note": note})
}

fn printed_revision(revision: &OrderRevision) -> Value {
    let OrderRevision { reference, lines, note } = revision;
    json!({"reference": reference, "lines": printed_lines(lines), "note": note})
}

fn printed_lines(lines: &[LineDraft]) -> Value {
    lines.iter().map(|line| json!({"sku": line.sku, "quantity": line.quantity})).collect()
}
