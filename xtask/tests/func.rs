//! The app under the real host, where there is one.

use std::{
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    process::{Child, Command},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use test_servers::port;

/// The first start fetches the extension bundle.
const DEADLINE: Duration = Duration::from_mins(5);

struct Func(Child);

impl Drop for Func {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            rustix::process::kill_process_group(group, Signal::INT).ok();
            kill_process(group, Signal::INT).ok();
        }
        self.0.wait().ok();
    }
}

#[tokio::test]
async fn the_real_host_serves_the_same_app() {
    if Command::new("func").arg("--version").output().is_err() {
        // Past the harness, which shows the prints of failing tests alone.
        let line = "NOT TESTED: the app under the real host, because there are no Core Tools: see `cargo xtask func`\n";
        io::stderr().write_all(line.as_bytes()).expect("stderr");
        return;
    }
    let [port, issuer] = [(); 2].map(|()| port::free().expect("a free port").to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["func", "--http-only", "--port", &port, "--issuer-port", &issuer]).process_group(0);
    let _func = Func(command.spawn().expect("xtask starts"));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let started = Instant::now();
    loop {
        let health = client.get(format!("http://localhost:{port}/api/health")).send().await;
        if health.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        assert!(started.elapsed() < DEADLINE, "no answer of the real host");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let nobody = client.get(format!("http://localhost:{port}/api/orders")).send().await.expect("an answer");
    assert_eq!(nobody.status(), 401);
    let token = Command::new(env!("CARGO_BIN_EXE_xtask")).args(["token", "buyer"]).output().expect("a token");
    let token = String::from_utf8(token.stdout).expect("text");
    let call = client.get(format!("http://localhost:{port}/api/orders")).bearer_auth(token.trim());
    assert_eq!(call.send().await.expect("an answer").status(), 200);
}
