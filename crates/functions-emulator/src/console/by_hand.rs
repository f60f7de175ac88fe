//! Functions that are run by hand: without their queue, their schedule, or what else would start them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    calls,
    problem::{ApiResult, Problem},
};
use crate::{
    app::{App, Function, TriggerKind},
    clock::Clock,
    host::Host,
    manual_run,
    queue_listener::DataAndMetadata,
    queues::check_text,
};

/// The input of a run: a message, what a trigger that nothing here listens to would bring, or of a timer null or
/// `{"IsPastDue": true}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    input: Value,
}

/// The input of a timer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimerInput {
    #[serde(default)]
    is_past_due: bool,
}

/// A run whose input fits the function.
enum Run {
    Timer { is_past_due: bool },
    Envelope(DataAndMetadata),
}

/// Runs a function with this input and waits for its end. The record of the call shows whether it failed; if it was tried
/// again, that of the last attempt.
pub(super) async fn run(host: &Host, function: &str, Input { input }: Input) -> ApiResult {
    let instance = host.instance().ok_or_else(calls::no_instance)?;
    let function = instance.app().functions.iter().find(|one| one.name.eq_ignore_ascii_case(function));
    let function = function.ok_or_else(|| Problem::not_found("there is no function of this name"))?;
    let run = prepare(instance.app(), function, &input, host.options().queues.clock())?;
    let record = calls::begin(host);
    match run {
        Run::Timer { is_past_due } => {
            let fired = instance.timers().fire_recorded(&function.name, is_past_due, &record).await;
            fired.map_err(Problem::conflict)?;
        }
        Run::Envelope((data, metadata)) => {
            drop(instance.invoker().trigger_recorded(function, data, metadata, &record).await);
        }
    }
    let last = host.events().traffic().journal().last_attempt(record.number());
    Ok(json!(last.ok_or_else(calls::forgotten)?))
}

fn prepare(app: &App, function: &Function, input: &Value, clock: &Clock) -> Result<Run, Problem> {
    match &function.trigger.kind {
        TriggerKind::Http { .. } => Err(Problem::conflict("this function has a route: call that")),
        TriggerKind::Timer { .. } => {
            let form = "the input of a timer must be null or {\"IsPastDue\": true}";
            let timer = Option::<TimerInput>::deserialize(input).map_err(|_| Problem::bad_request(form))?;
            Ok(Run::Timer { is_past_due: timer.unwrap_or_default().is_past_due })
        }
        TriggerKind::Queue { .. } => {
            let encoding = app.host.queues.encoding;
            let text = manual_run::queue_text(input, encoding);
            check_text(&text).map_err(|error| Problem::bad_request(error.to_string()))?;
            let message = manual_run::message(function, text, encoding, clock.now());
            message.map(Run::Envelope).map_err(|error| Problem::bad_request(error.to_string()))
        }
        TriggerKind::Other { .. } => Ok(Run::Envelope((manual_run::data(function, input), Map::new()))),
    }
}
