//! App settings and, below them, the environment of this process.

use std::env;

/// The flag of self-hosted MCP servers.
const MCP_PREVIEW: &str = "EnableMcpCustomHandlerPreview";

/// The settings of an app; names are compared ignoring case, as the host's configuration does.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// Only these settings, without the environment variables of this process; of two with the same name the last one
    /// wins.
    #[must_use]
    pub fn without_environment(own: Vec<(String, String)>) -> Self {
        Self(own)
    }

    /// `own` settings win over the environment.
    #[must_use]
    pub fn with_environment(own: &[(String, String)]) -> Self {
        let environment = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(environment.chain(own.iter().cloned()).collect())
    }

    /// The value of a setting. A name with colons is looked up with two underscores for each as well, as Linux alone can
    /// set them (`ScriptEnvironmentVariablesConfigurationSource.cs` in Azure/azure-functions-host).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.named(name).or_else(|| self.named(&name.replace(':', "__")).filter(|_| name.contains(':')))
    }

    fn named(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The value of a variable of this very spelling, as the environment of a process on Linux has it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a function is switched off: the name has dots, or underscores, which alone Linux can set (`IsDisabled` in
    /// azure-webjobs-sdk's HostListenerFactory.cs).
    #[must_use]
    pub fn disables(&self, function: &str) -> bool {
        self.is_true(&format!("AzureWebJobs.{function}.Disabled"))
            || self.is_true(&format!("AzureWebJobs_{function}_Disabled"))
    }

    /// Whether `AzureWebJobsFeatureFlags` contains the flag with which tools treat an app in any language as a custom
    /// handler.
    #[must_use]
    pub fn is_mcp_preview(&self) -> bool {
        let mut flags = self.get("AzureWebJobsFeatureFlags").unwrap_or_default().split(',');
        flags.any(|flag| flag.trim().eq_ignore_ascii_case(MCP_PREVIEW))
    }

    /// Whether the value of a setting means true.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Every setting, the winning one of a name last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces each `%Name%` of a binding by that setting, or by the connection string of that name
    /// (`ResolveWholeString` in azure-webjobs-sdk's NameResolverExtensions.cs).
    ///
    /// # Errors
    /// What cannot be replaced.
    pub fn expand(&self, text: &str) -> Result<String, ExpandError> {
        let (mut out, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('%') {
            let (name, behind) = after.split_once('%').ok_or(ExpandError::Unclosed)?;
            let connection = self.get(&format!("ConnectionStrings:{name}"));
            let value =
                connection.or_else(|| self.get(name)).ok_or_else(|| ExpandError::Missing(name.to_owned()))?;
            out.push_str(before);
            out.push_str(value);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Why a text with percent signs cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ExpandError {
    /// A name that is no setting.
    #[error("the setting {0} is not set; give it a value")]
    Missing(String),
    /// A percent sign that no other one closes.
    #[error("a percent sign has no second one; write a setting as %Name%")]
    Unclosed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::without_environment(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn a_name_with_colons_is_found_with_underscores() {
        let settings = settings(&[
            ("Queues__Jobs", "a"),
            ("Deep__er__Still", "b"),
            ("As:Is", "c"),
            ("ConnectionStrings:Db", "d"),
        ]);
        assert_eq!(settings.expand("%Queues:Jobs%-%deep:ER:still%-%As:Is%-%Db%").as_deref(), Ok("a-b-c-d"));
        assert_eq!(settings.expand("%Queues__Other%"), Err(ExpandError::Missing("Queues__Other".to_owned())));
        assert_eq!(settings.expand("50% off"), Err(ExpandError::Unclosed));
    }

    #[test]
    fn a_function_is_switched_off_by_either_name() {
        let settings = settings(&[
            ("AzureWebJobs.one.Disabled", "1"),
            ("AZUREWEBJOBS_two_DISABLED", "True"),
            ("AzureWebJobs_three_Disabled", "yes"),
        ]);
        assert_eq!(
            ["one", "two", "three", "four"].map(|name| settings.disables(name)),
            [true, true, false, false]
        );
    }
}
