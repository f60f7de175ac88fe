//! The functions of this binary: each with its trigger, its key, its outputs, what it needs and its handler, in one list.

use std::sync::{Arc, LazyLock};

use azure_functions_handler::{
    AuthLevel, Bytes, Deployed, FunctionApp, Functions, HttpTrigger, QueueTrigger, Registered, TimerTrigger,
    get, post, put, queue, timer,
};

mod app_state;
mod dead_letter_ceiling;
mod json_body;
mod names;
mod need;
mod openapi;
mod permit;
#[cfg(test)]
mod test_process;
pub mod view;

pub mod api_description;
pub mod cancel_order;
pub mod create_order;
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

pub use app_state::AppState;
pub use dead_letter_ceiling::DeadLetterCeiling;
pub use json_body::JsonBody;
pub use names::{
    FULFILMENT_OUTPUT, FULFILMENT_QUEUE, INCOMING_OUTPUT, INCOMING_QUEUE, OutputQueue, QUEUE_CONNECTION,
    ROUTE_PREFIX,
};
pub use need::{Need, config_needs, workload};

use crate::{limits::LIMITS, problem::Problem, telemetry::invocation_span};
use names::{FULFILMENT_POISON_QUEUE, INCOMING_POISON_QUEUE};
use openapi::{HttpFunction, Operation};

/// Every function of this binary. A process serves those whose folders exist in its app root.
#[rustfmt::skip]
pub static FUNCTIONS: LazyLock<Functions<Arc<AppState>, Need>> = LazyLock::new(|| {
    Functions::new()
        .route_prefix(ROUTE_PREFIX)
        .http("CreateOrder", authenticated(post("orders"), create_order::operation), create_order::create_order)
        .http("GetOrder", authenticated(get("orders/{id}"), get_order::operation), get_order::get_order)
        .http("UpdateOrder", authenticated(put("orders/{id}"), update_order::operation), update_order::update_order)
        .http("CancelOrder", authenticated(post("orders/{id}/cancel"), cancel_order::operation), cancel_order::cancel_order)
        .http("GetOrderHistory", authenticated(get("orders/{id}/history"), get_order_history::operation), get_order_history::get_order_history)
        .http("ListOrders", authenticated(get("orders"), list_orders::operation), list_orders::list_orders)
        .http("ProcessOrder", authenticated(post("orders/{id}/process"), process_order::operation)
            .output(FULFILMENT_OUTPUT.output()), process_order::process_order)
        .http("ListProducts", authenticated(get("products"), list_products::operation), list_products::list_products)
        .http("PutProduct", authenticated(put("products/{sku}"), put_product::operation), put_product::put_product)
        .http("ListDeadLetters", authenticated(get("dead-letters"), list_dead_letters::operation), list_dead_letters::list_dead_letters)
        .http("ReplayDeadLetter", authenticated(post("dead-letters/{id}/replay"), replay_dead_letter::operation), replay_dead_letter::replay_dead_letter)
        .http("GetSecretFromKeyVault", authenticated(get("GetSecretFromKeyVault"), get_secret_from_key_vault::operation)
            .needs(Need::Secrets), get_secret_from_key_vault::get_secret_from_key_vault)
        .http("Health", anonymous(get("health"), health::operation).needs(Need::DatabaseProbe), health::health)
        .http("ApiDescription", anonymous(get("openapi.json"), api_description::operation)
            .needs(Need::OpenApi), api_description::api_description)
        .queue("IngestOrder", queue_trigger(INCOMING_QUEUE).needs(Need::Incoming), ingest_order::ingest_order)
        .queue("FulfilOrder", queue_trigger(FULFILMENT_QUEUE).needs(Need::Fulfilment), fulfil_order::fulfil_order)
        .queue("RecordPoisonIncoming", queue_trigger(INCOMING_POISON_QUEUE), record_poison_incoming::record_poison_incoming)
        .queue("RecordPoisonFulfilment", queue_trigger(FULFILMENT_POISON_QUEUE), record_poison_fulfilment::record_poison_fulfilment)
        .timer("RelayOutbox", timer_trigger("0 * * * * *")
            .output(FULFILMENT_OUTPUT.output()).output(INCOMING_OUTPUT.output()), relay_outbox::relay_outbox)
        .timer("PurgeExpired", timer_trigger("0 17 3 * * *"), purge_expired::purge_expired)
});

/// The app that serves these functions, with the worker's limits, span and problem documents.
#[must_use]
pub fn function_app(functions: Deployed<Arc<AppState>, Need>, app: Arc<AppState>) -> FunctionApp {
    let concurrency = app.concurrency.clone();
    functions
        .with_state(app)
        .limits(LIMITS.requests)
        .concurrency(concurrency)
        .portable(true)
        .on_error(|error, invocation| Problem::from_error(error).to_response(invocation))
        .span(invocation_span)
}

/// The name of the function with such a need.
#[must_use]
pub fn find_name(has: impl Fn(&Need) -> bool) -> Option<&'static str> {
    FUNCTIONS.iter().find(|function| function.needs.iter().any(&has)).map(|function| function.name)
}

/// The OpenAPI document of the HTTP functions, written once for the process.
#[must_use]
pub fn openapi_document() -> Bytes {
    static DOCUMENT: LazyLock<Bytes> =
        LazyLock::new(|| format!("{:#}\n", openapi::document(http_functions())).into());
    DOCUMENT.clone()
}

/// The HTTP functions, with their OpenAPI operations.
fn http_functions() -> impl Iterator<Item = HttpFunction<'static>> {
    FUNCTIONS.iter().filter_map(|Registered { name, methods, route, needs, .. }| {
        let operation = needs.iter().find_map(Need::openapi_operation)?;
        let is_authenticated = needs.iter().any(|need| matches!(need, Need::Identity));
        let operation = if is_authenticated { operation.authenticated() } else { operation };
        Some(HttpFunction { name, methods, route: route?, operation })
    })
}

/// An HTTP function whose first argument is the permit of an authenticated caller.
fn authenticated(trigger: HttpTrigger<Need>, operation: fn() -> Operation) -> HttpTrigger<Need> {
    anonymous(trigger, operation).auth_level(AuthLevel::Function).needs(Need::Identity)
}

/// An HTTP function without authentication.
fn anonymous(trigger: HttpTrigger<Need>, operation: fn() -> Operation) -> HttpTrigger<Need> {
    trigger.needs(Need::ApiTables).needs(Need::Operation(operation))
}

/// A function that takes the messages of a queue.
fn queue_trigger(name: &'static str) -> QueueTrigger<Need> {
    queue(name).connection(QUEUE_CONNECTION).needs(Need::ProcessorTables)
}

/// A function that runs on a schedule. The next run does what a missed run would have done, so the host keeps no
/// record of runs.
fn timer_trigger(ncrontab: &'static str) -> TimerTrigger<Need> {
    timer(ncrontab).unmonitored().needs(Need::ProcessorTables)
}
