//! A worker that does what its functions are called: the counterpart of the host's own tests.
//!
//! It prints `invoked NAME BODY` for every envelope, then the function's name decides, up to its first `_`:
//! `ok` answers, `fail` answers 500, `hang` never answers, `wait` answers after a call of `release`, `slow` after a second,
//! `exit-CODE` ends the process, `environment` answers with its environment, `talk` prints on both streams,
//! `arguments` answers with its command line,
//! `log` prints a JSON line with a level, its invocation's id and a trace id,
//! `send` puts a message into the queue output `msg`, `nonsense` answers what is no JSON.
//! `ECHO_START` is `exit-CODE` or `silent` for a worker that never gets as far, `ping-500`, `ping-drop` or `ping-hang` for
//! one that meets `GET /` so, `ipv6` for one that listens
//! there alone, and `when PATH` for one that listens once that file is there.

use std::{
    convert::Infallible,
    env,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    process::ExitCode,
    sync::Arc,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc},
};

struct Script {
    release: Notify,
    exit: mpsc::UnboundedSender<u8>,
    start: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let start = env::var("ECHO_START").unwrap_or_default();
    if let Some(code) = exit_code(&start) {
        eprintln!("refusing to start");
        return code.into();
    }
    if start == "silent" {
        return std::future::pending().await;
    }
    let port = env::var("FUNCTIONS_CUSTOMHANDLER_PORT").ok().and_then(|port| port.parse().ok());
    let Some(port) = port else {
        eprintln!("FUNCTIONS_CUSTOMHANDLER_PORT is not a port; let a Functions host start this");
        return 2.into();
    };
    if let Some(path) = start.strip_prefix("when ") {
        println!("waiting");
        while !std::path::Path::new(path).exists() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }
    let (exit, mut exits) = mpsc::unbounded_channel();
    let script = Arc::new(Script { release: Notify::new(), exit, start });
    tokio::select! {
        error = serve(port, script) => {
            eprintln!("cannot listen: {error}");
            1.into()
        }
        code = exits.recv() => code.unwrap_or_default().into(),
    }
}

async fn serve(port: u16, script: Arc<Script>) -> std::io::Error {
    let address = match script.start.as_str() {
        "ipv6" => IpAddr::from(Ipv6Addr::LOCALHOST),
        _ => IpAddr::from(Ipv4Addr::LOCALHOST),
    };
    let listener = match TcpListener::bind((address, port)).await {
        Ok(listener) => listener,
        Err(error) => return error,
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        if script.start == "ping-drop" && is_ping(&stream).await {
            continue;
        }
        let script = script.clone();
        let service = service_fn(move |request| answer(request, script.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    script: Arc<Script>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET && request.uri().path() == "/" {
        return Ok(match script.start.as_str() {
            "ping-500" => response(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            "ping-hang" => std::future::pending().await,
            _ => Response::new(Full::default()),
        });
    }
    let name = request.uri().path().trim_start_matches('/').to_owned();
    let id = request.headers().get("x-azure-functions-invocationid").cloned();
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    println!("invoked {name} {}", String::from_utf8_lossy(&body));
    let verb = name.split('_').next().unwrap_or_default();
    let text = match verb {
        "fail" => return Ok(response(StatusCode::INTERNAL_SERVER_ERROR, String::new())),
        "nonsense" => return Ok(response(StatusCode::OK, "{oops".to_owned())),
        "hang" => std::future::pending().await,
        "wait" => {
            script.release.notified().await;
            println!("released {name}");
            String::new()
        }
        "slow" => {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            "ok".to_owned()
        }
        "release" => {
            script.release.notify_one();
            String::new()
        }
        "environment" => json!(env::vars().collect::<std::collections::BTreeMap<_, _>>()).to_string(),
        "arguments" => json!(env::args().skip(1).collect::<Vec<_>>()).to_string(),
        "log" => {
            let id = id.as_ref().and_then(|id| id.to_str().ok());
            println!(
                "{}",
                json!({"level": "WARN", "message": "hello", "invocation_id": id, "trace_id": "0af7651916cd43dd8448eb211c80319c"})
            );
            String::new()
        }
        "talk" => {
            println!("a line on stdout");
            eprintln!("a line on stderr");
            println!("{}", "x".repeat(100_000));
            String::new()
        }
        name => {
            if let Some(code) = exit_code(name) {
                script.exit.send(code).ok();
                std::future::pending::<()>().await;
            }
            "ok".to_owned()
        }
    };
    let mut answer = json!({ "Outputs": { "res": { "statusCode": 200, "body": text } }, "Logs": [] });
    if verb == "send" {
        answer["Outputs"]["msg"] = "AAAA".into();
    }
    Ok(response(StatusCode::OK, answer.to_string()))
}

/// Whether a connection begins with `GET / `; nothing is taken off it.
async fn is_ping(stream: &tokio::net::TcpStream) -> bool {
    let mut start = [0; 6];
    stream.peek(&mut start).await.is_ok() && start == *b"GET / "
}

fn exit_code(text: &str) -> Option<u8> {
    text.strip_prefix("exit-")?.parse().ok()
}

fn response(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
