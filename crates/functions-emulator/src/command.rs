//! The command line: what each command does, and the emulator while it serves: prints, listens to keys and for saves,
//! loads and saves messages.

mod arguments;
pub(super) mod documents;
mod example;
mod failure;
mod hotkeys;
mod input;
pub(super) mod invoke;
mod named_value;
mod open;
mod overview;
mod reloader;
mod printer;
pub(super) mod queues;
mod running;
mod similar;
pub(super) mod token;
mod transfer;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, bail};
use functions_emulator::{
    Emulator, Events, Options,
    access_keys::AccessKeys,
    app::{App, Function, TriggerKind},
    clock::Clock,
    easyauth::EasyAuthMode,
    emulator_file::EmulatorFile,
    local_settings::LocalSettings,
    queues::Connections,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::sleep,
};

use hotkeys::{Hotkeys, Key};
use printer::Printer;
use reloader::Reloader;

pub(super) use arguments::{Arguments, Command};
pub(super) use failure::Failure;
use printer::LogFormat;
use reloader::Rebuild;
pub(super) use running::DEFAULT_PORT;

/// After this time a notice explains what a worker has to do to be called.
const WAITING_NOTICE_AFTER: Duration = Duration::from_secs(5);

/// Serves an app folder until it is stopped.
pub(super) async fn serve(app: &Path, file: EmulatorFile, arguments: Arguments) -> anyhow::Result<()> {
    let EmulatorFile { users, keys, options } = file;
    let arguments = &arguments.or(options);

    let root = app
        .canonicalize()
        .with_context(|| format!("{} does not exist; name the folder with host.json", app.display()))?;
    let events = Events::new();
    let printer = Printer::new(arguments.log, arguments.quiet);
    tokio::spawn(printer.follow(events.subscribe()));
    let queues = Connections::from_settings(&arguments.settings, Clock::system(), events.clone());
    let port = LocalSettings::read(&root).map_err(anyhow::Error::msg)?.port();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port.or(port).unwrap_or(DEFAULT_PORT)));
    let reloader = Reloader::new(&root, &arguments.state, &arguments.rebuild)?;
    if arguments.rebuild.builds() {
        Emulator::can_listen(listen).await?;
        if unless_stopped(reloader.build()).await?.is_none() {
            return Ok(());
        }
    }
    let local = LocalSettings::read(&root).map_err(anyhow::Error::msg)?;
    let found = App::load(&root, &local.with_overrides(&arguments.settings))?;
    if found.functions.is_empty() {
        bail!(no_functions(&root));
    }
    if let Some(file) = &arguments.import {
        transfer::import(file, arguments.export.as_deref(), transfer::require_in_process(&found, &queues)?)?;
    }
    let host = Emulator::start(Options {
        app_root: root,
        listen,
        settings: arguments.settings.clone(),
        easyauth: arguments.easyauth.map_or_else(EasyAuthMode::default, EasyAuthMode::from),
        users: Some(users),
        state: arguments.state.clone(),
        keys: arguments.keys.as_deref().map(AccessKeys::load).transpose()?.or(keys),
        queues: queues.clone(),
        events,
        console: arguments.console.options(),
    })
    .await?;
    for function in &found.functions {
        printer.line(&format!("{:<24} {}", function.name, describe_trigger(function, &found, host.url())));
    }
    let served = unless_stopped(run_until_quit(&host, printer, arguments, reloader)).await.map(drop);
    host.stop().await;
    if let Some(file) = &arguments.export {
        transfer::export(file, transfer::require_in_process(&found, &queues)?)?;
    }
    served
}

/// None at Ctrl-C, SIGTERM or the terminal's end; worker and build have to end too in each case.
async fn unless_stopped<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<Option<T>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        outcome = work => outcome.map(Some),
        interrupted = tokio::signal::ctrl_c() => interrupted.map(|()| None).map_err(Into::into),
        _ = terminated.recv() => Ok(None),
        _ = hung_up.recv() => Ok(None),
    }
}

/// Runs until the key `q` is pressed.
async fn run_until_quit(
    host: &Emulator,
    printer: Printer,
    arguments: &Arguments,
    reloader: Reloader,
) -> anyhow::Result<()> {
    let mut ready = std::pin::pin!(host.ready());
    tokio::select! {
        ready = ready.as_mut() => ready?,
        () = sleep(WAITING_NOTICE_AFTER) => {
            printer.line("still waiting: the worker has to answer GET / on 127.0.0.1:$FUNCTIONS_CUSTOMHANDLER_PORT");
            ready.await?;
        }
    }
    if arguments.print_worker_address {
        printer.line(&format!("worker on http://{}", host.worker_address().await?));
    }
    let mut keys = Hotkeys::of_terminal();
    let hint = if keys.is_some() {
        "; r restarts, o opens, f kills the worker, q quits"
    } else {
        "; Ctrl-C stops it"
    };
    printer.line(&format!("console on {}", host.console_url()));
    printer.ready(host.url(), hint);
    if arguments.open {
        open::page(host.console_url());
    }
    let (ask, asked) = mpsc::channel(1);
    tokio::select! {
        () = handle_keys(host, printer, &mut keys, &ask) => Ok(()),
        failed = reloader.follow(host, printer, asked) => failed,
    }
}

async fn handle_keys(
    host: &Emulator,
    printer: Printer,
    keys: &mut Option<Hotkeys>,
    restart: &mpsc::Sender<()>,
) {
    while let Some(key) = hotkeys::next(keys).await {
        match key {
            Key::Quit => break,
            Key::Open => open::page(host.console_url()),
            // If a request waits already, another adds nothing.
            Key::Restart => drop(restart.try_send(())),
            Key::Fault => kill_worker(host, printer),
        }
    }
}

/// Kills the worker as the kernel does when memory is short.
fn kill_worker(host: &Emulator, printer: Printer) {
    let worker =
        host.worker_pid().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
    let killed = worker.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
    if !matches!(killed, Some(Ok(()))) {
        printer.line("no worker is running");
    }
}

fn no_functions(root: &Path) -> String {
    let deeper = std::fs::read_dir(root).into_iter().flatten().flatten().find_map(|folder| {
        let inner = std::fs::read_dir(folder.path()).ok()?.flatten();
        inner.map(|entry| entry.path()).find(|path| path.join("function.json").is_file())
    });
    let deeper = deeper.map_or_else(String::new, |path| {
        format!("; {} is one folder too deep for it", path.strip_prefix(root).unwrap_or(&path).display())
    });
    format!(
        "{} has no function to serve: the host looks for a function.json in each folder right beside host.json{deeper}",
        root.display()
    )
}

fn describe_trigger(function: &Function, app: &App, url: &str) -> String {
    match &function.trigger.kind {
        TriggerKind::Http { methods, route, .. } => {
            let methods = match methods {
                None => "any method".to_owned(),
                Some(list) if list.is_empty() => "no method".to_owned(),
                Some(list) => list.join(","),
            };
            let path = [app.host.route_prefix.as_str(), route.trim_matches('/')];
            let path = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            format!("{methods} {url}/{path}")
        }
        TriggerKind::Queue { queue, .. } => format!("queue {queue}"),
        TriggerKind::Timer { schedule, .. } => format!("timer {schedule}"),
        TriggerKind::Other { kind } => {
            format!("{kind}, by hand: POST {url}/admin/functions/{}", function.name)
        }
    }
}
