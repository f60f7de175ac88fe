//! The events of host and worker during a test.

use std::{collections::BTreeMap, time::Duration};

use functions_emulator::Event;
use serde_json::Value;
use tokio::sync::broadcast::error::TryRecvError;
use uuid::Uuid;

use super::{SOON, TestApp};

/// The log lines of host and worker during one story.
#[derive(Default)]
pub(crate) struct EventLog {
    pub(crate) lines: Vec<Value>,
    pub(crate) text: String,
    pub(crate) invoked: BTreeMap<Uuid, String>,
}

impl EventLog {
    /// Adds the lines since the last call.
    pub(crate) fn listen(&mut self, app: &mut TestApp) {
        loop {
            match app.heard.try_recv() {
                Ok(Event::Output { line, .. }) => {
                    self.text.push_str(&line);
                    self.text.push('\n');
                    let read = serde_json::from_str(&line);
                    let read: Value = read.unwrap_or_else(|_| panic!("no JSON: {line}"));
                    // What the doctor finds at the start belongs to no invocation.
                    if read.get("rule").is_none() {
                        self.lines.push(read);
                    }
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

    /// Listens until this holds.
    pub(crate) async fn until(&mut self, app: &mut TestApp, what: &str, holds: impl Fn(&Self) -> bool) {
        let listening = async {
            let mut look_again = tokio::time::interval(Duration::from_millis(20));
            loop {
                self.listen(app);
                if holds(self) {
                    return;
                }
                look_again.tick().await;
            }
        };
        let heard = tokio::time::timeout(SOON, listening).await;
        assert!(heard.is_ok(), "{what}: not heard");
    }

    /// The lines of one kind of event.
    pub(crate) fn events(&self, name: &str) -> Vec<&Value> {
        self.lines.iter().filter(|line| line["event"] == name).collect()
    }

    /// The lines that end an invocation, by its id.
    pub(crate) fn ended(&self) -> BTreeMap<Uuid, Vec<&Value>> {
        let mut ended = BTreeMap::<_, Vec<_>>::new();
        for line in self.events("invocation-ended") {
            ended.entry(id(&line["invocation_id"])).or_default().push(line);
        }
        ended
    }
}

/// An id in a line.
pub(crate) fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no id: {value}"))
}
