//! The worker of a replay: records what it gets and answers as the recording says.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    task::AbortHandle,
    time::sleep,
};

use crate::{
    recording::bytes,
    wire::{Message, Reader},
};

/// The longest delay that a replay waits: longer ones would show nothing more.
const LONGEST_DELAY: Duration = Duration::from_secs(3);

/// What the recorder's HTTP server added to every answer.
const NODE: &str =
    "Date: Sun, 22 Nov 2026 05:38:28 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=120\r\n";

/// A listening recorder; it stops when dropped.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Message>>>,
    task: AbortHandle,
}

impl Recorder {
    /// Starts one that gives the same answer to every request.
    pub(crate) async fn start(answer: Value) -> Self {
        Self::start_on(0, answer).await.unwrap()
    }

    /// Starts a recorder on this port; fails if the port is taken.
    pub(crate) async fn start_on(port: u16, answer: Value) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (seen.clone(), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, log.clone(), answer.clone()));
            }
        });
        Ok(Self { address, seen, task: task.abort_handle() })
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Message> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, log: Arc<Mutex<Vec<Message>>>, answer: Arc<Value>) {
    let (input, mut output) = stream.into_split();
    let mut reader = Reader::new(input);
    while let Some(mut request) = reader.head().await {
        reader.body(&mut request, false).await;
        let is_head = request.line.starts_with("HEAD ");
        log.lock().unwrap().push(request);
        if !write(&mut output, &answer, is_head).await {
            return;
        }
    }
}

/// Writes the answer; false when the connection is to be closed.
async fn write(output: &mut OwnedWriteHalf, answer: &Value, is_head: bool) -> bool {
    if answer.is_null() {
        return std::future::pending().await;
    }
    if let Some(delay) = answer["delayMs"].as_u64() {
        sleep(Duration::from_millis(delay).min(LONGEST_DELAY)).await;
    }
    if answer["destroy"] == true {
        return false;
    }
    if let Some(raw) = raw(answer) {
        return output.write_all(&raw).await.is_ok() && answer["thenClose"] != true;
    }
    if let Some(chunks) = answer["stream"].as_array() {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n{NODE}Transfer-Encoding: chunked\r\n\r\n"
        );
        let mut fine = output.write_all(head.as_bytes()).await.is_ok();
        for chunk in chunks {
            sleep(Duration::from_millis(chunk[0].as_u64().unwrap())).await;
            let text = chunk[1].as_str().unwrap();
            fine &= output.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await.is_ok();
        }
        return fine && output.write_all(b"0\r\n\r\n").await.is_ok();
    }
    output.write_all(&as_node(answer, is_head)).await.is_ok()
}

fn raw(answer: &Value) -> Option<Vec<u8>> {
    if let Some(text) = answer["rawBytes(latin1)"].as_str() {
        return Some(text.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect());
    }
    Some(STANDARD.decode(answer["rawBytes(base64)"].as_str()?).unwrap())
}

/// The bytes that the recorder's HTTP server wrote for a status, headers and a body.
fn as_node(answer: &Value, is_head: bool) -> Vec<u8> {
    let status = answer["status"].as_u64().unwrap();
    let body = bytes(&answer["body"]);
    let mut head = format!("HTTP/1.1 {status} Usual\r\n");
    let mut has_length = false;
    for (name, value) in answer["headers"].as_object().unwrap() {
        has_length |= name.eq_ignore_ascii_case("content-length");
        head.extend([name, ": ", value.as_str().unwrap(), "\r\n"]);
    }
    head += NODE;
    let mut out = head.into_bytes();
    let bodiless = is_head || status == 204 || status == 304;
    match (has_length, bodiless) {
        (true, false) => out.extend([b"\r\n".as_slice(), &body].concat()),
        (false, false) => {
            out.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            if !body.is_empty() {
                out.extend([format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat());
            }
            out.extend(b"0\r\n\r\n");
        }
        (_, true) => out.extend(b"\r\n"),
    }
    out
}
