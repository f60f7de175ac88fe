//! A row of the table of settings.

use super::needs::ConfigNeeds;

/// A setting that the worker knows.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the environment variable.
    pub name: &'static str,
    /// The value while the setting is not set.
    pub default: Option<&'static str>,
    /// The values that are allowed, in words that follow on "must be".
    pub form: &'static str,
    /// A value of that form. All examples together are the settings of one app.
    pub example: &'static str,
    /// When the setting is required, and what happens without it.
    pub required: &'static str,
    /// What it decides.
    pub meaning: &'static str,
    pub(super) applies_to: AppliesTo,
}

/// Which processes a setting concerns.
#[derive(Clone, Copy, Debug)]
pub(super) enum AppliesTo {
    Every,
    Http,
    /// Functions that people call, or that act for people named in a message.
    Users,
    OpenApi,
    Fulfilment,
    /// Functions that look secrets up.
    Secrets,
    /// Functions that look secrets up, or have a setting that may be a Key Vault reference.
    Vault,
}

impl AppliesTo {
    fn matches(self, needs: ConfigNeeds) -> bool {
        match self {
            Self::Every => true,
            Self::Http => needs.http,
            Self::Users => needs.http || needs.incoming,
            Self::OpenApi => needs.openapi,
            Self::Fulfilment => needs.fulfilment,
            Self::Secrets => needs.secrets,
            Self::Vault => needs.secrets || needs.fulfilment || needs.http,
        }
    }
}

impl Setting {
    /// Whether a process with these needs reads it.
    #[must_use]
    pub fn concerns(&self, needs: ConfigNeeds) -> bool {
        self.applies_to.matches(needs)
    }
}
