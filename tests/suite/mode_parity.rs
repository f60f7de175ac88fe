//! The three modes give the same answers: status, parsed body, and the headers that clients act on.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::{Client, Mode, Reply, TestApp, a_revision, an_order};

/// The headers that clients act on.
const HEADERS: [&str; 9] = [
    "content-type",
    "location",
    "etag",
    "cache-control",
    "www-authenticate",
    "retry-after",
    "x-content-type-options",
    "allow",
    "idempotency-replayed",
];

/// Ids and times differ from run to run: each is replaced by the place where it was first seen, by field name only.
#[derive(Default)]
struct Masks(HashMap<String, usize>);

impl Masks {
    fn mask(&mut self, text: &str) -> String {
        let next = self.0.len();
        format!("#{}", self.0.entry(text.to_owned()).or_insert(next))
    }

    fn body(&mut self, value: Value) -> Value {
        match value {
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| match (name.as_str(), value) {
                    ("createdAt" | "updatedAt" | "at" | "instance" | "invocationId", Value::String(_)) => {
                        (name, json!("masked"))
                    }
                    ("id" | "next", Value::String(text)) => {
                        let masked = self.mask(&text);
                        (name, json!(masked))
                    }
                    (_, value) => (name, self.body(value)),
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|item| self.body(item)).collect(),
            value => value,
        }
    }

    fn reply(&mut self, reply: &Reply) -> Value {
        let body = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
        let headers: Vec<Value> = HEADERS
            .iter()
            .filter_map(|name| Some((*name, reply.header(name)?)))
            .map(|(name, value)| match value.strip_prefix("/api/orders/") {
                Some(id) => json!([name, self.mask(id)]),
                None => json!([name, value]),
            })
            .collect();
        json!({"status": reply.status, "headers": headers, "body": self.body(body)})
    }
}

async fn story(app: &TestApp) -> Vec<Value> {
    let mut masks = Masks::default();
    let mut told = Vec::new();
    let mut tell = |reply: Reply| {
        told.push(masks.reply(&reply));
        reply
    };
    let person = |name: &str| -> Client { app.user(name) };
    let (admin, buyer, clerk) = (person("admin"), person("buyer"), person("clerk"));
    let product = |price: i64| json!({"name": "Beans ☕", "currency": "EUR", "unitPrice": price});
    tell(admin.put("/api/products/BEANS", &product(1290)).await);
    tell(admin.with("if-match", "\"1\"").put("/api/products/BEANS", &product(1390)).await);
    tell(admin.with("if-match", "\"1\"").put("/api/products/BEANS", &product(1390)).await);
    tell(admin.put("/api/products/BEANS", &product(1390)).await);
    tell(buyer.put("/api/products/BEANS", &product(1)).await);
    let mut wanted = an_order("BEANS");
    wanted["note"] = json!("2026-11-22T05:38:40.500Z");
    let placed = tell(buyer.post("/api/orders", &wanted).await);
    let location = placed.header("location").expect("a location").to_owned();
    for client in [&buyer, &clerk, &person("neighbour"), &person("visitor"), &app.anonymous()] {
        tell(client.get(&location).await);
    }
    tell(buyer.get(&location.to_uppercase().replace("/API/ORDERS", "/Api/Orders")).await);
    tell(buyer.get(&format!("{location}/")).await);
    tell(buyer.post("/api/orders", &an_order("NONE")).await);
    tell(buyer.post("/api/orders", &json!({"lines": 7, "extra": null})).await);
    tell(buyer.raw("POST", "/api/orders", Some("application/json"), "[1,").await);
    tell(buyer.raw("POST", "/api/orders", Some("text/plain"), "hello").await);
    tell(buyer.raw("POST", "/api/orders", Some("application/json"), vec![b' '; 70_000]).await);
    let keyed = buyer.with("idempotency-key", "k");
    tell(keyed.post("/api/orders", &an_order("BEANS")).await);
    tell(keyed.post("/api/orders", &an_order("BEANS")).await);
    tell(keyed.post("/api/orders", &wanted).await);
    tell(buyer.put(&location, &a_revision("BEANS")).await);
    tell(buyer.with("if-match", "\"2\"").put(&location, &a_revision("BEANS")).await);
    tell(buyer.with("if-match", "\"1\"").put(&location, &a_revision("BEANS")).await);
    tell(buyer.get(&format!("{location}/history?limit=1")).await);
    let other = tell(buyer.post("/api/orders", &an_order("BEANS")).await);
    let other = other.header("location").expect("a location");
    tell(admin.post_nothing(&format!("{other}/cancel")).await);
    tell(admin.get(&format!("{other}/history")).await);
    tell(buyer.get("/api/orders?limit=0").await);
    tell(buyer.get("/api/orders").await);
    tell(buyer.get("/api/orders?scope=all").await);
    tell(person("warehouse").get("/api/orders?scope=all").await);
    tell(person("warehouse").get("/api/orders").await);
    tell(buyer.get("/api/products?limit=1").await);
    tell(admin.get("/api/dead-letters").await);
    tell(clerk.get("/api/dead-letters").await);
    tell(buyer.get("/api/openapi.json").await);
    tell(buyer.post_nothing(&format!("{location}/process")).await);
    tell(clerk.post_nothing(&format!("{location}/process")).await);
    told
}

#[tokio::test]
async fn all_modes_give_the_same_responses() {
    let mut stories = Vec::new();
    for mode in Mode::ALL {
        let app = crate::support::Setup::in_mode(mode)
            .set("AzureWebJobs.FulfilOrder.Disabled", "true")
            .start()
            .await;
        stories.push(story(&app).await);
    }
    for (step, ((proxy, forward), envelope)) in
        stories[0].iter().zip(&stories[1]).zip(&stories[2]).enumerate()
    {
        assert_eq!(proxy, forward, "step {step}: proxy and forward");
        assert_eq!(proxy, envelope, "step {step}: proxy and envelope");
    }
    assert!(stories[0].len() > 25);
}
