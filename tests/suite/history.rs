//! What happened to an order, as its creator and administrators read it.

use serde_json::{Value, json};

use crate::support::{Mode, SOON, TestApp, a_revision, in_every_mode};

in_every_mode!(history_lists_changes_newest_first, a_cursor_belongs_to_one_order);

async fn history_lists_changes_newest_first(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    buyer.with("if-match", "\"1\"").put(&location, &a_revision("BEANS")).await;
    app.user("warehouse").post_nothing(&format!("{location}/process")).await;
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    let mut items: Vec<Value> = Vec::new();
    let mut path = format!("{location}/history?limit=3");
    loop {
        let page = buyer.get(&path).await.json();
        items.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{location}/history?limit=3&cursor={next}");
    }
    let told: Vec<Value> = items
        .iter()
        .map(|item| json!([item["action"], item["from"], item["to"], item["actor"]["kind"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["fulfil", "queued", "fulfilled", "system"]),
            json!(["process", "placed", "queued", "app"]),
            json!(["update", "placed", "placed", "user"]),
            json!(["place", null, "placed", "user"]),
        ]
    );
    assert_eq!(items[0]["actor"]["objectId"], json!(null));
    assert_eq!(items[3]["actor"]["objectId"], "11111111-0000-4000-8000-000000000001");
    for item in &items {
        assert!(item["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{item}");
        assert_eq!(item["invocationId"].as_str().map(str::len), Some(36), "{item}");
        assert_eq!(item.as_object().map(serde_json::Map::len), Some(6), "{item}");
    }
}

async fn a_cursor_belongs_to_one_order(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let (one, other) = (buyer.place("BEANS").await, buyer.place("BEANS").await);
    buyer.post_nothing(&format!("{one}/cancel")).await;
    let page = buyer.get(&format!("{one}/history?limit=1")).await.json();
    let cursor = page["next"].as_str().expect("a next page");
    assert_eq!(buyer.get(&format!("{one}/history?cursor={cursor}")).await.status, 200);
    for path in [format!("{other}/history?cursor={cursor}"), format!("/api/orders?cursor={cursor}")] {
        let reply = buyer.get(&path).await;
        assert_eq!((reply.status, reply.problem().as_str()), (400, "malformed"), "{path}");
    }
}
