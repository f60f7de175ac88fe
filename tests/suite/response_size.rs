//! No small body makes a large answer.

use serde_json::{Map, Value, json};

use crate::support::{
    Client, IdentityMode, Mode, RawConnection, Reply, Setup, TestApp, a_revision, an_order, enveloped,
    in_every_mode,
};

in_every_mode!(
    no_error_response_exceeds_the_largest_request_body,
    a_problem_lists_at_most_a_hundred_fields,
    items_of_an_oversized_list_are_not_parsed,
);

/// The largest body, and the largest answer to one that is refused.
const LARGEST: usize = 64 << 10;

/// The most copies of a text that fit into a body, within a body.
fn filled(before: &str, copy: impl Fn(usize) -> String, after: &str) -> String {
    let mut body = before.to_owned();
    for number in 0.. {
        let copy = copy(number);
        if body.len() + copy.len() + after.len() > LARGEST {
            break;
        }
        body += &copy;
    }
    body.trim_end_matches(',').to_owned() + after
}

/// Bodies that are wrong in as many places as can be, or in places with long names.
fn refused() -> Vec<String> {
    let mut lines = an_order("BEANS");
    lines["lines"] = vec![json!({}); 100].into();
    for line in lines["lines"].as_array_mut().into_iter().flatten() {
        *line = (0..40).map(|name| (format!("~{name}"), Value::Null)).collect::<Map<_, _>>().into();
    }
    vec![
        filled("{\"lines\":[", |_| "{},".to_owned(), "]}"),
        filled("{\"lines\":[", |_| "7,".to_owned(), "]}"),
        filled("{", |number| format!("\"{number}\":0,"), "}"),
        filled("{\"", |_| "~".to_owned(), "\":0}"),
        filled("{\"", |_| "\\u0001".to_owned(), "\":0}"),
        filled("{", |number| format!("\"{number:05}{}\":0,", "\\\"~/".repeat(80)), "}"),
        filled("{", |number| format!("\"{number:05}{}\":0,", "\\u001f".repeat(250)), "}"),
        lines.to_string(),
    ]
}

const READING: [(&str, &str, &str); 3] = [
    ("CreateOrder", "POST", "/api/orders"),
    ("UpdateOrder", "PUT", "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057"),
    ("PutProduct", "PUT", "/api/products/CUP"),
];

async fn call(client: &Client, method: &str, path: &str, body: &str) -> Reply {
    client.raw(method, path, Some("application/json"), body.to_owned()).await
}

async fn no_error_response_exceeds_the_largest_request_body(mode: Mode) {
    let app = Setup::in_mode(mode).identity_mode(IdentityMode::Token).start().await;
    let admin = app.user("admin");
    let head = vec![
        format!("Authorization: Bearer {}", app.token_of("admin")),
        "Content-Type: application/json".to_owned(),
    ];
    for (function, method, path) in READING {
        for body in refused() {
            let reply = call(&admin, method, path, &body).await;
            assert_eq!((reply.status, reply.problem().as_str()), (422, "invalid-fields"), "{function}");
            assert!(!reply.faults().is_empty());
            assert!(reply.body.len() <= LARGEST, "{function}: {} bytes for {:.60}", reply.body.len(), body);

            let envelope = enveloped(method, &format!("http://h{path}"), &head, &body);
            let mut raw = RawConnection::to(&app).await;
            raw.envelope(function, envelope.len(), envelope.as_bytes()).await;
            let reply = raw.read().await;
            assert_eq!(reply.json()["Outputs"]["res"]["statusCode"], 422, "{function}");
            assert!(reply.body.len() <= LARGEST, "{function}: {} bytes for {:.60}", reply.body.len(), body);
        }
    }
}

async fn a_problem_lists_at_most_a_hundred_fields(mode: Mode) {
    let app = TestApp::start(mode).await;
    let buyer = app.user("buyer");
    for (count, told, truncated) in [(100, 100, None), (101, 100, Some(true))] {
        let mut body = an_order("BEANS");
        for number in 0..count {
            body[format!("x{number}")] = 1.into();
        }
        let reply = buyer.post("/api/orders", &body).await;
        assert_eq!(reply.faults().len(), told, "{count}");
        assert_eq!(reply.json().get("truncated").and_then(Value::as_bool), truncated, "{count}");
    }
}

async fn items_of_an_oversized_list_are_not_parsed(mode: Mode) {
    let app = TestApp::start(mode).await;
    let buyer = app.user("buyer");
    let length = [("/lines".to_owned(), "length".to_owned())];
    for mut body in [an_order("BEANS"), a_revision("BEANS")] {
        body["lines"] = vec![json!({}); 101].into();
        for (index, line) in body["lines"].as_array_mut().into_iter().flatten().enumerate() {
            *line = json!({"sku": 7, "other": index});
        }
        let is_new = body.get("currency").is_some();
        let (method, path) = if is_new { ("POST", READING[0].2) } else { ("PUT", READING[1].2) };
        let reply = call(&buyer, method, path, &body.to_string()).await;
        assert_eq!(reply.faults(), length, "{body:.100}");
    }
}
