//! Fault injection for `cargo xtask chaos --prove`. Only builds with the feature `fault-injection` contain it, and that
//! feature does not compile with optimizations, so it cannot ship.

use std::{sync::LazyLock, time::Duration};

use sqlx::{Executor, Postgres, SqliteConnection};

use crate::orders::FulfilmentMessage;

#[cfg(not(debug_assertions))]
compile_error!("the feature `fault-injection` breaks promises on purpose: build it without --release");

/// A fault that the store injects.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InjectedFault {
    /// The outbox row is written in a separate transaction, after the one that changes the status.
    OutboxApart,
    /// Neither the inbox nor the status prevents a second effect of a message.
    InboxOff,
    /// The idempotency row is written in a separate transaction, after the one that stores the order.
    KeyApart,
    /// A new order is acknowledged before it is committed.
    CommitLate,
    /// A connection to a server that fell silent returns to the pool.
    PoolKeepsSilent,
}

/// How long the store stays in the state in which a kill does harm. Far longer than a careless commit would take, so
/// that a short run meets it.
const PAUSE: Duration = Duration::from_millis(20);

static INJECTED: LazyLock<Option<InjectedFault>> =
    LazyLock::new(|| match std::env::var("INJECTED_FAULT").as_deref() {
        Ok("outbox-apart") => Some(InjectedFault::OutboxApart),
        Ok("inbox-off") => Some(InjectedFault::InboxOff),
        Ok("key-apart") => Some(InjectedFault::KeyApart),
        Ok("commit-late") => Some(InjectedFault::CommitLate),
        Ok("pool-keeps-silent") => Some(InjectedFault::PoolKeepsSilent),
        _ => None,
    });

impl InjectedFault {
    /// Whether this fault is injected; the environment variable `INJECTED_FAULT` names it.
    pub(super) fn is_on(self) -> bool {
        *INJECTED == Some(self)
    }
}

/// Waits at a place where no crash should be able to separate two writes.
pub(super) async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

/// Commits after the caller has gone on.
pub(super) fn commit_later(commit: impl Future<Output = Result<(), sqlx::Error>> + Send + 'static) {
    tokio::spawn(async move {
        pause().await;
        if let Err(error) = commit.await {
            tracing::error!(%error, "not committed");
        }
    });
}

const FORGET_MESSAGE: &str = "DELETE FROM inbox WHERE message_id = $1";

const FORGET_DECISION: &str =
    "UPDATE orders SET status = 'queued' WHERE id = $1 AND status IN ('fulfilled', 'rejected')";

/// Makes a message and its order look as if it had never been acted on.
pub(super) async fn forget_on_sqlite(
    connection: &mut SqliteConnection,
    message: &FulfilmentMessage,
) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET_MESSAGE).bind(message.message_id.to_string()).execute(&mut *connection).await?;
    sqlx::query(FORGET_DECISION).bind(message.order_id.to_string()).execute(connection).await?;
    Ok(())
}

/// As [`forget_on_sqlite`], on a server.
pub(super) async fn forget_on_postgres<'e>(
    server: impl Executor<'e, Database = Postgres> + Copy,
    message: &FulfilmentMessage,
) -> Result<(), sqlx::Error> {
    sqlx::query(FORGET_MESSAGE).bind(message.message_id).execute(server).await?;
    sqlx::query(FORGET_DECISION).bind(message.order_id.uuid()).execute(server).await?;
    Ok(())
}
