//! The example behind the emulator, as a host calls it.

#[path = "../../hello/tests/support/emulator.rs"]
mod emulator;

use emulator::{MODES, serve};

#[tokio::test]
async fn the_router_answers_in_every_mode() {
    for mode in MODES {
        let emulator = serve(env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_example-axum"), mode).await;
        let url = emulator.host.url();
        let hello = reqwest::get(format!("{url}/api/hello/Ada")).await.expect("an answer");
        assert_eq!(hello.text().await.expect("text"), "Hello, Ada!", "{mode:?}");
        let nothing = reqwest::get(format!("{url}/api/nothing")).await.expect("an answer");
        assert_eq!(nothing.status(), 404, "{mode:?}");
        emulator.host.stop().await;
    }
}
