//! Faults when somebody asks for them.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::json;

use super::{
    overview,
    problem::{ApiResult, Problem},
};
use crate::{
    host::Host,
    queues::{MemoryQueues, MessageFault, Queues},
    traffic::{OutputDelay, ResponseFault},
};

/// Which switches to turn; others stay unchanged.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FaultSwitches {
    answers: Option<ResponseFault>,
    outputs: Option<OutputDelay>,
    storage_unavailable: Option<bool>,
}

/// A fault of the next message of a queue.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum NewMessageFault {
    /// It is put twice.
    Duplicated,
    /// It shows itself later.
    Delayed { seconds: u64 },
    /// It never arrives.
    Lost,
    /// Its lease ends at once.
    LeaseExpired,
    /// The message counts as received too often, and goes to the poison queue.
    Poisoned,
}

/// Turns switches.
pub(super) fn switch(host: &Host, wanted: FaultSwitches) -> ApiResult {
    if let Some(unavailable) = wanted.storage_unavailable {
        in_memory(host)?.set_unavailable(unavailable);
    }
    if let Some(response_fault) = wanted.answers {
        host.events().traffic().set_response_fault(response_fault);
    }
    if let Some(output_delay) = wanted.outputs {
        host.events().traffic().set_output_delay(output_delay);
    }
    Ok(overview::switches(host))
}

/// Injects a fault into the next message of a queue.
pub(super) fn inject(host: &Host, queue: &str, wanted: NewMessageFault) -> ApiResult {
    let fault = match wanted {
        NewMessageFault::Duplicated => MessageFault::Duplicated,
        NewMessageFault::Delayed { seconds } => MessageFault::Delayed(Duration::from_secs(seconds)),
        NewMessageFault::Lost => MessageFault::Lost,
        NewMessageFault::LeaseExpired => MessageFault::LeaseExpired,
        NewMessageFault::Poisoned => MessageFault::Poisoned,
    };
    let Queues::Memory(queues) = super::queues::of_name(host, queue)? else { return Err(not_in_memory()) };
    queues.inject(queue, fault);
    Ok(json!({}))
}

/// Kills the worker as the kernel would when memory is short: SIGKILL to it and its children.
pub(super) fn kill(host: &Host) -> ApiResult {
    let pid = host.instance().and_then(|instance| instance.worker().pid());
    let group = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let group = group.ok_or_else(|| Problem::conflict("no worker runs now"))?;
    kill_process_group(group, Signal::KILL)
        .map_err(|error| Problem::conflict(format!("it cannot be killed: {error}")))?;
    Ok(json!({"killed": pid}))
}

fn in_memory(host: &Host) -> Result<&MemoryQueues, Problem> {
    super::queues::in_process(host).ok_or_else(not_in_memory)
}

fn not_in_memory() -> Problem {
    Problem::conflict(
        "the queues are at a queue server, which this host cannot disturb: stop that server itself",
    )
}
