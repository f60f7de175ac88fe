//! When a certificate expires. The chain verifier does not return it, so it is read from the certificate
//! ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).

use chrono::{DateTime, Utc};
use x509_cert::{Certificate, der::Decode as _};

/// The `notAfter` of a certificate; none if it cannot be parsed.
pub(super) fn not_after(certificate: &[u8]) -> Option<DateTime<Utc>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    Some(certificate.tbs_certificate().validity().not_after.to_system_time().into())
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
