//! What users ask of orders.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    pool::{Known, Pool},
    request::{BUYERS, CLERKS, PRODUCTS, Request, Way},
};

pub(super) fn place(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let reference = pool.next_reference();
    let person = *dice.pick(&BUYERS)?;
    let Value::Object(mut body) = contents(dice, &reference) else { return None };
    body.insert("currency".to_owned(), json!("EUR"));
    let way = http(Method::POST, "/api/orders".to_owned());
    Some(Request { person, way, body: Value::Object(body), reference: Some(reference), order: None })
}

/// Under a key of its own, or again under the key of an earlier request.
pub(super) fn place_once(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    if let Some(earlier) = pool.earlier(dice, |way| matches!(way, Way::Http { .. })) {
        return Some(earlier);
    }
    let mut request = place(dice, pool)?;
    if let Way::Http { headers, .. } = &mut request.way {
        headers
            .push(("idempotency-key", format!("key of {}", request.reference.as_deref()?).replace(' ', "-")));
    }
    pool.remember(&request);
    Some(request)
}

pub(super) fn process(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let way = http(Method::POST, format!("/api/orders/{}/process", order.id));
    Some(Request { person: dice.pick(&CLERKS).copied()?, ..about(order, way) })
}

/// Names the version that was last seen, so that clients who meet at one order are told apart.
pub(super) fn update(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let (method, path) = (Method::PUT, format!("/api/orders/{}", order.id));
    let way = Way::Http { method, path, headers: vec![("if-match", format!("\"{}\"", order.version))] };
    Some(Request { body: contents(dice, &order.reference), ..about(order, way) })
}

pub(super) fn cancel(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let way = http(Method::POST, format!("/api/orders/{}/cancel", order.id));
    Some(about(order, way))
}

pub(super) fn read(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    pool.draw(dice).map(look)
}

pub(super) fn read_anothers(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    let order = pool.draw(dice)?;
    let person = BUYERS.into_iter().find(|buyer| *buyer != order.owner)?;
    Some(Request { person, ..look(order) })
}

pub(super) fn history(dice: &mut Dice, pool: &Pool) -> Option<Request> {
    pool.draw(dice).map(look_back)
}

pub(super) fn list(dice: &mut Dice, _: &Pool) -> Option<Request> {
    let way = http(Method::GET, format!("/api/orders?limit={}", dice.within(1, 20)));
    Some(Request { person: dice.pick(&BUYERS)?, way, body: Value::Null, reference: None, order: None })
}

fn contents(dice: &mut Dice, reference: &str) -> Value {
    let first = dice.below(PRODUCTS.len() as u64);
    let lines: Vec<Value> = (0..dice.within(1, 3))
        .filter_map(|next| PRODUCTS.get(usize::try_from((first + next) % PRODUCTS.len() as u64).ok()?))
        .map(|(sku, _)| json!({"sku": sku, "quantity": dice.within(1, 20)}))
        .collect();
    let note = (dice.below(2) == 0).then(|| format!("leave it at door {}", dice.below(100)));
    json!({"reference": reference, "lines": lines, "note": note})
}

pub(crate) fn look(order: Known) -> Request {
    let way = http(Method::GET, format!("/api/orders/{}", order.id));
    about(order, way)
}

pub(crate) fn look_back(order: Known) -> Request {
    let way = http(Method::GET, format!("/api/orders/{}/history", order.id));
    about(order, way)
}

fn about(order: Known, way: Way) -> Request {
    Request { person: order.owner, way, body: Value::Null, reference: None, order: Some(order.id) }
}

pub(super) fn http(method: Method, path: String) -> Way {
    Way::Http { method, path, headers: Vec::new() }
}
