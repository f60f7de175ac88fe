//! How the relay enforces a ceiling of five dead letters.

use std::sync::Arc;

use azure_functions_handler::State;
use chrono::TimeDelta;
use serde_json::Value;

use super::*;
use crate::{
    functions::{
        relay_outbox::relay_outbox,
        test_process::{TestProcess, invocation},
    },
    orders::{DeadLetter, Reason},
    telemetry::tests::lines_of,
};

const LIMIT: DeadLetterLimits =
    DeadLetterLimits { max_unreplayed: 5, max_age: TimeDelta::days(90), warning_percent: 80 };

/// A process, and the messages that it dead-lettered.
struct World {
    process: TestProcess,
}

impl World {
    async fn new() -> Self {
        Self { process: TestProcess::new(LIMIT).await }
    }

    async fn dead_letter(&self, payloads: &[&str]) {
        for payload in payloads {
            let context = self.process.app.write_context(&invocation());
            let letter =
                DeadLetter::new("orders-incoming", payload.as_bytes(), Reason::Malformed, context.at);
            self.process.app.dead_letter(letter, None, context).await.unwrap();
        }
    }

    async fn relay(&self) {
        relay_outbox(State(Arc::clone(&self.process.app)), invocation()).await.unwrap();
    }

    /// Deletes every dead letter, as if all had been replayed.
    async fn clear(&self) {
        let none = DeadLetterLimit {
            max_count: 100,
            recorded_after: self.process.app.clock.now() + TimeDelta::days(1),
        };
        let all = self.process.app.store.excess_dead_letters(none, BATCH_SIZE).await.unwrap();
        let ids: Vec<_> = all.iter().map(|letter| letter.id).collect();
        self.process.app.store.drop_dead_letters(&ids).await.unwrap();
    }
}

/// The log events about dead letters, in their sequence.
fn told(lines: &[Value]) -> Vec<&str> {
    let events = lines.iter().filter_map(|line| line["event"].as_str());
    events.filter(|event| event.starts_with("dead-letter")).collect()
}

#[test]
fn a_ceiling_filled_at_once_is_logged_before_letters_are_dropped() {
    let lines = lines_of(async {
        let world = World::new().await;
        world.dead_letter(&["1", "2", "3", "4", "5", "6", "7"]).await;
        world.relay().await;
    });
    assert_eq!(
        told(&lines),
        ["dead-letters-near-ceiling", "dead-letter-dropped", "dead-letter-dropped"],
        "{lines:?}"
    );
}

#[test]
fn a_near_ceiling_is_logged_once() {
    let lines = lines_of(async {
        let world = World::new().await;
        world.dead_letter(&["1", "2", "3"]).await;
        world.relay().await;
        world.dead_letter(&["4"]).await;
        world.relay().await;
        world.relay().await;
        world.clear().await;
        world.relay().await;
        world.dead_letter(&["5", "6", "7", "8"]).await;
        world.relay().await;
    });
    let warnings = lines.iter().filter(|line| line["event"] == "dead-letters-near-ceiling");
    let said: Vec<_> =
        warnings.map(|line| (line["unreplayed"].clone(), line["max_unreplayed"].clone())).collect();
    assert_eq!(said, [(4.into(), 5.into()), (4.into(), 5.into())], "{lines:?}");
}
