//! What users ask of orders.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    known_orders::{KnownOrder, KnownOrders},
    request::{BUYERS, CLERKS, PRODUCTS, Request, Transport},
    rng::Rng,
};

pub(super) fn place(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let reference = pool.next_reference();
    let person = *rng.pick(&BUYERS)?;
    let Value::Object(mut body) = contents(rng, &reference) else { return None };
    body.insert("currency".to_owned(), json!("EUR"));
    let transport = http(Method::POST, "/api/orders".to_owned());
    Some(Request { person, transport, body: Value::Object(body), reference: Some(reference), order: None })
}

/// Places an order under a new idempotency key, or again under the key of an earlier request.
pub(super) fn place_once(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    if let Some(earlier) = pool.earlier(rng, |transport| matches!(transport, Transport::Http { .. })) {
        return Some(earlier);
    }
    let mut request = place(rng, pool)?;
    if let Transport::Http { headers, .. } = &mut request.transport {
        headers
            .push(("idempotency-key", format!("key of {}", request.reference.as_deref()?).replace(' ', "-")));
    }
    pool.remember(&request);
    Some(request)
}

pub(super) fn process(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let order = pool.draw(rng)?;
    let transport = http(Method::POST, format!("/api/orders/{}/process", order.id));
    Some(Request { person: rng.pick(&CLERKS).copied()?, ..about(order, transport) })
}

/// Names the version that was last seen, so that the changes of clients who meet at one order can be distinguished.
pub(super) fn update(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let order = pool.draw(rng)?;
    let (method, path) = (Method::PUT, format!("/api/orders/{}", order.id));
    let transport =
        Transport::Http { method, path, headers: vec![("if-match", format!("\"{}\"", order.version))] };
    Some(Request { body: contents(rng, &order.reference), ..about(order, transport) })
}

pub(super) fn cancel(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let order = pool.draw(rng)?;
    let transport = http(Method::POST, format!("/api/orders/{}/cancel", order.id));
    Some(about(order, transport))
}

pub(super) fn read(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    pool.draw(rng).map(read_order)
}

pub(super) fn read_anothers(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let order = pool.draw(rng)?;
    let person = BUYERS.into_iter().find(|buyer| *buyer != order.owner)?;
    Some(Request { person, ..read_order(order) })
}

pub(super) fn history(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    pool.draw(rng).map(read_history)
}

pub(super) fn list(rng: &mut Rng, _: &KnownOrders) -> Option<Request> {
    let transport = http(Method::GET, format!("/api/orders?limit={}", rng.within(1, 20)));
    Some(Request { person: rng.pick(&BUYERS)?, transport, body: Value::Null, reference: None, order: None })
}

fn contents(rng: &mut Rng, reference: &str) -> Value {
    let first = rng.below(PRODUCTS.len() as u64);
    let lines: Vec<Value> = (0..rng.within(1, 3))
        .filter_map(|next| PRODUCTS.get(usize::try_from((first + next) % PRODUCTS.len() as u64).ok()?))
        .map(|(sku, _)| json!({"sku": sku, "quantity": rng.within(1, 20)}))
        .collect();
    let note = (rng.below(2) == 0).then(|| format!("leave it at door {}", rng.below(100)));
    json!({"reference": reference, "lines": lines, "note": note})
}

pub(crate) fn read_order(order: KnownOrder) -> Request {
    let transport = http(Method::GET, format!("/api/orders/{}", order.id));
    about(order, transport)
}

pub(crate) fn read_history(order: KnownOrder) -> Request {
    let transport = http(Method::GET, format!("/api/orders/{}/history", order.id));
    about(order, transport)
}

fn about(order: KnownOrder, transport: Transport) -> Request {
    Request { person: order.owner, transport, body: Value::Null, reference: None, order: Some(order.id) }
}

pub(super) fn http(method: Method, path: String) -> Transport {
    Transport::Http { method, path, headers: Vec::new() }
}
