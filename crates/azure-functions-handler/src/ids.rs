//! Which invocation this is, and which trace it belongs to.

use http::HeaderMap;
use uuid::Uuid;

/// The header in which the host names an invocation.
pub(crate) const INVOCATION_ID: &str = "x-azure-functions-invocationid";

/// The invocation id of a request: what follows the last comma of the last value, for in forward mode the host
/// appends its own to a caller's; a new one if that is no UUID.
pub(crate) fn invocation_id(headers: &HeaderMap) -> Uuid {
    let last = headers.get_all(INVOCATION_ID).iter().next_back().and_then(|value| value.to_str().ok());
    let own = last.and_then(|value| value.rsplit(',').next()).map(str::trim);
    own.and_then(|text| Uuid::try_parse(text).ok()).unwrap_or_else(new_invocation_id)
}

/// The id of an invocation of which the host told none.
pub(crate) fn new_invocation_id() -> Uuid {
    chance()
}

/// The one well-formed `traceparent` of these headers, if there is one.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    value.to_str().ok().filter(|text| is_traceparent(text)).map(str::to_owned)
}

/// The id of the span that a well-formed `traceparent` names.
pub(crate) fn span_id(traceparent: &str) -> &str {
    traceparent.split('-').nth(2).unwrap_or_default()
}

/// The same trace, continued by a span of ours.
pub(crate) fn continued(traceparent: &str) -> String {
    let flags = traceparent.rsplit('-').next().unwrap_or_default();
    format!("00-{}-{}-{flags}", trace_id(traceparent), new_span_id())
}

fn new_span_id() -> String {
    chance().simple().to_string()[16..].to_owned()
}

/// A trace of our own, not sampled.
pub(crate) fn new_traceparent() -> String {
    format!("00-{}-{}-00", chance().simple(), new_span_id())
}

/// The trace id within a well-formed `traceparent`.
pub(crate) fn trace_id(traceparent: &str) -> &str {
    traceparent.split('-').nth(1).unwrap_or_default()
}

/// Whether this is a `traceparent` of W3C Trace Context, version 00.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, span, flags] = parts[..] else { return false };
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let something = |part: &str| part.bytes().any(|byte| byte != b'0');
    version == "00" && hex(trace, 32) && something(trace) && hex(span, 16) && something(span) && hex(flags, 2)
}

#[expect(clippy::disallowed_methods, reason = "an id that the host did not give has to come from somewhere")]
fn chance() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_forged_invocation_id_never_wins_over_the_hosts() {
        let own = "bce087f8-9028-436f-84ae-194897c7d588";
        let forged = "00000000-0000-0000-0000-000000000001";
        let joined = "00000000-0000-0000-0000-000000000001, bce087f8-9028-436f-84ae-194897c7d588";
        for values in [&[own][..], &[forged, own], &[joined], &["client-made", own], &[own, joined]] {
            assert_eq!(invocation_id(&headers(INVOCATION_ID, values)).to_string(), own, "{values:?}");
        }
    }

    #[test]
    fn an_invocation_without_a_usable_id_gets_one_of_its_own() {
        for values in [&[][..], &["client-made"], &["", ""], &["bce087f8-9028-436f-84ae-194897c7d588,"]] {
            let headers = headers(INVOCATION_ID, values);
            assert_ne!(invocation_id(&headers), invocation_id(&headers), "{values:?}");
        }
    }

    #[test]
    fn only_one_well_formed_traceparent_is_believed() {
        assert_eq!(traceparent(&headers("traceparent", &[GOOD])).as_deref(), Some(GOOD));
        for values in [
            &[][..],
            &[GOOD, GOOD],
            &["01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
            &["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"],
            &["00-00000000000000000000000000000000-b7ad6b7169203331-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"],
            &["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"],
        ] {
            assert_eq!(traceparent(&headers("traceparent", values)), None, "{values:?}");
        }
    }

    #[test]
    fn a_trace_of_our_own_is_well_formed_and_new() {
        let (one, other) = (new_traceparent(), new_traceparent());
        assert!(is_traceparent(&one) && is_traceparent(&other), "{one} {other}");
        assert_ne!(trace_id(&one), trace_id(&other));
    }
}
