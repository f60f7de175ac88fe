//! Traps around the program that is to be started.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Rule, Violation, fail, warn};
use crate::{
    App, Program,
    app::text,
    launch::{self, LaunchError, Machine, START_FAILURE_IN_AZURE, TextHint},
    program::is_absolute,
};

pub(super) const RULES: &[&Rule] = &[&FOUND, &FORM, &MODE, &ARCHITECTURE, &DIRECTORY];

const FOUND: Rule = Rule {
    id: "executable-found",
    promise: "the program is in the app folder",
    source: "https://github.com/Azure/azure-functions-host/issues/5812",
    find: |app| app.program.as_ref().map(|program| found(app, program)),
};

fn found(app: &App, program: &Program) -> Vec<Violation> {
    let written = &program.path;
    if program.file.is_some() {
        return Vec::new();
    }
    if is_absolute(written) {
        return vec![warn(
            written,
            format!("it is not on this machine; if it is not on Azure's either, {START_FAILURE_IN_AZURE}"),
            "make sure that the plan's image has it, or put the program into the app folder",
        )];
    }
    if let Some(path) = in_working_directory(app, program) {
        let why = format!(
            "the program is in the working directory, where the host does not look for it: {START_FAILURE_IN_AZURE}"
        );
        return vec![fail(written, why, format!("write \"defaultExecutablePath\": \"{path}\""))];
    }
    let near = launch::similar_paths(&app.root, written);
    let on_search_path = launch::find_on_search_path(Path::new(written)).is_some();
    let is_path = written.contains(['/', '\\']);
    match near.first() {
        Some(first) if is_path || !on_search_path => {
            let missing = LaunchError::Missing { program: written.clone(), near: near.clone() };
            let why = format!("{missing}: names are case-sensitive on Linux, and {START_FAILURE_IN_AZURE}");
            let is_same_place = launch::is_same_place(written, first);
            let judge = if is_path || is_same_place { fail } else { warn };
            vec![judge(written.clone(), why, missing.remedy())]
        }
        _ if is_path => {
            let why = format!("the program does not exist: {START_FAILURE_IN_AZURE}");
            let remedy = "build it into the app folder, or correct defaultExecutablePath";
            vec![fail(written, why, remedy)]
        }
        _ => vec![warn(
            written,
            format!(
                "it is not in the app folder, so the host looks it up on the search path. Without it there, {START_FAILURE_IN_AZURE}"
            ),
            "put the program into the app folder, or make sure that the plan's image has it",
        )],
    }
}

/// The program's path below the app root, where it lies in `workingDirectory`.
fn in_working_directory(app: &App, program: &Program) -> Option<String> {
    let folder = app.handler(&["description", "workingDirectory"])?.as_str()?;
    let path = Path::new(folder).join(&program.path);
    app.root.join(&path).is_file().then(|| path.display().to_string())
}

const FORM: Rule = Rule {
    id: "executable-path-form",
    promise: "the program's path is written as Core Tools compare it",
    source: "https://github.com/Azure/azure-functions-core-tools/issues/2510",
    find: |app| {
        let program = app.program.as_ref()?;
        let is_path = program.file.is_some() || program.path.contains(['/', '\\']);
        is_path.then(|| form(program).into_iter().collect())
    },
};

fn form(program: &Program) -> Option<Violation> {
    let written = &program.path;
    let subject = format!("host.json {}.description.defaultExecutablePath", program.section);
    let remedy = "write it from the app root, as in `worker` or `bin/worker`";
    if is_absolute(written) {
        let why = format!(
            "{written} is an absolute path. It has to be there on every machine that the app runs on, in Azure too: \
             without it there, {START_FAILURE_IN_AZURE}"
        );
        return Some(warn(
            subject,
            why,
            "put the program into the app folder and name it from there, if it can be",
        ));
    }
    if written.contains('\\') {
        let why =
            format!("on Linux the backslash in {written} is a part of the name: {START_FAILURE_IN_AZURE}");
        return Some(fail(subject, why, "write slashes, and the path from the app root"));
    }
    (written.starts_with("./") || written.contains("/./") || written.contains("../")).then(|| {
        let why = "the packager of Core Tools compares the path letter by letter with the names in the zip, and gives \
                   only an equal one the right to run. On a Premium or Dedicated plan the program then has no \
                   execute permission";
        warn(subject, why, remedy)
    })
}

const MODE: Rule = Rule {
    id: "executable-mode",
    promise: "the program may be executed",
    source: "https://github.com/Azure/functions-action/issues/81; \
             https://github.com/Azure/azure-functions-core-tools/issues/2521",
    find: |app| {
        let program = app.program.as_ref()?;
        let file = program.file.as_deref()?;
        if launch::machine(file).is_some_and(|(machine, _)| machine == Machine::Windows) {
            return None;
        }
        let missing = LaunchError::NotExecutable(program.path.clone());
        let judge = if program.is_in_app_folder() { fail } else { warn };
        let why = format!(
            "not everyone has the execute permission, and outside of Linux Consumption and Flex nothing adds it: {START_FAILURE_IN_AZURE}"
        );
        let fault = (!is_executable_by_all(file)).then(|| judge(program.path.clone(), why, missing.remedy()));
        Some(fault.into_iter().collect())
    },
};

#[cfg(unix)]
fn is_executable_by_all(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}

#[cfg(not(unix))]
fn is_executable_by_all(file: &Path) -> bool {
    fs::metadata(file).is_ok()
}

const ARCHITECTURE: Rule = Rule {
    id: "executable-architecture",
    promise: "the program runs on the machines of the plans",
    source: "https://github.com/Azure/azure-functions-host/issues/5696; \
             https://man7.org/linux/man-pages/man2/execve.2.html",
    find: |app| {
        let program = app.program.as_ref()?;
        let file = program.file.as_deref().filter(|_| program.is_in_app_folder());
        let itself = file.map(|file| match launch::machine(file) {
            Some((machine, loader)) => of_binary(program, machine, loader),
            None => of_script(program, file),
        });
        let of_shell = script_of_a_shell(app, program).map(|(name, file)| carriage_returns(&name, &file));
        let looked_at = [itself, of_shell].into_iter().flatten();
        let faults: Vec<_> = looked_at.collect();
        (!faults.is_empty()).then(|| faults.into_iter().flatten().collect())
    },
};

fn of_binary(program: &Program, machine: Machine, loader: Option<String>) -> Option<Violation> {
    let written = &program.path;
    let remedy = "build it for x86_64-unknown-linux-musl, or the like in your language";
    if machine == Machine::Windows {
        let why = format!("it runs only on Windows plans. On Linux {START_FAILURE_IN_AZURE}");
        return Some(warn(written, why, remedy));
    }
    if !machine.is_the_plans() {
        let why =
            format!("it is {machine}, but the plans run 64-bit Linux on x86-64: {START_FAILURE_IN_AZURE}");
        let judge = if machine.is_ours() { warn } else { fail };
        return Some(judge(written.clone(), why, remedy.to_owned()));
    }
    let loader = loader?;
    let why = format!(
        "it needs the C library of the machine (its loader is {loader}), which may be older or missing in Azure: the \
         program then ends at its start, and at the third time the host ends"
    );
    Some(warn(written, why, remedy))
}

fn of_script(program: &Program, file: &Path) -> Option<Violation> {
    let written = &program.path;
    match &program.fault {
        Some(fault) if fault.depends_on_this_machine() => Some(warn(
            written,
            format!("{fault}. If it is not on Azure's either, {}", fault.in_azure()),
            "make sure that the plan's image has the interpreter, or name the program itself",
        )),
        Some(fault @ LaunchError::NoInterpreter { hint: TextHint::WindowsScript, .. }) => {
            let why = format!("{fault}, so it runs only on Windows plans. On Linux {START_FAILURE_IN_AZURE}");
            Some(warn(written, why, fault.remedy()))
        }
        Some(fault) => Some(fail(written, format!("{fault}. So {}", fault.in_azure()), fault.remedy())),
        None => carriage_returns(written, file).or_else(|| {
            Some(warn(
                written,
                "it is a script: its interpreter has to be on Azure's machine too, and what it starts has to be \
                 executable",
                "name the program itself, if there is one",
            ))
        }),
    }
}

/// Finds a shell script whose lines end with a carriage return, as on Windows.
fn carriage_returns(shown: &str, file: &Path) -> Option<Violation> {
    let text = fs::read(file).ok()?;
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_shell = !first.starts_with(b"#!") || String::from_utf8_lossy(first).trim_end().ends_with("sh");
    if !is_shell || !launch::has_carriage_returns(&text) {
        return None;
    }
    Some(warn(
        shown,
        "it has Windows line ends (CRLF), and the shell takes the carriage return (\\r) for a part of each line's last \
         word: commands and files are then not found, and the program ends at its start",
        format!(
            "save {shown} with Unix line ends (LF), and write `* text eol=lf` for it into .gitattributes"
        ),
    ))
}

/// The file of the app that a shell is to run, with its name.
fn script_of_a_shell(app: &App, program: &Program) -> Option<(String, PathBuf)> {
    let name = Path::new(&program.path).file_name()?;
    if !["sh", "bash", "dash", "ash", "zsh", "ksh"].iter().any(|shell| name == *shell) {
        return None;
    }
    let words = app.handler_texts("arguments");
    let mut words = words.iter().flat_map(|line| line.split_whitespace());
    words.find_map(|word| Some((word.to_owned(), app.root.join(word))).filter(|(_, file)| file.is_file()))
}

const DIRECTORY: Rule = Rule {
    id: "working-directory",
    promise: "the working directory exists",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-host-json#customhandler",
    find: |app| {
        let folder = text(app.handler(&["description"])?, "workingDirectory");
        if folder.is_empty() {
            return None;
        }
        let path = app.root.join(folder);
        let subject = "host.json customHandler.description.workingDirectory";
        let remedy = LaunchError::NoWorkingDirectory(String::new()).remedy();
        if path.is_dir() {
            return Some(Vec::new());
        }
        let what = if path.is_file() { "must be a folder, and is a file" } else { "does not exist" };
        if is_absolute(folder) {
            let why = format!(
                "{folder} {what} on this machine; if that is so on Azure's too, {START_FAILURE_IN_AZURE}"
            );
            return Some(vec![warn(subject, why, remedy)]);
        }
        let why = format!(
            "workingDirectory {folder}, seen from the app folder, {what}. So {START_FAILURE_IN_AZURE}"
        );
        Some(vec![fail(subject, why, remedy)])
    },
};
