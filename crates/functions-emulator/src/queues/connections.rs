//! Which queues the connection of a binding leads to.

// The host: docs/reference/host-protocol.md#connections.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    MemoryQueues, Queues,
    storage::{Account, ConnectionError, StorageQueues},
};
use crate::{
    app::{Connection, Settings},
    clock::Clock,
    events::Events,
};

/// The host first looks for a setting with this prefix before the connection's name, and then for the name alone.
const PREFIX: &str = "AzureWebJobs";

/// The queues of an app, by connection. A connection without a setting leads to queues in this process, which all such
/// connections share. Clones share everything.
#[derive(Clone, Debug)]
pub struct Connections {
    in_process: MemoryQueues,
    settings: Arc<Settings>,
    events: Events,
    /// By the value of the setting: connections of the same account share its queues.
    servers: Arc<Mutex<HashMap<String, StorageQueues>>>,
}

impl Connections {
    /// The connections that settings name, given here or in the environment. `events` gets an event when a server
    /// becomes unavailable and when it is back.
    #[must_use]
    pub fn from_settings(settings: &[(String, String)], clock: Clock, events: Events) -> Self {
        Self::new(MemoryQueues::with_clock(clock), Settings::with_environment(settings), events)
    }

    fn new(in_process: MemoryQueues, settings: Settings, events: Events) -> Self {
        Self { in_process, settings: Arc::new(settings), events, servers: Arc::default() }
    }

    /// The queues of a connection.
    ///
    /// # Errors
    /// A setting that names no storage account, or one that is not on this machine.
    pub fn queues(&self, connection: &Connection) -> Result<Queues, ConnectionError> {
        let Some(found) = ResolvedConnection::of(&self.settings, connection) else {
            return Ok(self.in_process.clone().into());
        };
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = servers.get(found.value) {
            return Ok(Queues::Storage(Box::new(known.clone())));
        }
        let queues = StorageQueues::new(found.account()?, self.clock().clone(), self.events.clone());
        servers.insert(found.value.to_owned(), queues.clone());
        Ok(Queues::Storage(Box::new(queues)))
    }

    /// The queues in this process.
    #[must_use]
    pub fn in_process(&self) -> &MemoryQueues {
        &self.in_process
    }

    /// The clock of the host that these queues belong to.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.in_process.clock()
    }
}

impl Default for Connections {
    fn default() -> Self {
        MemoryQueues::default().into()
    }
}

/// Every connection leads to these queues.
impl From<MemoryQueues> for Connections {
    fn from(queues: MemoryQueues) -> Self {
        Self::new(queues, Settings::default(), Events::new())
    }
}

/// The setting that a connection was found in.
struct ResolvedConnection<'a> {
    setting: String,
    value: &'a str,
    form: ConnectionForm,
}

#[derive(Clone, Copy)]
enum ConnectionForm {
    ConnectionString,
    AccountName,
    ServiceUri,
}

/// What the host looks for in a connection, in this sequence: the whole value wins over its parts.
const FORMS: [(&str, ConnectionForm); 3] = [
    ("", ConnectionForm::ConnectionString),
    ("accountName", ConnectionForm::AccountName),
    ("queueServiceUri", ConnectionForm::ServiceUri),
];

impl<'a> ResolvedConnection<'a> {
    /// The first setting that is not empty.
    fn of(settings: &'a Settings, connection: &Connection) -> Option<Self> {
        let names = [format!("{PREFIX}{connection}"), connection.to_string()];
        let candidates = names.iter().flat_map(|name| FORMS.map(|(part, form)| (name, part, form)));
        candidates.into_iter().find_map(|(name, part, form)| {
            let spellings = match part {
                "" => vec![name.clone()],
                part => ["__", ":"].map(|separator| format!("{name}{separator}{part}")).into(),
            };
            spellings.into_iter().find_map(|setting| {
                let value = settings.get(&setting).filter(|value| !value.is_empty())?;
                Some(Self { setting, value, form })
            })
        })
    }

    fn account(&self) -> Result<Account, ConnectionError> {
        let account = match self.form {
            ConnectionForm::ConnectionString => Account::from_connection_string(&self.setting, self.value),
            ConnectionForm::AccountName => Account::from_account_name(self.value),
            ConnectionForm::ServiceUri => Account::from_service_uri(&self.setting, self.value),
        };
        account.map_err(|fault| ConnectionError { setting: self.setting.clone(), fault })
    }
}
