//! An HTTP client for one caller. Header names in lower case.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, redirect};
use serde_json::{Value, json};

use super::openapi_check;

/// Calls as one caller, and as that caller only.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            // Nothing here speaks TLS, and reading the system's authorities takes longer than most calls.
            .tls_certs_only([])
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client without TLS");
        Self { http, url: url.to_owned(), headers: Vec::new() }
    }

    /// The same caller with one more header.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) fn bearer(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A POST without body or content type.
    pub(crate) async fn post_nothing(&self, path: &str) -> Reply {
        self.send(self.request(Method::POST, path).header("content-length", "0")).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Any method and any bytes.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = self.request(method, path).body(body);
        self.send(match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        })
        .await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    async fn send(&self, request: RequestBuilder) -> Reply {
        let request = request.build().expect("a request");
        let (method, path) = (request.method().to_string(), request.url().path().to_owned());
        let response = self.http.execute(request).await.expect("an answer");
        let text =
            |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let reply = Reply {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: response.bytes().await.expect("a whole body").to_vec(),
        };
        openapi_check::check(&method, &path, &reply);
        reply
    }

    /// Keeps a product and answers nothing: what most tests start with.
    pub(crate) async fn stock(&self, sku: &str, unit_price: i64) {
        let body = json!({"name": "Beans", "currency": "EUR", "unitPrice": unit_price});
        let reply = self.put(&format!("/api/products/{sku}"), &body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }

    /// Places an order for one product and gives its location.
    pub(crate) async fn place(&self, sku: &str) -> String {
        let reply = self.post("/api/orders", &an_order(sku)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.header("location").expect("a location").to_owned()
    }
}

/// A body that `CreateOrder` accepts.
pub(crate) fn an_order(sku: &str) -> Value {
    json!({"reference": "PO-17", "currency": "EUR", "lines": [{"sku": sku, "quantity": 2}], "note": "ring twice"})
}

/// A body that `UpdateOrder` accepts.
pub(crate) fn a_revision(sku: &str) -> Value {
    json!({"reference": "PO-18", "lines": [{"sku": sku, "quantity": 3}], "note": null})
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("not JSON, {error}: {self:?}"),
        }
    }

    /// The slug of the problem that this is.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json; charset=utf-8"), "{self:?}");
        let kind = self.json()["type"].as_str().expect("a type").to_owned();
        kind.strip_prefix("urn:orders:problem:").expect("a problem of ours").to_owned()
    }

    /// Pointer and code of each wrong field.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let errors = self.json()["errors"].as_array().expect("errors").clone();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }
}
