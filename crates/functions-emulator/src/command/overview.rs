//! What the running emulator says of its app.

use serde::Deserialize;

use super::{failure::Failure, running::RunningEmulator, similar::unknown};

/// The part of the console's overview that commands need.
#[derive(Deserialize)]
pub(super) struct Overview {
    functions: Vec<Function>,
    users: Option<Users>,
    keys: Option<Vec<String>>,
}

/// A function and what starts it.
#[derive(Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) trigger: Trigger,
}

/// What starts a function.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Trigger {
    Http {
        /// Empty for any method.
        methods: Vec<String>,
        path: String,
    },
    Queue {
        queue: String,
    },
    Timer {},
    Other {
        trigger: String,
    },
}

#[derive(Deserialize)]
struct Users {
    all: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    name: String,
}

impl Overview {
    pub(super) async fn of(emulator: &RunningEmulator) -> Result<Self, Failure> {
        let overview = emulator.get(&["overview"]).await?;
        serde_json::from_value(overview).map_err(|_| Failure::other_version())
    }

    /// The function of this name in any case, as the host finds it.
    pub(super) fn function(&self, name: &str) -> Result<&Function, Failure> {
        let found = self.functions.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        let names = self.functions.iter().map(|one| one.name.as_str());
        found.ok_or_else(|| Failure::Usage(unknown("function", name, names)))
    }

    /// Refuses a user that the app does not have.
    pub(super) fn require_user(&self, name: &str) -> Result<(), Failure> {
        let names = || self.users.iter().flat_map(|users| &users.all).map(|user| user.name.as_str());
        if names().any(|known| known == name) {
            return Ok(());
        }
        Err(Failure::Usage(unknown("user", name, names())))
    }

    /// Refuses a key that the app does not have.
    pub(super) fn require_key(&self, name: &str) -> Result<(), Failure> {
        let names = || self.keys.iter().flatten().map(String::as_str);
        if names().any(|known| known == name) {
            return Ok(());
        }
        Err(Failure::Usage(unknown("key", name, names())))
    }

    /// The queues that start functions.
    pub(super) fn read_queues(&self) -> impl Iterator<Item = &str> {
        self.functions.iter().filter_map(|one| match &one.trigger {
            Trigger::Queue { queue } => Some(queue.as_str()),
            Trigger::Http { .. } | Trigger::Timer {} | Trigger::Other { .. } => None,
        })
    }
}
