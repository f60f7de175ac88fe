//! The program that is started: what keeps it from starting is found, and what another machine may have is no fault.

use functions_lint::Level::{Fail, Warn};
use serde_json::json;

use crate::folder::{Folder, elf, told_once, untold};

const SCRIPT: &[u8] = b"#!/bin/sh\nexec true\n";

fn naming(program: &str) -> Folder {
    Folder::sound().names(program)
}

/// An app whose program is this script, `run.sh`.
fn script(text: &[u8]) -> Folder {
    naming("run.sh").bytes("run.sh", text, 0o755)
}

#[test]
fn a_name_that_is_nearly_a_files_names_that_file() {
    for (written, there) in [
        ("handler.exe", "handler"),
        ("handler", "handler.exe"),
        ("Handler", "handler"),
        ("bin/Handler", "bin/handler"),
        ("Bin/handler", "bin/handler"),
        ("bin\\handler.exe", "bin/handler"),
    ] {
        let app = naming(written).bytes(there, SCRIPT, 0o755);
        told_once(app, "executable-found", Fail, &[&format!("`{there}`"), "137 seconds", "letter by letter"]);
    }
}

#[test]
fn a_program_in_another_folder_is_pointed_at() {
    let app = naming("my-handler").bytes("target/release/my-handler", SCRIPT, 0o755);
    told_once(app, "executable-found", Warn, &["`target/release/my-handler`"]);
    let app = naming("bin/my-handler").bytes("out/my-handler", SCRIPT, 0o755);
    told_once(app, "executable-found", Fail, &["`out/my-handler`"]);
}

#[test]
fn a_runtime_on_the_search_path_is_no_failure() {
    for runtime in ["sh", "node", "php", "RScript", "some-runtime-of-the-plan"] {
        told_once(naming(runtime), "executable-found", Warn, &["search path", runtime]);
    }
}

#[test]
fn an_absolute_path_is_judged_on_its_machine() {
    for program in ["/usr/lib/jvm/some/bin/java", "/home/site/wwwroot/worker", "C:\\java\\bin\\java.exe"] {
        told_once(naming(program), "executable-path-form", Warn, &["absolute", program]);
        told_once(naming(program), "executable-found", Warn, &["not on this machine"]);
    }
    let app = Folder::sound().bytes("elsewhere/worker", b"nonsense", 0o644);
    let program = app.path("elsewhere/worker").display().to_string();
    let broken = app.names(&program).breaks();
    assert!(broken.iter().all(|(_, level)| *level == Warn), "{broken:?}");
}

#[test]
fn windows_line_ends_are_told_by_name() {
    for text in
        ["#!/bin/sh\r\nexec true\r\n", "#!/usr/bin/env python3\r\nprint()\r\n", "#!/bin/sh -e\r\nexec true\n"]
    {
        told_once(script(text.as_bytes()), "executable-architecture", Fail, &["run.sh", "CRLF", "line ends"]);
    }
    let below = script(b"#!/bin/sh\nexec true\r\n");
    told_once(below, "executable-architecture", Warn, &["run.sh", "CRLF"]);
    let of_python = script(b"#!/usr/bin/env python3\nprint()\r\n").findings();
    assert!(of_python.iter().all(|finding| !finding.why.contains("CRLF")), "{of_python:#?}");
    let handed_to_a_shell = naming("sh")
        .host("/customHandler/description/arguments", json!(["start.sh"]))
        .bytes("start.sh", b"exec true\r\n", 0o644);
    told_once(handed_to_a_shell, "executable-architecture", Warn, &["start.sh", "CRLF"]);
}

#[test]
fn a_script_needs_a_first_line() {
    let of_shell: [&[u8]; 5] =
        [b"", b"exec true\n", b"\n#!/bin/sh\nexec true\n", b"\xef\xbb\xbf#!/bin/sh\n", b"#!\nexec true\n"];
    for text in of_shell {
        told_once(script(text), "executable-architecture", Fail, &["run.sh", "#!/bin/sh", "first"]);
    }
    let python = naming("app.py").bytes("app.py", b"import os\n", 0o755);
    told_once(python, "executable-architecture", Fail, &["app.py", "#!/usr/bin/env python3"]);
    let batch = naming("run.cmd").bytes("run.cmd", b"@echo off\r\nhandler.exe\r\n", 0o755);
    told_once(batch, "executable-architecture", Warn, &["run.cmd", "#!", "Windows plans"]);
    for app in [script(b"exec true\n"), script(SCRIPT)] {
        let findings = app.findings();
        let text = format!("{findings:?}");
        assert!(!text.contains("musl"), "{text}");
    }
}

#[test]
fn an_interpreter_that_is_not_here_may_be_elsewhere() {
    for line in ["#!/opt/of-the-plan/bin/php\n", "#!/usr/bin/env runtime-of-the-plan\n"] {
        told_once(script(line.as_bytes()), "executable-architecture", Warn, &["run.sh", "of-the-plan"]);
    }
    let words = script(b"#!/usr/bin/env sh -e\nexec true\n");
    told_once(words, "executable-architecture", Fail, &["sh -e", "env -S sh -e"]);
    let split = script(b"#!/usr/bin/env -S A=1 sh -e\nexec true\n");
    told_once(split, "executable-architecture", Warn, &["it is a script"]);
}

#[test]
fn what_is_no_program_is_told_without_a_guess_at_its_language() {
    let nothing: [&[u8]; 2] = [b"PK\x03\x04\x14\0", b"\xca\xfe\xba\xbe\0\0\0\x37"];
    for bytes in nothing {
        let app = naming("server.jar").bytes("server.jar", bytes, 0o755);
        told_once(app, "executable-architecture", Fail, &["server.jar", "not a program"]);
    }
    let arm = Folder::sound().program(&elf(183), 0o755).told("executable-architecture");
    assert!(
        matches!(arm.as_slice(), [one] if one.is(Fail, &["ARM64"]) || one.is(Warn, &["no plan's"])),
        "{arm:?}"
    );
}

#[test]
fn the_folder_to_start_in_has_to_be_deployed() {
    let starting_in =
        |folder: &str| Folder::sound().host("/customHandler/description/workingDirectory", folder.into());
    told_once(
        starting_in("data"),
        "working-directory",
        Fail,
        &["workingDirectory", "data", "does not exist"],
    );
    told_once(starting_in("worker"), "working-directory", Fail, &["is a file"]);
    told_once(starting_in("%DATA%"), "working-directory", Fail, &["%DATA%"]);
    told_once(starting_in("/home/site/of-the-plan"), "working-directory", Warn, &["on this machine"]);
    for there in ["Call", ".", ""] {
        untold(starting_in(there), "working-directory");
    }
}

#[test]
fn a_mode_without_execution_is_told_with_its_remedy() {
    for mode in [0o644, 0o744, 0o666] {
        told_once(Folder::sound().program(&elf(62), mode), "executable-mode", Fail, &["chmod 755 worker"]);
    }
    told_once(
        naming("bin/run").bytes("bin/run", SCRIPT, 0o600),
        "executable-mode",
        Fail,
        &["chmod 755 bin/run"],
    );
    untold(Folder::sound().program(b"MZ\x90", 0o644), "executable-mode");
}

#[test]
fn nothing_passes_that_was_not_looked_at() {
    let rules = ["executable-found", "executable-path-form", "executable-mode", "executable-architecture"];
    let passes = |app: Folder| -> Vec<&str> {
        app.findings().iter().map(|finding| finding.rule).filter(|rule| rules.contains(rule)).collect()
    };
    let unnamed = Folder::sound().host("/customHandler/description", json!({}));
    assert_eq!(passes(unnamed), Vec::<&str>::new());
    assert_eq!(passes(naming("node")), ["executable-found"]);
}
