//! An issuer that stops answering: tokens whose keys are known go on, and made-up ones wait only a few at a time.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, body::Body, extract::Request};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use local_host::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    people::People,
};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{Client, Evidence, Mode, Setup, TestApp, in_every_mode, repository, state};

in_every_mode!(made_up_keys_shut_nobody_out_while_the_issuer_hangs);

/// Less than anybody waits, and long enough for a slow machine.
const AT_ONCE: Duration = Duration::from_millis(1_500);

/// An issuer of its own, which can be told to hang.
struct OwnIssuer {
    issuer: Issuer,
    url: String,
    hangs: Arc<AtomicBool>,
}

impl OwnIssuer {
    async fn start() -> Self {
        let people = People::load(&repository().join(".local-host.json")).expect("the people file is right");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it has an address"));
        let issuer = Issuer::open(&state(), &url, &people).expect("the issuer has a key");
        let (hangs, answers) = (Arc::new(AtomicBool::new(false)), issuer.clone());
        let hanging = Arc::clone(&hangs);
        let router = Router::new().fallback(async move |request: Request| {
            if hanging.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            answers.answer(&request).expect("the worker asks for nothing else").map(Body::new)
        });
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { issuer, url, hangs }
    }

    fn token_of(&self, name: &str) -> String {
        let person = self.issuer.people().named(name).expect("the person is in .local-host.json");
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

async fn app(mode: Mode, issuer: &OwnIssuer) -> TestApp {
    let setup = Setup::in_mode(mode).evidence(Evidence::Token).front(local_host::front::FrontMode::Off);
    setup.set("ORDERS_ENTRA_AUTHORITY", &format!("{}/_local/issuer", issuer.url)).start().await
}

async fn made_up_keys_shut_nobody_out_while_the_issuer_hangs(mode: Mode) {
    let issuer = OwnIssuer::start().await;
    let app = app(mode, &issuer).await;
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
}
