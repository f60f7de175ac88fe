//! Messages that can never succeed become dead letters with a reason, and are settled.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::support::{SOON, Setup, in_every_mode_and_at_a_queue_server};

in_every_mode_and_at_a_queue_server!(
    an_impossible_message_becomes_a_dead_letter,
    a_message_for_a_completed_order_changes_nothing
);

/// A dead letter as clients see it: `docs/reference/api.md#dead-letter`.
const LETTER: [&str; 8] =
    ["id", "queue", "messageId", "orderId", "reason", "dequeueCount", "recordedAt", "replayedAt"];

async fn an_impossible_message_becomes_a_dead_letter(setup: Setup) {
    let app = setup.start().await;
    let known = |member: &str, value: serde_json::Value| {
        let mut message = json!({
            "version": 1,
            "messageId": "01890a5d-ac96-774b-bcce-b302099a8057",
            "orderId": "01890a5d-ac96-774b-bcce-b302099a8058",
            "traceparent": null,
        });
        message[member] = value;
        message.to_string().into_bytes()
    };
    let hostile = [
        (b"".to_vec(), "malformed"),
        (b"test".to_vec(), "malformed"),
        (b"{".to_vec(), "malformed"),
        (vec![0xff, 0xfe, 0x00], "malformed"),
        (b"[[[[[[[[[[[[[[[[".repeat(1000), "malformed"),
        (known("version", json!(2)), "invalid"),
        (known("version", json!("1")), "invalid"),
        (known("orderId", json!("' OR 1=1 --")), "invalid"),
        (known("owner", json!({"tenantId": "x"})), "invalid"),
        (known("traceparent", json!("00-nonsense")), "invalid"),
        (known("traceparent", json!(null)), "unknown-order"),
    ];
    for (payload, _) in &hostile {
        app.queues.put("orders-fulfilment", STANDARD.encode(payload)).await;
    }
    app.queues.until_empty("orders-fulfilment").await;
    let admin = app.user("admin");
    let letters = admin.get("/api/dead-letters?limit=100").await.json();
    let mut reasons: Vec<&str> = letters["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|letter| letter["reason"].as_str().expect("text"))
        .collect();
    reasons.sort_unstable();
    let mut expected: Vec<&str> = hostile.iter().map(|(_, reason)| *reason).collect();
    expected.sort_unstable();
    assert_eq!(reasons, expected);
    assert!(app.queues.is_empty("orders-fulfilment-poison").await, "nothing was retried");
    for letter in letters["items"].as_array().expect("items") {
        let names: Vec<&str> = letter.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, LETTER, "the payload is not shown");
        assert_eq!((&letter["queue"], &letter["dequeueCount"]), (&json!("orders-fulfilment"), &json!(1)));
        assert_eq!(letter["orderId"].is_string(), letter["reason"] == "unknown-order", "{letter}");
    }
}

async fn a_message_for_a_completed_order_changes_nothing(setup: Setup) {
    let app = setup.start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let buyer = app.user("buyer");
    let location = buyer.place("BEANS").await;
    app.user("clerk").post_nothing(&format!("{location}/process")).await;
    app.becomes(&buyer, &location, "fulfilled", SOON).await;
    let before = buyer.get(&location).await.json();
    let again = json!({
        "version": 1,
        "messageId": "01890a5d-ac96-774b-bcce-b302099a8057",
        "orderId": before["id"],
        "traceparent": null,
    });
    app.queues.put("orders-fulfilment", STANDARD.encode(again.to_string())).await;
    app.queues.until_empty("orders-fulfilment").await;
    assert_eq!(buyer.get(&location).await.json(), before);
    assert_eq!(app.user("admin").get("/api/dead-letters").await.json()["items"], json!([]));
}
