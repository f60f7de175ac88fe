//! Serves an app folder as the Functions host would: `functions-emulator path/to/app`.

mod check;
mod command;
mod new;

use std::{env, path::Path, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::{CommandFactory as _, Parser as _};
use functions_emulator::{
    clock::Clock,
    emulator_file::EmulatorFile,
    issuer::{Issuer, TokenOptions},
};

use command::{Arguments, Command, Failure, documents, invoke, queues, token};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    if let Some(word) = env::args_os().nth(1).and_then(|word| word.into_string().ok())
        && let Some(meant) = Arguments::misspelt_command(&word)
    {
        let why = format!("`{word}` is neither a folder nor a command; did you mean the command `{meant}`?");
        return Failure::Usage(why).report();
    }
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Some(Command::Check(arguments)) => Ok(check::run(arguments)),
        Some(Command::New(arguments)) => Ok(new::run(arguments)),
        Some(Command::Invoke(arguments)) => invoke::run(arguments).await,
        Some(Command::Token(arguments)) => token::run(arguments).await,
        Some(Command::Queues(arguments)) => queues::run(arguments).await,
        Some(Command::Completions(arguments)) => Ok(documents::completions(arguments, Arguments::command())),
        Some(Command::Man(arguments)) => documents::man(arguments, Arguments::command()),
        None => Ok(serve(arguments).await),
    };
    ended.unwrap_or_else(|failure| failure.report())
}

async fn serve(arguments: Arguments) -> ExitCode {
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let file = match (&arguments.users, &arguments.app) {
        (Some(file), _) => EmulatorFile::load(file)?,
        (None, app) => EmulatorFile::from_app_folder(app.as_deref().unwrap_or(Path::new(".")))?,
    };
    match (&arguments.token, arguments.app.clone()) {
        (Some(name), _) => print_token(name, &file, &arguments),
        (None, Some(app)) => command::serve(&app, file, arguments).await,
        (None, None) => bail!("name the folder with host.json"),
    }
}

/// Prints the token alone, so that it can stand in `$(…)`.
fn print_token(name: &str, file: &EmulatorFile, arguments: &Arguments) -> anyhow::Result<()> {
    let users = &file.users;
    let user = users.named(name).with_context(|| {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        format!("no user is named `{name}`; there are: {}", names.join(", "))
    })?;
    let port = arguments.port.or(file.options.port).unwrap_or(command::DEFAULT_PORT);
    let issuer = Issuer::open(&arguments.state, &format!("http://localhost:{port}"), users)?;
    println!("{}", issuer.token(user, &TokenOptions::default(), Clock::system().now())?);
    Ok(())
}
