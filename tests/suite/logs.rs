//! What the worker prints: JSON lines that say which invocation they belong to, and nothing that a caller sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use local_host::{Event, front::FrontMode};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::TryRecvError;
use uuid::Uuid;

use crate::support::{Client, Mode, Principal, Setup, TENANT, TestApp, an_order, in_every_mode, object_id};

in_every_mode!(every_line_tells_its_invocation_and_no_line_tells_a_secret);

/// Stands in everything that a caller or a sender of messages can fill in.
const SECRET: &str = "hunter2-correct-horse";

/// Every field that a line may have at the level `info`: ids, closed lists of words, numbers.
const FIELDS: [&str; 35] = [
    "timestamp",
    "level",
    "message",
    "invocation_id",
    "function",
    "trace_id",
    "tenant_id",
    "object_id",
    "denied",
    "trigger",
    "outcome",
    "status",
    "duration_ms",
    "reason",
    "event",
    "caller_kind",
    "action",
    "actor",
    "order_id",
    "letter_id",
    "message_id",
    "queue",
    "sku",
    "version",
    "owner_tenant_id",
    "owner_object_id",
    "count",
    "oldest_open_seconds",
    "open_rows",
    "unreplayed_dead_letters",
    "pool_in_use",
    "pool_size",
    "certificate_days",
];

/// What the host and the worker said of one story.
#[derive(Default)]
struct Heard {
    lines: Vec<Value>,
    text: String,
    invoked: BTreeMap<Uuid, String>,
}

impl Heard {
    fn listen(&mut self, app: &mut TestApp) {
        loop {
            match app.heard.try_recv() {
                Ok(Event::Output { line, .. }) => {
                    self.text.push_str(&line);
                    self.text.push('\n');
                    let read = serde_json::from_str(&line);
                    self.lines.push(read.unwrap_or_else(|_| panic!("no JSON: {line}")));
                }
                Ok(Event::Invoked { id, function, .. }) => {
                    assert_eq!(self.invoked.insert(id, function), None);
                }
                Ok(_) => {}
                Err(TryRecvError::Empty) => return,
                Err(missed) => panic!("the log was not heard whole: {missed}"),
            }
        }
    }

    /// The lines that end an invocation, by its id.
    fn ended(&self) -> BTreeMap<Uuid, Vec<&Value>> {
        let mut ended = BTreeMap::<_, Vec<_>>::new();
        for line in self.lines.iter().filter(|line| line["message"] == "invocation ended") {
            ended.entry(id(&line["invocation_id"])).or_default().push(line);
        }
        ended
    }
}

fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no id: {value}"))
}

/// A caller all of whose credentials are secrets.
fn whispering(app: &TestApp, principal: Principal) -> Client {
    let principal = principal
        .claim("name", SECRET)
        .claim("preferred_username", &format!("{SECRET}@example.test"))
        .claim("sub", SECRET);
    app.principal(&principal)
        .with("x-ms-client-principal-name", SECRET)
        .with("x-ms-token-aad-access-token", SECRET)
        .with("x-functions-key", SECRET)
        .with("cookie", &format!("AppServiceAuthSession={SECRET}"))
        .with("tracestate", &format!("a={SECRET}"))
        .with("user-agent", SECRET)
}

/// Everything that can go well or badly, with a secret wherever one fits.
async fn story(app: &TestApp) {
    let admin = whispering(app, Principal::user(TENANT, 4).role("OrderAdmin"));
    let buyer = whispering(app, Principal::user(TENANT, 1));
    let clerk = whispering(app, Principal::app(5).role("OrderProcessor"));
    let code = format!("?code={SECRET}");
    let product = json!({"name": SECRET, "currency": "EUR", "unitPrice": 1290});
    admin.put(&format!("/api/products/BEANS{code}"), &product).await;
    let mut wanted = an_order("BEANS");
    wanted["reference"] = json!(SECRET);
    wanted["note"] = json!(SECRET);
    let placed = buyer.post(&format!("/api/orders{code}"), &wanted).await;
    let location = placed.header("location").expect("a location").to_owned();
    buyer.get(&format!("{location}{code}")).await;
    buyer.get(&format!("/api/orders?cursor={SECRET}&code={SECRET}")).await;
    buyer.get(&format!("/api/orders/{SECRET}?{SECRET}={SECRET}")).await;
    buyer.get(&format!("/api/orders/{SECRET}")).await;
    wanted[SECRET] = json!(SECRET);
    buyer.post("/api/orders", &wanted).await;
    buyer.raw("POST", "/api/orders", Some("application/json"), format!("{{\"{SECRET}")).await;
    buyer.raw("POST", "/api/orders", Some(SECRET), SECRET).await;
    buyer.with("if-match", SECRET).put("/api/products/BEANS", &product).await;
    buyer.with("traceparent", SECRET).get("/api/products").await;
    buyer.get("/api/dead-letters").await;
    app.anonymous().bearer(SECRET).with("x-ms-client-principal", SECRET).get(&location).await;
    whispering(app, Principal::user(TENANT, 1).claim("oid", SECRET)).get(&location).await;
    app.anonymous().with("authorization", SECRET).get(&location).await;
    app.anonymous().with("cookie", SECRET).get(&format!("/api/health{code}")).await;
    clerk.post_nothing(&format!("{location}/process{code}")).await;
    let mut hostile = json!({"version": 1, "messageId": SECRET, "orderId": SECRET, "traceparent": SECRET});
    for text in [SECRET.to_owned(), format!("{{\"{SECRET}"), hostile.to_string()] {
        app.queues.put("orders-fulfilment", STANDARD.encode(text)).await;
    }
    hostile[SECRET] = json!(SECRET);
    app.queues.put("orders-fulfilment-poison", STANDARD.encode(hostile.to_string())).await;
    app.queues.until_empty("orders-fulfilment-poison").await;
    app.becomes(&buyer, &location, "fulfilled", Duration::from_secs(5)).await;
    app.queues.until_empty("orders-fulfilment").await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
}

/// Tells the story, and waits until every invocation that the host tells of has ended in the log.
async fn heard(mode: Mode, filter: &str) -> Heard {
    let mut app = Setup::in_mode(mode).front(FrontMode::Bypassed).set("ORDERS_LOG", filter).start().await;
    let mut heard = Heard::default();
    story(&app).await;
    let silence = tokio::time::timeout(Duration::from_secs(5), async {
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        loop {
            heard.listen(&mut app);
            let ended = heard.ended();
            if heard.invoked.keys().all(|id| ended.contains_key(id)) {
                return;
            }
            look_again.tick().await;
        }
    });
    assert!(silence.await.is_ok(), "an invocation has no last line");
    heard
}

fn hold_no_secret(text: &str) {
    let encoded = STANDARD.encode(SECRET);
    for secret in [SECRET, encoded.trim_end_matches('=')] {
        let line = text.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a line holds what a caller sent");
    }
    // The beginning of every token and principal header: base64 of an object with a member.
    assert!(!text.contains("eyJ"), "a line holds a token or a principal");
}

async fn every_line_tells_its_invocation_and_no_line_tells_a_secret(mode: Mode) {
    let heard = heard(mode, "info").await;
    hold_no_secret(&heard.text);
    for line in &heard.lines {
        let members = line.as_object().expect("a line is an object");
        let unknown = members.keys().find(|name| !FIELDS.contains(&name.as_str()));
        assert_eq!(unknown, None, "{line}");
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default()), "{line}");
        assert!(line["message"].as_str().is_some_and(|message| !message.is_empty()), "{line}");
        assert!(heard.invoked.contains_key(&id(&line["invocation_id"])), "{line}");
        assert_eq!(line["trace_id"].as_str().map(str::len), Some(32), "{line}");
    }
    let ended = heard.ended();
    let people: BTreeSet<String> = [1, 4, 5].map(object_id).into();
    for (id, function) in &heard.invoked {
        let [line] = ended[id][..] else { panic!("{function} ended more than once: {:?}", ended[id]) };
        assert_eq!(line["function"], function.as_str());
        assert!(
            ["ok", "refused", "failed"].contains(&line["outcome"].as_str().unwrap_or_default()),
            "{line}"
        );
        assert!(line["duration_ms"].is_u64(), "{line}");
        let asks_who = line["trigger"] == "http" && function != "Health" && line["status"] != 401;
        if asks_who {
            assert_eq!(line["tenant_id"], TENANT, "{line}");
            assert!(line["object_id"].as_str().is_some_and(|object| people.contains(object)), "{line}");
        } else {
            assert_eq!((line.get("tenant_id"), line.get("object_id")), (None, None), "{line}");
        }
    }
    assert_eq!(ended.len(), heard.invoked.len(), "nothing but invocations ends");
    let outcomes: BTreeSet<&str> = ended.values().filter_map(|lines| lines[0]["outcome"].as_str()).collect();
    assert_eq!(outcomes, ["ok", "refused"].into());
    assert!(heard.lines.iter().any(|line| line["denied"] == "bearer-malformed"), "the log tells why");
}

#[tokio::test]
async fn a_header_and_a_token_of_different_people_are_an_event_that_somebody_should_see() {
    let mut app = Setup::in_mode(Mode::Proxy).front(FrontMode::Bypassed).start().await;
    let (header, token) = (Principal::user(TENANT, 4).role("OrderAdmin"), Principal::user(TENANT, 1));
    let forged = app.anonymous().bearer(&app.token(&token)).with("x-ms-client-principal", &header.header());
    assert_eq!(forged.get("/api/dead-letters").await.status, 401);
    let mut heard = Heard::default();
    let told = tokio::time::timeout(Duration::from_secs(5), async {
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        while heard.ended().is_empty() {
            look_again.tick().await;
            heard.listen(&mut app);
        }
    });
    assert!(told.await.is_ok(), "the invocation has no last line");
    let events: Vec<_> = heard.lines.iter().filter(|line| line["level"] == "ERROR").collect();
    let [event] = events[..] else { panic!("one event: {events:?}") };
    assert_eq!(
        (&event["reason"], &event["denied"]),
        (&json!("object-disagrees"), &json!("object-disagrees"))
    );
    assert!(event["message"].as_str().is_some_and(|message| message.starts_with("security: ")), "{event}");
}

#[tokio::test]
async fn not_even_the_finest_log_tells_a_secret() {
    for mode in Mode::ALL {
        let heard = heard(mode, "trace").await;
        assert!(heard.text.contains("\"DEBUG\""), "the filter is heard");
        hold_no_secret(&heard.text);
    }
}
