//! A rule, and the places that break it.

use crate::{App, Finding, Level};

/// One rule.
pub(crate) struct Rule {
    pub(super) id: &'static str,
    /// What is true of an app that passes the rule.
    pub(super) promise: &'static str,
    /// The issue or document that states the fact behind the rule.
    pub(super) source: &'static str,
    /// The places that break the rule; `None` if the rule does not apply to the app. A rule that does not apply gives
    /// no finding, because a pass would claim that something was checked.
    pub(super) find: fn(&App) -> Option<Vec<Violation>>,
}

/// A place that breaks a rule.
pub(crate) struct Violation {
    pub(super) level: Level,
    pub(super) subject: String,
    pub(super) why: String,
    pub(super) remedy: String,
}

impl Rule {
    pub(crate) fn name(&self) -> &'static str {
        self.id
    }

    /// The findings of this rule: one that it passes, or one for each fault.
    pub(crate) fn evaluate(&self, app: &App) -> Vec<Finding> {
        match (self.find)(app) {
            None => Vec::new(),
            Some(faults) if faults.is_empty() => {
                vec![self.finding(Level::Pass, "app".to_owned(), self.promise.to_owned(), None)]
            }
            Some(faults) => faults
                .into_iter()
                .map(|fault| self.finding(fault.level, fault.subject, fault.why, Some(fault.remedy)))
                .collect(),
        }
    }

    fn finding(&self, level: Level, subject: String, why: String, remedy: Option<String>) -> Finding {
        Finding { rule: self.id, level, subject, why, remedy, source: self.source }
    }
}

pub(super) fn fail(
    subject: impl Into<String>,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Violation {
    Violation { level: Level::Fail, subject: subject.into(), why: why.into(), remedy: remedy.into() }
}

pub(super) fn warn(
    subject: impl Into<String>,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Violation {
    Violation { level: Level::Warn, ..fail(subject, why, remedy) }
}
