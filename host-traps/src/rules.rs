//! Every rule, with its name, its promise and where the fact behind it comes from.

mod bindings;
mod diagnosed;
mod host_json;
mod program;
mod routes;
mod settings;

use crate::{App, Finding, Level};

/// One rule.
pub(crate) struct Rule {
    id: &'static str,
    /// What is so where it passes.
    promise: &'static str,
    source: &'static str,
    find: fn(&App) -> Vec<Fault>,
}

/// A place that breaks a rule.
pub(crate) struct Fault {
    level: Level,
    subject: String,
    why: String,
    remedy: String,
}

impl Rule {
    /// The findings of this rule: one that it passes, or one for each fault.
    pub(crate) fn judge(&self, app: &App) -> Vec<Finding> {
        let faults = (self.find)(app);
        if faults.is_empty() {
            return vec![self.finding(Level::Pass, "app".to_owned(), self.promise.to_owned(), None)];
        }
        let found = faults
            .into_iter()
            .map(|fault| self.finding(fault.level, fault.subject, fault.why, Some(fault.remedy)));
        found.collect()
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

/// The rules that can be asked of an app, those of host.json first. Without a host.json most of them mean nothing.
pub(crate) fn of(app: &App) -> Vec<&'static Rule> {
    if app.host.is_err() {
        return [&[&host_json::READABLE], bindings::RULES, diagnosed::RULES].concat();
    }
    [host_json::RULES, program::RULES, bindings::RULES, routes::RULES, settings::RULES, diagnosed::RULES]
        .concat()
}
