//! Whether the storage that the host needs is there.

use std::{
    collections::BTreeSet,
    env,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::bail;
use functions_lint::json_file;
use serde_json::Value;

use super::links;

/// Where Azurite listens for blobs, queues and tables.
const PORTS: [u16; 3] = [10000, 10001, 10002];

/// Where the host keeps its keys and locks, and what a binding has that names no connection.
const HOST_STORAGE: &str = "AzureWebJobsStorage";

/// Enough for a program on the same machine.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Looks whether the emulator answers, where a connection of the host or of a binding names it; another storage is the
/// host's own affair.
pub(super) fn check(root: &Path) -> anyhow::Result<()> {
    let settings = object(root, Path::new("local.settings.json"))?;
    for connection in connections(root)? {
        check_named(&connection, &value(&settings["Values"], &connection), &PORTS)?;
    }
    Ok(())
}

/// A file as Core Tools and the host read it: with comments, for instance.
fn object(root: &Path, file: &Path) -> anyhow::Result<Value> {
    json_file::read_value(&root.join(file), &file.display().to_string()).map_err(anyhow::Error::msg)
}

/// The connection of the host's own storage and those that bindings name.
fn connections(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::from([HOST_STORAGE.to_owned()]);
    for name in links::names(root)? {
        let function = object(root, &Path::new("functions").join(&name).join("function.json"))?;
        let bindings = function["bindings"].as_array().into_iter().flatten();
        let named = bindings.filter_map(|binding| binding["connection"].as_str());
        found.extend(named.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    Ok(found)
}

/// What the shell says of a connection, else the settings: the whole of it, or one of its parts.
fn value(settings: &Value, connection: &str) -> String {
    let set = |name: &str| {
        let in_shell = env::var(name).ok().filter(|value| !value.is_empty());
        in_shell.or_else(|| settings[name].as_str().filter(|value| !value.is_empty()).map(str::to_owned))
    };
    let names = [format!("AzureWebJobs{connection}"), connection.to_owned()];
    let parts = ["", "__accountName", "__queueServiceUri", "__blobServiceUri"];
    let names = parts.iter().flat_map(|part| names.iter().map(move |name| format!("{name}{part}")));
    names.into_iter().find_map(|name| set(&name)).unwrap_or_default()
}

/// As [`check`], for the value of one connection, with the ports to try.
pub(super) fn check_named(connection: &str, storage: &str, ports: &[u16]) -> anyhow::Result<()> {
    if storage.is_empty() {
        bail!(
            "{connection} is not set; write \"{connection}\": \"UseDevelopmentStorage=true\" into local.settings.json, \
             or add --http-only"
        );
    }
    if !storage.trim_end_matches(';').eq_ignore_ascii_case("UseDevelopmentStorage=true") {
        return Ok(());
    }
    let silent = ports.iter().find(|port| {
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, **port)), TIMEOUT).is_err()
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
