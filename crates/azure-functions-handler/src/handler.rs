//! The signatures that handlers may have, and their conversion to one: `http::Request` in, `http::Response` out.

use std::{any::TypeId, convert::Infallible, future::poll_fn, sync::Arc};

use axum_core::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{StatusCode, request::Parts};
use tower_service::Service;

use crate::{BodyError, Rejection};

/// A handler whose arguments and answer are no longer visible; it still needs the app's state.
pub(crate) type ErasedHandler<S> = Arc<dyn Fn(Request, S) -> BoxFuture<'static, Response> + Send + Sync>;

/// A function's handler: an `async fn` with at most eight arguments.
///
/// Each argument implements [`FromRequestParts`]; the last one may instead implement [`FromRequest`], which takes the
/// body. Its return type implements [`IntoResponse`]. Arguments are read from left to right, and the first one that
/// fails answers in the handler's place, so that an argument which authorises the caller belongs first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "this cannot be registered as a function",
    note = "a handler is an `async fn` with at most eight arguments"
)]
pub trait Handler<A>: Clone + Send + Sync + 'static {
    /// What the handler returns: its future.
    type Future;

    /// Calls the handler.
    fn call(&self, arguments: A) -> Self::Future;
}

/// The future of an `async fn`.
#[diagnostic::on_unimplemented(
    message = "a handler must be an `async fn`, but this one returns `{Self}` at once",
    label = "this function is not `async`",
    note = "write `async fn`"
)]
pub trait HandlerFuture: Future<Output = Self::Answer> {
    /// The type of the handler's answer.
    type Answer;
}

#[diagnostic::do_not_recommend]
impl<F: Future> HandlerFuture for F {
    type Answer = F::Output;
}

/// The types that a handler may answer with: everything that implements [`IntoResponse`].
#[diagnostic::on_unimplemented(
    message = "a handler cannot answer with `{Self}`",
    label = "`{Self}` is not an answer",
    note = "answers are what implements `IntoResponse`: `String`, `Json<T>`, a status, `Outputs`, `()`, a tuple of these, or a \
            `Result` whose two sides are answers"
)]
pub trait Answer {
    /// The answer as a response.
    fn into_answer(self) -> Response;
}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse> Answer for T {
    fn into_answer(self) -> Response {
        self.into_response()
    }
}

/// An argument of a handler, other than the last: everything that implements [`FromRequestParts`].
#[diagnostic::on_unimplemented(
    message = "a handler with the state `{S}` cannot take the argument `{Self}`",
    label = "`{Self}` cannot be an argument here",
    note = "arguments are `State`, `Path`, `Query`, `QueueMessage`, `TimerInfo`, `Metadata`, `Invocation` and other types that \
            implement `FromRequestParts`",
    note = "an argument that takes the body, as `Json` and `Bytes` do, must be the last one"
)]
pub trait Argument<S>: Sized {
    /// Reads the argument.
    fn from_parts(parts: &mut Parts, state: &S) -> impl Future<Output = Result<Self, Response>> + Send;
}

#[diagnostic::do_not_recommend]
impl<S: Send + Sync, T: FromRequestParts<S>> Argument<S> for T {
    async fn from_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        T::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)
    }
}

/// The last argument of a handler: everything that implements [`FromRequestParts`] or [`FromRequest`].
#[diagnostic::on_unimplemented(
    message = "a handler with the state `{S}` cannot take the argument `{Self}`",
    label = "`{Self}` cannot be an argument",
    note = "arguments are `State`, `Path`, `Query`, `Json`, `Bytes`, `QueueMessage`, `TimerInfo`, `TriggerData`, `Metadata`, \
            `Invocation` and other types that implement `FromRequestParts` or `FromRequest`"
)]
pub trait LastArgument<S, M>: Sized {
    /// Reads the argument.
    fn from_whole(request: Request, state: &S) -> impl Future<Output = Result<Self, Response>> + Send;
}

#[diagnostic::do_not_recommend]
impl<S: Send + Sync, M, T: FromRequest<S, M> + 'static> LastArgument<S, M> for T {
    async fn from_whole(request: Request, state: &S) -> Result<Self, Response> {
        let read = T::from_request(request, state).await;
        read.map_err(|rejection| into_rejection::<T>(rejection.into_response()))
    }
}

/// Replaces the response of axum-core to a body that cannot be read as `Bytes` or `String`, so that `on_error` sees it.
fn into_rejection<T: 'static>(response: Response) -> Response {
    let argument = TypeId::of::<T>();
    let is_text = argument == TypeId::of::<String>();
    if !is_text && ![TypeId::of::<Bytes>(), TypeId::of::<BytesMut>()].contains(&argument) {
        return response;
    }
    let rejection = match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Rejection::Body(BodyError::TooLarge),
        _ if is_text => Rejection::Text,
        _ => Rejection::Body(BodyError::Interrupted),
    };
    rejection.into_response()
}

/// All arguments of a handler.
pub trait Arguments<S, M>: Sized {
    /// Reads them from left to right.
    fn from_request(request: Request, state: &S) -> impl Future<Output = Result<Self, Response>> + Send;
}

impl<S: Sync> Arguments<S, ()> for () {
    async fn from_request(_: Request, _: &S) -> Result<Self, Response> {
        Ok(())
    }
}

impl<F, U> Handler<()> for F
where
    F: Fn() -> U + Clone + Send + Sync + 'static,
{
    type Future = U;

    fn call(&self, (): ()) -> U {
        self()
    }
}

macro_rules! arities {
    ($(($($argument:ident)*) $last:ident;)+) => { $(
        impl<F, U, $($argument,)* $last> Handler<($($argument,)* $last,)> for F
        where
            F: Fn($($argument,)* $last) -> U + Clone + Send + Sync + 'static,
        {
            type Future = U;

            #[expect(non_snake_case, reason = "the variables are named as their types")]
            #[allow(clippy::allow_attributes, reason = "the macro makes it needed for some arities only")]
            fn call(&self, ($($argument,)* $last,): ($($argument,)* $last,)) -> U {
                self($($argument,)* $last)
            }
        }

        impl<S, M, $($argument,)* $last> Arguments<S, M> for ($($argument,)* $last,)
        where
            S: Send + Sync,
            $($argument: Argument<S> + Send,)*
            $last: LastArgument<S, M>,
        {
            #[expect(non_snake_case, reason = "the variables are named as their types")]
            async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
                #[allow(unused_mut, clippy::allow_attributes, reason = "one argument alone reads no parts")]
                let (mut parts, body) = request.into_parts();
                $(let $argument = $argument::from_parts(&mut parts, state).await?;)*
                let $last = $last::from_whole(Request::from_parts(parts, body), state).await?;
                Ok(($($argument,)* $last,))
            }
        }
    )+ };
}

arities! {
    () A1;
    (A1) A2;
    (A1 A2) A3;
    (A1 A2 A3) A4;
    (A1 A2 A3 A4) A5;
    (A1 A2 A3 A4 A5) A6;
    (A1 A2 A3 A4 A5 A6) A7;
    (A1 A2 A3 A4 A5 A6 A7) A8;
}

/// Forgets what a handler takes and answers with.
pub(crate) fn erase<H, A, M, S>(handler: H) -> ErasedHandler<S>
where
    H: Handler<A>,
    H::Future: HandlerFuture + Send + 'static,
    <H::Future as HandlerFuture>::Answer: Answer,
    A: Arguments<S, M> + Send,
    S: Send + Sync + 'static,
{
    Arc::new(move |request, state| {
        let handler = handler.clone();
        Box::pin(async move {
            match A::from_request(request, &state).await {
                Ok(arguments) => handler.call(arguments).await.into_answer(),
                Err(rejection) => rejection,
            }
        })
    })
}

/// Forgets which service answers. The service has its own state.
pub(crate) fn erase_service<V, S>(service: V) -> ErasedHandler<S>
where
    V: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
    V::Response: IntoResponse,
    V::Future: Send + 'static,
{
    Arc::new(move |request, _| Box::pin(call_service(service.clone(), request)))
}

/// Calls a service once it is ready.
pub(crate) async fn call_service<V>(mut service: V, request: Request) -> Response
where
    V: Service<Request, Error = Infallible>,
    V::Response: IntoResponse,
{
    let Ok(()) = poll_fn(|context| service.poll_ready(context)).await;
    let Ok(response) = service.call(request).await;
    response.into_response()
}
