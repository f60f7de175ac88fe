//! What EasyAuth promises: the platform alone says who is calling.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{collections::HashSet, path::Path, sync::LazyLock};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};
use functions_emulator::{
    clock::Clock,
    easyauth::{EasyAuth, EasyAuthMode},
    issuer::{Issuer, TokenOptions},
    listener::Body,
    users::Users,
};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Empty};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

const BASE: &str = "http://localhost:7071";
const FORGED: [&str; 9] = [
    "X-MS-CLIENT-PRINCIPAL",
    "x-ms-client-principal-id",
    "X-Ms-Client-Principal-Name",
    "x_ms_client_principal",
    "X-MS-TOKEN-AAD-ACCESS-TOKEN",
    "X-MS-Anything",
    "X-ARR-ClientCert",
    "x_arr_clientcert",
    "X-ARR-LOG-ID",
];

static STATE: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn users() -> Users {
    Users::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/users.json"))).unwrap()
}

fn noon() -> DateTime<Utc> {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn easyauth(mode: EasyAuthMode, now: DateTime<Utc>) -> EasyAuth {
    EasyAuth::open(mode, Some(&users()), STATE.path(), BASE, Clock::from_fn(move || now)).unwrap()
}

fn token(name: &str) -> String {
    let issuer = Issuer::open(STATE.path(), BASE, &users()).unwrap();
    issuer.token(issuer.users().named(name).unwrap(), &TokenOptions::default(), noon()).unwrap()
}

fn request(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::get(path).header("host", "localhost:7071");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Empty::new().map_err(|never| match never {}).boxed_unsync()).unwrap()
}

fn admitted(easyauth: &EasyAuth, request: Request<Body>) -> HeaderMap {
    easyauth.authenticate(request).expect("admitted").headers().clone()
}

async fn assert_unauthenticated(answer: Response<Body>) {
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
}

fn forged_and<'a>(others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    FORGED.into_iter().map(|name| (name, "forged")).chain(others.iter().copied()).collect()
}

#[test]
fn the_principal_holds_the_users_claims() {
    let bearer = format!("Bearer {}", token("keeper"));
    let headers =
        admitted(&easyauth(EasyAuthMode::On, noon()), request("/api/x", &[("authorization", &bearer)]));
    assert_eq!(headers["authorization"], bearer.as_str(), "the worker gets the token as well");
    assert_eq!(headers["x-ms-client-principal-id"], "a1a1a1a1-0000-4000-8000-000000000001");
    assert_eq!(headers["x-ms-client-principal-name"], "keeper@users.example");
    assert_eq!(headers["x-ms-client-principal-idp"], "aad");
    let principal = STANDARD.decode(&headers["x-ms-client-principal"]).unwrap();
    let principal: Value = serde_json::from_slice(&principal).unwrap();
    assert_eq!(principal["auth_typ"], "aad");
    let claims = principal["claims"].as_array().unwrap();
    let has = |typ: &str, val: &str| claims.contains(&json!({"typ": typ, "val": val}));
    let microsoft = "http://schemas.microsoft.com/identity/claims";
    assert!(has(&format!("{microsoft}/objectidentifier"), "a1a1a1a1-0000-4000-8000-000000000001"));
    assert!(has(&format!("{microsoft}/tenantid"), "0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10"));
    assert!(has(&format!("{microsoft}/scope"), "Things.Read Things.Write"));
    assert!(has("roles", "Keeper") && has("roles", "Reader"));
    assert!(has("azp", "9d3f0a77-1c55-4c1e-9a0c-6b7a4a3e2f02"));
    assert!(has("idtyp", "user") && has("ver", "2.0"));
    assert!(has("exp", &(noon().timestamp() + 3600).to_string()), "numbers are strings");
    let types: HashSet<&str> = claims.iter().map(|claim| claim["typ"].as_str().unwrap()).collect();
    assert!(types.contains("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"));
    for unmapped in ["oid", "tid", "sub", "scp"] {
        assert!(!types.contains(unmapped), "{unmapped} has its long spelling only");
    }
}

#[test]
fn an_app_is_named_by_its_object_id() {
    let bearer = format!("bearer {}", token("nightly"));
    let headers =
        admitted(&easyauth(EasyAuthMode::On, noon()), request("/api/x", &[("authorization", &bearer)]));
    assert_eq!(headers["x-ms-client-principal-name"], "a1a1a1a1-0000-4000-8000-000000000003");
}

#[test]
fn forged_principal_headers_never_pass() {
    let bearer = format!("Bearer {}", token("bo"));
    let sent = forged_and(&[("authorization", bearer.as_str())]);
    let headers = admitted(&easyauth(EasyAuthMode::On, noon()), request("/api/x", &sent));
    assert!(headers.values().all(|value| value != "forged"), "{headers:?}");
    for name in headers.keys() {
        assert_eq!(headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_eq!(headers["x-ms-client-principal-id"], "a1a1a1a1-0000-4000-8000-000000000002");
}

#[tokio::test]
async fn forged_principal_headers_are_no_identity() {
    let refused = easyauth(EasyAuthMode::On, noon()).authenticate(request("/api/x", &forged_and(&[])));
    assert_unauthenticated(refused.unwrap_err()).await;
}

#[test]
fn a_token_that_another_client_asked_for_is_forbidden() {
    let issuer = Issuer::open(STATE.path(), BASE, &users()).unwrap();
    let payload = token("keeper");
    let payload = URL_SAFE_NO_PAD.decode(payload.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["azp"] = json!("00000000-0000-4000-8000-00000000c11e");
    let bearer = format!("Bearer {}", issuer.sign(&claims).unwrap());
    for mode in [EasyAuthMode::On, EasyAuthMode::KeepHeaders] {
        let refused = easyauth(mode, noon()).authenticate(request("/api/x", &[("authorization", &bearer)]));
        assert_eq!(refused.unwrap_err().status(), 403, "{mode:?}");
    }
}

#[test]
fn an_excluded_path_passes_without_identity() {
    let easyauth = easyauth(EasyAuthMode::On, noon());
    let bearer = format!("Bearer {}", token("keeper"));
    let headers =
        admitted(&easyauth, request("/api/health?x=1", &forged_and(&[("authorization", bearer.as_str())])));
    assert!(headers.keys().all(|name| !name.as_str().contains("ms")), "{headers:?}");
    assert!(headers.values().all(|value| value != "forged"), "{headers:?}");
}

#[tokio::test]
async fn only_the_exact_path_is_excluded() {
    let easyauth = easyauth(EasyAuthMode::On, noon());
    for path in
        ["/api/health/", "/API/health", "/api/health/x", "/api/healt%68", "/api//health", "/x/api/health"]
    {
        assert_unauthenticated(easyauth.authenticate(request(path, &[])).unwrap_err()).await;
    }
}

#[tokio::test]
async fn anything_but_one_good_bearer_token_is_refused() {
    let easyauth = easyauth(EasyAuthMode::On, noon());
    let good = token("keeper");
    let bearer = format!("Bearer {good}");
    let twice = format!("Bearer {good}, Bearer {good}");
    let basic = format!("Basic {good}");
    let cut = format!("Bearer {}", &good[..good.len() - 4]);
    let none: &[(&str, &str)] = &[];
    let refused: [&[(&str, &str)]; 8] = [
        none,
        &[("authorization", &bearer), ("authorization", &bearer)],
        &[("authorization", &twice)],
        &[("authorization", &basic)],
        &[("authorization", &good)],
        &[("authorization", "Bearer")],
        &[("authorization", &cut)],
        &[("cookie", "AppServiceAuthSession=x")],
    ];
    for headers in refused {
        assert_unauthenticated(easyauth.authenticate(request("/api/x", headers)).unwrap_err()).await;
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_by_the_clock_handed_in() {
    let bearer = format!("Bearer {}", token("keeper"));
    let late = easyauth(EasyAuthMode::On, noon() + TimeDelta::hours(2));
    assert_unauthenticated(late.authenticate(request("/api/x", &[("authorization", &bearer)])).unwrap_err())
        .await;
}

#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let elsewhere = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(elsewhere.path(), BASE, &users()).unwrap();
    assert_refused(&keeper(&issuer)).await;
}

#[tokio::test]
async fn a_token_for_another_audience_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.json");
    let text = include_str!("users.json").replace(users().audience(), "another");
    std::fs::write(&file, text).unwrap();
    let issuer = Issuer::open(STATE.path(), BASE, &Users::load(&file).unwrap()).unwrap();
    assert_refused(&keeper(&issuer)).await;
}

#[tokio::test]
async fn a_token_of_a_weaker_algorithm_is_refused() {
    let issuer = Issuer::open(STATE.path(), BASE, &users()).unwrap();
    let good = keeper(&issuer);
    let part = |index: usize| URL_SAFE_NO_PAD.decode(good.split('.').nth(index).unwrap()).unwrap();
    let mut header: Value = serde_json::from_slice(&part(0)).unwrap();
    let payload = good.split('.').nth(1).unwrap();
    header["alg"] = json!("none");
    assert_refused(&format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header.to_string()))).await;
    let path = format!("/_emulator/issuer/{}/discovery/v2.0/keys", users().tenant());
    let keys = easyauth(EasyAuthMode::On, noon()).authenticate(request(&path, &[])).unwrap_err();
    let keys: Value = serde_json::from_slice(&keys.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let public_key = URL_SAFE_NO_PAD.decode(keys["keys"][0]["n"].as_str().unwrap()).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = keys["keys"][0]["kid"].as_str().map(str::to_owned);
    let claims: Value = serde_json::from_slice(&part(1)).unwrap();
    assert_refused(&encode(&header, &claims, &EncodingKey::from_secret(&public_key).unwrap()).unwrap()).await;
}

fn keeper(issuer: &Issuer) -> String {
    let keeper = issuer.users().named("keeper").unwrap();
    issuer.token(keeper, &TokenOptions::default(), noon()).unwrap()
}

async fn assert_refused(token: &str) {
    let bearer = format!("Bearer {token}");
    let refused =
        easyauth(EasyAuthMode::On, noon()).authenticate(request("/api/x", &[("authorization", &bearer)]));
    assert_unauthenticated(refused.unwrap_err()).await;
}

#[test]
fn easyauth_off_or_bypassed_changes_nothing() {
    for mode in [EasyAuthMode::Off, EasyAuthMode::Bypassed] {
        let sent = request("/api/x", &forged_and(&[("authorization", "Bearer nonsense")]));
        let before = sent.headers().clone();
        assert_eq!(admitted(&easyauth(mode, noon()), sent), before, "{mode:?}");
    }
}

#[test]
fn without_users_every_call_passes() {
    let easyauth = EasyAuth::open(EasyAuthMode::On, None, STATE.path(), BASE, Clock::from_fn(noon)).unwrap();
    let headers = admitted(&easyauth, request("/api/x", &forged_and(&[])));
    assert_eq!(headers.len(), 1, "{headers:?}");
}

#[test]
fn issuer_documents_are_served_before_the_host() {
    let path = "/_emulator/issuer/0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10/v2.0/.well-known/openid-configuration";
    for mode in [EasyAuthMode::On, EasyAuthMode::Off, EasyAuthMode::Bypassed] {
        assert_eq!(easyauth(mode, noon()).authenticate(request(path, &[])).unwrap_err().status(), 200);
    }
}

#[tokio::test]
async fn keep_headers_adds_the_principal_beside_the_callers() {
    let bearer = format!("Bearer {}", token("keeper"));
    let headers = [("authorization", bearer.as_str()), ("x-ms-client-principal", "forged")];
    let kept = easyauth(EasyAuthMode::KeepHeaders, noon()).authenticate(request("/api/x", &headers)).unwrap();
    let values: Vec<_> = kept.headers().get_all("x-ms-client-principal").iter().collect();
    assert_eq!((values.len(), values[0].to_str().unwrap()), (2, "forged"));
    assert_eq!(
        easyauth(EasyAuthMode::KeepHeaders, noon())
            .authenticate(request("/api/x", &[]))
            .unwrap_err()
            .status(),
        401
    );
}
