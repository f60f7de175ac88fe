//! Messages as JSON text and as Base64 of it: both are read, and both are one message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::{
    Mode, SOON, Setup, TENANT, TestApp, deliver, deliver_text, in_every_mode,
    in_every_mode_and_at_a_queue_server, payload,
};

in_every_mode!(json_and_base64_are_the_same_message, a_poison_message_is_recorded_once_in_either_encoding,);

in_every_mode_and_at_a_queue_server!(
    an_undecodable_message_becomes_a_dead_letter_at_once,
    the_worker_sends_messages_as_json_text,
    queued_messages_survive_an_encoding_change,
    a_payload_xml_cannot_carry_is_replayed,
);

const MESSAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const ENCODING: &str = "AzureFunctionsJobHost__extensions__queues__messageEncoding";

fn message() -> Value {
    json!({
        "version": 1,
        "messageId": MESSAGE,
        "owner": {"tenantId": TENANT, "objectId": "11111111-0000-4000-8000-000000000001"},
        "reference": "EDI-1",
        "currency": "EUR",
        "lines": [{"sku": "BEANS", "quantity": 2}],
    })
}

async fn items(app: &TestApp, person: &str, path: &str) -> Vec<Value> {
    app.user(person).get(path).await.json()["items"].as_array().expect("items").clone()
}

/// Queue and reason of each dead letter, sorted.
async fn letters(app: &TestApp) -> Vec<String> {
    let letters = items(app, "admin", "/api/dead-letters?limit=100").await;
    let text = |letter: &Value, member: &str| letter[member].as_str().expect("a text").to_owned();
    let mut letters: Vec<String> =
        letters.iter().map(|letter| text(letter, "queue") + " " + &text(letter, "reason")).collect();
    letters.sort_unstable();
    letters
}

async fn relay(app: &TestApp) {
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
}

async fn json_and_base64_are_the_same_message(mode: Mode) {
    let app = TestApp::start(mode).await;
    app.user("admin").stock("BEANS", 1290).await;
    let json = message().to_string();
    let wrapped = STANDARD.encode(&json).replacen("eyJ", " eyJ\r\n", 1);
    for text in [STANDARD.encode(&json), json.clone(), wrapped, format!("\n {json}")] {
        deliver_text(&app, "orders-incoming", &text).await;
    }
    assert_eq!(items(&app, "buyer", "/api/orders").await.len(), 1);
    assert_eq!(letters(&app).await, Vec::<String>::new());
    let mut other = message();
    other["note"] = json!("other content");
    deliver(&app, "orders-incoming", other.to_string()).await;
    assert_eq!(letters(&app).await, ["orders-incoming reused"]);
}

async fn a_poison_message_is_recorded_once_in_either_encoding(mode: Mode) {
    let app = TestApp::start(mode).await;
    let stray = json!({"version": 1, "messageId": MESSAGE, "orderId": MESSAGE}).to_string();
    for (queue, text) in
        [("orders-incoming-poison", message().to_string()), ("orders-fulfilment-poison", stray)]
    {
        deliver_text(&app, queue, &text).await;
        deliver(&app, queue, &text).await;
    }
    assert_eq!(letters(&app).await, ["orders-fulfilment poison", "orders-incoming poison"]);
    let letters = items(&app, "admin", "/api/dead-letters").await;
    assert!(letters.iter().all(|letter| letter["messageId"] == MESSAGE), "{letters:?}");
}

/// XML has no form for U+FFFE, so this message can come as Base64 alone, and leave as such.
async fn a_payload_xml_cannot_carry_is_replayed(setup: Setup) {
    let app = setup.set("ORDERS_OUTBOX_DEADLINE", "1s").start().await;
    let mut odd = message();
    odd["note"] = json!("a\u{fffe}b\u{ffff}");
    deliver(&app, "orders-incoming", odd.to_string()).await;
    assert_eq!(letters(&app).await, ["orders-incoming invalid"], "there are no beans yet");
    app.user("admin").stock("BEANS", 1290).await;
    let letter = items(&app, "admin", "/api/dead-letters").await.remove(0);
    let replay = format!("/api/dead-letters/{}/replay", letter["id"].as_str().expect("an id"));
    assert_eq!(app.user("admin").post_nothing(&replay).await.status, 202);
    app.eventually("the order is placed", SOON, async || {
        relay(&app).await;
        !items(&app, "buyer", "/api/orders").await.is_empty()
    })
    .await;
    app.queues.until_empty("orders-incoming").await;
    let placed = items(&app, "buyer", "/api/orders").await;
    assert_eq!((placed.len(), &placed[0]["note"]), (1, &odd["note"]));
    relay(&app).await;
    assert!(app.queues.is_empty("orders-incoming").await, "its row is closed");
    assert_eq!(letters(&app).await.len(), 1);
}

async fn an_undecodable_message_becomes_a_dead_letter_at_once(setup: Setup) {
    let app = setup.start().await;
    let rubbish = ["hello world!", "test", "//5B", "AAH//g==", "<message/>"];
    for text in rubbish {
        app.queues.put("orders-incoming", text.to_owned()).await;
        app.queues.put("orders-fulfilment", text.to_owned()).await;
        app.queues.put("orders-incoming-poison", format!("poisoned {text}")).await;
    }
    for queue in ["orders-incoming", "orders-fulfilment", "orders-incoming-poison"] {
        app.queues.until_empty(queue).await;
    }
    let mut expected = vec!["orders-fulfilment malformed"; rubbish.len()];
    expected.extend(vec!["orders-incoming malformed"; rubbish.len()]);
    expected.extend(vec!["orders-incoming poison"; rubbish.len()]);
    assert_eq!(letters(&app).await, expected);
    let letters = items(&app, "admin", "/api/dead-letters?limit=100").await;
    assert!(letters.iter().all(|letter| letter["dequeueCount"] == 1), "{letters:?}");
    assert!(app.queues.is_empty("orders-fulfilment-poison").await, "nothing was retried");
}

/// An app that reads no messages, with an outbox deadline of one second.
fn unread(setup: Setup) -> Setup {
    setup
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .set("AzureWebJobs.IngestOrder.Disabled", "true")
        .set("ORDERS_OUTBOX_DEADLINE", "1s")
}

async fn the_worker_sends_messages_as_json_text(setup: Setup) {
    let app = unread(setup).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let mut orders = Vec::new();
    for _ in 0..2 {
        let location = app.user("buyer").place("BEANS").await;
        assert_eq!(app.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
        orders.push(location.rsplit('/').next().expect("an id").to_owned());
    }
    // ProcessOrder sends one message an answer, and the relay both in one.
    app.eventually("they are sent again", SOON, async || {
        relay(&app).await;
        app.queues.held("orders-fulfilment").await >= 4
    })
    .await;
    for text in app.queues.peek("orders-fulfilment").await {
        let sent = payload(&text);
        assert!(orders.iter().any(|order| sent["orderId"] == order.as_str()), "{sent}");
        assert_eq!(sent["version"], 1);
    }
}

/// An operator goes back: host.json names `base64` again, so the host moves JSON text in the queues to the poison
/// queues, where it cannot read it either.
async fn queued_messages_survive_an_encoding_change(setup: Setup) {
    let late = |setup: Setup| setup.set("ORDERS_OUTBOX_DEADLINE", "1s");
    let first = late(setup).start().await;
    deliver(&first, "orders-incoming", message().to_string()).await;
    let admin = first.user("admin");
    admin.stock("BEANS", 1290).await;
    let letter = items(&first, "admin", "/api/dead-letters").await.remove(0);
    let replay = format!("/api/dead-letters/{}/replay", letter["id"].as_str().expect("an id"));
    assert_eq!(admin.post_nothing(&replay).await.status, 202);
    let unread = unread(Setup::in_mode(Mode::Proxy).continuing(&first));
    let back = late(Setup::in_mode(Mode::Proxy).continuing(&first)).set(ENCODING, "base64");
    first.host.stop().await;

    let second = unread.start().await;
    let location = second.user("buyer").place("BEANS").await;
    assert_eq!(second.user("clerk").post_nothing(&format!("{location}/process")).await.status, 202);
    relay(&second).await;
    assert_eq!(payload(&second.queues.peek("orders-incoming").await[0])["messageId"], MESSAGE);
    assert!(second.queues.peek("orders-fulfilment").await[0].starts_with('{'));
    let lying =
        [("orders-incoming", 1), ("orders-fulfilment", second.queues.held("orders-fulfilment").await)];
    second.host.stop().await;

    let back = back.start().await;
    for (queue, count) in lying {
        back.eventually("the host moves what it cannot decode", SOON, async || {
            back.queues.held(&format!("{queue}-poison")).await == count
        })
        .await;
    }
    let buyer = back.user("buyer");
    back.eventually("both have their effect", SOON, async || {
        relay(&back).await;
        let fulfilled = buyer.get(&location).await.json()["status"] == "fulfilled";
        fulfilled && items(&back, "buyer", "/api/orders").await.len() == 2
    })
    .await;
    for (queue, count) in lying {
        back.queues.until_empty(queue).await;
        assert_eq!(back.queues.held(&format!("{queue}-poison")).await, count, "it stays, and has no effect");
    }
    relay(&back).await;
    assert!(back.queues.is_empty("orders-incoming").await && back.queues.is_empty("orders-fulfilment").await);
    assert_eq!(items(&back, "buyer", "/api/orders").await.len(), 2);
    let history = items(&back, "buyer", &format!("{location}/history")).await;
    assert_eq!(history.iter().filter(|change| change["action"] == "fulfil").count(), 1);
    assert_eq!(letters(&back).await, ["orders-incoming invalid"], "the one that was replayed");
}
