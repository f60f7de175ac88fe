//! A process with a store of its own, for tests of single functions.

use std::{path::PathBuf, sync::Arc};

use azure_functions_handler::{Concurrency, Invocation, TraceContext};
use chrono::TimeDelta;
use tempfile::TempDir;
use uuid::Uuid;

use super::{app_state::AppState, dead_letter_ceiling::DeadLetterCeiling};
use crate::{
    audit::Audit,
    clock::{Clock, RetentionClock},
    fulfilment::Backend,
    limits::{DeadLetterLimits, LIMITS},
    store::{self, Store},
};

/// A process, and the folder of its database.
pub(super) struct TestProcess {
    pub(super) app: Arc<AppState>,
    folder: TempDir,
}

impl TestProcess {
    pub(super) async fn new(dead_letters: DeadLetterLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let store =
            store::open(&format!("sqlite://{}", path.display()), 1, None, store::Pooler::None).unwrap();
        store.migrate().await.unwrap();
        let app = AppState {
            clock: Clock,
            retention_clock: RetentionClock::new(Clock.now(), Clock.instant()),
            identity: None,
            audit: Audit::default(),
            limiter: None,
            concurrency: Concurrency::new(LIMITS.concurrency),
            tenant: None,
            store: Arc::clone(&store) as Arc<dyn Store>,
            backend: Some(Backend::Stub),
            vault: None,
            secret_name: None,
            outbox_deadline: TimeDelta::minutes(2),
            openapi_document: None,
            health: store,
            dead_letter_ceiling: DeadLetterCeiling::new(dead_letters),
        };
        Self { app: Arc::new(app), folder }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join("orders.db")
    }
}

pub(super) fn invocation() -> Invocation {
    Invocation::new(Uuid::nil(), "Relay", TraceContext::random())
}
