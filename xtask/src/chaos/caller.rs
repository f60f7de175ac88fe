//! The people who call one host.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use local_host::{
    clock::Clock,
    issuer::{Issuer, TokenOptions},
    people::People,
};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::{
    journal::Outcome,
    operations::{PRODUCTS, Request},
};

/// The one of `.local-host.json` who puts products.
const ADMIN: &str = "admin";

/// How often a product is put before the run is given up.
const TRIES: u32 = 50;

/// A client with the tokens of everybody.
pub(super) struct Callers {
    http: reqwest::Client,
    url: String,
    tokens: BTreeMap<String, String>,
}

impl Callers {
    pub(super) fn new(url: &str, state: &Path, people: &People) -> anyhow::Result<Self> {
        let issuer = Issuer::open(state, url, people)?;
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .context("cannot make an HTTP client")?;
        let token = |person| issuer.token(person, &TokenOptions::default(), Clock::system().now());
        let tokens = people.iter().map(|person| Ok((person.name.clone(), token(person)?)));
        Ok(Self { http, url: url.to_owned(), tokens: tokens.collect::<anyhow::Result<_>>()? })
    }

    /// Sends a request and takes whatever comes back.
    pub(super) async fn send(&self, request: &Request) -> Outcome {
        match self.try_send(request).await {
            Ok((status, body)) => Outcome::Answered { status, body },
            Err(error) => Outcome::Broken(format!("{:#}", anyhow::Error::from(error))),
        }
    }

    async fn try_send(&self, request: &Request) -> reqwest::Result<(u16, Value)> {
        let mut call = self.http.request(request.method.clone(), format!("{}{}", self.url, request.path));
        if let Some(token) = self.tokens.get(request.person) {
            call = call.bearer_auth(token);
        }
        call = match &request.body {
            Value::Null => call.header("content-length", "0"),
            body => call.json(body),
        };
        let answer = call.send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        let text = || Value::from(String::from_utf8_lossy(&bytes));
        Ok((status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text())))
    }

    /// Puts the products that operations name.
    pub(super) async fn stock(&self) -> anyhow::Result<()> {
        for (sku, price) in PRODUCTS {
            let request = Request {
                person: ADMIN,
                method: reqwest::Method::PUT,
                path: format!("/api/products/{sku}"),
                body: json!({"name": sku, "currency": "EUR", "unitPrice": price}),
                reference: None,
                order: None,
            };
            self.put(&request).await?;
        }
        Ok(())
    }

    /// Asks again while the database is being made.
    async fn put(&self, request: &Request) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            match self.send(request).await {
                Outcome::Answered { status: 201, .. } => return Ok(()),
                Outcome::Answered { status: 503, .. } => tokio::time::sleep(Duration::from_millis(100)).await,
                other => anyhow::bail!("{} was answered {other:?}", request.path),
            }
        }
        anyhow::bail!("{} was answered 503 again and again: the database does not come up", request.path)
    }
}
