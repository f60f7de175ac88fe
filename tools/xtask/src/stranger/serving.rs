//! A running `functions-emulator .`, as a person sees it.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::home::Home;

/// What it prints in the end.
const READY: &str = "ready on ";
/// An app that is compiled already is served sooner; a machine may be slow.
const START: Duration = Duration::from_mins(5);

/// The emulator and its app, which end when this is dropped.
pub(super) struct Serving {
    child: Child,
    /// The port, for other commands.
    pub(super) port: String,
}

impl Serving {
    /// Serves the app in a folder on a free port, and waits until it is ready.
    pub(super) fn start(home: &Home, emulator: &Path, folder: &Path) -> anyhow::Result<Self> {
        let log = log(folder);
        let errors = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = home.command(emulator);
        command.args([".", "--port", "0"]).current_dir(folder).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().context("cannot start the emulator")?;
        let lines = BufReader::new(child.stdout.take().context("the emulator has no stdout")?).lines();
        let (tell, told) = mpsc::channel();
        let mut serving = Self { child, port: String::new() };
        // Goes on reading what the emulator prints, so that it can go on printing.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, rest)) = line.split_once(READY) {
                    tell.send(rest.split(';').next().unwrap_or_default().to_owned()).ok();
                }
            }
        });
        let Ok(url) = told.recv_timeout(START) else {
            let errors = std::fs::read_to_string(log).unwrap_or_default();
            bail!("the emulator did not get ready within {} minutes:\n{errors}", START.as_secs() / 60);
        };
        let (_, port) = url.rsplit_once(':').context("the emulator says no port")?;
        port.clone_into(&mut serving.port);
        Ok(serving)
    }
}

/// Where the emulator's stderr goes: beside the app, where no save is seen.
fn log(folder: &Path) -> PathBuf {
    folder.with_extension("log")
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
        self.child.wait().ok();
    }
}
