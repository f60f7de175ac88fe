//! What the console promises: to show everything to the page, to do what it asks, and nothing for anybody else.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod build;
mod calls;
mod exporter;
mod faults;
mod guard;
mod live;
mod logs;
mod openapi;
mod otlp;
mod traces;
mod users;
mod queues;
mod settings;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::app::{Running, TestApp, client};

/// The console's interface, with the token of its page.
struct Page {
    api: String,
    token: String,
}

impl Page {
    async fn open(running: &Running) -> Self {
        let url = running.host.console_url();
        let text = client().get(url).send().await.unwrap().text().await.unwrap();
        let token = text.split("name=\"console-token\" content=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        Self { api: format!("{url}api/"), token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("{}{path}", self.api)).header("x-emulator-console", &self.token)
    }

    async fn get(&self, path: &str) -> Value {
        succeeded(self.request(Method::GET, path)).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        succeeded(self.request(Method::POST, path).json(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Value {
        succeeded(self.request(Method::PUT, path).json(&body)).await
    }

    async fn delete(&self, path: &str) -> Value {
        succeeded(self.request(Method::DELETE, path)).await
    }

    /// A GET of a function, made by the console.
    async fn call(&self, path: &str) -> Value {
        self.post("calls", json!({"method": "GET", "path": path})).await
    }
}

async fn succeeded(request: RequestBuilder) -> Value {
    let (status, body) = answered(request).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// Status and sentence of what is refused.
async fn refused(request: RequestBuilder) -> (u16, String) {
    let (status, body) = answered(request).await;
    (status, body["error"].as_str().unwrap().to_owned())
}

/// Status and document of an answer, which has to be as the interface describes itself.
async fn answered(request: RequestBuilder) -> (u16, Value) {
    let request = request.build().unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = client().execute(request).await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    openapi::assert_described(&method, &path, status, &body);
    (status, body)
}

/// An app with a function of each kind.
fn an_app() -> TestApp {
    TestApp::new().http("ok_hello").queue_of_type("ok_take", "jobs", "string").timer(
        "ok_tick",
        "0 0 3 * * *",
        false,
        true,
    )
}
