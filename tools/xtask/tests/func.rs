//! The app in the folder that `cargo xtask func` prepares: under a stand-in for Core Tools that starts the emulator there,
//! and under the real ones where they are installed.

mod func {
    pub(crate) mod issuing;
}

use std::{
    env, fs,
    io::{self, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use func::issuing::Issuing;
use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options, app::stage_app, easyauth::EasyAuthMode, queues::Connections,
};
use project::{Project, WORKER_NAME};
use serde_json::Value;
use tokio::sync::Mutex;

/// What `func` is asked for: `start --port PORT`. The queues are the emulator's own.
/// The emulator comes with its own tests, as in a run of all of them; alone it would be compiled once more.
const STUB: &str = "#!/bin/sh
\"$CARGO\" test --quiet --workspace --no-run --test processes || exit
exec \"$FUNCTIONS_EMULATOR\" . --port \"$3\" --setting WorkQueues=
";

/// Where the storage emulator listens, without which the real host serves no queue.
const STORAGE_EMULATOR: [u16; 3] = [10000, 10001, 10002];

/// The port that the example names, which a test does not occupy.
const PORT_OF_THE_EXAMPLE: &str = "localhost:7072";

/// One test at a time prepares the repository's root.
static TURN: Mutex<()> = Mutex::const_new(());

fn xtask(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
    command.output().expect("xtask starts")
}

fn succeeds(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

#[test]
fn both_hosts_give_the_same_responses() {
    let _turn = TURN.blocking_lock();
    let folder = tempfile::tempdir().expect("a folder");
    let own = "the host's own";
    let stub = stub(folder.path());
    let environment = [("PATH", stub.as_str()), ("AzureWebJobsStorage", own), ("WorkQueues", own)];
    let told = succeeds(&xtask(&["func", "--story"], &environment));
    assert!(told.starts_with("the story under Core Tools") && told.contains("alike by both hosts"), "{told}");
    assert!(told.lines().any(|line| line.contains("202") && line.contains("clerk: POST")), "{told}");
    if Command::new("func").arg("--version").output().is_err() {
        // Past the harness, which shows the prints of failing tests alone.
        let line = "NOT TESTED: the app under the real host, because there are no Core Tools: see `cargo xtask func`\n";
        io::stderr().write_all(line.as_bytes()).expect("stderr");
        return;
    }
    let has_storage = STORAGE_EMULATOR.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok());
    let arguments: &[&str] =
        if has_storage { &["func", "--story"] } else { &["func", "--story", "--http-only"] };
    succeeds(&xtask(arguments, &[]));
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

/// As the documents say: prepare once, keep the issuer, copy the example, `func start`, `cargo xtask token`.
#[tokio::test]
async fn the_example_settings_accept_the_tokens_of_the_issuer() {
    let _turn = TURN.lock().await;
    succeeds(&xtask(&["func", "--prepare"], &[]));
    let issuing = Issuing::start();
    let example =
        fs::read_to_string(Project::here().root().join("local.settings.json.example")).expect("the example");
    assert!(issuing.help.contains("[default: 7072]"), "{}", issuing.help);
    let settings = example.replace(PORT_OF_THE_EXAMPLE, &issuing.host);
    let values: Value = serde_json::from_str(&settings).expect("JSON");
    for (said, name) in [
        ("authority", "ORDERS_ENTRA_AUTHORITY"),
        ("tenant", "ORDERS_ENTRA_TENANT_ID"),
        ("audience", "ORDERS_ENTRA_AUDIENCE"),
    ] {
        assert_eq!(values["Values"][name], issuing.said(said), "{name} of the example");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let host = Emulator::start(like_func_start(folder.path(), &settings)).await.expect("a host");
    host.ready().await.expect("the worker answers");
    let orders = format!("{}/api/orders", host.url());
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    assert_eq!(client.get(&orders).send().await.expect("an answer").status(), 401);
    let token = succeeds(&xtask(&["token", "buyer"], &[]));
    let answer = client.get(&orders).bearer_auth(token.trim()).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{}", answer.text().await.expect("a text"));
    host.stop().await;
}

/// The app with this local.settings.json, which the emulator reads as Core Tools do, and without sign-in before it.
fn like_func_start(folder: &Path, settings: &str) -> Options {
    let (root, app_root) = (Project::here().root().to_owned(), folder.join("app"));
    stage_app(&root, &root.join(WORKER_NAME), WORKER_NAME, &app_root).expect("an app");
    fs::write(app_root.join("local.settings.json"), settings).expect("settings");
    Options {
        app_root,
        listen: ([127, 0, 0, 1], 0).into(),
        settings: Vec::new(),
        easyauth: EasyAuthMode::Off,
        users: None,
        state: folder.join("state"),
        keys: None,
        queues: Connections::default(),
        events: Events::new(),
        console: ConsoleOptions::default(),
    }
}
