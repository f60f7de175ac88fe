//! Who issues the tokens.

use reqwest::Url;
use uuid::Uuid;

use crate::https;

/// Entra's own authority, for every public tenant.
pub(crate) const ENTRA: &str = "https://login.microsoftonline.com";

/// An issuer of tokens in Entra's form: each tenant has a path below its address:
/// `docs/reference/identity.md#issuer-metadata-and-keys`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenAuthority(Url);

impl TokenAuthority {
    /// Parses the address of an issuer: `https`, or plain `http` on this machine; the caller decides whether to allow
    /// the latter.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        https::base_url(text).map(Self)
    }

    /// Whether it is called without TLS, which it is on this machine alone.
    #[must_use]
    pub fn is_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The claim `iss` in version 2.0 tokens of a tenant.
    #[must_use]
    pub fn issuer(&self, tenant: Uuid) -> String {
        format!("{}/{tenant}/v2.0", self.0.as_str().trim_end_matches('/'))
    }

    /// Where a tenant's metadata is found.
    #[must_use]
    pub fn metadata_url(&self, tenant: Uuid) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer(tenant))
    }

    /// An address of the same scheme, host and port, with nothing in it that could lead elsewhere.
    #[must_use]
    pub fn same_origin(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let ours = url.origin() == self.0.origin() && url.username().is_empty() && url.password().is_none();
        ours.then_some(url)
    }
}
