//! When a certificate expires. The chain verifier does not return it, so it is read from the DER
//! ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).

use chrono::{DateTime, NaiveDateTime, Utc};

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The optional first member, `version`.
const VERSION: u8 = 0xa0;

/// The `notAfter` of a certificate; none if it cannot be parsed.
pub(super) fn not_after(certificate: &[u8]) -> Option<DateTime<Utc>> {
    let (signed, _) = der_value(certificate, SEQUENCE)?;
    let (mut fields, _) = der_value(signed, SEQUENCE)?;
    if let Some((_, rest)) = der_value(fields, VERSION) {
        fields = rest;
    }
    // Serial number, algorithm, issuer.
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, fields) = der_value(fields, tag)?;
    }
    let (validity, _) = der_value(fields, SEQUENCE)?;
    let (_, after) = parse_time(validity)?;
    parse_time(after).map(|(end, _)| end)
}

/// A time, and what follows it. Years of two digits are those from 1950 to 2049.
fn parse_time(bytes: &[u8]) -> Option<(DateTime<Utc>, &[u8])> {
    let (digits, rest, century) = match der_value(bytes, UTC_TIME) {
        Some((digits, rest)) if digits.first()? >= &b'5' => (digits, rest, "19"),
        Some((digits, rest)) => (digits, rest, "20"),
        None => der_value(bytes, GENERALIZED_TIME).map(|(digits, rest)| (digits, rest, ""))?,
    };
    let text = format!("{century}{}", str::from_utf8(digits).ok()?);
    let time = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some((time.and_utc(), rest))
}

/// The contents of a DER value of this tag, and the bytes after it. Lengths have up to two bytes: certificates are
/// shorter.
fn der_value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = bytes.split_first()?;
    let (length, rest) = match rest {
        [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, one, rest @ ..] => (usize::from(*one), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;
    use test_servers::{Authority, Leaf};

    use super::*;
    use crate::pem;

    /// The DER of a client certificate that ends this many seconds after 1970.
    fn ending(seconds: u64) -> Vec<u8> {
        let until = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let leaf = Leaf { from: SystemTime::UNIX_EPOCH, until, ..Leaf::client(&["worker.example"]) };
        let issued = Authority::new("tests").unwrap().issue(&leaf).unwrap();
        pem::certificates(&issued.certificate).unwrap()[0].to_vec()
    }

    #[test]
    fn both_forms_of_time_are_read() {
        // 1998, 2027, the last second with two digits, the first with four, and the end that stands for none.
        for seconds in [900_000_000, 1_800_000_000, 2_524_607_999, 2_524_608_000, 253_402_300_799] {
            let end = not_after(&ending(seconds)).unwrap();
            assert_eq!(end.timestamp(), i64::try_from(seconds).unwrap(), "{end}");
        }
    }

    #[test]
    fn a_truncated_certificate_has_no_expiry() {
        let whole = ending(1_800_000_000);
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_cause_a_panic(bytes: Vec<u8>, position: prop::sample::Index, byte: u8) {
            not_after(&bytes);
            let mut certificate = ending(1_800_000_000);
            let position = position.index(certificate.len());
            certificate[position] = byte;
            not_after(&certificate);
        }
    }
}
