//! How often a caller may call.

use functions_emulator::easyauth::EasyAuthMode;

use crate::support::{ABROAD, Client, Mode, Principal, Reply, SOON, Setup, TENANT, an_order, in_every_mode};

in_every_mode!(
    rate_limits_are_per_caller,
    headers_do_not_evade_the_rate_limit,
    the_rate_limit_follows_the_policy_and_precedes_the_body,
    forbidden_requests_count_against_the_rate_limit,
);

/// A rate so low that no test lasts until the next request is allowed.
const RARE: &str = "1/m burst 2";

fn setup(mode: Mode, rate: &str) -> Setup {
    Setup::in_mode(mode).set("ORDERS_RATE_LIMIT", rate)
}

/// Calls until the rate limit refuses, and returns the refusal.
async fn drain(client: &Client) -> Reply {
    for _ in 0..10 {
        let reply = client.get("/api/orders").await;
        if reply.status == 429 {
            return reply;
        }
    }
    panic!("ten requests at once are not too many");
}

async fn rate_limits_are_per_caller(mode: Mode) {
    let app = setup(mode, "1/s burst 2").start().await;
    let buyer = app.user("buyer");
    let refused = drain(&buyer).await;
    assert_eq!((refused.status, refused.problem().as_str()), (429, "rate-limited"), "{refused:?}");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    for other in ["neighbour", "admin", "clerk"] {
        assert_eq!(app.user(other).get("/api/orders").await.status, 200, "{other}");
    }
    assert_eq!(app.anonymous().get("/api/health").await.status, 200);
    // A request that is refused does not count, so asking again does not put the time off.
    app.eventually("the next is taken", SOON, async || buyer.get("/api/orders").await.status == 200).await;
}

async fn headers_do_not_evade_the_rate_limit(mode: Mode) {
    let app = setup(mode, RARE).start().await;
    let buyer = app.user("buyer");
    drain(&buyer).await;
    let someone = Principal::user(ABROAD, 9).header();
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-ms-client-principal-id", "someone"),
        ("x-ms-client-principal", &someone),
        ("x-functions-key", "another"),
        ("user-agent", "another"),
    ] {
        let reply = buyer.with(name, value).get("/api/orders").await;
        assert_eq!(reply.status, 429, "{name}: {reply:?}");
    }
}

async fn the_rate_limit_follows_the_policy_and_precedes_the_body(mode: Mode) {
    let app = setup(mode, RARE).easyauth(EasyAuthMode::Bypassed).start().await;
    let creator = app.principal(&Principal::user(TENANT, 1));
    drain(&creator).await;
    let unscoped = Principal::user(TENANT, 1).without("scp").claim("scp", "Orders.Read");
    let statuses = [
        (app.anonymous().post("/api/orders", &an_order("BEANS")).await, 401),
        (app.principal(&unscoped).post("/api/orders", &an_order("BEANS")).await, 403),
        (creator.get("/api/dead-letters").await, 403),
        (creator.raw("POST", "/api/orders", Some("text/plain"), "x").await, 429),
        (creator.get("/api/orders?limit=0").await, 429),
    ];
    for (reply, status) in statuses {
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

async fn forbidden_requests_count_against_the_rate_limit(mode: Mode) {
    let app = setup(mode, RARE).start().await;
    let buyer = app.user("buyer");
    for call in 0..5 {
        let reply = buyer.get("/api/dead-letters").await;
        assert_eq!(reply.status, 403, "call {call}: {reply:?}");
    }
    assert_eq!(buyer.get("/api/orders").await.status, 429, "nothing is left for what is allowed");
    assert_eq!(app.user("neighbour").get("/api/orders").await.status, 200);
}
