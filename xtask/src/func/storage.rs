//! Whether the storage that the host needs is there.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::project::read;

/// Where Azurite listens for blobs, queues and tables.
const PORTS: [u16; 3] = [10000, 10001, 10002];

const SETTING: &str = "AzureWebJobsStorage";

/// Enough for a program on the same machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks whether the emulator answers, where the settings name it; another storage is the host's own affair.
pub(super) fn check(root: &Path) -> anyhow::Result<()> {
    let settings: Value = serde_json::from_str(&read(&root.join("local.settings.json"))?)
        .context("local.settings.json is no JSON")?;
    let in_shell = env::var(SETTING).ok().filter(|value| !value.is_empty());
    let storage =
        in_shell.or_else(|| settings["Values"][SETTING].as_str().map(str::to_owned)).unwrap_or_default();
    check_named(&storage, &PORTS)
}

/// The same of a connection string, with the ports to ask.
pub(super) fn check_named(storage: &str, ports: &[u16]) -> anyhow::Result<()> {
    if storage.is_empty() {
        bail!(
            "{SETTING} is not set; write \"UseDevelopmentStorage=true\" into local.settings.json, or add --http-only"
        );
    }
    if !storage.trim_end_matches(';').eq_ignore_ascii_case("UseDevelopmentStorage=true") {
        return Ok(());
    }
    let silent = ports.iter().find(|port| {
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, **port)), PATIENCE).is_err()
    });
    match silent {
        None => Ok(()),
        Some(port) => bail!(
            "the storage emulator does not answer on port {port}; start it in another terminal:\n  \
             npx --yes azurite --silent --skipApiVersionCheck --location .local/azurite\n\
             or leave out what needs queues with --http-only"
        ),
    }
}
