//! Invalid requests: each changes one thing in a request that was answered, and has to be refused.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use functions_lint::Finding;
use reqwest::RequestBuilder;
use serde_json::json;

use super::{
    Inputs, certificate, fail, pass,
    requests::{
        FUNCTION_KEY, Layer, OWN_ORDERS, ProbeResponse, RemoteTarget, SUBSCRIPTION_KEY, UNKNOWN_ID, send,
    },
};
use crate::identity::IdentityMode;

/// What an `OrderAdmin` alone may ask for.
const ADMIN_PATH: &str = "/api/dead-letters?limit=1";

/// An invalid request, and who has to refuse it.
struct InvalidRequest {
    rule: &'static str,
    what: &'static str,
    call: RequestBuilder,
    /// Something in front of the worker has to refuse it, and not the worker alone.
    by_front_end: bool,
}

/// The rules, once an authenticated request for `path` was answered with 200.
pub(super) async fn rules(target: &RemoteTarget<'_>, path: &str, inputs: &Inputs) -> Vec<Finding> {
    let has_front_end = inputs.config.as_ref().and_then(|config| config.identity.as_ref());
    let has_front_end = !has_front_end.is_some_and(|identity| matches!(identity.mode, IdentityMode::Jwt(_)));
    let principal = ("x-ms-client-principal", forged_principal());
    let requests = [
        InvalidRequest {
            rule: "C02-no-token",
            what: "a call without a token",
            call: target.call(OWN_ORDERS),
            by_front_end: has_front_end,
        },
        InvalidRequest {
            rule: "C05-bad-token",
            what: "a call with a token that no issuer signed",
            call: target.call(OWN_ORDERS).bearer_auth(unsigned_token()),
            by_front_end: has_front_end,
        },
        InvalidRequest {
            rule: "C04-forged-principal",
            what: "a principal header without a token",
            call: target.call(OWN_ORDERS).header(principal.0, &principal.1),
            by_front_end: has_front_end,
        },
    ];
    let mut findings = Vec::new();
    for request in requests {
        findings.push(check_refused(request).await);
    }
    findings.push(check_forged_principal(target, &principal.1).await);
    findings.push(certificate::rule(target, path).await);
    for (rule, header) in [("C01-function-key", FUNCTION_KEY), ("C35-subscription-key", SUBSCRIPTION_KEY)] {
        if let Some(call) = target.authenticated_without_key(header, path) {
            findings.push(check_missing_key(rule, send(call).await.as_ref()));
        }
    }
    findings
}

/// A key that was given is one that a call needs.
fn check_missing_key(rule: &'static str, answer: Option<&ProbeResponse>) -> Finding {
    let (subject, what) = ("--url", "an honest call without this key");
    match answer {
        Some(ProbeResponse { status: status @ (401 | 403), layer }) => {
            pass(rule, subject, format!("{what} is refused by {} with {status}", layer.name()))
        }
        Some(ProbeResponse { status, layer }) => fail(
            rule,
            subject,
            format!("{what} is answered with {status} by {}", layer.name()),
            "require keys: authLevel `function` in every function.json, subscriptionRequired at the gateway",
        ),
        None => fail(rule, subject, format!("inconclusive: {what} got no answer"), "run it again"),
    }
}

async fn check_refused(request: InvalidRequest) -> Finding {
    let InvalidRequest { rule, what, call, by_front_end } = request;
    let Some(ProbeResponse { status, layer }) = send(call).await else {
        let why = format!("inconclusive: {what} got no answer");
        return fail(rule, "--url", why, "run it again");
    };
    if !matches!(status, 401 | 403) {
        let why = format!("{what} is not refused: {status} by {}", layer.name());
        return fail(
            rule,
            "--url",
            why,
            "turn on App Service Authentication, with Return401 for callers without a token",
        );
    }
    if by_front_end && layer == Layer::Worker {
        let why = format!("{what} is refused only by the worker: nothing in front of it checks");
        return fail(
            rule,
            "--url",
            why,
            "turn on App Service Authentication, or let the gateway validate tokens",
        );
    }
    pass(rule, "--url", format!("{what} is refused by {} with {status}", layer.name()))
}

/// The header claims a role that the token's owner lacks. A correct EasyAuth removes the header, so the worker answers
/// 403 for the token's own roles. A 401 from the worker shows that the header came through.
async fn check_forged_principal(target: &RemoteTarget<'_>, principal: &str) -> Finding {
    let (rule, subject) = ("C04-another-principal", "--url");
    let own = send(target.authenticated(ADMIN_PATH)).await;
    if !matches!(own, Some(ProbeResponse { status: 403, layer: Layer::Worker })) {
        let why = "inconclusive: with DOCTOR_TOKEN a call that only an OrderAdmin may make is not answered with 403";
        let remedy = "set DOCTOR_TOKEN to the token of a user without the role OrderAdmin";
        return fail(rule, subject, why, remedy);
    }
    let forged = target.authenticated(ADMIN_PATH).header("x-ms-client-principal", principal);
    match send(forged).await {
        Some(ProbeResponse { status: 403, layer }) => pass(
            rule,
            subject,
            format!(
                "a forged OrderAdmin header with another user's token gains nothing: 403 by {}",
                layer.name()
            ),
        ),
        Some(ProbeResponse { status: 401, layer: Layer::Worker }) => fail(
            rule,
            subject,
            "a forged header with another user's token is refused only by the worker: nothing in front of it \
             removed the header",
            "let App Service Authentication or the gateway remove x-ms-client-principal headers of callers",
        ),
        Some(ProbeResponse { status: 401, layer }) => pass(
            rule,
            subject,
            format!("a header that differs from the token is refused by {}", layer.name()),
        ),
        _ => fail(
            rule,
            subject,
            "a forged header with another user's token is not refused",
            "close this deployment now: every caller with a token can act as an OrderAdmin",
        ),
    }
}

/// The forged header of an `OrderAdmin`: `docs/reference/identity.md#principal-encoding`.
fn forged_principal() -> String {
    let claim = |typ: &str, val: &str| json!({"typ": typ, "val": val});
    let claims = [
        claim("tid", UNKNOWN_ID),
        claim("oid", UNKNOWN_ID),
        claim("azp", UNKNOWN_ID),
        claim("scp", "Orders.ReadWrite"),
        claim("roles", "OrderAdmin"),
    ];
    let principal = json!({"auth_typ": "aad", "claims": claims, "name_typ": "name", "role_typ": "roles"});
    BASE64_STANDARD.encode(principal.to_string())
}

/// A token in form, whose signature no issuer made.
fn unsigned_token() -> String {
    let part = |json: serde_json::Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let head = part(json!({"alg": "RS256", "typ": "JWT", "kid": "doctor"}));
    let body = part(json!({"oid": UNKNOWN_ID, "tid": UNKNOWN_ID, "scp": "Orders.ReadWrite", "ver": "2.0"}));
    format!("{head}.{body}.{}", part(json!("unsigned")))
}
