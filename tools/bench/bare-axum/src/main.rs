//! Reads orders with the worker's own statements and does not authenticate callers: what axum and sqlx can do at most.
//!
//! Everything comes from the environment: `FUNCTIONS_CUSTOMHANDLER_PORT`, `DATABASE_URL`, `DATABASE_POOL`, the
//! statements `STATEMENT_GET` and `STATEMENT_LIST`, and whose orders these are, `OWNER_TENANT` and `OWNER_OBJECT`.
//! Connections come from sqlx's own pool, or with `POOL=deadpool` from the one that the worker builds on.

mod pool;

use std::{env, net::Ipv4Addr, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt as _,
};
use pool::Pool;
use serde::Serialize;
use sqlx::FromRow;
use tokio::net::TcpListener;
use uuid::Uuid;

struct App {
    pool: Pool,
    get: &'static str,
    list: &'static str,
    tenant: Uuid,
    object: Uuid,
}

#[derive(FromRow)]
struct Row {
    id: Uuid,
    reference: String,
    status: String,
    currency: String,
    total: i64,
    note: Option<String>,
    version: i32,
    created_at: i64,
    updated_at: i64,
    skus: Vec<String>,
    quantities: Vec<i16>,
    unit_prices: Vec<i32>,
    line_totals: Vec<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    id: Uuid,
    reference: &'a str,
    status: &'a str,
    currency: &'a str,
    lines: Vec<Item<'a>>,
    total: i64,
    note: Option<&'a str>,
    version: i32,
    created_at: i64,
    updated_at: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    sku: &'a str,
    quantity: i64,
    unit_price: i64,
    line_total: i64,
}

#[derive(Serialize)]
struct Page<'a> {
    items: Vec<Order<'a>>,
    next: Option<Uuid>,
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "it is told the worker's own statements, once")]
async fn main() -> anyhow::Result<()> {
    let set = |name| env::var(name).with_context(|| format!("set {name}"));
    let (url, size) = (set("DATABASE_URL")?, set("DATABASE_POOL")?.parse()?);
    let pool = match env::var("POOL").as_deref() {
        Ok("deadpool") => Pool::unmanaged(&url, size).await?,
        _ => Pool::of_sqlx(&url, size)?,
    };
    let app = App {
        pool,
        get: set("STATEMENT_GET")?.leak(),
        list: set("STATEMENT_LIST")?.leak(),
        tenant: set("OWNER_TENANT")?.parse()?,
        object: set("OWNER_OBJECT")?.parse()?,
    };
    let router = Router::new()
        .route("/", get(async || "ready"))
        .route("/api/orders/{id}", get(read))
        .route("/api/orders", get(list))
        .with_state(Arc::new(app));
    let port: u16 = set("FUNCTIONS_CUSTOMHANDLER_PORT")?.parse()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    Ok(axum::serve(listener, router).await?)
}

async fn read(State(app): State<Arc<App>>, Path(id): Path<Uuid>) -> Response {
    let Some(mut connection) = app.pool.lease().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let found: Result<Option<Row>, _> = sqlx::query_as(app.get)
        .bind(id)
        .bind(app.tenant)
        .bind(app.object)
        .fetch_optional(&mut *connection)
        .await;
    match found {
        Ok(Some(row)) => json(&Order::from(&row)),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// The first page: 25 orders, and one more that says whether there is a next.
async fn list(State(app): State<Arc<App>>) -> Response {
    let Some(mut connection) = app.pool.lease().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let found: Result<Vec<Row>, _> = sqlx::query_as(app.list)
        .bind(app.tenant)
        .bind(app.object)
        .bind(Uuid::max())
        .bind(26_i64)
        .fetch_all(&mut *connection)
        .await;
    match found {
        Ok(rows) => {
            let items = rows.iter().take(25).map(Order::from).collect();
            json(&Page { items, next: rows.get(24).map(|row| row.id) })
        }
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(text) => ([(CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl<'a> From<&'a Row> for Order<'a> {
    fn from(row: &'a Row) -> Self {
        let numbers = row.quantities.iter().zip(&row.unit_prices).zip(&row.line_totals);
        let items = row.skus.iter().zip(numbers).map(|(sku, ((&quantity, &unit_price), &line_total))| Item {
            sku,
            quantity: quantity.into(),
            unit_price: unit_price.into(),
            line_total,
        });
        Self {
            id: row.id,
            reference: &row.reference,
            status: &row.status,
            currency: &row.currency,
            lines: items.collect(),
            total: row.total,
            note: row.note.as_deref(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
