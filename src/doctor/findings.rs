//! What a rule finds.

use functions_lint::{Finding, Level};

const SOURCE: &str = "docs/controls.md";

pub(super) fn pass(rule: &'static str, subject: impl Into<String>, why: impl Into<String>) -> Finding {
    Finding {
        rule,
        level: Level::Pass,
        subject: subject.into(),
        why: why.into(),
        remedy: None,
        source: SOURCE,
    }
}

pub(super) fn warn(
    rule: &'static str,
    subject: impl Into<String>,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding { level: Level::Warn, remedy: Some(remedy.into()), ..pass(rule, subject, why) }
}

pub(super) fn fail(
    rule: &'static str,
    subject: impl Into<String>,
    why: impl Into<String>,
    remedy: impl Into<String>,
) -> Finding {
    Finding { level: Level::Fail, remedy: Some(remedy.into()), ..pass(rule, subject, why) }
}
