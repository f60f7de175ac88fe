//! Certificates that callers show, through the host. The tests take the place of the front end and EasyAuth: they set
//! the principal and the certificate, and nothing removes what they set.

use functions_emulator::easyauth::EasyAuthMode;
use test_servers::{Authority, Leaf};

use crate::support::{Client, Mode, Principal, Setup, TENANT, TestApp, in_every_mode};

in_every_mode!(
    programs_need_a_certificate_and_people_do_not,
    an_unrequested_certificate_is_ignored,
    easyauth_drops_forged_certificate_headers,
);

/// The client of the users file.
const CLIENT: &str = "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04";
const HEADER: &str = "x-arr-clientcert";

fn required(setup: Setup, authority: &Authority) -> Setup {
    setup
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .set("ORDERS_CLIENT_CERTIFICATE_MODE", "required")
        .set("ORDERS_CLIENT_CERTIFICATE_CA", authority.certificate())
        .set("ORDERS_CLIENT_CERTIFICATE_ALLOWED", &format!("{CLIENT}=partner.example"))
}

/// What the platform makes of the certificate of a client of this name.
fn certificate(authority: &Authority, name: &str) -> String {
    let issued = authority.issue(&Leaf::client(&[name])).expect("a certificate");
    issued.certificate.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// The path on which a fresh order is processed.
async fn path(app: &TestApp) -> String {
    let admin = app.principal(&Principal::user(TENANT, 5).role("OrderAdmin"));
    if admin.get("/api/products").await.json()["items"] == serde_json::json!([]) {
        admin.stock("BEANS", 1290).await;
    }
    format!("{}/process", app.principal(&Principal::user(TENANT, 1)).place("BEANS").await)
}

fn program(app: &TestApp) -> Client {
    app.principal(&Principal::app(6).role("OrderProcessor"))
}

async fn programs_need_a_certificate_and_people_do_not(mode: Mode) {
    let (authority, others) = (
        Authority::new("partners").expect("an authority"),
        Authority::new("partners").expect("an authority"),
    );
    let setup = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed);
    let app = required(setup, &authority).start().await;
    let good = certificate(&authority, "partner.example");
    let path = path(&app).await;
    for (attack, value) in [
        ("another name", certificate(&authority, "other.example")),
        ("a namesake of the authority", certificate(&others, "partner.example")),
        ("garbage", "MIIC".to_owned()),
    ] {
        let reply = program(&app).with(HEADER, &value).post_nothing(&path).await;
        assert_eq!((reply.status, reply.problem().as_str()), (401, "unauthenticated"), "{attack}");
    }
    let reply = program(&app).post_nothing(&path).await;
    assert_eq!((reply.status, reply.problem().as_str()), (401, "unauthenticated"), "none");
    let twice = program(&app).with(HEADER, &good).with(HEADER, &good).post_nothing(&path).await;
    assert_eq!(twice.status, 401, "twice");
    assert_eq!(program(&app).get("/api/orders?scope=all").await.status, 200, "it processes nothing");
    assert_eq!(program(&app).with(HEADER, &good).post_nothing(&path).await.status, 202);
    let clerk = app.principal(&Principal::user(TENANT, 4).role("OrderProcessor"));
    assert_eq!(clerk.post_nothing(&path).await.status, 202);
    assert_eq!(clerk.with(HEADER, "MIIC").post_nothing(&path).await.status, 401);
}

async fn an_unrequested_certificate_is_ignored(mode: Mode) {
    let app = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await;
    let path = path(&app).await;
    let reply = program(&app).with(HEADER, "MIIC").with(HEADER, "nonsense").post_nothing(&path).await;
    assert_eq!(reply.status, 202);
}

async fn easyauth_drops_forged_certificate_headers(mode: Mode) {
    let authority = Authority::new("partners").expect("an authority");
    let app = required(Setup::in_mode(mode), &authority).start().await;
    app.user("admin").stock("BEANS", 1290).await;
    let path = format!("{}/process", app.user("buyer").place("BEANS").await);
    let good = certificate(&authority, "partner.example");
    assert_eq!(app.user("warehouse").with(HEADER, &good).post_nothing(&path).await.status, 401);
    assert_eq!(app.user("clerk").with(HEADER, "MIIC").post_nothing(&path).await.status, 202);
}
