//! The emulator of a replay: a recorded app, served on a socket of its own.

use std::{collections::HashMap, convert::Infallible, fs, io, net::SocketAddr, path::Path, sync::Arc};

use functions_emulator::{
    Events,
    access_keys::{AccessKey, AccessKeys},
    app::App,
    invoke::{Invoker, WorkerTarget},
    listener::HttpListener,
    queues::MemoryQueues,
};
use http_body_util::BodyExt;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::AbortHandle};

use crate::recording::read;

/// A running host; it stops when dropped.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) invoker: Invoker,
    pub(crate) queues: MemoryQueues,
    pub(crate) events: Events,
    task: AbortHandle,
    _folder: TempDir,
}

impl Host {
    /// Serves a recorded app in front of a worker, with the recorded keys.
    pub(crate) async fn start(app: &str, settings: &[(String, String)], worker: SocketAddr) -> Self {
        Self::with_keys(Some(keys(&read("apps")["keys"])), app, settings, worker).await
    }

    /// Serves a recorded app with other keys, or none.
    pub(crate) async fn with_keys(
        keys: Option<AccessKeys>,
        app: &str,
        settings: &[(String, String)],
        worker: SocketAddr,
    ) -> Self {
        let apps = read("apps");
        let folder = tempfile::tempdir().unwrap();
        write_app(folder.path(), &apps["apps"][app]);
        let app = Arc::new(App::load(folder.path(), settings).unwrap());
        let (queues, events) = (MemoryQueues::default(), Events::new());
        let invoker =
            Invoker::new(app.clone(), WorkerTarget::Fixed(worker), queues.clone().into(), events.clone());
        let listener = Arc::new(HttpListener::new(app.clone(), keys, invoker.clone()).unwrap());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let task = tokio::spawn(serve(socket, listener)).abort_handle();
        Self { address, app, invoker, queues, events, task, _folder: folder }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes the files of a recorded app.
pub(crate) fn write_app(folder: &Path, app: &Value) {
    fs::write(folder.join("host.json"), app["host.json"].to_string()).unwrap();
    for (name, function) in app["functions"].as_object().unwrap() {
        let own = folder.join(name);
        fs::create_dir(&own).unwrap();
        fs::write(own.join("function.json"), function.to_string()).unwrap();
    }
}

fn keys(file: &Value) -> AccessKeys {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let key = |key: &Value| AccessKey { name: text(&key["name"]), value: text(&key["value"]) };
    AccessKeys {
        master: text(&file["masterKey"]["value"]),
        host: file["functionKeys"].as_array().unwrap().iter().map(key).collect(),
        functions: HashMap::new(),
    }
}

async fn serve(socket: TcpListener, listener: Arc<HttpListener>) {
    while let Ok((stream, _)) = socket.accept().await {
        let listener = listener.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let listener = listener.clone();
            let request = request.map(|body| body.map_err(io::Error::other).boxed_unsync());
            async move { Ok::<_, Infallible>(listener.handle(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
