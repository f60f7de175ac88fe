//! Answers on their way out.

use serde_json::{Value, json};

use crate::{
    app,
    envelope::call,
    wire::{Server, Wire, request, send, server, sized, start},
};

/// Status, headers but for the length, and body.
type Seen = (u64, Vec<(String, String)>, String);

async fn directly(server: &Server, what: &str) -> Seen {
    let reply = send(server, request("GET", &format!("/api/say/{what}"), &[], "")).await;
    let headers = reply.headers.into_iter().filter(|(name, _)| name != "content-length");
    (reply.status.into(), headers.collect(), reply.body)
}

async fn enveloped(server: &Server, what: &str) -> Seen {
    let sent = sized(server, "Say", &call("GET", &format!("http://h/api/say/{what}"), ""));
    let res = send(server, sent).await.res();
    let header = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    let headers = res["headers"].as_object().unwrap().iter().map(header).collect();
    (res["statusCode"].as_u64().unwrap(), headers, res["body"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn both_entrances_give_the_same_answer() {
    let server = server().await;
    for (what, status) in [("hello", 200), ("made", 201), ("nothing", 204), ("no", 403)] {
        let direct = directly(&server, what).await;
        assert_eq!(direct.0, status, "{what}");
        assert_eq!(direct, enveloped(&server, what).await, "{what}");
    }
}

#[tokio::test]
async fn unportable_responses_become_500() {
    let server = server().await;
    for what in ["early", "twice", "umlaut", "dated", "close", "untyped", "date", "bytes", "astray"] {
        let (status, _, body) = directly(&server, what).await;
        assert_eq!((status, body.as_str()), (500, r#"{"refused":"InvalidResponse"}"#), "{what}");
        let (status, _, body) = enveloped(&server, what).await;
        assert_eq!((status, body.as_str()), (500, r#"{"refused":"InvalidResponse"}"#), "{what}");
    }
}

/// An app whose answers need not be such that every mode can carry them.
async fn unportable() -> Server {
    start(app::functions().all().unwrap(), |app| app.portable(false)).await
}

#[tokio::test]
async fn an_informational_status_is_a_500_in_every_app() {
    let server = unportable().await;
    for (status, _, body) in [directly(&server, "early").await, enveloped(&server, "early").await] {
        assert_eq!((status, body.as_str()), (500, r#"{"refused":"InvalidResponse"}"#));
    }
}

#[tokio::test]
async fn a_length_that_does_not_fit_the_body_is_never_sent() {
    for server in [server().await, unportable().await] {
        let mut wire = Wire::to(&server).await;
        for _ in 0..2 {
            wire.write(request("GET", "/api/say/length", &[], "")).await;
            let reply = wire.read().await;
            assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"said":"length"}"#));
        }
        let (status, headers, _) = enveloped(&server, "length").await;
        assert!(status == 200 && headers.iter().all(|(name, _)| name != "content-length"), "{headers:?}");
    }
}

#[tokio::test]
async fn an_answer_is_never_empty() {
    let server = server().await;
    let nothing = call("GET", "http://h/api/say/nothing", "");
    let queued = |payload: &str| json!({"Data": {"job": payload}}).to_string();
    let tick = json!({"Data": {"tick": {}}}).to_string();
    let boom = call("GET", "http://h/api/boom", "");
    for (function, envelope) in [
        ("Say", nothing),
        ("Boom", boom),
        ("Take", queued("")),
        ("Take", queued("again")),
        ("Take", queued("boom")),
        ("Tick", tick),
        ("Tick", "null".to_owned()),
        ("Missing", "{}".to_owned()),
    ] {
        let reply = send(&server, sized(&server, function, &envelope)).await;
        assert!(reply.json().is_object(), "{function} {envelope}");
        assert!([200, 404, 500].contains(&reply.status), "{function} {envelope}");
        assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"), "{function}");
    }
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_process_lives() {
    let server = server().await;
    let direct = send(&server, request("GET", "/api/boom", &[], "")).await;
    assert_eq!((direct.status, direct.body.as_str()), (500, r#"{"refused":"HandlerPanicked"}"#));
    let wrapped = send(&server, sized(&server, "Boom", &call("GET", "http://h/api/boom", ""))).await;
    assert_eq!(wrapped.res()["statusCode"], 500);
    let queued = sized(&server, "Take", r#"{"Data":{"job":"Ym9vbQ=="}}"#);
    assert_eq!(send(&server, queued).await.status, 500);
    assert_eq!(send(&server, request("GET", "/api/say/hello", &[], "")).await.status, 200);
}
