//! The life of an order, told once: each call has the same answer from every host.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use regex::Regex;
use reqwest::Method;
use serde_json::{Value, json};

use super::served::Served;

/// Headers whose values `docs/reference/api.md#response-headers` fixes.
const FIXED: [&str; 7] = [
    "content-type",
    "cache-control",
    "etag",
    "location",
    "idempotency-replayed",
    "www-authenticate",
    "x-content-type-options",
];

/// How long an order may take through the queue.
const FULFILMENT: Duration = Duration::from_mins(2);

/// One answer, without what differs from run to run: ids and times.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    call: String,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// Who calls, and what came back.
struct Teller<'a> {
    served: &'a Served,
    tokens: BTreeMap<&'static str, String>,
    varying: Regex,
    answers: Vec<Answer>,
}

/// Tells the story and gives every answer; the part that needs queues comes last.
pub(crate) async fn told(served: &Served, has_queues: bool) -> Vec<Answer> {
    let users = ["buyer", "neighbour", "clerk", "admin"];
    let tokens = users.into_iter().map(|person| (person, Served::token(person))).collect();
    let id = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    let varying = Regex::new(&format!(r"{id}|[0-9-]{{10}}T[0-9:.]+Z")).expect("an expression");
    let mut teller = Teller { served, tokens, varying, answers: Vec::new() };
    let order = teller.placed().await;
    teller.kept_from_others(&order).await;
    teller.changed(&order).await;
    if has_queues {
        teller.fulfilled().await;
    }
    teller.answers
}

impl Teller<'_> {
    async fn placed(&mut self) -> String {
        self.tell("", "GET /api/orders", &[], None, 401, "unauthenticated").await;
        let beans = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1290});
        self.tell("buyer", "PUT /api/products/BEANS", &[], Some(&beans), 403, "forbidden").await;
        self.tell("admin", "PUT /api/products/BEANS", &[], Some(&beans), 201, "").await;
        self.tell("neighbour", "GET /api/products", &[], None, 200, "").await;
        let key = [("idempotency-key", "story-1")];
        let wanted = |sku: &str| json!({"reference": "PO-17", "currency": "EUR", "lines": [{"sku": sku, "quantity": 2}]});
        let order = self.tell("buyer", "POST /api/orders", &key, Some(&wanted("BEANS")), 201, "").await;
        assert_eq!((self.said("location"), self.said("etag")), (Some("/api/orders/…"), Some("\"1\"")));
        let again = self.tell("buyer", "POST /api/orders", &key, Some(&wanted("BEANS")), 201, "").await;
        assert_eq!(again, order, "the same request under the same key is the same order");
        assert_eq!(self.said("idempotency-replayed"), Some("true"));
        let other =
            json!({"reference": "PO-18", "currency": "EUR", "lines": [{"sku": "BEANS", "quantity": 1}]});
        self.tell("buyer", "POST /api/orders", &key, Some(&other), 422, "key-reused").await;
        self.tell("buyer", "POST /api/orders", &[], Some(&wanted("TEA")), 422, "invalid-fields").await;
        format!("/api/orders/{}", order["id"].as_str().expect("an id"))
    }

    async fn kept_from_others(&mut self, order: &str) {
        self.tell("buyer", &format!("GET {order}"), &[], None, 200, "").await;
        self.tell("neighbour", &format!("GET {order}"), &[], None, 404, "not-found").await;
        self.tell("neighbour", &format!("POST {order}/cancel"), &[], None, 404, "not-found").await;
        let listed = self.tell("buyer", "GET /api/orders", &[], None, 200, "").await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        let listed = self.tell("neighbour", "GET /api/orders", &[], None, 200, "").await;
        assert_eq!(listed["items"], json!([]));
        self.tell("neighbour", "GET /api/orders?scope=all", &[], None, 403, "forbidden").await;
        self.tell("clerk", "GET /api/orders?scope=all", &[], None, 200, "").await;
        self.tell("buyer", "GET /api/dead-letters", &[], None, 403, "forbidden").await;
        self.tell("admin", "GET /api/dead-letters", &[], None, 200, "").await;
    }

    async fn changed(&mut self, order: &str) {
        let revision =
            json!({"reference": "PO-18", "lines": [{"sku": "BEANS", "quantity": 3}], "note": null});
        let put = format!("PUT {order}");
        self.tell("buyer", &put, &[], Some(&revision), 428, "precondition-required").await;
        self.tell("buyer", &put, &[("if-match", "\"9\"")], Some(&revision), 412, "stale").await;
        self.tell("admin", &put, &[("if-match", "\"1\"")], Some(&revision), 404, "not-found").await;
        let changed = self.tell("buyer", &put, &[("if-match", "\"1\"")], Some(&revision), 200, "").await;
        assert_eq!((&changed["total"], &changed["version"]), (&json!(3870), &json!(2)));
        let cancelled = self.tell("buyer", &format!("POST {order}/cancel"), &[], None, 200, "").await;
        assert_eq!(cancelled["status"], "cancelled");
        self.tell("buyer", &put, &[("if-match", "\"3\"")], Some(&revision), 409, "conflict").await;
        self.tell("buyer", &format!("GET {order}/history"), &[], None, 200, "").await;
    }

    async fn fulfilled(&mut self) {
        let wanted =
            json!({"reference": "PO-19", "currency": "EUR", "lines": [{"sku": "BEANS", "quantity": 1}]});
        let order = self.tell("buyer", "POST /api/orders", &[], Some(&wanted), 201, "").await;
        let order = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
        let process = format!("POST {order}/process");
        self.tell("buyer", &process, &[], None, 403, "forbidden").await;
        let queued = self.tell("clerk", &process, &[], None, 202, "").await;
        assert_eq!(queued["status"], "queued");
        let started = Instant::now();
        let get = format!("GET {order}");
        while self.answer("buyer", &get, &[], None).await.1["status"] != "fulfilled" {
            assert!(started.elapsed() < FULFILMENT, "the order does not come out of the queue");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.tell("buyer", &get, &[], None, 200, "").await;
    }

    /// Makes a call, which has to be answered with this status and, if it is refused, this problem; gives the body.
    async fn tell(
        &mut self,
        who: &str,
        call: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        status: u16,
        slug: &str,
    ) -> Value {
        let (answer, body) = self.answer(who, call, headers, body).await;
        let problem = body["type"].as_str().unwrap_or_default();
        let problem = problem.strip_prefix("urn:orders:problem:").unwrap_or(problem);
        assert_eq!((answer.status, problem), (status, slug), "{answer:?}");
        self.answers.push(answer);
        body
    }

    /// A header of the last answer.
    fn said(&self, name: &str) -> Option<&str> {
        let headers = &self.answers.last()?.headers;
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    async fn answer(
        &self,
        who: &str,
        call: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (Answer, Value) {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let request = self.served.call(Method::from_bytes(method.as_bytes()).expect("a method"), path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = match body {
            Some(body) => request.json(body),
            None if method == "GET" => request,
            None => request.header("content-length", "0"),
        };
        let request = match self.tokens.get(who) {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.expect("an answer");
        let masked = |text: &str| self.varying.replace_all(text, "…").into_owned();
        let value = |name: &'static str| Some((name, masked(answer.headers().get(name)?.to_str().ok()?)));
        let (status, headers) = (answer.status().as_u16(), FIXED.into_iter().filter_map(value).collect());
        let text = answer.text().await.expect("a whole body");
        let body = serde_json::from_str(&text).unwrap_or_default();
        (Answer { call: format!("{who}: {}", masked(call)), status, headers, body: masked(&text) }, body)
    }
}
