//! Placing orders, for callers and for owners named in a message.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres as Engine, postgres::PgArguments, query::QueryAs};
use uuid::Uuid;

use crate::{
    orders::{
        Actor, IncomingOrder, LineFault, Note, Order, OrderDraft, OrderId, RefusedLine, RequestKey, UnitPrice,
    },
    policy::{AccessScope, Permit, PlaceOrder},
    store::{
        Change, INCOMING, Stamp, StoreError, WriteError, kept, new_order::NewOrder, rows::KeyRow, sql::KEY,
    },
};

use super::{
    Postgres,
    in_flight::{Subject, is_outwaited},
    lanes::is_crowded_by_rows,
    marks::{Needs, is_lock_timeout, is_of_row, names_row_of},
    orders::find,
    pool::Access,
    retry::Attempt,
    sql,
};

/// What a line costs today, and what became of the whole: the same in every row of an answer.
#[derive(FromRow)]
struct LineRow {
    #[sqlx(flatten)]
    price: ListedPrice,
    placed: bool,
    /// What the key or the message meant when it was seen before.
    content: Option<String>,
}

/// What the product table says of a line.
#[derive(Clone, Copy, FromRow)]
pub(super) struct ListedPrice {
    /// None, when there is no such product.
    pub(super) unit_price: Option<i64>,
    /// Whether it can be ordered in the order's currency.
    pub(super) fits: Option<bool>,
}

/// One price a line, or the lines that have none.
type Prices = Result<Vec<UnitPrice>, Vec<RefusedLine>>;

type Statement<'q> = QueryAs<'q, Engine, LineRow, PgArguments>;

/// Places an order. Requests under one key take turns; one that waits for its twin in vain is told so.
pub(super) async fn take_turn(
    store: &Postgres,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&RequestKey>,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let subject = key.map(|key| Subject::Request(permit.caller(), key.clone()));
    let needs = Needs::order(subject, &draft.lines);
    let placed = store.change(needs, |access, _| place(access, permit, id, draft, key, stamp)).await;
    match placed {
        Err(WriteError::Store(StoreError::Unavailable(error)))
            if key.is_some() && is_wait_for_twin(&error) =>
        {
            Err(WriteError::InProgress)
        }
        placed => placed,
    }
}

async fn place(
    access: Access<'_>,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&RequestKey>,
    stamp: Stamp,
) -> Result<Change<Order>, WriteError> {
    let new = NewOrder { id, owner: permit.caller(), actor: permit.actor(), draft, stamp };
    let lines = order(sql::PLACE, new)
        .bind(key.map(RequestKey::as_str))
        .bind(key.map(|_| draft.content().as_str().to_owned()))
        .bind(kept_since(stamp.retention_at))
        .fetch_all(access)
        .await;
    let lines = match lines {
        Ok(lines) => lines,
        // Ids are never used twice, so this is our own, kept by an attempt whose answer was lost.
        Err(error) if is_kept_already(&error) => {
            let own = find(access, AccessScope::Owner(new.owner), id).await?;
            return own.map(Change::Done).ok_or(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let prices = prices(&lines)?;
    match (key, prices) {
        // Without a row of its own the key is taken, whether that was seen or waited for.
        (Some(key), Ok(_)) if !is_placed(&lines) => again(access, new, key).await,
        (Some(key), Err(_)) if seen(&lines).is_some() => again(access, new, key).await,
        (_, Ok(prices)) => Ok(Change::Done(placed(new, &prices)?)),
        (_, Err(refused)) => Err(WriteError::Lines(refused)),
    }
}

/// The answer to a request whose key is taken: by another request, or by an attempt of this one whose answer was lost.
async fn again(
    access: Access<'_>,
    NewOrder { id, owner, draft, stamp, .. }: NewOrder<'_>,
    key: &RequestKey,
) -> Result<Change<Order>, WriteError> {
    let row: Option<KeyRow> = sqlx::query_as(KEY)
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(key.as_str())
        .bind(kept_since(stamp.retention_at))
        .fetch_optional(access)
        .await?;
    match row {
        Some(row) if row.content == draft.content().as_str() => {
            let order = row.order(draft, owner)?;
            Ok(if order.id == id { Change::Done(order) } else { Change::Unchanged(order) })
        }
        Some(_) => Err(WriteError::KeyReused),
        // It expired just now: sent once more, the request is a new one.
        None => Err(WriteError::InProgress),
    }
}

/// Places the order of a message. What one of its attempts may have placed before its answer was lost, the next takes for
/// its own.
pub(super) async fn ingest(
    access: Access<'_>,
    attempt: Attempt,
    message: &IncomingOrder,
    id: OrderId,
    stamp: Stamp,
) -> Result<Change<Order, ()>, WriteError> {
    let content = message.content();
    let new = NewOrder { id, owner: message.owner, actor: Actor::SYSTEM, draft: &message.draft, stamp };
    loop {
        let lines = order(sql::INGEST, new)
            .bind(message.message_id.to_string())
            .bind(content.as_str().to_owned())
            .bind(message.payload.as_str().to_owned())
            .bind(INCOMING)
            .fetch_all(access)
            .await?;
        let prices = prices(&lines)?;
        return match (seen(&lines), prices) {
            (Some(known), _) if known == content.as_str() => {
                let own = match attempt {
                    Attempt::First => None,
                    // Ids are never used twice.
                    Attempt::Again => find(access, AccessScope::Owner(message.owner), id).await?,
                };
                Ok(own.map_or(Change::Unchanged(()), Change::Done))
            }
            (Some(_), _) => Err(WriteError::KeyReused),
            (None, Err(refused)) => Err(WriteError::Lines(refused)),
            // Another delivery was kept while this one waited for it; the next look shows it.
            (None, Ok(_)) if !is_placed(&lines) => continue,
            (None, Ok(prices)) => Ok(Change::Done(placed(new, &prices)?)),
        };
    }
}

/// A statement that keeps an order, with what all such statements have in common bound: `$1` to `$12`.
fn order<'q>(statement: &'static str, new: NewOrder<'_>) -> Statement<'q> {
    let NewOrder { id, owner, actor, draft, stamp } = new;
    sqlx::query_as(statement)
        .bind(id.to_string())
        .bind(owner.tenant.to_string())
        .bind(owner.object.to_string())
        .bind(draft.reference.as_str().to_owned())
        .bind(draft.currency.as_str().to_owned())
        .bind(draft.note.as_ref().map(|note| Note::as_str(note).to_owned()))
        .bind(stamp.at.timestamp_micros())
        .bind(draft.lines.iter().map(|line| line.sku.as_str().to_owned()).collect::<Vec<_>>())
        .bind(draft.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>())
        .bind(actor.kind.as_str())
        .bind(actor.object.as_ref().map(Uuid::to_string))
        .bind(stamp.invocation.to_string())
}

fn prices(lines: &[LineRow]) -> Result<Prices, StoreError> {
    price(lines.iter().map(|line| line.price))
}

/// Today's prices, or every line that has none, out of each line's price and whether it fits.
pub(super) fn price(lines: impl IntoIterator<Item = ListedPrice>) -> Result<Prices, StoreError> {
    let (mut prices, mut refused) = (Vec::new(), Vec::new());
    for (index, line) in lines.into_iter().enumerate() {
        match (line.unit_price, line.fits) {
            (Some(price), Some(true)) => prices.push(UnitPrice::try_from(price).map_err(|_| PRICES)?),
            (_, Some(false)) => refused.push(RefusedLine { index, fault: LineFault::Currency }),
            _ => refused.push(RefusedLine { index, fault: LineFault::Unknown }),
        }
    }
    Ok(if refused.is_empty() { Ok(prices) } else { Err(refused) })
}

/// The order that this became.
fn placed(new: NewOrder<'_>, prices: &[UnitPrice]) -> Result<Order, StoreError> {
    new.draft.placed(new.id, new.owner, prices, whole(new.stamp.at)).ok_or(PRICES)
}

const PRICES: StoreError = StoreError::Inconsistent { table: "products", column: "unit_price" };

fn is_placed(lines: &[LineRow]) -> bool {
    lines.first().is_some_and(|line| line.placed)
}

fn seen(lines: &[LineRow]) -> Option<&str> {
    lines.first()?.content.as_deref()
}

fn kept_since(now: DateTime<Utc>) -> i64 {
    (now - kept::KEY).timestamp_micros()
}

/// Rows hold whole microseconds; what is answered now has to equal what is read later.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn is_kept_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.constraint() == Some("orders_pkey"))
}

/// Whether a request with a key waited for its twin in vain: in this process, or for the row of its key.
fn is_wait_for_twin(error: &sqlx::Error) -> bool {
    is_outwaited(error) || (is_lock_timeout(error) && names_row_of(error, "idempotency_keys"))
}

/// Whether a call gave up waiting for another one that changes the same thing: of this process, or of another client
/// that has the row locked. A locked table is more than that.
pub(in crate::store) fn is_held_by_another(error: &sqlx::Error) -> bool {
    is_outwaited(error) || is_crowded_by_rows(error) || (is_lock_timeout(error) && is_of_row(error))
}
