//! One keep-alive HTTP/1.1 connection, as thin as it can be: what the load generator spends, it takes from the same
//! processors as the servers that it measures.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection that carries one exchange after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer; it lives until the next exchange.
pub(crate) struct Response<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a whole request and takes its whole answer.
    ///
    /// # Errors
    /// A connection that ends early, or bytes that are no answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Response<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let head = loop {
            if let Some(head) = Head::read(&self.received)? {
                break head;
            }
            self.receive().await?;
        };
        let body = loop {
            if let Some(end) = head.end(&self.received) {
                break &self.received[head.length..end];
            }
            self.receive().await?;
        };
        Ok(Response { status: head.status, body })
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// What is known once the head of an answer is there.
struct Head {
    status: u16,
    /// Bytes of the head, its empty line included.
    length: usize,
    /// Bytes of the body; none when it comes in chunks.
    body: Option<usize>,
}

impl Head {
    /// None while the response is not complete.
    fn read(received: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
        let malformed = || io::Error::from(io::ErrorKind::InvalidData);
        let text = str::from_utf8(&received[..end]).map_err(|_| malformed())?;
        let (first, fields) = text.split_once("\r\n").unwrap_or((text, ""));
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(malformed)?;
        let participants = |wanted: &str| {
            let mut named = fields.lines().filter_map(|line| line.split_once(':'));
            named.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let chunked = participants("transfer-encoding").is_some();
        let length = participants("content-length").map_or(Ok(0), str::parse).map_err(|_| malformed())?;
        Ok(Some(Self { status, length: end + 4, body: (!chunked).then_some(length) }))
    }

    /// Where the whole answer ends, once it is there. JSON holds no bare line end, so the last chunk is unmistakable.
    fn end(&self, received: &[u8]) -> Option<usize> {
        match self.body {
            Some(length) => (received.len() >= self.length + length).then_some(self.length + length),
            None => received[self.length..].ends_with(b"0\r\n\r\n").then_some(received.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(received: &str) -> Option<(u16, Option<&str>)> {
        let head = Head::read(received.as_bytes()).expect("well formed")?;
        Some((head.status, head.end(received.as_bytes()).map(|end| &received[head.length..end])))
    }

    #[test]
    fn a_response_ends_at_its_content_length() {
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Le"), None);
        assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"), Some((200, None)));
        assert_eq!(read("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nab"), Some((404, Some("ab"))));
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), Some((204, Some(""))));
    }

    #[test]
    fn a_chunked_response_ends_with_its_last_chunk() {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(read(&format!("{head}2\r\nab\r\n")), Some((200, None)));
        let body = "2\r\nab\r\n0\r\n\r\n";
        assert_eq!(read(&format!("{head}{body}")), Some((200, Some(body))));
    }

    #[test]
    fn an_invalid_response_is_an_error() {
        assert!(Head::read(b"SSH-2.0-x\r\n\r\n").is_err());
    }
}
