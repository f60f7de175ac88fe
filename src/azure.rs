//! How the worker calls Azure: as the app's managed identity, or on a developer's machine as the developer, through
//! HTTP clients with size and time limits.

use std::{fmt, sync::Arc, time::Duration};

use azure_core::{
    credentials::TokenCredential,
    error::{Error, ErrorKind},
    http::{ClientOptions, RetryOptions, Transport},
};
use azure_identity::{
    DeveloperToolsCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use chrono::{DateTime, Utc};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    https::{self, ClientError, Roots, Schemes},
    limits::LIMITS,
    secret::Secret,
};

mod transport;

use transport::{ReqwestTransport, ShortRetry};

/// How long a token may take, retries included; by default the Azure client would try for 81 seconds. See
/// `docs/reference/identity.md#managed-identity`.
const TIMEOUT: Duration = LIMITS.dependencies.identity_endpoint_timeout;

/// The app's managed identity, asked for at the platform's identity endpoint. Cloning shares its connections.
#[derive(Clone)]
pub struct ManagedIdentity {
    options: ManagedIdentityCredentialOptions,
    credential: Arc<ManagedIdentityCredential>,
}

impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ManagedIdentity").field(&self.options.user_assigned_id).finish()
    }
}

/// An access token and its expiry.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub secret: Secret,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// The app has no such identity.
    #[error(
        "the app does not have this managed identity: assign it, and name a user-assigned one in AZURE_CLIENT_ID"
    )]
    NotAssigned,
    /// The identity endpoint is unavailable, slow or failing.
    #[error("the platform's identity endpoint does not answer")]
    Unavailable,
}

/// A client of Azure cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum AzureClientError {
    /// The HTTP client could not be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The Azure client refuses what the platform or a setting says.
    #[error(
        "cannot create a client for Azure: check KeyVaultUrl, and that App Service set IDENTITY_ENDPOINT"
    )]
    Azure(#[from] Error),
}

impl ManagedIdentity {
    /// The identity of this process's app: the user-assigned one of this client id, else the system-assigned one.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_environment(user_assigned: Option<Uuid>) -> Result<Self, AzureClientError> {
        // The endpoint is on this machine and speaks plain http.
        let client = https::client(Roots::Public, Schemes::HttpsAndHttp, TIMEOUT)?;
        Ok(Self::new(user_assigned, client)?)
    }

    /// The user-assigned identity of this client id, else the system-assigned one. `client` is one that also speaks
    /// plain http, for the endpoint is on this machine. Reads `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` of the
    /// environment, which the caller has made sure are there; touches no network.
    ///
    /// # Errors
    /// When `IDENTITY_ENDPOINT` is no URL, or one of a platform that has no App Service identities.
    pub fn new(user_assigned: Option<Uuid>, client: reqwest::Client) -> Result<Self, Error> {
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: user_assigned.map(|id| UserAssignedId::ClientId(id.to_string())),
            client_options: client_options(client),
        };
        let credential = ManagedIdentityCredential::new(Some(options.clone()))?;
        Ok(Self { options, credential })
    }

    /// The credential for clients of the Azure SDK; it caches its tokens.
    pub(crate) fn credential(&self) -> Arc<dyn TokenCredential> {
        Arc::clone(&self.credential) as _
    }

    /// A new token for `scope`: cached tokens are ignored.
    ///
    /// # Errors
    /// [`TokenError`]; never later than after 4 seconds.
    pub async fn fresh_token(&self, scope: &str) -> Result<AccessToken, TokenError> {
        // Its own cache would return a token until five minutes before its end, and fail together with the endpoint.
        let uncached = ManagedIdentityCredential::new(Some(self.options.clone()));
        let uncached = uncached.map_err(|_| TokenError::Unavailable)?;
        let asked = timeout(TIMEOUT, uncached.get_token(&[scope], None)).await;
        let token = asked.map_err(|_| TokenError::Unavailable)?.map_err(|error| token_error(&error))?;
        let expires_at = DateTime::from_timestamp(token.expires_on.unix_timestamp(), 0);
        let expires_at = expires_at.ok_or(TokenError::Unavailable)?;
        Ok(AccessToken { secret: Secret::new(token.token.secret().to_owned()), expires_at })
    }
}

/// The developer who signed in to Azure CLI or Azure Developer CLI on this machine; which of the two, the first token
/// decides.
pub(crate) fn developer_credential() -> Result<Arc<dyn TokenCredential>, Error> {
    Ok(DeveloperToolsCredential::new(None)?)
}

/// The options of an Azure client that uses one of our HTTP clients, with few and short retries.
pub(crate) fn client_options(client: reqwest::Client) -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::custom(Arc::new(ShortRetry)),
        transport: Some(Transport::new(Arc::new(ReqwestTransport(client)))),
        ..ClientOptions::default()
    }
}

fn token_error(error: &Error) -> TokenError {
    let status = error.downcast_ref::<Error>().and_then(|cause| match cause.kind() {
        ErrorKind::HttpResponse { status, .. } => Some(u16::from(*status)),
        _ => None,
    });
    if status == Some(400) { TokenError::NotAssigned } else { TokenError::Unavailable }
}
