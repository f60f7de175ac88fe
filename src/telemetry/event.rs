//! Everything that the worker can log, in one list. `docs/events.md` lists the events; a test compares both.

use std::{error::Error, fmt::Display};

use azure_functions_handler::event::{self, Kind, events};
use tracing::Level;
use uuid::Uuid;

/// Stands in the field `event` of lines that libraries wrote: of their kinds there is no list.
pub(super) const LIBRARY: &str = "library";

/// The field `event` of the lines that report why the worker does not start, before there is a log.
pub(crate) const SETTING_INVALID: &str = "setting-invalid";

events! {
    /// The events of the app, beside those of the handler crate. The span of the invocation adds its fields, with the
    /// caller.
    pub enum Event {
        /// Audit: an order was changed. The line also names the actor; for `system` the owner did not authenticate,
        /// and the line names the owner.
        OrderChanged = "order-changed", INFO, "audit: an order was changed", {
            action: &'static str, order_id: Uuid, status: &'static str, version: Option<u64>, actor: &'static str,
            owner_tenant_id: Option<Uuid>, owner_object_id: Option<Uuid>,
        };
        /// Audit: a product was changed.
        ProductChanged = "product-changed", INFO, "audit: a product was changed",
            { action: &'static str, sku: &'a dyn Display, version: u64, actor: &'static str };
        /// Audit: a message is stored as a dead letter.
        MessageDeadLettered = "message-dead-lettered", WARN, "audit: a message became a dead letter", {
            reason: &'static str, letter_id: Uuid, queue: &'a dyn Display, message_id: Option<Uuid>,
            order_id: Option<Uuid>,
        };
        /// Audit: an unreplayed dead letter is over the ceiling in number or age; its message is lost.
        DeadLetterDropped = "dead-letter-dropped", ERROR,
            "audit: a dead letter was dropped because it was not replayed in time", {
            why: &'static str, reason: &'static str, letter_id: Uuid, queue: &'a dyn Display,
            message_id: Option<Uuid>, order_id: Option<Uuid>,
        };
        /// Every night while it is so. From the ceiling on the oldest are dropped.
        DeadLettersNearCeiling = "dead-letters-near-ceiling", WARN,
            "dead letters are close to their limit in number or age: replay them before the oldest are dropped", {
            unreplayed: u64, max_unreplayed: u64, oldest_days: Option<i64>, max_days: i64,
        };
        /// Audit: a dead letter's message is sent again.
        DeadLetterReplayed = "dead-letter-replayed", INFO, "audit: a dead letter was replayed",
            { letter_id: Uuid, order_id: Option<Uuid>, actor: &'static str };
        /// Audit: a caller read the properties of a secret of the vault; its value is never returned.
        SecretLookedUp = "secret-looked-up", INFO, "audit: a secret was looked up",
            { secret: &'a dyn Display, outcome: &'static str, actor: &'static str };
        /// Audit: a caller was refused, and why.
        Denied = "denied", WARN, "audit: a caller was refused",
            { reason: &'static str, order_id: Option<Uuid> };
        /// Audit: two pieces of evidence name different callers, so one of them was forged or mixed up.
        IdentityMismatch = "identity-mismatch", ERROR,
            "security: two headers, or header and token, name different callers: find out how the header passed \
             App Service",
            { reason: &'static str, order_id: Option<Uuid> };
        /// Audit: this many more of a caller's denials for one reason followed within a minute, without log lines.
        /// Callers who proved nothing count as one.
        DenialsSuppressed = "denials-suppressed", WARN, "audit: more refusals of a caller for one reason", {
            reason: &'static str, count: u64, tenant_id: Option<Uuid>, object_id: Option<Uuid>,
            caller_kind: &'static str,
        };
        /// Once a minute: open outbox rows, unreplayed dead letters, and the use of the connection pool.
        Metrics = "metrics", INFO, "metrics of database and queues", {
            oldest_open_seconds: Option<i64>, open_rows: u64, open_rows_from_future: u64,
            open_rows_without_backend: u64, unreplayed_dead_letters: u64,
            oldest_dead_letter_days: Option<i64>, pool_in_use: u32, pool_size: u32, certificate_days: Option<i64>, waiting_for_keys: Option<u64>,
        };
        /// Requests use the cached keys, for at most a day.
        JwksFetchFailed = "jwks-fetch-failed", ERROR, "cannot fetch the issuer's signing keys",
            { error: &'a (dyn Error + 'static) };
        /// Somebody gets a 404 or a 503, or a setting's secret is not read.
        VaultRequestFailed = "vault-request-failed", WARN, "the vault returned no secret", { kind: &'a dyn Display };
        /// The last one is used for as long as it may be.
        SecretRefreshFailed = "secret-refresh-failed", WARN, "cannot read a secret again", { error: &'a dyn Display };
        /// From now on the new one is used.
        SecretRotated = "secret-rotated", INFO, "a rotated secret is in use", {};
        /// New connections show it.
        DatabaseTokenRefreshed = "database-token-refreshed", INFO, "new connections to the database use a new token", {};
        /// Open connections stay usable.
        DatabaseTokenRefreshFailed = "database-token-refresh-failed", ERROR,
            "cannot get a new token for the database: open connections stay in use",
            { error: &'a dyn Display };
        /// The call is answered 503, or the message waits.
        DatabaseUnavailable = "database-unavailable", ERROR, "the database does not answer", { error: &'a dyn Display };
        /// From now on every call is answered 503: nothing is written into a file that is gone.
        DatabaseFileReplaced = "database-file-replaced", ERROR,
            "a file of the database was deleted or replaced: calls are refused until the same file is back or the \
             worker is restarted", { file: &'a dyn Display };
        /// Calls are served again.
        DatabaseFileRestored = "database-file-restored", INFO, "the database's files are back: calls are served again", {};
        /// The log grows until that transaction ends.
        WalLarge = "wal-large", WARN,
            "cannot truncate the write-ahead log: end the process that holds an open transaction",
            { wal_bytes: u64 };
        /// After it was large.
        WalTruncated = "wal-truncated", INFO, "the write-ahead log was truncated", { wal_bytes: u64 };
        /// The schema is too old, or a row contains an invalid value.
        DatabaseSchemaInvalid = "database-schema-invalid", ERROR, "the database does not fit this version: do what `error` says",
            { error: &'a dyn Display };
        /// Calls that wait for a lock too long are answered 503, and all others succeed: another client keeps a
        /// transaction open.
        DatabaseLockTimeout = "database-lock-timeout", WARN, "another client or call holds the locks that calls wait for",
            { error: &'a dyn Display };
        /// A connection died, or two transactions met.
        TransactionRetried = "transaction-retried", DEBUG, "a transaction is tried again", { error: &'a dyn Display };
        /// Until it decides the message waits.
        FulfilmentFailed = "fulfilment-failed", WARN, "the fulfilment backend neither accepted nor refused the order",
            { error: &'a (dyn Error + 'static) };
        /// A setting is wrong, so no order is refused for it; the message waits.
        FulfilmentRequestRejected = "fulfilment-request-rejected", ERROR,
            "the fulfilment backend refuses the worker's requests: check ORDERS_FULFILMENT_URL, and that the backend \
             trusts ORDERS_FULFILMENT_CLIENT_CERTIFICATE",
            { error: &'a (dyn Error + 'static) };
        /// The last good one stays in use.
        FulfilmentCertificateInvalid = "fulfilment-certificate-invalid", ERROR,
            "the rotated certificate is invalid: the previous one stays in use",
            { error: &'a (dyn Error + 'static) };
        /// The mode of client certificates is `off`.
        ClientCertificateIgnored = "client-certificate-ignored", INFO,
            "a client certificate was ignored because ORDERS_CLIENT_CERTIFICATE_MODE is `off`", {};
        /// Callers with certificates get 503 unless there was a good one before.
        ClientCaReadFailed = "client-ca-read-failed", ERROR, "cannot read ORDERS_CLIENT_CERTIFICATE_CA",
            { error: &'a dyn Display };
        /// The last good one stays in use.
        ClientCaInvalid = "client-ca-invalid", ERROR,
            "ORDERS_CLIENT_CERTIFICATE_CA is invalid: correct it; valid authorities that were read before stay in use",
            { error: &'a dyn Display };
        /// At the start: a control is weaker than recommended.
        DoctorCheckWarning = "doctor-check-warning", WARN, "a check of `orders-worker doctor` warns: do what `remedy` says", {
            rule: &'static str, subject: &'a dyn Display, why: &'a dyn Display, remedy: Option<&'a dyn Display>,
        };
        /// At the start: a control is not met.
        DoctorCheckFailed = "doctor-check-failed", ERROR, "a check of `orders-worker doctor` fails: do what `remedy` says", {
            rule: &'static str, subject: &'a dyn Display, why: &'a dyn Display, remedy: Option<&'a dyn Display>,
        };
        /// Since the last such line, of which there is one a minute. Nothing waits for the collector.
        SpansDropped = "spans-dropped", WARN, "spans were dropped because the collector did not take them",
            { dropped: u64, error: Option<&'a dyn Display> };
        /// Exports of metrics that did not arrive since the last such line, of which there is one a minute.
        MetricsDropped = "metrics-dropped", WARN, "metrics were dropped because the collector did not take them",
            { dropped: u64, error: Option<&'a dyn Display> };
        /// A span exporter makes a span of it.
        ServiceCalled = "service-called", DEBUG, "another service was called", {
            service: &'static str, method: &'static str, status: Option<u16>, error: Option<&'static str>,
            duration_us: u64, client_span_id: Option<&'a dyn Display>,
        };
        /// A laptop has no backend.
        FulfilmentStubbed = "fulfilment-stubbed", DEBUG, "the fulfilment stub accepted an order", { order_id: Uuid };
        /// What it jumped ahead makes nothing older for a day. The monotonic clock stops while a machine sleeps.
        ClockJumped = "clock-jumped", WARN, "the system clock jumped, or the machine slept", { seconds: i64 };
        /// Every night.
        RetentionPurged = "retention-purged", INFO, "expired rows were deleted", { rows: u64 };
        /// A bug. The panic's message is not logged, for it may quote what a caller sent.
        WorkerPanicked = "worker-panicked", ERROR, "the worker panicked", { location: Option<&'a dyn Display> };
    }
}

/// Log lines were dropped while stdout took none: the count of each level, and of the audit lines. It is the first
/// line afterwards.
pub(super) const LINES_DROPPED: Kind = Kind {
    name: "log-lines-dropped",
    level: Level::WARN,
    message: "log lines were dropped because stdout was not read in time",
    fields: &[
        "dropped_error",
        "dropped_warn",
        "dropped_info",
        "dropped_debug",
        "dropped_trace",
        "dropped_audit",
    ],
};

/// The process ends because it cannot serve.
pub(super) const CANNOT_SERVE: Kind = Kind {
    name: "cannot-serve",
    level: Level::ERROR,
    message: "the worker cannot serve and exits: do what `remedy` says",
    fields: &["error", "remedy"],
};

/// The kinds of audit lines. A queue that is full drops their lines last.
const AUDIT: [&str; 9] = [
    "dead-letter-dropped",
    "dead-letter-replayed",
    "denials-suppressed",
    "denied",
    "identity-mismatch",
    "message-dead-lettered",
    "order-changed",
    "product-changed",
    "secret-looked-up",
];

/// Whether lines of this event are audit lines.
pub(super) fn is_audit(event: &str) -> bool {
    AUDIT.contains(&event)
}

/// Every kind of line, by its name.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    event::Event::KINDS.iter().chain(Event::KINDS).chain([&LINES_DROPPED, &CANNOT_SERVE])
}
