//! The one place that makes HTTP clients: bounded, without redirects, and with no trust but what is handed in.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::CertificateDer};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// Whose certificates prove who a server is. Neither the environment nor the system's files can add to them.
#[derive(Clone, Debug)]
pub enum Roots {
    /// The public authorities that this binary was built with.
    Public,
    /// These authorities alone, in DER.
    Only(Vec<CertificateDer<'static>>),
}

/// Which schemes a client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Schemes {
    /// `https` alone.
    Https,
    /// Plain `http` too: for a server on this machine.
    AlsoHttp,
}

/// A client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// TLS cannot be set up with these authorities.
    #[error("cannot set up TLS: check the certificates of the authorities")]
    Tls(#[source] rustls::Error),
    /// The client itself.
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// An answer's body cannot be had whole.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than it may be.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// It broke off or came too late.
    #[error("the answer broke off")]
    Broken(#[source] reqwest::Error),
}

/// A client that follows no redirect, asks no proxy, and gives up after `patience`, an answer's body included.
///
/// # Errors
/// When an authority is no certificate, or the client cannot be made.
pub fn client(roots: Roots, schemes: Schemes, patience: Duration) -> Result<Client, ClientError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(store(roots).map_err(ClientError::Tls)?)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(schemes == Schemes::Https)
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(CONNECT)
        .timeout(patience)
        .build()
        .map_err(ClientError::Client)
}

fn store(roots: Roots) -> Result<RootCertStore, rustls::Error> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Public => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Roots::Only(authorities) => authorities.into_iter().try_for_each(|authority| store.add(authority))?,
    }
    Ok(store)
}

/// The whole body of an answer, of at most `most` bytes; reads no further than that.
///
/// # Errors
/// When it is longer, breaks off, or comes too late.
pub async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(BodyError::TooLong(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
