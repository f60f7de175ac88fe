//! One error or misleading value, and what the real host does with it.

use std::fmt;

use crate::{Level, json::Position};

/// One error or misleading value.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The rule that it breaks.
    pub rule: &'static str,
    /// Whether the host refuses it, or it only means something else.
    pub level: Level,
    /// The function or member that it is about.
    pub subject: String,
    /// The position in its file, if it has one.
    pub position: Option<Position>,
    /// What is so.
    pub why: String,
    /// What Azure does with it.
    pub in_azure: AzureOutcome,
    /// What to do about it.
    pub remedy: String,
}

/// What the real host does (seen on 4.1037).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AzureOutcome {
    /// It runs.
    Runs,
    /// The function is in error, its route answers 404, the others run.
    FunctionInError,
    /// The host is in state Error: every call gets 503.
    HostInError,
}

impl fmt::Display for AzureOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Runs => "Azure runs it so",
            Self::FunctionInError => "Azure leaves this function out and runs the others",
            Self::HostInError => "in Azure the whole host is in state Error and answers 503",
        })
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.subject)?;
        if let Some(position) = self.position {
            write!(formatter, " ({position})")?;
        }
        write!(formatter, ": {}; {}. {}", self.why, self.remedy, capitalised(&self.in_azure.to_string()))
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl Diagnosis {
    pub(super) fn new(
        (rule, level, in_azure): (&'static str, Level, AzureOutcome),
        subject: impl Into<String>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (subject, why, remedy) = (subject.into(), why.into(), remedy.into());
        Self { rule, level, subject, position: None, why, in_azure, remedy }
    }

    pub(super) fn at(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }

    /// The diagnosis as one sentence for a finding: what is wrong, and what Azure does.
    #[must_use]
    pub fn reason(&self) -> String {
        let position = self.position.map_or_else(String::new, |position| format!("{position}: "));
        format!("{position}{}; {}", self.why, self.in_azure)
    }
}
