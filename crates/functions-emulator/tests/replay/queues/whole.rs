//! The life of one message in a whole host: its listener polls, calls, retries and poisons.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use functions_emulator::{
    ConsoleOptions, Emulator, Event, Events, Options,
    easyauth::EasyAuthMode,
    queues::{MemoryQueues, QueueCounts},
};
use serde_json::{Value, json};
use tokio::{sync::broadcast::Receiver, time::timeout};

use crate::{
    exchange::recorded_port,
    host::write_app,
    recorder::Recorder,
    recording::{Recording, bytes, read},
    wire::Message,
};

const DEADLINE: Duration = Duration::from_secs(30);

/// What became of a message.
pub(super) struct Life {
    /// What the worker received, pings apart.
    pub(super) requests: Vec<Message>,
    /// The texts that are left in its queue.
    pub(super) left: Vec<String>,
    /// The texts in its poison queue.
    pub(super) poisoned: Vec<String>,
}

/// Puts the message of an exchange into its queue and waits until it is settled.
pub(super) async fn live(exchange: &Value) -> Life {
    let queue = exchange["poisonQueue"].as_str().unwrap().trim_end_matches("-poison").to_owned();
    let status = if queue == "qfail" { 500 } else { 200 };
    let answer = json!({ "status": status, "headers": { "content-type": "application/json" }, "body": "{}" });
    let folder = tempfile::tempdir().unwrap();
    write_app(folder.path(), &app(folder.path()));
    let queues = MemoryQueues::default();
    let (host, recorder) = loop {
        let state = folder.path().join("state");
        fs::remove_dir_all(&state).ok();
        let options = options(folder.path(), state, &queues, exchange);
        let mut events = options.events.subscribe();
        let host = Emulator::start(options).await.unwrap();
        match Recorder::start_on(port(&mut events).await, answer.clone()).await {
            Ok(recorder) => break (host, recorder),
            // Between the host's choice of a port and this, another process can have taken it.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{error}"),
        }
        host.stop().await;
    };
    host.ready().await.unwrap();
    let text = String::from_utf8(bytes(&exchange["queueMessageText"])).unwrap();
    queues.put(&queue, text).unwrap();
    let settled = queues.wait_until(|queues| queues.counts(&queue) == QueueCounts::default());
    timeout(DEADLINE, settled).await.expect("the message is settled");
    host.stop().await;
    let texts = |queue: &str| queues.peek(queue).into_iter().map(|message| message.text).collect();
    let mut requests = recorder.seen();
    requests.retain(|request| request.line != "GET / HTTP/1.1");
    for request in &mut requests {
        recorded_port(request, recorder.address);
    }
    Life { requests, left: texts(&queue), poisoned: texts(&format!("{queue}-poison")) }
}

/// The recorded app with a program that says its port, on which the recorder then listens in its place.
fn app(folder: &Path) -> Value {
    let program = folder.join("worker");
    fs::write(&program, "#!/bin/sh\necho \"$FUNCTIONS_CUSTOMHANDLER_PORT\"\nexec sleep 600\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut app = read("apps")["apps"]["appq"].clone();
    app["host.json"]["customHandler"]["description"]["defaultExecutablePath"] = json!("worker");
    app
}

async fn port(events: &mut Receiver<Event>) -> u16 {
    loop {
        let told = timeout(DEADLINE, events.recv()).await.expect("the program prints").unwrap();
        if let Event::Output { line, .. } = told {
            return line.parse().unwrap();
        }
    }
}

fn options(folder: &Path, state: PathBuf, queues: &MemoryQueues, exchange: &Value) -> Options {
    fs::create_dir(&state).unwrap();
    Options {
        app_root: folder.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        settings: Recording(exchange.clone()).settings(),
        easyauth: EasyAuthMode::Off,
        users: None,
        state,
        keys: None,
        queues: queues.clone().into(),
        events: Events::new(),
        console: ConsoleOptions::default(),
    }
}
