//! `functions-emulator token`: a bearer token of the running emulator.

use std::process::ExitCode;

use serde_json::json;

use super::{
    failure::{EXIT_CODES, Failure},
    overview::Overview,
    running::{Address, RunningEmulator},
};

const EXAMPLES: &str = "\
Examples:
  curl -H \"Authorization: Bearer $(functions-emulator token user)\" http://localhost:7071/api/hello
  functions-emulator token user --role Admin --minutes 5      with another role, and for five minutes";

/// Whose token.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Arguments {
    /// The user's name
    user: String,
    /// A role in place of the user's own; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// How long the token is valid, up to a day [default: an hour]
    #[arg(long)]
    minutes: Option<u64>,
    /// Print a JSON object: {\"token\": \"…\"}
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    address: Address,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let emulator = RunningEmulator::connect(&arguments.address).await?;
    Overview::of(&emulator).await?.require_user(&arguments.user)?;
    let roles = (!arguments.roles.is_empty()).then_some(&arguments.roles);
    let wish = json!({ "roles": roles, "minutes": arguments.minutes });
    let answer = emulator.post(&["users", &arguments.user, "token"], &wish).await?;
    if arguments.json {
        println!("{answer}");
    } else {
        println!("{}", answer["token"].as_str().unwrap_or_default());
    }
    Ok(ExitCode::SUCCESS)
}
