//! Only the host itself calls a function with an envelope.

use crate::wire::{Reply, request, send, server, sized};

const TICK: &str = r#"{"Data":{"tick":{"IsPastDue":false}},"Metadata":{}}"#;

/// What a front end sets, or what only a caller from outside sends. One of them is enough.
const FRONT_END_HEADERS: [&str; 47] = [
    "Forwarded: for=203.0.113.9",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: 127.0.0.1:8080",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Prefix: /api",
    "X-Forwarded-TlsVersion: 1.3",
    "X-Original-URL: /Tick",
    "X-Original-Host: app.example.net",
    "X-ARR-SSL: 2048",
    "X-ARR-LOG-ID: 1",
    "X-ARR-ClientCert: MIIC",
    "x-ms-invocation-id: bce087f8-9028-436f-84ae-194897c7d588",
    "X-MS-CLIENT-PRINCIPAL: e30=",
    "X-MS-COLDSTART: 1",
    "X-AppService-Proto: https",
    "X-WAWS-Unencoded-URL: /Tick",
    "X-SITE-DEPLOYMENT-ID: app",
    "CLIENT-IP: 203.0.113.9:5000",
    "X-Client-IP: 203.0.113.9",
    "X-Client-Port: 5000",
    "DISGUISED-HOST: app.example.net",
    "Max-Forwards: 10",
    "WAS-DEFAULT-HOSTNAME: app.example.net",
    "X-Azure-ClientIP: 203.0.113.9",
    "X-Azure-Ref: 0abc",
    "X-Azure-FDID: 00000000-0000-0000-0000-000000000000",
    "X-FD-HealthProbe: 1",
    "Via: 1.1 proxy",
    "Cookie: a=1",
    "Cookie:",
    "Authorization: Bearer abc",
    "x-functions-key: k",
    "Host: 127.0.0.1:8080",
    "Host:",
    "User-Agent: Azure-Functions-Host/4.1037.0.0",
    "X-Azure-Functions-InvocationId: bce087f8-9028-436f-84ae-194897c7d588",
    "X-Azure-Functions-HostVersion: 4.1037.0.0",
    "Content-Type: application/json",
    // A changed line, not an additional one.
    "=Host: app.example.net",
    "=Host: localhost",
    "=User-Agent: ua/1 Azure-Functions-Host/4.1037.0.0",
    "=User-Agent: curl/8.0",
    "=X-Azure-Functions-InvocationId: forged, bce087f8-9028-436f-84ae-194897c7d588",
    "=X-Azure-Functions-HostVersion: 9.9,4.1037.0.0",
    "=Content-Type: text/plain",
    "=Content-Type: application/json; charset=utf-16",
    "=Content-Type: application/problem+json",
];

fn with_header(good: &str, line: &str) -> String {
    let Some(changed) = line.strip_prefix('=') else {
        return good.replacen("\r\nUser-Agent", &format!("\r\n{line}\r\nUser-Agent"), 1);
    };
    let name = changed.split_once(':').unwrap().0;
    let start = good.find(&format!("\r\n{name}:")).unwrap() + 2;
    let end = start + good[start..].find("\r\n").unwrap();
    format!("{}{changed}{}", &good[..start], &good[end..])
}

#[tokio::test]
async fn a_front_end_trait_never_reaches_a_trigger_function() {
    let server = server().await;
    let good = sized(&server, "Tick", TICK);
    let unknown = send(&server, request("POST", "/NoSuchFunction", &[], TICK)).await;
    assert_eq!(unknown.status, 404);
    for line in FRONT_END_HEADERS {
        assert_eq!(send(&server, with_header(&good, line)).await, unknown, "{line}");
    }
    for target in ["/Tick?", "/Tick?code=k", "/Tick?x=1"] {
        assert_eq!(send(&server, good.replacen("/Tick", target, 1)).await, unknown, "{target}");
    }
    let absolute = good.replacen("/Tick", &format!("http://127.0.0.1:{}/Tick", server.port), 1);
    assert_eq!(send(&server, absolute).await, unknown);
    assert!(server.app.ran.lock().unwrap().is_empty());
    assert_eq!(send(&server, &good).await.status, 200);
    assert_eq!(*server.app.ran.lock().unwrap(), ["Tick"]);
}

#[tokio::test]
async fn optional_host_headers_are_accepted() {
    let server = server().await;
    let good = sized(&server, "Tick", TICK);
    for (from, to) in [
        ("User-Agent: Azure-Functions-Host/4.1037.0.0\r\n", ""),
        ("X-Azure-Functions-HostVersion: 4.1037.0.0\r\n", ""),
        ("application/json; charset=utf-8", "application/json"),
        ("application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""),
        ("\r\n\r\n", "\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n"),
    ] {
        assert_eq!(send(&server, good.replacen(from, to, 1)).await.status, 200, "{to}");
    }
}

#[tokio::test]
async fn only_a_post_to_the_exact_name_is_an_envelope() {
    let server = server().await;
    let good = sized(&server, "Tick", TICK);
    for target in ["POST /tick", "POST /Tick/", "POST //Tick", "POST /api/Tick", "POST /%54ick", "PUT /Tick"]
    {
        let Reply { status, .. } = send(&server, good.replacen("POST /Tick", target, 1)).await;
        assert_eq!(status, 404, "{target}");
    }
    assert!(server.app.ran.lock().unwrap().is_empty());
}
