//! The functions whose cost must not grow, and their requests.

use std::ops::Range;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Serialize;
use serde_json::json;

use super::{ids, orders::Stored};
use crate::requests::{Caller, NEW_ORDER, READER, WRITER};

/// A function in one of its uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) enum Function {
    GetOrder,
    ListOwn,
    ListOwnDeep,
    ListAll,
    ListAllDeep,
    CreateOrder,
    ProcessOrder,
    FulfilOrder,
    RelayOutbox,
    Gauges,
    PurgeExpired,
}

/// An order processor.
const CLERK: &str = "11111111-0000-4000-8000-000000000003";

impl Function {
    /// In the sequence of a round: what adds orders comes after what reads.
    pub(crate) const ALL: [Self; 11] = [
        Self::GetOrder,
        Self::ListOwn,
        Self::ListOwnDeep,
        Self::ListAll,
        Self::ListAllDeep,
        Self::CreateOrder,
        Self::ProcessOrder,
        Self::FulfilOrder,
        Self::RelayOutbox,
        Self::Gauges,
        Self::PurgeExpired,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::GetOrder => "GetOrder",
            Self::ListOwn => "ListOrders, own",
            Self::ListOwnDeep => "ListOrders, own, deep cursor",
            Self::ListAll => "ListOrders, all",
            Self::ListAllDeep => "ListOrders, all, deep cursor",
            Self::CreateOrder => "CreateOrder",
            Self::ProcessOrder => "ProcessOrder",
            Self::FulfilOrder => "FulfilOrder",
            Self::RelayOutbox => "RelayOutbox, 100 due",
            Self::Gauges => "gauges (RelayOutbox, none due)",
            Self::PurgeExpired => "PurgeExpired, 300 expired",
        }
    }

    /// Timers run one at a time.
    pub(super) const fn is_timer(self) -> bool {
        matches!(self, Self::RelayOutbox | Self::Gauges | Self::PurgeExpired)
    }

    pub(super) const fn status(self) -> u16 {
        match self {
            Self::CreateOrder => 201,
            Self::ProcessOrder => 202,
            _ => 200,
        }
    }

    /// Orders, lines and history entries that a call returns or writes, or that its decision is about; none for a
    /// timer. `answer` is the body of its answer.
    pub(super) fn entries(self, answer: &serde_json::Value) -> Option<f64> {
        let lines = |order: &serde_json::Value| order["lines"].as_array().map_or(0, Vec::len);
        let entries = match self {
            // One order more is read, to know whether there is a next page.
            Self::ListOwn | Self::ListOwnDeep | Self::ListAll | Self::ListAllDeep => {
                let items = answer["items"].as_array()?;
                let next = items.last().filter(|_| !answer["next"].is_null());
                items.iter().chain(next).map(|order| 1 + lines(order)).sum()
            }
            Self::GetOrder => 1 + lines(answer),
            Self::CreateOrder | Self::ProcessOrder => 2 + lines(answer),
            // The order with its two lines, and its history entry.
            Self::FulfilOrder => 4,
            Self::RelayOutbox | Self::Gauges | Self::PurgeExpired => return None,
        };
        u32::try_from(entries).ok().map(f64::from)
    }

    /// The requests of a round to the worker at this port; each differs from every other.
    pub(super) fn requests(self, stored: Stored, port: u16, round: u32, turns: Range<u32>) -> Vec<Vec<u8>> {
        turns.map(|turn| self.request(stored, port, round, turn)).collect()
    }

    fn request(self, stored: Stored, port: u16, round: u32, turn: u32) -> Vec<u8> {
        let invocation = format!("{:08x}-{round:04x}-4000-8000-{turn:012x}", self as u32);
        let mut request = Vec::new();
        let mut call = |caller: &Caller, path: &str, body: &str| {
            caller.write(&mut request, path, &invocation, "", body);
        };
        let number = stored.scattered(turn.wrapping_add(round.wrapping_mul(100_003)));
        match self {
            Self::GetOrder => {
                let path = format!("GET /api/orders/{}", stored.id(number));
                call(&Caller::of(&stored.owner(number)), &path, "");
            }
            Self::ListOwn => call(&Caller::of(&stored.owner(number)), "GET /api/orders", ""),
            // Far behind where the reader's list begins, whose length grows with the scale.
            Self::ListOwnDeep => {
                let path = format!("GET /api/orders?cursor={}", cursor("own", &stored.id(number / 2 + 400)));
                call(&Caller::of(READER), &path, "");
            }
            Self::ListAll => call(&Caller::in_role(CLERK, "OrderProcessor"), "GET /api/orders?scope=all", ""),
            Self::ListAllDeep => {
                let after = cursor("all", &stored.id(number / 2 + 400));
                let path = format!("GET /api/orders?scope=all&cursor={after}");
                call(&Caller::in_role(CLERK, "OrderProcessor"), &path, "");
            }
            Self::CreateOrder => call(&Caller::of(WRITER), "POST /api/orders", NEW_ORDER),
            Self::ProcessOrder => {
                let path = format!("POST /api/orders/{}/process", ids::placed(round, turn));
                call(&Caller::in_role(CLERK, "OrderProcessor"), &path, "");
            }
            Self::FulfilOrder => {
                let message = STANDARD.encode(ids::message(round, turn));
                envelope(&mut request, self.name(), port, &invocation, &json!({"message": message}));
            }
            Self::RelayOutbox | Self::Gauges | Self::PurgeExpired => {
                let timer = if self == Self::PurgeExpired { "PurgeExpired" } else { "RelayOutbox" };
                envelope(&mut request, timer, port, &invocation, &json!({"timer": {"IsPastDue": false}}));
            }
        }
        request
    }
}

/// The `next` of a page that ends with the order of this id.
fn cursor(list: &str, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list} {id}"))
}

/// What the host sends for a trigger.
fn envelope(request: &mut Vec<u8>, function: &str, port: u16, invocation: &str, data: &serde_json::Value) {
    let body = json!({"Data": data, "Metadata": {}}).to_string();
    let head = format!(
        "POST /{function} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-Azure-Functions-InvocationId: {invocation}\r\n\r\n",
        body.len(),
    );
    request.extend(head.as_bytes());
    request.extend(body.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_calls_change_the_same_order() {
        let stored = Stored { count: 1000 };
        for function in [Function::ProcessOrder, Function::FulfilOrder] {
            let rounds = (0..2).flat_map(|round| function.requests(stored, 80, round, 0..100));
            assert_eq!(rounds.collect::<HashSet<_>>().len(), 200, "{function:?}");
        }
    }

    #[test]
    fn a_page_counts_its_orders_their_lines_and_the_order_after_it() {
        let order = json!({"lines": [{}, {}]});
        let page = |next| json!({"items": [order, order], "next": next});
        let entries = |function: Function, answer| function.entries(&answer).map(f64::to_bits);
        let some = |count: f64| Some(count.to_bits());
        assert_eq!(entries(Function::ListAll, page(json!("Y"))), some(9.0));
        assert_eq!(entries(Function::ListAll, page(json!(null))), some(6.0));
        assert_eq!(entries(Function::GetOrder, order), some(3.0));
        assert_eq!(entries(Function::PurgeExpired, json!({})), None);
    }
}
