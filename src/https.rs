//! The one place that makes HTTP clients: with limits, without redirects, and with no trusted roots but those that the
//! caller passes in.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder, Response, Url, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::CertificateDer};

use crate::pem::ClientIdentity;

/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an unused connection stays open. A failover that drops packets leaves idle connections that never answer;
/// each would cost a request its whole time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// The CA certificates that a server is verified with. Neither the environment nor the system's files can add to them.
#[derive(Clone, Debug)]
pub enum Roots {
    /// The public authorities that this binary was built with.
    Public,
    /// Trust these certificate authorities alone, in DER.
    Only(Vec<CertificateDer<'static>>),
}

/// Which schemes a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schemes {
    /// `https` alone.
    HttpsOnly,
    /// Plain `http` too: for a server on this machine.
    HttpsAndHttp,
}

/// A client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up with these certificates.
    #[error("cannot set up TLS: check the certificates")]
    Tls(#[source] rustls::Error),
    /// The client itself.
    #[error("cannot create an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// An answer's body cannot be had whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The body is longer than the limit.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The connection broke, or the body came too late.
    #[error("the connection closed before the answer was complete")]
    Interrupted(#[source] reqwest::Error),
}

/// A client that follows no redirect, uses no proxy, and stops after `timeout`, the answer's body included.
///
/// # Errors
/// When an authority is no certificate, or the client cannot be made.
pub fn client(roots: Roots, schemes: Schemes, timeout: Duration) -> Result<Client, ClientError> {
    client_builder(roots, schemes, timeout)?.build().map_err(ClientError::Client)
}

/// The builder behind [`client`], for tests that resolve a public name to their own machine.
///
/// # Errors
/// When an authority is no certificate.
pub fn client_builder(
    roots: Roots,
    schemes: Schemes,
    timeout: Duration,
) -> Result<ClientBuilder, ClientError> {
    Ok(with_limits(tls_config(roots, None)?, schemes, timeout))
}

/// Like [`client`], for `https` alone, with a client certificate.
///
/// # Errors
/// When an authority is no certificate, key and certificate do not belong together, or the client cannot be made.
pub fn mtls_client(roots: Roots, identity: ClientIdentity, timeout: Duration) -> Result<Client, ClientError> {
    let tls = tls_config(roots, Some(identity))?;
    with_limits(tls, Schemes::HttpsOnly, timeout).build().map_err(ClientError::Client)
}

/// Like [`client`], for HTTP/2 alone, with a client certificate where there is one.
///
/// # Errors
/// When an authority is no certificate, key and certificate do not belong together, or the client cannot be made.
#[cfg(feature = "otlp-grpc")]
pub fn http2_client(
    roots: Roots,
    identity: Option<ClientIdentity>,
    schemes: Schemes,
    timeout: Duration,
) -> Result<Client, ClientError> {
    let mut tls = tls_config(roots, identity)?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    with_limits(tls, schemes, timeout).http2_prior_knowledge().build().map_err(ClientError::Client)
}

fn tls_config(roots: Roots, identity: Option<ClientIdentity>) -> Result<ClientConfig, ClientError> {
    let config = || {
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(root_store(roots)?);
        match identity {
            Some(identity) => tls.with_client_auth_cert(identity.chain, identity.key),
            None => Ok(tls.with_no_client_auth()),
        }
    };
    config().map_err(ClientError::Tls)
}

fn with_limits(tls: ClientConfig, schemes: Schemes, timeout: Duration) -> ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(schemes == Schemes::HttpsOnly)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .timeout(timeout)
}

fn root_store(roots: Roots) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Public => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Roots::Only(authorities) => authorities.into_iter().try_for_each(|authority| store.add(authority))?,
    }
    Ok(store)
}

/// The whole body of an answer, of at most `max_bytes` bytes; reads no further than that.
///
/// # Errors
/// When it is longer, breaks off, or comes too late.
pub async fn read_body(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Interrupted)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(BodyError::TooLong(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// An address that paths can be appended to: `https`, or plain `http` on this machine, without a user, a query or a
/// fragment.
pub(crate) fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    (bare && is_safe).then_some(url)
}

#[cfg(test)]
mod tests {
    use axum::{Router, response::Redirect, routing::get};
    use tokio::net::TcpListener;

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(5);

    async fn server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/ten", get(async || "0123456789"))
            .route("/away", get(async || Redirect::temporary("/ten")));
        tokio::spawn(async { axum::serve(listener, routes).await });
        url
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        let (client, url) = (client(Roots::Public, Schemes::HttpsAndHttp, TIMEOUT).unwrap(), server().await);
        let get = async || client.get(format!("{url}/ten")).send().await.unwrap();
        assert_eq!(read_body(get().await, 10).await.unwrap(), b"0123456789");
        assert!(matches!(read_body(get().await, 9).await, Err(BodyError::TooLong(9))));
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_like_any_other() {
        let (client, url) = (client(Roots::Public, Schemes::HttpsAndHttp, TIMEOUT).unwrap(), server().await);
        assert_eq!(client.get(format!("{url}/away")).send().await.unwrap().status(), 307);
    }

    #[tokio::test]
    async fn plain_http_has_to_be_asked_for() {
        let (client, url) = (client(Roots::Public, Schemes::HttpsOnly, TIMEOUT).unwrap(), server().await);
        assert!(client.get(format!("{url}/ten")).send().await.is_err());
    }

    #[test]
    fn an_authority_that_is_no_certificate_is_refused() {
        let roots = Roots::Only(vec![CertificateDer::from(vec![1, 2, 3])]);
        assert!(matches!(client(roots, Schemes::HttpsOnly, TIMEOUT), Err(ClientError::Tls(_))));
    }
}
