//! The result of a check, for people and for programs.

use std::fmt;

use serde::Serialize;

/// The result of a rule.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It holds.
    Pass,
    /// The rule is broken in a way that may do harm, or cannot be checked here.
    Warn,
    /// It does harm.
    Fail,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        })
    }
}

/// The result of one rule for one subject. Findings contain names of settings and never their values.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The rule's name; it stays the same from version to version.
    pub rule: &'static str,
    /// How it came out.
    pub level: Level,
    /// The file, function, setting or service that it is about.
    pub subject: String,
    /// The reason, and its consequence.
    pub why: String,
    /// What to do about it; none where it passes.
    #[serde(rename = "do")]
    pub remedy: Option<String>,
    /// Where the fact behind the rule comes from.
    pub source: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:4} {:28} {}: {}", self.level, self.rule, self.subject, self.why)?;
        if let Some(remedy) = &self.remedy {
            write!(formatter, "; {remedy}")?;
        }
        write!(formatter, " ({})", self.source)
    }
}

/// Findings together. Its text has one line for each finding and one with their counts.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The worst level of the findings; a pass if there are none.
    pub level: Level,
    /// All findings, in the sequence in which they were made.
    pub findings: Vec<Finding>,
}

impl From<Vec<Finding>> for Report {
    fn from(findings: Vec<Finding>) -> Self {
        let level = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Pass);
        Self { level, findings }
    }
}

impl Report {
    /// The report as indented JSON: `{"level", "findings": [{"rule", "level", "subject", "why", "do", "source"}]}`.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{:#}", serde_json::json!(self))
    }

    fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(formatter, "{finding}")?;
        }
        let [pass, warn, fail] = [Level::Pass, Level::Warn, Level::Fail].map(|level| self.count(level));
        write!(formatter, "{pass} pass, {warn} warn, {fail} fail")
    }
}
