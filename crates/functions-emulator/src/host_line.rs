//! What the host itself has to say of an event, as one line.

use crate::{event::Event, level::Level};

/// Level and sentence; none for what the worker prints, and for calls, which are recorded as such.
pub(crate) fn of(event: &Event) -> Option<(Level, String)> {
    Some(match event {
        Event::Output { .. } | Event::Invoked { .. } => return None,
        Event::WorkerStarted { pid } => (Level::Info, format!("started, process {pid}")),
        Event::WorkerReady { after } => (Level::Info, format!("ready after {} ms", after.as_millis())),
        Event::WorkerExited { code, strike, strikes } => {
            let how = code.map_or("by a signal".to_owned(), |code| format!("with code {code}"));
            let level = if *strike { Level::Error } else { Level::Info };
            (level, format!("ended {how}, {strikes} of 3 strikes"))
        }
        Event::InstanceEnded => {
            (Level::Error, "three strikes: this host instance is over, the next one starts".to_owned())
        }
        Event::ProtocolViolation { function, what } => (Level::Warn, format!("{function}: {what}")),
        Event::Warning { what } => (Level::Warn, what.clone()),
        Event::Poisoned { queue, id } => {
            (Level::Warn, format!("message {id} of {queue} was moved to {queue}-poison"))
        }
        Event::QueuesUnavailable { why } => (Level::Error, why.clone()),
        Event::QueuesAvailable => (Level::Info, "the queue server answers again".to_owned()),
    })
}

/// Whether the sentence of an event is about the worker, which it leaves out.
pub(crate) fn is_of_the_worker(event: &Event) -> bool {
    matches!(
        event,
        Event::WorkerStarted { .. }
            | Event::WorkerReady { .. }
            | Event::WorkerExited { .. }
            | Event::InstanceEnded
    )
}
