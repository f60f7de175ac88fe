//! Logins that are slow, refused or never answered.

use super::*;
use crate::support::{ROLE, TokenPostgres, token};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_failing_logins_are_tolerated() {
    together(scenarios![
        each_answer_of_the_login_is_half_a_second_late,
        a_login_of_three_seconds_fills_the_pool,
        a_database_that_never_existed,
        a_wrong_password,
        a_server_that_takes_two_connections,
    ])
    .await;
}

/// A server behind TLS that asks for this password, and an app that shows `shown`.
async fn behind_tls(shown: &str) -> (World, TokenPostgres) {
    let guarded = TokenPostgres::start().await;
    let direct = guarded.url("postgres", "127.0.0.1", None);
    let (direct, _) = direct.split_once('?').expect("parameters");
    let url = guarded.url(&format!("{ROLE}:{shown}"), "localhost", Some(&guarded.authority()));
    let proxy = TcpProxy::start(address(direct)).await.expect("a proxy");
    (World::behind(proxy, &url, direct.to_owned(), None).await, guarded)
}

async fn stock(world: &World) {
    world.run("INSERT INTO products VALUES ('BEANS', 'Beans', 'EUR', 1290, true, 1, 0)").await;
}

/// TLS and a password take five answers: this login needs longer than a call waits for a connection.
async fn each_answer_of_the_login_is_half_a_second_late() {
    let (world, _guarded) = behind_tls(&token(1)).await;
    stock(&world).await;
    world.proxy.delay_answers(Duration::from_millis(500));
    world.serves_one_before(Instant::now() + HEALED).await;
    // Statements are as late: while there are one or two connections, the last of eight calls waits for too long.
    world.shares().await;
    world.fill().await;
    world.works().await;
    world.end();
}

async fn a_login_of_three_seconds_fills_the_pool() {
    let world = World::new().await;
    stock(&world).await;
    world.proxy.delay_login(Duration::from_millis(1500));
    world.serves_one_before(Instant::now() + HEALED).await;
    // Three logins are under way for longer than a call waits: until then eight calls have one connection.
    world.shares().await;
    world.fill().await;
    world.end();
}

async fn a_database_that_never_existed() {
    let world = World::entered(AcceptMode::Silent, POOL).await;
    stock(&world).await;
    for entry in [AcceptMode::Silent, AcceptMode::Ignored, AcceptMode::Refused] {
        world.proxy.set_accept_mode(entry).await;
        let calls = (0..24).map(|_| timed(world.buyer.get("/api/orders")));
        for (status, took) in join_all(calls).await {
            assert!(status == 503 && took < Duration::from_secs(4), "{entry:?}: {status} after {took:?}");
        }
    }
    world.proxy.set_accept_mode(AcceptMode::Open).await;
    world.heals().await;
    world.end();
}

async fn a_wrong_password() {
    let (world, guarded) = behind_tls("wrong").await;
    stock(&world).await;
    let start = Instant::now();
    let caller = async || {
        while start.elapsed() < Duration::from_secs(3) {
            let (status, took) = timed(world.buyer.get("/api/orders")).await;
            assert!(status == 503 && took < Duration::from_secs(4), "{status} after {took:?}");
        }
    };
    join_all((0..8).map(|_| caller())).await;
    let (logins, seconds) = (world.proxy.counts().accepted, start.elapsed().as_secs_f64());
    assert!(
        u32::try_from(logins).is_ok_and(|logins| f64::from(logins) / seconds < 5.0),
        "{logins} in {seconds} s"
    );
    guarded.server.create_login(ROLE, "wrong").await.expect("the server lets it in");
    world.heals().await;
    world.end();
}

/// The login of another deployment may hold the rest: those that there are serve everybody.
async fn a_server_that_takes_two_connections() {
    let database = on_a_server().await;
    let output = migrate(&database.url());
    assert!(output.status.success(), "{output:?}");
    let (direct, proxy) = (database.url(), TcpProxy::start(address(&database.url())).await.expect("a proxy"));
    let (_, name) = direct.rsplit_once('/').expect("a database");
    let url = direct.replace("postgres@", &format!("{name}@"));
    run(
        &direct,
        "DO $$ BEGIN EXECUTE format(
             'CREATE ROLE %I LOGIN CONNECTION LIMIT 2 IN ROLE orders_api, orders_processor', current_database());
         END $$",
    )
    .await;
    let world = World::behind(proxy, &url, direct.clone(), Some(database)).await;
    stock(&world).await;
    world.heals().await;
    for _ in 0..5 {
        world.works().await;
    }
    let logins = world.proxy.counts().accepted;
    assert!(logins > 2, "{logins} logins: none was refused");
    world
        .run("DO $$ BEGIN EXECUTE format('ALTER ROLE %I CONNECTION LIMIT 20', current_database()); END $$")
        .await;
    world.fill().await;
    world.end();
}
