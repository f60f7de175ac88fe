//! Every bound on what one caller, one message or one peer can cost, with its number. `orders-worker doctor` prints them.
//! What a field of an order may hold is the business of [`orders`](crate::orders).

use std::time::Duration;

use chrono::TimeDelta;

use azure_functions_handler::{ConcurrencyLimits, Limits as RequestLimits};

use crate::orders::message;

/// The largest body, in bytes.
const BODY: usize = 64 << 10;

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
        trigger_timeout: Duration::from_mins(1),
        max_envelope_bytes: 1 << 20,
        max_body_bytes: BODY,
    },
    concurrency: ConcurrencyLimits {
        running: 128,
        unidentified: 96,
        unidentified_direct: 32,
        waiting_envelopes: 128,
        per_caller: Some(16),
    },
    keys: KeyLimits { waiting: 8, wait: Duration::from_secs(2), between_fetches: TimeDelta::minutes(1) },
    certificates: CertificateLimits { waiting: 8 },
    evidence: EvidenceLimits { header: 16 << 10, claims: 512 },
    peers: PeerLimits {
        issuer: Duration::from_secs(3),
        issuer_answer: 256 << 10,
        vault: Duration::from_secs(6),
        identity_endpoint: Duration::from_secs(4),
        connection: Duration::from_secs(2),
        statement: Duration::from_secs(5),
    },
    messages: MessageLimits { payload: message::MAX_PAYLOAD, relayed: 500 },
    forms: FormLimits {
        body: BODY,
        depth: 32,
        errors: 100,
        errors_size: 60 << 10,
        refusal: 64 << 10,
        told_name: 256,
    },
    dead_letters: DeadLetterLimits { unreplayed: 100_000, age: TimeDelta::days(90), near_percent: 80 },
    memory: MemoryLimits {
        rate_buckets: 16_384,
        verified_tokens: 4096,
        denial_windows: 4096,
        denial_lines: 10,
        denial_window: Duration::from_mins(1),
    },
};

/// Bounds by what they are about.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One request.
    pub requests: RequestLimits,
    /// All requests of a process.
    pub concurrency: ConcurrencyLimits,
    /// Waiting for the issuer's keys.
    pub keys: KeyLimits,
    /// Waiting for the authorities of certificates.
    pub certificates: CertificateLimits,
    /// What says who a caller is.
    pub evidence: EvidenceLimits,
    /// How long others may take.
    pub peers: PeerLimits,
    /// Messages of queues.
    pub messages: MessageLimits,
    /// Bodies, and the answers to those that are refused.
    pub forms: FormLimits,
    /// Unreplayed dead letters.
    pub dead_letters: DeadLetterLimits,
    /// What is remembered of callers.
    pub memory: MemoryLimits,
}

/// Bounds of waiting for the issuer's keys.
#[derive(Clone, Copy, Debug)]
pub struct KeyLimits {
    /// Calls that wait at once for the fetch that runs; one more is answered 503 at once.
    pub waiting: usize,
    /// How long each of them waits.
    pub wait: Duration,
    /// The pause between two fetches for key ids that are in no set, and between two attempts to renew a set.
    pub between_fetches: TimeDelta,
}

/// Bounds of waiting until a vault says who vouches for certificates.
#[derive(Clone, Copy, Debug)]
pub struct CertificateLimits {
    /// Calls that wait at once; one more is answered 503 at once.
    pub waiting: usize,
}

/// Bounds of what says who a caller is.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceLimits {
    /// The longest token, principal or certificate, as its header holds it, in bytes.
    pub header: usize,
    /// The most claims of a principal.
    pub claims: usize,
}

/// How long the worker waits for others.
#[derive(Clone, Copy, Debug)]
pub struct PeerLimits {
    /// One answer of the issuer.
    pub issuer: Duration,
    /// The longest answer of the issuer, in bytes.
    pub issuer_answer: usize,
    /// A reading of the vault, token and repetitions included.
    pub vault: Duration,
    /// A token of the app's own identity, repetitions included.
    pub identity_endpoint: Duration,
    /// A connection to the database.
    pub connection: Duration,
    /// A statement.
    pub statement: Duration,
}

/// Bounds of messages of queues.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// The largest message that is read, in bytes.
    pub payload: usize,
    /// The most messages of one tick of the relay.
    pub relayed: u32,
}

/// Bounds of bodies: `docs/reference/api.md#json-bodies`.
#[derive(Clone, Copy, Debug)]
pub struct FormLimits {
    /// The largest body, in bytes.
    pub body: usize,
    /// The deepest nesting, objects and arrays together.
    pub depth: usize,
    /// Wrong fields that one answer lists.
    pub errors: usize,
    /// How much of the answer they may fill, in bytes, in whichever mode the host brings it.
    pub errors_size: usize,
    /// The largest answer to a body that is refused, in bytes.
    pub refusal: usize,
    /// The longest name of an unknown field that is repeated to its sender, in bytes.
    pub told_name: usize,
}

/// Bounds of unreplayed dead letters: `docs/reference/api.md#dead-letter-ceiling`.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetterLimits {
    /// How many are kept; the oldest of more are dropped.
    pub unreplayed: u64,
    /// How long each is kept.
    pub age: TimeDelta,
    /// From which part of either on there is a warning, in percent.
    pub near_percent: u8,
}

impl DeadLetterLimits {
    /// From so many on there is a warning.
    #[must_use]
    pub const fn near_unreplayed(self) -> u64 {
        self.unreplayed * self.near_percent as u64 / 100
    }

    /// From an oldest letter of so many days on there is a warning.
    #[must_use]
    pub const fn near_days(self) -> i64 {
        self.age.num_days() * self.near_percent as i64 / 100
    }
}

/// Bounds of what is remembered of callers, who can be made up in any number.
#[derive(Clone, Copy, Debug)]
pub struct MemoryLimits {
    /// Callers with a rate of their own; all of them fill some three megabytes.
    pub rate_buckets: usize,
    /// Tokens that need no second verification.
    pub verified_tokens: usize,
    /// Callers whose denials are counted apart; they fill less than a megabyte.
    pub denial_windows: usize,
    /// Denials of one caller for one reason that have a line of their own, in one window.
    pub denial_lines: u64,
    /// How long a window lasts, from its first denial on.
    pub denial_window: Duration,
}
