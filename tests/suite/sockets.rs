//! The worker's socket: bursts, half-closed connections, heads that are no HTTP, want of descriptors, and its end.

use std::{fs, time::Duration};

use functions_emulator::Event;
use futures_util::future::join_all;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{Instant, timeout};

use crate::support::{
    EventLog, IdentityMode, Mode, RawConnection, SOON, Setup, TestApp, an_order, enveloped, migrate,
    on_a_server,
};

/// An app whose callers need nothing but a token.
async fn app() -> TestApp {
    Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Token).start().await
}

/// What a caller writes into the head of a request.
fn signed_in(app: &TestApp) -> Vec<String> {
    vec![
        format!("Authorization: Bearer {}", app.token_of("buyer")),
        "Content-Type: application/json".to_owned(),
    ]
}

fn pid(app: &TestApp) -> Pid {
    let pid = app.host.worker_pid().and_then(|pid| pid.try_into().ok());
    pid.and_then(Pid::from_raw).expect("the worker runs")
}

#[tokio::test]
async fn a_half_closed_connection_gets_its_response() {
    let app = app().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (lines, body) = (signed_in(&app), an_order("BEANS").to_string());
    for round in 0..20 {
        let mut direct = RawConnection::to(&app).await;
        direct.call("POST", "/api/orders", &lines, &body).await;
        direct.end_sending().await;
        assert_eq!(direct.read().await.status, 201, "round {round}");

        let envelope = enveloped("POST", "http://h/api/orders", &lines, &body);
        let mut wrapped = RawConnection::to(&app).await;
        wrapped.envelope("CreateOrder", envelope.len(), envelope.as_bytes()).await;
        wrapped.end_sending().await;
        assert_eq!(wrapped.read().await.json()["Outputs"]["res"]["statusCode"], 201, "round {round}");
    }
    let listed = app.user("buyer").get("/api/orders?limit=100").await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(40), "each answer stands for one order");
}

#[tokio::test]
async fn invalid_request_headers_are_rejected_and_logged() {
    let mut app = app().await;
    let mut heard = EventLog::default();
    let long = "a".repeat(70_000);
    for (head, status, slug) in [
        ("hunter2\r\n\r\n".to_owned(), 400, "malformed"),
        (format!("GET /{long} HTTP/1.1\r\nHost: h\r\n\r\n"), 414, "too-large"),
        (format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}{long}\r\n\r\n"), 431, "too-large"),
    ] {
        let mut raw = RawConnection::to(&app).await;
        raw.write(head).await;
        let reply = raw.read().await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, slug));
        let own = ["cache-control", "connection", "x-content-type-options"].map(|name| reply.header(name));
        assert_eq!(own, [Some("no-store"), Some("close"), Some("nosniff")]);
        let instance = reply.json()["instance"].clone();
        let is_its_line = |line: &&Value| {
            line["status"] == status
                && instance == format!("urn:uuid:{}", line["invocation_id"].as_str().unwrap_or(""))
        };
        heard
            .until(&mut app, "the line of a head that cannot be read", |heard| {
                heard.events("request-head-invalid").iter().any(is_its_line)
            })
            .await;
    }
    assert!(!heard.text.contains("hunter2"), "{}", heard.text);
}

/// Lets the test and the worker have more connections than a shell would.
fn allow_a_crowd(worker: Pid) {
    let limit = getrlimit(Resource::Nofile);
    let more = Rlimit { current: limit.current.map(|current| current.max(4096)), ..limit };
    for process in [None, Some(worker)] {
        prlimit(process, Resource::Nofile, more).expect("4,096 descriptors");
    }
}

#[tokio::test]
async fn a_burst_of_connections_is_accepted() {
    let app = app().await;
    let pid = pid(&app);
    allow_a_crowd(pid);
    kill_process(pid, Signal::STOP).expect("it can be stopped");
    // What does not fit into the backlog has to wait until the worker goes on.
    let burst = timeout(SOON, join_all((0..900).map(|_| RawConnection::to(&app)))).await;
    kill_process(pid, Signal::CONT).expect("it goes on");
    for raw in &mut burst.expect("all connections at once") {
        raw.ping().await;
    }
}

/// Processor time that a process has taken so far, in hundredths of a second.
fn processor_time(pid: Pid) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).expect("it runs");
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[tokio::test]
async fn running_out_of_file_descriptors_is_logged_once() {
    let mut app = app().await;
    let pid = pid(&app);
    let open = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).expect("it runs").count();
    let few = Rlimit { current: Some(open as u64 + 8), ..getrlimit(Resource::Nofile) };
    let before = prlimit(Some(pid), Resource::Nofile, few).expect("a limit can be set");
    let mut crowd = join_all((0..60).map(|_| RawConnection::to(&app))).await;
    let mut heard = EventLog::default();
    heard.until(&mut app, "want of descriptors", |heard| !heard.events("accept-failed").is_empty()).await;
    let started = processor_time(pid);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(processor_time(pid) - started < 50, "it waits, and does not spin");
    // Connections that are open go on.
    crowd[0].ping().await;
    prlimit(Some(pid), Resource::Nofile, before).expect("a limit can be set");
    for raw in &mut crowd[1..] {
        raw.ping().await;
    }
    heard.listen(&mut app);
    assert_eq!(heard.events("accept-failed").len(), 1);
}

#[tokio::test]
async fn idle_connections_spare_database_descriptors_on_postgres() {
    const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let database = on_a_server().await;
    assert!(migrate(&database.url()).status.success());
    let setup = Setup::in_mode(Mode::Proxy).identity_mode(IdentityMode::Token);
    let mut app = setup.set("ORDERS_DATABASE_URL", &database.url()).start().await;
    let lines = signed_in(&app);
    let limit = Rlimit { current: Some(104), ..getrlimit(Resource::Nofile) };
    prlimit(Some(pid(&app)), Resource::Nofile, limit).expect("a limit can be set");
    let mut crowd = join_all((0..120).map(|_| RawConnection::to(&app))).await;
    EventLog::default()
        .until(&mut app, "want of descriptors", |heard| !heard.events("accept-failed").is_empty())
        .await;
    let mut connection = PgConnection::connect(&database.url()).await.expect("the server answers");
    sqlx::raw_sql(END_SESSIONS).execute(&mut connection).await.expect("sessions end");
    crowd[0].call("GET", "/api/orders", &lines, "").await;
    assert_eq!(crowd[0].read().await.status, 200);
}

#[tokio::test]
async fn sigterm_completes_running_requests() {
    let mut app = app().await;
    app.user("admin").stock("BEANS", 1290).await;
    let (lines, body) = (signed_in(&app), an_order("BEANS").to_string());
    let mut half = RawConnection::to(&app).await;
    let (head, length) = (lines.join("\r\n"), body.len());
    half.write(format!(
        "POST /api/orders HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{head}\r\n\r\n{}",
        &body[1..]
    ))
    .await;
    let envelope = enveloped("POST", "http://h/api/orders", &lines, &body);
    let mut half_wrapped = RawConnection::to(&app).await;
    half_wrapped.envelope("CreateOrder", envelope.len(), &envelope.as_bytes()[1..]).await;
    let mut whole = join_all((0..20).map(|_| RawConnection::to(&app))).await;
    join_all(whole.iter_mut().map(|raw| raw.call("POST", "/api/orders", &lines, &body))).await;
    let started = Instant::now();
    kill_process(pid(&app), Signal::TERM).expect("it runs");
    for raw in &mut whole {
        assert_eq!(raw.read().await.status, 201);
    }
    let reply = half.read().await;
    assert_eq!((reply.status, reply.problem().as_str()), (408, "body-timeout"));
    assert_eq!(half_wrapped.read().await.json()["Outputs"]["res"]["statusCode"], 408);
    let ended = async {
        loop {
            match app.heard.recv().await {
                Ok(Event::WorkerExited { code, .. }) => return code,
                Ok(_) => {}
                Err(missed) => panic!("the log was not heard whole: {missed}"),
            }
        }
    };
    assert_eq!(timeout(SOON, ended).await.expect("it ends"), Some(0));
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
}

/// The most that may be left: 60 MiB with the pages of the program, of which a build without optimisation has more.
const LEFT: u64 = 50;

/// What a process holds of the machine's memory beside its program, in MiB.
fn held(pid: Pid) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// Waits until a burst's memory has gone back to the system.
async fn memory_comes_back(app: &TestApp, after: &str) {
    let pid = pid(app);
    app.eventually(&format!("memory comes back {after}"), SOON, async || held(pid) <= LEFT).await;
}

#[tokio::test]
async fn memory_comes_back_after_a_burst_of_long_bodies() {
    let mut app = app().await;
    allow_a_crowd(pid(&app));
    let long = vec![b'x'; (1 << 20) - 1];
    let mut heard = EventLog::default();
    let mut crowd = Vec::new();
    for round in 1..=3 {
        if round == 3 {
            for _ in 0..2000 {
                let mut raw = RawConnection::to(&app).await;
                raw.ping().await;
                crowd.push(raw);
            }
        }
        let mut cut_off = join_all((0..128).map(|_| RawConnection::to(&app))).await;
        join_all(cut_off.iter_mut().map(|raw| raw.envelope("IngestOrder", 1 << 20, &long))).await;
        drop(cut_off);
        heard
            .until(&mut app, "every envelope was cut off", |heard| {
                heard.events("invocation-failed").len() == round * 128
            })
            .await;
        memory_comes_back(&app, "after envelopes that are cut off").await;
    }
    drop(crowd);
    memory_comes_back(&app, "after a crowd").await;
}

#[tokio::test]
async fn memory_comes_back_after_a_burst_of_whole_envelopes() {
    let app = app().await;
    app.user("admin").stock("BEANS", 1290).await;
    let lines = signed_in(&app);
    let filler = "x".repeat((1 << 20) - 8192);
    let text = enveloped("POST", "http://h/api/orders", &lines, &filler);
    let list = enveloped("POST", "http://h/api/orders", &lines, &format!("[{}1]", "1,".repeat(500_000)));
    let message = json!({"Data": {"message": filler}, "Metadata": {"DequeueCount": "1"}}).to_string();
    for (function, envelope) in [("CreateOrder", text), ("CreateOrder", list), ("IngestOrder", message)] {
        for _ in 0..2 {
            let mut burst = join_all((0..128).map(|_| RawConnection::to(&app))).await;
            join_all(burst.iter_mut().map(async |raw| {
                raw.envelope(function, envelope.len(), envelope.as_bytes()).await;
                raw.read().await
            }))
            .await;
            memory_comes_back(&app, "after whole envelopes").await;
        }
    }
}

#[tokio::test]
async fn memory_comes_back_after_a_burst_of_long_heads() {
    let app = app().await;
    allow_a_crowd(pid(&app));
    let half = format!("GET /api/orders HTTP/1.1\r\nHost: h\r\nX: {}", "a".repeat(60_000));
    let mut crowd = join_all((0..1500).map(|_| RawConnection::to(&app))).await;
    join_all(crowd.iter_mut().map(|raw| raw.write(half.clone()))).await;
    drop(crowd);
    memory_comes_back(&app, "after heads that never end").await;
}
