//! Starts several workers.

use test_servers::Handler;

use crate::{
    database::Database,
    server::{self, Peer, Programs},
};

/// Connections of each process: what the api has by default.
pub(super) const POOL: u32 = 4;

/// Starts so many processes on a database.
pub(super) fn start(
    programs: &Programs,
    database: &Database,
    processes: u32,
    settings: &[(&str, &str)],
) -> anyhow::Result<Vec<Handler>> {
    let one = |_| server::start_with(Peer::Worker, programs, &database.url(), POOL, None, settings);
    (0..processes).map(one).collect()
}
