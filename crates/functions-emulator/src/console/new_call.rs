//! Requests as a caller outside the host would send them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use serde::Deserialize;

use super::{problem::Problem, users};
use crate::{
    body::{self, Body},
    host::Host,
    issuer::TokenOptions,
    traffic::{CallRecord, InvocationMode, RecordedMessage},
};

/// What to call, and as which user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewCall {
    method: String,
    /// With its query.
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// The body as base64, in place of `body`.
    body_base64: Option<String>,
    /// One of the users; none for an anonymous call.
    user: Option<String>,
    /// The name of an access key, as the overview lists it.
    key: Option<String>,
    /// Another mode than that of host.json.
    mode: Option<InvocationMode>,
    /// Whether the caller wants the answer's body as a whole, however long it takes.
    #[serde(default)]
    whole_body: bool,
}

impl NewCall {
    /// A GET without more.
    pub(super) fn get(path: String, user: Option<String>) -> Self {
        let method = Method::GET.to_string();
        Self {
            method,
            path,
            headers: Vec::new(),
            body: None,
            body_base64: None,
            user,
            key: None,
            mode: None,
            whole_body: false,
        }
    }

    /// Who makes it.
    pub(super) fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether the whole body of the answer is wanted.
    pub(super) fn wants_whole_body(&self) -> bool {
        self.whole_body
    }

    fn content(&self) -> Result<Bytes, Problem> {
        match (&self.body, &self.body_base64) {
            (Some(_), Some(_)) => Err(Problem::bad_request("send `body` or `bodyBase64`, not both")),
            (_, Some(base64)) => {
                let bytes = STANDARD.decode(base64);
                bytes.map(Bytes::from).map_err(|_| Problem::bad_request("`bodyBase64` must be base64"))
            }
            (text, None) => Ok(Bytes::from(text.clone().unwrap_or_default())),
        }
    }
}

/// The request that is wanted.
pub(super) fn request(host: &Host, wanted: &NewCall) -> Result<Request<Body>, Problem> {
    let content = wanted.content()?;
    let length = content.len();
    let mut request = Request::new(body::sized(content));
    set_target(&mut request, &wanted.method, &wanted.path)?;
    for (name, value) in &wanted.headers {
        add(&mut request, name, value)?;
    }
    let host_name = host.url().trim_start_matches("http://");
    set(&mut request, header::HOST, host_name)?;
    let takes_length = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if length > 0 || takes_length {
        set(&mut request, header::CONTENT_LENGTH, &length.to_string())?;
    }
    if let Some(user) = &wanted.user {
        sign_in(host, &mut request, user)?;
    }
    if let Some(key) = &wanted.key {
        let keys = host.options().keys.as_ref();
        let value = keys.and_then(|keys| keys.value(key));
        let value = value.ok_or_else(|| Problem::not_found(format!("no key is named {key:?}")))?;
        set(&mut request, HeaderName::from_static("x-functions-key"), value)?;
    }
    if let Some(mode) = wanted.mode {
        request.extensions_mut().insert(mode);
    }
    Ok(request)
}

/// A remembered call's request once more, with a new token where the console had signed somebody in; none where its body
/// is not there as a whole.
pub(super) fn again(
    host: &Host,
    entry: &CallRecord,
    sent: &RecordedMessage,
) -> Result<Option<Request<Body>>, Problem> {
    let Some(body) = sent.body.as_ref().and_then(|body| body.whole()) else { return Ok(None) };
    let (method, path) = sent.head.split_once(' ').unwrap_or_default();
    let mut request = Request::new(body::sized(body.to_vec()));
    set_target(&mut request, method, path)?;
    for (name, value) in &sent.headers {
        add(&mut request, name, value)?;
    }
    if let Some(user) = &entry.user {
        sign_in(host, &mut request, user)?;
    }
    if let Some(mode) = entry.mode {
        request.extensions_mut().insert(mode);
    }
    Ok(Some(request))
}

fn sign_in(host: &Host, request: &mut Request<Body>, user: &str) -> Result<(), Problem> {
    let token = users::issue_token(host, user, &TokenOptions::default())?;
    set(request, header::AUTHORIZATION, &format!("Bearer {token}"))
}

fn set_target(request: &mut Request<Body>, method: &str, path: &str) -> Result<(), Problem> {
    *request.method_mut() = Method::from_bytes(method.as_bytes())
        .map_err(|_| Problem::bad_request("this is no method of HTTP"))?;
    let uri = Uri::try_from(path).ok().filter(|uri| uri.authority().is_none() && path.starts_with('/'));
    *request.uri_mut() =
        uri.ok_or_else(|| Problem::bad_request("write a path that begins with / and holds no blanks"))?;
    Ok(())
}

fn add(request: &mut Request<Body>, name: &str, value: &str) -> Result<(), Problem> {
    let line = (HeaderName::try_from(name), HeaderValue::try_from(value));
    let (Ok(name), Ok(value)) = line else {
        return Err(Problem::bad_request(format!("the header {name:?} is none that HTTP allows")));
    };
    request.headers_mut().append(name, value);
    Ok(())
}

fn set(request: &mut Request<Body>, name: HeaderName, value: &str) -> Result<(), Problem> {
    let value = HeaderValue::try_from(value)
        .map_err(|_| Problem::bad_request(format!("the header {name} cannot have this value")))?;
    request.headers_mut().insert(name, value);
    Ok(())
}
