//! Serves an app folder as the Functions host would: `functions-emulator path/to/app`.

mod check;
mod command;
mod new;
mod setting;

use std::{path::Path, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Parser as _;
use functions_emulator::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    people::People,
};

use command::{Arguments, Command};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    match &arguments.command {
        Some(Command::Check(arguments)) => return check::run(arguments),
        Some(Command::New(arguments)) => return new::run(arguments),
        None => {}
    }
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let people = match (&arguments.people, &arguments.app) {
        (Some(file), _) => People::load(file)?,
        (None, app) => People::of_app(app.as_deref().unwrap_or(Path::new(".")))?,
    };
    match (&arguments.token, &arguments.app) {
        (Some(name), _) => print_token(name, &people, &arguments),
        (None, Some(app)) => command::serve(app, people, &arguments).await,
        (None, None) => bail!("name the folder with host.json"),
    }
}

/// Prints the token alone, so that it can stand in `$(…)`.
fn print_token(name: &str, people: &People, arguments: &Arguments) -> anyhow::Result<()> {
    let person = people.named(name).with_context(|| {
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        format!("no person is named `{name}`; there are: {}", names.join(", "))
    })?;
    let port = arguments.port.unwrap_or(command::USUAL_PORT);
    let issuer = Issuer::open(&arguments.state, &format!("http://localhost:{port}"), people)?;
    println!("{}", issuer.token(person, &TokenOptions::default(), Clock::system().now())?);
    Ok(())
}
