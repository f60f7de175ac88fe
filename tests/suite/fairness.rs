//! Callers who occupy many request slots for long, and how that affects other callers.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{
    EventLog, IdentityMode, Mode, RawConnection, Setup, TENANT, TestApp, an_order, deliver, enveloped,
    object_id, terminate,
};

const SLOW: usize = 140;

/// An app whose callers need nothing but a token, and may call often.
async fn app() -> TestApp {
    let setup = Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Token);
    let app = setup.set("ORDERS_RATE_LIMIT", "1000/s burst 1000").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    app
}

fn signed_in(app: &TestApp, person: &str) -> Vec<String> {
    vec![
        format!("Authorization: Bearer {}", app.token_of(person)),
        "Content-Type: application/json".to_owned(),
    ]
}

/// Requests whose bodies do not end: every other one announces its length.
async fn slow_bodies(app: &TestApp, person: &str) -> Vec<RawConnection> {
    let lines = signed_in(app, person).join("\r\n");
    let mut crowd = Vec::new();
    for number in 0..SLOW {
        let (framing, begun) = match number % 2 {
            0 => ("Content-Length: 60000", "{"),
            _ => ("Transfer-Encoding: chunked", "1\r\n{\r\n"),
        };
        let mut raw = RawConnection::to(app).await;
        raw.write(format!("POST /api/orders HTTP/1.1\r\nHost: h\r\n{framing}\r\n{lines}\r\n\r\n{begun}"))
            .await;
        crowd.push(raw);
    }
    crowd
}

/// The status of a call of this person's that lists products, in an envelope.
async fn listing_in_an_envelope(app: &TestApp, person: &str) -> Value {
    let envelope = enveloped("GET", "http://h/api/products", &signed_in(app, person), "");
    let mut raw = RawConnection::to(app).await;
    raw.envelope("ListProducts", envelope.len(), envelope.as_bytes()).await;
    raw.read().await.json()["Outputs"]["res"]["statusCode"].clone()
}

/// An order of the neighbour's, through the queue.
fn message() -> String {
    let owner = json!({"tenantId": TENANT, "objectId": object_id(2)});
    let mut message = an_order("BEANS");
    message["version"] = 1.into();
    message["messageId"] = "4f3c6a0e-1b1d-4a53-9a52-0f2f3f7a9c11".into();
    message["owner"] = owner;
    message.to_string()
}

#[tokio::test]
async fn slow_bodies_of_one_caller_delay_no_other() {
    let app = app().await;
    let neighbour = app.user("neighbour");
    let crowd = slow_bodies(&app, "buyer").await;
    let started = Instant::now();
    // Before the first of the slow bodies times out.
    let health = app.anonymous();
    let (health, ()) = tokio::join!(health.get("/api/health"), deliver(&app, "orders-incoming", message()));
    assert_eq!(health.status, 200);
    for round in 0..100 {
        let direct = neighbour.get("/api/products").await;
        assert_eq!(direct.status, 200, "round {round}: {direct:?}");
        assert_eq!(listing_in_an_envelope(&app, "neighbour").await, 200, "round {round}");
    }
    let listed = neighbour.get("/api/orders").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "the message became an order: {listed}");
    let mut statuses = [0, 0];
    for mut raw in crowd {
        let reply = raw.read().await;
        match reply.status {
            408 => statuses[0] += 1,
            429 => {
                assert_eq!(
                    (reply.problem().as_str(), reply.header("retry-after")),
                    ("rate-limited", Some("1"))
                );
                statuses[1] += 1;
            }
            _ => panic!("{reply:?}"),
        }
    }
    assert_eq!(statuses, [16, SLOW - 16], "after {:?}", started.elapsed());
}

#[tokio::test]
async fn endless_envelopes_delay_only_envelopes() {
    let app = app().await;
    let neighbour = app.user("neighbour");
    assert_eq!(neighbour.get("/api/products").await.status, 200);
    let mut crowd = Vec::new();
    for number in 0..SLOW {
        let function = if number % 2 == 0 { "CreateOrder" } else { "IngestOrder" };
        let mut raw = RawConnection::to(&app).await;
        raw.envelope(function, 99, b"{").await;
        crowd.push(raw);
    }
    let started = Instant::now();
    for round in 0..20 {
        assert_eq!(neighbour.get("/api/products").await.status, 200, "round {round}");
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(listing_in_an_envelope(&app, "neighbour").await, 200);
    // Beside the three seconds, the machine's own time.
    assert!(started.elapsed() < Duration::from_millis(3_500), "{:?}", started.elapsed());
    deliver(&app, "orders-incoming", message()).await;
    assert_eq!(neighbour.get("/api/orders").await.json()["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn concurrency_rejections_are_logged_and_counted() {
    let mut app = app().await;
    let crowd = slow_bodies(&app, "buyer").await;
    let mut heard = EventLog::default();
    heard
        .until(&mut app, "denials", |heard| {
            heard.events("denied").iter().any(|line| line["reason"] == "too-many-running")
        })
        .await;
    let lines = heard.events("denied");
    assert!(lines.len() <= 10, "more than ten are counted: {lines:?}");
    for mut raw in crowd {
        raw.read().await;
    }
    terminate(&app);
    // Counted since the line before: one a minute, and one at the end.
    let refused = |heard: &EventLog| {
        let lines = heard.events("request-metrics");
        lines.iter().filter_map(|line| line["refused_per_caller"].as_u64()).sum::<u64>()
    };
    heard.until(&mut app, "the metrics", |heard| refused(heard) == SLOW as u64 - 16).await;
    let lines = heard.events("request-metrics");
    assert!(lines.iter().any(|line| line["running"].as_u64() >= Some(16)), "{lines:?}");
}

#[tokio::test]
async fn no_rate_limit_means_no_concurrency_limit() {
    let app = Setup::in_mode(Mode::Proxy)
        .identity_mode(IdentityMode::Token)
        .set("ORDERS_RATE_LIMIT", "off")
        .start()
        .await;
    app.user("admin").stock("BEANS", 1290).await;
    let lines = signed_in(&app, "buyer");
    let order = an_order("BEANS").to_string();
    let mut running = Vec::new();
    for _ in 0..20 {
        let mut raw = RawConnection::to(&app).await;
        raw.begin("POST", "/api/orders", &lines, &order).await;
        running.push(raw);
    }
    for raw in &mut running {
        raw.write("}").await;
    }
    for raw in &mut running {
        assert_eq!(raw.read().await.status, 201);
    }
}
