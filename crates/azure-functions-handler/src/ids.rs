//! Which invocation this is.

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

/// The id of an invocation for which the host sent none.
pub(crate) fn new_invocation_id() -> Uuid {
    random()
}

/// A random id.
#[expect(clippy::disallowed_methods, reason = "an id that the host did not give has to come from somewhere")]
pub(crate) fn random() -> Uuid {
    Uuid::new_v4()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_hosts_invocation_id_wins() {
        let own = "bce087f8-9028-436f-84ae-194897c7d588";
        let forged = "00000000-0000-0000-0000-000000000001";
        let joined = "00000000-0000-0000-0000-000000000001, bce087f8-9028-436f-84ae-194897c7d588";
        for values in [&[own][..], &[forged, own], &[joined], &["client-made", own], &[own, joined]] {
            assert_eq!(invocation_id(&headers(INVOCATION_ID, values)).to_string(), own, "{values:?}");
        }
    }

    #[test]
    fn a_missing_invocation_id_is_generated() {
        for values in [&[][..], &["client-made"], &["", ""], &["bce087f8-9028-436f-84ae-194897c7d588,"]] {
            let headers = headers(INVOCATION_ID, values);
            assert_ne!(invocation_id(&headers), invocation_id(&headers), "{values:?}");
        }
    }
}
