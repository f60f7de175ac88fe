//! Every rule, with its name, its promise and where the fact behind it comes from.

mod azure;
mod bindings;
mod bundle;
mod diagnosed;
mod host_json;
mod members;
mod program;
mod routes;
mod settings;

use crate::{App, Finding, Level};

/// One rule.
pub(crate) struct Rule {
    id: &'static str,
    /// What is so where it passes.
    promise: &'static str,
    /// The issue or document that the fact behind it stands in.
    source: &'static str,
    /// The places that break it; none where the app has nothing that it could be asked of. It then says nothing, for a
    /// pass promises what was looked at.
    find: fn(&App) -> Option<Vec<Fault>>,
}

/// A place that breaks a rule.
pub(crate) struct Fault {
    level: Level,
    subject: String,
    why: String,
    remedy: String,
}

impl Rule {
    pub(crate) fn name(&self) -> &'static str {
        self.id
    }

    /// The findings of this rule: one that it passes, or one for each fault.
    pub(crate) fn judge(&self, app: &App) -> Vec<Finding> {
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

fn fail(subject: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault { level: Level::Fail, subject: subject.into(), why: why.into(), remedy: remedy.into() }
}

fn warn(subject: impl Into<String>, why: impl Into<String>, remedy: impl Into<String>) -> Fault {
    Fault { level: Level::Warn, ..fail(subject, why, remedy) }
}

/// Every rule, those of host.json first.
pub(crate) fn all() -> Vec<&'static Rule> {
    [
        host_json::RULES,
        members::RULES,
        bundle::RULES,
        program::RULES,
        bindings::RULES,
        routes::RULES,
        settings::RULES,
        azure::RULES,
        diagnosed::RULES,
    ]
    .concat()
}

/// The rules that can be asked of an app. Without a host.json most of them mean nothing.
pub(crate) fn of(app: &App) -> Vec<&'static Rule> {
    if app.host.is_err() {
        [&[&host_json::READABLE], bindings::RULES, diagnosed::RULES].concat()
    } else {
        all()
    }
}
