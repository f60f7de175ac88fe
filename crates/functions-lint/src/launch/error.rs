//! Why a program cannot be started, and what to do.

use std::{ffi::OsStr, path::Path};

use super::binary::Machine;

/// How the real host reacts to a program that cannot be started (seen on host 4.1037: one line in the log, no second
/// try).
pub const START_FAILURE_IN_AZURE: &str =
    "in Azure the host starts all the same, tries once, and every call then waits 137 seconds for a 500";

/// How the real host reacts to a program that starts and ends at once.
pub const EARLY_EXIT_IN_AZURE: &str =
    "in Azure the program ends each time it starts, and the third time ends the host";

/// Why a program cannot be started.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LaunchError {
    /// `workingDirectory` names no folder.
    #[error("workingDirectory {0} does not exist")]
    NoWorkingDirectory(String),
    /// `workingDirectory` names a file.
    #[error("workingDirectory {0} must be a folder, and is a file")]
    WorkingDirectoryIsFile(String),
    /// There is no such file, neither in the app folder nor on the search path.
    #[error("{program} does not exist{}", among(.near))]
    Missing {
        /// The program as host.json names it.
        program: String,
        /// Files of the app with nearly that name, as paths below the app folder.
        near: Vec<String>,
    },
    /// The name is that of a folder.
    #[error("{0} is a folder, not a program")]
    Folder(String),
    /// No execute bit is set.
    #[error("{0} has no execute permission")]
    NotExecutable(String),
    /// The first line of a script ends as on Windows.
    #[error(
        "{program} has Windows line ends (CRLF): the last word of its first line, {interpreter:?}, has a carriage return \
         (\\r) at its end, and nothing is called so"
    )]
    CarriageReturn {
        /// The script.
        program: String,
        /// The last word of its first line, without the carriage return.
        interpreter: String,
        /// The word is no interpreter but an argument, so the system starts one and that one fails.
        is_argument: bool,
    },
    /// A text without a first line that names an interpreter.
    #[error("{program} is a text file, and its first line does not begin with #!{}", .hint.in_words())]
    NoInterpreter {
        /// The file.
        program: String,
        /// What the file looks like.
        hint: TextHint,
    },
    /// The interpreter of a script is not on this machine.
    #[error("{program} needs the interpreter {interpreter}, which is not on this machine")]
    InterpreterMissing {
        /// The script.
        program: String,
        /// The interpreter as the script names it.
        interpreter: String,
    },
    /// The first line hands `env` several words as one.
    #[error(
        "{program} makes `env` look for a program called {words:?}: on Linux, all that follows `env` is one word"
    )]
    EnvTakesOneWord {
        /// The script.
        program: String,
        /// The whole text after `env`.
        words: String,
    },
    /// A program for another system or processor.
    #[error("{program} is {machine}, which this machine does not run")]
    OtherMachine {
        /// The file.
        program: String,
        /// What it is for.
        machine: Machine,
    },
    /// The loader that a linked program names is not on this machine.
    #[error("{program} needs the loader {loader}, which is not on this machine")]
    LoaderMissing {
        /// The program.
        program: String,
        /// The loader.
        loader: String,
    },
    /// No program at all: an archive, an empty file, a class file.
    #[error("{0} is not a program that the system can start")]
    NoProgram(String),
}

/// What a text file without `#!` looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextHint {
    /// A script.
    Script,
    /// The signature of UTF-8 stands in front of `#!`.
    ByteOrderMark,
    /// `#!` stands further down.
    FurtherDown,
    /// A batch or PowerShell file.
    WindowsScript,
}

impl TextHint {
    fn in_words(self) -> &'static str {
        match self {
            Self::Script => "",
            Self::ByteOrderMark => ": a UTF-8 signature (BOM) stands in front of it",
            Self::FurtherDown => ": it stands further down",
            Self::WindowsScript => ", and it is a script for Windows",
        }
    }
}

fn among(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!(", but `{}` is", near.join("` and `")) }
}

impl LaunchError {
    /// What the author of the app can do about the error.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoWorkingDirectory(_) | Self::WorkingDirectoryIsFile(_) => {
                "create the folder and deploy it with the app, or correct customHandler.description.workingDirectory"
                    .to_owned()
            }
            Self::Missing { near, .. } => match near.first() {
                Some(near) => format!("write \"defaultExecutablePath\": \"{near}\", letter by letter"),
                None => "build the worker into the app folder, or correct \
                         customHandler.description.defaultExecutablePath"
                    .to_owned(),
            },
            Self::Folder(_) => {
                "name the program in it, in customHandler.description.defaultExecutablePath".to_owned()
            }
            Self::NotExecutable(program) => {
                format!("run `chmod 755 {program}` and keep the modes in the deployment package")
            }
            Self::CarriageReturn { program, .. } => format!(
                "save {program} with Unix line ends (LF), and write `* text eol=lf` for it into .gitattributes"
            ),
            Self::NoInterpreter { hint: TextHint::WindowsScript, .. } => {
                "write a script for Linux that begins with a line such as #!/bin/sh, or name the program itself"
                    .to_owned()
            }
            Self::NoInterpreter { program, .. } => format!(
                "make the first line of the file, from its very first byte, one such as {}",
                first_line_for(program)
            ),
            Self::InterpreterMissing { interpreter, .. } => {
                format!("install {interpreter}, or name in the first line one that is there")
            }
            Self::EnvTakesOneWord { words, .. } => format!("write `#!/usr/bin/env -S {words}`"),
            Self::OtherMachine { .. } => {
                "build it for 64-bit Linux on x86-64, such as GOOS=linux GOARCH=amd64 or \
                 x86_64-unknown-linux-musl"
                    .to_owned()
            }
            Self::LoaderMissing { .. } => {
                "link it statically, or build it for the C library of this machine".to_owned()
            }
            Self::NoProgram(_) => "name a program: a runtime such as `java` with the file among its arguments, or \
                                   one that is built for 64-bit Linux"
                .to_owned(),
        }
    }

    /// How Azure reacts to such a program.
    #[must_use]
    pub fn in_azure(&self) -> &'static str {
        match self {
            Self::EnvTakesOneWord { .. } | Self::CarriageReturn { is_argument: true, .. } => {
                EARLY_EXIT_IN_AZURE
            }
            Self::InterpreterMissing { interpreter, .. } if !interpreter.contains('/') => EARLY_EXIT_IN_AZURE,
            _ => START_FAILURE_IN_AZURE,
        }
    }

    /// Whether a kernel that is set up for it may run the file all the same, as with Wine or an emulated processor.
    #[must_use]
    pub fn may_still_run(&self) -> bool {
        matches!(self, Self::OtherMachine { .. } | Self::NoProgram(_))
    }

    /// Whether another machine may have what is missing here.
    #[must_use]
    pub fn depends_on_this_machine(&self) -> bool {
        matches!(self, Self::InterpreterMissing { .. } | Self::LoaderMissing { .. })
    }
}

/// A first line for a script of this name.
fn first_line_for(program: &str) -> &'static str {
    match Path::new(program).extension().and_then(OsStr::to_str) {
        Some("py") => "#!/usr/bin/env python3",
        Some("js" | "mjs" | "cjs") => "#!/usr/bin/env node",
        Some("php") => "#!/usr/bin/env php",
        Some("rb") => "#!/usr/bin/env ruby",
        Some("pl") => "#!/usr/bin/env perl",
        _ => "#!/bin/sh",
    }
}
