//! PostgreSQL with a token of the managed identity as password, over TLS.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use test_servers::{TcpProxy, identity_endpoint::IDENTITY_HEADER, proxy::AcceptMode};

use crate::support::{Client, EventLog, Mode, ROLE, SOON, Setup, TestApp, TokenPostgres, token};

/// Calls succeed so soon after the endpoint answers.
const HEALED: Duration = Duration::from_secs(10);

async fn app(guarded: &TokenPostgres) -> TestApp {
    let app = guarded.under(Setup::in_mode(Mode::Proxy)).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    app
}

/// Places orders and reads them back until it is stopped; each call has to succeed.
async fn work(client: &Client, stop: &AtomicBool, done: &AtomicUsize) {
    while !stop.load(Ordering::Relaxed) {
        let location = client.place("BEANS").await;
        let reply = client.get(&location).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_token_refresh_under_load_fails_no_request() {
    let guarded = TokenPostgres::start().await;
    let app = app(&guarded).await;
    let pid = app.host.worker_pid();
    let (buyer, stop, done) = (app.user("buyer"), AtomicBool::new(false), AtomicUsize::new(0));
    let rotating = async {
        for number in 2..=6 {
            guarded.rotate(number).await;
            assert!(guarded.server.disconnect(ROLE).await.expect("it disconnects") > 0);
            let before = done.load(Ordering::Relaxed);
            app.eventually("the work goes on", SOON, async || done.load(Ordering::Relaxed) > before + 20)
                .await;
        }
        stop.store(true, Ordering::Relaxed);
    };
    let working = join_all((0..8).map(|_| work(&buyer, &stop, &done)));
    tokio::join!(working, rotating);
    assert_eq!(app.host.worker_pid(), pid, "nothing was restarted");
    let granted = guarded.endpoint.state().await.granted.clone();
    assert!(granted.iter().all(|query| query["resource"] == "https://ossrdbms-aad.database.windows.net"));
}

#[tokio::test]
async fn a_failing_endpoint_keeps_the_last_token() {
    let guarded = TokenPostgres::start().await;
    let app = app(&guarded).await;
    let buyer = app.user("buyer");
    guarded.endpoint.state().await.failure_status = Some(500);
    for _ in 0..3 {
        guarded.server.disconnect(ROLE).await.expect("it disconnects");
        buyer.place("BEANS").await;
    }
}

#[tokio::test]
async fn an_unresponsive_endpoint_times_out_and_recovers() {
    let guarded = TokenPostgres::start().await;
    let url = guarded.endpoint.url();
    let server: SocketAddr = url.split('/').nth(2).and_then(|at| at.parse().ok()).expect("an address");
    let proxy = TcpProxy::start(server).await.expect("a proxy");
    proxy.set_accept_mode(AcceptMode::Silent).await;
    let behind = url.replace(&server.to_string(), &format!("127.0.0.1:{}", proxy.port()));
    let app = guarded.under(Setup::in_mode(Mode::Proxy)).set("IDENTITY_ENDPOINT", &behind).start().await;
    let buyer = app.user("buyer");
    for _ in 0..2 {
        let start = Instant::now();
        let replies = join_all((0..24).map(|_| buyer.get("/api/orders"))).await;
        assert!(replies.iter().all(|reply| reply.status == 503), "{replies:?}");
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }
    let works = async || buyer.get("/api/orders").await.status == 200;
    proxy.set_accept_mode(AcceptMode::Open).await;
    app.eventually("calls succeed again", HEALED, works).await;
    proxy.silence();
    // Connections that have not been used for so long are not used again.
    tokio::time::sleep(Duration::from_secs(2)).await;
    guarded.rotate(2).await;
    guarded.server.disconnect(ROLE).await.expect("it disconnects");
    app.eventually("there is another token", HEALED, works).await;
}

#[tokio::test]
async fn a_token_is_refreshed_without_a_restart() {
    let guarded = TokenPostgres::start().await;
    guarded.endpoint.state().await.lifetime = Duration::from_secs(6);
    let app = app(&guarded).await;
    let buyer = app.user("buyer");
    let asked = guarded.endpoint.state().await.requests;
    app.eventually("it is renewed", SOON, async || {
        assert_eq!(buyer.get("/api/orders").await.status, 200);
        guarded.endpoint.state().await.requests > asked + 1
    })
    .await;

    guarded.endpoint.state().await.failure_status = Some(500);
    app.eventually("it ends", SOON, async || {
        guarded.server.disconnect(ROLE).await.expect("it disconnects");
        buyer.get("/api/orders").await.status == 503
    })
    .await;
    guarded.endpoint.state().await.failure_status = None;
    app.eventually("there is another", SOON, async || buyer.get("/api/orders").await.status == 200).await;
}

#[tokio::test]
async fn migrate_reports_identity_errors_without_the_token() {
    let guarded = TokenPostgres::empty().await;
    for (status, expected) in [(400, "does not have this managed identity"), (500, "does not answer")] {
        guarded.endpoint.state().await.failure_status = Some(status);
        let output = guarded.migrate(guarded.settings()).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(expected), "{said}");
    }
    guarded.endpoint.state().await.failure_status = None;
    guarded.endpoint.state().await.token = token(9);
    let output = guarded.migrate(guarded.settings()).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("password authentication failed"), "{said}");
    assert!(!format!("{output:?}").contains("xxxx"));
}

#[tokio::test]
async fn trace_logs_contain_no_token() {
    let guarded = TokenPostgres::start().await;
    let mut app = guarded.under(Setup::in_mode(Mode::Proxy)).set("ORDERS_LOG", "trace").start().await;
    assert_eq!(app.user("buyer").get("/api/orders").await.status, 200);
    guarded.server.create_login(ROLE, &token(2)).await.expect("the server lets it in");
    guarded.server.disconnect(ROLE).await.expect("it disconnects");
    assert_eq!(app.user("buyer").get("/api/orders").await.status, 503);
    let told = ["new connections to the database use a new token", "password authentication failed"];
    let mut heard = EventLog::default();
    heard.until(&mut app, "both", |heard| told.iter().all(|line| heard.text.contains(line))).await;
    for secret in ["token-1", "xxxx", IDENTITY_HEADER] {
        assert!(!heard.text.contains(secret), "{secret}");
    }
}
