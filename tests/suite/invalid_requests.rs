//! What bad input gets: a problem document, never a 500, and nothing stored.

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::{Value, json};

use crate::support::{Client, Mode, Principal, Reply, Setup, TENANT, TestApp, an_order, in_every_mode};

in_every_mode!(
    a_body_that_is_not_json_is_rejected_unread,
    malformed_bodies_are_400,
    a_missing_body_is_400,
    a_token_without_the_scope_is_403,
    all_invalid_order_fields_are_listed,
    all_invalid_product_fields_are_listed,
    product_errors_point_to_the_order_line,
    unknown_query_parameters_are_rejected,
    an_unauthenticated_caller_gets_401_only,
    checks_run_in_the_documented_order,
    a_rejected_request_stores_nothing,
);

const JSON: Option<&str> = Some("application/json");

async fn shop(mode: Mode) -> (TestApp, Client) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    (app, buyer)
}

fn is(reply: &Reply, status: u16, slug: &str) {
    assert_eq!((reply.status, reply.problem().as_str()), (status, slug), "{reply:?}");
    let body = reply.json();
    assert_eq!(body["status"], status);
    assert!(body["instance"].as_str().is_some_and(|id| id.starts_with("urn:uuid:")), "{body}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

async fn a_body_that_is_not_json_is_rejected_unread(mode: Mode) {
    let (_app, buyer) = shop(mode).await;
    let order = an_order("BEANS").to_string();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/problem+json"),
        Some("application/json; charset=iso-8859-1"),
        Some("application/x-www-form-urlencoded"),
    ] {
        is(&buyer.raw("POST", "/api/orders", content_type, order.clone()).await, 415, "media-type");
    }
    for content_type in ["application/json;charset=UTF-8", "Application/JSON; charset=\"utf-8\""] {
        assert_eq!(buyer.raw("POST", "/api/orders", Some(content_type), order.clone()).await.status, 201);
    }
}

async fn malformed_bodies_are_400(mode: Mode) {
    let (_app, buyer) = shop(mode).await;
    let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
    for body in [
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"{'reference':1}".to_vec(),
        b"NaN".to_vec(),
        b"{\"reference\":\"a\",\"reference\":\"b\"}".to_vec(),
        b"{\"lines\":[{\"sku\":\"A\",\"sku\":\"B\"}]}".to_vec(),
        b"{\"reference\":\"\\ud800\"}".to_vec(),
        deep.into_bytes(),
    ] {
        is(&buyer.raw("POST", "/api/orders", JSON, body).await, 400, "malformed");
    }
    is(&buyer.raw("POST", "/api/orders", JSON, vec![b' '; (64 << 10) + 1]).await, 413, "too-large");
    is(&buyer.raw("POST", "/api/orders", JSON, vec![b' '; 64 << 10]).await, 400, "malformed");
}

async fn a_missing_body_is_400(mode: Mode) {
    let (_app, buyer) = shop(mode).await;
    let reply = buyer.raw("POST", "/api/orders", JSON, "").await;
    // Where the host forwards, it drops the type together with the body.
    let (status, slug) = if mode == Mode::Forward { (415, "media-type") } else { (400, "body-missing") };
    is(&reply, status, slug);
    if status == 400 {
        assert!(reply.json()["detail"].as_str().is_some_and(|detail| detail.contains("Content-Length")));
    }
}

async fn a_token_without_the_scope_is_403(mode: Mode) {
    let app = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await;
    let unscoped = Principal::user(TENANT, 4).role("OrderAdmin").without("scp").claim("scp", "Orders.Read");
    let reply = app.principal(&unscoped).get("/api/orders?scope=all").await;
    is(&reply, 403, "insufficient-scope");
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"insufficient_scope\""));
}

async fn all_invalid_order_fields_are_listed(mode: Mode) {
    let (_app, buyer) = shop(mode).await;
    let faults = async |body: Value| {
        let reply = buyer.post("/api/orders", &body).await;
        is(&reply, 422, "invalid-fields");
        reply.faults()
    };
    let expect = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    };
    assert_eq!(faults(json!([])).await, expect(&[("", "type")]));
    assert_eq!(
        faults(json!({})).await,
        expect(&[("/currency", "required"), ("/lines", "required"), ("/reference", "required")])
    );
    let body = json!({
        "reference": "x".repeat(65),
        "currency": "eur",
        "lines": [
            {"sku": "beans", "quantity": 0},
            {"sku": "BEANS", "quantity": "2", "unitPrice": 1},
            7,
            {"sku": "BEANS", "quantity": 10_001},
            {"sku": "CUP", "quantity": 1.5},
        ],
        "note": 1,
        "total": 1,
        "a/b~c": 1,
    });
    assert_eq!(
        faults(body).await,
        expect(&[
            ("/a~1b~0c", "unknown-field"),
            ("/currency", "pattern"),
            ("/lines/0/quantity", "range"),
            ("/lines/0/sku", "pattern"),
            ("/lines/1/quantity", "type"),
            ("/lines/1/unitPrice", "unknown-field"),
            ("/lines/2", "type"),
            ("/lines/3", "duplicate"),
            ("/lines/3/quantity", "range"),
            ("/lines/4/quantity", "type"),
            ("/note", "type"),
            ("/reference", "length"),
            ("/total", "unknown-field"),
        ])
    );
    let with = |field: &str, value: Value| {
        let mut body = an_order("BEANS");
        body[field] = value;
        body
    };
    assert_eq!(faults(with("currency", json!("XXZ"))).await, expect(&[("/currency", "pattern")]));
    assert_eq!(faults(with("reference", json!(""))).await, expect(&[("/reference", "length")]));
    assert_eq!(faults(with("reference", json!("a\u{0}b"))).await, expect(&[("/reference", "pattern")]));
    assert_eq!(faults(with("note", json!("x".repeat(501)))).await, expect(&[("/note", "length")]));
    assert_eq!(faults(with("lines", json!([]))).await, expect(&[("/lines", "length")]));
    let line = |sku: &str| json!({"sku": sku, "quantity": 1});
    let again = ["A", "B", "A", "B", "A"].map(line);
    let twice = ["/lines/2", "/lines/3", "/lines/4"].map(|pointer| (pointer, "duplicate"));
    assert_eq!(faults(with("lines", json!(again))).await, expect(&twice));
    let many: Vec<Value> = (0..101).map(|n| json!({"sku": format!("S{n}"), "quantity": 1})).collect();
    assert_eq!(faults(with("lines", json!(many))).await, expect(&[("/lines", "length")]));
    let both = [many, vec![line("S7")]].concat();
    let unread = faults(with("lines", json!(both))).await;
    assert_eq!(unread, expect(&[("/lines", "length")]), "the lines of a list that is too long are not read");
    assert_eq!(buyer.post("/api/orders", &with("note", Value::Null)).await.status, 201);
}

async fn all_invalid_product_fields_are_listed(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    let all_wrong =
        [("active", "type"), ("currency", "pattern"), ("name", "length"), ("sku", "unknown-field")];
    for (body, expected) in [
        (json!({}), vec![("currency", "required"), ("name", "required"), ("unitPrice", "required")]),
        (
            json!({"name": "", "currency": "EURO", "unitPrice": -1, "active": null, "sku": "CUP"}),
            [&all_wrong[..], &[("unitPrice", "range")]].concat(),
        ),
        (
            json!({"name": "x".repeat(201), "currency": "", "unitPrice": 0.5, "active": "yes", "sku": 1}),
            [&all_wrong[..], &[("unitPrice", "type")]].concat(),
        ),
        (
            json!({"name": "a\tb", "currency": "EUR", "unitPrice": 1_000_000_001}),
            vec![("name", "pattern"), ("unitPrice", "range")],
        ),
    ] {
        let reply = admin.put("/api/products/CUP", &body).await;
        is(&reply, 422, "invalid-fields");
        let expected: Vec<_> =
            expected.iter().map(|(name, code)| (format!("/{name}"), (*code).to_owned())).collect();
        assert_eq!(reply.faults(), expected, "{body}");
    }
    assert_eq!(admin.get("/api/products").await.json()["items"], json!([]), "nothing was kept");
    let largest = json!({"name": "x".repeat(200), "currency": "EUR", "unitPrice": 1_000_000_000});
    assert_eq!(admin.put("/api/products/CUP", &largest).await.status, 201);
}

async fn product_errors_point_to_the_order_line(mode: Mode) {
    let (app, buyer) = shop(mode).await;
    let admin = app.user("admin");
    let dollars = json!({"name": "Bagel", "currency": "USD", "unitPrice": 300});
    assert_eq!(admin.put("/api/products/BAGEL", &dollars).await.status, 201);
    let retired = json!({"name": "Mill", "currency": "EUR", "unitPrice": 300, "active": false});
    assert_eq!(admin.put("/api/products/MILL", &retired).await.status, 201);
    let mut body = an_order("BEANS");
    body["lines"] = json!([
        {"sku": "BEANS", "quantity": 1}, {"sku": "NONE", "quantity": 1},
        {"sku": "BAGEL", "quantity": 1}, {"sku": "MILL", "quantity": 1},
    ]);
    let reply = buyer.post("/api/orders", &body).await;
    is(&reply, 422, "invalid-fields");
    let pairs = [("/lines/1", "unknown"), ("/lines/2", "currency"), ("/lines/3", "unknown")];
    assert_eq!(reply.faults(), pairs.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
}

async fn unknown_query_parameters_are_rejected(mode: Mode) {
    let (_app, buyer) = shop(mode).await;
    for path in [
        "/api/orders?limit=0",
        "/api/orders?limit=101",
        "/api/orders?limit=+5",
        "/api/orders?limit=ten",
        "/api/orders?limit=",
        "/api/orders?scope=mine",
        "/api/orders?owner=someone",
        "/api/products?scope=all",
        "/api/orders?limit=1&limit=2",
        "/api/health?verbose=1",
    ] {
        is(&buyer.get(path).await, 400, "malformed");
    }
    assert_eq!(buyer.get("/api/orders?limit=100&scope=own&code=a-key").await.status, 200);
}

async fn checks_run_in_the_documented_order(mode: Mode) {
    let (app, buyer) = shop(mode).await;
    let nonsense = "{";
    let at = "/api/products/no_sku?x=1";
    is(&app.user("buyer").raw("PUT", at, None, nonsense).await, 403, "forbidden");
    let admin = app.user("admin").with("if-match", "*");
    is(&admin.raw("PUT", at, None, nonsense).await, 415, "media-type");
    is(&admin.raw("PUT", at, JSON, vec![b'{'; 70_000]).await, 413, "too-large");
    is(&admin.raw("PUT", at, JSON, nonsense).await, 400, "malformed");
    is(&admin.raw("PUT", "/api/products/no_sku", JSON, "{}").await, 422, "invalid-fields");
    let right = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1}).to_string();
    is(&admin.raw("PUT", "/api/products/no_sku", JSON, right.clone()).await, 428, "precondition-required");
    is(&app.user("admin").raw("PUT", "/api/products/no_sku", JSON, right).await, 404, "not-found");
    is(&buyer.post_nothing("/api/orders/no-uuid/process?x=1").await, 403, "forbidden");
    is(&app.user("clerk").post_nothing("/api/orders/no-uuid/process?x=1").await, 400, "malformed");
    is(&app.user("clerk").post_nothing("/api/orders/no-uuid/process").await, 404, "not-found");
}

async fn an_unauthenticated_caller_gets_401_only(mode: Mode) {
    let app = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await;
    let buyer = Principal::user(TENANT, 1);
    let strangers = [
        app.anonymous(),
        app.principal(&buyer.clone().without("oid")),
        app.principal(&buyer).bearer("another"),
        app.principal(&buyer).with("x-ms-client-principal", &buyer.header()),
    ];
    for stranger in strangers {
        for (method, path) in [
            ("POST", "/api/orders?x=1"),
            ("GET", "/api/orders?scope=mine"),
            ("GET", "/api/orders?scope=all&limit=0"),
            ("GET", "/api/orders/no-uuid?x=1"),
            ("POST", "/api/orders/no-uuid/process?x=1"),
            ("GET", "/api/products?limit=0"),
            ("PUT", "/api/products/no_sku?x=1"),
            ("GET", "/api/dead-letters?cursor=x"),
        ] {
            let reply = stranger.raw(method, path, None, "").await;
            is(&reply, 401, "unauthenticated");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{method} {path}");
        }
    }
}

async fn a_rejected_request_stores_nothing(mode: Mode) {
    let (app, buyer) = shop(mode).await;
    let mut body = an_order("BEANS");
    body["lines"][0]["quantity"] = json!(-1);
    is(&buyer.post("/api/orders", &body).await, 422, "invalid-fields");
    is(&buyer.post("/api/orders", &an_order("NONE")).await, 422, "invalid-fields");
    is(&app.user("visitor").post("/api/orders", &an_order("BEANS")).await, 403, "forbidden");
    let all = app.user("admin").get("/api/orders?scope=all").await.json();
    assert_eq!(all["items"], json!([]));
}
