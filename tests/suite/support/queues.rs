//! The queues of a running app, wherever they are.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use functions_emulator::{
    Events,
    app::Connection,
    clock::Clock,
    queues::{Connections, QueueCounts, Queues},
};
use test_servers::azurite::Azurite;

use super::{SOON, TestApp};

/// The connection that every queue binding names.
const CONNECTION: &str = "WorkQueues";

/// Whose queues an app has.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The emulator's own.
    InProcess,
    /// The queues of an account of the test run's queue server.
    AtServer,
    /// The queues of an account of another server, named by its connection string.
    At(String),
}

impl Place {
    /// The app setting that leads there; none for the host's own queues.
    pub(crate) fn setting(&self) -> Option<(String, String)> {
        let account = match self {
            Self::InProcess => return None,
            Self::AtServer => Azurite::shared().expect("a queue server can be had").account(),
            Self::At(account) => account.clone(),
        };
        Some((CONNECTION.to_owned(), account))
    }
}

/// The connections of an app's bindings.
pub(crate) fn connections(setting: Option<(String, String)>, events: Events) -> Connections {
    let settings: Vec<_> = setting.into_iter().collect();
    Connections::from_settings(&settings, Clock::system(), events)
}

/// The queues of the connection that every binding names.
pub(crate) fn of(connections: &Connections) -> Queues {
    connections.queues(&Connection::from_name(CONNECTION)).expect("the account is on this machine")
}

/// The app's queues for use in assertions: an error fails the test.
#[derive(Clone, Debug)]
pub(crate) struct TestQueues(pub(crate) Queues);

impl TestQueues {
    pub(crate) async fn put(&self, queue: &str, text: String) {
        self.0.put(queue, text).await.expect("it fits");
    }

    /// The texts of the visible messages.
    pub(crate) async fn peek(&self, queue: &str) -> Vec<String> {
        self.0.peek(queue).await.expect("the queues can be looked at")
    }

    /// The texts of all messages, oldest first, which then are gone. It works only for queues in this process.
    pub(crate) async fn drain(&self, queue: &str) -> Vec<String> {
        let messages = self.0.peek_messages(queue).await.expect("the queues can be looked at");
        self.purge(queue).await;
        messages.into_iter().map(|message| message.text).collect()
    }

    /// How many messages there are, the hidden ones included.
    pub(crate) async fn held(&self, queue: &str) -> usize {
        let QueueCounts { visible, hidden } =
            self.0.counts(queue).await.expect("the queues can be looked at");
        visible + hidden
    }

    /// Whether there is no message, not even a hidden one.
    pub(crate) async fn is_empty(&self, queue: &str) -> bool {
        self.held(queue).await == 0
    }

    pub(crate) async fn until_empty(&self, queue: &str) {
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        let emptied = async {
            while !self.is_empty(queue).await {
                look_again.tick().await;
            }
        };
        assert!(tokio::time::timeout(SOON, emptied).await.is_ok(), "{queue}: not empty in time");
    }

    pub(crate) async fn purge(&self, queue: &str) {
        self.0.purge(queue).await.expect("the queues can be emptied");
    }
}

/// Puts a message into a queue as a sender does whose storage client encodes, and waits until the app has dealt with it.
pub(crate) async fn deliver(app: &TestApp, queue: &str, payload: impl AsRef<[u8]>) {
    deliver_text(app, queue, &STANDARD.encode(payload)).await;
}

/// Puts a text into a queue unchanged, and waits until the app has processed it.
pub(crate) async fn deliver_text(app: &TestApp, queue: &str, text: &str) {
    app.queues.put(queue, text.to_owned()).await;
    app.queues.until_empty(queue).await;
}

/// The message that the app put into a queue, as its consumer reads it.
pub(crate) fn payload(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("a queue holds JSON text")
}
