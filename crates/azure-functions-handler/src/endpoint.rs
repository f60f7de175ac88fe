//! A handler with its state.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use axum_core::{extract::Request, response::Response};
use futures_util::future::BoxFuture;

use crate::{
    function::{Function, Kind},
    trigger::OutputBinding,
};

/// A function with its state.
pub(crate) struct BoundFunction {
    pub(crate) name: &'static str,
    pub(crate) binding: &'static str,
    pub(crate) kind: Kind,
    pub(crate) outputs: Vec<OutputBinding>,
    /// Whether the host leads requests to it by its route.
    pub(crate) is_routed: bool,
    pub(crate) endpoint: Endpoint,
}

impl<S: Clone + Send + Sync + 'static, T> Function<S, T> {
    pub(crate) fn bind(&self, state: S, is_routed: bool) -> BoundFunction {
        let handler = Arc::clone(&self.handler);
        let endpoint = Endpoint(Arc::new(move |request| handler(request, state.clone())));
        let Self { name, binding, kind, outputs, .. } = self;
        BoundFunction { name, binding, kind: kind.clone(), outputs: outputs.clone(), is_routed, endpoint }
    }
}

/// A handler with its state: what a layer wraps.
#[derive(Clone)]
pub struct Endpoint(pub(crate) Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Endpoint")
    }
}

impl tower_service::Service<Request> for Endpoint {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = (self.0)(request);
        Box::pin(async { Ok(answer.await) })
    }
}
