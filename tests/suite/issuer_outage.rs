//! An issuer that stops answering: tokens whose keys are known go on, and made-up ones wait only a few at a time.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use functions_emulator::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    users::Users,
};
use futures_util::future::join_all;
use orders_worker::limits::LIMITS;
use serde_json::json;
use tokio::{net::TcpListener, time::interval};

use crate::support::{
    Client, EventLog, IdentityMode, Mode, Principal, RawConnection, SOON, Setup, TENANT, TestApp,
    in_every_mode, repository, state, terminate,
};

in_every_mode!(unknown_key_ids_block_no_caller_while_the_issuer_hangs);

/// Shorter than any wait for a key, and long enough for a slow machine.
const AT_ONCE: Duration = Duration::from_millis(1_500);

/// How long requests with made-up keys are sent: long enough for several hanging fetches to time out.
const PERSISTENT: Duration = Duration::from_secs(6);

/// An issuer for one test, which can be made to hang.
struct OwnIssuer {
    issuer: Issuer,
    url: String,
    hangs: Arc<AtomicBool>,
    /// Requests that were left without an answer.
    unanswered: Arc<AtomicUsize>,
}

impl OwnIssuer {
    async fn start() -> Self {
        let users =
            Users::load(&repository().join("functions-emulator.json")).expect("the users file is right");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let issuer = Issuer::open(&state(), &url, &users).expect("the issuer has a key");
        let (hangs, answers) = (Arc::new(AtomicBool::new(false)), issuer.clone());
        let unanswered = Arc::new(AtomicUsize::new(0));
        let (hanging, hung) = (Arc::clone(&hangs), Arc::clone(&unanswered));
        let router = Router::new().fallback(async move |request: Request| {
            if hanging.load(Ordering::Relaxed) {
                hung.fetch_add(1, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }
            answers.answer(&request).expect("the worker asks for nothing else").map(Body::new)
        });
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { issuer, url, hangs, unanswered }
    }

    fn token_of(&self, name: &str) -> String {
        let person = self.issuer.users().named(name).expect("the user is in functions-emulator.json");
        self.issuer.token(person, &TokenOptions::default(), Clock::system().now()).expect("it signs")
    }
}

/// A token that names a key which the issuer never had.
fn made_up(number: usize) -> String {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": format!("made-up-{number}")});
    format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// Status of a list of orders, and how long it took.
async fn timed(client: &Client) -> (u16, Duration) {
    let began = Instant::now();
    (client.get("/api/orders").await.status, began.elapsed())
}

async fn app_with(mode: Mode, issuer: &OwnIssuer, rate: &str) -> TestApp {
    let setup = Setup::in_mode(mode)
        .identity_mode(IdentityMode::Token)
        .easyauth(functions_emulator::easyauth::EasyAuthMode::Off);
    let setup = setup.set("ORDERS_ENTRA_AUTHORITY", &format!("{}/_emulator/issuer", issuer.url));
    setup.set("ORDERS_RATE_LIMIT", rate).start().await
}

async fn unknown_key_ids_block_no_caller_while_the_issuer_hangs(mode: Mode) {
    let issuer = OwnIssuer::start().await;
    let app = app_with(mode, &issuer, "off").await;
    let buyer = app.anonymous().bearer(&issuer.token_of("buyer"));
    assert_eq!(buyer.get("/api/orders").await.status, 200);
    issuer.hangs.store(true, Ordering::Relaxed);
    let attackers: Vec<_> = (0..140).map(|number| app.anonymous().bearer(&made_up(number))).collect();
    let attack = join_all(attackers.iter().map(timed));
    let honest = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let clerk = app.anonymous().bearer(&issuer.token_of("clerk"));
        let mut calls = Vec::new();
        for _ in 0..10 {
            calls.extend([timed(&buyer).await, timed(&clerk).await]);
        }
        calls
    };
    let (attacked, calls) = tokio::join!(attack, honest);
    for (status, took) in calls {
        assert!(status == 200 && took < AT_ONCE, "remembered or not: {status} after {took:?}");
    }
    let waited = attacked.iter().filter(|(_, took)| *took >= Duration::from_millis(1_900)).count();
    assert!(waited <= 8, "{waited} of them waited");
    assert!(attacked.iter().all(|(status, _)| *status == 503), "they may be new keys: {attacked:?}");
    let (began, mut tick) = (Instant::now(), interval(Duration::from_millis(250)));
    for attacker in attackers.iter().cycle() {
        if began.elapsed() >= PERSISTENT {
            break;
        }
        tick.tick().await;
        assert_eq!(timed(attacker).await.0, 503);
    }
    assert_eq!(issuer.unanswered.load(Ordering::Relaxed), 1, "they start one fetch a minute");
}

/// Requests of this caller whose bodies do not end, all at once.
async fn slow_bodies(app: &TestApp, token: &str, count: usize) -> Vec<RawConnection> {
    let lines = [format!("Authorization: Bearer {token}"), "Content-Type: application/json".to_owned()];
    let slow = || async {
        let mut raw = RawConnection::to(app).await;
        raw.begin("POST", "/api/orders", &lines, "{}").await;
        raw
    };
    join_all((0..count).map(|_| slow())).await
}

/// The sum of a count over every line of metrics.
fn counted(heard: &EventLog, name: &str) -> u64 {
    heard.events("request-metrics").iter().filter_map(|line| line[name].as_u64()).sum()
}

#[tokio::test]
async fn every_rejection_reason_is_counted() {
    let issuer = OwnIssuer::start().await;
    let mut app = app_with(Mode::Proxy, &issuer, "5/s burst 60").await;
    let now = Clock::system().now().timestamp();
    let tokens: Vec<_> =
        (1..=13).map(|number| Principal::user(TENANT, number).token(&issuer.issuer, now)).collect();
    let (last, crowd) = tokens.split_last().expect("thirteen");
    let often = app.anonymous().bearer(last);
    let asked = join_all((0..15).map(|_| often.get("/api/orders"))).await;
    assert!(asked.iter().all(|reply| reply.status == 200));
    app.eventually("too often", SOON, async || often.get("/api/orders").await.status == 429).await;

    app.eventually("no place for one more", 2 * SOON, async || {
        let mut slow = join_all(crowd.iter().map(|token| slow_bodies(&app, token, 17))).await;
        let (mut ran, mut turned_away) = (0, 0);
        for raw in slow.iter_mut().flatten() {
            let status = raw.read().await.status;
            ran += usize::from(status == 408);
            turned_away += usize::from(status == 503);
        }
        ran >= LIMITS.concurrency.running && turned_away > 0
    })
    .await;

    let envelopes = join_all((0..64 + 128 + 8).map(|_| async {
        let mut raw = RawConnection::to(&app).await;
        raw.envelope("CreateOrder", 99, b"{").await;
        raw
    }));
    for raw in &mut envelopes.await {
        raw.read().await;
    }

    issuer.hangs.store(true, Ordering::Relaxed);
    let attackers: Vec<_> = (0..20).map(|number| app.anonymous().bearer(&made_up(number))).collect();
    let attacked = join_all(attackers.iter().map(timed)).await;
    assert!(attacked.iter().all(|(status, _)| *status == 503), "{attacked:?}");

    terminate(&app);
    let mut heard = EventLog::default();
    let reasons = ["running", "unidentified", "per_caller", "rate", "key_wait", "slow_body"];
    heard
        .until(&mut app, "each reason", |heard| {
            reasons.iter().all(|reason| counted(heard, &format!("refused_{reason}")) > 0)
        })
        .await;
    let lines = heard.events("request-metrics");
    assert!(lines.iter().any(|line| line["unidentified"].as_u64() >= Some(8)), "{lines:?}");
}
