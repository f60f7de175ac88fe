//! The functions of this binary: each with its trigger, its key, its outputs, what it needs and its handler, in one list.

use std::sync::{Arc, LazyLock};

use azure_functions_handler::{
    AuthLevel, Bytes, Deployed, FunctionApp, Functions, HttpTrigger, QueueTrigger, Registered, TimerTrigger,
    get, post, put, queue, timer,
};

mod app;
mod description;
mod json_body;
mod letter_ceiling;
mod names;
mod need;
mod permit;
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

pub use app::App;
pub use json_body::JsonBody;
pub use letter_ceiling::DeadLetterCeiling;
pub use names::{
    CONNECTION, FULFILMENT_OUTPUT, FULFILMENT_QUEUE, INCOMING_OUTPUT, INCOMING_QUEUE, OutputQueue, PREFIX,
};
pub use need::{Need, settings, workload};

use crate::{limits::LIMITS, problem::Problem, telemetry::invocation_span};
use description::{Described, Operation};
use names::{FULFILMENT_POISON_QUEUE, INCOMING_POISON_QUEUE};

/// Every function of this binary. A process serves those whose folders stand in its app root.
#[rustfmt::skip]
pub static FUNCTIONS: LazyLock<Functions<Arc<App>, Need>> = LazyLock::new(|| {
    Functions::new()
        .route_prefix(PREFIX)
        .http("CreateOrder", identified(post("orders"), create_order::operation), create_order::create_order)
        .http("GetOrder", identified(get("orders/{id}"), get_order::operation), get_order::get_order)
        .http("UpdateOrder", identified(put("orders/{id}"), update_order::operation), update_order::update_order)
        .http("CancelOrder", identified(post("orders/{id}/cancel"), cancel_order::operation), cancel_order::cancel_order)
        .http("GetOrderHistory", identified(get("orders/{id}/history"), get_order_history::operation), get_order_history::get_order_history)
        .http("ListOrders", identified(get("orders"), list_orders::operation), list_orders::list_orders)
        .http("ProcessOrder", identified(post("orders/{id}/process"), process_order::operation)
            .output(FULFILMENT_OUTPUT.output()), process_order::process_order)
        .http("ListProducts", identified(get("products"), list_products::operation), list_products::list_products)
        .http("PutProduct", identified(put("products/{sku}"), put_product::operation), put_product::put_product)
        .http("ListDeadLetters", identified(get("dead-letters"), list_dead_letters::operation), list_dead_letters::list_dead_letters)
        .http("ReplayDeadLetter", identified(post("dead-letters/{id}/replay"), replay_dead_letter::operation), replay_dead_letter::replay_dead_letter)
        .http("GetSecretFromKeyVault", identified(get("GetSecretFromKeyVault"), get_secret_from_key_vault::operation)
            .needs(Need::Secrets), get_secret_from_key_vault::get_secret_from_key_vault)
        .http("Health", anonymous(get("health"), health::operation).needs(Need::DatabaseProbe), health::health)
        .http("ApiDescription", anonymous(get("openapi.json"), api_description::operation)
            .needs(Need::Description), api_description::api_description)
        .queue("IngestOrder", messages_of(INCOMING_QUEUE).needs(Need::Incoming), ingest_order::ingest_order)
        .queue("FulfilOrder", messages_of(FULFILMENT_QUEUE).needs(Need::Fulfilment), fulfil_order::fulfil_order)
        .queue("RecordPoisonIncoming", messages_of(INCOMING_POISON_QUEUE), record_poison_incoming::record_poison_incoming)
        .queue("RecordPoisonFulfilment", messages_of(FULFILMENT_POISON_QUEUE), record_poison_fulfilment::record_poison_fulfilment)
        .timer("RelayOutbox", schedule("0 * * * * *")
            .output(FULFILMENT_OUTPUT.output()).output(INCOMING_OUTPUT.output()), relay_outbox::relay_outbox)
        .timer("PurgeExpired", schedule("0 17 3 * * *"), purge_expired::purge_expired)
});

/// These functions as the worker serves them: with its bounds, its span, and its words where no handler answers.
#[must_use]
pub fn bind(functions: Deployed<Arc<App>, Need>, app: Arc<App>) -> FunctionApp {
    let concurrency = app.concurrency.clone();
    functions
        .with_state(app)
        .limits(LIMITS.requests)
        .concurrency(concurrency)
        .portable(true)
        .on_error(|error, invocation| Problem::of(error).answer(invocation))
        .span(invocation_span)
}

/// The name of the function with such a need.
#[must_use]
pub fn name_of(has: impl Fn(&Need) -> bool) -> Option<&'static str> {
    FUNCTIONS.iter().find(|function| function.needs.iter().any(&has)).map(|function| function.name)
}

/// The OpenAPI document of the HTTP functions, written once for the process.
#[must_use]
pub fn description() -> Bytes {
    static DESCRIPTION: LazyLock<Bytes> =
        LazyLock::new(|| format!("{:#}\n", description::document(described())).into());
    DESCRIPTION.clone()
}

/// The HTTP functions, as their description has them.
fn described() -> impl Iterator<Item = Described<'static>> {
    FUNCTIONS.iter().filter_map(|Registered { name, methods, route, needs, .. }| {
        let operation = needs.iter().find_map(Need::operation)?;
        let is_identified = needs.iter().any(|need| matches!(need, Need::Identity));
        let operation = if is_identified { operation.identified() } else { operation };
        Some(Described { name, methods, route: route?, operation })
    })
}

/// An HTTP function whose first argument is the permit of an identified caller.
fn identified(trigger: HttpTrigger<Need>, operation: fn() -> Operation) -> HttpTrigger<Need> {
    anonymous(trigger, operation).auth_level(AuthLevel::Function).needs(Need::Identity)
}

/// An HTTP function that anyone may call: it never asks who is calling.
fn anonymous(trigger: HttpTrigger<Need>, operation: fn() -> Operation) -> HttpTrigger<Need> {
    trigger.needs(Need::ApiTables).needs(Need::Operation(operation))
}

/// A function that takes the messages of a queue.
fn messages_of(name: &'static str) -> QueueTrigger<Need> {
    queue(name).connection(CONNECTION).needs(Need::ProcessorTables)
}

/// A function that runs on a schedule. What it missed is done by the next run, so the host keeps no record of runs.
fn schedule(ncrontab: &'static str) -> TimerTrigger<Need> {
    timer(ncrontab).unmonitored().needs(Need::ProcessorTables)
}
