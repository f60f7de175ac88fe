//! The databases that a run can be on.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use test_servers::{Database, PgBouncer, Postgres, TcpProxy};
use tokio::{task::spawn_blocking, time::sleep};

/// A database by its name in the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Name {
    /// A file.
    Sqlite,
    /// A server of its own, which is killed too.
    Postgres,
    /// The same behind PgBouncer with transaction pooling.
    Pgbouncer,
}

/// Where a run can be made.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    Sqlite,
    Postgres(Arc<Postgres>),
    /// With fewer connections of the server than the workers have.
    PgBouncer(Arc<Postgres>, Arc<PgBouncer>),
}

/// The database of one run.
pub(super) enum RunDatabase {
    File(PathBuf),
    Server(Server),
}

/// A database on a server, and the network between them and the workers.
pub(super) struct Server {
    // The database goes before its server.
    pub(super) database: Database,
    postgres: Arc<Postgres>,
    is_pooled: bool,
    pub(super) proxy: TcpProxy,
}

/// The engine that is asked for, or both. If PostgreSQL is missing, a laptop prints a warning; where `CI` is set, that
/// is an error.
pub(super) fn engines(wanted: Option<Name>) -> anyhow::Result<Vec<Engine>> {
    // Killing the server loses nothing that it has handed to the operating system, so it need not wait for the disk.
    let start = || Postgres::start(&["fsync=off"]).map(Arc::new);
    let server = || start().map(Engine::Postgres);
    match wanted {
        Some(Name::Sqlite) => Ok(vec![Engine::Sqlite]),
        Some(Name::Pgbouncer) => {
            let server = start()?;
            let pooler = Arc::new(PgBouncer::start(&server, &["default_pool_size = 3"])?);
            Ok(vec![Engine::PgBouncer(server, pooler)])
        }
        Some(Name::Postgres) => Ok(vec![server()?]),
        None => match server() {
            Ok(server) => Ok(vec![Engine::Sqlite, server]),
            Err(error) if env::var_os("CI").is_none() => {
                println!("NOT TESTED: chaos on PostgreSQL, because {error}");
                Ok(vec![Engine::Sqlite])
            }
            Err(error) => Err(error.into()),
        },
    }
}

impl Engine {
    /// As it is called in sentences.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
            Self::PgBouncer(..) => "PostgreSQL behind PgBouncer",
        }
    }

    /// An empty database; on a server brought up by the worker's own command.
    pub(super) async fn fresh(&self, folder: &Path, worker: &Path) -> anyhow::Result<RunDatabase> {
        let (server, pooler) = match self {
            Self::Sqlite => return Ok(RunDatabase::File(folder.join("orders.db"))),
            Self::Postgres(server) => (server, None),
            Self::PgBouncer(server, pooler) => (server, Some(pooler)),
        };
        let (_, address) = server.url().rsplit_once('@').context("the server has no address")?;
        let upstream = match pooler {
            Some(pooler) => SocketAddr::from((Ipv4Addr::LOCALHOST, pooler.port())),
            None => address.parse()?,
        };
        let proxy = TcpProxy::start(upstream).await.context("cannot start a proxy")?;
        let (database, postgres) = (server.database().await?, Arc::clone(server));
        let kept = Server { database, postgres, is_pooled: pooler.is_some(), proxy };
        let mut migrate = Command::new(worker);
        // What a shell in a container has by chance can look like the platform.
        migrate.arg("migrate").env_clear().env("ORDERS_DATABASE_URL", kept.database.url());
        migrate.env("AZURE_FUNCTIONS_ENVIRONMENT", "Development");
        let output = migrate.output().context("cannot start the worker")?;
        ensure!(output.status.success(), "`migrate` failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(RunDatabase::Server(kept))
    }
}

impl RunDatabase {
    /// The URL that the workers get: on a server by way of the proxy.
    pub(super) fn url(&self) -> String {
        match self {
            Self::File(file) => format!("sqlite://{}", file.display()),
            Self::Server(Server { database, postgres, proxy, .. }) => {
                let (_, address) = postgres.url().rsplit_once('@').unwrap_or_default();
                database.url().replace(address, &format!("127.0.0.1:{}", proxy.port()))
            }
        }
    }

    /// The setting that the workers need for what the URL leads to.
    pub(super) fn pooler(&self) -> Option<(String, String)> {
        let is_pooled = matches!(self, Self::Server(Server { is_pooled: true, .. }));
        is_pooled.then(|| ("ORDERS_DATABASE_POOLER".to_owned(), "transaction".to_owned()))
    }

    /// The network to the server; a file has none.
    pub(super) fn proxy(&self) -> Option<&TcpProxy> {
        match self {
            Self::File(_) => None,
            Self::Server(server) => Some(&server.proxy),
        }
    }

    /// Kills the server, and starts it again after a while; false when that failed. A file has no server.
    pub(super) async fn crash(&self, away: Duration) -> bool {
        let Self::Server(Server { postgres: server, .. }) = self else { return true };
        let told = async |tell: fn(&Postgres) -> bool| {
            let server = Arc::clone(server);
            spawn_blocking(move || tell(&server)).await.unwrap_or(false)
        };
        let crashed = told(Postgres::crash).await;
        sleep(away).await;
        told(Postgres::resume).await && crashed
    }
}
