//! The events that the handler crate logs, and a macro with which an app declares a closed list of its own events.

use std::{error::Error, fmt::Display};

use tracing::{Level, Value, field::display};
use uuid::Uuid;

/// One kind of log line: its name never changes its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Stands in the line's field `event`.
    pub name: &'static str,
    /// How serious it is.
    pub level: Level,
    /// The line's message.
    pub message: &'static str,
    /// Its fields, beyond those of the invocation; one that has no value is left out.
    pub fields: &'static [&'static str],
}

/// A type that a field of an event can have. The only text is a constant, so that what a caller sent cannot be logged.
pub trait FieldValue {
    /// The field's value.
    fn value(&self) -> impl Value + '_;
}

macro_rules! field_values {
    ($($kind:ty: $value:ident => $output:expr;)+) => { $(
        impl FieldValue for $kind {
            fn value(&self) -> impl Value + '_ {
                let $value = self;
                $output
            }
        }
    )+ };
}

field_values! {
    &'static str: text => *text;
    u16: number => *number;
    u32: number => *number;
    u64: number => *number;
    i64: number => *number;
    bool: truth => *truth;
    Uuid: id => display(id);
    &(dyn Error + 'static): error => *error;
    &dyn Display: shown => display(*shown);
}

impl<T: FieldValue> FieldValue for Option<T> {
    fn value(&self) -> impl Value + '_ {
        self.as_ref().map(FieldValue::value)
    }
}

/// Declares an enum of events: each with its name, level, message and fields, and a way to log it.
#[macro_export]
macro_rules! events {
    (
        $(#[$doc:meta])*
        $visibility:vis enum $events:ident {
            $(
                $(#[$event_doc:meta])*
                $event:ident = $name:literal, $level:ident, $message:literal, { $($field:ident: $kind:ty),* $(,)? };
            )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        #[expect(missing_docs, reason = "fields say by their names what they hold")]
        $visibility enum $events<'a> {
            $($(#[$event_doc])* $event { $($field: $kind),* },)+
        }

        impl $events<'_> {
            /// Every kind that there is.
            pub const KINDS: &'static [$crate::event::Kind] = &[$(
                $crate::event::Kind {
                    name: $name,
                    level: tracing::Level::$level,
                    message: $message,
                    fields: &[$(stringify!($field)),*],
                },
            )+];

            /// Writes the line, within the current span.
            pub fn log(self) {
                match self {
                    $(Self::$event { $($field),* } => tracing::event!(
                        tracing::Level::$level,
                        event = $name,
                        $($field = $crate::event::FieldValue::value(&$field),)*
                        $message
                    ),)+
                }
            }
        }
    };
}

pub use crate::events;

/// The name of the last line of every invocation, from which a span exporter makes a span.
pub const INVOCATION_ENDED: &str = "invocation-ended";

events! {
    /// The events of the handler crate.
    pub enum Event {
        /// The last line of every invocation.
        InvocationEnded = "invocation-ended", INFO, "invocation ended",
            { trigger: &'static str, outcome: &'static str, status: u16, duration_ms: u64 };
        /// A request was refused because too many run. The last line of its invocation, in place of the other.
        RequestRefused = "request-refused", DEBUG, "a request was refused because too many are running",
            { trigger: &'static str, outcome: &'static str, status: u16, duration_ms: u64 };
        /// From now on requests are refused while this many run; each is counted and gets a 503, or its message waits.
        Overloaded = "overloaded", ERROR, "too many requests are running: requests are refused",
            { running: u64, reason: &'static str };
        /// Once a minute while calls of a dependency fail: how many failed since the line of the event `outage`.
        OutageContinues = "outage-continues", WARN, "an outage continues", {
            outage: &'static str, failed_calls: u64, duration_ms: u64, error: Option<&'a dyn Display>,
        };
        /// Once a minute in a process that had requests since the line before: the most that ran at once, the most of
        /// these without an identified caller, and how many were refused for which reason.
        RequestMetrics = "request-metrics", INFO, "metrics of requests", {
            running: u64, unidentified: u64, refused_running: u64, refused_unidentified: u64,
            refused_per_caller: u64, refused_rate: u64, refused_key_wait: u64, refused_slow_body: u64,
        };
        /// Calls work again that failed since the line of the event `outage`.
        OutageEnded = "outage-ended", WARN, "an outage ended",
            { outage: &'static str, failed_calls: u64, duration_ms: u64 };
        /// The head of a request is not HTTP, or too long. The caller got the status, if it could be sent; no function
        /// was called.
        RequestHeadInvalid = "request-head-invalid", WARN, "the head of a request cannot be read",
            { status: Option<u16> };
        /// New connections wait. At most once a minute; `count` is how often it happened since the line before.
        AcceptFailed = "accept-failed", ERROR, "a new connection cannot be accepted",
            { error: &'a (dyn Error + 'static), count: u64 };
        /// The host will try again, or move the message to the poison queue.
        InvocationFailed = "invocation-failed", WARN, "the invocation failed",
            { reason: &'static str, error: Option<&'a dyn Display> };
        /// A bug: the caller got a 500. Also if it is the app's words for an error that panicked.
        HandlerPanicked = "handler-panicked", ERROR, "the handler panicked", {};
        /// A bug: the handler has an argument that its trigger does not provide, or its answer is not valid JSON.
        HandlerInvalid = "handler-invalid", ERROR, "the handler takes or returns what this function cannot have",
            { error: &'a dyn Display };
        /// A bug: the caller got a 500.
        ResponseInvalid = "response-invalid", ERROR, "the handler's answer cannot travel",
            { error: &'a dyn Display, cause: Option<&'a dyn Display> };
    }
}
