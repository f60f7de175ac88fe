//! The users who call one host.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_emulator::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    queues::MemoryQueues,
    users::Users,
};
use reqwest::{Method, redirect::Policy};
use serde_json::{Value, json};

use super::{
    journal::Outcome,
    operations::payload,
    request::{ADMIN, BUYERS, FULFILMENT, PRODUCTS, Request, Transport},
};

/// How often a product is put before the run fails.
const TRIES: u32 = 50;

/// A client with the tokens of everybody.
pub(super) struct ApiClient {
    http: reqwest::Client,
    url: String,
    tokens: BTreeMap<String, String>,
}

impl ApiClient {
    pub(super) fn new(url: &str, state: &Path, users: &Users) -> anyhow::Result<Self> {
        let issuer = Issuer::open(state, url, users)?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .context("cannot make an HTTP client")?;
        let token = |person| issuer.token(person, &TokenOptions::default(), Clock::system().now());
        let tokens = users.iter().map(|person| Ok((person.name.clone(), token(person)?)));
        Ok(Self { http, url: url.to_owned(), tokens: tokens.collect::<anyhow::Result<_>>()? })
    }

    /// Sends a request and accepts any answer. A message is acknowledged by its queue, as 202.
    pub(super) async fn send(&self, request: &Request, queues: &MemoryQueues) -> Outcome {
        let (method, path, headers) = match &request.transport {
            Transport::Http { method, path, headers } => (method, path, headers),
            Transport::Queue(queue) => return put(queue, &request.body, queues),
        };
        match self.try_send(request.person, &request.body, (method, path, headers)).await {
            Ok((status, body)) => Outcome::Answered { status, body },
            Err(error) => Outcome::Broken(format!("{:#}", anyhow::Error::from(error))),
        }
    }

    async fn try_send(
        &self,
        person: &str,
        body: &Value,
        (method, path, headers): (&Method, &str, &[(&'static str, String)]),
    ) -> reqwest::Result<(u16, Value)> {
        let mut call = self.http.request(method.clone(), format!("{}{path}", self.url));
        for (name, value) in headers {
            call = call.header(*name, value);
        }
        if let Some(token) = self.tokens.get(person) {
            call = call.bearer_auth(token);
        }
        call = match body {
            Value::Null => call.header("content-length", "0"),
            body => call.json(body),
        };
        let answer = call.send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        let text = || Value::from(String::from_utf8_lossy(&bytes));
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
    }

    /// Whether a list of orders can be had.
    pub(super) async fn may_list(&self) -> bool {
        let listed = self.try_send(BUYERS[0], &Value::Null, (&Method::GET, "/api/orders?limit=1", &[])).await;
        listed.is_ok_and(|(status, _)| status == 200)
    }

    /// Puts the products that operations name.
    pub(super) async fn stock(&self) -> anyhow::Result<()> {
        for (sku, price) in PRODUCTS {
            let product = json!({"name": sku, "currency": "EUR", "unitPrice": price});
            self.put(&format!("/api/products/{sku}"), &product).await?;
        }
        Ok(())
    }

    /// Asks again while the database is being made.
    async fn put(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            match self.try_send(ADMIN, body, (&Method::PUT, path, &[])).await? {
                (201, _) => return Ok(()),
                (503, _) => tokio::time::sleep(Duration::from_millis(100)).await,
                (status, body) => anyhow::bail!("{path} was answered {status}: {body}"),
            }
        }
        anyhow::bail!("{path} was answered 503 again and again: the database does not come up")
    }
}

/// Sends a message. A message that is not there right afterwards may be lost, which only the host's own messages
/// survive; it may also be settled already, which looks the same.
fn put(queue: &str, body: &Value, queues: &MemoryQueues) -> Outcome {
    let payload = payload(body);
    // Some senders write JSON as it is, others have a storage client that encodes.
    let is_plain = payload.starts_with('{') && payload.len().is_multiple_of(2);
    match queues.put(queue, if is_plain { payload } else { STANDARD.encode(payload) }) {
        Ok(id) if queue != FULFILMENT || queues.peek(queue).iter().any(|message| message.id == id) => {
            Outcome::Answered { status: 202, body: Value::Null }
        }
        Ok(_) => Outcome::Broken("it is not in its queue".to_owned()),
        Err(error) => Outcome::Broken(error.to_string()),
    }
}
