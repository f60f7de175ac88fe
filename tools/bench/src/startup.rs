//! From exec to the first answer.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::{
    sample::median,
    server::{self, Peer, Programs},
};

/// The median of this many starts of each, one after the other in turn, in milliseconds.
pub(crate) fn run(programs: &Programs, database: &str, times: u32) -> anyhow::Result<BTreeMap<String, f64>> {
    let peers = [Peer::Worker, Peer::BareAxum, Peer::Fastify];
    let peers = peers.into_iter().filter(|peer| *peer != Peer::Fastify || programs.fastify.is_some());
    let mut starts: Vec<(Peer, Vec<f64>)> = peers.map(|peer| (peer, Vec::new())).collect();
    for _ in 0..times {
        for (peer, milliseconds) in &mut starts {
            let server = server::start(*peer, programs, database, 4, None)?;
            milliseconds.push(server.first_answer().as_secs_f64() * 1000.0);
        }
    }
    let of = |(peer, times): (Peer, Vec<f64>)| {
        Ok((peer.to_string(), median(&times).context("nothing was started")?))
    };
    starts.into_iter().map(of).collect()
}
