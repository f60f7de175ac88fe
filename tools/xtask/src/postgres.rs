//! `cargo xtask postgres`: the PostgreSQL of the tests, to work against.

use anyhow::Context as _;
use test_servers::Postgres;

/// Serves until Ctrl-C, and leaves nothing behind.
pub(crate) async fn run() -> anyhow::Result<()> {
    let server = Postgres::start(&[])?;
    let database = server.database().await?;
    println!("PostgreSQL from {}", server.source());
    println!("an empty database until Ctrl-C: {}", database.url());
    tokio::signal::ctrl_c().await.context("cannot wait for Ctrl-C")
}
