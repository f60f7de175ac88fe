//! Who is kept out.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::json;

use super::{Page, an_app};
use crate::app::{Running, TestApp, client};

/// What only the page and the terminal may ask for.
const GUARDED: [(Method, &str); 18] = [
    (Method::GET, "overview"),
    (Method::GET, "calls"),
    (Method::GET, "calls/1"),
    (Method::GET, "lines"),
    (Method::GET, "settings"),
    (Method::GET, "openapi.json"),
    (Method::GET, "live"),
    (Method::GET, "queues"),
    (Method::GET, "timers"),
    (Method::GET, "traces"),
    (Method::GET, "traces/0af7651916cd43dd8448eb211c80319c"),
    (Method::POST, "calls"),
    (Method::POST, "functions/ok_job/run"),
    (Method::POST, "queues/jobs/messages"),
    (Method::DELETE, "queues/jobs/messages"),
    (Method::POST, "users/keeper/token"),
    (Method::PUT, "faults"),
    (Method::POST, "worker/kill"),
];

/// Pages and documents of the host itself, and its `/admin` in any spelling.
const OWN: [&str; 12] = [
    "/_emulator",
    "/_emulator/",
    "/_emulator/main.js",
    "/_emulator/api/overview",
    "/_emulator/otlp/v1/traces",
    "/%5Femulator/otlp/v1/traces",
    "/_emulator/issuer/0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10/discovery/v2.0/keys",
    "/admin/host/status",
    "/Admin/functions/ok_tick",
    "//admin/functions/ok_tick",
    "/%61dmin/functions/ok_tick",
    "/%5Femulator/api/overview",
];

async fn status(running: &Running, path: &str, name: &str, value: &str) -> u16 {
    let request = client().get(format!("{}{path}", running.host.url())).header(name, value);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nothing_is_told_and_nothing_done_without_the_pages_token() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let pid = running.host.worker_pid();
    for (method, path) in GUARDED {
        for token in ["", "wrong", &page.token[1..]] {
            let request = client().request(method.clone(), format!("{}{path}", page.api)).json(&json!({}));
            let answer = request.header("x-emulator-console", token).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{method} {path} with {token:?}");
        }
    }
    assert_eq!(running.host.worker_pid(), pid);
    assert_ne!(Page::open(&an_app().start().await).await.token, page.token, "every host has its own");
}

#[tokio::test]
async fn a_foreign_host_name_reaches_no_emulator_page() {
    let running = an_app().start().await;
    for name in [
        "evil.example:7071",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "10.0.0.1",
        "127.0.0.1.evil",
    ] {
        for path in OWN {
            assert_eq!(status(&running, path, "host", name).await, 403, "{path} at {name}");
        }
        assert_eq!(status(&running, "/api/ok_hello", "host", name).await, 200, "the app is asked as before");
    }
    for name in ["localhost", "localhost:1", "127.0.0.1:7071", "[::1]:7071"] {
        assert_eq!(status(&running, "/_emulator/", "host", name).await, 200, "{name}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_reaches_nothing_of_the_hosts_own() {
    let running = an_app().start().await;
    let other_port = "http://localhost:1";
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", other_port),
        ("origin", "null"),
        ("origin", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "anything"),
    ] {
        for path in OWN {
            assert_eq!(status(&running, path, name, value).await, 403, "{path} with {name}: {value}");
        }
        assert_eq!(status(&running, "/api/ok_hello", name, value).await, 200, "the app decides for itself");
    }
    for (name, value) in
        [("origin", running.host.url()), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")]
    {
        assert_eq!(status(&running, "/_emulator/", name, value).await, 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn no_route_of_the_app_takes_the_consoles_place() {
    let everything = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "{*rest}" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let app =
        TestApp::new().function("ok_all", &everything).set("/extensions/http", json!({"routePrefix": ""}));
    let running = app.start().await;
    let got = |path: &str| {
        let request = client().get(format!("{}{path}", running.host.url()));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    assert_eq!(got("/anything").await, "ok");
    assert!(got("/_emulator/").await.contains("console-token"));
    assert!(got("/_emulator").await.contains("console-token"), "it leads to the page");
    assert_eq!(got("/_emulator/no-such-file").await, "");
    assert_eq!(got("/_emulators").await, "ok", "only what is below the console's folder is its own");
}

#[tokio::test]
async fn a_separate_console_port_serves_only_the_console() {
    let mut app = an_app();
    app.options.console.port = Some(0);
    let running = app.start().await;
    let page = Page::open(&running).await;
    let own: SocketAddr = running.host.console_url()["http://".len()..]
        .trim_end_matches("/_emulator/")
        .replace("localhost", "127.0.0.1")
        .parse()
        .unwrap();
    assert!(!running.host.url().ends_with(&own.port().to_string()));
    assert_eq!(page.call("/api/ok_hello").await["status"], 200);
    for path in ["/_emulator/", "/_emulator/main.js", "/_emulator/api/overview"] {
        let at_app =
            client().get(format!("{}{path}", running.host.url())).header("x-emulator-console", &page.token);
        assert_eq!(at_app.send().await.unwrap().status(), 404, "{path}");
    }
    let at_console = client().get(format!("http://{own}/api/ok_hello")).send().await.unwrap();
    assert_eq!(at_console.status(), 404);
    assert_eq!(status(&running, "/api/ok_hello", "accept", "*/*").await, 200);
}

#[tokio::test]
async fn the_page_lets_in_no_script_of_others_and_no_frame() {
    let running = an_app().start().await;
    let answer = client().get(running.host.console_url()).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["cross-origin-opener-policy"], "same-origin");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("://"), "nothing is loaded from elsewhere");
}
