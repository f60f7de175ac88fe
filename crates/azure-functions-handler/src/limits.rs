//! Bounds of one request.

use std::time::Duration;

use http::Extensions;

/// hyper's default limit. With this very number it reads the headers into its stack; with any other it allocates for
/// each request (<https://docs.rs/hyper/latest/hyper/server/conn/http1/struct.Builder.html#method.max_headers>).
pub(crate) const HYPER_MAX_HEADERS: usize = 100;

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long the head of a request may take from its first byte to its last; then the connection is closed. An idle
    /// connection stays open.
    pub head_timeout: Duration,
    /// Largest head of a request, in bytes. The host reads at most 32 KiB from its callers
    /// (<https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits.maxrequestheaderstotalsize>)
    /// and adds its own.
    pub max_head_bytes: usize,
    /// Most headers of a request; one more, and the answer is 431.
    pub max_headers: usize,
    /// How long a body may take from the moment that the handler begins to read it; an envelope, from its head on. The
    /// arguments `Bytes` and `String` are axum's, and only the deadline bounds their time.
    pub body_timeout: Duration,
    /// How long the rest of a request that is already answered is read and discarded, so that its caller can read the
    /// answer. Then the connection is closed.
    pub discard_timeout: Duration,
    /// Most bytes of an already answered request that are read and discarded. The default is the host's own limit of a
    /// request (<https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits>).
    pub max_discard_bytes: usize,
    /// Deadline of an HTTP invocation, until its answer begins.
    pub http_timeout: Duration,
    /// Deadline of every other invocation.
    pub trigger_timeout: Duration,
    /// Largest envelope, in bytes.
    pub max_envelope_bytes: usize,
    /// Largest body that [`Json`](crate::Json), `Bytes` and `String` read, in bytes.
    pub max_body_bytes: usize,
}

impl Default for Limits {
    /// An HTTP function has 30 s and any other 4 minutes, less than the host's own 5; bodies have 2 MiB.
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            max_head_bytes: 80 << 10,
            max_headers: HYPER_MAX_HEADERS,
            body_timeout: Duration::from_secs(30),
            discard_timeout: Duration::from_secs(5),
            max_discard_bytes: 100 << 20,
            http_timeout: Duration::from_secs(30),
            trigger_timeout: Duration::from_mins(4),
            max_envelope_bytes: 16 << 20,
            max_body_bytes: 2 << 20,
        }
    }
}

/// The bounds that arguments look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

/// How much is read of a request that is already answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiscardLimits {
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

impl From<Limits> for DiscardLimits {
    fn from(limits: Limits) -> Self {
        Self { timeout: limits.discard_timeout, max_bytes: limits.max_discard_bytes }
    }
}

impl BodyLimits {
    /// The limits of a request; an app's default for a request that no app dispatched.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_else(|| Limits::default().into())
    }
}

impl From<Limits> for BodyLimits {
    fn from(limits: Limits) -> Self {
        Self { timeout: limits.body_timeout, max_bytes: limits.max_body_bytes }
    }
}
