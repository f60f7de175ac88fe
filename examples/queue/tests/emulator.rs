//! The example behind the emulator, as a host calls it.

#[path = "../../hello/tests/support/emulator.rs"]
mod emulator;

use emulator::{MODES, queues, serve};

#[tokio::test]
async fn submitted_jobs_are_processed_in_every_mode() {
    for mode in MODES {
        let queues = queues();
        let app = (env!("CARGO_MANIFEST_DIR"), env!("CARGO_BIN_EXE_example-queue"));
        let emulator = serve(app, &queues, mode).await;
        let request = emulator.client.post(format!("{}/api/jobs", emulator.host.url()));
        let answer = request.json(&serde_json::json!({"steps": 7})).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{mode:?}");
        let queues = queues.in_process();
        queues.wait_until(|queues| queues.peek("jobs").is_empty()).await;
        emulator.host.fire_timer("Report").await.expect("a timer");
        queues.wait_until(|queues| !queues.peek("reports").is_empty()).await;
        assert_eq!(queues.peek("reports")[0].text, "7 steps", "{mode:?}");
        emulator.host.stop().await;
    }
}
