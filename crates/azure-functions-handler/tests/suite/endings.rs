//! What ends an invocation, and what happens to its outputs then.

use std::{sync::Arc, time::Duration};

use azure_functions_handler::{
    Functions, InvocationMode, Limits, Outputs, State, TestApp, get, listen, post, queue, queue_output,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Semaphore, mpsc, oneshot},
};

use super::request;

/// Says when it is dropped, and whether its handler had come to its end.
struct Ending {
    done: bool,
    told: mpsc::UnboundedSender<bool>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.told.send(self.done).ok();
    }
}

#[derive(Clone)]
struct Gate {
    begun: Arc<Semaphore>,
    open: Arc<Semaphore>,
    endings: mpsc::UnboundedSender<bool>,
}

impl Gate {
    fn new() -> (Self, mpsc::UnboundedReceiver<bool>) {
        let (endings, ended) = mpsc::unbounded_channel();
        let closed = || Arc::new(Semaphore::new(0));
        (Self { begun: closed(), open: closed(), endings }, ended)
    }

    async fn begun(&self) {
        self.begun.acquire().await.expect("open").forget();
    }
}

async fn wait(State(gate): State<Gate>) -> Outputs {
    let mut ending = Ending { done: false, told: gate.endings.clone() };
    gate.begun.add_permits(1);
    gate.open.acquire().await.expect("open").forget();
    ending.done = true;
    Outputs::new().message("jobs", "done")
}

async fn wait_without_outputs(State(gate): State<Gate>) -> &'static str {
    drop(wait(State(gate)).await);
    "done"
}

fn functions() -> Functions<Gate> {
    let output = || queue_output("jobs", "job-queue");
    Functions::new()
        .http("Get", get("wait"), wait_without_outputs)
        .http("Submit", post("submit").output(output()), wait)
        .queue("Take", queue("job-queue").output(output()), wait)
}

/// An app behind a socket, and what stops it.
struct Served {
    port: u16,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

fn serve(gate: Gate) -> Served {
    let listener = listen(0).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let (stop, stopped) = oneshot::channel();
    let app = functions().all().expect("right").with_state(gate);
    let ended = tokio::spawn(app.serve(listener, async { drop(stopped.await) }));
    Served { port, stop, ended }
}

async fn send(port: u16, text: String) -> TcpStream {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    socket.write_all(text.as_bytes()).await.expect("a request");
    socket
}

#[tokio::test]
async fn a_handler_runs_to_its_end_when_its_caller_hangs_up() {
    let (gate, mut ended) = Gate::new();
    let served = serve(gate.clone());
    let socket = send(served.port, "GET /api/wait HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()).await;
    gate.begun().await;
    drop(socket);
    gate.open.add_permits(1);
    assert_eq!(ended.recv().await, Some(true));
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_dropped_at_its_deadline_and_sends_nothing() {
    let (gate, mut ended) = Gate::new();
    let limits = Limits {
        http_timeout: Duration::from_secs(7),
        trigger_timeout: Duration::from_secs(70),
        ..Limits::default()
    };
    let app = TestApp::new(functions().all().expect("right").with_state(gate).limits(limits));
    for (method, path) in [("GET", "/api/wait"), ("POST", "/api/submit")] {
        for mode in InvocationMode::ALL {
            let begun = tokio::time::Instant::now();
            let response = app.http(mode, request(method, path, "")).await;
            assert_eq!((response.status.as_u16(), begun.elapsed().as_secs()), (504, 7), "{path} {mode:?}");
            assert!(response.outcome.outputs.is_empty(), "{path} {mode:?}");
            assert_eq!(ended.recv().await, Some(false), "{path} {mode:?}");
        }
    }
    let begun = tokio::time::Instant::now();
    let outcome = app.queue("Take", "x").await;
    assert!(!outcome.succeeded && outcome.outputs.is_empty(), "the message is delivered again");
    assert_eq!((ended.recv().await, begun.elapsed().as_secs()), (Some(false), 70));
}

#[tokio::test]
async fn shutdown_waits_for_running_invocations() {
    let (gate, mut ended) = Gate::new();
    let Served { port, stop, ended: server } = serve(gate.clone());
    let envelope = r#"{"Data":{"message":"eA=="},"Metadata":{}}"#;
    let head = format!(
        "POST /Take HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
        envelope.len()
    );
    let mut socket = send(port, format!("{head}{envelope}")).await;
    gate.begun().await;
    stop.send(()).expect("a server that listens");
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.is_finished(), "an invocation is running");
    gate.open.add_permits(1);
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""Outputs":{"jobs":"#), "{answer}");
    assert_eq!(ended.recv().await, Some(true));
    server.await.expect("no panic").expect("no error");
}

#[tokio::test]
async fn forged_host_requests_reach_no_function() {
    let (gate, mut ended) = Gate::new();
    let served = serve(gate);
    let forged = format!(
        "POST /Take HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nX-Forwarded-For: 192.0.2.1\r\n\
         Connection: close\r\nContent-Length: 2\r\n\r\n{{}}",
        served.port
    );
    let mut answer = String::new();
    send(served.port, forged).await.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(ended.try_recv().is_err());
}
