//! Faults when somebody asks for them.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::json;

use super::{
    overview,
    problem::{Outcome, Problem},
};
use crate::{
    host::Host,
    queues::{MemoryQueues, Mishap, Queues},
    wire::Disturbance,
};

/// Which switches to turn; what is not named stays.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Switches {
    answers: Option<Disturbance>,
    storage_away: Option<bool>,
}

/// A fault of the next message of a queue.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Wanted {
    /// It is put twice.
    Twice,
    /// It shows itself later.
    Late { seconds: u64 },
    /// It never arrives.
    Lost,
    /// Its lease ends at once.
    LeaseOver,
    /// It counts as received too often, and goes to the poison queue.
    GivenUp,
}

/// Turns switches.
pub(super) fn switch(host: &Host, wanted: Switches) -> Outcome {
    if let Some(away) = wanted.storage_away {
        in_memory(host)?.set_away(away);
    }
    if let Some(disturbance) = wanted.answers {
        host.events().wire().disturb(disturbance);
    }
    Ok(overview::switches(host))
}

/// Injects a fault into the next message of a queue.
pub(super) fn inject(host: &Host, queue: &str, wanted: Wanted) -> Outcome {
    let mishap = match wanted {
        Wanted::Twice => Mishap::Twice,
        Wanted::Late { seconds } => Mishap::Late(Duration::from_secs(seconds)),
        Wanted::Lost => Mishap::Lost,
        Wanted::LeaseOver => Mishap::LeaseOver,
        Wanted::GivenUp => Mishap::GivenUp,
    };
    let Queues::Memory(queues) = super::queues::of_name(host, queue)? else { return Err(elsewhere()) };
    queues.inject(queue, mishap);
    Ok(json!({}))
}

/// Kills the worker as the kernel would when memory is short: SIGKILL to it and its children.
pub(super) fn kill(host: &Host) -> Outcome {
    let pid = host.instance().and_then(|instance| instance.worker().pid());
    let group = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let group = group.ok_or_else(|| Problem::impossible("no worker runs now"))?;
    kill_process_group(group, Signal::KILL)
        .map_err(|error| Problem::impossible(format!("it cannot be killed: {error}")))?;
    Ok(json!({"killed": pid}))
}

fn in_memory(host: &Host) -> Result<&MemoryQueues, Problem> {
    super::queues::in_process(host).ok_or_else(elsewhere)
}

fn elsewhere() -> Problem {
    Problem::impossible(
        "the queues are at a queue server, which this host cannot disturb: stop that server itself",
    )
}
