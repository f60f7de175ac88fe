//! Placing, reading and listing orders.

use chrono::DateTime;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use crate::{
    orders::{Line, Money, Note, Order, OrderDraft, OrderId, Owner, Status, UnitPrice},
    policy::{Permit, PlaceOrder, Sight},
    store::{LineFault, Listed, Placed, Slice, Stamp, StoreError, sql::BEFORE_NEWEST},
};

use super::{rows::WholeRow, sql};

/// What a line costs today.
#[derive(FromRow)]
struct PriceRow {
    unit_price: Option<i64>,
    fits: Option<bool>,
}

pub(super) async fn place(
    pool: &PgPool,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    stamp: Stamp,
) -> Result<Placed, StoreError> {
    let (owner, actor) = (permit.caller(), permit.actor());
    let placed: Result<Vec<PriceRow>, sqlx::Error> = sqlx::query_as(sql::PLACE)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(draft.reference.as_str())
        .bind(draft.currency.as_str())
        .bind(draft.note.as_ref().map(Note::as_str))
        .bind(stamp.at.timestamp_micros())
        .bind(draft.lines.iter().map(|(sku, _)| sku.as_str()).collect::<Vec<_>>())
        .bind(draft.lines.iter().map(|(_, quantity)| quantity.get()).collect::<Vec<_>>())
        .bind(actor.kind.as_str())
        .bind(actor.object.as_ref().map(Uuid::to_string))
        .bind(stamp.invocation.to_string())
        .fetch_all(pool)
        .await;
    match placed {
        Ok(prices) => price(draft, &prices)?.map_or_else(
            |faults| Ok(Placed::Refused(faults)),
            |lines| Ok(Placed::Placed(order(owner, id, draft, lines, stamp)?)),
        ),
        // Ids are never used twice, so this is our own, kept by an attempt whose answer was lost.
        Err(error) if is_kept_already(&error) => match find(pool, Some(owner), id).await? {
            Some(order) => Ok(Placed::Placed(order)),
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn is_kept_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.constraint() == Some("orders_pkey"))
}

/// Every line at today's price, or every line that has none.
fn price(
    draft: &OrderDraft,
    prices: &[PriceRow],
) -> Result<Result<Vec<Line>, Vec<(usize, LineFault)>>, StoreError> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (index, ((sku, quantity), row)) in draft.lines.iter().zip(prices).enumerate() {
        match (row.unit_price, row.fits) {
            (Some(price), Some(true)) => {
                let price = UnitPrice::try_from(price).map_err(|_| PRICE)?;
                lines.push(Line::priced(sku.clone(), *quantity, price));
            }
            (_, Some(false)) => faults.push((index, LineFault::Currency)),
            _ => faults.push((index, LineFault::Unknown)),
        }
    }
    Ok(if faults.is_empty() { Ok(lines) } else { Err(faults) })
}

const PRICE: StoreError = StoreError::Inconsistent { table: "products", column: "unit_price" };
const TOTAL: StoreError = StoreError::Inconsistent { table: "order_lines", column: "line_total" };

/// The order that the statement kept.
fn order(
    owner: Owner,
    id: OrderId,
    draft: &OrderDraft,
    lines: Vec<Line>,
    stamp: Stamp,
) -> Result<Order, StoreError> {
    let total = Money::sum(lines.iter().map(|line| line.line_total)).ok_or(TOTAL)?;
    // Rows hold whole microseconds; what is answered now has to equal what is read later.
    let at = DateTime::from_timestamp_micros(stamp.at.timestamp_micros()).unwrap_or(stamp.at);
    Ok(Order {
        id,
        owner,
        reference: draft.reference.clone(),
        status: Status::Placed,
        currency: draft.currency,
        lines,
        total,
        note: draft.note.clone(),
        version: 1,
        created_at: at,
        updated_at: at,
    })
}

pub(super) async fn read(pool: &PgPool, sight: Sight, id: OrderId) -> Result<Option<Order>, StoreError> {
    find(pool, sight.confined_to(), id).await
}

/// The order, if it is that owner's or none is asked for.
pub(super) async fn find(
    pool: &PgPool,
    owner: Option<Owner>,
    id: OrderId,
) -> Result<Option<Order>, StoreError> {
    let (tenant, object) = confines(owner);
    let row: Option<WholeRow> = sqlx::query_as(sql::ORDER)
        .bind(id.to_string())
        .bind(tenant)
        .bind(object)
        .fetch_optional(pool)
        .await?;
    row.map(Order::try_from).transpose()
}

/// The two values that confine a statement to an owner; null where it reaches everybody's.
pub(super) fn confines(owner: Option<Owner>) -> (Option<String>, Option<String>) {
    (owner.map(|owner| owner.tenant.to_string()), owner.map(|owner| owner.object.to_string()))
}

pub(super) async fn list(
    pool: &PgPool,
    sight: Sight,
    slice: &Slice<OrderId>,
) -> Result<Listed<Order>, StoreError> {
    let after = slice.after.map_or_else(|| BEFORE_NEWEST.to_owned(), |id| id.to_string());
    let found = match sight.confined_to() {
        Some(owner) => sqlx::query_as(sql::OWN_ORDERS)
            .bind(owner.tenant.to_string())
            .bind(owner.object.to_string())
            .bind(after)
            .bind(slice.with_next()),
        None => sqlx::query_as(sql::ALL_ORDERS).bind(after).bind(slice.with_next()),
    };
    let Listed { items, more } = slice.cut::<WholeRow>(found.fetch_all(pool).await?);
    Ok(Listed { items: items.into_iter().map(Order::try_from).collect::<Result<_, _>>()?, more })
}
