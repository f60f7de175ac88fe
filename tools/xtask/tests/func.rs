//! The app in the folder that `cargo xtask func` prepares: one story, under a stand-in for Core Tools that starts the
//! emulator there, and under the real ones where they are installed. Both have to give the same answers.

mod func {
    pub(crate) mod served;
    pub(crate) mod story;
}

use std::{
    env, fs,
    io::{self, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use func::{served::Served, story};

/// What `func` is asked for: `start --port PORT`. The queues are the emulator's own.
/// The emulator comes with its own tests, as in a run of all of them; alone it would be compiled once more.
const STUB: &str = "#!/bin/sh
\"$CARGO\" test --quiet --workspace --no-run --test processes || exit
exec \"$FUNCTIONS_EMULATOR\" . --port \"$3\" --setting WorkQueues=
";

/// Where the storage emulator listens, without which the real host serves no queue.
const EMULATOR: [u16; 3] = [10000, 10001, 10002];

#[tokio::test]
async fn both_hosts_give_the_same_responses() {
    let folder = tempfile::tempdir().expect("a folder");
    let stub = stub(folder.path());
    let told = story::told(&Served::start(&stub, Some("the host's own")).await, true).await;
    let path = env::var("PATH").expect("a path");
    if Command::new("func").arg("--version").output().is_err() {
        // Past the harness, which shows the prints of failing tests alone.
        let line = "NOT TESTED: the app under the real host, because there are no Core Tools: see `cargo xtask func`\n";
        io::stderr().write_all(line.as_bytes()).expect("stderr");
        return;
    }
    let is_there = EMULATOR.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok());
    let storage = is_there.then_some("UseDevelopmentStorage=true");
    let real = story::told(&Served::start(&path, storage).await, storage.is_some()).await;
    for (real, told) in real.iter().zip(&told) {
        assert_eq!(real, told);
    }
}

/// A PATH on which the stand-in is found first.
fn stub(folder: &Path) -> String {
    let func = folder.join("func");
    let host = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("functions-emulator");
    let script = STUB.replace("$FUNCTIONS_EMULATOR", host.to_str().expect("UTF-8"));
    fs::write(&func, script).expect("a script");
    fs::set_permissions(&func, fs::Permissions::from_mode(0o755)).expect("a program");
    format!("{}:{}", folder.display(), env::var("PATH").expect("a path"))
}
