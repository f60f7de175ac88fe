//! An emulator as somebody started it, and the commands that ask it.

use std::{ffi::OsStr, process::Output};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    app::{TestApp, within},
    command::Typed,
};

/// An emulator, and the port to give the commands.
pub(crate) struct Remote {
    pub(crate) app: TestApp,
    pub(crate) emulator: Typed,
    pub(crate) port: String,
}

/// How a command ended, and what it printed.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// What was printed with `--json`.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("JSON, not {}{}", self.out, self.err))
    }
}

impl Remote {
    pub(crate) async fn start(app: TestApp) -> Self {
        Self::with(app, &[]).await
    }

    /// Starts the emulator on any free port, with these options too.
    pub(crate) async fn with(app: TestApp, options: &[&str]) -> Self {
        let mut emulator = Typed::with(&app, |command| {
            command.args(["--port", "0"]).args(options);
        });
        let [url] = emulator.behind(["ready on "]).await;
        let url = url.split(';').next().unwrap_or_default();
        let port = url.rsplit(':').next().unwrap_or_default().to_owned();
        Self { app, emulator, port }
    }

    /// Runs a command in the app folder against this emulator.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let arguments = arguments.iter().copied().chain(["--port", &self.port]);
        command(self.app.options.app_root.as_os_str(), arguments).await
    }

    /// The next envelope that the worker got for a function.
    pub(crate) async fn invoked(&mut self, function: &str) -> Value {
        let start = format!("invoked {function} ");
        let [body] = self.emulator.behind([start.as_str()]).await;
        serde_json::from_str(&body).expect("an envelope is JSON")
    }
}

/// Runs a command in a folder until it ends.
pub(crate) async fn command<'a>(folder: &OsStr, arguments: impl IntoIterator<Item = &'a str>) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    Ended::of(&within(command.output()).await.expect("it ends"))
}
