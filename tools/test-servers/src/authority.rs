//! Certificates for tests: a new certificate authority, and certificates that it signs, valid or invalid on purpose.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber,
};
use time::{Duration, OffsetDateTime};

/// Numbers the certificates of a process.
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// Signs certificates with a key that only this value has.
pub struct Authority {
    pem: String,
    serial: u64,
    issuer: Issuer<'static, KeyPair>,
}

/// The contents of a certificate to issue; those of [`Leaf::server`] and [`Leaf::client`] are valid in every respect.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The common name of its subject; `anonymous` when none.
    pub subject: Option<String>,
    /// The subject alternative names: DNS names, IP addresses in their usual form, and URIs.
    pub names: Vec<String>,
    /// Whether the certificate may sign others.
    pub is_authority: bool,
    /// What its key may be used for.
    pub usages: Vec<ExtendedKeyUsagePurpose>,
    /// The start of its validity.
    pub from: SystemTime,
    /// The end of its validity.
    pub until: SystemTime,
}

/// A certificate and its private key.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// The certificate's private key, PKCS#8 in PEM.
    pub key: String,
    /// Its serial number.
    pub serial: u64,
}

impl Leaf {
    /// A server certificate with these names, valid from yesterday for a month.
    #[must_use]
    pub fn server(names: &[&str]) -> Self {
        Self::new(names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client certificate with these names, valid from yesterday for a month.
    #[must_use]
    pub fn client(names: &[&str]) -> Self {
        Self::new(names, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn new(names: &[&str], usage: ExtendedKeyUsagePurpose) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            subject: names.first().map(|&name| name.to_owned()),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            is_authority: false,
            usages: vec![usage],
            from: (now - Duration::days(1)).into(),
            until: (now + Duration::days(30)).into(),
        }
    }

    fn params(&self, serial: u64) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.serial_number = Some(SerialNumber::from(serial));
        params.distinguished_name.push(DnType::CommonName, self.subject.as_deref().unwrap_or("anonymous"));
        if self.is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        params.subject_alt_names =
            self.names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
        params.extended_key_usages.clone_from(&self.usages);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (params.not_before, params.not_after) = (self.from.into(), self.until.into());
        Ok(params)
    }

    /// This certificate, signed by its own key.
    ///
    /// # Errors
    /// When a name is invalid, or the random source fails.
    pub fn self_signed(&self) -> Result<Issued, rcgen::Error> {
        let (key, serial) = (KeyPair::generate()?, next_serial());
        let certificate = self.params(serial)?.self_signed(&key)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), serial })
    }
}

impl Authority {
    /// A root certificate authority with this name.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let (key, serial) = (KeyPair::generate()?, next_serial());
        let params = Self::params(name, serial)?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { pem, serial, issuer: Issuer::new(params, key) })
    }

    /// An intermediate authority with this name, whose certificate this authority signs.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn subordinate(&self, name: &str) -> Result<Self, rcgen::Error> {
        let (key, serial) = (KeyPair::generate()?, next_serial());
        let params = Self::params(name, serial)?;
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Self { pem, serial, issuer: Issuer::new(params, key) })
    }

    fn params(name: &str, serial: u64) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.serial_number = Some(SerialNumber::from(serial));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }

    /// The serial number of the authority's own certificate.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The authority's certificate in PEM, for those who trust it.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// A certificate signed by it, with a fresh key.
    ///
    /// # Errors
    /// When a name is invalid, or the random source fails.
    pub fn issue(&self, leaf: &Leaf) -> Result<Issued, rcgen::Error> {
        let (key, serial) = (KeyPair::generate()?, next_serial());
        let certificate = leaf.params(serial)?.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), serial })
    }

    /// A revocation list (PEM) that revokes the certificates with these serial numbers and is valid from `from` until
    /// `until`.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn revocation_list(
        &self,
        serials: &[u64],
        from: SystemTime,
        until: SystemTime,
    ) -> Result<String, rcgen::Error> {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: from.into(),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: from.into(),
            next_update: until.into(),
            crl_number: SerialNumber::from(next_serial()),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer)?.pem()
    }
}

fn next_serial() -> u64 {
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

fn alternative(name: &str) -> Result<SanType, rcgen::Error> {
    match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) if name.contains(':') => Ok(SanType::URI(name.try_into()?)),
        Err(_) => Ok(SanType::DnsName(name.try_into()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issued_and_self_signed_certificates_differ() {
        let authority = Authority::new("tests").unwrap();
        let leaf = Leaf::server(&["localhost", "127.0.0.1"]);
        let issued = authority.issue(&leaf).unwrap();
        assert!(issued.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(issued.key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_ne!(issued.certificate, leaf.self_signed().unwrap().certificate);
    }
}
