//! Every bound on what one caller, one message or one peer can cost, with its number. `orders-worker doctor` prints
//! them. [`orders`](crate::orders) itself limits what a field of an order may hold.

use std::time::Duration;

use chrono::TimeDelta;

use azure_functions_handler::{ConcurrencyLimits, Limits as RequestLimits};

use crate::orders::message;

/// The largest body, in bytes.
const MAX_BODY_BYTES: usize = 64 << 10;

/// How long a queue or timer invocation may take.
const TRIGGER_SECONDS: u64 = 60;

/// The bounds of one run of the outbox relay.
const RELAY: RelayLimits = RelayLimits {
    max_messages: 10_000,
    max_answer_bytes: 8 << 20,
    // The other half is for the last batch and for the answer.
    max_time: Duration::from_secs(TRIGGER_SECONDS / 2),
    batch_messages: 500,
    batch_bytes: 1 << 20,
};

/// The bounds of this worker.
pub const LIMITS: Limits = Limits {
    requests: RequestLimits {
        head_timeout: Duration::from_secs(10),
        max_head_bytes: 80 << 10,
        max_headers: 100,
        body_timeout: Duration::from_secs(3),
        discard_timeout: Duration::from_secs(5),
        max_discard_bytes: 100 << 20,
        http_timeout: Duration::from_secs(10),
        trigger_timeout: Duration::from_secs(TRIGGER_SECONDS),
        max_envelope_bytes: 1 << 20,
        max_body_bytes: MAX_BODY_BYTES,
    },
    concurrency: ConcurrencyLimits {
        running: 128,
        unidentified: 96,
        unidentified_direct: 32,
        waiting_envelopes: 128,
        per_caller: Some(16),
    },
    jwks: JwksLimits {
        max_waiting: 8,
        max_wait: Duration::from_secs(2),
        min_fetch_interval: TimeDelta::minutes(1),
    },
    certificates: CertificateLimits { max_waiting: 8 },
    credentials: CredentialLimits { max_header_bytes: 16 << 10, max_claims: 512 },
    dependencies: DependencyLimits {
        issuer_timeout: Duration::from_secs(3),
        max_issuer_response_bytes: 256 << 10,
        vault_timeout: Duration::from_secs(6),
        identity_endpoint_timeout: Duration::from_secs(4),
        connect_timeout: Duration::from_secs(2),
        statement_timeout: Duration::from_secs(5),
    },
    messages: MessageLimits { max_payload_bytes: message::MAX_PAYLOAD_BYTES, relay: RELAY },
    json_body: JsonBodyLimits {
        max_bytes: MAX_BODY_BYTES,
        max_depth: 32,
        max_errors: 100,
        max_errors_bytes: 60 << 10,
        max_error_response_bytes: 64 << 10,
        max_echoed_name_bytes: 256,
    },
    dead_letters: DeadLetterLimits {
        max_unreplayed: 100_000,
        max_age: TimeDelta::days(90),
        warning_percent: 80,
    },
    memory: MemoryLimits {
        max_rate_buckets: 16_384,
        max_cached_tokens: 4096,
        max_cached_principal_bytes: 4 << 20,
        max_denial_windows: 4096,
        max_denial_lines: 10,
        denial_window: Duration::from_mins(1),
    },
};

/// All limits, grouped by subject.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One request.
    pub requests: RequestLimits,
    /// All requests of a process.
    pub concurrency: ConcurrencyLimits,
    /// Callers that wait for the issuer's keys.
    pub jwks: JwksLimits,
    /// Callers that wait for the CA certificates of a vault.
    pub certificates: CertificateLimits,
    /// Tokens, principals and client certificates.
    pub credentials: CredentialLimits,
    /// The issuer, the vault, the identity endpoint and the database.
    pub dependencies: DependencyLimits,
    /// Messages of queues.
    pub messages: MessageLimits,
    /// Bodies, and the answers to those that are refused.
    pub json_body: JsonBodyLimits,
    /// Limits of unreplayed dead letters.
    pub dead_letters: DeadLetterLimits,
    /// What is cached about callers.
    pub memory: MemoryLimits,
}

/// Bounds of waiting for the issuer's keys.
#[derive(Clone, Copy, Debug)]
pub struct JwksLimits {
    /// Calls that wait at once for the fetch that runs; one more is answered 503 at once.
    pub max_waiting: usize,
    /// How long each of these calls waits.
    pub max_wait: Duration,
    /// The pause between two fetches for key ids that are in no set, and between two attempts to renew a set.
    pub min_fetch_interval: TimeDelta,
}

/// Bounds of waiting for the CA certificates of a vault.
#[derive(Clone, Copy, Debug)]
pub struct CertificateLimits {
    /// Calls that wait at once; one more is answered 503 at once.
    pub max_waiting: usize,
}

/// Bounds of tokens, principals and client certificates.
#[derive(Clone, Copy, Debug)]
pub struct CredentialLimits {
    /// The longest token, principal or certificate, as in its header, in bytes.
    pub max_header_bytes: usize,
    /// The most claims of a principal.
    pub max_claims: usize,
}

/// Bounds of the services that the worker calls.
#[derive(Clone, Copy, Debug)]
pub struct DependencyLimits {
    /// How long one answer of the issuer may take.
    pub issuer_timeout: Duration,
    /// The longest answer of the issuer, in bytes.
    pub max_issuer_response_bytes: usize,
    /// Reading a secret, token and retries included.
    pub vault_timeout: Duration,
    /// A token of the managed identity, retries included.
    pub identity_endpoint_timeout: Duration,
    /// A connection to the database.
    pub connect_timeout: Duration,
    /// A statement.
    pub statement_timeout: Duration,
}

/// Bounds of messages of queues.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// The largest message that is read, in bytes.
    pub max_payload_bytes: usize,
    /// One run of the outbox relay.
    pub relay: RelayLimits,
}

/// Bounds of one run of the outbox relay: `docs/reference/api.md#relayoutbox`.
#[derive(Clone, Copy, Debug)]
pub struct RelayLimits {
    /// The most messages.
    pub max_messages: u32,
    /// The most bytes that the messages of one run may have in the answer.
    pub max_answer_bytes: u32,
    /// No batch is taken after this time.
    pub max_time: Duration,
    /// The most messages of one transaction.
    pub batch_messages: u32,
    /// A transaction takes no further message after so many bytes of payloads.
    pub batch_bytes: u32,
}

/// Bounds of bodies: `docs/reference/api.md#json-bodies`.
#[derive(Clone, Copy, Debug)]
pub struct JsonBodyLimits {
    /// The largest body, in bytes.
    pub max_bytes: usize,
    /// The deepest nesting, objects and arrays together.
    pub max_depth: usize,
    /// Wrong fields that one answer lists.
    pub max_errors: usize,
    /// How many bytes of the answer the wrong fields may fill, in every invocation mode.
    pub max_errors_bytes: usize,
    /// The largest answer to a body that is refused, in bytes.
    pub max_error_response_bytes: usize,
    /// The longest name of an unknown field that is repeated to its sender, in bytes.
    pub max_echoed_name_bytes: usize,
}

/// Limits of unreplayed dead letters: `docs/reference/api.md#dead-letter-ceiling`.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetterLimits {
    /// How many unreplayed dead letters are stored; beyond this number the oldest are deleted.
    pub max_unreplayed: u64,
    /// How long an unreplayed dead letter is stored.
    pub max_age: TimeDelta,
    /// The percentage of `max_unreplayed` or `max_age` from which a warning is logged.
    pub warning_percent: u8,
}

impl DeadLetterLimits {
    /// The number of unreplayed dead letters from which a warning is logged.
    #[must_use]
    pub const fn warning_unreplayed(self) -> u64 {
        self.max_unreplayed * self.warning_percent as u64 / 100
    }

    /// The age of the oldest dead letter, in days, from which a warning is logged.
    #[must_use]
    pub const fn warning_days(self) -> i64 {
        self.max_age.num_days() * self.warning_percent as i64 / 100
    }
}

/// Limits of what is cached about callers, because a caller can make up any number of identities.
#[derive(Clone, Copy, Debug)]
pub struct MemoryLimits {
    /// Callers with their own rate; all of them fill some three megabytes.
    pub max_rate_buckets: usize,
    /// Tokens that need no second verification.
    pub max_cached_tokens: usize,
    /// The bytes of principal headers that need no second reading.
    pub max_cached_principal_bytes: usize,
    /// Callers whose denials are counted apart; they fill less than a megabyte.
    pub max_denial_windows: usize,
    /// Denials of one caller for one reason that get their own log line, in one window.
    pub max_denial_lines: u64,
    /// How long a window lasts, from its first denial on.
    pub denial_window: Duration,
}
