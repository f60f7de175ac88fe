//! `Health`: `GET /api/health`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::App;
use crate::{
    host::{Answer, Call},
    problem::Problem,
    reply,
    store::Store,
    validation::Query,
};

/// How often the dependencies are asked.
const EVERY: Duration = Duration::from_secs(5);

/// What the dependencies answered when they were last asked.
#[derive(Clone, Debug, Default)]
pub struct Sampled(Arc<AtomicBool>);

impl Sampled {
    /// Asks the store now and then, for as long as the process lives.
    pub async fn keep_sampling(self, store: Arc<dyn Store>) {
        loop {
            self.0.store(store.ping().await.is_ok(), Ordering::Relaxed);
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Whether the dependencies answer.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Health")]
pub struct HealthView {
    status: HealthWord,
}

#[derive(JsonSchema, Serialize)]
#[schemars(inline)]
#[serde(rename_all = "lowercase")]
enum HealthWord {
    Ok,
    Degraded,
}

/// Says whether the dependencies answer, from the last sample: no I/O in the call, no identity, no versions.
///
/// # Errors
/// Every [`Problem`] that contract §3 names for it.
pub async fn health(app: &App, call: Call) -> Result<Answer, Problem> {
    Query::of(&call.query).only(&[])?;
    let (code, status) = if app.health.0.load(Ordering::Relaxed) {
        (StatusCode::OK, HealthWord::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, HealthWord::Degraded)
    };
    Ok(reply::json(code, &HealthView { status }))
}
