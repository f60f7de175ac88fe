//! A connection to the worker itself, byte by byte.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{Reply, SOON, TestApp};

/// One connection.
pub(crate) struct RawConnection {
    stream: TcpStream,
    address: SocketAddr,
}

impl RawConnection {
    pub(crate) async fn to(app: &TestApp) -> Self {
        let address = app.host.worker_address().await.expect("the worker runs");
        let stream = timeout(SOON, TcpStream::connect(address)).await.expect("in time").expect("it listens");
        Self { stream, address }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        timeout(SOON, self.stream.write_all(bytes.as_ref())).await.expect("it reads").expect("it is open");
    }

    /// Asks whether the worker is ready, as the host does; anything but a yes fails the test.
    pub(crate) async fn ping(&mut self) {
        self.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(self.read().await.status, 200);
    }

    /// The request as a caller sends it, with these lines in its head.
    pub(crate) async fn call(&mut self, method: &str, path: &str, lines: &[String], body: &str) {
        let lines = lines.join("\r\n");
        let length = body.len();
        self.write(format!(
            "{method} {path} HTTP/1.1\r\nHost: app.example.net\r\nContent-Length: {length}\r\n{lines}\r\n\r\n{body}"
        ))
        .await;
    }

    /// Sends a request as [`Self::call`] does, without the last byte of the body.
    pub(crate) async fn begin(&mut self, method: &str, path: &str, lines: &[String], body: &str) {
        let lines = [lines, &[format!("Content-Length: {}", body.len())]].concat().join("\r\n");
        let begun = &body[..body.len() - 1];
        self.write(format!("{method} {path} HTTP/1.1\r\nHost: app.example.net\r\n{lines}\r\n\r\n{begun}"))
            .await;
    }

    /// An envelope as the host sends it, which claims to be this long.
    pub(crate) async fn envelope(&mut self, function: &str, length: usize, bytes: &[u8]) {
        self.write(format!(
            "POST /{function} HTTP/1.1\r\nHost: {}\r\nX-Azure-Functions-HostVersion: 4.1037.0.0\r\n\
             X-Azure-Functions-InvocationId: bce087f8-9028-436f-84ae-194897c7d588\r\n\
             User-Agent: Azure-Functions-Host/4.1037.0.0\r\nContent-Length: {length}\r\n\
             Content-Type: application/json; charset=utf-8\r\n\r\n",
            self.address
        ))
        .await;
        self.write(bytes).await;
    }

    /// Sends no more, and still reads.
    pub(crate) async fn end_sending(&mut self) {
        self.stream.shutdown().await.expect("it is open");
    }

    /// One answer; a connection that is closed without one fails the test.
    pub(crate) async fn read(&mut self) -> Reply {
        timeout(SOON, self.reply()).await.expect("an answer in time")
    }

    async fn reply(&mut self) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.expect("an answer, not a closed connection"));
        }
        let head = String::from_utf8(head).expect("a head is text");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut reply = Reply { status, headers, body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        reply.body = vec![0; length];
        self.stream.read_exact(&mut reply.body).await.expect("a whole body");
        reply
    }
}

/// An HTTP call as the host puts it into an envelope.
pub(crate) fn enveloped(method: &str, url: &str, lines: &[String], body: &str) -> String {
    let headers: Map<String, Value> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), json!([value])))
        .collect();
    let request = json!({"Url": url, "Method": method, "Query": {}, "Headers": headers, "Params": {},
                         "Identities": [], "Body": body});
    json!({"Data": {"req": request}, "Metadata": {}}).to_string()
}
