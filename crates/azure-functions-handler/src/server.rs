//! Listens, and ends cleanly.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::{
    connection::{self, Respond, Shutdown},
    listener::Listener,
};

/// How long requests are still taken after a stop: those that were sent before it may not have been read yet.
const ACCEPT_GRACE: Duration = Duration::from_millis(100);
/// How long the last answers may take to be sent, from when no call runs and no head is begun.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then lets running invocations finish within their deadlines. Idle connections are closed
/// 0.1 s after the stop; a request that has begun by then is read and answered.
pub(crate) async fn serve<R: Respond>(
    responder: Arc<R>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send,
) {
    let mut listener = Listener::new(listener);
    let metrics = tokio::spawn(responder.concurrency().clone().log_metrics_periodically());
    let (stopping, stopped) = watch::channel(false);
    let (heads, in_head) = watch::channel(());
    let shutdown = Shutdown { stop: stopped, in_head };
    let spawn = |socket: TcpStream| {
        tokio::spawn(connection::serve(Arc::clone(&responder), socket, shutdown.clone()));
    };
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            socket = listener.accept() => spawn(socket),
            () = &mut stop => break,
        }
    }
    let last = async {
        loop {
            spawn(listener.accept().await);
        }
    };
    let Err(_elapsed) = timeout(ACCEPT_GRACE, last).await;
    drop(listener);
    stopping.send_replace(true);
    drop(shutdown);
    drain(&*responder, &stopping, &heads).await;
    metrics.abort();
    responder.concurrency().log_metrics();
}

/// Waits for all connections to end, and for the invocations whose callers hung up. A caller who does not read the
/// answer is waited for while other invocations still run, and then for [`DRAIN_TIMEOUT`].
async fn drain<R: Respond>(responder: &R, connections: &watch::Sender<bool>, heads: &watch::Sender<()>) {
    let concurrency = responder.concurrency();
    let drained = async {
        heads.closed().await;
        loop {
            concurrency.drained().await;
            let sent = timeout(DRAIN_TIMEOUT, connections.closed()).await;
            if concurrency.is_drained() {
                return sent;
            }
        }
    };
    let longest = responder.limits().head_timeout + responder.longest_invocation() + DRAIN_TIMEOUT;
    drop(timeout(longest, drained).await);
}
