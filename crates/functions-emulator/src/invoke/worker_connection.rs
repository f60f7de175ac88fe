//! One HTTP call to the worker. Each call has a new connection, so that none meets one that a former process left
//! behind on the same port.

use std::{net::SocketAddr, time::Duration};

use hyper::{Request, Response, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::sleep};

use crate::{
    body::Body,
    traffic::{CallRecorder, ResponseFault, Traffic},
};

/// Why the worker did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nothing listens.
    #[error("the worker refused the connection: {0}")]
    Refused(#[source] std::io::Error),
    /// The connection was closed before an answer began.
    #[error(
        "the worker closed the connection without an answer; answer every request, a failed one with 500"
    )]
    Dropped(#[source] hyper::Error),
    /// The console's switch for lost answers is on.
    #[error("the worker's answer was lost in transit, because the console's fault switch is on")]
    Lost,
    /// The answer is no HTTP, or ended early.
    #[error("the worker's answer is not valid HTTP: {0}")]
    Broken(#[source] hyper::Error),
}

/// The way to the worker for one call.
#[derive(Clone, Debug)]
pub(crate) struct WorkerConnection {
    /// Where the worker listens.
    pub(crate) address: SocketAddr,
    /// The record of the call.
    pub(crate) record: CallRecorder,
    /// The faults of answers.
    pub(crate) traffic: Traffic,
}

impl WorkerConnection {
    /// An answer on its way, which may be late or lost.
    async fn apply_response_fault<T>(&self, answer: Response<T>) -> Result<Response<T>, CallError> {
        match self.traffic.response_fault() {
            ResponseFault::None => {}
            ResponseFault::Delayed { milliseconds } => sleep(Duration::from_millis(milliseconds)).await,
            ResponseFault::Dropped => return Err(CallError::Lost),
        }
        Ok(answer)
    }
}

/// Sends a request and returns the head of the answer.
pub(crate) async fn send(
    worker: &WorkerConnection,
    request: Request<Body>,
) -> Result<Response<Body>, CallError> {
    let request = worker.record.record_worker_request(request);
    let stream = TcpStream::connect(worker.address).await.map_err(CallError::Refused)?;
    stream.set_nodelay(true).map_err(CallError::Refused)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(CallError::Broken)?;
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| {
        if error.is_parse() || error.is_user() { CallError::Broken(error) } else { CallError::Dropped(error) }
    })?;
    worker.apply_response_fault(worker.record.record_worker_response(answer)).await
}

/// .NET's HTTP client sends a request without a body four times when the connection is dropped.
const MAX_ATTEMPTS: u32 = 4;

/// As [`send`], for requests without a body that `make` can make again; those with one are sent once.
pub(crate) async fn send_with_retries(
    worker: &WorkerConnection,
    make: impl Fn() -> Request<Body>,
) -> Result<Response<Body>, CallError> {
    let mut attempts = 1;
    loop {
        match send(worker, make()).await {
            Err(CallError::Dropped(_) | CallError::Lost) if attempts < MAX_ATTEMPTS => attempts += 1,
            outcome => return outcome,
        }
    }
}

/// Sends a request as the proxy does: ten tries, each of which is up to four tries of the HTTP client.
pub(crate) async fn send_as_proxy(
    worker: &WorkerConnection,
    make: impl Fn() -> Request<Body>,
) -> Result<Response<Body>, CallError> {
    for attempt in 1..10 {
        match send_with_retries(worker, &make).await {
            Err(_) => sleep(Duration::from_millis(50 * attempt.min(5))).await,
            answered => return answered,
        }
    }
    send_with_retries(worker, make).await
}
