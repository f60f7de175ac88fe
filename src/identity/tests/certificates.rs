//! The list of `docs/reference/identity.md#certificate-checks`: each attack with the status that its caller sees.

use std::time::{Duration, SystemTime};

use chrono::Utc;
use test_servers::{Authority, Issued, Leaf};

use super::*;
use crate::{
    identity::{
        AllowedCertificate, AuthenticationError, CertificateName, CertificateSettings, ClientCertificate,
    },
    policy::QueueOrder,
    problem::Problem,
};

mod chain;
mod form;
mod pairing;
mod revocation;
mod rotation;

const DAY: Duration = Duration::from_hours(24);
const HEADER: &str = "x-arr-clientcert";
const DNS_NAME: &str = "partner.example";
const URI: &str = "spiffe://example/partner";

/// When all of this happens.
fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000, 0).unwrap()
}

/// The partner's certificate, right in everything, valid a day before noon and a month after.
fn partner() -> Leaf {
    let noon = SystemTime::from(noon());
    Leaf { from: noon - DAY, until: noon + 30 * DAY, ..Leaf::client(&[DNS_NAME]) }
}

/// A deployment that believes those who stand in this PEM text.
fn believing(pem: &str) -> Identity {
    let pair = |name| AllowedCertificate { client: CLIENT, name };
    let allowed = vec![pair(CertificateName::Dns(DNS_NAME.into())), pair(CertificateName::Uri(URI.into()))];
    let settings = CertificateSettings { authority: pem.parse().unwrap(), allowed };
    Identity::new(super::settings()).unwrap().with_certificates(settings, None)
}

/// What the platform makes of a certificate: base64 of its DER, in one line.
fn header(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// A program that may process, with these certificates.
fn program_with(values: &[&str]) -> HeaderMap {
    let mut headers = headers(&with(program(), &[("roles", "OrderProcessor")]));
    for value in values {
        append(&mut headers, HEADER, value);
    }
    headers
}

fn ask_with(identity: &Identity, headers: &HeaderMap) -> Result<Caller, AuthenticationError> {
    identity.authenticate(headers, noon()).now_or_never().expect("no server is asked")
}

fn status(problem: &Problem) -> u16 {
    problem.status().as_u16()
}

/// The status and the reason with which a processing program is refused that shows these; 202 when it is not.
fn shown(identity: &Identity, values: &[&str]) -> (u16, &'static str) {
    match ask_with(identity, &program_with(values)) {
        Err(refused) => (status(&refused.into()), refused.reason()),
        Ok(caller) => match caller.permit::<QueueOrder>() {
            Ok(_) => (202, "ok"),
            Err(denied) => (status(&denied.into()), "denied"),
        },
    }
}

/// As [`shown`], for one certificate.
fn shown_one(identity: &Identity, issued: &Issued) -> (u16, &'static str) {
    shown(identity, &[&header(&issued.certificate)])
}
