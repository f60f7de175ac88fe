//! Azure Functions in Rust, as a custom handler.
//!
//! Register async functions, serve them, test them in every invocation mode:
//!
//! ```no_run
//! use azure_functions_handler::{Functions, Path, get};
//!
//! async fn hello(Path(name): Path<String>) -> String {
//!     format!("Hello, {name}!")
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> std::process::ExitCode {
//! // With the state named here, the compiler names the argument that a handler cannot take.
//! Functions::<()>::new().http("Hello", get("hello/{name}"), hello).run(()).await
//! # }
//! ```
//!
//! # How an invocation reaches its handler
//!
//! The Functions host calls in one of two ways. A function that has one HTTP trigger and no output but its answer gets
//! the caller's real request, if host.json enables forwarding or proxying. Everything else is called with an envelope,
//! `POST /<Name>` with `{Data, Metadata}`. A handler sees an [`http::Request`] either way, through its arguments
//! ([`Handler`]), and its response is sent unchanged or put into an envelope. [`TestApp`] calls an app in each of
//! these ways without a host.
//!
//! # What ends an invocation
//!
//! | What happens | Handler | Outputs |
//! |---|---|---|
//! | The caller hangs up | runs to its end | are sent, if the host still waits: it does for envelopes |
//! | Its deadline passes ([`Limits`]) | is dropped at its next await; the caller gets 504, a message is delivered again | are not sent |
//! | It panics | is unwound; the caller gets 500, a message is delivered again | are not sent |
//! | The response cannot be sent | has ended; the caller gets 500, a message is delivered again | are not sent |
//! | An HTTP function answers with 4xx or 5xx | has ended; the host counts the invocation as succeeded | are sent |
//! | Another function answers with 4xx or 5xx | has ended; a message is delivered again | are not sent |
//! | SIGTERM, SIGINT, SIGHUP | runs to its end, within its deadline; new connections are refused after 0.1 s | are sent |
//!
//! The answers to a panic, a deadline and an answer that cannot be sent are made outside the layers
//! ([`FunctionApp::layer`]), which do not see them.
//!
//! A response body that is streamed continues after the handler has ended, without a deadline, and holds the
//! invocation's place among those that run. If it panics, the caller's connection breaks off, and the log has no line
//! of it beside that of the panic hook. If it does not end after a signal, it is cut off once every other invocation
//! must have ended ([`Limits::head_timeout`], the longest deadline, and five seconds). In an envelope, and with
//! [`FunctionApp::portable`], the body is read within the deadline, and its panic is the handler's.
//!
//! A handler that was dropped has done some of its work, and its message comes again: make handlers idempotent.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod app;
pub mod binding;
pub mod body;
mod concurrency;
mod connection;
mod deployment;
mod endpoint;
mod dispatch;
mod envelope;
mod environment;
mod error;
pub mod event;
mod function_json;
mod function;
mod functions;
mod guard;
mod handler;
mod headers;
mod ids;
mod input;
mod invocation;
mod json;
mod limits;
mod listener;
mod outage;
mod outcome;
mod outputs;
mod params;
mod registration;
mod response;
pub mod route;
mod run_to_end;
mod sampling;
mod server;
mod stderr;
mod testing;
mod trace;
mod trigger;

pub use axum_core;
pub use http;

pub use app::{FunctionApp, Service};
pub use body::{Body, BodyError};
pub use bytes::Bytes;
pub use concurrency::{CallerId, CallerLimitReached, Concurrency, ConcurrencyLimits, Refused, RequestSlot};
pub use deployment::DeploymentError;
pub use endpoint::Endpoint;
pub use environment::{ServeError, port_from_env, stop_signal};
pub use error::{Error, InvocationFailed, Rejection, ServerError, with_invocation};
pub use function_json::{FunctionJson, FunctionJsonError};
pub use functions::{Deployed, Functions, Registered};
pub use handler::{Answer, Argument, Arguments, Handler, HandlerFuture, LastArgument};
pub use headers::{RepeatedHeader, single_header};
pub use input::{
    CarriesOutputs, Logs, Metadata, Payload, QueueMessage, ScheduleStatus, Slot, State, TimerInfo,
    TriggerData,
};
pub use invocation::{Invocation, PARENT_SPAN_ID, SPAN_ID, SpanContext, TRACE_ID};
pub use json::Json;
pub use limits::Limits;
pub use listener::listen;
pub use outage::Outage;
pub use outputs::Outputs;
pub use params::{Path, Query, RawQuery};
pub use registration::{RegistrationError, RegistrationErrors};
pub use sampling::{ParentSpan, SpanSampler};
pub use testing::{InvocationMode, TestApp, TestOutcome, TestResponse};
pub use trace::{TraceContext, TraceContextError};
pub use trigger::{
    AuthLevel, Http, HttpTrigger, Other, OtherTrigger, OutputBinding, Queue, QueueTrigger, Timer,
    TimerTrigger, Trigger, any, delete, get, methods, other, other_output, patch, post, put, queue,
    queue_output, timer,
};
