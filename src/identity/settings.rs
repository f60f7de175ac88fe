//! Which callers a deployment lets in, and which authorities of certificates it trusts: docs/reference/identity.md.

use uuid::Uuid;

use super::authority::TokenAuthority;
use crate::rotation::CaSource;

/// Which callers this deployment lets in.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// `ORDERS_IDENTITY`: how callers are authenticated.
    pub mode: IdentityMode,
    /// `ORDERS_ENTRA_TENANT_ID`: the only tenant whose people and programs are let in. Without it, on a developer's
    /// machine, users of any tenant are accepted, and their roles reach only the orders of their own tenant.
    pub tenant: Option<Uuid>,
    /// `ORDERS_ENTRA_ALLOWED_CLIENTS`: client ids that may call on a user's behalf; any when none.
    pub allowed_clients: Option<Vec<Uuid>>,
    /// `ORDERS_REQUIRED_SCOPE`: compared exactly.
    pub required_scope: String,
}

/// How callers are authenticated.
#[derive(Clone, Debug)]
pub enum IdentityMode {
    /// The platform's header alone.
    EasyAuth {
        /// `ORDERS_ENTRA_AUDIENCE`: the required claim `aud` of the principal; not checked when none.
        audience: Option<String>,
    },
    /// The token alone.
    Jwt(TokenSettings),
    /// Both, and they have to agree.
    EasyAuthAndJwt(TokenSettings),
}

/// Which tokens are accepted.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `ORDERS_ENTRA_TENANT_ID`: whose tokens.
    pub tenant: Uuid,
    /// `ORDERS_ENTRA_AUDIENCE`: the required claim `aud`.
    pub audience: String,
    /// `ORDERS_ENTRA_AUTHORITY`: who issues them.
    pub authority: TokenAuthority,
}

/// Which certificates are believed, and whose they are.
#[derive(Clone, Debug)]
pub struct CertificateSettings {
    /// `ORDERS_CLIENT_CERTIFICATE_CA`: who alone may vouch for callers, with the revocation lists that count.
    pub authority: CaSource,
    /// `ORDERS_CLIENT_CERTIFICATE_ALLOWED`; a client may be there more than once.
    pub allowed: Vec<AllowedCertificate>,
}

/// A client and a name that its certificate may carry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AllowedCertificate {
    /// The client id of the token.
    pub client: Uuid,
    /// The name of the certificate.
    pub name: CertificateName,
}

/// A subject alternative name, compared as a whole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CertificateName {
    /// A DNS name, in lower case.
    Dns(String),
    /// A URI, compared byte by byte.
    Uri(String),
}
