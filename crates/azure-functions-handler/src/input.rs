//! The inputs of an invocation besides a request: messages, timers, the raw data of other triggers, and `Metadata`.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum_core::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{Invocation, Json, Rejection, RequestSlot, binding, envelope};

/// The app's state, or a part of it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct State<S>(pub S);

impl<A: Sync, S: FromRef<A>> FromRequestParts<A> for State<S> {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &A) -> Result<Self, Infallible> {
        Ok(Self(S::from_ref(state)))
    }
}

/// The envelope of an invocation, in which a value is looked for once a handler asks for it.
#[derive(Clone, Debug)]
pub(crate) struct TriggerInput {
    pub(crate) envelope: Bytes,
    pub(crate) binding: &'static str,
    pub(crate) is_timer: bool,
}

impl TriggerInput {
    /// JSON text of the trigger's value in `Data`, and of `Metadata`.
    fn members(parts: &Parts, what: &'static str) -> Result<(String, String), Rejection> {
        let Self { envelope, binding, .. } = parts.extensions.get().ok_or(Rejection::NotBound(what))?;
        envelope::members(envelope, binding).map_err(|_| Rejection::NotBound(what))
    }
}

/// A message of a storage queue.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct QueueMessage<T> {
    /// The contents of the message. `Bytes` are the exact ones, `String` is UTF-8, `Json<T>` is parsed.
    pub payload: T,
    /// Deliveries so far, as the host counts them. A payload that is a JSON object can overwrite it, so that it is good for
    /// logs and for no decision.
    pub dequeue_count: Option<u32>,
}

/// A type that a message's payload can be read as.
pub trait Payload: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// When the payload is something else; the error is logged, and must not contain the payload.
    fn from_bytes(bytes: Bytes) -> Result<Self, String>;
}

impl Payload for Bytes {
    fn from_bytes(bytes: Bytes) -> Result<Self, String> {
        Ok(bytes)
    }
}

impl Payload for String {
    fn from_bytes(bytes: Bytes) -> Result<Self, String> {
        Self::from_utf8(bytes.into()).map_err(|_| "it is not UTF-8".to_owned())
    }
}

impl<T: DeserializeOwned> Payload for Json<T> {
    fn from_bytes(bytes: Bytes) -> Result<Self, String> {
        let place = |error: serde_json::Error| {
            format!("it is not the JSON that is expected, at line {} column {}", error.line(), error.column())
        };
        serde_json::from_slice(&bytes).map(Json).map_err(place)
    }
}

/// The message that a queue function was started by.
#[derive(Clone, Debug)]
pub(crate) struct DeliveredMessage {
    pub(crate) payload: Bytes,
    pub(crate) dequeue_count: Option<u32>,
}

impl<S: Sync, T: Payload> FromRequestParts<S> for QueueMessage<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let DeliveredMessage { payload, dequeue_count } =
            parts.extensions.get().ok_or(Rejection::NotBound("QueueMessage"))?;
        let payload = T::from_bytes(payload.clone()).map_err(Rejection::Message)?;
        Ok(Self { payload, dequeue_count: *dequeue_count })
    }
}

/// A run of a timer.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct TimerInfo {
    /// Whether the host makes up for a run that it missed.
    #[serde(default)]
    pub is_past_due: bool,
    /// When the timer ran and will run; none for a timer that is not monitored.
    #[serde(default)]
    pub schedule_status: Option<ScheduleStatus>,
}

/// When a timer ran and will run, in ISO 8601.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// The last run; the year 0001 if there was none.
    pub last: String,
    /// The next run.
    pub next: String,
    /// When the host last stored this status.
    pub last_updated: String,
}

impl<S: Sync> FromRequestParts<S> for TimerInfo {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        if !parts.extensions.get().is_some_and(|input: &TriggerInput| input.is_timer) {
            return Err(Rejection::NotBound("TimerInfo"));
        }
        let text = unquoted(&TriggerInput::members(parts, "TimerInfo")?.0);
        serde_json::from_str(&text).map_err(|_| Rejection::NotBound("TimerInfo"))
    }
}

/// The trigger's value in `Data`, of whatever trigger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TriggerData {
    json: String,
}

impl TriggerData {
    /// Its JSON text, as the host sent it.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The bytes that were sent: decoded from Base64 with `dataType` binary, else the text.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        serde_json::from_str(&self.json).map_or_else(|_| Bytes::new(), binding::payload)
    }

    /// The value as a type of the app. A string that contains JSON is parsed.
    ///
    /// # Errors
    /// When it is something else. The error names the position, and does not contain what was sent, because it may be
    /// logged.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        let Json(value) = Payload::from_bytes(unquoted(&self.json).into()).map_err(Rejection::Message)?;
        Ok(value)
    }
}

impl<S: Sync> FromRequestParts<S> for TriggerData {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(Self { json: TriggerInput::members(parts, "TriggerData")?.0 })
    }
}

/// `Metadata` of an envelope, such as a message's id. An HTTP function that the host forwards to has none: take
/// `Option<Metadata>` where that may be.
///
/// The host adds the members of a payload that is a JSON object, and those overwrite its own: trust none of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metadata {
    json: String,
}

impl Metadata {
    /// Its JSON text, as the host sent it.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// A member's value as a type of the app. The host sends most values as JSON within a string; the JSON is parsed.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(&self.json).ok()?;
        let raw = members.get(name)?.get();
        serde_json::from_str(&unquoted(raw)).or_else(|_| serde_json::from_str(raw)).ok()
    }
}

impl<S: Sync> FromRequestParts<S> for Metadata {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(Self { json: TriggerInput::members(parts, "Metadata")?.1 })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Metadata {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(TriggerInput::members(parts, "Metadata").ok().map(|(_, json)| Self { json }))
    }
}

/// JSON text that is sent directly or within a string.
fn unquoted(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

/// Lines for the log of the Functions host, which shows them with the invocation at the level Information. They travel
/// in an envelope; an HTTP function that the host forwards to has none, and its lines are dropped.
#[derive(Clone, Debug, Default)]
pub struct Logs(Arc<Mutex<Vec<String>>>);

impl Logs {
    /// Adds a line.
    pub fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether outputs of this invocation reach their bindings. False when a function with outputs is called with the plain
/// request, which the Functions host does not do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CarriesOutputs(pub bool);

/// The invocation's place among the requests that run. Name the caller before doing anything that takes time.
#[derive(Clone, Debug)]
pub struct Slot(pub Arc<RequestSlot>);

macro_rules! from_extensions {
    ($($kind:ty),+) => { $(
        impl<S: Sync> FromRequestParts<S> for $kind {
            type Rejection = Rejection;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
                parts.extensions.get().cloned().ok_or(Rejection::NotBound(stringify!($kind)))
            }
        }
    )+ };
}

from_extensions!(CarriesOutputs, Invocation, Logs, Slot);
