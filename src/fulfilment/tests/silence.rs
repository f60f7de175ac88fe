//! A backend that accepts connections and says nothing, or no more.

use std::time::Duration;

use futures_util::future::join_all;
use test_servers::{BackendResponse, TcpProxy, proxy::AcceptMode};
use tokio::time::{Instant, sleep};

use super::*;

/// Connections that have not been used for so long are not used again.
const UNUSED: Duration = Duration::from_secs(2);

/// Messages that the host delivers at a time.
const BATCH: usize = 16;

/// A backend behind a proxy, and the worker's client of it.
struct World {
    server: test_servers::Backend,
    proxy: TcpProxy,
    backend: Backend,
    _parties: Parties,
}

impl World {
    async fn start() -> Self {
        let parties = Parties::new();
        parties.show(&parties.client());
        let server = parties.backend().await;
        let proxy = TcpProxy::start(([127, 0, 0, 1], server.port()).into()).await.unwrap();
        let backend = Backend::new(parties.settings(proxy.port()), None);
        Self { server, proxy, backend, _parties: parties }
    }

    /// Sends one request; returns the result and how long that took.
    async fn ask(&self) -> (Result<Decision, FulfilmentError>, Duration) {
        let start = Instant::now();
        let order = order();
        (self.backend.submit(&order, None, at(0)).await, start.elapsed())
    }
}

#[tokio::test]
async fn dead_idle_connections_fail_no_later_order() {
    let world = World::start().await;
    join_all((0..BATCH).map(|_| world.ask())).await;
    assert!(world.proxy.counts().open >= BATCH / 2, "{:?}", world.proxy.counts());
    world.proxy.silence();
    sleep(UNUSED).await;
    for (asked, took) in join_all((0..BATCH).map(|_| world.ask())).await {
        assert!(
            matches!(asked, Ok(Decision::Fulfilled)) && took < Duration::from_secs(10),
            "{asked:?} {took:?}"
        );
    }
}

#[tokio::test]
async fn a_silent_backend_times_out_and_is_used_again_later() {
    let world = World::start().await;
    for fault in [AcceptMode::Silent, AcceptMode::Ignored, AcceptMode::Open] {
        world.proxy.set_accept_mode(fault).await;
        // In the last turn it falls silent in the middle of the handshake.
        world.proxy.silence_after((fault == AcceptMode::Open).then_some(100));
        let (asked, took) = world.ask().await;
        assert!(matches!(asked, Err(FulfilmentError::Unreachable(_))), "{fault:?}: {asked:?}");
        assert!(took < Duration::from_secs(5), "{fault:?}: {took:?}");
    }
    world.proxy.silence_after(None);
    assert!(world.ask().await.0.is_ok());
}

#[tokio::test]
async fn a_truncated_response_decides_nothing() {
    let world = World::start().await;
    world.server.respond_with(BackendResponse::WithBody(1024 * 1024));
    world.proxy.silence_after(Some(200_000));
    let hung = async {
        world.server.wait_for_request().await;
        tokio::time::pause();
    };
    let ((asked, took), ()) = tokio::join!(world.ask(), hung);
    assert!(asked.is_err(), "{asked:?}");
    assert!(took <= Duration::from_secs(16) && took > Duration::from_secs(10), "{took:?}");
    tokio::time::resume();
    world.proxy.silence_after(None);
    assert!(world.ask().await.0.is_ok());
}
