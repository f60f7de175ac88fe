//! What the command does while it serves: prints, listens to keys, brings messages in and out.

mod hotkeys;
mod open;
mod show;
mod transfer;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, bail};
use local_host::{
    ConsoleOptions, Events, LocalHost, Options,
    app::{App, Function, TriggerKind},
    clock::Clock,
    keys::Keys,
    local_settings::LocalSettings,
    people::People,
    queues::Queues,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use crate::Arguments;
use hotkeys::{Hotkeys, Key};
use show::Show;

pub(super) use show::Form;

/// Where Core Tools listen too.
pub(super) const USUAL_PORT: u16 = 7071;

/// After this long it is said what a worker has to do to be called.
const SOON: Duration = Duration::from_secs(5);

/// Serves an app folder until it is told to stop.
pub(super) async fn serve(app: &Path, people: People, arguments: &Arguments) -> anyhow::Result<()> {
    let root = app
        .canonicalize()
        .with_context(|| format!("{} is not there; name the folder with host.json", app.display()))?;
    let events = Events::new();
    let show = Show::new(arguments.log, arguments.quiet);
    tokio::spawn(show.follow(events.listen()));
    let queues =
        Queues::of_settings(&arguments.settings, Clock::system(), events.clone())?.unwrap_or_default();
    if let Some(file) = &arguments.import {
        transfer::import(file, arguments.export.as_deref(), &queues)?;
    }
    let local = LocalSettings::read(&root).map_err(anyhow::Error::msg)?;
    let found = App::load(&root, &local.beneath(&arguments.settings))?;
    if found.functions.is_empty() {
        bail!(nothing_to_serve(&root, &found));
    }
    let port = arguments.port.or(local.port).unwrap_or(USUAL_PORT);
    let host = LocalHost::start(Options {
        app_root: root,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        settings: arguments.settings.clone(),
        front: arguments.front.into(),
        people: Some(people),
        state: arguments.state.clone(),
        keys: arguments.keys.as_deref().map(Keys::load).transpose()?,
        queues: queues.clone(),
        events,
        console: ConsoleOptions { port: arguments.console_port, openapi: arguments.openapi.clone() },
    })
    .await?;
    for function in &found.functions {
        show.line(&format!("{:<24} {}", function.name, what_starts(function, &found, host.url())));
    }
    let served = until_stopped(&host, show, arguments).await;
    host.stop().await;
    if let Some(file) = &arguments.export {
        transfer::export(file, &queues)?;
    }
    served
}

/// Serves until a key, Ctrl-C, a kind kill or the terminal's end; the worker has to be taken along in each case.
async fn until_stopped(host: &LocalHost, show: Show, arguments: &Arguments) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        failed = announce_and_obey(host, show, arguments) => failed,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
        _ = terminated.recv() => Ok(()),
        _ = hung_up.recv() => Ok(()),
    }
}

/// Returns when a key says so.
async fn announce_and_obey(host: &LocalHost, show: Show, arguments: &Arguments) -> anyhow::Result<()> {
    let mut ready = std::pin::pin!(host.ready());
    tokio::select! {
        ready = ready.as_mut() => ready?,
        () = sleep(SOON) => {
            show.line("still waiting: the worker has to answer GET / on 127.0.0.1:$FUNCTIONS_CUSTOMHANDLER_PORT");
            ready.await?;
        }
    }
    if arguments.direct {
        show.line(&format!("worker on http://{}", host.worker_address().await?));
    }
    let mut keys = Hotkeys::of_terminal();
    let hint = if keys.is_some() {
        "; r restarts, o opens, f kills the worker, q quits"
    } else {
        "; Ctrl-C stops it"
    };
    show.line(&format!("console on {}", host.console_url()));
    show.ready(host.url(), hint);
    if arguments.open {
        open::page(host.console_url());
    }
    while let Some(key) = hotkeys::next(&mut keys).await {
        match key {
            Key::Quit => break,
            Key::Open => open::page(host.console_url()),
            Key::Restart => match host.reload().await {
                Ok(()) => show.line("restarted, with what is in the folder now"),
                Err(error) => show.line(&format!("{error}; the old worker keeps serving")),
            },
            Key::Fault => kill_worker(host, show),
        }
    }
    Ok(())
}

/// As the kernel would when memory is short.
fn kill_worker(host: &LocalHost, show: Show) {
    let worker =
        host.worker_pid().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
    let killed = worker.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
    if !matches!(killed, Some(Ok(()))) {
        show.line("no worker runs");
    }
}

fn nothing_to_serve(root: &Path, app: &App) -> String {
    let left_out: Vec<String> = app
        .left_out
        .iter()
        .map(|one| {
            format!(
                "
{}: {}",
                one.function, one.why
            )
        })
        .collect();
    let left_out = left_out.concat();
    let deeper = std::fs::read_dir(root).into_iter().flatten().flatten().find_map(|folder| {
        let inner = std::fs::read_dir(folder.path()).ok()?.flatten();
        inner.map(|entry| entry.path()).find(|path| path.join("function.json").is_file())
    });
    let deeper = deeper.map_or_else(String::new, |path| {
        format!("; {} is one folder too deep for it", path.strip_prefix(root).unwrap_or(&path).display())
    });
    format!(
        "{} has no function to serve: the host looks for a function.json in each folder right beside host.json{deeper}{left_out}",
        root.display()
    )
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
