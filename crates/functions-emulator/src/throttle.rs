//! How many calls an instance takes at once: `maxOutstandingRequests` and `maxConcurrentRequests` of host.json.

// The host: docs/reference/host-protocol.md#throttling.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    app::HostJson,
    body::{Body, status_only},
};

/// The limits of one instance; none where host.json sets none.
#[derive(Debug)]
pub(crate) struct Throttle {
    outstanding: Option<Arc<Semaphore>>,
    concurrent: Option<Arc<Semaphore>>,
}

/// A call's place, free again once it is dropped.
#[derive(Debug, Default)]
pub(crate) struct ThrottlePermit {
    _outstanding: Option<OwnedSemaphorePermit>,
    _concurrent: Option<OwnedSemaphorePermit>,
}

impl Throttle {
    pub(crate) fn of(host: &HostJson) -> Self {
        let semaphore = |limit: Option<usize>| limit.map(|limit| Arc::new(Semaphore::new(limit)));
        Self {
            outstanding: semaphore(host.max_outstanding_requests),
            concurrent: semaphore(host.max_concurrent_requests),
        }
    }

    /// Waits for a place among those that run; none where too many wait already.
    pub(crate) async fn acquire(&self) -> Option<ThrottlePermit> {
        let outstanding = match &self.outstanding {
            Some(permits) => Some(permits.clone().try_acquire_owned().ok()?),
            None => None,
        };
        let concurrent = match &self.concurrent {
            Some(permits) => Some(permits.clone().acquire_owned().await.ok()?),
            None => None,
        };
        Some(ThrottlePermit { _outstanding: outstanding, _concurrent: concurrent })
    }
}

/// The answer to a call for which there is no place; the header asks the platform for one more instance.
pub(crate) fn too_many() -> Response<Body> {
    let mut answer = status_only(StatusCode::TOO_MANY_REQUESTS);
    answer
        .headers_mut()
        .insert(HeaderName::from_static("x-function-scaleout"), HeaderValue::from_static("1"));
    answer
}
