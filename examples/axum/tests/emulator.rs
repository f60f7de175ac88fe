//! The example behind the emulator, as a host calls it.

#[path = "../../hello/tests/support/emulator.rs"]
mod emulator;

use emulator::{MODES, queues, serve};

#[tokio::test]
async fn the_router_responds_in_every_mode() {
    for mode in MODES {
        let app = (env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_example-axum"));
        let emulator = serve(app, &queues(), mode).await;
        let url = emulator.host.url();
        let hello = emulator.client.get(format!("{url}/api/hello/Ada")).send().await.expect("an answer");
        assert_eq!(hello.text().await.expect("text"), "Hello, Ada!", "{mode:?}");
        let nothing = emulator.client.get(format!("{url}/api/nothing")).send().await.expect("an answer");
        assert_eq!(nothing.status(), 404, "{mode:?}");
        emulator.host.stop().await;
    }
}
