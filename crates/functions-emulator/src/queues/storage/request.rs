//! Signed requests of the Queue service REST API.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::connection::Account;

/// The version of the REST API that the requests are written for; it decides how they are signed.
const VERSION: &str = "2021-12-02";

/// What to ask for.
#[derive(Clone, Debug)]
pub(super) struct StorageRequest {
    pub(super) method: Method,
    /// Below the account, starting with `/`; names of queues and ids of messages need no escapes.
    pub(super) path: String,
    /// Decoded and sorted, as it is signed; names are lower case.
    query: BTreeMap<&'static str, String>,
    pub(super) body: Bytes,
}

impl StorageRequest {
    pub(super) fn new(method: Method, path: String) -> Self {
        Self { method, path, query: BTreeMap::new(), body: Bytes::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.insert(name, value.into());
        self
    }

    /// The request, signed with the account's key.
    pub(super) fn signed(&self, account: &Account, now: DateTime<Utc>) -> http::Result<Request<Full<Bytes>>> {
        let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let signature = hmac::sign(&account.key, self.to_sign(account, &date).as_bytes());
        let authorization = format!("SharedKey {}:{}", account.name, STANDARD.encode(signature));
        let mut authorization = HeaderValue::try_from(authorization)?;
        authorization.set_sensitive(true);
        Request::builder()
            .method(self.method.clone())
            .uri(self.url(account))
            .header("x-ms-date", date)
            .header("x-ms-version", VERSION)
            .header(header::AUTHORIZATION, authorization)
            .body(Full::new(self.body.clone()))
    }

    fn url(&self, account: &Account) -> String {
        let mut url = format!("http://{}{}{}", account.address, account.path, self.path);
        for (index, (name, value)) in self.query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        url
    }

    /// Method, eleven standard headers of which only the length can have a value, the `x-ms-` headers, the account
    /// with the path, and the sorted query, each on a line of its own.
    fn to_sign(&self, account: &Account, date: &str) -> String {
        let length = if self.body.is_empty() { String::new() } else { self.body.len().to_string() };
        let mut text = format!(
            "{}\n\n\n{length}\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{VERSION}\n/{}{}{}",
            self.method, account.name, account.path, self.path
        );
        for (name, value) in &self.query {
            text.extend(["\n", name, ":", value]);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_to_sign_has_every_part_in_its_place() {
        let account = "AccountName=one;AccountKey=a2V5;QueueEndpoint=http://127.0.0.1:4711/one";
        let account = Account::from_connection_string("WorkQueues", account).unwrap();
        let mut ask = StorageRequest::new(Method::PUT, "/jobs/messages/7".to_owned());
        ask = ask.with("visibilitytimeout", "30").with("popreceipt", "a+b/c==");
        ask.body = Bytes::from_static(b"text");
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let request = ask.signed(&account, now).unwrap();
        let url = "http://127.0.0.1:4711/one/jobs/messages/7?popreceipt=a%2Bb%2Fc%3D%3D&visibilitytimeout=30";
        assert_eq!(request.uri().to_string(), url);
        let date = "Mon, 02 Mar 2026 12:00:00 GMT";
        assert_eq!(request.headers()["x-ms-date"], date);
        let expected = format!(
            "PUT\n\n\n4\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{VERSION}\n\
             /one/one/jobs/messages/7\npopreceipt:a+b/c==\nvisibilitytimeout:30"
        );
        assert_eq!(ask.to_sign(&account, date), expected);
    }
}
