//! What the way through the local host costs: its front checks the token and sets the principal, the host proxies.

use std::{net::SocketAddr, path::Path};

use anyhow::Context as _;
use serde::Serialize;

use crate::{
    app::App,
    database::Database,
    load::{Load, Requests},
    requests::{Caller, KEPT, Operation, kept_id},
    rounds::Size,
    sample::Sample,
};

/// `GetOrder` by one client, straight at the worker and through the host.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Hop {
    pub(crate) direct: Sample,
    pub(crate) through: Sample,
}

/// Measures both in turn, so many rounds.
pub(crate) async fn run(root: &Path, worker: &Path, database: &Database, size: Size) -> anyhow::Result<Hop> {
    let app = App::start(root, worker, &database.url(), 1).await?;
    let load = Load { clients: 1, warm_up: size.warm_up, time: size.time };
    let worker = app.host.worker_address().await?;
    let (_, port) = app.host.url().rsplit_once(':').context("the host's URL has a port")?;
    let host = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let token = app.token("buyer")?;
    let (mut direct, mut through) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        let straight = |client| Operation::GetOrder.requests(u32::MAX, client);
        direct.push(load.on(worker, 200, straight).await?);
        through.push(load.on(host, 200, |_| with_token(&token)).await?);
    }
    app.stop().await;
    let median = |runs: &[Sample]| Sample::median(runs).context("nothing was measured");
    Ok(Hop { direct: median(&direct)?, through: median(&through)? })
}

/// What a client sends to the platform: the token alone.
fn with_token(token: &str) -> Requests {
    let caller = Caller::with(&format!("Authorization: Bearer {token}\r\n"));
    let mut turn = 0_u32;
    Box::new(move |request| {
        turn += 1;
        let path = format!("GET /api/orders/{}", kept_id(turn.wrapping_mul(4801) % KEPT));
        caller.write(request, &path, &format!("ffffffff-0000-4000-8000-{turn:012x}"), "", "");
    })
}
