//! Scripts: what Linux makes of a file's first line.

use std::{ffi::OsStr, path::Path};

use super::{
    error::{LaunchError, TextHint},
    search::find_on_search_path,
};

/// The head of a file that is no program file.
pub(super) enum Head {
    Script(FirstLine),
    Text(TextHint),
    Other,
}

/// What follows `#!`.
pub(super) struct FirstLine {
    line: String,
    ends_as_on_windows: bool,
}

/// The interpreter that a script asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interpreter {
    /// The path or, behind `env`, the name.
    pub name: String,
    /// It is looked up on the search path.
    pub on_search_path: bool,
}

const UTF8_SIGNATURE: &[u8] = b"\xef\xbb\xbf";

/// The endings of scripts that only Windows runs.
const OF_WINDOWS: [&str; 3] = ["bat", "cmd", "ps1"];

impl Head {
    pub(super) fn of(head: &[u8], file: &Path) -> Self {
        if let Some(rest) = head.strip_prefix(b"#!") {
            let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let ends_as_on_windows = line.ends_with(b"\r");
            let line = String::from_utf8_lossy(line).trim_matches([' ', '\t', '\r']).to_owned();
            return Self::Script(FirstLine { line, ends_as_on_windows });
        }
        if head.contains(&0) || head.starts_with(b"PK\x03\x04") {
            return Self::Other;
        }
        let extension = file.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        let further = || head.split(|byte| *byte == b'\n').skip(1).any(|line| line.starts_with(b"#!"));
        Self::Text(if head.strip_prefix(UTF8_SIGNATURE).is_some_and(|rest| rest.starts_with(b"#!")) {
            TextHint::ByteOrderMark
        } else if OF_WINDOWS.contains(&extension.as_str()) {
            TextHint::WindowsScript
        } else if head.trim_ascii_start().starts_with(b"#!") || further() {
            TextHint::FurtherDown
        } else {
            TextHint::Script
        })
    }

    pub(super) fn startable(self, program: &str) -> Result<(), LaunchError> {
        match self {
            Self::Script(first) => first.startable(program),
            Self::Text(hint) => Err(LaunchError::NoInterpreter { program: program.to_owned(), hint }),
            Self::Other => Err(LaunchError::NoProgram(program.to_owned())),
        }
    }
}

impl FirstLine {
    fn startable(&self, program: &str) -> Result<(), LaunchError> {
        let program = program.to_owned();
        if self.ends_as_on_windows {
            let last = self.line.split([' ', '\t']).next_back().unwrap_or_default();
            let is_argument = last.len() < self.line.len();
            return Err(LaunchError::CarriageReturn { program, interpreter: last.to_owned(), is_argument });
        }
        let Some(interpreter) = self.interpreter() else {
            return Err(LaunchError::NoInterpreter { program, hint: TextHint::Script });
        };
        if interpreter.on_search_path && interpreter.name.contains([' ', '\t']) {
            return Err(LaunchError::EnvTakesOneWord { program, words: interpreter.name });
        }
        let name = Path::new(&interpreter.name);
        let is_there =
            if interpreter.on_search_path { find_on_search_path(name).is_some() } else { name.is_file() };
        if is_there || name.as_os_str().is_empty() {
            return Ok(());
        }
        Err(LaunchError::InterpreterMissing { program, interpreter: interpreter.name })
    }

    /// The interpreter; none when nothing follows `#!`. Linux hands all behind the first word on as one argument.
    fn interpreter(&self) -> Option<Interpreter> {
        let (first, rest) = self.line.split_once([' ', '\t']).unwrap_or((&self.line, ""));
        if first.is_empty() {
            return None;
        }
        if Path::new(first).file_name() != Some(OsStr::new("env")) {
            return Some(Interpreter { name: first.to_owned(), on_search_path: false });
        }
        Some(Interpreter { name: behind_env(rest.trim()), on_search_path: true })
    }
}

/// The program that `env` is to look up: all of its one argument, or with `-S` the first word that is neither an
/// option nor a variable. Empty if that cannot be determined.
fn behind_env(argument: &str) -> String {
    let split = argument.strip_prefix("--split-string=").or_else(|| argument.strip_prefix("-S"));
    let Some(split) = split.or_else(|| argument.strip_prefix("-vS")) else {
        let is_option = argument.starts_with('-');
        return if is_option { String::new() } else { argument.to_owned() };
    };
    let mut words = split.split_whitespace();
    let named = words.find(|word| !word.contains('=') && !matches!(*word, "-i" | "-"));
    named.filter(|word| !word.starts_with('-')).unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

/// Whether a line behind the first one of a shell script ends as on Windows: the shell takes the carriage return for a
/// part of the last word. False for a file that no shell reads.
#[must_use]
pub fn has_carriage_returns(text: &[u8]) -> bool {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let mut commands = lines.filter(|line| {
        let line = line.trim_ascii_start();
        !line.is_empty() && !line.starts_with(b"#")
    });
    commands.any(|line| line.ends_with(b"\r\n"))
}
