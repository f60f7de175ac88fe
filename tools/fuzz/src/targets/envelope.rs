//! Envelopes, for each kind of trigger, through the service that answers the Functions host.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use azure_functions_handler::{
    Body as Unread, Functions, Json, Path, QueueMessage, RawQuery, Service, State, TimerInfo, post, queue,
    timer,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::BodyExt;
use orders_worker::{limits::LIMITS, problem::Problem};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use super::path;

pub(super) const WORDS: &[&str] = &[
    "Data",
    "Metadata",
    "req",
    "job",
    "tick",
    "Url",
    "Method",
    "Headers",
    "Body",
    "Params",
    "Query",
    "POST",
    "http://h/api/things/a/1",
    "https://h:443/API/things/%2F/%zz/?a=b&a=c",
    "DequeueCount",
    "3",
    "e30=",
    "bnVsbA==",
    "\\\"",
    "\\ud83d\\ude00",
    "2026-03-02T11:20:31Z",
];

const PORT: u16 = 7;
const LONGEST_BODY: usize = 64 << 10;

/// The input that reached a handler.
#[derive(Clone, Debug, Eq, PartialEq)]
enum ReceivedInput {
    Call {
        params: BTreeMap<String, String>,
        query: String,
        headers: BTreeMap<String, Vec<String>>,
        /// None when the body was too large.
        body: Option<Bytes>,
    },
    Delivery {
        payload: Bytes,
        dequeue_count: Option<u32>,
    },
    Tick,
}

#[derive(Default)]
struct App(Mutex<Option<ReceivedInput>>);

impl App {
    fn see(&self, seen: ReceivedInput) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    fn seen(&self) -> Option<ReceivedInput> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A host whose handlers do nothing but look.
struct TestServer {
    app: Arc<App>,
    service: Service,
    runtime: Runtime,
}

thread_local! {
    static SERVER: TestServer = TestServer::open();
}

/// The input comes as the envelope of each kind of trigger. The request that a handler sees must be the same when it
/// comes again in an envelope.
pub(super) fn run(input: &[u8]) -> u64 {
    SERVER.with(|door| {
        path(["Call", "Take", "Tick"].map(|function| {
            let (status, seen) = door.post(function, input.to_vec());
            if let Some(seen) = &seen {
                assert_eq!(status, StatusCode::OK, "what was seen was answered");
                let (_, again) = door.post(function, wrapped(seen).to_string().into());
                assert_eq!(again.as_ref(), Some(seen));
            }
            (status.as_u16(), seen.as_ref().map(told))
        }))
    })
}

fn told(seen: &ReceivedInput) -> u64 {
    match seen {
        ReceivedInput::Call { query, headers, body, .. } => {
            path((query.is_empty(), headers.len().min(3), body.as_ref().map(|body| body.len().min(2))))
        }
        ReceivedInput::Delivery { payload, dequeue_count } => {
            path((payload.len().min(2), str::from_utf8(payload).is_ok(), dequeue_count.is_some()))
        }
        ReceivedInput::Tick => 0,
    }
}

/// The envelope that the host would send for it.
fn wrapped(seen: &ReceivedInput) -> Value {
    match seen {
        ReceivedInput::Call { params, query, headers, body } => {
            let steps = ["kind", "id"]
                .iter()
                .map(|name| utf8_percent_encode(&params[*name], NON_ALPHANUMERIC).to_string());
            let url = format!("https://h/api/things/{}?{query}", steps.collect::<Vec<_>>().join("/"));
            let body = body.as_ref().map(|body| String::from_utf8_lossy(body));
            json!({"Data": {"req": {"Url": url, "Method": "POST", "Headers": headers, "Body": body}}, "Metadata": {}})
        }
        ReceivedInput::Delivery { payload, dequeue_count } => {
            let metadata = dequeue_count.map(|count| json!({"DequeueCount": count.to_string()}));
            json!({"Data": {"job": STANDARD.encode(payload)}, "Metadata": metadata})
        }
        ReceivedInput::Tick => json!({"Data": {"tick": {}}, "Metadata": {}}),
    }
}

impl TestServer {
    fn open() -> Self {
        let app = Arc::new(App::default());
        let service = functions()
            .all()
            .expect("they do not contradict each other")
            .with_state(Arc::clone(&app))
            .limits(LIMITS.requests)
            .portable(true)
            .on_error(|error, invocation| Problem::from_error(error).to_response(invocation))
            .into_service(PORT);
        let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime without I/O");
        Self { app, service, runtime }
    }

    /// The answer's status, and what a handler saw. The answer is one that the host understands.
    fn post(&self, function: &str, envelope: Vec<u8>) -> (StatusCode, Option<ReceivedInput>) {
        let request = Request::post(format!("/{function}"))
            .header(header::HOST, format!("127.0.0.1:{PORT}"))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(Body::from(envelope))
            .expect("a request");
        let (status, body) = self.runtime.block_on(async {
            let Ok(response) = self.service.clone().oneshot(request).await;
            let (parts, body) = response.into_parts();
            (parts.status, body.collect().await.expect("a whole answer").to_bytes())
        });
        let answer: Value = serde_json::from_slice(&body).expect("an answer is JSON");
        let settled =
            status == StatusCode::OK && answer["Outputs"].is_object() && answer["ReturnValue"].is_null();
        let failed = status == StatusCode::INTERNAL_SERVER_ERROR && answer["error"].is_string();
        assert!(settled || failed, "an answer that the host understands, not {status} {answer}");
        let inner = &answer["Outputs"]["res"]["statusCode"];
        assert!(
            [json!(null), json!(200), json!(400), json!(404), json!(413), json!(431)].contains(inner),
            "{answer}"
        );
        (status, self.app.seen())
    }
}

fn functions() -> Functions<Arc<App>> {
    Functions::new()
        .route_prefix("api")
        .http("Call", post("things/{kind}/{id}"), look)
        .queue("Take", queue("jobs").binding("job"), take)
        .timer("Tick", timer("0 * * * * *").binding("tick"), tick)
}

async fn look(
    State(app): State<Arc<App>>,
    Path(params): Path<BTreeMap<String, String>>,
    RawQuery(query): RawQuery,
    sent: HeaderMap,
    body: Unread,
) -> Json<()> {
    let mut headers = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &sent {
        let text = String::from_utf8(value.as_bytes().to_vec()).expect("an envelope is UTF-8");
        headers.entry(name.to_string()).or_default().push(text);
    }
    let body = body.read(LONGEST_BODY).await.ok();
    app.see(ReceivedInput::Call { params, query, headers, body });
    Json(())
}

async fn take(State(app): State<Arc<App>>, message: QueueMessage<Bytes>) {
    app.see(ReceivedInput::Delivery { payload: message.payload, dequeue_count: message.dequeue_count });
}

async fn tick(State(app): State<Arc<App>>, _: TimerInfo) {
    app.see(ReceivedInput::Tick);
}
