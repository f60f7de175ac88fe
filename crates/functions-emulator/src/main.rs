//! Serves an app folder as the Functions host would: `functions-emulator path/to/app`.

mod check;
mod command;
mod new;
mod setting;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand, ValueEnum};
use functions_emulator::{
    clock::Clock,
    front::FrontMode,
    issuer::{Issuer, TokenOptions},
    people::People,
};

use command::Form;
use setting::Setting;

const EXAMPLES: &str = "\
Examples:
  functions-emulator .                                    serve the app in this folder on http://localhost:7071
  functions-emulator . --port 0 --log json                on any free port, for a program
  functions-emulator . --import queues.json --export queues.json
                                                  keep the messages from one run to the next
  functions-emulator . --watch --build 'go build'         build and restart at every save
  functions-emulator . --keys keys.json                   demand function keys, as on the platform
  functions-emulator target/app --people people.json --front on
  functions-emulator --people people.json --token keeper
  functions-emulator check target/app --settings local.settings.json
  functions-emulator new --language rust first            make the folder of a new app";

/// Stands in for the Azure Functions host on this machine, for any custom handler.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder with host.json and the function folders
    #[arg(required_unless_present = "token")]
    app: Option<PathBuf>,
    /// Where to listen on 127.0.0.1; 0 for any free port [default: that of local.settings.json, or 7071]
    #[arg(long)]
    port: Option<u16>,
    /// Who can sign in: tenant, audience, people and their roles; `.local-host.json` of the app folder if not given
    #[arg(long)]
    people: Option<PathBuf>,
    /// Whether callers' tokens are checked and principal headers set
    #[arg(long, value_enum, default_value_t = FrontChoice::Off)]
    front: FrontChoice,
    /// An app setting for the worker; may be repeated
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = Setting)]
    settings: Vec<(String, String)>,
    /// Where the issuer's key is kept between runs
    #[arg(long, default_value = ".local")]
    state: PathBuf,
    /// The keys that functions demand by their authLevel: {"master": "…", "host": {…}, "functions": {…}}
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Messages to begin with
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
    /// Where to write the messages that are left at the end
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    rebuild: command::Rebuild,
    /// Open the page of this host in the browser
    #[arg(long)]
    open: bool,
    /// Print only what goes wrong
    #[arg(long)]
    quiet: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Form::Text)]
    log: Form,
    /// Serve the console on a port of its own, 0 for any free one, so that no page of the app shares its origin
    #[arg(long, value_name = "PORT")]
    console_port: Option<u16>,
    /// Path of the app's OpenAPI document, for the console; `openapi.json` below the route prefix if not given
    #[arg(long, value_name = "PATH")]
    openapi: Option<String>,
    /// For attack tests: print where the worker itself listens, without front, routes and keys
    #[arg(long)]
    direct: bool,
    /// Print a bearer token for one of the people, for a host on this port, and end
    #[arg(long, value_name = "NAME")]
    token: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look for what would go wrong under the real host, and say what to do; fails where something does
    Check(check::Arguments),
    /// Make the folder of a new app that this command serves
    New(new::Arguments),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FrontChoice {
    /// As on the platform
    On,
    /// As on a platform without authentication
    Off,
    /// For attack tests: the worker believes in a front, and there is none
    Bypassed,
    /// For attack tests: tokens are checked, but callers' own principal headers stay
    KeepingHeaders,
}

impl From<FrontChoice> for FrontMode {
    fn from(choice: FrontChoice) -> Self {
        match choice {
            FrontChoice::On => Self::On,
            FrontChoice::Off => Self::Off,
            FrontChoice::Bypassed => Self::Bypassed,
            FrontChoice::KeepingHeaders => Self::KeepingHeaders,
        }
    }
}

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
