//! J7 to J15: what a rightly signed token says.

use super::*;

#[tokio::test]
async fn j07_a_token_whose_time_is_over_is_401_a_minute_later() {
    let world = World::new().await;
    let now = NOW.timestamp();
    for (ago, outcome) in [(-1, (200, "")), (30, (200, "")), (59, (200, ""))] {
        assert_eq!(world.asks(&world.claiming(&json!({"exp": now - ago}))).await, outcome, "{ago}");
    }
    for ago in [60, 61, 90, 1_000_000] {
        let token = world.claiming(&json!({"exp": now - ago}));
        assert_eq!(world.asks(&token).await, (401, "token-expired"), "{ago}");
    }
    let good = world.good();
    assert_eq!(world.asks_at(&good, after(3600 + 59)).await, (200, ""));
    assert_eq!(
        world.asks_at(&good, after(3600 + 60)).await,
        (401, "token-expired"),
        "though it was good before"
    );
}

#[tokio::test]
async fn j07_a_time_that_is_missing_mistyped_or_absurd_is_401() {
    let world = World::new().await;
    let now = NOW.timestamp();
    for name in ["exp", "nbf", "iat"] {
        for value in
            [json!(null), json!(now.to_string()), json!([now]), json!({}), json!(1e30), json!(u64::MAX)]
        {
            let token = world.claiming(&json!({ name: value }));
            assert_eq!(world.asks(&token).await, (401, "token-malformed"), "{name} {value}");
        }
    }
    for exp in [-1, i64::MIN] {
        assert_eq!(
            world.asks(&world.claiming(&json!({ "exp": exp }))).await,
            (401, "token-malformed"),
            "{exp}"
        );
    }
    assert_eq!(world.asks(&world.claiming(&json!({"exp": 0}))).await, (401, "token-expired"));
    for exp in [i64::MAX, now - 300 + 28 * 3600 + 61] {
        assert_eq!(
            world.asks(&world.claiming(&json!({ "exp": exp }))).await,
            (401, "token-lifetime"),
            "{exp}"
        );
    }
    let longest = world.claiming(&json!({"exp": now - 300 + 28 * 3600 + 60}));
    assert_eq!(world.asks(&longest).await, (200, ""));
}

#[tokio::test]
async fn j08_a_token_whose_time_has_not_come_is_401() {
    let world = World::new().await;
    let now = NOW.timestamp();
    for name in ["nbf", "iat"] {
        for (ahead, outcome) in [(60, (200, "")), (61, (401, "token-early")), (3600, (401, "token-early"))] {
            let token = world.claiming(&json!({ name: now + ahead }));
            assert_eq!(world.asks(&token).await, outcome, "{name} {ahead}");
        }
    }
}

#[tokio::test]
async fn j09_a_token_for_another_audience_is_401() {
    let world = World::new().await;
    for (aud, reason) in [
        (json!(OTHER), "audience-foreign"),
        (json!(AUDIENCE.to_uppercase()), "audience-foreign"),
        (json!(format!("{AUDIENCE}/")), "audience-foreign"),
        (json!(format!("api://{AUDIENCE}")), "audience-foreign"),
        (json!(""), "audience-foreign"),
        (json!([OTHER]), "audience-foreign"),
        (json!([AUDIENCE]), "token-malformed"),
        (json!([AUDIENCE, OTHER]), "token-malformed"),
        (json!({AUDIENCE: 1}), "token-malformed"),
        (json!(1), "token-malformed"),
        (json!(null), "token-malformed"),
    ] {
        assert_eq!(world.asks(&world.claiming(&json!({ "aud": aud }))).await, (401, reason), "{aud}");
    }
}

#[tokio::test]
async fn j10_a_token_of_another_issuer_is_401() {
    let world = World::new().await;
    let ours = world.issuer.name();
    for (iss, reason) in [
        (json!(ours.replace(&TENANT.to_string(), &OTHER.to_string())), "issuer-foreign"),
        (json!(format!("https://sts.windows.net/{TENANT}/")), "issuer-foreign"),
        (json!(format!("https://login.microsoftonline.com/{TENANT}/v2.0")), "issuer-foreign"),
        (json!(format!("{ours}/")), "issuer-foreign"),
        (json!(ours.to_uppercase()), "issuer-foreign"),
        (json!(["https://evil.example"]), "issuer-foreign"),
        (json!(["https://evil.example", ours]), "token-malformed"),
        (json!([ours]), "token-malformed"),
        (json!(1), "token-malformed"),
        (json!(null), "token-malformed"),
    ] {
        assert_eq!(world.asks(&world.claiming(&json!({ "iss": iss }))).await, (401, reason), "{iss}");
    }
}

#[tokio::test]
async fn j10_a_token_of_another_version_is_401() {
    let world = World::new().await;
    for ver in [json!("1.0"), json!("2"), json!("2.0 "), json!(null)] {
        let token = world.claiming(&json!({"ver": ver, "appid": CLIENT}));
        assert_eq!(world.asks(&token).await, (401, "token-version"), "{ver}");
    }
    assert_eq!(world.asks(&world.claiming(&json!({"ver": 2.0}))).await, (401, "token-malformed"));
}

#[tokio::test]
async fn j11_a_tenant_that_is_not_the_issuers_is_401() {
    let world = World::new().await;
    assert_eq!(world.asks(&world.claiming(&json!({"tid": OTHER}))).await, (401, "tenant-foreign"));
    for tid in
        [json!(null), json!(""), json!("common"), json!(TENANT.simple().to_string()), json!(Uuid::nil())]
    {
        assert_eq!(
            world.asks(&world.claiming(&json!({ "tid": tid }))).await,
            (401, "tenant-missing"),
            "{tid}"
        );
    }
    assert_eq!(world.asks(&world.claiming(&json!({"tid": [TENANT]}))).await, (401, "token-malformed"));
}

#[tokio::test]
async fn j11_an_object_id_that_is_no_guid_is_401() {
    let world = World::new().await;
    for oid in [json!(null), json!("me"), json!(PERSON.braced().to_string()), json!(Uuid::nil())] {
        assert_eq!(
            world.asks(&world.claiming(&json!({ "oid": oid }))).await,
            (401, "object-missing"),
            "{oid}"
        );
    }
    let long = world.claiming(&json!({"oid": null, LONG_OID: PERSON}));
    assert_eq!(world.asks(&long).await, (401, "object-missing"), "tokens have one spelling");
}

#[tokio::test]
async fn j12_a_name_that_occurs_twice_is_401() {
    let world = World::new().await;
    let (header, claims) = (good_header().to_string(), world.claims().to_string());
    for name in ["aud", "iss", "exp", "nbf", "oid", "tid", "azp", "scp", "ver", "uti"] {
        let value = &world.claims()[name];
        let twice = claims.replacen('{', &format!("{{{}:{value},", json!(name)), 1);
        assert_eq!(world.asks(&signed(&header, &twice, &FIRST)).await, (401, "token-malformed"), "{name}");
    }
    let roles = claims.replacen('{', r#"{"roles":[],"roles":["OrderAdmin"],"#, 1);
    assert_eq!(world.asks(&signed(&header, &roles, &FIRST)).await, (401, "token-malformed"));
    let deep = claims.replacen('{', r#"{"cnf":{"a":1,"a":2},"#, 1);
    assert_eq!(world.asks(&signed(&header, &deep, &FIRST)).await, (401, "token-malformed"));
    for member in [r#""alg":"RS256""#, r#""kid":"first_key-1""#, r#""typ":"JWT""#] {
        let twice = header.replacen('{', &format!("{{{member},"), 1);
        assert_eq!(world.asks(&signed(&twice, &claims, &FIRST)).await, (401, "token-malformed"), "{member}");
    }
}

#[tokio::test]
async fn j13_a_token_of_another_kind_is_401() {
    let world = World::new().await;
    let id = json!({"scp": null, "azp": null, "nonce": "n", "name": "n", "preferred_username": "p"});
    assert_eq!(world.asks(&world.claiming(&id)).await, (401, "client-missing"), "an ID token of our own app");
    let id = json!({"scp": null, "nonce": "n"});
    assert_eq!(world.asks(&world.claiming(&id)).await, (401, "kind-unclear"), "one with a client");
    let graph = json!({"aud": "00000003-0000-0000-c000-000000000000", "scp": "User.Read"});
    assert_eq!(world.asks(&world.claiming(&graph)).await, (401, "audience-foreign"), "one for Graph");
    let other = json!({"aud": OTHER, "azp": OTHER});
    assert_eq!(
        world.asks(&world.claiming(&other)).await,
        (401, "audience-foreign"),
        "another app of our tenant"
    );
    for refresh in ["0.AXoAc2Vjcm", "M.R3_BAY.-CTnp", "1.AXoA.AgABAAEAAAD"] {
        assert_eq!(world.asks(refresh).await, (401, "token-malformed"), "{refresh}");
    }
}

#[tokio::test]
async fn j14_a_caller_without_scope_or_role_is_403() {
    let world = World::new().await;
    let app = |roles: Value| world.claiming(&json!({"scp": null, "idtyp": "app", "roles": roles}));
    assert_eq!(world.asks(&app(json!(["OrderProcessor", "OrderAdmin"]))).await, (403, "denied"), "an app");
    let process = async |token: String| world.does::<QueueOrder>(&bearing(&token), *NOW).await;
    assert_eq!(process(world.good()).await, (403, "denied"), "a person where a role is needed");
    assert_eq!(process(app(json!(["OrderProcessor"]))).await, (200, ""));
    for role in ["orderprocessor", "OrderProcessor ", "OrderProcessors", "OrderAdmin"] {
        assert_eq!(process(app(json!([role]))).await, (403, "denied"), "{role:?}");
    }
    for scp in ["Orders.ReadWrite OrderProcessor", "OrderProcessor", "roles Orders.ReadWrite"] {
        assert_eq!(process(world.claiming(&json!({ "scp": scp }))).await, (403, "denied"), "{scp:?}");
    }
    for scp in ["Orders.Read", "Orders.ReadWrite.All", "orders.readwrite", "Orders.ReadWrite,x"] {
        assert_eq!(world.asks(&world.claiming(&json!({ "scp": scp }))).await, (403, "denied"), "{scp:?}");
    }
}

#[tokio::test]
async fn j14_what_is_neither_a_person_nor_a_program_is_401() {
    let world = World::new().await;
    for claims in [
        json!({"scp": null}),
        json!({"scp": null, "roles": ["OrderProcessor"]}),
        json!({"idtyp": "app"}),
        json!({"scp": ""}),
        json!({"scp": null, "idtyp": "user"}),
        json!({"scp": null, "idtyp": "device"}),
    ] {
        assert_eq!(world.asks(&world.claiming(&claims)).await, (401, "kind-unclear"), "{claims}");
    }
    for claims in [
        json!({"scp": ["Orders.ReadWrite"]}),
        json!({"roles": "OrderAdmin"}),
        json!({"roles": [["OrderAdmin"]]}),
        json!({"roles": {"OrderAdmin": 1}}),
        json!({"idtyp": 1}),
        json!({"azp": [CLIENT]}),
        json!({"oid": [PERSON]}),
    ] {
        assert_eq!(world.asks(&world.claiming(&claims)).await, (401, "token-malformed"), "{claims}");
    }
}

#[tokio::test]
async fn j15_a_client_that_is_not_allowed_is_401() {
    let world = World::with(IdentityMode::Jwt, Some(&[OTHER])).await;
    assert_eq!(world.asks(&world.good()).await, (401, "client-not-allowed"));
    assert_eq!(world.asks(&world.claiming(&json!({"azp": OTHER}))).await, (200, ""));
    assert_eq!(world.asks(&world.claiming(&json!({"azp": null}))).await, (401, "client-missing"));
    assert_eq!(
        world.asks(&world.claiming(&json!({"azp": null, "appid": OTHER}))).await,
        (401, "client-missing")
    );
    let app = world.claiming(&json!({"scp": null, "idtyp": "app", "roles": ["OrderProcessor"]}));
    assert_eq!(world.does::<QueueOrder>(&bearing(&app), *NOW).await, (200, ""));
}

#[tokio::test]
async fn j15_a_guest_is_a_user_and_a_consumer_is_401() {
    let world = World::new().await;
    let guest = json!({"idp": format!("https://sts.windows.net/{OTHER}/")});
    assert_eq!(world.asks(&world.claiming(&guest)).await, (200, ""));
    let consumer = json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad", "idp": "live.com"});
    assert_eq!(world.asks(&world.claiming(&consumer)).await, (401, "tenant-foreign"));
}
