//! The issuer alone, for an app that another host serves.

use std::convert::Infallible;

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinHandle};

use super::Issuer;
use crate::{body::status_only, listener::Body, loopback_guard};

/// A served issuer; dropping it ends it.
#[derive(Debug)]
pub struct IssuerServer(JoinHandle<()>);

impl IssuerServer {
    /// Serves metadata and key set of an issuer to programs of this machine, and not to what a page of another origin
    /// sends. Tokens name the issuer's URL, so its port is bound first.
    #[must_use]
    pub fn start(issuer: Issuer, listener: TcpListener) -> Self {
        Self(tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let issuer = issuer.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = answer(&issuer, &request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        }))
    }
}

impl Drop for IssuerServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn answer(issuer: &Issuer, request: &Request<Incoming>) -> Response<Body> {
    let answer = loopback_guard::refuse(request).or_else(|| issuer.answer(request));
    answer.unwrap_or_else(|| status_only(StatusCode::NOT_FOUND))
}
