//! What a function needs from the process that serves it, declared where the function is registered.

use super::openapi::OpenApiOperation;
use crate::{config::ConfigNeeds, store::ServedApps};

/// Something that a function needs from the process.
#[derive(Clone, Copy, Debug)]
pub enum FunctionNeed {
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
    OpenApiOperation(fn() -> OpenApiOperation),
}

impl FunctionNeed {
    /// The function's entry in the OpenAPI document, if it has one.
    #[must_use]
    pub fn openapi_operation(&self) -> Option<OpenApiOperation> {
        if let Self::OpenApiOperation(operation) = self { Some(operation()) } else { None }
    }
}

/// Which settings must be read for functions with these needs.
#[must_use]
pub fn config_needs<'a>(needs: impl IntoIterator<Item = &'a FunctionNeed>) -> ConfigNeeds {
    let mut all = ConfigNeeds::default();
    for need in needs {
        match need {
            FunctionNeed::Identity => all.http = true,
            FunctionNeed::OpenApi => all.openapi = true,
            FunctionNeed::Fulfilment => all.fulfilment = true,
            FunctionNeed::Incoming => all.incoming = true,
            FunctionNeed::Secrets => all.secrets = true,
            FunctionNeed::ApiTables
            | FunctionNeed::ProcessorTables
            | FunctionNeed::DatabaseProbe
            | FunctionNeed::OpenApiOperation(_) => {}
        }
    }
    all
}

/// The apps whose database tables and rights functions with these needs use.
#[must_use]
pub fn served_apps<'a>(needs: impl IntoIterator<Item = &'a FunctionNeed>) -> ServedApps {
    let mut all = ServedApps { api: false, processor: false };
    for need in needs {
        match need {
            FunctionNeed::ApiTables => all.api = true,
            FunctionNeed::ProcessorTables => all.processor = true,
            _ => {}
        }
    }
    all
}
