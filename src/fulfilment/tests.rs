//! A real backend over real TLS, for the tests beside.

use std::{fs, path::PathBuf};

use azure_functions_handler::TraceContext;
use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use test_servers::{Authority, Issued, Leaf};
use uuid::Uuid;

use super::{Backend, FulfilmentError, FulfilmentSettings};
use crate::{
    orders::{LineDraft, Order, OrderDraft, OrderId, Owner, UnitPrice},
    rotation::SecretSource,
    store::Decision,
};

mod outcomes;
mod rotation;
mod silence;
mod trust;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// This many seconds after a fixed noon in the past.
fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_896_000, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn order() -> Order {
    let draft = OrderDraft {
        reference: "PO-17".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        lines: vec![LineDraft { sku: "CUP".parse().unwrap(), quantity: 6.try_into().unwrap() }],
        note: Some("ring twice".parse().unwrap()),
    };
    let owner = Owner { tenant: Uuid::from_u128(1), object: Uuid::from_u128(2) };
    draft.to_order(OrderId::new(at(0)), owner, &[UnitPrice::try_from(450).unwrap()], at(0)).unwrap()
}

/// Who vouches for the backend, who for the worker, and what each of the two shows.
struct Parties {
    servers: Authority,
    clients: Authority,
    folder: TempDir,
}

impl Parties {
    fn new() -> Self {
        Self {
            servers: Authority::new("servers").unwrap(),
            clients: Authority::new("clients").unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn server(&self) -> Issued {
        self.servers.issue(&Leaf::server(&["127.0.0.1"])).unwrap()
    }

    fn client(&self) -> Issued {
        self.clients.issue(&Leaf::client(&["worker.example"])).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("worker.pem")
    }

    /// What the worker will show from now on; never half of it.
    fn show(&self, issued: &Issued) {
        let fresh = self.folder.path().join("fresh.pem");
        fs::write(&fresh, format!("{}{}", issued.certificate, issued.key)).unwrap();
        fs::rename(fresh, self.file()).unwrap();
    }

    async fn backend(&self) -> test_servers::Backend {
        test_servers::Backend::start(&self.server(), self.clients.certificate()).await.unwrap()
    }

    fn settings(&self, port: u16) -> FulfilmentSettings {
        FulfilmentSettings {
            address: format!("https://127.0.0.1:{port}/v1/fulfilments").parse().unwrap(),
            certificate: SecretSource::File(self.file()),
            authority: Some(self.servers.certificate().parse().unwrap()),
        }
    }
}

async fn ask(settings: FulfilmentSettings) -> Result<Decision, FulfilmentError> {
    Backend::new(settings, None).submit(&order(), None, at(0)).await
}
