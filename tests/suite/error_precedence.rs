//! Of two faults in one request, the answer names the one that stands earlier in the documented sequence: every pair
//! of faults of each function, in every invocation mode.

use serde_json::json;

use crate::support::{Client, Mode, Reply, Setup, TestApp, a_revision, an_order, in_every_mode};

in_every_mode!(
    a_new_order_reports_the_earlier_error,
    an_order_update_reports_the_earlier_error,
    a_product_reports_the_earlier_error,
    a_request_without_a_body_reports_the_earlier_error,
);

/// A request that succeeds, until faults are put into it.
#[derive(Clone)]
struct Request {
    person: &'static str,
    method: &'static str,
    path: String,
    query: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    content_type: Option<&'static str>,
    body: String,
}

impl Request {
    fn new(person: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        let (path, body) = (path.into(), String::new());
        Self { person, method, path, query: "", headers: Vec::new(), content_type: None, body }
    }

    fn with_body(mut self, body: &serde_json::Value) -> Self {
        (self.content_type, self.body) = (Some("application/json"), body.to_string());
        self
    }

    fn set(&mut self, name: &'static str, value: &'static str) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
    }

    async fn send(&self, app: &TestApp) -> Reply {
        let person = self
            .headers
            .iter()
            .fold(app.user(self.person), |person: Client, (name, value)| person.with(name, value));
        let path = format!("{}{}", self.path, self.query);
        person.raw(self.method, &path, self.content_type, self.body.clone()).await
    }
}

/// What is wrong with a request, and the answer to it when nothing else is wrong.
#[derive(Clone, Copy)]
struct Fault {
    put: fn(&mut Request),
    status: u16,
    slug: &'static str,
}

const fn fault(status: u16, slug: &'static str, put: fn(&mut Request)) -> Fault {
    Fault { put, status, slug }
}

const NOT_JSON: Fault = fault(415, "media-type", |request| request.content_type = Some("text/plain"));
const TOO_LARGE: Fault = fault(413, "too-large", |request| request.body = "x".repeat(70_000));
const NO_BODY: Fault = fault(400, "body-missing", |request| request.body.clear());
const QUERY: Fault = fault(400, "malformed", |request| request.query = "?x=1");
const NOT_WELL_FORMED: Fault = fault(400, "malformed", |request| "{".clone_into(&mut request.body));
const EMPTY_FORM: Fault = fault(422, "invalid-fields", |request| "{}".clone_into(&mut request.body));
const WEAK_TAG: Fault = fault(400, "malformed", |request| request.set("if-match", "W/\"1\""));
const ANY_TAG: Fault = fault(428, "precondition-required", |request| request.set("if-match", "*"));
const OLD_TAG: Fault = fault(412, "stale", |request| request.set("if-match", "\"9\""));
const OUT_OF_SCOPE: Fault = fault(403, "forbidden", |request| request.person = "visitor");
const WITHOUT_ROLE: Fault = fault(403, "forbidden", |request| request.person = "buyer");
const NO_ID: Fault = fault(404, "not-found", |request| request.path = request.path.replace("01", "zz"));

async fn shop(mode: Mode) -> TestApp {
    let app = Setup::in_mode(mode).set("ORDERS_RATE_LIMIT", "1000/s burst 1000").start().await;
    app.user("admin").stock("BEANS", 1290).await;
    app
}

/// Status, type, sentence and wrong fields: what distinguishes one fault from another.
fn told(reply: &Reply) -> (u16, String, serde_json::Value, serde_json::Value) {
    let document = reply.json();
    (reply.status, reply.problem(), document["detail"].clone(), document["errors"].clone())
}

/// Sends each fault alone, then every two of them. In forward mode the host sends no content type for an empty body,
/// so a missing body has the wrong type there.
async fn hold(app: &TestApp, mode: Mode, request: &Request, faults: &[Fault]) {
    let is_lost = |fault: &&Fault| mode == Mode::Forward && fault.slug == NO_BODY.slug;
    let faults: Vec<Fault> = faults.iter().filter(|fault| !is_lost(fault)).copied().collect();
    let mut alone = Vec::new();
    for fault in &faults {
        let mut with = request.clone();
        (fault.put)(&mut with);
        let reply = with.send(app).await;
        assert_eq!((reply.status, reply.problem().as_str()), (fault.status, fault.slug), "{reply:?}");
        alone.push(told(&reply));
    }
    for (index, earlier) in faults.iter().enumerate() {
        for later in &faults[index + 1..] {
            let mut with = request.clone();
            (later.put)(&mut with);
            (earlier.put)(&mut with);
            let reply = with.send(app).await;
            let pair = (earlier.slug, later.slug, &with.path, with.query);
            assert_eq!(told(&reply), alone[index], "{} {pair:?}", request.method);
        }
    }
}

/// The faults of a request with a body, in the documented sequence: the caller, the body, the query, a header, the
/// fields, and the function's own rules.
fn of_a_body(denied: Fault, header: Fault, more: &[Fault]) -> Vec<Fault> {
    let first = [denied, NOT_JSON, TOO_LARGE, NO_BODY, QUERY, header, NOT_WELL_FORMED, EMPTY_FORM];
    [&first, more].concat()
}

async fn a_new_order_reports_the_earlier_error(mode: Mode) {
    let app = shop(mode).await;
    let request = Request::new("buyer", "POST", "/api/orders").with_body(&an_order("BEANS"));
    let key = fault(400, "malformed", |request| request.set("idempotency-key", "a b"));
    let unknown = fault(422, "invalid-fields", |request| request.body = an_order("NONE").to_string());
    hold(&app, mode, &request, &of_a_body(OUT_OF_SCOPE, key, &[unknown])).await;
}

async fn an_order_update_reports_the_earlier_error(mode: Mode) {
    let app = shop(mode).await;
    let location = app.user("buyer").place("BEANS").await;
    let mut request = Request::new("buyer", "PUT", location).with_body(&a_revision("BEANS"));
    request.set("if-match", "\"1\"");
    let unknown = fault(422, "invalid-fields", |request| request.body = a_revision("NONE").to_string());
    let foreign = fault(404, "not-found", |request| request.person = "neighbour");
    let faults = of_a_body(OUT_OF_SCOPE, WEAK_TAG, &[unknown, ANY_TAG, foreign, OLD_TAG]);
    hold(&app, mode, &request, &faults).await;
}

async fn a_product_reports_the_earlier_error(mode: Mode) {
    let app = shop(mode).await;
    let product = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1, "active": true});
    let mut request = Request::new("admin", "PUT", "/api/products/BEANS").with_body(&product);
    request.set("if-match", "\"1\"");
    let no_sku = fault(404, "not-found", |request| "/api/products/no_sku".clone_into(&mut request.path));
    hold(&app, mode, &request, &of_a_body(WITHOUT_ROLE, WEAK_TAG, &[ANY_TAG, no_sku, OLD_TAG])).await;
}

async fn a_request_without_a_body_reports_the_earlier_error(mode: Mode) {
    let app = shop(mode).await;
    let location = app.user("buyer").place("BEANS").await;
    let no_letter = "/api/dead-letters/01890a5d-ac96-774b-bcce-b302099a8057/replay";
    for (person, method, path, forbidden) in [
        ("buyer", "GET", location.clone(), OUT_OF_SCOPE),
        ("buyer", "GET", format!("{location}/history"), OUT_OF_SCOPE),
        ("buyer", "POST", format!("{location}/cancel"), OUT_OF_SCOPE),
        ("clerk", "POST", format!("{location}/process"), WITHOUT_ROLE),
        ("admin", "POST", no_letter.to_owned(), WITHOUT_ROLE),
    ] {
        hold(&app, mode, &Request::new(person, method, path), &[forbidden, QUERY, NO_ID]).await;
    }
    let limit = fault(400, "malformed", |request| request.query = "?limit=0");
    for (person, path, forbidden) in [
        ("buyer", "/api/orders", OUT_OF_SCOPE),
        ("buyer", "/api/products", OUT_OF_SCOPE),
        ("admin", "/api/dead-letters", WITHOUT_ROLE),
    ] {
        hold(&app, mode, &Request::new(person, "GET", path), &[forbidden, limit]).await;
    }
}
