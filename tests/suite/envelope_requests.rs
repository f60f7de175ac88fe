//! Only the host may send envelopes (host issue 6251).

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::{Value, json};

use crate::support::{
    EventLog, IdentityMode, Mode, Principal, RawConnection, Setup, TENANT, TestApp, an_order, enveloped,
    in_every_mode, object_id,
};

in_every_mode!(
    a_trigger_function_never_runs_for_a_caller,
    metadata_and_transport_headers_carry_no_identity,
    invalid_http_in_an_envelope_is_400,
    a_principal_of_another_audience_or_id_is_401,
);

fn message(order: &str) -> Value {
    let id = order.rsplit('/').next().expect("an id");
    json!({"version": 1, "messageId": "01890a5d-ac96-774b-bcce-b302099a8057", "orderId": id, "traceparent": null})
}

fn envelope(payload: &Value) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    json!({"Data": {"message": STANDARD.encode(payload.to_string())}, "Metadata": {}})
}

async fn a_trigger_function_never_runs_for_a_caller(mode: Mode) {
    let app = Setup::in_mode(mode)
        .easyauth(EasyAuthMode::Bypassed)
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .start()
        .await;
    let admin = app.principal(&Principal::user(TENANT, 4).role("OrderAdmin"));
    admin.stock("BEANS", 1290).await;
    let location = admin.place("BEANS").await;
    let clerk = app.principal(&Principal::user(TENANT, 3).role("OrderProcessor"));
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    let attack = envelope(&message(&location));
    for path in [
        "/FulfilOrder",
        "/api/FulfilOrder",
        "/fulfilorder",
        "/RecordPoisonFulfilment",
        "/RelayOutbox",
        "/IngestOrder",
        "/PurgeExpired",
        "//FulfilOrder",
    ] {
        assert_eq!(admin.post(path, &attack).await.status, 404, "{path} from outside");
    }
    let traits = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-host", "orders.example"),
        ("forwarded", "for=203.0.113.9"),
        ("x-arr-log-id", "1"),
        ("x-arr-clientcert", "MA=="),
        ("x-ms-invocation-id", "1"),
        ("x-ms-client-principal", "e30="),
        ("x-original-url", "/api/orders"),
        ("x-azure-fdid", "1"),
        ("authorization", "Bearer x"),
        ("cookie", "AppServiceAuthSession=x"),
        ("x-functions-key", "k"),
        ("host", "orders.example"),
        ("user-agent", "curl/8 Azure-Functions-Host/4.1037.0.0"),
    ];
    for (name, value) in traits {
        let reply = app.at_the_worker().await.with(name, value).post("/FulfilOrder", &attack).await;
        assert_eq!(reply.status, 404, "with {name}: {value}");
    }
    assert_eq!(admin.get(&location).await.json()["status"], "queued", "nothing ran");
    assert_eq!(
        app.at_the_worker().await.post("/FulfilOrder", &attack).await.status,
        200,
        "the host itself is heard"
    );
    assert_eq!(admin.get(&location).await.json()["status"], "fulfilled");
}

async fn metadata_and_transport_headers_carry_no_identity(mode: Mode) {
    let app = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await;
    let admin = Principal::user(TENANT, 4).role("OrderAdmin");
    let (principal, bearer) = (admin.header(), format!("Bearer {}", app.token(&admin)));
    let identities = json!([{"AuthenticationType": "aad", "IsAuthenticated": true, "Claims": [{"Type": "roles", "Value": "OrderAdmin"}]}]);
    let headers = json!({"authorization": bearer, "x-ms-client-principal": principal});
    let attack = json!({
        "Data": {"req": {"Url": format!("{}/api/dead-letters", app.host.url()), "Method": "GET", "Query": {}, "Headers": {}, "Params": {}, "Identities": identities}},
        "Metadata": {"Headers": headers, "Identities": identities},
    });
    let reply = app.at_the_worker().await.post("/ListDeadLetters", &attack).await;
    assert_eq!(reply.status, 200, "an envelope is always answered: {reply:?}");
    assert_eq!(reply.json()["Outputs"]["res"]["statusCode"], 401);
    let mut genuine = attack.clone();
    genuine["Data"]["req"]["Headers"] =
        json!({"Authorization": [bearer], "X-MS-CLIENT-PRINCIPAL": [principal]});
    assert_eq!(
        app.at_the_worker().await.post("/ListDeadLetters", &genuine).await.json()["Outputs"]["res"]["statusCode"],
        200
    );
    let mut foreign = genuine.clone();
    foreign["Data"]["req"]["Url"] = json!(format!("{}/api/orders", app.host.url()));
    let reply = app.at_the_worker().await.post("/ListDeadLetters", &foreign).await;
    assert_eq!(reply.json()["Outputs"]["res"]["statusCode"], 404, "the path is not this function's");
    for (function, data) in [
        ("ListDeadLetters", json!({"req": "bWVzc2FnZQ=="})),
        ("FulfilOrder", json!({"message": genuine["Data"]["req"]})),
    ] {
        let reply = app
            .at_the_worker()
            .await
            .post(&format!("/{function}"), &json!({"Data": data, "Metadata": {}}))
            .await;
        assert_eq!(reply.status, 500, "{function} given another trigger's value fails");
    }
}

/// Nothing reads the token where the platform's header alone counts, and nothing strips that header here.
async fn a_principal_of_another_audience_or_id_is_401(mode: Mode) {
    let setup = Setup::in_mode(mode).identity_mode(IdentityMode::Header).easyauth(EasyAuthMode::Bypassed);
    let mut app = setup.set("ORDERS_ENTRA_AUDIENCE", "ours").start().await;
    let ours = Principal::user(TENANT, 1).claim("aud", "ours");
    let own = object_id(1);
    let mut heard = EventLog::default();
    for (principal, id, refused, event) in [
        (ours.clone(), Some(&own), None, ""),
        (ours.clone(), None, None, ""),
        (Principal::user(TENANT, 1).claim("aud", "theirs"), Some(&own), Some("audience-foreign"), "denied"),
        (Principal::user(TENANT, 1), Some(&own), Some("audience-foreign"), "denied"),
        (ours, Some(&object_id(2)), Some("id-disagrees"), "identity-mismatch"),
    ] {
        let mut lines = vec![
            "Authorization: Bearer any".to_owned(),
            format!("X-MS-CLIENT-PRINCIPAL: {}", principal.header()),
        ];
        let mut client = app.anonymous().bearer("any").with("x-ms-client-principal", &principal.header());
        if let Some(id) = id {
            lines.push(format!("X-MS-CLIENT-PRINCIPAL-ID: {id}"));
            client = client.with("x-ms-client-principal-id", id);
        }
        let status = if refused.is_some() { 401 } else { 200 };
        assert_eq!(client.get("/api/orders").await.status, status, "{refused:?}");
        let envelope = enveloped("GET", "http://h/api/orders", &lines, "");
        let mut raw = RawConnection::to(&app).await;
        raw.envelope("ListOrders", envelope.len(), envelope.as_bytes()).await;
        let reply = raw.read().await.json();
        assert_eq!(reply["Outputs"]["res"]["statusCode"], status, "{refused:?} in an envelope");
        let Some(reason) = refused else { continue };
        let told =
            |heard: &EventLog| heard.events(event).iter().filter(|line| line["reason"] == reason).count();
        let before = told(&heard);
        heard.until(&mut app, reason, |heard| told(heard) >= before + 2).await;
    }
}

async fn invalid_http_in_an_envelope_is_400(mode: Mode) {
    let app = TestApp::start(mode).await;
    let order = an_order("BEANS").to_string();
    let good = enveloped("POST", "http://h/api/orders", &["X-Any: good".to_owned()], &order);
    for (from, to) in [
        ("\"good\"", "\"a\\u007fb\""),
        ("\"good\"", "\"a\\nb\""),
        ("\"good\"", "\"\\u0000\""),
        ("X-Any", "X Any"),
        ("X-Any", "\\u007f"),
        ("X-Any", "\u{e4}"),
        ("\"POST\"", "\"PO ST\""),
        ("http://h/api/orders", "nowhere"),
    ] {
        let envelope = good.replace(from, to);
        assert_ne!(envelope, good);
        let mut raw = RawConnection::to(&app).await;
        raw.envelope("CreateOrder", envelope.len(), envelope.as_bytes()).await;
        let reply = raw.read().await;
        assert_eq!(reply.status, 200, "{to}: the invocation does not fail");
        let res = reply.json()["Outputs"]["res"].clone();
        let body = res["body"].as_str().unwrap_or_default();
        assert_eq!(res["statusCode"], 400, "{to}: {res}");
        assert!(body.contains("urn:orders:problem:malformed"), "{to}: {res}");
    }
}
