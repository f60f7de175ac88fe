//! Creates orders, for callers and for owners named in a message.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, Postgres as Engine, postgres::PgArguments, query::QueryAs};

use crate::{
    orders::{
        Actor, IdempotencyKey, IncomingOrder, InvalidLine, LineError, Note, Order, OrderDraft, OrderId,
        UnitPrice,
    },
    policy::{AccessScope, Permit, PlaceOrder},
    store::{
        Change, INCOMING, StoreError, WriteContext, WriteError, columns::StoredDigest, new_order::NewOrder,
        retention, rows::IdempotencyKeyRow, sql::KEY,
    },
};

use super::{
    Postgres,
    bulkhead::is_row_bulkhead_timeout,
    in_flight::{ResourceKey, is_resource_lock_timeout},
    known_locks::{LockTargets, is_lock_timeout, is_row_lock, is_row_lock_in},
    orders::find,
    pool::PoolExecutor,
    retry::Attempt,
    sql,
};

/// The price of a line, and whether the order was placed: the same in every row of a result.
#[derive(FromRow)]
struct PricedLineRow {
    #[sqlx(flatten)]
    price: ListedPrice,
    placed: bool,
    /// The content for which the key or the message was used before.
    content: Option<StoredDigest>,
}

/// The price of a line in the product table.
#[derive(Clone, Copy, FromRow)]
pub(super) struct ListedPrice {
    /// None, when there is no such product.
    pub(super) unit_price: Option<i32>,
    /// Whether it can be ordered in the order's currency.
    pub(super) fits: Option<bool>,
}

/// One price for each line, or the lines that have none.
type Prices = Result<Vec<UnitPrice>, Vec<InvalidLine>>;

type Statement<'q> = QueryAs<'q, Engine, PricedLineRow, PgArguments>;

/// Places an order. Requests with one idempotency key run one after another; one that waits too long for its duplicate
/// ends with [`WriteError::InProgress`].
pub(super) async fn create_order(
    store: &Postgres,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&IdempotencyKey>,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let resource = key.map(|key| ResourceKey::Request(permit.caller(), key.clone()));
    let targets = LockTargets::for_new_order(resource, &draft.lines);
    let placed = store.change(targets, |executor, _| place(executor, permit, id, draft, key, context)).await;
    match placed {
        Err(WriteError::Store(StoreError::Unavailable(error)))
            if key.is_some() && is_duplicate_request_timeout(&error) =>
        {
            Err(WriteError::InProgress)
        }
        placed => placed,
    }
}

async fn place(
    executor: PoolExecutor<'_>,
    permit: &Permit<PlaceOrder>,
    id: OrderId,
    draft: &OrderDraft,
    key: Option<&IdempotencyKey>,
    context: WriteContext,
) -> Result<Change<Order>, WriteError> {
    let new = NewOrder { id, owner: permit.caller(), actor: permit.actor(), draft, context };
    let lines = order(sql::PLACE, new)
        .bind(key.map(IdempotencyKey::as_str))
        .bind(key.map(|_| draft.content_digest().as_bytes().to_vec()))
        .bind(keys_valid_since(context.retention_at))
        .fetch_all(executor)
        .await;
    let lines = match lines {
        Ok(lines) => lines,
        // Ids are never used twice, so this is our own order, stored by an attempt whose answer was lost.
        Err(error) if is_duplicate_order_id(&error) => {
            let own = find(executor, AccessScope::Owner(new.owner), id).await?;
            return own.map(Change::Done).ok_or(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let prices = prices(&lines)?;
    match (key, prices) {
        // Without a row of its own the key is taken, whether that was seen or waited for.
        (Some(key), Ok(_)) if !is_placed(&lines) => replay_for_key(executor, new, key).await,
        (Some(key), Err(_)) if known_content(&lines).is_some() => replay_for_key(executor, new, key).await,
        (_, Ok(prices)) => Ok(Change::Done(new_order(new, &prices)?)),
        (_, Err(refused)) => Err(WriteError::InvalidLines(refused)),
    }
}

/// The response to a request whose key is taken: by another request, or by an attempt of this one whose response was
/// lost.
async fn replay_for_key(
    executor: PoolExecutor<'_>,
    NewOrder { id, owner, draft, context, .. }: NewOrder<'_>,
    key: &IdempotencyKey,
) -> Result<Change<Order>, WriteError> {
    let row: Option<IdempotencyKeyRow> = sqlx::query_as(KEY)
        .bind(owner.tenant)
        .bind(owner.object)
        .bind(key.as_str())
        .bind(keys_valid_since(context.retention_at))
        .fetch_optional(executor)
        .await?;
    match row {
        Some(row) if row.content.is(&draft.content_digest()) => {
            let order = row.into_order(draft, owner)?;
            Ok(if order.id == id { Change::Done(order) } else { Change::Unchanged(order) })
        }
        Some(_) => Err(WriteError::KeyReused),
        // The key expired just now: on the next attempt the request is a new one.
        None => Err(WriteError::InProgress),
    }
}

/// Places the order of a message. An attempt whose answer was lost may have committed; the next attempt recognizes its
/// own order.
pub(super) async fn ingest(
    executor: PoolExecutor<'_>,
    attempt: Attempt,
    message: &IncomingOrder,
    id: OrderId,
    context: WriteContext,
) -> Result<Change<Order, ()>, WriteError> {
    let digest = message.content_digest();
    let new = NewOrder { id, owner: message.owner, actor: Actor::SYSTEM, draft: &message.draft, context };
    loop {
        let lines = order(sql::INGEST, new)
            .bind(message.message_id)
            .bind(digest.as_bytes().to_vec())
            .bind(message.payload_digest.as_bytes().to_vec())
            .bind(INCOMING)
            .fetch_all(executor)
            .await?;
        let prices = prices(&lines)?;
        return match (known_content(&lines), prices) {
            (Some(known), _) if known.is(&digest) => {
                let own = match attempt {
                    Attempt::First => None,
                    // Ids are never used twice.
                    Attempt::Retry => find(executor, AccessScope::Owner(message.owner), id).await?,
                };
                Ok(own.map_or(Change::Unchanged(()), Change::Done))
            }
            (Some(_), _) => Err(WriteError::KeyReused),
            (None, Err(refused)) => Err(WriteError::InvalidLines(refused)),
            // Another delivery was stored while this one waited for it; the next look shows it.
            (None, Ok(_)) if !is_placed(&lines) => continue,
            (None, Ok(prices)) => Ok(Change::Done(new_order(new, &prices)?)),
        };
    }
}

/// A statement that stores an order, with the parameters `$1` to `$12`, which all such statements share.
fn order<'q>(statement: &'static str, new: NewOrder<'_>) -> Statement<'q> {
    let NewOrder { id, owner, actor, draft, context } = new;
    sqlx::query_as(statement)
        .bind(id.uuid())
        .bind(owner.tenant)
        .bind(owner.object)
        .bind(draft.reference.as_str().to_owned())
        .bind(draft.currency.as_str().to_owned())
        .bind(draft.note.as_ref().map(|note| Note::as_str(note).to_owned()))
        .bind(context.at.timestamp_micros())
        .bind(draft.lines.iter().map(|line| line.sku.as_str().to_owned()).collect::<Vec<_>>())
        .bind(draft.lines.iter().map(|line| line.quantity.get()).collect::<Vec<_>>())
        .bind(actor.kind.as_str())
        .bind(actor.object)
        .bind(context.invocation)
}

fn prices(lines: &[PricedLineRow]) -> Result<Prices, StoreError> {
    price_lines(lines.iter().map(|line| line.price))
}

/// Today's prices, or every line that has none, out of each line's price and whether it fits.
pub(super) fn price_lines(lines: impl IntoIterator<Item = ListedPrice>) -> Result<Prices, StoreError> {
    let (mut prices, mut refused) = (Vec::new(), Vec::new());
    for (index, line) in lines.into_iter().enumerate() {
        match (line.unit_price, line.fits) {
            (Some(price), Some(true)) => {
                prices.push(UnitPrice::try_from(i64::from(price)).map_err(|_| PRICES)?);
            }
            (_, Some(false)) => refused.push(InvalidLine { index, error: LineError::CurrencyMismatch }),
            _ => refused.push(InvalidLine { index, error: LineError::UnknownProduct }),
        }
    }
    Ok(if refused.is_empty() { Ok(prices) } else { Err(refused) })
}

/// The new order, with these prices.
fn new_order(new: NewOrder<'_>, prices: &[UnitPrice]) -> Result<Order, StoreError> {
    new.draft.to_order(new.id, new.owner, prices, truncate_to_micros(new.context.at)).ok_or(PRICES)
}

const PRICES: StoreError = StoreError::Inconsistent { table: "products", column: "unit_price" };

fn is_placed(lines: &[PricedLineRow]) -> bool {
    lines.first().is_some_and(|line| line.placed)
}

fn known_content(lines: &[PricedLineRow]) -> Option<&StoredDigest> {
    lines.first()?.content.as_ref()
}

fn keys_valid_since(now: DateTime<Utc>) -> i64 {
    (now - retention::IDEMPOTENCY_KEYS).timestamp_micros()
}

/// Rows hold whole microseconds; the answer now has to equal what is read later.
fn truncate_to_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn is_duplicate_order_id(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.constraint() == Some("orders_pkey"))
}

/// Whether a request with a key waited too long for its duplicate: in this process, or for the row of its key.
fn is_duplicate_request_timeout(error: &sqlx::Error) -> bool {
    is_resource_lock_timeout(error) || (is_lock_timeout(error) && is_row_lock_in(error, "idempotency_keys"))
}

/// Whether a call timed out waiting for a change of the same resource: in this process, or behind a row that another
/// client has locked. A locked table does not count.
pub(in crate::store) fn is_lock_conflict(error: &sqlx::Error) -> bool {
    is_resource_lock_timeout(error)
        || is_row_bulkhead_timeout(error)
        || (is_lock_timeout(error) && is_row_lock(error))
}
