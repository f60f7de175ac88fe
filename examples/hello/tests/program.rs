//! The program by itself: what it says without a host, and what ends it.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_example-hello"));
    program.env_remove("FUNCTIONS_CUSTOMHANDLER_PORT").env_remove("FUNCTIONS_APP_ROOT_PATH");
    program
}

/// The program as a host starts it, once it answers the host's ping.
fn started() -> (Child, u16) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let mut program = program();
    program.env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()).stderr(Stdio::piped());
    let child = program.spawn().expect("it runs");
    while !send(port, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").contains("ready") {
        std::thread::yield_now();
    }
    (child, port)
}

fn send(port: u16, text: &str) -> String {
    let Ok(mut socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return String::new() };
    let mut answer = String::new();
    socket.write_all(text.as_bytes()).and_then(|()| socket.read_to_string(&mut answer)).expect("an answer");
    answer
}

fn ended(child: Child, signal: &str) -> Output {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success(), "{signal}");
    child.wait_with_output().expect("an end")
}

#[test]
fn every_stop_signal_ends_with_success() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let (child, _) = started();
        let output = ended(child, signal);
        assert!(output.status.success(), "{signal} {output:?}");
    }
}

#[test]
fn warnings_go_to_stderr() {
    let (child, port) = started();
    assert!(send(port, "hunter2\r\n\r\n").starts_with("HTTP/1.1 400"));
    let words = String::from_utf8(ended(child, "-TERM").stderr).expect("text");
    assert!(words.starts_with("warn: the head of a request cannot be read"), "{words}");
    assert!(words.contains("invocation_id=") && words.lines().count() == 1, "{words}");
}

#[test]
fn unknown_arguments_are_rejected() {
    for arguments in [&["function_json"][..], &["function-json", "x"], &["--help"]] {
        let output = program().args(arguments).output().expect("it runs");
        let words = String::from_utf8(output.stderr).expect("text");
        assert!(
            !output.status.success() && words.contains("`function-json` alone"),
            "{arguments:?}: {words}"
        );
    }
}

#[test]
fn examples_stay_short() {
    let text = |example: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(example).join("src/main.rs");
        fs::read_to_string(file).expect("an example")
    };
    for example in ["hello", "queue", "axum"] {
        assert!(text(example).lines().count() <= 60, "{example}");
    }
    let hello = text("hello");
    let is_code = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("//") && !line.starts_with("use ")
    };
    let code: Vec<&str> = hello.lines().filter(is_code).take_while(|line| *line != "#[cfg(test)]").collect();
    assert!(code.len() <= 15, "{code:#?}");
}
