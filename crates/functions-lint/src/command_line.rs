//! The worker's command line, as the host's process factory makes it (`DefaultWorkerProcessFactory.cs` in
//! Azure/azure-functions-host, and `ParseArgumentsIntoList` of dotnet/runtime's Process.Unix.cs).
//!
//! Each entry of `arguments` is expanded from the host's own environment, entries are joined with blanks, then the
//! variables of the worker are put in character by character, what is left between two percent signs vanishes, and
//! .NET splits the line.

use crate::Settings;

/// The parts of a command line, as host.json gives them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommandLine {
    /// `defaultExecutablePath`, joined to its folder where that file is there.
    pub program: String,
    /// `arguments`.
    pub arguments: Vec<String>,
    /// `defaultWorkerPath`, which the host puts in quotation marks.
    pub worker_path: Option<String>,
    /// `workerArguments`.
    pub worker_arguments: Vec<String>,
}

/// A variable of the worker that the host sets for it alone.
pub type Variable = (&'static str, String);

impl CommandLine {
    /// Program and arguments for one start. `variables` are those of the worker, `settings` the environment of the host.
    #[must_use]
    pub fn expand_for_start(&self, settings: &Settings, variables: &[Variable]) -> (String, Vec<String>) {
        let line = replace_variables(&self.line(settings), variables);
        (replace_variables(&self.program, variables), split(&remove_unknown_names(&line)))
    }

    fn line(&self, settings: &Settings) -> String {
        let expanded = |list: &[String]| {
            list.iter().fold(String::new(), |line, argument| line + " " + &expand(argument, settings))
        };
        let worker_path = self.worker_path.as_ref().map_or_else(String::new, |path| format!(" \"{path}\""));
        format!("{}{worker_path}{}", expanded(&self.arguments), expanded(&self.worker_arguments))
    }
}

/// Replaces each `%NAME%` that is a setting, and leaves the others (`Environment.ExpandEnvironmentVariables`).
#[must_use]
pub fn expand(text: &str, settings: &Settings) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let known = after.split_once('%').and_then(|(name, behind)| Some((settings.variable(name)?, behind)));
        if let Some((value, behind)) = known {
            out.push_str(value);
            rest = behind;
        } else {
            out.push('%');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn replace_variables(text: &str, variables: &[Variable]) -> String {
    variables.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("%{name}%"), value))
}

/// Names between two percent signs, at least one letter each, are removed in every place of the same text.
fn remove_unknown_names(line: &str) -> String {
    let (mut names, mut rest) = (Vec::new(), line);
    while let Some(start) = rest.find('%') {
        let behind = &rest[start + 1..];
        let first = behind.chars().next().map_or(0, char::len_utf8);
        let Some(end) = behind.get(first..).and_then(|more| more.find('%')).filter(|_| first > 0) else {
            break;
        };
        let end = start + 1 + first + end + 1;
        names.push(&rest[start..end]);
        rest = &rest[end..];
    }
    names.into_iter().fold(line.to_owned(), |line, name| line.replace(name, ""))
}

/// Splits a line at blanks and tabs. Double quotes hold blanks together and vanish; `""` inside of them is one, and so is
/// `\"` anywhere; backslashes count only before a quote, two for one; single quotes mean nothing.
#[must_use]
pub fn split(line: &str) -> Vec<String> {
    let mut chars = line.chars().peekable();
    let mut arguments = Vec::new();
    loop {
        while chars.next_if(|char| matches!(char, ' ' | '\t')).is_some() {}
        if chars.peek().is_none() {
            return arguments;
        }
        arguments.push(next_argument(&mut chars));
    }
}

fn next_argument(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    loop {
        let mut backslashes = 0;
        while chars.next_if_eq(&'\\').is_some() {
            backslashes += 1;
        }
        if backslashes > 0 {
            let before_quote = chars.peek() == Some(&'"');
            out.extend(std::iter::repeat_n('\\', if before_quote { backslashes / 2 } else { backslashes }));
            if before_quote && backslashes % 2 == 1 {
                chars.next();
                out.push('"');
            }
            continue;
        }
        match chars.peek().copied() {
            None => return out,
            Some('"') => {
                chars.next();
                if quoted && chars.next_if_eq(&'"').is_some() {
                    out.push('"');
                } else {
                    quoted = !quoted;
                }
            }
            Some(' ' | '\t') if !quoted => return out,
            Some(char) => {
                chars.next();
                out.push(char);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(list: &[&str], settings: &[(&str, &str)]) -> Vec<String> {
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let line = CommandLine {
            arguments: list.iter().map(|argument| (*argument).to_owned()).collect(),
            ..CommandLine::default()
        };
        let port = [
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "4711".to_owned()),
            ("FUNCTIONS_APP_ROOT_PATH", "/an app".to_owned()),
        ];
        line.expand_for_start(&Settings::without_environment(settings), &port).1
    }

    #[test]
    fn variables_of_the_worker_are_put_in_as_they_are_spelled() {
        let list =
            ["--listen=127.0.0.1:%FUNCTIONS_CUSTOMHANDLER_PORT%", "%functions_customhandler_port%", "last"];
        assert_eq!(arguments(&list, &[]), ["--listen=127.0.0.1:4711", "last"]);
        assert_eq!(arguments(&["%FUNCTIONS_APP_ROOT_PATH%/x"], &[]), ["/an", "app/x"]);
        assert_eq!(arguments(&["\"%FUNCTIONS_APP_ROOT_PATH%/x\""], &[]), ["/an app/x"]);
    }

    #[test]
    fn settings_are_put_in_and_unknown_names_vanish() {
        assert_eq!(arguments(&["[%A%]", "%B%c", "100%"], &[("A", "a b")]), ["[a", "b]", "c", "100%"]);
        assert_eq!(arguments(&["50%", "and", "60%", "end"], &[]), ["50", "end"]);
        assert_eq!(arguments(&["%%", "x"], &[]), ["%%", "x"]);
        assert_eq!(arguments(&["[%a%]"], &[("A", "x")]), ["[]"]);
    }

    #[test]
    fn entries_of_several_words_fall_apart_unless_they_are_quoted() {
        assert_eq!(arguments(&["--mode release", "'a b'"], &[]), ["--mode", "release", "'a", "b'"]);
        assert_eq!(arguments(&["\"two words\"", "--title=\"a b\""], &[]), ["two words", "--title=a b"]);
        assert_eq!(
            arguments(&[r#"\"x\""#, r#""a""b""#, r#""""#, r"C:\dir\f", r#""C:\d\\""#], &[]),
            ["\"x\"", "a\"b", "", r"C:\dir\f", r"C:\d\"]
        );
        assert_eq!(arguments(&["\"open", "end"], &[]), ["open end"]);
    }

    #[test]
    fn the_worker_path_is_quoted_between_the_two_lists() {
        let line = CommandLine {
            program: "/app/%NAME%/%FUNCTIONS_CUSTOMHANDLER_PORT%".to_owned(),
            arguments: vec!["-m".to_owned()],
            worker_path: Some("my server.js".to_owned()),
            worker_arguments: vec!["--fast".to_owned()],
        };
        let (program, arguments) =
            line.expand_for_start(&Settings::default(), &[("FUNCTIONS_CUSTOMHANDLER_PORT", "1".to_owned())]);
        assert_eq!(arguments, ["-m", "my server.js", "--fast"]);
        assert_eq!(program, "/app/%NAME%/1");
    }
}
