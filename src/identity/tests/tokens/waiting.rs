//! Which callers wait while the issuer hangs: a few, not for long, and none whose key is cached.

use std::time::{Duration, Instant};

use azure_functions_handler::Invocation;
use futures_util::future::join_all;

use super::*;

/// Long enough for a slow machine, and less than any wait.
const AT_ONCE: Duration = Duration::from_millis(900);

/// Outcome, and how long it took.
async fn timed(world: &World, token: &str, now: DateTime<Utc>) -> ((u16, &'static str), Duration) {
    let began = Instant::now();
    (world.asks_at(token, now).await, began.elapsed())
}

fn made_up(world: &World, number: usize) -> String {
    world.heading(&json!({"kid": format!("made-up-{number}")}), &ATTACKER)
}

#[tokio::test]
async fn while_the_issuer_hangs_a_key_at_hand_never_waits() {
    let world = World::new().await;
    let remembered = world.good();
    assert_eq!(world.asks(&remembered).await, (200, ""));
    world.issuer.say_metadata(Says::Nothing);
    let made_up: Vec<_> = (0..40).map(|number| made_up(&world, number)).collect();
    let attack = join_all(made_up.iter().map(|token| timed(&world, token, after(1))));
    let honest = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let fresh = world.claiming(&json!({"uti": "never seen"}));
        (timed(&world, &remembered, after(1)).await, timed(&world, &fresh, after(1)).await)
    };
    let (outcomes, (known, new)) = tokio::join!(attack, honest);
    for (outcome, took) in [known, new] {
        assert!(outcome == (200, "") && took < AT_ONCE, "{outcome:?} after {took:?}");
    }
    let of = |reason| outcomes.iter().filter(move |(outcome, _)| *outcome == (503, reason));
    assert_eq!((of("keys-unavailable").count(), of("keys-awaited").count()), (8, 32), "{outcomes:?}");
    assert!(of("keys-awaited").all(|(_, took)| *took < AT_ONCE), "{outcomes:?}");
    let waited = Duration::from_millis(1_900)..Duration::from_secs(4);
    assert!(of("keys-unavailable").all(|(_, took)| waited.contains(took)), "{outcomes:?}");
}

#[tokio::test]
async fn a_token_never_waits_for_the_renewal_of_an_old_set() {
    let world = World::new().await;
    let token = world.claiming(&json!({"exp": NOW.timestamp() + 50_000}));
    assert_eq!(world.asks(&token).await, (200, ""));
    world.issuer.say_metadata(Says::Nothing);
    let other = world.claiming(&json!({"exp": NOW.timestamp() + 50_000, "uti": "never seen"}));
    for token in [&token, &other] {
        let (outcome, took) = timed(&world, token, after(7_200)).await;
        assert!(outcome == (200, "") && took < AT_ONCE, "{outcome:?} after {took:?}");
    }
    let asked = async {
        while world.issuer.times() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), asked).await.is_ok(), "one fetch runs beside them");
    assert_eq!(world.issuer.times(), 2);
}

#[tokio::test]
async fn a_hanging_issuer_gets_one_fetch_a_minute() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.say_metadata(Says::Nothing);
    for second in 1..=61 {
        let clock = world.identity.tokens().unwrap();
        if [1, 30, 60, 61].contains(&second) {
            let tokens = [0, 1].map(|number| made_up(&world, usize::try_from(second).unwrap() * 10 + number));
            let outcomes = join_all(tokens.iter().map(|token| world.asks_at(token, after(second))));
            assert_eq!(outcomes.await, [(503, "keys-unavailable"); 2]);
        }
        clock.fetch_due(after(second));
        world.fetch_finished().await;
        assert_eq!(world.issuer.times(), if second < 61 { 2 } else { 3 }, "second {second}");
    }
}

#[tokio::test]
async fn a_missing_key_is_retried_a_minute_after_a_timeout() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[FIRST.jwk(), SECOND.jwk()]);
    world.issuer.say_metadata(Says::Nothing);
    let new = world.heading(&json!({"kid": SECOND.id}), &SECOND);
    assert_eq!(world.asks_at(&new, after(1)).await, (503, "keys-unavailable"));
    world.fetch_finished().await;
    world.issuer.say_metadata(world.metadata());
    world.identity.tokens().unwrap().fetch_due(after(60));
    assert_eq!(
        world.asks_at(&new, after(60)).await,
        (503, "keys-unavailable"),
        "no request goes out so soon"
    );
    assert_eq!(world.issuer.times(), 2);
    world.identity.tokens().unwrap().fetch_due(after(61));
    world.fetch_finished().await;
    assert_eq!(world.asks_at(&new, after(61)).await, (200, ""), "the clock does");
    world.identity.tokens().unwrap().fetch_due(after(150));
    assert_eq!(world.issuer.times(), 3, "and stops when it is found");
}

#[tokio::test]
async fn a_missing_key_is_found_ten_seconds_after_an_outage() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[FIRST.jwk(), SECOND.jwk()]);
    world.issuer.say_metadata(Says::Status(500));
    let new = world.heading(&json!({"kid": SECOND.id}), &SECOND);
    assert_eq!(world.asks_at(&new, after(1)).await, (503, "keys-unavailable"));
    for second in 2..40 {
        world.identity.tokens().unwrap().fetch_due(after(second));
        world.fetch_finished().await;
    }
    world.issuer.say_metadata(world.metadata());
    for second in 40..50 {
        world.identity.tokens().unwrap().fetch_due(after(second));
        world.fetch_finished().await;
    }
    assert_eq!(world.asks_at(&new, after(49)).await, (200, ""));
}

#[tokio::test]
async fn an_unknown_key_id_leaves_cached_tokens_valid() {
    let world = World::new().await;
    let token = world.good();
    assert_eq!(world.asks(&token).await, (200, ""));
    let before = world.identity.tokens().unwrap().generation(*NOW);
    assert_eq!(world.asks_at(&made_up(&world, 1), after(1)).await, (401, "key-unknown"));
    assert_eq!(world.issuer.times(), 2, "the set was fetched");
    assert_eq!(world.identity.tokens().unwrap().generation(*NOW), before, "and is the same");
    world.issuer.keys(&[SECOND.jwk(), FIRST.jwk()]);
    assert_eq!(world.asks_at(&made_up(&world, 2), after(61)).await, (401, "key-unknown"));
    assert_ne!(world.identity.tokens().unwrap().generation(*NOW), before, "another set is another one");
}

#[tokio::test]
async fn an_overloaded_key_wait_says_retry_after_a_second() {
    let world = World::new().await;
    world.issuer.say_metadata(Says::Nothing);
    let tokens: Vec<_> = (0..9).map(|number| made_up(&world, number)).collect();
    let requests: Vec<_> = tokens.iter().map(|token| bearing(token)).collect();
    let refused = join_all(requests.iter().map(|headers| world.identity.authenticate(headers, *NOW))).await;
    let invocation = Invocation::new(Uuid::nil(), "Any", azure_functions_handler::TraceContext::random());
    let waits = refused.into_iter().map(|refused| {
        let answer = Problem::from(refused.unwrap_err()).to_response(&invocation);
        (answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap().to_owned())
    });
    let mut waits: Vec<_> = waits.collect();
    waits.sort();
    let mut expected = vec![(503, "5".to_owned()); 9];
    expected[0] = (503, "1".to_owned());
    assert_eq!(waits, expected);
}
