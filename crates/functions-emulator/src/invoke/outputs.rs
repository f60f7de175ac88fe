//! Finds the value of each output binding, and sends those of queues.

// The host: docs/reference/host-protocol.md#outputs-and-returnvalue.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Failure,
    binding_value::{RETURN, value},
    envelope_response::EnvelopeResponse,
    queue_output,
};
use crate::{
    app::{Connection, Function, MessageEncoding, Output, OutputKind, is_queue_name},
    net_json::Json,
    queues::{Connections, QueueError},
    traffic::OutputPace,
};

/// Names in `Outputs` that no binding has: the host drops their values in silence.
pub(super) fn unknown(function: &Function, answer: &EnvelopeResponse) -> Vec<String> {
    let known = |name: &str| function.outputs.iter().any(|output| output.binding == name);
    let names = answer.outputs.iter().flatten().map(|(name, _)| name).filter(|name| !known(name));
    names
        .map(|name| {
            format!("Outputs has \"{name}\", but no out binding has that name; names are case-sensitive")
        })
        .collect()
}

/// The values of outputs that this host has no service for, one line each.
pub(super) fn unsent(function: &Function, answer: &EnvelopeResponse) -> Vec<String> {
    let others = function.outputs.iter().filter_map(|output| match &output.kind {
        OutputKind::Other { kind } => Some((output, kind)),
        OutputKind::Http | OutputKind::Queue { .. } => None,
    });
    let found = others.filter_map(|(output, kind)| {
        let value = value(function, answer, &output.binding).filter(|value| **value != Json::Null)?;
        Some(format!("not sent to the output {} ({kind}): {}", output.binding, value.compact()))
    });
    found.collect()
}

/// Refuses an `http` output that is no response: the host reads it before any message is sent.
pub(super) fn check(function: &Function, answer: &EnvelopeResponse) -> Result<(), Failure> {
    let http = function.outputs.iter().filter(|output| matches!(output.kind, OutputKind::Http));
    for output in http.filter(|output| output.binding != RETURN) {
        let own = answer.outputs.iter().flatten().find(|(name, _)| *name == output.binding);
        if let Some((_, value)) = own {
            super::http_output::parse_http_output(value)?;
        }
    }
    Ok(())
}

/// Puts every message of every queue output, one after another at a pace. Every message is tried, even after a failure;
/// the first failure is returned.
pub(super) async fn send(
    function: &Function,
    answer: &EnvelopeResponse,
    connections: &Connections,
    encoding: MessageEncoding,
    pace: &mut OutputPace,
) -> Result<(), Failure> {
    let mut outcome = Ok(());
    for output in &function.outputs {
        if let OutputKind::Queue { queue, connection } = &output.kind {
            let value = value(function, answer, &output.binding);
            let destination = (queue.as_str(), connection);
            let sent = send_one(output, destination, value, connections, encoding, pace).await;
            outcome = outcome.and(sent);
        }
    }
    outcome
}

async fn send_one(
    output: &Output,
    (queue, connection): (&str, &Connection),
    value: Option<&Json>,
    connections: &Connections,
    encoding: MessageEncoding,
    pace: &mut OutputPace,
) -> Result<(), Failure> {
    let Some(value) = value.filter(|value| **value != Json::Null) else { return Ok(()) };
    if !is_queue_name(queue) {
        return Err(Failure::violation(format!(
            "output \"{}\" goes to \"{queue}\", which is no valid queue name",
            output.binding
        )));
    }
    let queues = connections.queues(connection).map_err(|error| Failure::new(error.to_string()))?;
    for message in queue_output::messages(value, output.data_type).map_err(Failure::violation)? {
        let text = match encoding {
            MessageEncoding::Base64 => STANDARD.encode(message),
            // The host reads the bytes as text, and invalid UTF-8 becomes U+FFFD (`qout-string-hex`).
            MessageEncoding::None => String::from_utf8_lossy(&message).into_owned(),
        };
        pace.next().await;
        queues.put(queue, text).await.map_err(|error| not_sent(output, &error))?;
    }
    Ok(())
}

/// An unavailable queue server is not the worker's mistake.
fn not_sent(output: &Output, error: &QueueError) -> Failure {
    let what = format!("output \"{}\": {error}", output.binding);
    if matches!(error, QueueError::Server(_)) { Failure::new(what) } else { Failure::violation(what) }
}
