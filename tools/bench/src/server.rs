//! The servers that are compared over HTTP: the worker, its limit and its peer, each as a custom handler would be
//! started.

use std::{
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde::Serialize;
use test_servers::Handler;

use crate::{
    requests::{READER, TENANT},
    statement::Statements,
};

/// Who is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub(crate) enum Peer {
    Worker,
    Pgbench,
    BareAxum,
    /// Bare axum with the pool that the worker builds on.
    SamePool,
    Fastify,
}

impl Peer {
    /// In the sequence of the tables.
    pub(crate) const ALL: [Self; 5] =
        [Self::Worker, Self::Pgbench, Self::BareAxum, Self::SamePool, Self::Fastify];
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Worker => "worker",
            Self::Pgbench => "pgbench",
            Self::BareAxum => "bare axum",
            Self::SamePool => "axum, same pool",
            Self::Fastify => "Fastify",
        })
    }
}

/// Where the programs are.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) worker: PathBuf,
    pub(crate) bare_axum: PathBuf,
    /// The folder of the Fastify app, its modules installed; none without Node.
    pub(crate) fastify: Option<PathBuf>,
}

/// Starts a server with this many connections to the database, and waits for its first answer. The peers need the
/// worker's statements only once they are asked for orders.
pub(crate) fn start(
    peer: Peer,
    programs: &Programs,
    database: &str,
    pool: u32,
    statements: Option<&Statements>,
) -> anyhow::Result<Handler> {
    start_with(peer, programs, database, pool, statements, &[])
}

/// The same with further settings, which win.
pub(crate) fn start_with(
    peer: Peer,
    programs: &Programs,
    database: &str,
    pool: u32,
    statements: Option<&Statements>,
    settings: &[(&str, &str)],
) -> anyhow::Result<Handler> {
    let mut server = spawn(peer, programs, database, pool, statements, settings)?;
    if let Some(log) = server.take_log() {
        thread::spawn(|| drain(log));
    }
    Ok(server)
}

/// The same with its log left to the caller, who has to read it.
pub(crate) fn spawn(
    peer: Peer,
    programs: &Programs,
    database: &str,
    pool: u32,
    statements: Option<&Statements>,
    settings: &[(&str, &str)],
) -> anyhow::Result<Handler> {
    let mut command = command(peer, programs)?;
    command
        // The environment of every peer, in the names that the worker gave it.
        .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
        .env("WEBSITE_AUTH_ENABLED", "True")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    if peer == Peer::Worker {
        command
            .env("ORDERS_DATABASE_URL", database)
            .env("ORDERS_DATABASE_POOL", pool.to_string())
            .env("ORDERS_IDENTITY", "easyauth")
            .env("ORDERS_ENTRA_TENANT_ID", TENANT)
            .env("ORDERS_RATE_LIMIT", "off");
    } else {
        let text = |of: fn(&Statements) -> String| statements.map(of).unwrap_or_default();
        let own_types = matches!(peer, Peer::BareAxum | Peer::SamePool);
        command
            .env("DATABASE_URL", database)
            .env("DATABASE_POOL", pool.to_string())
            .env("POOL", if peer == Peer::SamePool { "deadpool" } else { "sqlx" })
            .env(
                "STATEMENT_GET",
                if own_types { text(|s| s.get.text.clone()) } else { text(|s| s.get.typed()) },
            )
            .env(
                "STATEMENT_LIST",
                if own_types { text(|s| s.list.text.clone()) } else { text(|s| s.list.typed()) },
            )
            .env("STATEMENT_CREATE", text(|s| s.create.typed()))
            .env("OWNER_TENANT", TENANT)
            .env("OWNER_OBJECT", READER);
    }
    command.envs(settings.iter().copied());
    Handler::start(&mut command).with_context(|| format!("{peer}: see what it said above"))
}

/// An empty environment but for the PATH: a shell may hold variables that the worker takes for the platform's.
fn command(peer: Peer, programs: &Programs) -> anyhow::Result<Command> {
    let mut command = match peer {
        Peer::Worker => Command::new(&programs.worker),
        Peer::BareAxum | Peer::SamePool => Command::new(&programs.bare_axum),
        Peer::Fastify => {
            let mut node = Command::new("node");
            node.arg(programs.fastify.as_deref().context("Fastify is not installed")?.join("server.mjs"));
            node
        }
        Peer::Pgbench => bail!("pgbench is no server"),
    };
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if peer == Peer::Fastify {
        command.env("NODE_ENV", "production");
    }
    Ok(command)
}

/// Reads a log as the host does, through a pipe, and forgets it. It looks only now and then, so that a line costs its
/// writer what it costs, and not the waking of a reader too.
fn drain(mut log: ChildStdout) {
    let mut lines = vec![0; 64 * 1024];
    while log.read(&mut lines).is_ok_and(|length| length > 0) {
        thread::sleep(Duration::from_millis(2));
    }
}

/// Installs the Fastify app's modules, exactly those of its lock file, into `place`.
pub(crate) fn install_fastify(source: &Path, place: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(place)?;
    for entry in std::fs::read_dir(source)? {
        let entry = entry?;
        if entry.path().is_file() {
            std::fs::copy(entry.path(), place.join(entry.file_name()))?;
        }
    }
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"];
    let output = Command::new("npm")
        .args(npm)
        .current_dir(place)
        .output()
        .context("there is no npm: install Node 20 or newer")?;
    anyhow::ensure!(output.status.success(), "npm says: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
