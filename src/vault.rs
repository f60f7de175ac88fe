//! Azure Key Vault, as far as the worker needs it: one secret, read with the app's managed identity, on a developer's
//! machine with their own sign-in.

use std::{fmt::Display, sync::Arc, time::Duration};

use azure_core::{
    credentials::TokenCredential,
    error::{Error, ErrorKind},
    http::{StatusCode, headers::RETRY_AFTER},
};
use azure_functions_handler::Outage;
use azure_security_keyvault_secrets::{ResourceExt as _, SecretClient, SecretClientOptions, models};
use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::{
    azure::{self, AzureClientError, ManagedIdentity, client_options},
    https::{self, Roots, Schemes},
    limits::LIMITS,
    secret::{Secret, SecretName},
    telemetry::Event,
};

mod settings;

pub use settings::{VaultSettings, VaultSignIn};

/// How long a request to the vault may take, token and retries included: less than the deadline of an HTTP invocation.
const TIMEOUT: Duration = LIMITS.dependencies.vault_timeout;

/// The content type under which a vault keeps a certificate and its key as PKCS#12.
const PKCS12: &str = "application/x-pkcs12";

/// Why a vault does not give a secret. The Azure client's messages are not stored: they quote answers.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VaultError {
    /// The vault has no secret of this name.
    #[error("the vault has no such secret: check its name")]
    NotFound,
    /// It refuses.
    #[error(
        "the vault refuses: check that the secret is enabled, that the app's identity holds the role Key Vault \
         Secrets User, and that the vault's network lets the app in"
    )]
    Forbidden,
    /// The secret's time has not come, or is over.
    #[error("the secret is not valid now: check its activation and expiry dates")]
    NotValidNow,
    /// The secret is a certificate in a form that the worker does not read.
    #[error(
        "the certificate is kept as PKCS#12: give its policy the content type application/x-pem-file and issue a \
         new version"
    )]
    Pkcs12,
    /// The vault or the identity endpoint is unavailable, slow or throttling, or its certificate is not trusted.
    #[error("the vault does not answer")]
    Unavailable {
        /// How long the vault asks clients to wait before the next request.
        retry_after: Option<Duration>,
    },
}

/// A vault. Cloning shares its connections and tokens.
#[derive(Clone)]
pub struct Vault {
    client: Arc<SecretClient>,
    outage: Outage,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Vault").field(&self.client.endpoint().as_str()).finish()
    }
}

/// A version of a secret.
#[derive(Clone, Debug)]
pub struct KeyVaultSecret {
    /// Its properties.
    pub properties: SecretProperties,
    activates_at: Option<DateTime<Utc>>,
    value: Option<Secret>,
}

/// What a caller may know of a secret: `docs/reference/api.md#getsecretfromkeyvault`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretProperties {
    /// Its name.
    pub name: String,
    /// The version that was read.
    pub version: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// When the version was made.
    pub created_at: DateTime<Utc>,
    /// When the version was changed last.
    pub updated_at: DateTime<Utc>,
    /// When it expires, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// The content type that its owner set.
    pub content_type: Option<String>,
}

impl Vault {
    /// The vault of these settings; its TLS certificate must be signed by a public authority. Touches no network.
    ///
    /// # Errors
    /// When the clients cannot be made.
    pub fn from_settings(settings: &VaultSettings) -> Result<Self, AzureClientError> {
        let client = https::client(Roots::Public, Schemes::HttpsOnly, TIMEOUT)?;
        Ok(match settings.sign_in {
            VaultSignIn::ManagedIdentity { client_id } => {
                Self::new(&settings.url, &ManagedIdentity::from_environment(client_id)?, client)?
            }
            VaultSignIn::Developer => Self::with_developer_sign_in(&settings.url, client)?,
        })
    }

    /// The vault at `url`, asked by the developer who signed in to Azure CLI or Azure Developer CLI on this machine,
    /// through `client`. Starts no program before a secret is read.
    ///
    /// # Errors
    /// When `url` is not a valid URL.
    pub fn with_developer_sign_in(url: &str, client: reqwest::Client) -> Result<Self, Error> {
        Self::with_credential(azure::developer_credential()?, url, client)
    }

    /// The vault at `url` (`https://<name>.vault.azure.net`), asked by `identity` through `client`. Touches no network.
    ///
    /// # Errors
    /// When `url` is not a valid URL.
    pub fn new(url: &str, identity: &ManagedIdentity, client: reqwest::Client) -> Result<Self, Error> {
        Self::with_credential(identity.credential(), url, client)
    }

    fn with_credential(
        credential: Arc<dyn TokenCredential>,
        url: &str,
        client: reqwest::Client,
    ) -> Result<Self, Error> {
        let options =
            SecretClientOptions { client_options: client_options(client), ..SecretClientOptions::default() };
        let client = SecretClient::new(url, credential, Some(options))?;
        Ok(Self { client: Arc::new(client), outage: Outage::new("vault-request-failed") })
    }

    /// Reads the newest version of a secret, with any validity dates.
    ///
    /// # Errors
    /// [`VaultError`]; never later than after 6 seconds.
    pub async fn read(&self, name: &SecretName) -> Result<KeyVaultSecret, VaultError> {
        let reading = async { self.client.get_secret(name.as_str(), None).await?.into_model() };
        let read = timeout(TIMEOUT, reading).await.map(|answer| answer.map(KeyVaultSecret::from_model));
        let unavailable = VaultError::Unavailable { retry_after: None };
        let (kind, found): (&dyn Display, _) = match &read {
            Ok(Ok(Some(found))) => (&"", Ok(found.clone())),
            // The answer has neither version nor dates, so it is not from a vault.
            Ok(Ok(None)) => (&"an answer without version or dates", Err(unavailable)),
            Ok(Err(error)) => (error.kind(), Err(vault_error(error))),
            Err(late) => (late, Err(unavailable)),
        };
        self.log(kind, found.as_ref().err());
        found
    }

    /// Logs a refusal by its kind alone: each answer, and an outage once.
    fn log(&self, kind: &dyn Display, refusal: Option<&VaultError>) {
        match refusal {
            Some(VaultError::Unavailable { .. }) => {
                self.outage.failed(Some(kind), || Event::VaultRequestFailed { kind }.log());
            }
            Some(_) => {
                self.outage.worked();
                Event::VaultRequestFailed { kind }.log();
            }
            None => self.outage.worked(),
        }
    }
}

impl KeyVaultSecret {
    fn from_model(secret: models::Secret) -> Option<Self> {
        let id = secret.resource_id().ok()?;
        let attributes = secret.attributes?;
        let properties = SecretProperties {
            name: id.name,
            version: id.version?,
            enabled: attributes.enabled.unwrap_or(true),
            created_at: to_utc(attributes.created?)?,
            updated_at: to_utc(attributes.updated?)?,
            expires_at: attributes.expires.and_then(to_utc),
            content_type: secret.content_type,
        };
        let activates_at = attributes.not_before.and_then(to_utc);
        Some(Self { properties, activates_at, value: secret.value.map(Secret::new) })
    }

    /// The value, for use at `now`.
    ///
    /// # Errors
    /// When it is disabled, not valid at that time, or a certificate in a form that is no text.
    pub fn into_secret(self, now: DateTime<Utc>) -> Result<Secret, VaultError> {
        let over = self.properties.expires_at.is_some_and(|end| now >= end);
        let early = self.activates_at.is_some_and(|start| now < start);
        match self.properties.content_type.as_deref() {
            _ if !self.properties.enabled => Err(VaultError::Forbidden),
            _ if over || early => Err(VaultError::NotValidNow),
            Some(PKCS12) => Err(VaultError::Pkcs12),
            _ => self.value.ok_or(VaultError::NotFound),
        }
    }
}

fn to_utc(time: azure_core::time::OffsetDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.unix_timestamp(), 0)
}

/// What a failure means.
fn vault_error(error: &Error) -> VaultError {
    let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else {
        return VaultError::Unavailable { retry_after: None };
    };
    match status {
        StatusCode::NotFound => VaultError::NotFound,
        StatusCode::Forbidden => VaultError::Forbidden,
        _ => {
            let asked = raw_response.as_ref().and_then(|answer| answer.headers().get_str(&RETRY_AFTER).ok());
            let retry_after = asked.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            VaultError::Unavailable { retry_after }
        }
    }
}
