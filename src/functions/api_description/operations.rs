//! One entry for each HTTP function: what it takes, gives and refuses. Method and path come from the list of functions.

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::json;

use super::{
    headers::{etag, location, replayed},
    operation::Operation,
    parameters::Parameter::{
        Cursor, IfMatch, IfMatchOrNew, IfNoneMatch, Limit, RequestKey, Scope, SecretName,
    },
};
use crate::{
    functions::{
        health::HealthView,
        view::{ChangeView, DeadLetterView, OrderView, Page, ProductView, SecretView},
    },
    problem::Problem,
    validation::{List, changed_order, new_order, new_product},
};

/// Every entry.
pub(super) fn operations() -> Vec<Operation> {
    [orders(), work(), products(), dead_letters(), around()].into_iter().flatten().collect()
}

fn orders() -> Vec<Operation> {
    const TAG: &str = "Orders";
    let wanted = json!({
        "reference": "PO-17", "currency": "EUR", "lines": [{"sku": "ESPRESSO-1KG", "quantity": 2}],
        "note": "ring twice",
    });
    let changed =
        json!({"reference": "PO-18", "lines": [{"sku": "FILTER-250G", "quantity": 3}], "note": null});
    vec![
        Operation::identified("CreateOrder", TAG, "Places an order at the prices of the product table.")
            .taking([RequestKey])
            .reading(new_order, wanted)
            .giving(StatusCode::CREATED, "It is placed.", order, [etag(), location(), replayed()])
            .refusing([Problem::Twin, Problem::KeyReused]),
        Operation::identified("GetOrder", TAG, "Shows an order to its creator, and to those who work on it.")
            .giving(StatusCode::OK, "The order.", order, [etag()])
            .refusing([Problem::NotFound]),
        Operation::identified("ListOrders", TAG, "Lists orders, the newest first.")
            .taking([Limit, Cursor(&[List::OwnOrders, List::AllOrders]), Scope])
            .giving(StatusCode::OK, "A page of orders.", page_of::<OrderView<'static>>, []),
        Operation::identified("UpdateOrder", TAG, "Replaces what an order says while it is placed.")
            .taking([IfMatch])
            .reading(changed_order, changed)
            .giving(StatusCode::OK, "It is changed, every line at today's price.", order, [etag()])
            .refusing([
                Problem::NotFound,
                Problem::PreconditionRequired,
                Problem::Stale,
                Problem::Conflict(""),
            ]),
        Operation::identified("CancelOrder", TAG, "Takes an order back while it is placed. Needs no body.")
            .giving(StatusCode::OK, "It is cancelled, perhaps since long.", order, [etag()])
            .refusing([Problem::NotFound, Problem::Conflict("")]),
        Operation::identified("GetOrderHistory", TAG, "Lists what happened to an order, the newest first.")
            .taking([Limit, Cursor(&[List::History])])
            .giving(StatusCode::OK, "A page of changes.", page_of::<ChangeView>, [])
            .refusing([Problem::NotFound]),
    ]
}

fn work() -> Vec<Operation> {
    vec![
        Operation::identified("ProcessOrder", "Orders", "Hands an order to fulfilment. Needs no body.")
            .giving(StatusCode::ACCEPTED, "It is queued, perhaps since long.", order, [etag()])
            // Its envelope has a limit, whether or not the function reads the body that the host puts into it.
            .refusing([Problem::NotFound, Problem::Conflict(""), Problem::TooLarge]),
    ]
}

fn products() -> Vec<Operation> {
    const TAG: &str = "Products";
    const KEPT: &str = "private, max-age=60";
    let mug = json!({"name": "Mug, 350 ml", "currency": "EUR", "unitPrice": 990, "active": true});
    vec![
        Operation::identified("ListProducts", TAG, "Lists what can be ordered, by sku.")
            .taking([Limit, Cursor(&[List::Products])])
            .giving_to_keep(KEPT, StatusCode::OK, "A page of products.", page_of::<ProductView<'static>>, []),
        Operation::identified("PutProduct", TAG, "Creates a product, or replaces the version that is named.")
            .taking([IfMatchOrNew, IfNoneMatch])
            .reading(new_product, mug)
            .giving(StatusCode::OK, "It is replaced.", product, [etag()])
            .giving(StatusCode::CREATED, "It is created.", product, [etag()])
            .refusing([Problem::NotFound, Problem::PreconditionRequired, Problem::Stale]),
    ]
}

fn dead_letters() -> Vec<Operation> {
    const TAG: &str = "Dead letters";
    vec![
        Operation::identified("ListDeadLetters", TAG, "Lists messages that were given up, the newest first.")
            .taking([Limit, Cursor(&[List::DeadLetters])])
            .giving(StatusCode::OK, "A page of dead letters.", page_of::<DeadLetterView<'static>>, []),
        Operation::identified("ReplayDeadLetter", TAG, "Has a message sent again, once. Needs no body.")
            .giving(StatusCode::ACCEPTED, "It goes out with the next relay.", dead_letter, [])
            .refusing([Problem::NotFound, Problem::Conflict("")]),
    ]
}

fn around() -> Vec<Operation> {
    const TAG: &str = "Service";
    vec![
        Operation::identified("GetSecretFromKeyVault", TAG, "Tells what a secret is, never what it says.")
            .taking([SecretName])
            .giving(StatusCode::OK, "What the vault says of it.", secret, [])
            .refusing([Problem::NotFound]),
        Operation::open("Health", TAG, "Says whether the functions can do their work.")
            .giving(StatusCode::OK, "They answer.", health, [])
            .giving(StatusCode::SERVICE_UNAVAILABLE, "They do not, or the worker is busy.", health, []),
        Operation::open("ApiDescription", TAG, "Gives this document.")
            .behind_the_front()
            .giving(StatusCode::OK, "This document.", description, [])
            .refusing([Problem::NotFound]),
    ]
}

fn order(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<OrderView<'static>>()
}

fn product(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<ProductView<'static>>()
}

fn dead_letter(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<DeadLetterView<'static>>()
}

fn secret(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<SecretView<'static>>()
}

fn health(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<HealthView>()
}

fn page_of<V: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<Page<V>>()
}

fn description(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<Description>()
}

/// An OpenAPI document.
enum Description {}

impl JsonSchema for Description {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Description".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An OpenAPI document.",
            "type": "object",
            "properties": {"openapi": {"type": "string", "enum": ["3.1.0"]}},
            "required": ["openapi", "info", "paths", "components"],
        })
    }
}
