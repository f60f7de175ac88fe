//! An app folder in a temporary place, and the host that serves it.

use std::{fs, path::PathBuf, time::Duration};

use chrono::{DateTime, Utc};
use functions_emulator::{
    ConsoleOptions, Emulator, Event, Events, Options, StartError, clock::Clock, easyauth::EasyAuthMode,
    queues::MemoryQueues,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::broadcast::Receiver, task::JoinHandle};

/// How long a test waits for anything before it fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// An app folder under construction.
pub(crate) struct TestApp {
    folder: TempDir,
    host_json: Value,
    pub(crate) options: Options,
    pub(crate) queues: MemoryQueues,
}

/// A host that serves a [`TestApp`].
pub(crate) struct Running {
    pub(crate) host: Emulator,
    pub(crate) queues: MemoryQueues,
    events: Receiver<Event>,
    client: reqwest::Client,
    app: TestApp,
}

impl TestApp {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let queues = MemoryQueues::with_clock(Clock::stopped_at(noon()));
        let options = Options {
            app_root: folder.path().to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            settings: Vec::new(),
            easyauth: EasyAuthMode::Off,
            users: None,
            state: folder.path().join("state"),
            keys: None,
            queues: queues.clone().into(),
            events: Events::new(),
            console: ConsoleOptions::default(),
        };
        let host_json = json!({
            "version": "2.0",
            "customHandler": { "description": { "defaultExecutablePath": echo_worker() } },
            "extensions": { "queues": { "visibilityTimeout": "00:01:00", "maxDequeueCount": 3 } },
        });
        let app = Self { folder, host_json, options, queues };
        app.write_host_json();
        app
    }

    /// Changes one value of host.json, named by its RFC 6901 pointer.
    pub(crate) fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
        let parent = self.host_json.pointer_mut(parent).expect("the parent is there");
        parent[name] = value.into();
        self.write_host_json();
        self
    }

    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.options.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn http(self, name: &str) -> Self {
        self.function(
            name,
            &json!([
                { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous" },
                { "type": "http", "direction": "out", "name": "res" },
            ]),
        )
    }

    pub(crate) fn queue(self, name: &str, queue: &str) -> Self {
        self.queue_of_type(name, queue, "binary")
    }

    pub(crate) fn queue_of_type(self, name: &str, queue: &str, data_type: &str) -> Self {
        let trigger = json!({
            "type": "queueTrigger", "direction": "in", "name": "job", "queueName": queue,
            "dataType": data_type, "connection": "AzureWebJobsStorage",
        });
        self.function(name, &json!([trigger]))
    }

    pub(crate) fn timer(self, name: &str, schedule: &str, run_on_startup: bool, use_monitor: bool) -> Self {
        let trigger = json!({
            "type": "timerTrigger", "direction": "in", "name": "tick", "schedule": schedule,
            "runOnStartup": run_on_startup, "useMonitor": use_monitor,
        });
        self.function(name, &json!([trigger]))
    }

    pub(crate) fn function(self, name: &str, bindings: &Value) -> Self {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).expect("a function folder");
        fs::write(folder.join("function.json"), json!({ "bindings": bindings }).to_string())
            .expect("a function.json");
        self
    }

    /// `send`, which puts a message into the queue `jobs`.
    pub(crate) fn sender(self) -> Self {
        let bindings = json!([
            { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous" },
            { "type": "http", "direction": "out", "name": "res" },
            { "type": "queue", "direction": "out", "name": "msg", "queueName": "Jobs" },
        ]);
        self.function("send", &bindings)
    }

    pub(crate) fn write_host_json(&self) {
        self.write("host.json", &self.host_json.to_string());
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file in the app folder");
    }

    /// Starts the host; the worker may not answer yet.
    pub(crate) async fn launch(self) -> Running {
        let events = self.options.events.subscribe();
        let host = Emulator::start(self.options.clone()).await.expect("the host starts");
        Running { host, queues: self.queues.clone(), events, client: client(), app: self }
    }

    /// Starts the host and waits for the worker.
    pub(crate) async fn start(self) -> Running {
        let running = self.launch().await;
        running.host.ready().await.expect("the worker answers");
        running
    }

    /// What the host says when it does not start.
    pub(crate) async fn refusal(self) -> String {
        let StartError(sentence) = Emulator::start(self.options.clone()).await.expect_err("no start");
        sentence
    }
}

impl Running {
    /// Status and body of a GET of an HTTP function.
    pub(crate) async fn get(&self, function: &str) -> (u16, String) {
        self.call(function).await.expect("the call ends")
    }

    /// A GET of an HTTP function that runs in the background.
    pub(crate) fn call(&self, function: &str) -> JoinHandle<(u16, String)> {
        let call = self.client.get(format!("{}/api/{function}", self.host.url())).send();
        tokio::spawn(async move {
            let answer = call.await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a whole answer"))
        })
    }

    /// Waits for the next event that `pick` takes.
    pub(crate) async fn next<T>(&mut self, pick: impl FnMut(Event) -> Option<T>) -> T {
        next(&mut self.events, pick).await
    }

    /// A second reader of the events from now on.
    pub(crate) fn listen(&self) -> Receiver<Event> {
        self.app.options.events.subscribe()
    }

    /// Waits for the next call that the worker saw of a function; its body.
    pub(crate) async fn invoked(&mut self, function: &str) -> Value {
        let start = format!("invoked {function} ");
        let body = self.line(|line| line.strip_prefix(&start).map(str::to_owned)).await;
        serde_json::from_str(&body).expect("an envelope is JSON")
    }

    /// Waits until the next invocation of a function has ended.
    pub(crate) async fn ended(&mut self, function: &str) {
        self.next(|event| {
            matches!(event, Event::Invoked { function: name, .. } if name == function).then_some(())
        })
        .await;
    }

    /// Waits for the next line on stdout that `pick` takes.
    pub(crate) async fn line<T>(&mut self, mut pick: impl FnMut(&str) -> Option<T>) -> T {
        self.next(|event| match event {
            Event::Output { stderr: false, line } => pick(&line),
            _ => None,
        })
        .await
    }

    /// Turns the clock of queues and timers.
    pub(crate) fn advance(&self, seconds: u64) {
        self.queues.clock().advance(Duration::from_secs(seconds));
    }

    /// Waits until `holds` is true of the queues.
    pub(crate) async fn queues_until(&self, holds: impl FnMut(&MemoryQueues) -> bool) {
        within(self.queues.wait_until(holds)).await;
    }

    pub(crate) fn app(&self) -> &TestApp {
        &self.app
    }
}

/// A caller with a deadline.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client")
}

/// Waits for the next event that `pick` takes.
pub(crate) async fn next<T>(events: &mut Receiver<Event>, mut pick: impl FnMut(Event) -> Option<T>) -> T {
    within(async {
        loop {
            if let Some(found) = pick(events.recv().await.expect("the host tells more")) {
                return found;
            }
        }
    })
    .await
}

/// The outcome, or a failed test at the deadline.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it happens before the deadline")
}

/// The time that every test's clock starts at.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().expect("a time")
}

/// Whether a process with this id is there.
pub(crate) fn alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::test_kill_process(pid).is_ok()
}

/// Returns when no process has this id.
pub(crate) async fn gone(pid: u32) {
    while alive(pid) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Kills a process as the kernel would when memory is short.
pub(crate) fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
}

pub(crate) fn echo_worker() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a file");
    let path = test.ancestors().nth(2).expect("target/debug").join("examples/echo_worker");
    assert!(path.exists(), "{} is missing: cargo build -p functions-emulator --examples", path.display());
    path
}
