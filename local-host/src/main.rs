//! Serves an app folder as the Functions host would: `local-host path/to/app`.

mod check;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand, ValueEnum};
use local_host::{
    ConsoleOptions, Event, Events, LocalHost, Options,
    app::{App, Function, TriggerKind},
    clock::Clock,
    front::FrontMode,
    issuer::{Issuer, TokenOptions},
    people::People,
    queues::Queues,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::broadcast::{Receiver, error::RecvError},
};

const EXAMPLES: &str = "\
Examples:
  local-host target/app
  local-host target/app --people people.json --front on
  local-host --people people.json --token keeper
  local-host check target/app --settings local.settings.json";

/// Stands in for the Azure Functions host on this machine, for any custom handler.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder with host.json and the function folders
    #[arg(required_unless_present = "token")]
    app: Option<PathBuf>,
    /// Where to listen on 127.0.0.1; 0 for any free port
    #[arg(long, default_value_t = 7071)]
    port: u16,
    /// Who can sign in: tenant, audience, people and their roles; `.local-host.json` of the app folder if not given
    #[arg(long)]
    people: Option<PathBuf>,
    /// Whether callers' tokens are checked and principal headers set
    #[arg(long, value_enum, default_value_t = FrontChoice::Off)]
    front: FrontChoice,
    /// An app setting for the worker, as NAME=VALUE; may be repeated
    #[arg(long = "setting", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Where the issuer's key is kept between runs
    #[arg(long, default_value = ".local")]
    state: PathBuf,
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

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let arguments = Arguments::parse();
    if let Some(Command::Check(arguments)) = &arguments.command {
        return check::run(arguments);
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
        (None, Some(app)) => serve(app, people, &arguments).await,
        (None, None) => bail!("name the folder with host.json"),
    }
}

/// Prints the token alone, so that it can stand in `$(…)`.
fn print_token(name: &str, people: &People, arguments: &Arguments) -> anyhow::Result<()> {
    let person = people.named(name).with_context(|| {
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        format!("nobody is named `{name}`; there are: {}", names.join(", "))
    })?;
    let issuer = Issuer::open(&arguments.state, &format!("http://localhost:{}", arguments.port), people)?;
    println!("{}", issuer.token(person, &TokenOptions::default(), Clock::system().now())?);
    Ok(())
}

async fn serve(app: &Path, people: People, arguments: &Arguments) -> anyhow::Result<()> {
    let root = app
        .canonicalize()
        .with_context(|| format!("{} is not there; name the folder with host.json", app.display()))?;
    let events = Events::new();
    tokio::spawn(print(events.listen()));
    let queues = Queues::of_settings(&arguments.settings, Clock::system(), events.clone())?;
    let functions = App::load(&root, &arguments.settings)?;
    let host = LocalHost::start(Options {
        app_root: root,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port)),
        settings: arguments.settings.clone(),
        front: match arguments.front {
            FrontChoice::On => FrontMode::On,
            FrontChoice::Off => FrontMode::Off,
            FrontChoice::Bypassed => FrontMode::Bypassed,
            FrontChoice::KeepingHeaders => FrontMode::KeepingHeaders,
        },
        people: Some(people),
        state: arguments.state.clone(),
        keys: None,
        queues: queues.unwrap_or_default(),
        events,
        console: ConsoleOptions { port: arguments.console_port, openapi: arguments.openapi.clone() },
    })
    .await?;
    for function in &functions.functions {
        println!("{:<24} {}", function.name, what_starts(function, &functions, host.url()));
    }
    let served = until_stopped(&host, arguments.direct).await;
    host.stop().await;
    served
}

/// Serves until Ctrl-C, a kind kill or the terminal's end; the worker has to be taken along in each case.
async fn until_stopped(host: &LocalHost, direct: bool) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        failed = announce(host, direct) => failed,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
        _ = terminated.recv() => Ok(()),
        _ = hung_up.recv() => Ok(()),
    }
}

/// Runs for ever once the worker has answered.
async fn announce(host: &LocalHost, direct: bool) -> anyhow::Result<()> {
    host.ready().await?;
    if direct {
        println!("worker on http://{}", host.worker_address().await?);
    }
    println!("console on {}", host.console_url());
    println!("ready on {}; Ctrl-C stops it", host.url());
    std::future::pending().await
}

fn what_starts(function: &Function, app: &App, url: &str) -> String {
    match &function.trigger.kind {
        TriggerKind::Http { methods, route, .. } => {
            let methods = if methods.is_empty() { "any method".to_owned() } else { methods.join(",") };
            let path = [app.host.route_prefix.as_str(), route.trim_matches('/')];
            let path = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            format!("{methods} {url}/{path}")
        }
        TriggerKind::Queue { queue } => format!("queue {queue}"),
        TriggerKind::Timer { schedule, .. } => format!("timer {schedule}"),
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

async fn print(mut events: Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(event) => print_one(event),
            Err(RecvError::Lagged(missed)) => println!("({missed} events not shown)"),
            Err(RecvError::Closed) => return,
        }
    }
}

fn print_one(event: Event) {
    match event {
        Event::Output { stderr: false, line } => println!("  {line}"),
        Event::Output { stderr: true, line } => eprintln!("! {line}"),
        Event::Invoked { function, id, status, duration, .. } => {
            println!("{function} {status} {} ms {id}", duration.as_millis());
        }
        Event::Mistake { function, what } => eprintln!("{function}: {what}"),
        Event::Poisoned { queue, id } => eprintln!("message {id} of {queue} was moved to {queue}-poison"),
        Event::QueuesAway { why } => eprintln!("{why}"),
        Event::QueuesBack => eprintln!("the queue server answers again"),
        Event::WorkerStarted { pid } => println!("worker started, process {pid}"),
        Event::WorkerReady { after } => println!("worker ready after {} ms", after.as_millis()),
        Event::WorkerExited { code, strikes, .. } => {
            let how = code.map_or("by a signal".to_owned(), |code| format!("with code {code}"));
            eprintln!("worker ended {how}; {strikes} of 3 strikes");
        }
        Event::InstanceEnded => eprintln!("three strikes: this host instance is over, the next one starts"),
    }
}
