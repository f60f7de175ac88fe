//! The trace that a request or a message belongs to.

use std::{fmt, str::FromStr};

use http::HeaderMap;

use crate::{headers::single_header, ids::random};

/// A well-formed `traceparent` of [W3C Trace Context](https://www.w3.org/TR/trace-context/#traceparent-header). A
/// `traceparent` of a later version is read as the specification asks for: by the fields of version 00.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TraceContext(String);

/// The text is no `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be a traceparent such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
pub struct TraceContextError;

impl TraceContext {
    /// A new trace, which is not sampled.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("00-{}-{}-00", random().simple(), new_span_id()))
    }

    /// The one well-formed `traceparent` of these headers, if there is one.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        single_header(headers, "traceparent").ok()??.to_str().ok()?.parse().ok()
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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

    /// The same trace, continued by a new span of this process.
    pub(crate) fn continued(&self) -> Self {
        Self(format!("00-{}-{}-{}", self.trace_id(), new_span_id(), self.field(3)))
    }

    fn field(&self, number: usize) -> &str {
        self.0.split('-').nth(number).unwrap_or_default()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        well_formed(text).then(|| Self(text.to_owned())).ok_or(TraceContextError)
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
            assert!(trace.continued().as_str().ends_with("-01"), "{good}");
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
    fn a_trace_of_its_own_is_well_formed_and_new() {
        let (one, other) = (TraceContext::random(), TraceContext::random());
        assert_eq!(one.as_str().parse(), Ok(one.clone()));
        assert_ne!(one.trace_id(), other.trace_id());
    }
}
