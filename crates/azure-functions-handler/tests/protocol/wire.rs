//! The other end of a connection: raw bytes, as the host or an impostor would send them.

use std::{fmt::Write, sync::Arc, time::Duration};

use azure_functions_handler::{Concurrency, Deployed, FunctionApp, Functions, Limits, SpanSampler, listen};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::app::{self, App, CONCURRENCY, LIMITS, Shared};

/// Longer than every deadline of the app: only a test that hangs waits so long.
const PATIENCE: Duration = Duration::from_mins(2);

/// An app that listens on a port of its own.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) app: Arc<App>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) done: JoinHandle<std::io::Result<()>>,
}

/// Starts the test app.
pub(crate) async fn server() -> Server {
    serve(&app::functions(), LIMITS).await
}

/// Starts an app of these functions.
pub(crate) async fn serve(functions: &Functions<Shared>, limits: Limits) -> Server {
    start(functions.all().unwrap(), |app| app.limits(limits)).await
}

/// Starts the test app, which exports the spans of its invocations.
pub(crate) async fn traced() -> Server {
    start(app::functions().all().unwrap(), |app| app.sample_spans(Some(SpanSampler::new(|_, _| true)))).await
}

/// Starts an app. The app refuses in every mode what one of the modes cannot carry, unless `set` changes that.
pub(crate) async fn start(
    functions: Deployed<Shared>,
    set: impl FnOnce(FunctionApp) -> FunctionApp,
) -> Server {
    let listener = listen(0).unwrap();
    let port = listener.local_addr().unwrap().port();
    let app = Shared::default();
    let served = functions
        .with_state(Arc::clone(&app))
        .limits(LIMITS)
        .concurrency(Concurrency::new(CONCURRENCY))
        .portable(true)
        .on_error(app::worded);
    let (stop, stopped) = oneshot::channel::<()>();
    let done = tokio::spawn(set(served).serve(listener, async { drop(stopped.await) }));
    Server { port, app, stop, done }
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case, without `date`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }

    /// The answer to the caller within a well-formed envelope.
    #[track_caller]
    pub(crate) fn res(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
        let envelope = self.json();
        let keys: Vec<_> = envelope.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["Outputs", "Logs", "ReturnValue"]);
        envelope["Outputs"]["res"].clone()
    }
}

/// One connection to a server.
pub(crate) struct Wire {
    stream: TcpStream,
    /// The last request was a HEAD, whose answer announces a body that never comes.
    bodiless: bool,
}

impl Wire {
    pub(crate) async fn to(server: &Server) -> Self {
        Self { stream: TcpStream::connect(("127.0.0.1", server.port)).await.unwrap(), bodiless: false }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.bodiless = bytes.as_ref().starts_with(b"HEAD ");
        timeout(PATIENCE, self.stream.write_all(bytes.as_ref())).await.expect("it reads").unwrap();
    }

    /// # Errors
    /// When the server has closed the connection.
    pub(crate) async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Sends no more, and still reads.
    pub(crate) async fn end_sending(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Whether the server closes the connection without another byte, by its end or by a reset.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut rest = [0];
        matches!(timeout(PATIENCE, self.stream.read(&mut rest)).await.expect("an end"), Ok(0) | Err(_))
    }

    /// One answer; a connection that is closed without one fails the test.
    pub(crate) async fn read(&mut self) -> Reply {
        timeout(PATIENCE, self.reply()).await.expect("an answer in time")
    }

    /// The head of an answer, whose body may never end.
    pub(crate) async fn read_head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.expect("an answer, not a closed connection"));
        }
        String::from_utf8(head).unwrap()
    }

    async fn reply(&mut self) -> Reply {
        let head = self.read_head().await;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .filter(|(name, _)| name != "date")
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length" && !self.bodiless);
        let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
        self.stream.read_exact(&mut body).await.unwrap();
        Reply { status, headers, body: String::from_utf8(body).unwrap() }
    }
}

/// Sends bytes on a connection of their own.
pub(crate) async fn send(server: &Server, bytes: impl AsRef<[u8]>) -> Reply {
    let mut wire = Wire::to(server).await;
    wire.write(bytes).await;
    wire.read().await
}

/// A plain request as a caller sends it.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: app.example.net\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() {
        write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    text + "\r\n" + body
}

/// An envelope call as the host sends it, in chunks of this size.
pub(crate) fn chunked(server: &Server, function: &str, envelope: &str, size: usize) -> Vec<u8> {
    let mut bytes = head(server.port, function, "Transfer-Encoding: chunked").into_bytes();
    for chunk in envelope.as_bytes().chunks(size) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

/// An envelope call with `Content-Length`, as under Core Tools.
pub(crate) fn sized(server: &Server, function: &str, envelope: &str) -> String {
    head(server.port, function, &format!("Content-Length: {}", envelope.len())) + envelope
}

fn head(port: u16, function: &str, framing: &str) -> String {
    format!(
        "POST /{function} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
         X-Azure-Functions-HostVersion: 4.1037.0.0\r\n\
         X-Azure-Functions-InvocationId: bce087f8-9028-436f-84ae-194897c7d588\r\n\
         User-Agent: Azure-Functions-Host/4.1037.0.0\r\n{framing}\r\n\
         Content-Type: application/json; charset=utf-8\r\n\r\n"
    )
}
