//! The console's live events: server-sent events.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::{Value, json};
use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc::{self, Receiver, Sender},
    watch,
};

use crate::{
    body::{self, Body},
    build_status::BuildState,
    cancellation::CancellationToken,
    event::Event,
    host::Host,
    traffic::Journal,
};

/// A comment this often shows that the host is still there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Events that may wait for a slow page.
const EVENT_BUFFER: usize = 256;

/// A stream that ends when the page leaves or the host stops.
pub(super) fn answer(host: &Host, mut cancellation: CancellationToken) -> Response<Body> {
    let (sender, receiver) = mpsc::channel(EVENT_BUFFER);
    let events = host.events().clone();
    let (mut events_seen, mut changed) = (events.subscribe(), events.traffic().journal().subscribe());
    let mut built = host.builds().subscribe();
    tokio::spawn(async move {
        let journal = events.traffic().journal();
        let mut open = send(&sender, &json!({"kind": "hello"})).await;
        while open {
            open = tokio::select! {
                () = cancellation.cancelled() => false,
                () = sender.closed() => false,
                event = events_seen.recv() => match event {
                    Ok(event) => send_some(&sender, to_json(&event)).await,
                    Err(RecvError::Lagged(_)) => send(&sender, &json!({"kind": "lagged"})).await,
                    Err(RecvError::Closed) => false,
                },
                number = changed.recv() => match number {
                    Ok(number) => send_calls(&sender, journal, number, &mut changed).await,
                    Err(RecvError::Lagged(_)) => send(&sender, &json!({"kind": "lagged"})).await,
                    Err(RecvError::Closed) => false,
                },
                told = built.changed() => match told {
                    Ok(()) => send_build(&sender, &mut built).await,
                    Err(_) => false,
                },
                () = tokio::time::sleep(HEARTBEAT) => sender.send(Bytes::from_static(b": \n\n")).await.is_ok(),
            };
        }
    });
    let mut answer = Response::new(Stream(receiver).map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = StatusCode::OK;
    body::protect(&mut answer, "text/event-stream");
    answer
}

/// Sends the calls that have changed, each once: one call can change several times within a moment.
async fn send_calls(
    sender: &Sender<Bytes>,
    journal: &Journal,
    first: u64,
    changed: &mut broadcast::Receiver<u64>,
) -> bool {
    let mut numbers = BTreeSet::from([first]);
    while let Ok(number) = changed.try_recv() {
        numbers.insert(number);
    }
    for call in numbers.into_iter().filter_map(|number| journal.summary(number)) {
        if !send(sender, &json!({"kind": "call", "call": call})).await {
            return false;
        }
    }
    true
}

/// Sends the current status of the build.
async fn send_build(sender: &Sender<Bytes>, built: &mut watch::Receiver<BuildState>) -> bool {
    let state = built.borrow_and_update().clone();
    send(sender, &json!({"kind": "build", "build": state})).await
}

fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::WorkerStarted { pid } => json!({"kind": "worker", "what": format!("started, process {pid}")}),
        Event::WorkerReady { after } => {
            json!({"kind": "worker", "what": format!("ready after {} ms", after.as_millis())})
        }
        Event::WorkerExited { code, strikes, .. } => {
            let how = code.map_or("by a signal".to_owned(), |code| format!("with code {code}"));
            json!({"kind": "worker", "what": format!("ended {how}, {strikes} of 3 strikes")})
        }
        Event::InstanceEnded => {
            json!({"kind": "worker", "what": "three strikes: this host instance is over, the next one starts"})
        }
        Event::Output { stderr, line } => json!({"kind": "line", "stderr": stderr, "line": line}),
        Event::ProtocolViolation { function, what } => {
            json!({"kind": "violation", "what": format!("{function}: {what}")})
        }
        Event::Warning { what } => json!({"kind": "violation", "what": what}),
        Event::Poisoned { queue, id } => {
            json!({"kind": "queues", "what": format!("message {id} of {queue} was moved to {queue}-poison")})
        }
        Event::QueuesUnavailable { why } => json!({"kind": "queues", "what": why}),
        Event::QueuesAvailable => json!({"kind": "queues", "what": "the queue server answers again"}),
        // The call itself is sent when its record changes.
        Event::Invoked { .. } => return None,
    })
}

async fn send_some(sender: &Sender<Bytes>, event: Option<Value>) -> bool {
    match event {
        Some(event) => send(sender, &event).await,
        None => true,
    }
}

async fn send(sender: &Sender<Bytes>, event: &Value) -> bool {
    sender.send(Bytes::from(format!("data: {event}\n\n"))).await.is_ok()
}

struct Stream(Receiver<Bytes>);

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
