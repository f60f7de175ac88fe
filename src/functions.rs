//! The list of functions, and one handler each. A handler reads as its story: who, may they, is it well formed,
//! what it means, keep it, answer. `functions/<Name>/function.json` says the same to the host; a test holds the two
//! against each other.

use std::sync::Arc;

use axum::http::Method;

use crate::{
    config::Needs,
    host::{Call, Function, Trigger},
    problem::Problem,
    store::Workload,
};

pub mod api_description;
mod app;
pub mod cancel_order;
pub mod create_order;
mod definition;
mod letter_ceiling;
pub mod fulfil_order;
pub mod get_order;
pub mod get_order_history;
pub mod get_secret_from_key_vault;
pub mod health;
pub mod ingest_order;
pub mod list_dead_letters;
pub mod list_orders;
pub mod list_products;
pub mod process_order;
pub mod purge_expired;
pub mod put_product;
pub mod record_poison_fulfilment;
pub mod record_poison_incoming;
pub mod relay_outbox;
pub mod replay_dead_letter;
pub mod update_order;
pub mod view;

pub use app::App;
pub use definition::definition;
pub use letter_ceiling::DeadLetterCeiling;

/// The queue that fulfilment messages travel through.
pub const FULFILMENT_QUEUE: &str = "orders-fulfilment";
/// The queue that orders come through.
pub const INCOMING_QUEUE: &str = "orders-incoming";
const FULFILMENT_OUTPUT: (&str, &str) = ("fulfilment", FULFILMENT_QUEUE);
const INCOMING_OUTPUT: (&str, &str) = ("incoming", INCOMING_QUEUE);

/// The route prefix of host.json.
pub const PREFIX: &str = "api";

/// Functions that anyone may call: they never ask who is calling.
const ANONYMOUS: [&str; 2] = ["Health", "ApiDescription"];

/// What a process that serves these functions asks of its settings.
#[must_use]
pub fn needs(served: &[Function<App>]) -> Needs {
    Needs {
        http: served.iter().any(|function| {
            matches!(function.trigger, Trigger::Http { .. }) && !ANONYMOUS.contains(&function.name)
        }),
        description: served.iter().any(|function| function.name == "ApiDescription"),
        fulfilment: served.iter().any(|function| function.name == "FulfilOrder"),
        incoming: served.iter().any(|function| function.name == "IngestOrder"),
        secrets: served.iter().any(|function| function.name == "GetSecretFromKeyVault"),
    }
}

/// Whose tables and rights a process needs that serves these functions.
#[must_use]
pub fn workload(served: &[Function<App>]) -> Workload {
    let is_http = |function: &Function<App>| matches!(function.trigger, Trigger::Http { .. });
    Workload { api: served.iter().any(is_http), processor: !served.iter().all(is_http) }
}

macro_rules! http {
    ($name:literal, $method:ident $route:literal, $handler:path) => {
        http!($name, $method $route, $handler, &[])
    };
    ($name:literal, $method:ident $route:literal, $handler:path, $outputs:expr) => {
        Function {
            name: $name,
            trigger: Trigger::Http {
                binding: "req",
                method: Method::$method,
                route: $route,
                run: |app: Arc<App>, call: Call| {
                    Box::pin(async move {
                        let invocation = call.invocation.clone();
                        $handler(&app, call).await.unwrap_or_else(|problem: Problem| app.refuse(&problem, &invocation))
                    })
                },
            },
            outputs: $outputs,
        }
    };
}

macro_rules! queue {
    ($name:literal, $queue:expr, $handler:path) => {
        Function {
            name: $name,
            trigger: Trigger::Queue {
                binding: "message",
                queue: $queue,
                run: |app: Arc<App>, delivery| Box::pin(async move { $handler(&app, delivery).await }),
            },
            outputs: &[],
        }
    };
}

macro_rules! timer {
    ($name:literal, $schedule:literal, $handler:path, $outputs:expr) => {
        Function {
            name: $name,
            trigger: Trigger::Timer {
                binding: "timer",
                schedule: $schedule,
                run: |app: Arc<App>, tick| Box::pin(async move { $handler(&app, tick).await }),
            },
            outputs: $outputs,
        }
    };
}

/// Every function of this binary.
#[must_use]
pub fn all() -> Vec<Function<App>> {
    vec![
        http!("CreateOrder", POST "orders", create_order::create_order),
        http!("GetOrder", GET "orders/{id}", get_order::get_order),
        http!("UpdateOrder", PUT "orders/{id}", update_order::update_order),
        http!("CancelOrder", POST "orders/{id}/cancel", cancel_order::cancel_order),
        http!("GetOrderHistory", GET "orders/{id}/history", get_order_history::get_order_history),
        http!("ListOrders", GET "orders", list_orders::list_orders),
        http!("ProcessOrder", POST "orders/{id}/process", process_order::process_order, &[FULFILMENT_OUTPUT]),
        http!("ListProducts", GET "products", list_products::list_products),
        http!("PutProduct", PUT "products/{sku}", put_product::put_product),
        http!("ListDeadLetters", GET "dead-letters", list_dead_letters::list_dead_letters),
        http!(
            "ReplayDeadLetter",
            POST "dead-letters/{id}/replay",
            replay_dead_letter::replay_dead_letter
        ),
        http!(
            "GetSecretFromKeyVault",
            GET "GetSecretFromKeyVault",
            get_secret_from_key_vault::get_secret_from_key_vault
        ),
        http!("Health", GET "health", health::health),
        http!("ApiDescription", GET "openapi.json", api_description::api_description),
        queue!("IngestOrder", INCOMING_QUEUE, ingest_order::ingest_order),
        queue!("FulfilOrder", FULFILMENT_QUEUE, fulfil_order::fulfil_order),
        queue!(
            "RecordPoisonIncoming",
            "orders-incoming-poison",
            record_poison_incoming::record_poison_incoming
        ),
        queue!(
            "RecordPoisonFulfilment",
            "orders-fulfilment-poison",
            record_poison_fulfilment::record_poison_fulfilment
        ),
        timer!(
            "RelayOutbox",
            "0 * * * * *",
            relay_outbox::relay_outbox,
            &[FULFILMENT_OUTPUT, INCOMING_OUTPUT]
        ),
        timer!("PurgeExpired", "0 17 3 * * *", purge_expired::purge_expired, &[]),
    ]
}
