//! What a function needs from the process that serves it, declared where the function is registered.

use super::openapi::Operation;
use crate::{config::Needs, store::ServedApps};

/// Something that a function needs from the process.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// The settings by which callers are authenticated.
    Identity,
    /// The setting that decides whether callers may read the OpenAPI document.
    OpenApi,
    /// Settings of the fulfilment backend.
    Fulfilment,
    /// The tenant whose people a message may name.
    Incoming,
    /// Settings of the vault.
    Secrets,
    /// The tables and rights of the database role `orders_api`.
    ApiTables,
    /// The tables and rights of the database role `orders_processor`.
    ProcessorTables,
    /// A database that is probed all the time, for callers who ask whether it works.
    DatabaseProbe,
    /// An entry in the OpenAPI document.
    Operation(fn() -> Operation),
}

impl Need {
    /// The function's entry in the OpenAPI document, if it has one.
    #[must_use]
    pub fn openapi_operation(&self) -> Option<Operation> {
        if let Self::Operation(operation) = self { Some(operation()) } else { None }
    }
}

/// What these needs ask of the settings.
#[must_use]
pub fn config_needs<'a>(needs: impl IntoIterator<Item = &'a Need>) -> Needs {
    let mut all = Needs::default();
    for need in needs {
        match need {
            Need::Identity => all.http = true,
            Need::OpenApi => all.openapi = true,
            Need::Fulfilment => all.fulfilment = true,
            Need::Incoming => all.incoming = true,
            Need::Secrets => all.secrets = true,
            Need::ApiTables | Need::ProcessorTables | Need::DatabaseProbe | Need::Operation(_) => {}
        }
    }
    all
}

/// Whose tables and rights these needs ask for.
#[must_use]
pub fn workload<'a>(needs: impl IntoIterator<Item = &'a Need>) -> ServedApps {
    let mut all = ServedApps { api: false, processor: false };
    for need in needs {
        match need {
            Need::ApiTables => all.api = true,
            Need::ProcessorTables => all.processor = true,
            _ => {}
        }
    }
    all
}
