//! Finds out whether the worker listens.

// The host: docs/reference/host-protocol.md#readiness.

use std::{
    net::{Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const RETRY_INTERVAL: Duration = Duration::from_millis(25);

/// Returns when `GET /` has got any answer, 404 and 500 included. A connection that the worker takes and closes
/// counts as an answer too, one that it leaves open without a word does not; `accepted` then stays true.
pub(super) async fn wait_until_answered(address: SocketAddr, accepted: &AtomicBool) {
    loop {
        if let Ok(stream) = TcpStream::connect(address).await {
            accepted.store(true, Ordering::Relaxed);
            return ask(address, stream).await;
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

async fn ask(address: SocketAddr, stream: TcpStream) {
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else { return };
    let request = Request::get("/").header(header::HOST, address.to_string()).body(Empty::<Bytes>::new());
    let Ok(request) = request else { return };
    tokio::select! {
        _ = sender.send_request(request) => {}
        _ = connection => {}
    }
}

/// Whether somebody listens on the port, but only at the IPv6 address, where the host never calls.
pub(super) async fn listens_on_ipv6_only(port: u16) -> bool {
    TcpStream::connect((Ipv6Addr::LOCALHOST, port)).await.is_ok()
}
