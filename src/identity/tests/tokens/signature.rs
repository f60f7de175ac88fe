//! J1 to J6: whose signature, and over what.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA384, RSA_PSS_SHA256},
};

use super::*;

#[tokio::test]
async fn j01_a_token_that_says_it_is_not_signed_is_401() {
    let world = World::new().await;
    for algorithm in ["none", "None", "nOnE", "NONE", ""] {
        let forged = world.heading(&json!({ "alg": algorithm }), &FIRST);
        let (message, _) = forged.rsplit_once('.').unwrap();
        assert_eq!(world.asks(&forged).await, (401, "token-malformed"), "{algorithm:?}");
        assert_eq!(world.asks(&format!("{message}.")).await, (401, "token-malformed"), "{algorithm:?}");
    }
    let good = world.good();
    let (message, _) = good.rsplit_once('.').unwrap();
    assert_eq!(world.asks(&format!("{message}.")).await, (401, "token-signature"));
    assert_eq!(world.asks(&format!("{message}.AAAA")).await, (401, "token-signature"));
}

#[tokio::test]
async fn j02_a_token_signed_with_the_public_key_as_a_secret_is_401() {
    let world = World::new().await;
    let [pkcs1, spki] = FIRST.der();
    let pem = |kind: &str, der: &[u8]| {
        let lines: Vec<_> = STANDARD.encode(der).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let body = String::from_utf8(lines.join(&b'\n')).unwrap();
        format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n").into_bytes()
    };
    let modulus = FIRST.modulus();
    let secrets = [
        pem("PUBLIC KEY", &spki),
        pem("RSA PUBLIC KEY", &pkcs1),
        encoded(&modulus).into_bytes(),
        modulus,
        pkcs1,
        spki,
        Vec::new(),
    ];
    for secret in secrets {
        for (name, algorithm) in
            [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)]
        {
            let header = changed(good_header(), &json!({ "alg": name })).to_string();
            let message = format!("{}.{}", encoded(header), encoded(world.claims().to_string()));
            let tag = hmac::sign(&hmac::Key::new(algorithm, &secret), message.as_bytes());
            let forged = format!("{message}.{}", encoded(tag));
            assert_eq!(world.asks(&forged).await, (401, "token-algorithm"), "{name}");
        }
    }
    // A key set that offers a secret offers nothing.
    let secret = json!({"kty": "oct", "kid": FIRST.id, "k": "c2VjcmV0", "n": "AQAB", "e": "AQAB"});
    let world = World::new().await;
    world.issuer.keys(&[secret, SECOND.jwk()]);
    assert_eq!(world.asks(&world.good()).await, (401, "key-unknown"));
}

#[tokio::test]
async fn j03_a_good_signature_by_another_algorithm_is_401() {
    let world = World::new().await;
    let rows: [(&str, &'static dyn aws_lc_rs::signature::RsaEncoding); 2] =
        [("RS384", &RSA_PKCS1_SHA384), ("PS256", &RSA_PSS_SHA256)];
    let message = |name: &str| {
        let header = changed(good_header(), &json!({ "alg": name })).to_string();
        format!("{}.{}", encoded(header), encoded(world.claims().to_string()))
    };
    for (name, algorithm) in rows {
        let message = message(name);
        let token = format!("{message}.{}", encoded(FIRST.sign_as(algorithm, message.as_bytes())));
        assert_eq!(world.asks(&token).await, (401, "token-algorithm"), "{name}");
    }
    let elliptic = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let message = message("ES256");
    let signature = elliptic.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    assert_eq!(world.asks(&format!("{message}.{}", encoded(signature))).await, (401, "token-algorithm"));
    let lying = world.heading(&json!({"alg": "RS384"}), &FIRST);
    assert_eq!(world.asks(&lying).await, (401, "token-algorithm"));
}

#[tokio::test]
async fn j04_a_missing_unknown_or_injected_key_id_is_401() {
    let world = World::new().await;
    let first = FIRST.id;
    for id in [
        &format!("../../{first}"),
        &format!("{first}'--"),
        &format!("{first}\0"),
        "",
        &format!(" {first}"),
        &format!("{first} "),
        "f\u{ef}rst",
        &format!("{first}/"),
        &format!("{first}.json"),
        "*",
        &format!("{{{first}}}"),
        &"k".repeat(129),
        &"k".repeat(10_000),
    ] {
        let forged = world.heading(&json!({ "kid": id }), &FIRST);
        assert_eq!(world.asks(&forged).await, (401, "key-malformed"), "{id:?}");
    }
    assert_eq!(world.asks(&world.heading(&json!({"kid": null}), &FIRST)).await, (401, "key-malformed"));
    for kid in [json!(1), json!([first]), json!({first: 1})] {
        assert_eq!(
            world.asks(&world.heading(&json!({ "kid": kid }), &FIRST)).await,
            (401, "token-malformed")
        );
    }
    assert_eq!(world.issuer.times(), 0, "the issuer is not asked for what cannot be a key");
    for id in ["unknown", &first.to_uppercase(), &"k".repeat(128)] {
        let forged = world.heading(&json!({ "kid": id }), &FIRST);
        assert_eq!(world.asks(&forged).await, (401, "key-unknown"), "{id:?}");
    }
    assert_eq!(world.asks(&world.heading(&json!({}), &ATTACKER)).await, (401, "token-signature"));
}

#[tokio::test]
async fn j04_the_key_of_another_tenant_is_401() {
    let foreign = format!("https://login.example/{OTHER}/v2.0");
    let mut world = World::new().await;
    let of = |issuer: &str| changed(SECOND.jwk(), &json!({ "issuer": issuer }));
    world.issuer.keys(&[FIRST.jwk(), of(&foreign)]);
    let token = world.heading(&json!({"kid": SECOND.id}), &SECOND);
    assert_eq!(world.asks(&token).await, (401, "key-unknown"));
    for ours in [world.issuer.name(), format!("{}/{{tenantid}}/v2.0", world.issuer.url)] {
        world.issuer.keys(&[of(&ours)]);
        world.restart();
        assert_eq!(world.asks(&token).await, (200, ""), "{ours}");
    }
}

#[tokio::test]
async fn j05_a_key_that_the_token_brings_along_is_401() {
    let world = World::new().await;
    let at = |path: &str| format!("{}/{path}", world.issuer.url);
    let headers = [
        json!({"jwk": ATTACKER.jwk()}),
        json!({"jku": at("attack")}),
        json!({"x5u": at("attack")}),
        json!({"x5c": [STANDARD.encode(&ATTACKER.der()[1])]}),
        json!({"jwk": ATTACKER.jwk(), "jku": at("attack"), "x5u": at("attack"), "x5t": "AAAA"}),
    ];
    for header in &headers {
        assert_eq!(world.asks(&world.heading(header, &ATTACKER)).await, (401, "token-signature"), "{header}");
        let named = changed(header.clone(), &json!({"kid": ATTACKER.id}));
        assert_eq!(world.asks(&world.heading(&named, &ATTACKER)).await, (401, "key-unknown"), "{header}");
        // They say nothing to us, in a token that our issuer signed either.
        assert_eq!(world.asks(&world.heading(header, &FIRST)).await, (200, ""), "{header}");
    }
    assert!(
        world.issuer.asked().iter().all(|path| !path.contains("attack")),
        "no address of a token is called"
    );
}

#[tokio::test]
async fn j06_a_header_that_changes_what_the_token_means_is_401() {
    let world = World::new().await;
    for header in [
        json!({"crit": ["x"], "x": 1}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": []}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
        json!({"enc": "A128CBC-HS256"}),
        json!({"typ": "dpop+jwt"}),
        json!({"typ": "at+jwt"}),
        json!({"typ": "id+jwt"}),
        json!({"typ": ""}),
    ] {
        assert_eq!(world.asks(&world.heading(&header, &FIRST)).await, (401, "token-type"), "{header}");
    }
    assert_eq!(world.asks(&world.heading(&json!({"typ": null}), &FIRST)).await, (200, ""));
}
