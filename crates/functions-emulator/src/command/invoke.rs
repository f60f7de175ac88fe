//! `functions-emulator invoke`: calls one function of the running emulator.

mod http_call;
mod outcome;

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{
    example::Example,
    failure::{EXIT_CODES, Failure},
    input::Input,
    overview::{Function, Overview, Trigger},
    running::{Address, RunningEmulator},
};
use http_call::HttpOptions;
use outcome::Outcome;

const EXAMPLES: &str = "\
Examples:
  functions-emulator invoke Hello                               an HTTP function, by its only route
  functions-emulator invoke Hello --path '/api/hello/Ada?loud=1'
  functions-emulator invoke Submit --data '{\"name\": \"a job\"}' --as user
  functions-emulator invoke Work --example queue-json           a queue function, without its queue
  functions-emulator invoke Sweep --example timer-past-due --json
  generate | functions-emulator invoke Work --data-file -";

/// What to call, and with what.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// The function's name
    function: String,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    http: HttpOptions,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let emulator = RunningEmulator::connect(&arguments.address).await?;
    let overview = Overview::of(&emulator).await?;
    let function = overview.function(&arguments.function)?;
    require_fitting_example(function, arguments.input.example)?;
    let outcome = if let Trigger::Http { methods, path } = &function.trigger {
        let body = arguments.input.read()?;
        let call = arguments.http.call(methods, path, body, &overview)?;
        Outcome::answered(&function.name, emulator.post(&["calls"], &call).await?)
    } else {
        arguments.http.refuse_for(&function.name)?;
        let input = json!({ "input": input(function, &arguments.input)? });
        let record = emulator.post(&["functions", &function.name, "run"], &input).await?;
        Outcome::ended(&function.name, type_of(&function.trigger), record)
    };
    outcome.print(arguments.json);
    Ok(if outcome.succeeded() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The type of a trigger, as function.json has it.
fn type_of(trigger: &Trigger) -> &str {
    match trigger {
        Trigger::Http { .. } => "httpTrigger",
        Trigger::Queue { .. } => "queueTrigger",
        Trigger::Timer {} => "timerTrigger",
        Trigger::Other { trigger } => trigger,
    }
}

fn require_fitting_example(function: &Function, example: Option<Example>) -> Result<(), Failure> {
    let trigger = type_of(&function.trigger);
    if example.is_none_or(|example| example.fits(trigger)) {
        return Ok(());
    }
    let fitting = Example::names_for(trigger);
    let fitting = if fitting.is_empty() {
        "no example fits it: give --data or --data-file".to_owned()
    } else {
        format!("these examples fit it: {}", fitting.join(", "))
    };
    Err(Failure::Usage(format!("the trigger of {} is a {trigger}; {fitting}", function.name)))
}

/// What a function is run with that has no HTTP caller.
fn input(function: &Function, given: &Input) -> Result<Value, Failure> {
    let text = given.read_text()?;
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    match (&function.trigger, text) {
        (Trigger::Timer {}, None) => Ok(Value::Null),
        (Trigger::Timer {}, Some(text)) => parsed(&text)
            .ok_or_else(|| Failure::Usage("the data of a timer must be {\"IsPastDue\": true}".to_owned())),
        // A message is a text, whatever it looks like.
        (Trigger::Queue { .. }, Some(text)) => Ok(Value::from(text)),
        (Trigger::Http { .. } | Trigger::Other { .. }, Some(text)) => {
            Ok(parsed(&text).unwrap_or_else(|| Value::from(text)))
        }
        (_, None) => Err(Failure::Usage(format!(
            "{} needs an input: give --data, --data-file or --example",
            function.name
        ))),
    }
}
