//! The one load generator: a number of clients, each of which sends its next request when it has its answer.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;

use crate::{http::Connection, sample::Sample};

/// How a server is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) clients: u32,
    /// Before anything counts.
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    /// From one request of a client to its next, however fast the answer; none for at once. The clients take turns, so
    /// that requests come evenly and not all at one instant.
    pub(crate) every: Option<Duration>,
}

/// Writes the request of this client's next turn into an empty buffer.
pub(crate) type Requests = Box<dyn FnMut(&mut Vec<u8>) + Send>;

impl Load {
    /// Loads the server at `address`; `requests` makes the requests of the client of a number, and each must be
    /// answered with `status`. One thread does it all: it is far from being the bottleneck, and leaves the other
    /// processors to the server.
    ///
    /// # Errors
    /// A connection that breaks, or another answer: a server that refuses is fast and proves nothing.
    pub(crate) async fn on(
        self,
        address: SocketAddr,
        status: u16,
        requests: impl Fn(u32) -> Requests,
    ) -> anyhow::Result<Sample> {
        let requests: Vec<Requests> = (0..self.clients).map(requests).collect();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.run(address, status, requests))
        };
        tokio::task::spawn_blocking(work).await.context("the load generator panicked")?
    }

    async fn run(self, address: SocketAddr, status: u16, requests: Vec<Requests>) -> anyhow::Result<Sample> {
        let mut starting = JoinSet::new();
        for requests in requests {
            starting.spawn(Client::start(address, status, requests));
        }
        let mut clients = Vec::new();
        while let Some(client) = starting.join_next().await {
            clients.push(client.context("a client panicked")??);
        }
        let begin = Instant::now() + self.warm_up;
        let mut working = JoinSet::new();
        let start = Instant::now();
        for (turn, client) in (0..).zip(clients) {
            let pace = self.every.map(|every| (start + every * turn / self.clients, every));
            working.spawn(client.work(begin, begin + self.time, pace));
        }
        let mut micros = Vec::new();
        while let Some(of_client) = working.join_next().await {
            micros.extend(of_client.context("a client panicked")??);
        }
        Sample::of(micros, self.time.as_secs_f64()).context("no request was answered in time")
    }
}

/// How late a timer may fire.
const TIMER: Duration = Duration::from_millis(2);

struct Client {
    connection: Connection,
    requests: Requests,
    expected: u16,
    request: Vec<u8>,
}

impl Client {
    /// Connects and waits for one answer: what a server does once for each client and connection lies before the
    /// measured time, however long it takes.
    async fn start(address: SocketAddr, expected: u16, requests: Requests) -> anyhow::Result<Self> {
        let connection = Connection::open(address).await.context("cannot connect")?;
        let mut client = Self { connection, requests, expected, request: Vec::new() };
        client.exchange().await?;
        Ok(client)
    }

    /// The latencies of what was answered in the span, in microseconds.
    ///
    /// With a pace (when the first is due, and how long until the next), a request that had to wait for the answer before it counts from when it was due: who comes to a
    /// server that is slow does not come later for that.
    async fn work(
        mut self,
        begin: Instant,
        end: Instant,
        mut pace: Option<(Instant, Duration)>,
    ) -> anyhow::Result<Vec<u32>> {
        let mut micros = Vec::new();
        let mut sent = Instant::now();
        loop {
            if let Some((due, every)) = &mut pace {
                tokio::time::sleep_until((*due).into()).await;
                // A timer that fires late is not the server's doing.
                let late = Instant::now().saturating_duration_since(*due);
                sent = if late < TIMER { Instant::now() } else { *due };
                *due += *every;
            }
            self.exchange().await?;
            let now = Instant::now();
            if now >= end {
                return Ok(micros);
            }
            if now >= begin {
                micros.push(u32::try_from((now - sent).as_micros()).unwrap_or(u32::MAX));
            }
            sent = now;
        }
    }

    async fn exchange(&mut self) -> anyhow::Result<()> {
        self.request.clear();
        (self.requests)(&mut self.request);
        let answer = self.connection.exchange(&self.request).await.context("an exchange broke")?;
        if answer.status != self.expected {
            let body = String::from_utf8_lossy(answer.body);
            bail!("{} instead of {}: {body}", answer.status, self.expected);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// Answers every request of four bytes.
    async fn server(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 4];
                    while connection.read_exact(&mut request).await.is_ok() {
                        connection.write_all(answer.as_bytes()).await.expect("the client listens");
                    }
                });
            }
        });
        address
    }

    const LOAD: Load =
        Load { clients: 3, warm_up: Duration::from_millis(5), time: Duration::from_millis(100), every: None };

    #[tokio::test]
    async fn each_client_sends_the_next_request_after_a_response() {
        let address = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let sample = LOAD.on(address, 200, |_| Box::new(|request| request.extend(b"ping"))).await;
        let sample = sample.expect("all were answered");
        assert!(sample.rate > 30.0, "more than one request a client: {sample:?}");
        assert!(sample.p50 > 0.0 && sample.p50 <= sample.p99, "{sample:?}");
    }

    #[tokio::test]
    async fn clients_with_a_pace_take_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (tell, mut summary) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    let mut request = [0; 4];
                    while connection.read_exact(&mut request).await.is_ok() {
                        tell.send(Instant::now()).expect("the test listens");
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        connection.write_all(answer).await.expect("the client listens");
                    }
                });
            }
        });
        let load = Load { clients: 2, every: Some(Duration::from_millis(400)), ..LOAD };
        let load = Load { time: Duration::from_secs(1), ..load };
        load.on(address, 200, |_| Box::new(|request| request.extend(b"ping"))).await.expect("an answer");
        // Both say hello first; then the one comes while the other waits.
        let (mut came, mut last) = (Vec::new(), None);
        while let Ok(at) = summary.try_recv() {
            came.extend(last.map(|last| at - last));
            last = Some(at);
        }
        let turns = came.split_off(2);
        let apart = turns.iter().filter(|&&gap| gap > Duration::from_millis(50)).count();
        assert!(apart + 1 >= turns.len() && apart >= 2, "{turns:?}");
    }

    #[tokio::test]
    async fn an_unexpected_status_stops_the_run_with_the_response() {
        let address = server("HTTP/1.1 503 Away\r\ncontent-length: 4\r\n\r\naway").await;
        let sample = LOAD.on(address, 200, |_| Box::new(|request| request.extend(b"ping"))).await;
        assert_eq!(sample.unwrap_err().to_string(), "503 instead of 200: away");
    }
}
