//! Orders over HTTP: placed, read, listed.

use std::collections::BTreeSet;

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::json;

use crate::support::{
    ABROAD, IdentityMode, Mode, Principal, Setup, TENANT, TestApp, an_order, in_every_mode,
};

in_every_mode!(
    a_new_order_uses_the_product_prices,
    foreign_order_looks_missing,
    role_holders_see_the_owner_of_an_order,
    object_ids_are_scoped_to_their_tenant,
    a_list_shows_every_order_once_newest_first,
    a_page_has_25_items_by_default,
    a_cursor_is_valid_for_its_list_only,
);

async fn a_new_order_uses_the_product_prices(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let placed = buyer.post("/api/orders", &an_order("BEANS")).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    assert_eq!(placed.header("etag"), Some("\"1\""));
    assert_eq!(placed.header("cache-control"), Some("no-store"));
    assert_eq!(placed.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(placed.header("content-type"), Some("application/json; charset=utf-8"));
    let shown = placed.json();
    assert_eq!(
        shown["lines"],
        json!([{"sku": "BEANS", "quantity": 2, "unitPrice": 1290, "lineTotal": 2580}])
    );
    assert_eq!(
        (&shown["total"], &shown["status"], &shown["note"]),
        (&json!(2580), &json!("placed"), &json!("ring twice"))
    );
    assert_eq!(shown.get("createdBy"), None, "the creator knows who they are");
    let location = placed.header("location").expect("a location");
    assert_eq!(location, format!("/api/orders/{}", shown["id"].as_str().expect("an id")));
    let read = buyer.get(location).await;
    assert_eq!((read.status, read.json(), read.header("etag")), (200, shown, Some("\"1\"")));
}

async fn foreign_order_looks_missing(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let foreign = app.user("buyer").place("BEANS").await;
    let neighbour = app.user("neighbour");
    let mut answers = Vec::new();
    for path in [foreign.as_str(), "/api/orders/01890a5d-ac96-774b-bcce-b302099a8057", "/api/orders/no-uuid"]
    {
        let mut reply = neighbour.get(path).await;
        assert_eq!((reply.status, reply.problem().as_str()), (404, "not-found"));
        reply.headers.retain(|(name, _)| name != "date");
        let mut body = reply.json();
        body["instance"] = json!(null);
        answers.push((reply.headers, body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
}

async fn role_holders_see_the_owner_of_an_order(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let location = app.user("buyer").place("BEANS").await;
    for person in ["clerk", "admin", "warehouse"] {
        let shown = app.user(person).get(&location).await.json();
        assert_eq!(
            shown["createdBy"],
            json!({"objectId": "11111111-0000-4000-8000-000000000001"}),
            "{person}"
        );
    }
    let own = app.user("clerk").place("BEANS").await;
    let clerk = app.user("clerk");
    assert_eq!(clerk.get(&own).await.json().get("createdBy"), None);
    let all = clerk.get("/api/orders?scope=all").await.json();
    assert_eq!(all["items"][0].get("createdBy"), None);
    assert_eq!(all["items"][1]["createdBy"]["objectId"], "11111111-0000-4000-8000-000000000001");
}

async fn object_ids_are_scoped_to_their_tenant(mode: Mode) {
    let setup =
        Setup::in_mode(mode).identity_mode(IdentityMode::HeaderOfAnyTenant).easyauth(EasyAuthMode::Bypassed);
    let app = setup.stocked("BEANS").start().await;
    let location = app.principal(&Principal::user(TENANT, 1)).place("BEANS").await;
    let namesake = Principal::user(ABROAD, 1);
    assert_eq!(app.principal(&namesake).get(&location).await.status, 404);
    assert_eq!(app.principal(&namesake).get("/api/orders").await.json()["items"], json!([]));
    let clerk = app.principal(&namesake.role("OrderProcessor"));
    assert_eq!(clerk.get("/api/orders").await.json()["items"], json!([]), "a role owns nothing");
    assert_eq!(clerk.get(&location).await.status, 404, "a role reaches its own tenant alone");
}

async fn a_list_shows_every_order_once_newest_first(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let (buyer, neighbour) = (app.user("buyer"), app.user("neighbour"));
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(buyer.place("BEANS").await);
        neighbour.place("BEANS").await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/orders?limit=2".to_owned();
    loop {
        let page = buyer.get(&path).await.json();
        let items = page["items"].as_array().expect("items").clone();
        seen.extend(
            items.iter().map(|order| format!("/api/orders/{}", order["id"].as_str().expect("an id"))),
        );
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/orders?limit=2&cursor={next}");
    }
    placed.reverse();
    assert_eq!(seen, placed);
    let all = app.user("admin").get("/api/orders?scope=all&limit=100").await.json();
    let ids: BTreeSet<String> =
        all["items"].as_array().expect("items").iter().map(|order| order["id"].to_string()).collect();
    assert_eq!((ids.len(), all["next"].is_null()), (10, true));
}

async fn a_page_has_25_items_by_default(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    for _ in 0..25 {
        buyer.place("BEANS").await;
    }
    let whole = buyer.get("/api/orders").await.json();
    assert_eq!((whole["items"].as_array().map(Vec::len), &whole["next"]), (Some(25), &json!(null)));
    buyer.place("BEANS").await;
    let page = buyer.get("/api/orders").await.json();
    assert_eq!((page["items"].as_array().map(Vec::len), page["next"].is_string()), (Some(25), true));
}

async fn a_cursor_is_valid_for_its_list_only(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    admin.stock("BEANS", 1290).await;
    admin.stock("MILK", 99).await;
    for _ in 0..2 {
        admin.place("BEANS").await;
    }
    let cursor = |reply: crate::support::Reply| reply.json()["next"].as_str().expect("a cursor").to_owned();
    let own = cursor(admin.get("/api/orders?limit=1").await);
    let all = cursor(admin.get("/api/orders?limit=1&scope=all").await);
    let products = cursor(admin.get("/api/products?limit=1").await);
    assert_eq!(admin.get(&format!("/api/orders?cursor={own}")).await.status, 200);
    let truncated = &own[..own.len() - 2];
    for path in [
        format!("/api/orders?scope=all&cursor={own}"),
        format!("/api/orders?cursor={all}"),
        format!("/api/orders?cursor={products}"),
        format!("/api/products?cursor={own}"),
        format!("/api/orders?cursor={truncated}"),
        "/api/orders?cursor=".to_owned(),
        "/api/orders?cursor=%00".to_owned(),
    ] {
        let reply = admin.get(&path).await;
        assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{path}");
    }
}
