//! A process of the compiler, called by JSON-RPC on its standard input and output: a snapshot in one second, not four.

use std::{
    fmt,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::snapshot;

/// The process.
#[derive(Debug)]
pub struct Session {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    asked: u64,
}

/// A message of the compiler about a file; a misspelt property is only a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub source: String,
    /// The line, from one.
    pub line: u64,
    /// `Info`, `Warning` or `Error`.
    pub level: String,
    /// The code, such as `BCP037`.
    pub code: String,
    /// In words.
    pub message: String,
}

/// The compiler did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The compiler cannot be started, or ended.
    #[error("the compiler of Bicep does not run")]
    Io(#[from] io::Error),
    /// The compiler's answer has another format.
    #[error("the compiler of Bicep answers in another form")]
    Form(#[from] serde_json::Error),
    /// It refuses.
    #[error("{0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Position {
    line: u64,
}

#[derive(Deserialize)]
struct Range {
    start: Position,
}

#[derive(Deserialize)]
struct Said {
    source: String,
    range: Range,
    level: String,
    code: String,
    message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, line, level, code, message } = self;
        write!(out, "{source}:{line}: {level} {code}: {message}")
    }
}

impl Session {
    pub(super) fn start(mut command: Command) -> Result<Self, SessionError> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let gone = || io::Error::other("it has no standard input and output");
        let questions = child.stdin.take().ok_or_else(gone)?;
        let answers = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        Ok(Self { child, questions, answers, asked: 0 })
    }

    /// All messages about a file and the files that it uses, linter rules included.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn diagnostics(&mut self, file: &Path) -> Result<Vec<Diagnostic>, SessionError> {
        let method =
            if file.extension().is_some_and(|is| is == "bicepparam") { "compileParams" } else { "compile" };
        let mut asked = json!({ "path": file });
        if method == "compileParams" {
            asked["parameterOverrides"] = json!({});
        }
        let answer = self.ask(method, &asked)?;
        let said: Vec<Said> = serde_json::from_value(answer["diagnostics"].clone())?;
        Ok(said.into_iter().map(Diagnostic::from).collect())
    }

    /// The file as the compiler formats it.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn format(&mut self, file: &Path) -> Result<String, SessionError> {
        let answer = self.ask("format", &json!({ "path": file }))?;
        Ok(serde_json::from_value(answer["contents"].clone())?)
    }

    /// The compiled deployment of a parameter file, keys sorted.
    ///
    /// # Errors
    /// When it does not answer, or a `fail()` of the files refuses the parameters.
    pub fn snapshot(&mut self, file: &Path) -> Result<String, SessionError> {
        let metadata = json!({
            "tenantId": snapshot::TENANT,
            "subscriptionId": snapshot::SUBSCRIPTION,
            "location": snapshot::LOCATION,
            "deploymentName": snapshot::DEPLOYMENT_NAME,
        });
        let answer = self.ask("getSnapshot", &json!({ "path": file, "metadata": metadata }))?;
        let text: String = serde_json::from_value(answer["snapshot"].clone())?;
        snapshot::sort_keys(&text).map_err(|_| SessionError::Refused("the snapshot is no JSON".to_owned()))
    }

    fn ask(&mut self, method: &str, asked: &Value) -> Result<Value, SessionError> {
        self.asked += 1;
        let method = format!("bicep/{method}");
        let body =
            json!({ "jsonrpc": "2.0", "id": self.asked, "method": method, "params": [asked] }).to_string();
        write!(self.questions, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.questions.flush()?;
        let answer: Value = serde_json::from_slice(&self.message()?)?;
        match answer.get("error") {
            None => Ok(answer["result"].clone()),
            Some(error) => {
                let message = error["data"]["message"].as_str().or(error["message"].as_str());
                Err(SessionError::Refused(message.unwrap_or("it gives no reason").to_owned()))
            }
        }
    }

    fn message(&mut self) -> Result<Vec<u8>, SessionError> {
        let mut length = 0_usize;
        loop {
            let mut line = String::new();
            if self.answers.read_line(&mut line)? == 0 {
                return Err(SessionError::Refused("it ended without an answer".to_owned()));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.parse().map_err(|_| io::Error::other("a length that is no number"))?;
            }
        }
        let mut message = vec![0; length];
        self.answers.read_exact(&mut message)?;
        Ok(message)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The process has nothing to lose, and would wait for more requests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl From<Said> for Diagnostic {
    fn from(said: Said) -> Self {
        let Said { source, range, level, code, message } = said;
        Self { source, line: range.start.line + 1, level, code, message }
    }
}
