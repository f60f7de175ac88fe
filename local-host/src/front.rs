//! What stands in front of the host on the platform: App Service Authentication.

/// What the front does with a caller's identity.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FrontMode {
    /// As on the platform: strips principal and certificate headers, checks the token, sets the principal;
    /// the worker sees `WEBSITE_AUTH_ENABLED=True`.
    On,
    /// As on a platform without authentication: `WEBSITE_AUTH_ENABLED` is not set and nothing is stripped.
    #[default]
    Off,
    /// For attack tests: `WEBSITE_AUTH_ENABLED=True`, but nothing is stripped or added.
    Bypassed,
}
