//! The example behind the emulator, as a host calls it.

#[path = "support/emulator.rs"]
mod emulator;

use emulator::{MODES, queues, serve};

#[tokio::test]
async fn hello_responds_in_every_mode() {
    for mode in MODES {
        let app = (env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_example-hello"));
        let emulator = serve(app, &queues(), mode).await;
        let url = format!("{}/api/hello/Ada%20L", emulator.host.url());
        let answer = emulator.client.get(url).send().await.expect("an answer").text().await.expect("text");
        assert_eq!(answer, "Hello, Ada L!", "{mode:?}");
        emulator.host.stop().await;
    }
}

#[test]
fn a_start_without_a_host_explains_how_to_start() {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_example-hello"));
    let ended = program.env_remove("FUNCTIONS_CUSTOMHANDLER_PORT").output().expect("it runs");
    let words = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success() && words.contains("functions-emulator ."), "{words}");
}
