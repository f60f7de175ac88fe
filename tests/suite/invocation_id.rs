//! An answer names the invocation that the host knows, whatever a caller claims.

use functions_emulator::{Event, easyauth::EasyAuthMode};
use uuid::Uuid;

use crate::support::{Mode, Reply, Setup, TestApp, in_every_mode};

in_every_mode!(a_forged_invocation_id_is_ignored);

const FORGED: &str = "99999999-9999-4999-8999-999999999999";
const HEADER: &str = "x-azure-functions-invocationid";

fn instance(reply: &Reply) -> String {
    reply.json()["instance"].as_str().expect("an instance").to_owned()
}

/// The host's own id of the last invocation.
fn invoked(app: &mut TestApp) -> Uuid {
    let mut last = None;
    while let Ok(event) = app.heard.try_recv() {
        if let Event::Invoked { id, .. } = event {
            last = Some(id);
        }
    }
    last.expect("the host tells of each invocation")
}

async fn a_forged_invocation_id_is_ignored(mode: Mode) {
    let mut app = Setup::in_mode(mode).easyauth(EasyAuthMode::Bypassed).start().await;
    for forged in [FORGED.to_owned(), format!("{FORGED},{FORGED}"), format!("x, {FORGED},")] {
        let reply = app.anonymous().with(HEADER, &forged).get("/api/orders").await;
        assert_eq!(reply.status, 401);
        assert_eq!(instance(&reply), format!("urn:uuid:{}", invoked(&mut app)), "{forged}");
    }
    let worker = app.at_the_worker().await;
    let own = "bce087f8-9028-436f-84ae-194897c7d588";
    let joined = worker.with(HEADER, &format!("{FORGED}, {own}")).get("/api/orders").await;
    assert_eq!(instance(&joined), format!("urn:uuid:{own}"), "what follows the last comma is the host's");
    let unnamed = worker.with(HEADER, &format!("{own}, nonsense")).get("/api/orders").await;
    assert_ne!(instance(&unnamed), format!("urn:uuid:{own}"), "no other part stands in for it");
}
