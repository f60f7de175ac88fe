//! What comes through queues: valid messages, and invalid ones with their dead letters.

use reqwest::Method;
use serde_json::{Value, json};

use super::orders::{http, place};
use crate::{
    known_orders::KnownOrders,
    request::{ADMIN, FULFILMENT, INCOMING, LETTERS, Request, Transport},
    rng::Rng,
};

/// Sends a new message, or an earlier one again.
pub(super) fn ingest(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    if let Some(earlier) = pool.earlier(rng, |transport| matches!(transport, Transport::Queue(_))) {
        return Some(earlier);
    }
    let id = rng.id();
    let request = incoming(rng, pool, &id)?;
    pool.remember(&request);
    Some(request)
}

/// Something else under the id of an earlier message: whichever of both comes first is the one that counts.
pub(super) fn reuse(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let earlier = pool.earlier(rng, |transport| matches!(transport, Transport::Queue(_)))?;
    incoming(rng, pool, earlier.body["messageId"].as_str()?)
}

fn incoming(rng: &mut Rng, pool: &KnownOrders, id: &str) -> Option<Request> {
    let mut request = place(rng, pool)?;
    let (tenant, object) = pool.person(request.person)?;
    request.body["version"] = json!(1);
    request.body["messageId"] = json!(id);
    request.body["owner"] = json!({"tenantId": tenant, "objectId": object});
    request.transport = Transport::Queue(INCOMING);
    Some(request)
}

/// A message that can never be carried out; no two are alike.
pub(super) fn nonsense(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let (one, other) = (rng.id(), rng.id());
    let point = |version: u64| json!({"version": version, "messageId": one, "orderId": other});
    let (queue, body) = match rng.below(8) {
        0 => (INCOMING, json!(format!("{{\"messageId\": \"{one}\""))),
        1 => (INCOMING, json!({"version": 1, "messageId": one})),
        2 | 3 => {
            let mut body = incoming(rng, pool, &one)?.body;
            let wrong = [
                ("version", json!(2)),
                ("lines", json!([{"sku": "NO-SUCH-THING", "quantity": 1}])),
                ("currency", json!("USD")),
                ("status", json!("fulfilled")),
            ];
            let (member, value) = rng.pick(&wrong)?;
            body[*member] = value.clone();
            (INCOMING, body)
        }
        4 => (FULFILMENT, json!(format!("\u{0}{one}"))),
        5 => (FULFILMENT, point(2)),
        _ => (FULFILMENT, point(1)),
    };
    Some(Request { person: "none", transport: Transport::Queue(queue), body, reference: None, order: None })
}

/// A forged message about an order that is there.
pub(super) fn point(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let order = pool.draw(rng)?.id;
    let body = json!({"version": 1, "messageId": rng.id(), "orderId": order});
    let transport = Transport::Queue(FULFILMENT);
    Some(Request { person: "none", transport, body, reference: None, order: Some(order) })
}

#[expect(clippy::unnecessary_wraps, reason = "every operation draws its request by a function of one type")]
pub(super) fn list_letters(rng: &mut Rng, _: &KnownOrders) -> Option<Request> {
    Some(by_admin(Method::GET, format!("/api/dead-letters?limit={}", rng.within(1, 100))))
}

/// Any dead letter that was listed, one that was replayed before too.
pub(super) fn replay(rng: &mut Rng, pool: &KnownOrders) -> Option<Request> {
    let letter = pool.draw_letter(rng)?;
    Some(by_admin(Method::POST, format!("{LETTERS}{letter}/replay")))
}

fn by_admin(method: Method, path: String) -> Request {
    Request { person: ADMIN, transport: http(method, path), body: Value::Null, reference: None, order: None }
}

/// The bytes of a message: text as it is, everything else as JSON.
pub(crate) fn payload(body: &Value) -> String {
    body.as_str().map_or_else(|| body.to_string(), str::to_owned)
}
