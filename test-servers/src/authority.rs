//! Certificates for tests: an authority made on the spot, and what it signs, right or wrong on purpose.

use std::{net::IpAddr, time::SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::{Duration, OffsetDateTime};

/// Signs certificates with a key that only this value has.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What a certificate says of its holder; [`Leaf::server`] and [`Leaf::client`] are right in everything.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Its names: DNS names, and IP addresses in their usual form.
    pub names: Vec<String>,
    /// What its key may be used for.
    pub usages: Vec<ExtendedKeyUsagePurpose>,
    /// The first moment of its life.
    pub from: SystemTime,
    /// The last moment of its life.
    pub until: SystemTime,
}

/// A certificate and its private key.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PKCS#8 in PEM.
    pub key: String,
}

impl Leaf {
    /// A server of these names, good from yesterday for a month.
    #[must_use]
    pub fn server(names: &[&str]) -> Self {
        Self::new(names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client of these names, good from yesterday for a month.
    #[must_use]
    pub fn client(names: &[&str]) -> Self {
        Self::new(names, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn new(names: &[&str], usage: ExtendedKeyUsagePurpose) -> Self {
        let now = OffsetDateTime::now_utc();
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            usages: vec![usage],
            from: (now - Duration::days(1)).into(),
            until: (now + Duration::days(30)).into(),
        }
    }

    fn params(&self) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        let name = self.names.first().map_or("nobody", String::as_str);
        params.distinguished_name.push(DnType::CommonName, name);
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
    /// When a name is none, or the random source fails.
    pub fn self_signed(&self) -> Result<Issued, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = self.params()?.self_signed(&key)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

impl Authority {
    /// A root of this name.
    ///
    /// # Errors
    /// When the random source fails.
    pub fn new(name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    /// Its own certificate, PEM: what those who trust it hold.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.pem
    }

    /// A certificate signed by it, with a fresh key.
    ///
    /// # Errors
    /// When a name is none, or the random source fails.
    pub fn issue(&self, leaf: &Leaf) -> Result<Issued, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = leaf.params()?.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

fn alternative(name: &str) -> Result<SanType, rcgen::Error> {
    match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => Ok(SanType::DnsName(name.try_into()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_authority_issues_differs_from_what_signs_itself() {
        let authority = Authority::new("tests").unwrap();
        let leaf = Leaf::server(&["localhost", "127.0.0.1"]);
        let issued = authority.issue(&leaf).unwrap();
        assert!(issued.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(issued.key.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_ne!(issued.certificate, leaf.self_signed().unwrap().certificate);
    }
}
