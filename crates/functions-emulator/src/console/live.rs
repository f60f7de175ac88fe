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
    host_line,
    traffic::{Change, Journal},
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
    let mut traced = events.traffic().traces().subscribe();
    tokio::spawn(async move {
        let journal = events.traffic().journal();
        let mut open = send(&sender, &json!({"kind": "hello"})).await;
        let mut next_line = 0;
        while open {
            open = tokio::select! {
                () = cancellation.cancelled() => false,
                () = sender.closed() => false,
                event = events_seen.recv() => match event {
                    Ok(event) => send_some(&sender, to_json(&event)).await,
                    Err(RecvError::Lagged(_)) => send(&sender, &json!({"kind": "lagged"})).await,
                    Err(RecvError::Closed) => false,
                },
                change = changed.recv() => match change {
                    Ok(change) => send_changes(&sender, journal, change, &mut changed, &mut next_line).await,
                    Err(RecvError::Lagged(_)) => send(&sender, &json!({"kind": "lagged"})).await,
                    Err(RecvError::Closed) => false,
                },
                told = built.changed() => match told {
                    Ok(()) => send_build(&sender, &mut built).await,
                    Err(_) => false,
                },
                told = traced.changed() => match told {
                    Ok(()) => send(&sender, &json!({"kind": "traces"})).await,
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

/// Sends the calls that have changed, each once because one call can change several times within a moment, and the new
/// lines.
async fn send_changes(
    sender: &Sender<Bytes>,
    journal: &Journal,
    first: Change,
    changed: &mut broadcast::Receiver<Change>,
    next_line: &mut u64,
) -> bool {
    let (mut calls, mut first_line) = (BTreeSet::new(), None);
    let mut next = Some(first);
    while let Some(change) = next {
        match change {
            Change::Call(number) => drop(calls.insert(number)),
            Change::Line(number) => first_line = first_line.or(Some(number)),
        }
        next = changed.try_recv().ok();
    }
    let lines = first_line.map(|first| journal.lines(first.max(*next_line))).unwrap_or_default();
    for line in lines {
        *next_line = line.number + 1;
        let mut event = json!(line);
        event["kind"] = json!("line");
        if !send(sender, &event).await {
            return false;
        }
    }
    for call in calls.into_iter().filter_map(|number| journal.summary(number)) {
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

/// What a page tells at once. Calls and lines are sent as their records change.
fn to_json(event: &Event) -> Option<Value> {
    let (_, what) = host_line::of(event)?;
    let kind = match event {
        event if host_line::is_of_the_worker(event) => "worker",
        Event::Poisoned { .. } | Event::QueuesUnavailable { .. } | Event::QueuesAvailable => "queues",
        _ => "violation",
    };
    Some(json!({"kind": kind, "what": what}))
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
