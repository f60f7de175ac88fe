//! Who calls in the story, and what came back.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use functions_emulator::{issuer::TokenOptions, users::Users};
use project::Project;
use regex::Regex;
use reqwest::{Client, Method, redirect::Policy};
use serde_json::Value;

use crate::token;

/// Headers whose values `docs/reference/api.md#response-headers` fixes.
const FIXED: [&str; 7] = [
    "content-type",
    "cache-control",
    "etag",
    "location",
    "idempotency-replayed",
    "www-authenticate",
    "x-content-type-options",
];

/// What differs from run to run: ids and times.
const VARYING: &str = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9-]{10}T[0-9:.]+Z";

/// One answer, without what differs from run to run.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Answer {
    call: String,
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// A header whose value is fixed.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// One call of the story.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// A user of the app; empty for an anonymous call.
    pub(super) who: &'a str,
    /// Method and path.
    pub(super) what: &'a str,
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Value>,
}

/// The users with their tokens, and the answers until now.
pub(super) struct Caller {
    url: String,
    client: Client,
    tokens: BTreeMap<String, String>,
    varying: Regex,
    answers: Vec<Answer>,
}

impl Caller {
    /// For the app at `url`, with tokens of the issuer at `issuer`.
    pub(super) fn new(project: &Project, issuer: &str, users: &Users, url: &str) -> anyhow::Result<Self> {
        let token = |name: &str| token::issue(project, users, issuer, name, &TokenOptions::default());
        let tokens = users.iter().map(|user| Ok((user.name.clone(), token(&user.name)?)));
        Ok(Self {
            url: url.to_owned(),
            client: Client::builder().no_proxy().redirect(Policy::none()).build()?,
            tokens: tokens.collect::<anyhow::Result<_>>()?,
            varying: Regex::new(VARYING)?,
            answers: Vec::new(),
        })
    }

    /// Makes a call, which has to be answered with this status and, if it is refused, this problem; gives the body.
    pub(super) async fn expect(
        &mut self,
        call: Call<'_>,
        status: u16,
        problem: &str,
    ) -> anyhow::Result<Value> {
        let (answer, body) = self.send(call).await?;
        let told = body["type"].as_str().unwrap_or_default();
        let told = told.strip_prefix("urn:orders:problem:").unwrap_or(told);
        println!("  {} {told:<22} {}", answer.status, answer.call);
        ensure!(
            (answer.status, told) == (status, problem),
            "the story says {status} {problem}, but the answer was {answer:#?}"
        );
        self.answers.push(answer);
        Ok(body)
    }

    /// Makes a call that may be answered in any way.
    pub(super) async fn send(&self, call: Call<'_>) -> anyhow::Result<(Answer, Value)> {
        let Call { who, what, headers, body } = call;
        let (method, path) = what.split_once(' ').context("a call has a method and a path")?;
        let url = format!("{}{path}", self.url);
        let request = self.client.request(Method::from_bytes(method.as_bytes())?, url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = match body {
            Some(body) => request.json(body),
            None if method == "GET" => request,
            None => request.header("content-length", "0"),
        };
        let request = match self.tokens.get(who) {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.with_context(|| format!("{who}: {what} has no answer"))?;
        let masked = |text: &str| self.varying.replace_all(text, "…").into_owned();
        let value = |name: &'static str| Some((name, masked(answer.headers().get(name)?.to_str().ok()?)));
        let (status, headers) = (answer.status().as_u16(), FIXED.into_iter().filter_map(value).collect());
        let text = answer.text().await.with_context(|| format!("{who}: {what} has no whole answer"))?;
        let body = serde_json::from_str(&text).unwrap_or_default();
        let who = if who.is_empty() { "anonymous" } else { who };
        Ok((Answer { call: format!("{who}: {}", masked(what)), status, headers, body: masked(&text) }, body))
    }

    /// The last answer.
    pub(super) fn last(&self) -> Option<&Answer> {
        self.answers.last()
    }

    pub(super) fn into_answers(self) -> Vec<Answer> {
        self.answers
    }
}
