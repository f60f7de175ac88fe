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

/// Stand-in until the real one is merged.
#[derive(Clone, Debug)]
pub struct Front {}

impl Front {
    /// Opens the front.
    ///
    /// # Errors
    /// None.
    #[must_use]
    pub fn open(
        _mode: FrontMode,
        _people: Option<&crate::people::People>,
        _state: &std::path::Path,
        _base_url: &str,
        _clock: crate::clock::Clock,
    ) -> Result<Self, std::convert::Infallible> {
        Ok(Self {})
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::result_large_err, reason = "the answer is used once, where it is returned")]
    pub fn admit(
        &self,
        request: http::Request<crate::listener::Body>,
    ) -> Result<http::Request<crate::listener::Body>, http::Response<crate::listener::Body>> {
        Ok(request)
    }
}
