//! Each limit that validation knows is in the message about a value beyond it.

use std::fmt::Debug;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::*;
use crate::{
    limits::LIMITS,
    orders::{IdempotencyKey, Name, Note, Quantity, Reference, UnitPrice, money::MAX_ORDER_LINES},
};

/// What the sender reads about this field of its body.
#[track_caller]
fn of_field<T: Debug>(read: Result<T, Problem>, pointer: &str) -> String {
    let Err(Problem::InvalidFields(faults)) = read else { panic!("{pointer}: {read:?}") };
    let fault = faults.as_slice().iter().find(|fault| fault.pointer == pointer);
    fault.unwrap_or_else(|| panic!("{pointer}: {faults:?}")).detail.to_string()
}

/// What the sender of a malformed request reads.
#[track_caller]
fn of_request<T: Debug>(read: Result<T, Problem>) -> String {
    match read {
        Err(Problem::Malformed(detail)) => detail.to_owned(),
        other => panic!("{other:?}"),
    }
}

fn order_with(member: &str, value: Value) -> Result<crate::orders::OrderDraft, Problem> {
    let mut body = json!({"reference": "PO-17", "currency": "EUR", "lines": [{"sku": "CUP", "quantity": 2}]});
    *body.pointer_mut(member).unwrap() = value;
    parse_order(body.to_string().as_bytes())
}

fn product_with(member: &str, value: Value) -> Result<ProductFields, Problem> {
    let mut body = json!({"name": "Cup", "currency": "EUR", "unitPrice": 1});
    body[member] = value;
    parse_product(body.to_string().as_bytes())
}

fn note_of(length: usize) -> Result<crate::orders::OrderDraft, Problem> {
    let note = "n".repeat(length);
    let body = json!({"reference": "PO-17", "currency": "EUR", "lines": [{"sku": "CUP", "quantity": 2}], "note": note});
    parse_order(body.to_string().as_bytes())
}

#[test]
fn a_message_names_the_limit_that_was_exceeded() {
    let characters = |min: usize, max: usize| format!("must be {min} to {max} characters");
    let reference = characters(Reference::MIN_LENGTH, Reference::MAX_LENGTH);
    let name = characters(Name::MIN_LENGTH, Name::MAX_LENGTH);
    let note = characters(Note::MIN_LENGTH, Note::MAX_LENGTH);
    let sku = format!("must match `[A-Z0-9][A-Z0-9-]{{0,{}}}`", Sku::MAX_LENGTH - 1);
    let items = format!("must have 1 to {MAX_ORDER_LINES} items");
    let long = |length: usize| json!("n".repeat(length));
    let (reference_at, sku_at, quantity_at) = ("/reference", "/lines/0/sku", "/lines/0/quantity");
    let lines = vec![json!({"sku": "CUP", "quantity": 2}); MAX_ORDER_LINES + 1];
    for (said, limit) in [
        (of_field(order_with(reference_at, json!("")), reference_at), &reference),
        (of_field(order_with(reference_at, long(Reference::MAX_LENGTH + 1)), reference_at), &reference),
        (of_field(note_of(Note::MAX_LENGTH + 1), "/note"), &note),
        (of_field(product_with("name", long(Name::MAX_LENGTH + 1)), "/name"), &name),
        (of_field(order_with(sku_at, json!("Z".repeat(Sku::MAX_LENGTH + 1))), sku_at), &sku),
        (of_field(order_with("/lines", json!([])), "/lines"), &items),
        (of_field(order_with("/lines", json!(lines)), "/lines"), &items),
    ] {
        assert!(said.contains(limit.as_str()), "{limit}: {said}");
    }
    let quantity = |number: Value| of_field(order_with(quantity_at, number), quantity_at);
    let price = |number: Value| of_field(product_with("unitPrice", number), "/unitPrice");
    let plain = |said: String| said.replace(',', "");
    for number in [json!(Quantity::MIN - 1), json!(Quantity::MAX + 1), json!(1e300)] {
        let range = format!("`quantity` must be between {} and {}.", Quantity::MIN, Quantity::MAX);
        assert_eq!(plain(quantity(number)), range);
    }
    for number in [json!(UnitPrice::MIN - 1), json!(UnitPrice::MAX + 1), json!(-1e300)] {
        let range = format!("`unitPrice` must be between {} and {}.", UnitPrice::MIN, UnitPrice::MAX);
        assert_eq!(plain(price(number)), range);
    }
    assert_eq!(quantity(json!(0)), "`quantity` must be between 1 and 10,000.");
}

#[test]
fn a_malformed_request_is_told_the_limit_that_it_exceeds() {
    let deep = "[".repeat(LIMITS.json_body.max_depth + 1) + &"]".repeat(LIMITS.json_body.max_depth + 1);
    let page = Query::parse(&format!("limit={}", MAX_PAGE_LIMIT + 1)).page::<Sku>(PagedList::Products, &[]);
    let key = HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("idempotency-key"),
        "k".repeat(IdempotencyKey::MAX_LENGTH + 1).parse().unwrap(),
    )]);
    let (fewest, most) = (IdempotencyKey::MIN_LENGTH, IdempotencyKey::MAX_LENGTH);
    let secret = SecretName::MAX_LENGTH;
    for (said, limit) in [
        (of_request(parse_order(deep.as_bytes())), format!("at most {} levels", LIMITS.json_body.max_depth)),
        (of_request(page), format!("between 1 and {MAX_PAGE_LIMIT}")),
        (of_request(parse_idempotency_key(&key)), format!("{fewest} to {most} visible ASCII characters")),
        (of_request(parse_secret_name(&"s".repeat(secret + 1))), format!("1 to {secret} letters")),
    ] {
        assert!(said.contains(&limit), "{limit}: {said}");
    }
}
