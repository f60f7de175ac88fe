//! The fulfilment backend of the app, so that its traces lead as far.

use std::fs;

use anyhow::Context as _;
use tempfile::TempDir;
use test_servers::{Authority, Backend, Leaf};

/// A backend that accepts every order.
pub(super) struct FulfilmentBackend {
    backend: Backend,
    folder: TempDir,
}

impl FulfilmentBackend {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the run")?;
        let (servers, clients) = (Authority::new("servers")?, Authority::new("clients")?);
        let own = clients.issue(&Leaf::client(&["worker.example"]))?;
        let files = [
            ("worker.pem", format!("{}{}", own.certificate, own.key)),
            ("ca.pem", servers.certificate().to_owned()),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(name), text).context("cannot keep a certificate")?;
        }
        let server = servers.issue(&Leaf::server(&["127.0.0.1"]))?;
        let backend = Backend::start(&server, clients.certificate()).await.context("no backend")?;
        Ok(Self { backend, folder })
    }

    /// Settings of an app that calls it.
    pub(super) fn settings(&self) -> [(String, String); 3] {
        let file = |name| self.folder.path().join(name).display().to_string();
        [
            ("ORDERS_FULFILMENT_URL", format!("https://127.0.0.1:{}", self.backend.port())),
            ("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", file("worker.pem")),
            ("ORDERS_FULFILMENT_CA", file("ca.pem")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}
