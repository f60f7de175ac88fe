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
mod span_attributes;
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
pub use need::{FunctionNeed, config_needs, served_apps};
pub use span_attributes::span_attributes;

use crate::{limits::LIMITS, problem::Problem, telemetry::invocation_span};
use names::{FULFILMENT_POISON_QUEUE, INCOMING_POISON_QUEUE};
use openapi::{HttpFunction, OpenApiOperation};

/// Every function of this binary. A process serves those whose folders exist in its app root.
#[rustfmt::skip]
pub static FUNCTIONS: LazyLock<Functions<Arc<AppState>, FunctionNeed>> = LazyLock::new(|| {
    Functions::new()
        .route_prefix(ROUTE_PREFIX)
        .http("CreateOrder", authenticated(post("orders"), create_order::openapi_operation), create_order::create_order)
        .http("GetOrder", authenticated(get("orders/{id}"), get_order::openapi_operation), get_order::get_order)
        .http("UpdateOrder", authenticated(put("orders/{id}"), update_order::openapi_operation), update_order::update_order)
        .http("CancelOrder", authenticated(post("orders/{id}/cancel"), cancel_order::openapi_operation), cancel_order::cancel_order)
        .http("GetOrderHistory", authenticated(get("orders/{id}/history"), get_order_history::openapi_operation), get_order_history::get_order_history)
        .http("ListOrders", authenticated(get("orders"), list_orders::openapi_operation), list_orders::list_orders)
        .http("ProcessOrder", authenticated(post("orders/{id}/process"), process_order::openapi_operation)
            .output(FULFILMENT_OUTPUT.output()), process_order::process_order)
        .http("ListProducts", authenticated(get("products"), list_products::openapi_operation), list_products::list_products)
        .http("PutProduct", authenticated(put("products/{sku}"), put_product::openapi_operation), put_product::put_product)
        .http("ListDeadLetters", authenticated(get("dead-letters"), list_dead_letters::openapi_operation), list_dead_letters::list_dead_letters)
        .http("ReplayDeadLetter", authenticated(post("dead-letters/{id}/replay"), replay_dead_letter::openapi_operation), replay_dead_letter::replay_dead_letter)
        .http("GetSecretFromKeyVault", authenticated(get("GetSecretFromKeyVault"), get_secret_from_key_vault::openapi_operation)
            .needs(FunctionNeed::Secrets), get_secret_from_key_vault::get_secret_from_key_vault)
        .http("Health", anonymous(get("health"), health::openapi_operation).needs(FunctionNeed::DatabaseProbe), health::health)
        .http("ApiDescription", anonymous(get("openapi.json"), api_description::openapi_operation)
            .needs(FunctionNeed::OpenApi), api_description::api_description)
        .queue("IngestOrder", queue_trigger(INCOMING_QUEUE).needs(FunctionNeed::Incoming), ingest_order::ingest_order)
        .queue("FulfilOrder", queue_trigger(FULFILMENT_QUEUE).needs(FunctionNeed::Fulfilment), fulfil_order::fulfil_order)
        .queue("RecordPoisonIncoming", queue_trigger(INCOMING_POISON_QUEUE), record_poison_incoming::record_poison_incoming)
        .queue("RecordPoisonFulfilment", queue_trigger(FULFILMENT_POISON_QUEUE), record_poison_fulfilment::record_poison_fulfilment)
        .timer("RelayOutbox", timer_trigger("0 * * * * *")
            .output(FULFILMENT_OUTPUT.output()).output(INCOMING_OUTPUT.output()), relay_outbox::relay_outbox)
        .timer("PurgeExpired", timer_trigger("0 17 3 * * *"), purge_expired::purge_expired)
});

/// The app that serves these functions, with the worker's limits, span and problem documents.
#[must_use]
pub fn function_app(functions: Deployed<Arc<AppState>, FunctionNeed>, app: Arc<AppState>) -> FunctionApp {
    let concurrency = app.concurrency.clone();
    functions
        .with_state(app)
        .limits(LIMITS.requests)
        .concurrency(concurrency)
        .portable(true)
        .on_error(|error, invocation| Problem::from_error(error).to_response(invocation))
        .span(invocation_span)
}

/// The name of the first registered function with a need for which `has` is true.
#[must_use]
pub fn find_function_with(has: impl Fn(&FunctionNeed) -> bool) -> Option<&'static str> {
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
        let operation = needs.iter().find_map(FunctionNeed::openapi_operation)?;
        let is_authenticated = needs.iter().any(|need| matches!(need, FunctionNeed::Identity));
        let operation = if is_authenticated { operation.authenticated() } else { operation };
        Some(HttpFunction { name, methods, route: route?, operation })
    })
}

/// An HTTP function whose first argument is the permit of an authenticated caller.
fn authenticated(
    trigger: HttpTrigger<FunctionNeed>,
    operation: fn() -> OpenApiOperation,
) -> HttpTrigger<FunctionNeed> {
    anonymous(trigger, operation).auth_level(AuthLevel::Function).needs(FunctionNeed::Identity)
}

/// An HTTP function without authentication.
fn anonymous(
    trigger: HttpTrigger<FunctionNeed>,
    operation: fn() -> OpenApiOperation,
) -> HttpTrigger<FunctionNeed> {
    trigger.needs(FunctionNeed::ApiTables).needs(FunctionNeed::OpenApiOperation(operation))
}

/// A function that takes the messages of a queue.
fn queue_trigger(name: &'static str) -> QueueTrigger<FunctionNeed> {
    queue(name).connection(QUEUE_CONNECTION).needs(FunctionNeed::ProcessorTables)
}

/// A function that runs on a schedule. The next run does what a missed run would have done, so the host keeps no
/// record of runs.
fn timer_trigger(ncrontab: &'static str) -> TimerTrigger<FunctionNeed> {
    timer(ncrontab).unmonitored().needs(FunctionNeed::ProcessorTables)
}
