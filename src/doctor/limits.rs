//! Every bound of the worker with its number, so that who wonders about a 429 or a 503 need not read the source.

use functions_lint::Finding;

use super::pass;
use crate::{
    config::Config,
    identity::IdentityMode,
    limits::{LIMITS, Limits},
};

pub(super) fn rules(config: &Config) -> Vec<Finding> {
    let Limits { concurrency, jwks, certificates, dead_letters, memory, .. } = LIMITS;
    let rate_is_off = config.rate_limit.is_none();
    let own = match concurrency.per_caller {
        Some(most) if !rate_is_off => format!("{most} of one caller"),
        _ => "any number of one caller".to_owned(),
    };
    let envelopes = concurrency.unidentified - concurrency.unidentified_direct;
    let mut findings = of_dependencies();
    findings.extend(request_limits());
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
                dead_letters.max_unreplayed,
                dead_letters.max_age.num_days(),
                dead_letters.warning_unreplayed(),
                dead_letters.warning_days(),
            ),
        ),
        pass(
            "C32-memory",
            "what is remembered of callers",
            format!(
                "the rate of {} callers, {} verified tokens, {} bytes of principals, the denials of {} callers; {} denials of one kind have a \
                 line of their own in {} s",
                memory.max_rate_buckets,
                memory.max_cached_tokens,
                memory.max_cached_principal_bytes,
                memory.max_denial_windows,
                memory.max_denial_lines,
                memory.denial_window.as_secs(),
            ),
        ),
    ]);
    if config.certificates.is_some() {
        findings.push(pass(
            "C32-certificate-waits",
            "authorities of certificates",
            format!(
                "at most {} calls wait at once until the vault says who they are",
                certificates.max_waiting
            ),
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
                jwks.max_waiting,
                jwks.max_wait.as_secs(),
                jwks.min_fetch_interval.num_seconds(),
            ),
        ));
    }
    findings
}

/// The time and the size of one request.
fn request_limits() -> [Finding; 2] {
    let Limits { requests, json_body, .. } = LIMITS;
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
                json_body.max_bytes,
                json_body.max_depth,
                requests.max_envelope_bytes,
                json_body.max_errors,
                json_body.max_errors_bytes,
                json_body.max_echoed_name_bytes,
                json_body.max_error_response_bytes,
                requests.max_discard_bytes,
            ),
        ),
    ]
}

/// The limits of calls to dependencies, and their timeouts.
fn of_dependencies() -> Vec<Finding> {
    let Limits { credentials, dependencies, messages, .. } = LIMITS;
    vec![
        pass(
            "C32-peers",
            "time of others",
            format!(
                "the issuer has {} s for an answer of at most {} bytes, the vault {} s, the app's identity {} s, a \
                 connection to the database {} s, a statement {} s",
                dependencies.issuer_timeout.as_secs(),
                dependencies.max_issuer_response_bytes,
                dependencies.vault_timeout.as_secs(),
                dependencies.identity_endpoint_timeout.as_secs(),
                dependencies.connect_timeout.as_secs(),
                dependencies.statement_timeout.as_secs(),
            ),
        ),
        pass(
            "C15-evidence",
            "size of evidence and messages",
            format!(
                "a token, principal or certificate has at most {} bytes, a principal {} claims, a message {} bytes; one \
                 run of the relay sends at most {} messages and {} bytes, and takes messages for {} s",
                credentials.max_header_bytes,
                credentials.max_claims,
                messages.max_payload_bytes,
                messages.relay.max_messages,
                messages.relay.max_answer_bytes,
                messages.relay.max_time.as_secs(),
            ),
        ),
    ]
}
