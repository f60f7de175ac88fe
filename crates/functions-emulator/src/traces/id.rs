//! Ids of traces and spans.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
    str::FromStr,
};

use crate::ids;

/// The id of a trace, never zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct TraceId(NonZeroU128);

/// The id of a span within its trace, never zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct SpanId(NonZeroU64);

/// Not an id: another length, another form, or all zeros.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the id of a trace or span")]
pub(crate) struct InvalidId;

impl SpanId {
    /// A new random id.
    pub(crate) fn random() -> Self {
        let (high, low) = ids::random().as_u64_pair();
        Self(NonZeroU64::new(high ^ low).unwrap_or(NonZeroU64::MIN))
    }
}

impl TryFrom<&[u8]> for TraceId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        let number = bytes.try_into().map(u128::from_be_bytes).map_err(|_| InvalidId)?;
        NonZeroU128::new(number).map(Self).ok_or(InvalidId)
    }
}

impl TryFrom<&[u8]> for SpanId {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        let number = bytes.try_into().map(u64::from_be_bytes).map_err(|_| InvalidId)?;
        NonZeroU64::new(number).map(Self).ok_or(InvalidId)
    }
}

impl FromStr for TraceId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = hexadecimal(text, 32)?;
        u128::from_str_radix(digits, 16).ok().and_then(NonZeroU128::new).map(Self).ok_or(InvalidId)
    }
}

impl FromStr for SpanId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = hexadecimal(text, 16)?;
        u64::from_str_radix(digits, 16).ok().and_then(NonZeroU64::new).map(Self).ok_or(InvalidId)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

fn hexadecimal(text: &str, length: usize) -> Result<&str, InvalidId> {
    let fits = text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text) } else { Err(InvalidId) }
}

/// The span that a caller names in `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TraceParent {
    /// The caller's trace.
    pub(crate) trace: TraceId,
    /// The caller's span.
    pub(crate) span: SpanId,
}

impl FromStr for TraceParent {
    type Err = InvalidId;

    fn from_str(header: &str) -> Result<Self, InvalidId> {
        let mut parts = header.split('-');
        let (Some(version), Some(trace), Some(span), Some(_)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidId);
        };
        hexadecimal(version, 2)?;
        Ok(Self { trace: trace.parse()?, span: span.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_names_trace_and_span() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let TraceParent { trace, span } = text.parse().expect("both ids");
        assert_eq!(format!("00-{trace}-{span}-01"), text);
    }

    #[test]
    fn what_is_no_traceparent_names_nothing() {
        for wrong in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(InvalidId), "{wrong}");
        }
    }
}
