//! HTTP messages as bytes on a socket.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

/// How long the recorder waited for more.
const PATIENCE: Duration = Duration::from_secs(8);

/// A message as it was seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// The request line or status line.
    pub(crate) line: String,
    /// Lines in their sequence, values as Latin-1.
    pub(crate) headers: Vec<(String, String)>,
    /// How the body is framed, in the notation of the recordings.
    pub(crate) framing: String,
    /// Without its framing.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The values of a header.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Reads messages off a socket.
pub(crate) struct Reader<R> {
    socket: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(socket: R) -> Self {
        Self { socket, buffer: Vec::new() }
    }

    /// Reads more; false at the end of the stream.
    async fn more(&mut self) -> io::Result<bool> {
        let read = timeout(PATIENCE, self.socket.read_buf(&mut self.buffer)).await;
        read.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())).map(|count| count > 0)
    }

    /// Reads a head; none where the stream ends first.
    pub(crate) async fn head(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Some(parse(&head[..end]));
            }
            if !self.more().await.unwrap_or(false) {
                return None;
            }
        }
    }

    /// Reads the body that a head announces, `none` if it can have none.
    pub(crate) async fn body(&mut self, message: &mut Message, none: bool) {
        let length = message.values("content-length").next().and_then(|value| value.parse::<usize>().ok());
        let chunked = message.values("transfer-encoding").any(|value| value.contains("chunked"));
        let (framing, outcome) =
            if none || (!chunked && length.is_none() && !message.line.starts_with("HTTP/")) {
                ("no body".to_owned(), Ok(()))
            } else if chunked {
                ("chunked".to_owned(), self.chunks(&mut message.body).await)
            } else if let Some(length) = length {
                (format!("Content-Length: {length}"), self.exactly(length, &mut message.body).await)
            } else {
                ("until close".to_owned(), self.rest(&mut message.body).await)
            };
        let end = match outcome.as_ref().map_err(io::Error::kind) {
            Ok(()) => "",
            Err(io::ErrorKind::TimedOut) => ", timed out",
            Err(io::ErrorKind::UnexpectedEof) => ", cut off",
            Err(_) => ", connection reset",
        };
        message.framing = format!("{framing}{end}");
    }

    async fn exactly(&mut self, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
        while self.buffer.len() < length {
            let more = self.more().await;
            if !matches!(more, Ok(true)) {
                out.append(&mut self.buffer);
                more?;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        out.extend(self.buffer.drain(..length));
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
                return Ok(latin1(&line[..end]));
            }
            if !self.more().await? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn chunks(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let size = self.line().await?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            if size == 0 {
                while !self.line().await?.is_empty() {}
                return Ok(());
            }
            self.exactly(size, out).await?;
            self.exactly(2, &mut Vec::new()).await?;
        }
    }

    async fn rest(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        while self.more().await? {}
        out.append(&mut self.buffer);
        Ok(())
    }
}

fn parse(head: &[u8]) -> Message {
    let text = latin1(head);
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.to_owned(), value.trim().to_owned())
    };
    Message { line, headers: lines.map(header).collect(), ..Message::default() }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
