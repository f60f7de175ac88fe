//! Hostile text in every place that takes text: it comes back unchanged, or it is refused; nothing else happens.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use crate::support::{Client, Mode, TENANT, TestApp, a_revision, an_order, in_every_mode, object_id};

in_every_mode!(
    hostile_text_in_a_body_is_preserved_or_rejected,
    hostile_text_in_a_path_query_or_header_is_rejected,
    hostile_text_in_an_idempotency_key_is_exact_or_rejected,
    only_cursors_of_the_list_are_accepted,
);

/// What breaks out of SQL, JSON, logs, headers, paths, templates and formats, and what the host takes for something
/// else: dates, base64, JSON. All of it fits a reference of 64 characters.
const CORPUS: [&str; 36] = [
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "\"); DELETE FROM products; --",
    "') UNION SELECT sql FROM sqlite_master --",
    "1; ATTACH DATABASE '/tmp/x' AS x; --",
    "x' AND (SELECT load_extension('x')) --",
    "%' ESCAPE '_",
    "$1 ?1 :id @id",
    "\\'; --",
    "\\u0000\\\"",
    "\",\"total\":0,\"status\":\"fulfilled",
    "{}",
    "[]",
    "null",
    "true",
    "1e309",
    "test",
    "dGVzdA==",
    "2026-03-02T11:20:31Z",
    "2026-03-02T11:20:31.500+01:00",
    "/Date(1772450431000)/",
    "../../../etc/passwd",
    "..%2f..%2f",
    "%00%0d%0a",
    "${jndi:ldap://127.0.0.1/x}",
    "{{7*7}}",
    "%s%n%p",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    " \u{a0}\u{feff}\u{200b} ",
    "\u{202e}gnp.\u{2028}\u{2029}",
    "e\u{301}\u{1f469}\u{200d}\u{1f680}\u{fffd}\u{10ffff}",
    "a\r\nSet-Cookie: a=b",
    "a\0b",
    "\u{1b}[31m",
    "\u{7f}\u{85}",
];

fn is_free_of_control(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Whether it holds no invisible character that changes how others are shown.
fn is_plain(text: &str) -> bool {
    !text.contains(['\u{200b}', '\u{200d}', '\u{202e}', '\u{feff}'])
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn beans(name: &str) -> Value {
    json!({"name": name, "currency": "EUR", "unitPrice": 1290})
}

/// The orders, products and dead letters that an administrator can list.
async fn everything(admin: &Client) -> [Value; 3] {
    [
        admin.get("/api/orders?scope=all&limit=100").await.json(),
        admin.get("/api/products?limit=100").await.json(),
        admin.get("/api/dead-letters?limit=100").await.json(),
    ]
}

async fn hostile_text_in_a_body_is_preserved_or_rejected(mode: Mode) {
    let app = TestApp::start(mode).await;
    let (admin, buyer) = (app.user("admin"), app.user("buyer"));
    admin.stock("BEANS", 1290).await;
    admin.stock("NAMED", 1).await;
    let witness = buyer.place("BEANS").await;
    let before = buyer.get(&witness).await.json();
    let mut kept = vec![before.clone()];
    for text in CORPUS {
        for field in ["reference", "note"] {
            let mut wanted = an_order("BEANS");
            wanted[field] = json!(text);
            let reply = buyer.post("/api/orders", &wanted).await;
            if is_free_of_control(text) && (field == "note" || is_plain(text)) {
                assert_eq!((reply.status, &reply.json()[field]), (201, &wanted[field]), "{field}: {text:?}");
                let location = reply.header("location").expect("a location");
                assert_eq!(buyer.get(location).await.json(), reply.json(), "{field}: {text:?}");
                kept.push(reply.json());
            } else {
                assert_eq!(
                    (reply.status, reply.faults()),
                    (422, vec![(format!("/{field}"), "pattern".to_owned())])
                );
            }
        }
        let mut wanted = an_order(text);
        wanted["currency"] = json!(text);
        wanted[text] = json!(text);
        let reply = buyer.post("/api/orders", &wanted).await;
        let pointer = format!("/{}", text.replace('~', "~0").replace('/', "~1"));
        let faults =
            [("/currency", "pattern"), ("/lines/0/sku", "pattern"), (pointer.as_str(), "unknown-field")];
        let mut faults = faults.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
        faults.sort();
        assert_eq!((reply.status, reply.faults()), (422, faults.to_vec()), "{text:?}");

        let version = admin.get("/api/products").await.json()["items"][1]["version"].clone();
        let named =
            admin.with("if-match", &format!("\"{version}\"")).put("/api/products/NAMED", &beans(text)).await;
        if is_free_of_control(text) && is_plain(text) {
            assert_eq!((named.status, &named.json()["name"]), (200, &json!(text)), "{text:?}");
        } else {
            assert_eq!(
                (named.status, named.faults()),
                (422, vec![("/name".to_owned(), "pattern".to_owned())])
            );
        }
    }
    kept.reverse();
    let [orders, products, letters] = everything(&admin).await;
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(kept.len()));
    let own = buyer.get("/api/orders?limit=100").await.json();
    assert_eq!(own["items"], json!(kept), "every order that was acknowledged, and no other");
    assert_eq!(products["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(letters["items"], json!([]));
}

async fn hostile_text_in_a_path_query_or_header_is_rejected(mode: Mode) {
    let app = TestApp::start(mode).await;
    let (admin, buyer, clerk) = (app.user("admin"), app.user("buyer"), app.user("clerk"));
    admin.stock("BEANS", 1290).await;
    buyer.place("BEANS").await;
    let before = everything(&admin).await;
    for text in CORPUS {
        // The letter before the odd characters keeps the name from becoming another function's when the host cuts or
        // folds them.
        let (part, value) = (encoded(&format!("a{text}")), encoded(text));
        for reply in [
            buyer.get(&format!("/api/orders/{part}")).await,
            buyer.get(&format!("/api/orders/{part}/history")).await,
            buyer.post_nothing(&format!("/api/orders/{part}/cancel")).await,
            buyer.with("if-match", "\"1\"").put(&format!("/api/orders/{part}"), &a_revision("BEANS")).await,
            admin.post_nothing(&format!("/api/dead-letters/{part}/replay")).await,
            clerk.post_nothing(&format!("/api/orders/{part}/process")).await,
            admin.put(&format!("/api/products/{part}"), &beans("Beans")).await,
        ] {
            assert!((400..=404).contains(&reply.status), "a path with {text:?}: {reply:?}");
        }
        for query in [
            format!("limit={value}"),
            format!("cursor={value}"),
            format!("scope={value}"),
            format!("{part}={value}"),
        ] {
            let reply = buyer.get(&format!("/api/orders?{query}")).await;
            assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{query}");
        }
        for list in ["products?cursor", "dead-letters?cursor", "GetSecretFromKeyVault?secretName"] {
            let reply = admin.get(&format!("/api/{list}={value}")).await;
            assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{list}: {text:?}");
        }
        if text.is_ascii() && is_free_of_control(text) {
            for (name, value) in [("if-match", text), ("if-none-match", text)] {
                let reply = admin.with(name, value).put("/api/products/BEANS", &beans("Beans")).await;
                assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{name}: {text:?}");
            }
        }
    }
    assert_eq!(everything(&admin).await, before, "nothing was written");
}

async fn hostile_text_in_an_idempotency_key_is_exact_or_rejected(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    for text in CORPUS.into_iter().filter(|text| text.is_ascii() && is_free_of_control(text)) {
        let keyed = buyer.with("idempotency-key", text);
        let first = keyed.post("/api/orders", &an_order("BEANS")).await;
        if text.contains(' ') {
            assert_eq!((first.status, first.problem().as_str()), (400, "malformed"), "{text:?}");
            continue;
        }
        assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{text:?}");
        let again = keyed.post("/api/orders", &an_order("BEANS")).await;
        assert_eq!(
            (again.header("idempotency-replayed"), &again.body),
            (Some("true"), &first.body),
            "{text:?}"
        );
    }
}

#[tokio::test]
async fn hostile_text_in_a_message_is_preserved_or_dead_lettered() {
    let app = TestApp::start(Mode::Proxy).await;
    app.user("admin").stock("BEANS", 1290).await;
    let (mut count, mut kept) = (0, Vec::new());
    for text in CORPUS {
        let mut send = async |changes: Value| {
            count += 1;
            let mut message = json!({
                "version": 1,
                "messageId": format!("01890a5d-ac96-774b-bcce-{count:012}"),
                "owner": {"tenantId": TENANT, "objectId": object_id(1)},
                "reference": "PO-17",
                "currency": "EUR",
                "lines": [{"sku": "BEANS", "quantity": 2}],
                "note": null,
            });
            let changes = changes.as_object().expect("members").clone();
            message.as_object_mut().expect("members").extend(changes);
            app.queues.put("orders-incoming", STANDARD.encode(message.to_string())).await;
        };
        send(json!({"reference": text, "note": text})).await;
        send(json!({"lines": [{"sku": text, "quantity": 2}], "currency": text})).await;
        send(json!({"messageId": text, "owner": {"tenantId": text, "objectId": text}})).await;
        if is_free_of_control(text) && is_plain(text) {
            kept.push(text.to_owned());
        }
    }
    app.queues.until_empty("orders-incoming").await;
    let [orders, products, _] = everything(&app.user("admin")).await;
    let text = |order: &Value, field: &str| order[field].as_str().expect("text").to_owned();
    let orders = orders["items"].as_array().expect("items");
    let mut found: Vec<_> = orders.iter().map(|order| text(order, "reference")).collect();
    assert_eq!(found, orders.iter().map(|order| text(order, "note")).collect::<Vec<_>>());
    found.sort();
    kept.sort();
    assert_eq!((found, products["items"].as_array().map(Vec::len)), (kept.clone(), Some(1)));
    let (mut letters, mut page) = (0, "/api/dead-letters?limit=100".to_owned());
    loop {
        let read = app.user("admin").get(&page).await.json();
        letters += read["items"].as_array().map_or(0, Vec::len);
        let Some(next) = read["next"].as_str() else { break };
        page = format!("/api/dead-letters?limit=100&cursor={next}");
    }
    assert_eq!(letters, count - kept.len());
}

/// Texts that are nearly cursors, and texts that are nothing.
fn nearly_cursors(genuine: &str) -> impl Strategy<Value = String> + use<> {
    let characters: Vec<char> = genuine.chars().collect();
    let alphabet: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain("-_=.~".chars()).collect();
    let changed =
        (0..characters.len(), proptest::sample::select(alphabet)).prop_map(move |(at, character)| {
            let mut changed = characters.clone();
            changed[at] = character;
            changed.into_iter().collect::<String>()
        });
    let genuine = genuine.to_owned();
    let longer = any::<String>().prop_map(move |more| format!("{genuine}{more}"));
    prop_oneof![3 => changed, 1 => longer, 1 => any::<String>()]
}

async fn only_cursors_of_the_list_are_accepted(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(admin.place("BEANS").await);
    }
    let first = admin.get("/api/orders?limit=1").await.json();
    let genuine = first["next"].as_str().expect("a next page");
    let texts = nearly_cursors(genuine);
    let mut runner = TestRunner::deterministic();
    for _ in 0..150 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        let reply = admin.get(&format!("/api/orders?cursor={}", encoded(&text))).await;
        match reply.status {
            // Another key of the same form: it grants nothing but a place in the caller's own list.
            200 => {
                assert_eq!(text.len(), genuine.len(), "{text:?}");
                let items = reply.json()["items"].clone();
                for item in items.as_array().expect("items") {
                    assert!(
                        placed.iter().any(|location| location.ends_with(item["id"].as_str().expect("an id")))
                    );
                }
            }
            _ => assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{text:?}"),
        }
    }
}
