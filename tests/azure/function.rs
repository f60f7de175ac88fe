//! `GetSecretFromKeyVault` with a vault, by direct requests and by envelopes. What it answers without one is in the
//! suite.

use std::{
    ffi::OsString,
    sync::Arc,
    time::{Duration, Instant},
};

use azure_functions_handler::Concurrency;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use futures_util::future::join_all;
use orders_worker::{
    audit::Audit,
    clock::{Clock, RetentionClock},
    config::{Config, ConfigNeeds},
    fulfilment::Backend,
    functions::{self, AppState, DeadLetterCeiling, FUNCTIONS},
    identity::Identity,
    limits::LIMITS,
    store::{self, Store},
};
use serde_json::{Value, json};
use test_servers::{Authority, Leaf, VaultBehavior};
use tokio::net::TcpListener;

use crate::{
    platform::on_the_platform,
    world::{HOST, World},
};

on_the_platform!(
    administrators_see_metadata_but_no_secret_value,
    each_vault_response_maps_to_a_status,
    a_hanging_vault_delays_only_callers_with_certificates,
);

const TENANT: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
const PATH: &str = "/api/GetSecretFromKeyVault";

/// Serves the worker's functions with this vault; returns the address, which takes direct requests and envelopes.
async fn serve(world: &World) -> String {
    serve_with(world, &[]).await
}

/// As [`serve`], with more settings.
async fn serve_with(world: &World, more: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap().keep();
    let vault = format!("https://{HOST}");
    let environment = [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("WEBSITE_AUTH_ENABLED", "true"),
        ("ORDERS_IDENTITY", "easyauth"),
        ("ORDERS_ENTRA_TENANT_ID", TENANT),
        ("IDENTITY_ENDPOINT", "any"),
        ("IDENTITY_HEADER", "any"),
        ("KeyVaultUrl", &vault),
        ("SecretName", "cup"),
    ]
    .into_iter()
    .chain(more.iter().copied())
    .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let needs = ConfigNeeds { http: true, secrets: true, ..ConfigNeeds::default() };
    let config = Config::read(environment, needs).unwrap();
    let store = store::open(
        &format!("sqlite://{}", folder.join("orders.db").display()),
        1,
        None,
        store::Pooler::None,
    )
    .unwrap();
    store.migrate().await.unwrap();
    let identity = Identity::new(config.identity.unwrap()).unwrap();
    let identity = match config.certificates {
        Some(certificates) => identity.with_certificates(certificates, Some(&world.vault)),
        None => identity,
    };
    let app = AppState {
        clock: Clock,
        retention_clock: RetentionClock::new(Clock.now(), Clock.instant()),
        identity: Some(identity),
        audit: Audit::default(),
        concurrency: Concurrency::new(LIMITS.concurrency),
        limiter: None,
        tenant: None,
        store: Arc::clone(&store) as Arc<dyn Store>,
        backend: Some(Backend::Stub),
        vault: Some(world.vault.clone()),
        secret_name: config.secret_name,
        outbox_deadline: TimeDelta::minutes(2),
        dead_letter_ceiling: DeadLetterCeiling::new(LIMITS.dead_letters),
        health: store,
        openapi_document: Some(functions::openapi_document),
    };
    let app = functions::function_app(FUNCTIONS.all().unwrap(), Arc::new(app));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(app.serve(listener, std::future::pending()));
    url
}

fn principal(role: &str) -> String {
    let claim = |typ: &str, val: &str| json!({"typ": typ, "val": val});
    let claims = [
        claim("tid", TENANT),
        claim("oid", "00000000-0000-4000-8000-000000000004"),
        claim("scp", "Orders.ReadWrite"),
        claim("roles", role),
    ];
    let principal = json!({"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims});
    STANDARD.encode(principal.to_string())
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Status, cache control and body of the answer to a direct request.
async fn direct(url: &str, role: &str, query: &str) -> (u16, Value) {
    let request = client()
        .get(format!("{url}{PATH}{query}"))
        .header("authorization", "Bearer any")
        .header("x-ms-client-principal", principal(role));
    let reply = request.send().await.unwrap();
    assert_eq!(reply.headers()["cache-control"], "no-store");
    (reply.status().as_u16(), reply.json().await.unwrap())
}

/// Status, cache control and body of the answer to an envelope.
async fn enveloped(url: &str, role: &str, query: &str) -> (u16, Value) {
    let headers = json!({"Authorization": ["Bearer any"], "X-MS-CLIENT-PRINCIPAL": [principal(role)]});
    let request = json!({
        "Url": format!("http://localhost{PATH}{query}"), "Method": "GET", "Headers": headers, "Query": {},
        "Params": {},
    });
    let envelope = json!({"Data": {"req": request}, "Metadata": {}});
    let reply = client().post(format!("{url}/GetSecretFromKeyVault")).json(&envelope).send().await.unwrap();
    let output = reply.json::<Value>().await.unwrap()["Outputs"]["res"].clone();
    let body = serde_json::from_str(output["body"].as_str().unwrap()).unwrap();
    (output["statusCode"].as_u64().unwrap().try_into().unwrap(), body)
}

async fn administrators_see_metadata_but_no_secret_value() {
    let world = World::start().await;
    world.put("tea", |secret| secret.expires = Some(1_900_000_000));
    let url = serve(&world).await;
    let cup = json!({
        "name": "cup", "version": "4387e9f3d6e14c459867679a90fd0f79", "enabled": true,
        "createdAt": "2026-01-01T00:00:00.000000Z", "updatedAt": "2026-01-01T00:01:00.000000Z",
        "expiresAt": null, "contentType": null,
    });
    assert_eq!(direct(&url, "OrderAdmin", "").await, (200, cup.clone()), "SecretName is the fallback");
    assert_eq!(enveloped(&url, "OrderAdmin", "?secretName=cup").await, (200, cup.clone()));
    assert_eq!(direct(&url, "OrderAdmin", "?secretName=").await, (200, cup.clone()), "an empty name is none");
    assert_eq!(enveloped(&url, "OrderAdmin", "?secretName=").await, (200, cup));
    let (_, tea) = direct(&url, "OrderAdmin", "?secretName=tea&code=k").await;
    assert_eq!((&tea["name"], &tea["expiresAt"]), (&json!("tea"), &json!("2030-03-17T17:46:40.000000Z")));
    let asked = world.request_count();
    assert_eq!(direct(&url, "OrderProcessor", "").await.0, 403);
    assert_eq!(world.request_count(), asked);
}

async fn each_vault_response_maps_to_a_status() {
    let world = World::start().await;
    let url = serve(&world).await;
    let ask = async |query: &str| direct(&url, "OrderAdmin", query).await;
    let name = "a".repeat(128);
    for query in ["?secretName=a%2Fb", "?secretName=%C3%BC", &format!("?secretName={name}")] {
        assert_eq!(ask(query).await.0, 400, "{query}");
    }
    assert_eq!(ask("?secretName=cup&secretName=cup").await.0, 400);
    assert_eq!(ask("?name=cup").await.0, 400);
    assert_eq!(world.request_count(), 0);
    let (missing, mut problem) = ask("?secretName=teapot").await;
    world.put("cup", |secret| secret.enabled = false);
    let (forbidden, mut other) = ask("").await;
    problem["instance"] = Value::Null;
    other["instance"] = Value::Null;
    assert_eq!((missing, forbidden, problem), (404, 404, other), "which of the two it is, is not told");
    for behavior in [
        VaultBehavior::Throttling(60),
        VaultBehavior::Failing(503),
        VaultBehavior::Invalid,
        VaultBehavior::Hanging,
    ] {
        world.set_behavior(behavior);
        let (status, problem) = ask("").await;
        assert_eq!(
            (status, &problem["type"]),
            (503, &json!("urn:orders:problem:unavailable")),
            "{behavior:?}"
        );
    }
}

async fn a_hanging_vault_delays_only_callers_with_certificates() {
    let world = World::start().await;
    let url = serve_with(
        &world,
        &[
            ("ORDERS_CLIENT_CERTIFICATE_MODE", "required"),
            ("ORDERS_CLIENT_CERTIFICATE_CA", "keyvault:authorities"),
            ("ORDERS_CLIENT_CERTIFICATE_ALLOWED", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example"),
        ],
    )
    .await;
    world.set_behavior(VaultBehavior::Hanging);
    let shown = Authority::new("anybody").unwrap().issue(&Leaf::client(&["anybody"])).unwrap().certificate;
    let shown: String = shown.lines().filter(|line| !line.starts_with("-----")).collect();
    let client = client();
    let ask = async |certificate: Option<&str>| {
        let mut request = client
            .get(format!("{url}/api/orders"))
            .header("authorization", "Bearer any")
            .header("x-ms-client-principal", principal("OrderAdmin"));
        if let Some(certificate) = certificate {
            request = request.header("x-arr-clientcert", certificate);
        }
        let began = Instant::now();
        (request.send().await.unwrap().status().as_u16(), began.elapsed())
    };
    assert_eq!(ask(None).await.0, 200);
    let attack = join_all((0..40).map(|_| ask(Some(&shown))));
    let honest = async {
        while world.request_count() == 0 {
            tokio::task::yield_now().await;
        }
        // By then all of them have come.
        tokio::time::sleep(Duration::from_millis(500)).await;
        join_all((0..8).map(|_| ask(None))).await
    };
    let (attacked, honest) = tokio::join!(attack, honest);
    assert!(honest.iter().all(|(status, _)| *status == 200), "{honest:?}");
    assert!(
        attacked.iter().all(|(status, _)| *status == 503),
        "no authority is known to check them with: {attacked:?}"
    );
    let waited = attacked.iter().filter(|(_, took)| *took >= Duration::from_secs(2)).count();
    assert!((1..=LIMITS.certificates.max_waiting).contains(&waited), "{waited} of them waited");
}
