//! Client certificates: accepted only where a front end checks that callers hold the private key.

use super::*;
use crate::identity::{AllowedCertificate, CertificateName};

const MODE: (&str, &str) = ("ORDERS_CLIENT_CERTIFICATE_MODE", "required");
const AUTHORITY: (&str, &str) = ("ORDERS_CLIENT_CERTIFICATE_CA", "/certificates/partners.pem");
const ALLOWED: (&str, &str) =
    ("ORDERS_CLIENT_CERTIFICATE_ALLOWED", "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example");
const CLIENT: &str = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02";

#[test]
fn certificates_are_not_looked_at_unless_they_are_asked_for() {
    assert!(read(&local(), HTTP).unwrap().certificates.is_none());
    assert!(read(&local_with(&[(MODE.0, "off")]), HTTP).unwrap().certificates.is_none());
    assert!(read(&local_with(&[MODE, AUTHORITY, ALLOWED]), HTTP).unwrap().certificates.is_some());
}

#[test]
fn a_mode_with_certificates_needs_allowed_names_and_authorities() {
    assert_eq!(settings_with_errors(&local_with(&[MODE]), HTTP), [ALLOWED.0, AUTHORITY.0]);
    assert_eq!(settings_with_errors(&local_with(&[MODE, AUTHORITY]), HTTP), [ALLOWED.0]);
    assert_eq!(settings_with_errors(&local_with(&[MODE, ALLOWED]), HTTP), [AUTHORITY.0]);
    assert_eq!(settings_with_errors(&local_with(&[MODE]), DATABASE_ONLY), [""; 0]);
    let kept = local_with(&[MODE, ALLOWED, (AUTHORITY.0, "keyvault:partners")]);
    assert!(error_message(&kept, HTTP).contains("set KeyVaultUrl"));
}

#[test]
fn certificate_settings_without_the_mode_stop_the_start() {
    for setting in [AUTHORITY, ALLOWED] {
        for environment in [local_with(&[setting]), local_with(&[(MODE.0, "off"), setting])] {
            assert!(
                error_message(&environment, HTTP)
                    .contains("ORDERS_CLIENT_CERTIFICATE_MODE is not `required`")
            );
        }
    }
}

#[test]
fn a_client_is_paired_with_names_of_its_certificate() {
    let pairs = concat!(
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=Partner.Example, ",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=spiffe://example/Partner?a=b"
    );
    let settings =
        read(&local_with(&[MODE, AUTHORITY, (ALLOWED.0, pairs)]), HTTP).unwrap().certificates.unwrap();
    let pair = |name| AllowedCertificate { client: CLIENT.parse().unwrap(), name };
    let dns = CertificateName::Dns("partner.example".to_owned());
    let uri = CertificateName::Uri("spiffe://example/Partner?a=b".to_owned());
    assert_eq!(settings.allowed, [pair(dns), pair(uri)]);
}

#[test]
fn an_invalid_certificate_pair_stops_the_start() {
    for pairs in [
        "partner.example",
        CLIENT,
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=*.example",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner..example",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=CN=partner",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=a b",
        "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02=partner.example,",
        "partner.example=9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02",
    ] {
        let environment = local_with(&[MODE, AUTHORITY, (ALLOWED.0, pairs)]);
        assert_eq!(settings_with_errors(&environment, HTTP), [ALLOWED.0]);
    }
}

/// A Function App whose front end asks for certificates, with these variables changed.
fn app(signals: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, &'static str> {
    let needed = [
        MODE,
        AUTHORITY,
        ALLOWED,
        ("ORDERS_DATABASE_URL", "postgres://db/orders?sslmode=verify-full"),
        ("ORDERS_ENTRA_ALLOWED_CLIENTS", CLIENT),
        ("ORDERS_ENTRA_TENANT_ID", CLIENT),
    ];
    let mut environment = azure_with(&needed);
    environment.extend(signals.iter().copied());
    environment
}

#[test]
fn client_certificates_need_a_checking_front_end_in_azure() {
    let instance = ("WEBSITE_INSTANCE_ID", "8f43");
    for signals in [&[instance][..], &[instance, ("WEBSITE_SKU", "PremiumV3")]] {
        assert_eq!(settings_with_errors(&app(signals), HTTP), [""; 0], "{signals:?}");
    }
    for signals in [
        &[][..],
        &[("WEBSITE_SKU", "PremiumV3")],
        &[instance, ("WEBSITE_SKU", "FlexConsumption")],
        &[instance, ("WEBSITE_SKU", "flexconsumption ")],
    ] {
        assert_eq!(settings_with_errors(&app(signals), HTTP), [MODE.0], "{signals:?}");
    }
}
