//! A running `cargo xtask issuer`.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// The issuer on a free port; it ends when dropped.
pub(crate) struct Issuing {
    child: Child,
    said: BTreeMap<String, String>,
    /// Name and port of its authority.
    pub(crate) host: String,
    /// The help of the command.
    pub(crate) help: String,
}

impl Issuing {
    /// Starts it, and reads what it prints until it is ready.
    pub(crate) fn start() -> Self {
        let xtask = || Command::new(env!("CARGO_BIN_EXE_xtask"));
        let help = xtask().args(["issuer", "--help"]).output().expect("xtask starts").stdout;
        let mut child = xtask()
            .args(["issuer", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xtask starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let lines = lines.map(|line| line.expect("UTF-8")).take_while(|line| !line.starts_with("ready"));
        let said: BTreeMap<String, String> = lines
            .filter_map(|line| {
                line.split_once(' ').map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()))
            })
            .collect();
        let host = said.get("authority").and_then(|url| url.split('/').nth(2)).unwrap_or_default().to_owned();
        Self { child, said, host, help: String::from_utf8_lossy(&help).into_owned() }
    }

    /// What follows a word at the beginning of a line.
    pub(crate) fn said(&self, word: &str) -> &str {
        self.said.get(word).map_or("", String::as_str)
    }
}

impl Drop for Issuing {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).ok();
        }
        self.child.wait().ok();
    }
}
