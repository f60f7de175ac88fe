//! Traps around the program that is to be started.

use super::{Fault, Rule, fail, warn};
use crate::{App, Program, Runs};

pub(super) const RULES: &[&Rule] = &[&FOUND, &FORM, &MODE, &ARCHITECTURE];

fn of(app: &App, find: fn(&App, &Program) -> Vec<Fault>) -> Vec<Fault> {
    app.program.as_ref().map_or_else(Vec::new, |program| find(app, program))
}

const FOUND: Rule = Rule {
    id: "executable-found",
    promise: "the program lies in the app folder",
    source: "protocol sheet §1.1; host issue 5812",
    find: |app| of(app, found),
};

fn found(app: &App, program: &Program) -> Vec<Fault> {
    if program.file.is_some() {
        return Vec::new();
    }
    let working =
        app.host(&["customHandler", "description", "workingDirectory"]).and_then(|value| value.as_str());
    if working.is_some_and(|folder| app.root.join(folder).join(&program.written).is_file()) {
        let why = "the program lies in the working directory, where the host does not look";
        return vec![fail("host.json", why, "write its path from the app root")];
    }
    if program.written.contains(['/', '\\']) {
        let why = "the program is not there";
        return vec![fail(
            &program.written,
            why,
            "build it into the app folder, or mend defaultExecutablePath",
        )];
    }
    vec![warn(
        &program.written,
        "it is not in the app folder, so the host looks it up on the search path, where a plan may have none",
        "put the program into the app folder, or make sure that every machine has it",
    )]
}

const FORM: Rule = Rule {
    id: "executable-path-form",
    promise: "the program's path is written as the packager compares it",
    source: "protocol sheet §7.3; core-tools issues 2510, 2521",
    find: |app| of(app, form),
};

fn form(_: &App, program: &Program) -> Vec<Fault> {
    let written = &program.written;
    let why = if written.starts_with("./") || written.starts_with(".\\") || written.contains("/../") {
        "the packager compares the path letter by letter with the names in the zip, and gives only an equal one the \
         right to run"
    } else if written.contains('\\') {
        "on Linux a backslash is a letter of the name"
    } else if written.starts_with('/') {
        "it is an absolute path, which is another one on every machine"
    } else {
        return Vec::new();
    };
    vec![fail(
        "host.json defaultExecutablePath",
        why,
        "write it from the app root, as in `worker` or `bin/worker`",
    )]
}

const MODE: Rule = Rule {
    id: "executable-mode",
    promise: "the program may be executed",
    source: "protocol sheet §7.3; core-tools issues 2510, 2521; functions-action issue 81",
    find: |app| of(app, mode),
};

fn mode(_: &App, program: &Program) -> Vec<Fault> {
    if program.file.is_none() || program.executable || program.runs == Runs::Windows {
        return Vec::new();
    }
    let why =
        "it may not be executed by everyone, and outside of Linux Consumption and Flex nobody mends that";
    vec![fail(&program.written, why, "`chmod 755` it and keep the modes in the zip")]
}

const ARCHITECTURE: Rule = Rule {
    id: "executable-architecture",
    promise: "the program runs on the plans' machines",
    source: "protocol sheet §7.3, §7.4; host issue 5696",
    find: |app| of(app, architecture),
};

fn architecture(_: &App, program: &Program) -> Vec<Fault> {
    let remedy = "build it for x86_64-unknown-linux-musl, or the like in your language";
    match program.runs {
        Runs::Anywhere | Runs::Unseen => Vec::new(),
        Runs::WithLibrary => {
            vec![warn(
                &program.written,
                "it needs the C library of the machine, which may be older there",
                remedy,
            )]
        }
        Runs::Interpreted => vec![warn(
            &program.written,
            "it is a script: its interpreter has to be on the machine, and what it starts has to be executable",
            "name the program itself",
        )],
        Runs::Windows => vec![warn(&program.written, "it runs on plans with Windows alone", remedy)],
        Runs::HereAlone => {
            vec![warn(&program.written, "it runs on this machine, but on no plan's", remedy)]
        }
        Runs::Elsewhere => {
            vec![fail(&program.written, "it is no program for 64-bit Linux on x86-64", remedy)]
        }
    }
}
