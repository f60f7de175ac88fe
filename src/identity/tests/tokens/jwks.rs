//! J18 and J20: which keys count, and until when.

use futures_util::future::join_all;

use super::*;

/// A token that the second key signs.
fn of_second(world: &World) -> String {
    world.heading(&json!({"kid": SECOND.id}), &SECOND)
}

#[tokio::test]
async fn j18_a_weak_key_or_one_for_another_purpose_is_401() {
    let mut world = World::new().await;
    let token = of_second(&world);
    let modulus = SECOND.modulus();
    let padded: Vec<u8> = [0].into_iter().chain(modulus.iter().copied()).collect();
    for (at, change) in [
        json!({"n": encoded(&modulus[..128])}),
        json!({"n": encoded(&modulus[..255])}),
        json!({"n": encoded(modulus.repeat(3))}),
        json!({"n": encoded(&padded)}),
        json!({"n": ""}),
        json!({"n": STANDARD.encode(&modulus)}),
        json!({"n": null}),
        json!({"e": encoded([1])}),
        json!({"e": encoded([3])}),
        json!({"e": encoded([1, 0, 0])}),
        json!({"e": encoded([0, 1, 0, 1])}),
        json!({"e": ""}),
        json!({"use": "enc"}),
        json!({"alg": "PS256"}),
        json!({"alg": "HS256"}),
        json!({"kty": "oct"}),
        json!({"kty": "EC"}),
        json!({"kid": null}),
        json!({"kid": "../second"}),
    ]
    .iter()
    .enumerate()
    {
        world.restart();
        world.issuer.keys(&[json!("no key"), changed(SECOND.jwk(), change), FIRST.jwk()]);
        assert_eq!(world.asks(&token).await, (401, "key-unknown"), "{at}: {change}");
        assert_eq!(world.asks(&world.good()).await, (200, ""), "the others count: {change}");
    }
    for change in [json!({"use": null}), json!({"alg": "RS256"}), json!({"x5c": ["x"], "more": 1})] {
        world.restart();
        world.issuer.keys(&[changed(SECOND.jwk(), &change)]);
        assert_eq!(world.asks(&token).await, (200, ""), "{change}");
    }
}

#[tokio::test]
async fn j18_a_key_with_the_exponent_one_is_401() {
    let world = World::new().await;
    world.issuer.keys(&[changed(FIRST.jwk(), &json!({"e": "AQ"})), SECOND.jwk()]);
    let message = format!("{}.{}", encoded(good_header().to_string()), encoded(world.claims().to_string()));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message.as_bytes());
    let algorithm = [48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32];
    let mut forged = vec![0, 1];
    forged.resize(256 - 1 - algorithm.len() - 32, 0xff);
    forged.push(0);
    forged.extend(algorithm);
    forged.extend(digest.as_ref());
    assert_eq!(world.asks(&format!("{message}.{}", encoded(forged))).await, (401, "key-unknown"));
}

#[tokio::test]
async fn j20_a_new_key_is_found_when_its_first_token_comes() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[FIRST.jwk(), SECOND.jwk()]);
    assert_eq!(world.asks(&of_second(&world)).await, (200, ""), "without a restart, without a wait");
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    assert_eq!(world.issuer.times(), 2);
}

#[tokio::test]
async fn j20_a_removed_key_is_401_from_the_next_renewal_on() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[SECOND.jwk()]);
    assert_eq!(world.asks_at(&world.good(), after(3_599)).await, (200, ""), "for an hour");
    assert_eq!(world.issuer.times(), 1);
    let later = world.claiming(&json!({"exp": NOW.timestamp() + 10_000}));
    assert_eq!(world.asks_at(&later, after(3_600)).await, (200, ""), "it does not wait for the renewal");
    world.fetch_finished().await;
    assert_eq!(world.asks_at(&later, after(3_600)).await, (401, "key-unknown"), "remembered");
    let new = world.claiming(&json!({"exp": NOW.timestamp() + 10_001}));
    assert_eq!(world.asks_at(&new, after(3_600)).await, (401, "key-unknown"), "or not");
}

#[tokio::test]
async fn j20_other_keys_invalidate_cached_tokens() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[SECOND.jwk()]);
    assert_eq!(world.asks_at(&of_second(&world), after(10)).await, (200, ""));
    assert_eq!(world.asks_at(&world.good(), after(80)).await, (401, "key-unknown"));
}

#[tokio::test]
async fn an_unknown_key_is_fetched_once_a_minute() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    let unknown = |number: i64| world.heading(&json!({"kid": format!("k{number}")}), &ATTACKER);
    let tokens: Vec<_> = (0..50).map(unknown).collect();
    let outcomes = join_all(tokens.iter().map(|token| world.asks(token))).await;
    let count = |outcome| outcomes.iter().filter(|found| **found == outcome).count();
    assert_eq!((count((401, "key-unknown")), count((503, "keys-awaited"))), (8, 42), "{outcomes:?}");
    assert_eq!(world.issuer.times(), 2, "fifty at once, one of them asks");
    for second in 1..60 {
        assert_eq!(world.asks_at(&unknown(second), after(second)).await, (401, "key-unknown"));
    }
    assert_eq!(world.issuer.times(), 2);
    world.asks_at(&unknown(60), after(60)).await;
    world.asks_at(&unknown(61), after(60)).await;
    assert_eq!(world.issuer.times(), 3);
}

#[tokio::test]
async fn a_first_set_is_fetched_once_however_many_wait_for_it() {
    let world = World::new().await;
    let tokens: Vec<_> = (0..8).map(|number| world.claiming(&json!({ "uti": number }))).collect();
    for outcome in join_all(tokens.iter().map(|token| world.asks(token))).await {
        assert_eq!(outcome, (200, ""));
    }
    assert_eq!(world.issuer.times(), 1);
}

#[tokio::test]
async fn the_keys_can_be_fetched_before_anybody_asks() {
    let world = World::new().await;
    world.identity.prepare(*NOW).await;
    assert_eq!(world.issuer.times(), 1);
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    assert_eq!(world.issuer.times(), 1);
}

#[tokio::test]
async fn a_set_is_refreshed_hourly_in_the_background() {
    let world = World::new().await;
    let token = world.claiming(&json!({"exp": NOW.timestamp() + 50_000}));
    assert_eq!(world.asks(&token).await, (200, ""));
    let tokens: Vec<_> = (0..20).map(|_| token.clone()).collect();
    for (hour, times) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        for outcome in join_all(tokens.iter().map(|token| world.asks_at(token, after(hour * 3_600)))).await {
            assert_eq!(outcome, (200, ""));
        }
        world.fetch_finished().await;
        assert_eq!(world.issuer.times(), times, "hour {hour}");
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_keep_old_keys_alive() {
    let world = World::new().await;
    let early =
        json!({"iat": NOW.timestamp() - 90_000, "nbf": NOW.timestamp() - 90_000, "exp": NOW.timestamp()});
    let token = world.claiming(&early);
    assert_eq!(world.asks(&token).await, (200, ""));
    world.issuer.keys(&[SECOND.jwk()]);
    assert_eq!(world.asks_at(&token, after(-3_600)).await, (200, ""), "it does not wait for the renewal");
    world.fetch_finished().await;
    assert_eq!(world.asks_at(&token, after(-3_600)).await, (401, "key-unknown"));
}
