//! A start that the machine does not allow ends with exit code 3, and one line on each stream says so.

use std::{
    fs::{self, Permissions},
    io::{Write, pipe},
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::geteuid;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{SOON, binary, command, free_port};

/// The one log line of a start that failed, which the last line of stderr repeats.
fn failed(output: &Output) -> Value {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(3), "{out}{err}");
    let line: Value = serde_json::from_str(out.trim_end()).unwrap_or_else(|_| panic!("one line: {out}"));
    assert_eq!((&line["event"], &line["level"]), (&json!("cannot-serve"), &json!("ERROR")));
    let said = |name: &str| line[name].as_str().expect("text").to_owned();
    let last = format!("cannot serve: {}: {}", said("error"), said("remedy"));
    assert_eq!(err.lines().last(), Some(last.as_str()));
    line
}

fn error(output: &Output) -> String {
    failed(output)["error"].as_str().expect("text").to_owned()
}

/// What it prints until it ends, which it does at once.
fn output(mut command: Command) -> Output {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    ended(child).wait_with_output().expect("its streams can be read")
}

/// The process once it has ended. A process that serves or hangs is killed, which its exit code shows.
fn ended(mut child: Child) -> Child {
    let began = Instant::now();
    while child.try_wait().expect("it is a child").is_none() {
        if began.elapsed() > SOON {
            child.kill().expect("it is ours");
        }
        thread::sleep(Duration::from_millis(20));
    }
    child
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A port with a listener.
fn taken() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("it has an address").port();
    (listener, port)
}

#[test]
fn a_port_in_use_is_reported() {
    let (_listener, port) = taken();
    let error = error(&output(command(&binary(), ":", port, &folder())));
    assert_eq!(error, format!("port {port} of 127.0.0.1 is in use by another process"));
}

#[test]
fn a_failed_start_exits_with_unread_output() {
    let (_listener, port) = taken();
    let (_unread, mut full) = pipe().expect("a pipe");
    full.write_all(&vec![b'\n'; 65536]).expect("a pipe holds so much");
    let mut command = command(&binary(), ":", port, &folder());
    let child = command.stdout(full.try_clone().expect("a descriptor")).stderr(full).spawn();
    let ended = ended(child.expect("the binary runs")).wait().expect("it is a child");
    assert_eq!(ended.code(), Some(3), "killed while it waited for a reader");
}

#[test]
fn too_few_file_descriptors_are_reported() {
    for limit in [8, 16, 32] {
        let command = command(&binary(), &format!("ulimit -n {limit}"), free_port(), &folder());
        let error = error(&output(command));
        assert!(error.contains("more files and needs 64"), "{limit}: {error}");
    }
}

/// The system does not hold root to its limit of processes, so root becomes another user here. Shells spell the limit in
/// two ways.
#[test]
fn too_few_threads_are_reported() {
    let folder = folder();
    let worker = folder.path().join("orders-worker");
    // Another process copies: a child that a test starts meanwhile would hold a file open that is open here.
    assert!(Command::new("cp").arg(binary()).arg(&worker).status().expect("cp runs").success());
    for path in [&worker, folder.path()] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
    }
    let mut command = command(&worker, "ulimit -p 1 2>/dev/null || ulimit -u 1", free_port(), &folder);
    if geteuid().is_root() {
        command.uid(54_321).gid(54_321);
    }
    command.current_dir("/");
    let error = error(&output(command));
    assert!(error.starts_with("the process may start only 0 threads"), "{error}");
}
