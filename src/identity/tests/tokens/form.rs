//! J16, J17 and J19: texts that are no token, or more than one.

use super::*;

#[tokio::test]
async fn j16_a_text_that_is_not_exactly_a_token_is_401() {
    let world = World::new().await;
    let good = world.good();
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let other = |payload: &str| signed(&good_header().to_string(), payload, &FIRST);
    let claims = world.claims().to_string();
    let last = signature.char_indices().next_back().unwrap().0;
    let rows = [
        ("four segments", format!("{good}.{signature}")),
        ("two segments", format!("{header}.{payload}")),
        ("one segment", header.to_owned()),
        ("an empty header", format!(".{payload}.{signature}")),
        ("an empty payload", format!("{header}..{signature}")),
        ("padding", format!("{good}==")),
        (
            "the standard alphabet",
            format!("{header}.{payload}.{}", signature.replace('-', "+").replace('_', "/")),
        ),
        ("cut short", good[..good.len() - 1].to_owned()),
        ("bits after the end", format!("{header}.{payload}.{}B", &signature[..last])),
        ("a list", other("[]")),
        ("null", other("null")),
        ("nothing", other("")),
        ("trailing garbage", other(&format!("{claims}x"))),
        ("two documents", other(&format!("{claims}{claims}"))),
        ("a byte order mark", other(&format!("\u{feff}{claims}"))),
        ("a header that is a list", signed("[]", &claims, &FIRST)),
        ("a header that is no JSON", signed("{", &claims, &FIRST)),
    ];
    for (attack, token) in rows {
        let (status, reason) = world.asks(&token).await;
        assert!(
            status == 401 && ["token-malformed", "token-signature"].contains(&reason),
            "{attack}: {reason}"
        );
    }
    let bytes = {
        let message = format!("{header}.{}", encoded(b"{\"iss\":\"\xff\"}"));
        format!("{message}.{}", encoded(FIRST.sign(message.as_bytes())))
    };
    assert_eq!(world.asks(&bytes).await, (401, "token-malformed"), "not UTF-8");
    for attack in [format!("{good} "), format!("{good}\u{e9}"), format!("{good},{good}")] {
        let mut headers = HeaderMap::new();
        headers
            .insert(AUTHORIZATION, HeaderValue::from_bytes(format!("Bearer {attack}").as_bytes()).unwrap());
        assert_eq!(world.does::<PlaceOrder>(&headers, *NOW).await, (401, "bearer-malformed"), "{attack:?}");
    }
    assert_eq!(world.asks(&good).await, (200, ""));
}

#[tokio::test]
async fn j17_a_token_that_is_too_large_is_401_unread() {
    let world = World::new().await;
    let roles: Vec<_> = (0..10_000).map(|number| format!("Role{number}")).collect();
    for token in [
        "x".repeat(1024 * 1024),
        format!("{}.e30.AAAA", "x".repeat(10_000_000)),
        world.claiming(&json!({ "roles": roles })),
    ] {
        assert_eq!(world.asks(&token).await, (401, "bearer-malformed"), "{} bytes", token.len());
    }
    assert_eq!(world.issuer.times(), 0);
}

#[tokio::test]
async fn j17_a_token_nests_eight_deep_and_no_deeper() {
    let world = World::new().await;
    let nested = |levels: usize| {
        let deep = format!("{{\"more\":{}{},", "[".repeat(levels), "]".repeat(levels));
        signed(&good_header().to_string(), &world.claims().to_string().replacen('{', &deep, 1), &FIRST)
    };
    assert_eq!(world.asks(&nested(7)).await, (200, ""));
    for levels in [8, 128, 5_000] {
        assert_eq!(world.asks(&nested(levels)).await, (401, "token-malformed"), "{levels}");
    }
}

#[tokio::test]
async fn j17_a_token_of_sixteen_kibibytes_is_read() {
    let world = World::new().await;
    let of = |filling: usize| world.claiming(&json!({"filling": "x".repeat(filling)}));
    let fits = |filling: &usize| of(*filling).len() <= 16 * 1024;
    let filling = (11_300..11_700).rev().find(fits).expect("one of them fits");
    assert!(of(filling).len() > 16 * 1024 - 4);
    assert_eq!(world.asks(&of(filling)).await, (200, ""));
    assert_eq!(world.asks(&of(filling + 1)).await, (401, "bearer-malformed"));
}

#[tokio::test]
async fn j19_only_one_bearer_in_one_header_counts() {
    let world = World::new().await;
    let good = world.good();
    let does = async |values: &[String]| {
        let mut headers = HeaderMap::new();
        for value in values {
            append(&mut headers, "authorization", value);
        }
        world.does::<PlaceOrder>(&headers, *NOW).await
    };
    let bearer = format!("Bearer {good}");
    assert_eq!(does(&[bearer.clone(), bearer.clone()]).await, (401, "bearer-repeated"));
    assert_eq!(does(&[bearer.clone(), "Bearer x".to_owned()]).await, (401, "bearer-repeated"));
    assert_eq!(does(&[format!("{bearer}, {bearer}")]).await, (401, "bearer-malformed"));
    assert_eq!(does(std::slice::from_ref(&good)).await, (401, "bearer-malformed"));
    for scheme in ["bearer", "BEARER", "bEaReR", "Bearer ", "Bearer   "] {
        assert_eq!(does(&[format!("{scheme} {good}")]).await, (200, ""), "{scheme:?}");
    }
    for scheme in ["Bearer:", "Bearer\t", "Token", "Basic", " Bearer", "DPoP"] {
        assert_eq!(does(&[format!("{scheme} {good}")]).await, (401, "bearer-malformed"), "{scheme:?}");
    }
    for (name, value) in [
        ("cookie", format!("AppServiceAuthSession={good}")),
        ("x-ms-token-aad-access-token", good.clone()),
        ("x-ms-token-aad-id-token", good.clone()),
        ("x-zumo-auth", good.clone()),
        ("proxy-authorization", bearer.clone()),
        ("x-forwarded-authorization", bearer.clone()),
    ] {
        let mut headers = HeaderMap::new();
        append(&mut headers, name, &value);
        assert_eq!(world.does::<PlaceOrder>(&headers, *NOW).await, (401, "bearer-missing"), "{name}");
    }
}
