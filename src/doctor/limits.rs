//! Every bound of the worker with its number, so that who wonders about a 429 or a 503 need not read the source.

use functions_lint::Finding;

use super::pass;
use crate::{
    config::Config,
    identity::IdentityMode,
    limits::{LIMITS, Limits},
};

pub(super) fn rules(config: &Config) -> Vec<Finding> {
    let Limits { concurrency, keys, certificates, dead_letters, memory, .. } = LIMITS;
    let rate_is_off = config.rate_limit.is_none();
    let own = match concurrency.per_caller {
        Some(most) if !rate_is_off => format!("{most} of one caller"),
        _ => "any number of one caller".to_owned(),
    };
    let envelopes = concurrency.unidentified - concurrency.unidentified_direct;
    let mut findings = of_peers();
    findings.extend(of_requests());
    findings.extend([
        pass(
            "C32-requests",
            "requests at once",
            format!(
                "at most {} run, {own}; {} without an identified caller: {} direct ones, {envelopes} envelopes that are \
                 not read, for which {} more wait",
                concurrency.running,
                concurrency.unidentified,
                concurrency.unidentified_direct,
                concurrency.waiting_envelopes,
            ),
        ),
        pass(
            "C18-letters",
            "unreplayed dead letters",
            format!(
                "at most {} are kept, each for {} days; from {} or {} days on there is a warning",
                dead_letters.unreplayed,
                dead_letters.age.num_days(),
                dead_letters.near_unreplayed(),
                dead_letters.near_days(),
            ),
        ),
        pass(
            "C32-memory",
            "what is remembered of callers",
            format!(
                "the rate of {} callers, {} verified tokens, the denials of {} callers; {} denials of one kind have a \
                 line of their own in {} s",
                memory.rate_buckets,
                memory.verified_tokens,
                memory.denial_windows,
                memory.denial_lines,
                memory.denial_window.as_secs(),
            ),
        ),
    ]);
    if config.certificates.is_some() {
        findings.push(pass(
            "C32-certificate-waits",
            "authorities of certificates",
            format!("at most {} calls wait at once until the vault says who they are", certificates.waiting),
        ));
    }
    let judges_tokens = config
        .identity
        .as_ref()
        .is_some_and(|identity| !matches!(identity.mode, IdentityMode::EasyAuth { .. }));
    if judges_tokens {
        findings.push(pass(
            "C32-key-waits",
            "issuer of tokens",
            format!(
                "at most {} calls wait at once for the issuer's keys, each at most {} s; unknown keys are \
                 looked for every {} s",
                keys.waiting,
                keys.wait.as_secs(),
                keys.between_fetches.num_seconds(),
            ),
        ));
    }
    findings
}

/// The time and the size of one request.
fn of_requests() -> [Finding; 2] {
    let Limits { requests, forms, .. } = LIMITS;
    [
        pass(
            "C32-times",
            "time of a request",
            format!(
                "a head has {} s, a body {} s, an HTTP call {} s, a queue or timer call {} s; what is left of a body \
                 that a handler did not read is thrown away for {} s",
                requests.head_timeout.as_secs(),
                requests.body_timeout.as_secs(),
                requests.http_timeout.as_secs(),
                requests.trigger_timeout.as_secs(),
                requests.discard_timeout.as_secs(),
            ),
        ),
        pass(
            "C15-bodies",
            "size of bodies and refusals",
            format!(
                "a head has at most {} bytes and {} headers, a body {} bytes and {} levels, an envelope {} bytes; a refusal lists at most {} wrong \
                 fields in {} bytes, names of at most {} bytes among them, and has at most {} bytes; at most {} \
                 bytes that a handler did not read are thrown away",
                requests.max_head_bytes,
                requests.max_headers,
                forms.body,
                forms.depth,
                requests.max_envelope_bytes,
                forms.errors,
                forms.errors_size,
                forms.told_name,
                forms.refusal,
                requests.max_discard_bytes,
            ),
        ),
    ]
}

/// What the worker takes from others, and how long it waits for them.
fn of_peers() -> Vec<Finding> {
    let Limits { evidence, peers, messages, .. } = LIMITS;
    vec![
        pass(
            "C32-peers",
            "time of others",
            format!(
                "the issuer has {} s for an answer of at most {} bytes, the vault {} s, the app's identity {} s, a \
                 connection to the database {} s, a statement {} s",
                peers.issuer.as_secs(),
                peers.issuer_answer,
                peers.vault.as_secs(),
                peers.identity_endpoint.as_secs(),
                peers.connection.as_secs(),
                peers.statement.as_secs(),
            ),
        ),
        pass(
            "C15-evidence",
            "size of evidence and messages",
            format!(
                "a token, principal or certificate has at most {} bytes, a principal {} claims, a message {} bytes; the \
                 relay sends {} messages at once",
                evidence.header, evidence.claims, messages.payload, messages.relayed,
            ),
        ),
    ]
}
