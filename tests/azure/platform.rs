//! Promises about an app on a platform or on a developer's machine, each in a separate process: the platform announces
//! its identity endpoint in the environment, developers have their tools in the PATH, and the Azure client looks
//! nowhere else.

use std::{
    env, fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::fs::PermissionsExt as _,
    },
    process::{Command, Output, Stdio},
};

use test_servers::identity_endpoint::IDENTITY_HEADER;

const ENDPOINT: &str = "IDENTITY_ENDPOINT";
/// Tells a process of these tests that it is a developer's.
const DEVELOPER: &str = "TEST_OF_A_DEVELOPER";

/// Runs each promise in a separate process.
macro_rules! on_the_platform {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            #[test]
            fn on_the_platform() {
                $crate::platform::run(concat!(module_path!(), "::on_the_platform"), super::$promise);
            }
        }
    )+ };
}
pub(crate) use on_the_platform;

/// Where the endpoint of this process has to listen. The process inherits the open listener as its standard input,
/// because another process could take a port that is only announced.
pub(crate) fn announced() -> TcpListener {
    io::stdin().as_fd().try_clone_to_owned().unwrap().into()
}

pub(crate) fn run<F: Future<Output = ()>>(test: &str, promise: impl Fn() -> F) {
    if env::var_os(ENDPOINT).is_some() {
        return hold(promise);
    }
    let (_target, name) = test.split_once("::").unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env(ENDPOINT, format!("http://127.0.0.1:{port}/msi/token"))
        .env("IDENTITY_HEADER", IDENTITY_HEADER)
        .stdin(Stdio::from(OwnedFd::from(listener)))
        .output()
        .unwrap();
    was_kept(name, &kept);
}

/// Runs the tests again in a process in which no identity endpoint is announced and the tool of this name is this shell
/// script.
pub(crate) fn run_with_tool<F: Future<Output = ()>>(
    test: &str,
    tool: &str,
    script: &str,
    promise: impl Fn() -> F,
) {
    if env::var_os(DEVELOPER).is_some() {
        return hold(promise);
    }
    let (_target, name) = test.split_once("::").unwrap();
    let tools = tempfile::tempdir().unwrap();
    let tool = tools.path().join(tool);
    fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
    let kept = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env_clear()
        .env(DEVELOPER, "1")
        .env("PATH", format!("{}:/usr/bin:/bin", tools.path().display()))
        .output()
        .unwrap();
    was_kept(name, &kept);
}

fn hold<F: Future<Output = ()>>(promise: impl Fn() -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(promise());
}

fn was_kept(name: &str, kept: &Output) {
    let told = String::from_utf8_lossy(&kept.stdout);
    assert!(kept.status.success(), "{told}\n{}", String::from_utf8_lossy(&kept.stderr));
    assert!(told.contains("1 passed"), "{name} is no test: {told}");
}
