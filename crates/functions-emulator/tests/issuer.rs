//! What the local issuer promises: tokens as Entra would issue them, and none but its own accepted.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{error::Error as _, fs, path::Path, thread, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use functions_emulator::{
    issuer::{Issuer, IssuerServer, TokenError, TokenOptions},
    users::{PrincipalKind, Users, UsersError},
};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const BASE: &str = "http://localhost:7071";
const ISSUER_PATH: &str = "/_emulator/issuer/0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10";

fn users() -> Users {
    Users::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/users.json"))).unwrap()
}

fn noon() -> DateTime<Utc> {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn token(issuer: &Issuer, name: &str, options: &TokenOptions) -> String {
    issuer.token(issuer.users().named(name).unwrap(), options, noon()).unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

async fn get(issuer: &Issuer, path: &str) -> Value {
    let request = Request::get(path).header("host", "localhost:7071").body(()).unwrap();
    let answer = issuer.answer(&request).unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[test]
fn a_users_token_says_what_entra_would_say() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let token = token(&issuer, "keeper", &TokenOptions::default());
    let claims = part(&token, 1);
    let fixed = json!({
        "aud": "3b1d4c52-7a64-4d0e-8b61-2c0b6f6a9e01",
        "iss": "http://localhost:7071/_emulator/issuer/0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10/v2.0",
        "iat": noon().timestamp(),
        "nbf": noon().timestamp(),
        "exp": noon().timestamp() + 3600,
        "azp": "9d3f0a77-1c55-4c1e-9a0c-6b7a4a3e2f02",
        "azpacr": "0",
        "idtyp": "user",
        "name": "keeper",
        "oid": "a1a1a1a1-0000-4000-8000-000000000001",
        "preferred_username": "keeper@users.example",
        "roles": ["Keeper", "Reader"],
        "scp": "Things.Read Things.Write",
        "sub": claims["sub"],
        "tid": "0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10",
        "uti": claims["uti"],
        "ver": "2.0",
    });
    assert_eq!(claims, fixed);
    assert_eq!(json!(issuer.verify(&token, noon()).unwrap()), fixed);
}

#[test]
fn any_claims_can_be_signed_for_tests_of_what_checks_tokens() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let good = part(&token(&issuer, "keeper", &TokenOptions::default()), 1);
    assert_eq!(json!(issuer.verify(&issuer.sign(&good).unwrap(), noon()).unwrap()), good);
    let signed = issuer.sign(&json!({"aud": ["other"], "more": 1})).unwrap();
    assert_eq!(part(&signed, 1), json!({"aud": ["other"], "more": 1}));
    assert_eq!(issuer.verify(&signed, noon()), Err(TokenError::Malformed));
}

#[test]
fn an_apps_token_has_roles_and_no_scope() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let claims = issuer.verify(&token(&issuer, "nightly", &TokenOptions::default()), noon()).unwrap();
    assert_eq!(
        (claims.idtyp, claims.scp, claims.roles),
        (PrincipalKind::App, None, vec!["Keeper".to_owned()])
    );
    assert_eq!(claims.sub, claims.oid.to_string());
}

#[test]
fn roles_scopes_lifetime_and_kind_can_be_chosen() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let options = TokenOptions {
        roles: Some(vec!["Other".to_owned()]),
        scopes: Some(vec!["Things.None".to_owned()]),
        lifetime: Some(Duration::from_secs(5)),
        app: false,
    };
    let claims = issuer.verify(&token(&issuer, "keeper", &options), noon()).unwrap();
    assert_eq!((claims.roles, claims.scp.as_deref()), (vec!["Other".to_owned()], Some("Things.None")));
    assert_eq!(claims.exp, noon().timestamp() + 5);
    let options = TokenOptions { app: true, ..TokenOptions::default() };
    let claims = issuer.verify(&token(&issuer, "keeper", &options), noon()).unwrap();
    assert_eq!((claims.idtyp, claims.scp), (PrincipalKind::App, None));
}

#[test]
fn a_subject_is_stable_and_its_token_is_not() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let claims = |name| part(&token(&issuer, name, &TokenOptions::default()), 1);
    assert_eq!(claims("keeper")["sub"], claims("keeper")["sub"]);
    assert_ne!(claims("keeper")["uti"], claims("keeper")["uti"]);
    assert_ne!(claims("keeper")["sub"], claims("bo")["sub"]);
    assert_ne!(claims("keeper")["sub"], claims("keeper-elsewhere")["sub"]);
}

#[test]
fn tokens_stay_good_when_the_issuer_is_opened_again() {
    let state = tempfile::tempdir().unwrap();
    let before = Issuer::open(state.path(), BASE, &users()).unwrap();
    let token = token(&before, "bo", &TokenOptions::default());
    let after = Issuer::open(state.path(), BASE, &users()).unwrap();
    assert!(after.verify(&token, noon()).is_ok());
}

#[test]
fn racing_issuers_agree_on_one_key() {
    let state = tempfile::tempdir().unwrap();
    let open = || Issuer::open(state.path(), BASE, &users()).unwrap();
    let tokens: Vec<String> = thread::scope(|scope| {
        let racers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| token(&open(), "bo", &TokenOptions::default()))).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let issuer = open();
    assert!(tokens.iter().all(|token| issuer.verify(token, noon()).is_ok()));
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1, "no draft is left behind");
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_the_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let state = tempfile::tempdir().unwrap();
    Issuer::open(state.path(), BASE, &users()).unwrap();
    let mode = fs::metadata(state.path().join("issuer-key.der")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_key_file_is_named_with_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join("issuer-key.der"), "nonsense").unwrap();
    let error = Issuer::open(state.path(), BASE, &users()).unwrap_err().to_string();
    assert!(error.contains("issuer-key.der") && error.contains("delete it"), "{error}");
}

#[test]
fn a_token_outside_its_lifetime_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let token = token(&issuer, "bo", &TokenOptions::default());
    let at = |seconds| issuer.verify(&token, noon() + TimeDelta::seconds(seconds)).map(|_| ());
    assert_eq!(at(3600 + 59), Ok(()));
    assert_eq!(at(3600 + 60), Err(TokenError::Expired));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(-61), Err(TokenError::Early));
}

#[test]
fn tokens_of_others_are_refused() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let issuer = Issuer::open(here.path(), BASE, &users()).unwrap();
    let refusal = |token: &str| issuer.verify(token, noon()).unwrap_err();
    let other_key = Issuer::open(there.path(), BASE, &users()).unwrap();
    assert_eq!(refusal(&token(&other_key, "keeper", &TokenOptions::default())), TokenError::Key);
    let other_port = Issuer::open(here.path(), "http://localhost:7072", &users()).unwrap();
    assert_eq!(refusal(&token(&other_port, "keeper", &TokenOptions::default())), TokenError::Issuer);
    let other_audience = Issuer::open(here.path(), BASE, &users_with("audience", &json!("else"))).unwrap();
    assert_eq!(refusal(&token(&other_audience, "keeper", &TokenOptions::default())), TokenError::Audience);
    let tenant = json!("12345678-6f0b-4a2f-9d27-4f3b7c1f5a10");
    let other_tenant = Issuer::open(here.path(), BASE, &users_with("tenantId", &tenant)).unwrap();
    assert_eq!(refusal(&token(&other_tenant, "keeper", &TokenOptions::default())), TokenError::Issuer);
}

#[test]
fn a_token_of_another_algorithm_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let good = token(&issuer, "keeper", &TokenOptions::default());
    let payload = good.split('.').nth(1).unwrap();
    for alg in ["none", "None", "RS384", "PS256"] {
        let mut header = part(&good, 0);
        header["alg"] = json!(alg);
        let forged = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert_eq!(issuer.verify(&forged, noon()).unwrap_err(), TokenError::Algorithm, "{alg}");
    }
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let good = token(&issuer, "keeper", &TokenOptions::default());
    let keys = get(&issuer, &format!("{ISSUER_PATH}/discovery/v2.0/keys")).await;
    let modulus = keys["keys"][0]["n"].as_str().unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = part(&good, 0)["kid"].as_str().map(str::to_owned);
    for secret in [modulus.as_bytes(), &URL_SAFE_NO_PAD.decode(modulus).unwrap()] {
        let forged = encode(&header, &part(&good, 1), &EncodingKey::from_secret(secret).unwrap()).unwrap();
        assert_eq!(issuer.verify(&forged, noon()).unwrap_err(), TokenError::Algorithm);
    }
}

#[test]
fn a_changed_token_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let good = token(&issuer, "bo", &TokenOptions::default());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let mut claims = part(&good, 1);
    claims["roles"] = json!(["Keeper"]);
    let raised = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    assert_eq!(issuer.verify(&raised, noon()).unwrap_err(), TokenError::Signature);
    assert_eq!(issuer.verify(&format!("{header}.{payload}."), noon()).unwrap_err(), TokenError::Signature);
    for broken in ["", "a.b", "a.b.c", &format!("{good}.d"), &"x".repeat(20_000)] {
        assert!(issuer.verify(broken, noon()).is_err(), "{broken}");
    }
}

#[tokio::test]
async fn metadata_leads_to_the_key_that_signed() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let user = issuer.users().named("keeper-elsewhere").unwrap();
    let url = issuer.url(user.tenant_id);
    let path = url.strip_prefix(BASE).unwrap();
    let metadata = get(&issuer, &format!("{path}/.well-known/openid-configuration")).await;
    assert_eq!(metadata["issuer"], url);
    let keys = get(&issuer, metadata["jwks_uri"].as_str().unwrap().strip_prefix(BASE).unwrap()).await;
    let token = token(&issuer, "keeper-elsewhere", &TokenOptions::default());
    assert_eq!(keys["keys"][0]["kid"], part(&token, 0)["kid"]);
    assert_eq!(keys["keys"][0]["issuer"], part(&token, 1)["iss"]);
    let key = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(&key).unwrap();
    let mut rules = jsonwebtoken::Validation::new(Algorithm::RS256);
    rules.set_audience(&[issuer.users().audience()]);
    assert!(jsonwebtoken::decode::<Value>(&token, &key, &rules).is_ok());
}

#[test]
fn the_issuer_answers_only_loopback_gets() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let keys = &format!("{ISSUER_PATH}/discovery/v2.0/keys");
    let foreign = keys.replace("0f5c4b6e", "12345678");
    let status = |method: &str, path: &str, host: &str| {
        let request = Request::builder().method(method).uri(path).header("host", host).body(()).unwrap();
        issuer.answer(&request).map(|answer| answer.status().as_u16())
    };
    for host in ["localhost:7071", "127.0.0.1:80", "[::1]:7071", "localhost"] {
        assert_eq!(status("GET", keys, host), Some(200), "{host}");
    }
    assert_eq!(status("GET", keys, "attacker.example:7071"), Some(404));
    assert_eq!(status("POST", keys, "localhost"), Some(404));
    assert_eq!(status("GET", &foreign, "localhost"), Some(404));
    assert_eq!(status("GET", "/_emulator/issuer/", "localhost"), Some(404));
    assert_eq!(status("GET", "/api/things", "localhost"), None);
}

#[tokio::test]
async fn a_standalone_issuer_refuses_foreign_pages() {
    let state = tempfile::tempdir().unwrap();
    let issuer = Issuer::open(state.path(), BASE, &users()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap();
    let _server = IssuerServer::start(issuer, listener);
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    let status = async |name: &str, value: &str| {
        let keys = format!("http://{own}{ISSUER_PATH}/discovery/v2.0/keys");
        client.get(keys).header(name, value).send().await.unwrap().status().as_u16()
    };
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "http://localhost:1"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ] {
        assert_eq!(status(name, value).await, 403, "{name}: {value}");
    }
    for (name, value) in
        [("origin", format!("http://{own}")), ("sec-fetch-site", "none".into()), ("accept", "*/*".into())]
    {
        assert_eq!(status(name, &value).await, 200, "{name}: {value}");
    }
}

#[test]
fn each_fault_of_a_users_file_has_a_message() {
    let fault = |member: &str, value: &Value| fault_of(&users_file(member, value));
    assert!(fault("surname", &json!("x")).contains("unknown field `surname`"));
    assert!(fault("tenantId", &json!("x")).contains("is not a users file"));
    assert!(fault_of("{\n // who\n tenantId: 7,\n}").contains("line 3, column 12"));
    assert!(fault("audience", &json!("")).contains("`audience` must not be empty"));
    assert!(fault("scopes", &json!(["a b"])).contains("must be one word"));
    assert!(fault("excludedPaths", &json!(["api"])).contains("must begin with a slash"));
    let bo = json!({"name": "bo", "objectId": "a1a1a1a1-0000-4000-8000-000000000002"});
    assert!(fault("users", &json!([bo, bo])).contains("two users have the name `bo`"));
    let spaced = json!({"name": "b o", "objectId": "a1a1a1a1-0000-4000-8000-000000000002"});
    assert!(fault("users", &json!([spaced])).contains("must consist of letters"));
    let missing = Users::load(Path::new("nowhere.json")).unwrap_err();
    assert!(matches!(missing, UsersError::Unreadable { .. }) && missing.to_string().contains("nowhere.json"));
}

#[test]
fn a_users_file_may_call_its_users_people() {
    let mut file: Value = serde_json::from_str(include_str!("users.json")).unwrap();
    let members = file.as_object_mut().unwrap();
    let users = members.remove("users").unwrap();
    members.insert("people".to_owned(), users);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    fs::write(&path, file.to_string()).unwrap();
    assert!(Users::load(&path).unwrap().named("bo").is_some());
}

fn users_file(member: &str, value: &Value) -> String {
    let mut file: Value = serde_json::from_str(include_str!("users.json")).unwrap();
    file[member] = value.clone();
    file.to_string()
}

fn users_with(member: &str, value: &Value) -> Users {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    fs::write(&path, users_file(member, value)).unwrap();
    Users::load(&path).unwrap()
}

fn fault_of(file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.json");
    fs::write(&path, file).unwrap();
    let error = Users::load(&path).unwrap_err();
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}
