//! One connection to the worker, which is kept open.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Far more than an answer takes under valgrind.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Connection(BufReader<TcpStream>);

/// The body of a good answer.
pub(super) struct Answer(Vec<u8>);

impl Connection {
    pub(super) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("cannot connect to the worker")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request and reads its answer, which has to be a success.
    pub(super) fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.0.get_mut().write_all(request).context("cannot send a request")?;
        let mut head = String::new();
        while self.0.read_line(&mut head).context("no answer came")? > 2 {}
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length = length.and_then(|length| length.parse().ok()).context("an answer has no length")?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).context("an answer ended early")?;
        if !head.starts_with("HTTP/1.1 20") {
            bail!(
                "a request was answered {}: {}",
                head.lines().next().unwrap_or_default(),
                String::from_utf8_lossy(&body)
            );
        }
        Ok(Answer(body))
    }
}

impl Answer {
    pub(super) fn order_id(&self) -> Option<String> {
        let order: Value = serde_json::from_slice(&self.0).ok()?;
        Some(order.get("id")?.as_str()?.to_owned())
    }
}
