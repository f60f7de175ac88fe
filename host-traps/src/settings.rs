//! App settings and, below them, the environment of this process.

use std::env;

/// Names are compared ignoring case, as the host's configuration does.
#[derive(Clone, Debug, Default)]
pub struct Settings(Vec<(String, String)>);

impl Settings {
    /// These settings alone; the last one of a name holds.
    #[must_use]
    pub fn only(own: Vec<(String, String)>) -> Self {
        Self(own)
    }

    /// `own` settings win over the environment.
    #[must_use]
    pub fn over_environment(own: &[(String, String)]) -> Self {
        let environment = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(environment.chain(own.iter().cloned()).collect())
    }

    /// The value of a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a setting says yes.
    #[must_use]
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Every setting, the winning one of a name last.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Replaces each `%Name%` by that setting.
    ///
    /// # Errors
    /// The name that is no setting.
    pub fn expand(&self, text: &str) -> Result<String, String> {
        self.replace(text, |name| Err(name.to_owned()))
    }

    /// Replaces each `%Name%` by that setting and drops the others, as the host does for command lines
    /// (protocol sheet §1.1).
    #[must_use]
    pub fn expand_or_drop(&self, text: &str) -> String {
        self.replace(text, |_| Ok(String::new())).unwrap_or_default()
    }

    fn replace(
        &self,
        text: &str,
        missing: impl Fn(&str) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('%') else {
                out.push('%');
                rest = after;
                break;
            };
            match self.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&missing(name)?),
            }
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }
}
