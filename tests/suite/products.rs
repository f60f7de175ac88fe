//! The product table over HTTP.

use serde_json::{Value, json};

use crate::support::{Mode, TestApp, in_every_mode};

in_every_mode!(
    a_product_is_created_once_and_replaced_by_version,
    only_admins_see_inactive_products,
    products_are_listed_by_sku_and_may_be_cached,
);

fn beans(unit_price: i64) -> Value {
    json!({"name": "Espresso beans, 1 kg", "currency": "EUR", "unitPrice": unit_price})
}

async fn a_product_is_created_once_and_replaced_by_version(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    let path = "/api/products/BEANS";
    let missing = admin.with("if-match", "\"1\"").put(path, &beans(1)).await;
    assert_eq!((missing.status, missing.problem().as_str()), (404, "not-found"));
    let created = admin.with("if-none-match", "*").put(path, &beans(1290)).await;
    assert_eq!((created.status, created.header("etag")), (201, Some("\"1\"")), "{created:?}");
    assert_eq!((&created.json()["active"], &created.json()["unitPrice"]), (&json!(true), &json!(1290)));
    let again = admin.with("if-none-match", "*").put(path, &beans(1290)).await;
    assert_eq!((again.status, again.problem().as_str()), (412, "stale"));
    for (name, value, status, slug) in [
        ("x-nothing", "said", 428, "precondition-required"),
        ("if-match", "*", 428, "precondition-required"),
        ("if-match", "\"7\"", 412, "stale"),
        ("if-match", "\"none-of-ours\"", 412, "stale"),
        ("if-match", "W/\"1\"", 400, "malformed"),
        ("if-match", "\"1\", \"2\"", 400, "malformed"),
        ("if-match", "1", 400, "malformed"),
        ("if-none-match", "\"1\"", 400, "malformed"),
    ] {
        let reply = admin.with(name, value).put(path, &beans(1)).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, slug), "{name}: {value}");
    }
    let replaced = admin.with("if-match", "\"1\"").put(path, &beans(1390)).await;
    assert_eq!((replaced.status, replaced.header("etag")), (200, Some("\"2\"")), "{replaced:?}");
    assert_eq!(replaced.json()["unitPrice"], 1390);
}

async fn only_admins_see_inactive_products(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    let mut retired = beans(1290);
    retired["active"] = json!(false);
    assert_eq!(admin.put("/api/products/MILL", &retired).await.status, 201);
    let skus = |list: Value| -> Vec<String> {
        let items = list["items"].as_array().expect("items").clone();
        items.iter().map(|product| product["sku"].as_str().expect("a sku").to_owned()).collect()
    };
    assert_eq!(skus(admin.get("/api/products").await.json()), ["BEANS", "MILL"]);
    for person in ["buyer", "clerk"] {
        assert_eq!(skus(app.user(person).get("/api/products").await.json()), ["BEANS"], "{person}");
    }
}

async fn products_are_listed_by_sku_and_may_be_cached(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    for sku in ["MILK", "BEANS", "CUP"] {
        admin.stock(sku, 100).await;
    }
    let first = app.user("buyer").get("/api/products?limit=2").await;
    assert_eq!(first.header("cache-control"), Some("private, max-age=60"));
    let cursor = first.json()["next"].as_str().expect("a next page").to_owned();
    let second = app.user("buyer").get(&format!("/api/products?limit=2&cursor={cursor}")).await.json();
    assert_eq!(first.json()["items"][0]["sku"], "BEANS");
    assert_eq!(first.json()["items"][1]["sku"], "CUP");
    assert_eq!((&second["items"][0]["sku"], &second["next"]), (&json!("MILK"), &Value::Null));
}
