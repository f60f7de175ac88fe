//! The calls of the fulfilment backend, read from the log of the stub. A backend that also rejects orders and fails
//! would have to report its calls itself; the checker knows the stub's calls only from [`LogCounts::calls`].

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use functions_emulator::Event;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    task::JoinSet,
};

/// The functions that messages trigger.
const CONSUMERS: [&str; 2] = ["FulfilOrder", "IngestOrder"];

/// Counts what the workers' logs report.
pub(super) struct LogListener {
    log: Arc<Mutex<LogCounts>>,
    tasks: JoinSet<()>,
}

/// What was heard.
#[derive(Clone, Debug, Default)]
pub(super) struct LogCounts {
    /// Calls of the backend, by order.
    pub(super) calls: BTreeMap<String, u64>,
    /// Invocations of functions that messages trigger, failed ones too.
    pub(super) deliveries: u64,
    /// Events that came too fast to be heard: as long as it is not zero, a call that is missing proves nothing.
    pub(super) missed: u64,
}

#[derive(Deserialize)]
struct Line {
    event: String,
    order_id: String,
}

impl LogListener {
    pub(super) fn to(receivers: [Receiver<Event>; 2]) -> Self {
        let log = Arc::<Mutex<LogCounts>>::default();
        let mut tasks = JoinSet::new();
        for receiver in receivers {
            tasks.spawn(listen(receiver, Arc::clone(&log)));
        }
        Self { log, tasks }
    }

    /// Deliveries so far.
    pub(super) fn deliveries(&self) -> u64 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).deliveries
    }

    /// Everything, once the hosts are gone.
    pub(super) async fn end(mut self) -> LogCounts {
        while self.tasks.join_next().await.is_some() {}
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn listen(mut events: Receiver<Event>, log: Arc<Mutex<LogCounts>>) {
    loop {
        let event = events.recv().await;
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(Event::Output { line, .. }) => {
                if let Some(order) = call(&line) {
                    *log.calls.entry(order).or_default() += 1;
                }
            }
            Ok(Event::Invoked { function, .. }) if CONSUMERS.contains(&function.as_str()) => {
                log.deliveries += 1;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => log.missed += missed,
            Err(RecvError::Closed) => return,
        }
    }
}

/// The order that a line says the backend was called for.
fn call(line: &str) -> Option<String> {
    let line: Line = serde_json::from_str(line).ok()?;
    (line.event == "fulfilment-stubbed").then_some(line.order_id)
}
