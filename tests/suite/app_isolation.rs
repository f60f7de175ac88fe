//! The two apps that are deployed, apart by privilege: each knows its own functions and no other.

use orders_worker::functions::FUNCTIONS;
use serde_json::json;

use crate::support::{Mode, Part, Setup, TestApp};

/// The status of each function's envelope, sent as any process on the machine could.
async fn envelopes(app: &TestApp) -> Vec<(&'static str, bool, u16)> {
    let (worker, mut statuses) = (app.at_the_worker().await, Vec::new());
    for function in FUNCTIONS.iter() {
        let is_http = function.route.is_some();
        let body = json!({"Data": {}, "Metadata": {}});
        let status = worker.post(&format!("/{}", function.name), &body).await.status;
        statuses.push((function.name, is_http, status));
    }
    statuses
}

#[tokio::test]
async fn each_app_returns_404_for_functions_of_the_other() {
    for part in [Part::Api, Part::Processor] {
        let app = Setup::in_mode(Mode::Proxy).part(part).start().await;
        for (name, is_http, status) in envelopes(&app).await {
            let own = is_http == (part == Part::Api);
            assert_eq!(status != 404, own, "{name} at {part:?}: {status}");
        }
        for path in ["/api/orders", "/api/health", "/api/openapi.json", "/api/dead-letters"] {
            let status = directly(&app, path).await;
            assert_eq!(status != 404, part == Part::Api, "{path} at {part:?}: {status}");
        }
    }
}

/// The status of a request that goes to the worker directly, not through the host. The client of the other tests holds
/// every answer against the description, which knows the whole app.
async fn directly(app: &TestApp, path: &str) -> u16 {
    let address = app.host.worker_address().await.expect("the worker runs");
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(format!("http://{address}{path}")).send().await.expect("an answer");
    answer.status().as_u16()
}
