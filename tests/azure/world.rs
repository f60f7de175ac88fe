//! A vault that is found under its public name, the identity endpoint of this process, and our client of both.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use orders_worker::{
    azure::ManagedIdentity,
    https::{self, Roots, Schemes},
    secret::SecretName,
    vault::{KeyVaultSecret, SecretProperties, Vault, VaultError},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use test_servers::{
    Authority, IdentityEndpoint, Issued, Leaf, TcpProxy, Vault as Server, VaultBehavior, VaultSecret,
};
use uuid::Uuid;

use crate::platform;

/// The name that the vault's certificate is for.
pub(crate) const HOST: &str = "tests.vault.azure.net";

pub(crate) struct World {
    pub(crate) endpoint: IdentityEndpoint,
    pub(crate) server: Server,
    pub(crate) vault: Vault,
}

impl World {
    /// A vault that holds `cup` and nothing else.
    pub(crate) async fn start() -> Self {
        let authority = Authority::new("tests").unwrap();
        let issued = authority.issue(&Leaf::server(&[HOST])).unwrap();
        Self::with(&authority, &issued, None).await
    }

    /// As [`Self::start`], with the user-assigned identity of this client id.
    pub(crate) async fn start_as(client_id: Uuid) -> Self {
        let authority = Authority::new("tests").unwrap();
        let issued = authority.issue(&Leaf::server(&[HOST])).unwrap();
        Self::with(&authority, &issued, Some(client_id)).await
    }

    pub(crate) async fn with(trusted: &Authority, shown: &Issued, client_id: Option<Uuid>) -> Self {
        let endpoint = IdentityEndpoint::start_at(platform::announced(), "token-1").unwrap();
        let server = Server::start(shown, "token-1").await.unwrap();
        server.state().secrets.insert("cup".to_owned(), VaultSecret::new("hunter2"));
        let vault = vault(trusted, server.address(), client_id);
        Self { endpoint, server, vault }
    }

    /// The vault of [`start`](Self::start), behind a proxy.
    pub(crate) async fn start_behind_proxy() -> (Self, TcpProxy) {
        let authority = Authority::new("tests").unwrap();
        let issued = authority.issue(&Leaf::server(&[HOST])).unwrap();
        let mut world = Self::with(&authority, &issued, None).await;
        let proxy = TcpProxy::start(world.server.address()).await.unwrap();
        world.vault = vault(&authority, (Ipv4Addr::LOCALHOST, proxy.port()).into(), None);
        (world, proxy)
    }

    pub(crate) async fn read(&self, name: &str) -> Result<KeyVaultSecret, VaultError> {
        self.vault.read(&name.parse::<SecretName>().unwrap()).await
    }

    pub(crate) async fn metadata(&self, name: &str) -> SecretProperties {
        self.read(name).await.unwrap().properties
    }

    pub(crate) fn put(&self, name: &str, change: impl FnOnce(&mut VaultSecret)) {
        let mut secret = VaultSecret::new("hunter2");
        change(&mut secret);
        self.server.state().secrets.insert(name.to_owned(), secret);
    }

    pub(crate) fn set_behavior(&self, behavior: VaultBehavior) {
        self.server.state().behavior = behavior;
    }

    pub(crate) fn request_count(&self) -> usize {
        self.server.state().requests
    }
}

fn vault(trusted: &Authority, address: SocketAddr, client_id: Option<Uuid>) -> Vault {
    let identity = ManagedIdentity::from_environment(client_id).unwrap();
    Vault::new(&format!("https://{HOST}/"), &identity, client(trusted, address)).unwrap()
}

/// An HTTP client that resolves the vault's public name to this address, and trusts only the vault's authority.
pub(crate) fn client(trusted: &Authority, address: SocketAddr) -> reqwest::Client {
    let root = CertificateDer::from_pem_slice(trusted.certificate().as_bytes()).unwrap();
    let client =
        https::client_builder(Roots::Only(vec![root]), Schemes::HttpsOnly, Duration::from_secs(6)).unwrap();
    client.resolve(HOST, address).build().unwrap()
}

/// This many minutes after a fixed time.
pub(crate) fn minute(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}
