//! J20: an issuer that is unavailable or misbehaves. No keys is 503, never acceptance.

use super::*;
use crate::telemetry::tests::lines_of;

/// Everything that an issuer can do wrong.
fn misbehaviour(world: &World) -> Vec<(&'static str, Option<Says>, Option<Says>)> {
    let good = Says::Json(json!({"keys": [FIRST.jwk()]}));
    let metadata = |issuer: &str, keys: &str| Says::Json(json!({"issuer": issuer, "jwks_uri": keys}));
    let (name, url) = (world.issuer.name(), &world.issuer.url);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let huge = |document: String| Says::Text(format!("{}{document}", " ".repeat(256 * 1024)));
    let keys = json!({"keys": [FIRST.jwk()]}).to_string();
    vec![
        ("metadata: an error", Some(Says::Status(500)), None),
        ("metadata: not found", Some(Says::Status(404)), None),
        ("metadata: a login page", Some(Says::Text("<html>".to_owned())), None),
        ("metadata: a redirect", Some(Says::Redirect(format!("{url}/other"))), None),
        ("metadata: a list", Some(Says::Json(json!([]))), None),
        (
            "metadata: huge",
            Some(huge(json!({"issuer": name, "jwks_uri": format!("{url}/keys")}).to_string())),
            None,
        ),
        (
            "metadata: another issuer",
            Some(metadata("https://evil.example/v2.0", &format!("{url}/keys"))),
            None,
        ),
        (
            "metadata: another tenant",
            Some(metadata(&name.replace(&TENANT.to_string(), &OTHER.to_string()), url)),
            None,
        ),
        ("keys at another host", Some(metadata(&name, &format!("{elsewhere}/keys"))), Some(good.clone())),
        ("keys at another port", Some(metadata(&name, "http://127.0.0.1:9/keys")), None),
        (
            "keys under another scheme",
            Some(metadata(&name, &format!("{}/keys", url.replace("http:", "https:")))),
            None,
        ),
        (
            "keys behind a password",
            Some(metadata(&name, &format!("{}/keys", url.replace("//", "//me:x@")))),
            None,
        ),
        ("keys in a file", Some(metadata(&name, "file:///etc/keys")), None),
        ("keys nowhere", Some(metadata(&name, "/keys")), None),
        ("keys: an error", None, Some(Says::Status(503))),
        ("keys: a redirect", None, Some(Says::Redirect(format!("{url}/other")))),
        ("keys: a login page", None, Some(Says::Text("<html>".to_owned()))),
        ("keys: none", None, Some(Says::Json(json!({"keys": []})))),
        ("keys: no set", None, Some(Says::Json(FIRST.jwk()))),
        ("keys: none of use", None, Some(Says::Json(json!({"keys": [{"kty": "EC", "kid": "x"}]})))),
        ("keys: huge", None, Some(huge(keys))),
    ]
}

/// Has the issuer misbehave in the way of this number, and returns its description; none when there is no such number.
fn misbehave(world: &World, number: usize) -> Option<&'static str> {
    let (what, metadata, keys) = misbehaviour(world).into_iter().nth(number)?;
    if let Some(says) = metadata {
        world.issuer.say_metadata(says);
    }
    if let Some(says) = keys {
        world.issuer.say_keys(says);
    }
    Some(what)
}

#[tokio::test]
async fn j20_without_any_keys_a_good_token_is_503() {
    for number in 0.. {
        let world = World::new().await;
        let Some(what) = misbehave(&world, number) else { break };
        assert_eq!(world.asks(&world.good()).await, (503, "keys-unavailable"), "{what}");
        assert!(world.issuer.asked().iter().all(|path| path != "/directory/other"), "{what}");
    }
}

#[tokio::test]
async fn j20_cached_keys_count_for_a_day_in_an_outage() {
    for number in 0.. {
        let world = World::new().await;
        let token = world.claiming(&json!({"exp": NOW.timestamp() + 90_000, "iat": NOW.timestamp()}));
        assert_eq!(world.asks(&token).await, (200, ""));
        let Some(what) = misbehave(&world, number) else { break };
        let day = 24 * 3_600;
        assert_eq!(world.asks_at(&token, after(day - 1)).await, (200, ""), "{what}");
        assert_eq!(world.asks_at(&token, after(day)).await, (503, "keys-unavailable"), "{what}");
    }
}

#[tokio::test]
async fn j20_an_unreachable_issuer_is_503() {
    let world = World::new().await;
    world.issuer.say_metadata(Says::Nothing);
    let (hanging, half) = (world, World::new().await);
    half.issuer.say_keys(Says::Half);
    let (one, other) = tokio::join!(hanging.asks_slowly(), half.asks_slowly());
    assert_eq!([one, other], [(503, "keys-unavailable"); 2]);
    let mut issuer = TestIssuer::start().await;
    "http://127.0.0.1:9/directory".clone_into(&mut issuer.url);
    let identity = worker(&issuer, IdentityMode::Jwt, None);
    let world = World { issuer, identity };
    assert_eq!(world.asks(&world.good()).await, (503, "keys-unavailable"));
}

impl World {
    /// What an issuer in order says.
    pub(super) fn metadata(&self) -> Says {
        Says::Json(json!({"issuer": self.issuer.name(), "jwks_uri": format!("{}/keys", self.issuer.url)}))
    }

    async fn asks_slowly(&self) -> (u16, &'static str) {
        let deadline = std::time::Duration::from_secs(8);
        tokio::time::timeout(deadline, self.asks(&self.good())).await.expect("in time for the HTTP deadline")
    }
}

#[tokio::test]
async fn j20_an_unknown_key_is_503_in_an_outage() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    world.issuer.keys(&[FIRST.jwk(), SECOND.jwk()]);
    world.issuer.say_metadata(Says::Status(500));
    let new = world.heading(&json!({"kid": SECOND.id}), &SECOND);
    assert_eq!(world.asks_at(&new, after(1)).await, (503, "keys-unavailable"), "it may be a new key");
    assert_eq!(world.asks_at(&new, after(1)).await, (503, "keys-unavailable"));
    assert_eq!(world.issuer.times(), 2, "not at once again");
    assert_eq!(world.asks_at(&world.good(), after(1)).await, (200, ""));
    world.issuer.say_metadata(world.metadata());
    assert_eq!(world.asks_at(&new, after(10)).await, (200, ""), "within 10 seconds of its return");
}

#[tokio::test]
async fn an_issuer_that_comes_back_is_found_soon() {
    let world = World::new().await;
    world.issuer.say_metadata(Says::Status(500));
    let mut asked = Vec::new();
    for second in 0..100 {
        let before = world.issuer.times();
        assert_eq!(world.asks_at(&world.good(), after(second)).await, (503, "keys-unavailable"));
        if world.issuer.times() > before {
            asked.push(second);
        }
    }
    assert_eq!(asked[..6], [0, 1, 3, 7, 15, 23], "{asked:?}");
    world.issuer.say_metadata(world.metadata());
    assert_eq!(world.asks_at(&world.good(), after(103)).await, (200, ""), "within 10 seconds");
}

#[tokio::test]
async fn in_an_outage_an_old_set_is_retried_once_a_minute() {
    let world = World::new().await;
    let token = world.claiming(&json!({"exp": NOW.timestamp() + 20_000}));
    assert_eq!(world.asks(&token).await, (200, ""));
    world.issuer.say_metadata(Says::Status(500));
    for second in 3_600..3_720 {
        assert_eq!(world.asks_at(&token, after(second)).await, (200, ""));
        world.fetch_finished().await;
    }
    assert_eq!(world.issuer.times(), 3);
}

#[test]
fn an_issuer_that_is_away_is_one_outage() {
    let lines = lines_of(async {
        let world = World::new().await;
        let good = json!({"issuer": world.issuer.name(), "jwks_uri": format!("{}/keys", world.issuer.url)});
        world.issuer.say_metadata(Says::Status(500));
        for second in 0..100 {
            world.asks_at(&world.good(), after(second)).await;
        }
        world.issuer.say_metadata(Says::Json(good));
        assert_eq!(world.asks_at(&world.good(), after(121)).await, (200, ""));
    });
    let told: Vec<_> = lines.iter().map(|line| (&line["event"], &line["failed_calls"])).collect();
    assert_eq!(
        told,
        [(&json!("jwks-fetch-failed"), &Value::Null), (&json!("outage-ended"), &json!(15))],
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_silent_issuer_times_out() {
    let silent = test_servers::TcpProxy::start(([127, 0, 0, 1], 9).into()).await.unwrap();
    silent.set_accept_mode(test_servers::proxy::AcceptMode::Silent).await;
    let mut issuer = TestIssuer::start().await;
    issuer.url = format!("http://127.0.0.1:{}/directory", silent.port());
    let identity = worker(&issuer, IdentityMode::Jwt, None);
    let world = World { issuer, identity };
    let many = futures_util::future::join_all((0..20).map(|_| world.asks_slowly())).await;
    let count = |reason| many.iter().filter(|asked| **asked == (503, reason)).count();
    assert_eq!((count("keys-unavailable"), count("keys-awaited")), (8, 12), "{many:?}");
}

#[tokio::test]
async fn idle_connections_that_fall_silent_cost_no_later_fetch() {
    let mut issuer = TestIssuer::start().await;
    let server = issuer.url.split('/').nth(2).unwrap().parse().unwrap();
    let proxy = test_servers::TcpProxy::start(server).await.unwrap();
    issuer.url = format!("http://127.0.0.1:{}/directory", proxy.port());
    let identity = worker(&issuer, IdentityMode::Jwt, None);
    let world = World { issuer, identity };
    world.issuer.say_metadata(world.metadata());
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    assert!(proxy.counts().open > 0, "{:?}", proxy.counts());
    proxy.silence();
    // Connections that have not been used for so long are not used again.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    world.issuer.keys(&[FIRST.jwk(), SECOND.jwk()]);
    let new = world.heading(&json!({"kid": SECOND.id}), &SECOND);
    assert_eq!(world.asks_at(&new, after(61)).await, (200, ""));
}
