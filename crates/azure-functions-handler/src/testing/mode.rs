//! The ways in which the Functions host calls an HTTP function.

/// How the Functions host calls an HTTP function that has no output but its answer. An HTTP function with other
/// outputs is always called with an envelope.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvocationMode {
    /// With an envelope: host.json enables nothing.
    Envelope,
    /// With a copy of the request: `enableForwardingHttpRequest`. The host changes the path, and joins repeated parameters of
    /// the query by commas.
    Forward,
    /// With the request itself, streamed both ways: `enableProxyingHttpRequest`. The host encodes the path anew.
    Proxy,
}

impl InvocationMode {
    /// Every mode, for a test that is to hold in each.
    pub const ALL: [Self; 3] = [Self::Envelope, Self::Forward, Self::Proxy];
}
