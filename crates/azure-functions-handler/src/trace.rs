//! The trace that a request or a message belongs to.

use std::{fmt, str::FromStr};

use http::HeaderMap;
use uuid::Uuid;

use crate::{headers::single_header, ids::random};

/// The longest `tracestate` that is passed on, in bytes.
const MAX_STATE_BYTES: usize = 512;
/// The most members of a `tracestate`.
const MAX_STATE_MEMBERS: usize = 32;
/// The flag of a trace that the span's service exports.
const SAMPLED: u8 = 0x01;
/// The flag of a trace whose id is random (Trace Context Level 2): true for the whole trace.
const RANDOM: u8 = 0x02;

/// A well-formed `traceparent` of [W3C Trace Context](https://www.w3.org/TR/trace-context/#traceparent-header). A
/// `traceparent` of a later version is read as the specification asks for: by the fields of version 00.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceContext {
    parent: String,
    state: Option<Box<str>>,
}

/// The text is no `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
pub struct TraceContextError;

impl TraceContext {
    /// A new trace, which is not sampled.
    #[must_use]
    pub fn random() -> Self {
        // The fixed bits of a random UUID come to lie in the upper half: samplers compare the lower one with their ratio.
        let id = Uuid::from_u128(random().as_u128().rotate_left(32));
        Self::from_parent(format!("00-{}-{}-00", id.simple(), new_span_id()))
    }

    /// The one well-formed `traceparent` of these headers, if there is one, with their `tracestate`. Baggage is a caller's
    /// text and not read.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let trace: Self = single_header(headers, "traceparent").ok()??.to_str().ok()?.parse().ok()?;
        let mut members = headers.get_all("tracestate").iter();
        let Some(first) = members.next() else { return Some(trace) };
        let mut state = first.to_str().ok().map(str::to_owned);
        for more in members {
            state = state.zip(more.to_str().ok()).map(|(state, more)| format!("{state},{more}"));
        }
        Some(trace.with_state(state.as_deref()))
    }

    /// The same, with this `tracestate`; a text that is none counts as absent, as the specification asks for.
    #[must_use]
    pub fn with_state(self, state: Option<&str>) -> Self {
        Self { state: state.filter(|state| is_state(state)).map(Box::from), ..self }
    }

    /// Its `traceparent`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.parent
    }

    /// Its `tracestate`, if it has one.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Whether the service of the span exports it.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags() & SAMPLED != 0
    }

    /// The trace's id, 32 hexadecimal digits: the same in everything that one request led to.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.field(1)
    }

    /// The id of the span that led here, 16 hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> &str {
        self.field(2)
    }

    /// The same trace, continued by a new span, which is exported or not.
    #[must_use]
    pub fn continued(&self, sampled: bool) -> Self {
        self.with_span(&new_span_id(), sampled)
    }

    pub(crate) fn with_span(&self, span_id: &str, sampled: bool) -> Self {
        let flags = (self.flags() & RANDOM) | if sampled { SAMPLED } else { 0 };
        let parent = format!("00-{}-{span_id}-{flags:02x}", self.trace_id());
        Self { parent, state: self.state.clone() }
    }

    fn from_parent(parent: String) -> Self {
        Self { parent, state: None }
    }

    fn flags(&self) -> u8 {
        u8::from_str_radix(self.field(3), 16).unwrap_or_default()
    }

    fn field(&self, number: usize) -> &str {
        self.parent.split('-').nth(number).unwrap_or_default()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parent)
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        well_formed(text).then(|| Self::from_parent(text.to_owned())).ok_or(TraceContextError)
    }
}

fn new_span_id() -> String {
    random().simple().to_string()[16..].to_owned()
}

fn well_formed(text: &str) -> bool {
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.splitn(5, '-');
    let mut next = || parts.next().unwrap_or_default();
    let (version, trace, span, flags) = (next(), next(), next(), next());
    let known = hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2);
    let named = trace.bytes().any(|byte| byte != b'0') && span.bytes().any(|byte| byte != b'0');
    // Later versions may append fields; the bound keeps any message that carries one far below its limit.
    let rest = parts.next();
    let ends = match version {
        "ff" => false,
        "00" => rest.is_none(),
        _ => text.len() <= 512 && rest.is_none_or(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic())),
    };
    known && named && ends
}

/// Whether a text is a `tracestate`: members such as `vendor=value`, separated by commas.
fn is_state(text: &str) -> bool {
    let members: Vec<&str> = text.split(',').map(str::trim).filter(|member| !member.is_empty()).collect();
    text.len() <= MAX_STATE_BYTES
        && (1..=MAX_STATE_MEMBERS).contains(&members.len())
        && members.into_iter().all(is_state_member)
}

fn is_state_member(member: &str) -> bool {
    let Some((key, value)) = member.split_once('=') else { return false };
    let in_key = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    let starts = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let in_value = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    starts && key.bytes().all(in_key) && !value.is_empty() && value.bytes().all(in_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (http::HeaderName::from_static("traceparent"), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn versions_and_later_fields_are_read() {
        for good in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later",
        ] {
            let trace: TraceContext = good.parse().unwrap();
            assert_eq!(trace.as_str(), good);
            assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
            assert_eq!(trace.span_id(), "00f067aa0ba902b7");
            assert!(trace.is_sampled() && trace.continued(true).is_sampled(), "{good}");
            assert!(!trace.continued(false).is_sampled(), "{good}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-a\nb",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(TraceContextError), "{bad}");
        }
    }

    #[test]
    fn only_one_well_formed_traceparent_is_believed() {
        assert_eq!(TraceContext::of(&headers(&[GOOD])).unwrap().as_str(), GOOD);
        for values in [&[][..], &[GOOD, GOOD], &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"]] {
            assert_eq!(TraceContext::of(&headers(values)), None, "{values:?}");
        }
    }

    #[test]
    fn a_continued_trace_keeps_id_state_and_randomness() {
        let caller: TraceContext = GOOD.replace("-01", "-03").parse().unwrap();
        let own = caller.with_state(Some("vendor=value")).continued(false);
        assert_eq!((own.trace_id(), own.state()), (&GOOD[3..35], Some("vendor=value")));
        assert_ne!(own.span_id(), "b7ad6b7169203331");
        assert!(own.as_str().ends_with("-02"), "{own}");
    }

    #[test]
    fn every_header_of_state_counts_and_a_wrong_one_is_dropped() {
        let state = |values: &[&'static str]| {
            let mut headers = headers(&[GOOD]);
            headers.extend(
                values
                    .iter()
                    .map(|value| (http::HeaderName::from_static("tracestate"), value.parse().unwrap())),
            );
            TraceContext::of(&headers).unwrap().state().map(str::to_owned)
        };
        assert_eq!(state(&[]), None);
        assert_eq!(state(&["a=1, b@c=2"]).as_deref(), Some("a=1, b@c=2"));
        assert_eq!(state(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"));
        for wrong in ["", ",", "a", "a=", "A=1", "=1", "a=1=2", "a=1,b"] {
            assert_eq!(state(&[wrong]), None, "{wrong}");
        }
        let long = format!("a={}", "x".repeat(600));
        let trace: TraceContext = GOOD.parse().unwrap();
        assert_eq!(trace.clone().with_state(Some(&long)).state(), None);
        assert_eq!(trace.with_state(Some(&"a=1,".repeat(33))).state(), None);
    }

    #[test]
    fn baggage_is_not_read() {
        let mut headers = headers(&[GOOD]);
        headers.insert("baggage", "customer=7".parse().unwrap());
        let trace = TraceContext::of(&headers).unwrap();
        assert_eq!((trace.as_str(), trace.state()), (GOOD, None));
        assert!(!format!("{trace:?}").contains("customer"));
    }

    #[test]
    fn the_lower_half_of_a_new_trace_is_random() {
        let halves =
            (0..1000).map(|_| u64::from_str_radix(&TraceContext::random().trace_id()[16..], 16).unwrap());
        let (mut any, mut all) = (0, u64::MAX);
        halves.for_each(|half| (any, all) = (any | half, all & half));
        assert_eq!((any, all), (u64::MAX, 0), "no bit is fixed");
    }

    #[test]
    fn a_trace_of_its_own_is_well_formed_and_new() {
        let (one, other) = (TraceContext::random(), TraceContext::random());
        assert_eq!(one.as_str().parse(), Ok(one.clone()));
        assert_ne!(one.trace_id(), other.trace_id());
    }
}
