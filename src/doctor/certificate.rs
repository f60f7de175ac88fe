//! A certificate that the caller merely wrote into the platform's header. A certificate is public, so a caller who can
//! write the header can show a partner's: what counts is that a header of a caller's is never read. See
//! `docs/reference/identity.md#where-they-are-allowed`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use functions_lint::Finding;
use reqwest::Method;

use super::{
    fail, pass,
    requests::{Layer, ProbeResponse, RemoteTarget, UNKNOWN_ID, send},
};

const RULE: &str = "C08-forged-certificate";
const HEADER: &str = "x-arr-clientcert";

/// The honest call with a forged header beside its good token, and then the one call for which a program needs a
/// certificate, without the header and with it. This call names an order that does not exist, so it changes nothing.
pub(super) async fn rule(target: &RemoteTarget<'_>, path: &str) -> Finding {
    let forged = BASE64_STANDARD.encode("no certificate");
    match send(target.authenticated(path).header(HEADER, &forged)).await {
        Some(ProbeResponse { status: 200, .. }) => {}
        Some(answer) => return refused(&answer),
        None => return inconclusive(),
    }
    let process = || target.authenticated_request(Method::POST, &format!("/api/orders/{UNKNOWN_ID}/process"));
    let (without, with) = (send(process()).await, send(process().header(HEADER, &forged)).await);
    let (Some(without), Some(with)) = (without, with) else { return inconclusive() };
    if without == with {
        let why = "a forged certificate header is ignored: calls are answered as without it";
        return pass(RULE, "--url", why);
    }
    if matches!((without.status, with.status), (401 | 403, 200..300 | 404 | 409)) {
        let who = without.layer.name();
        return failed(format!("{who} requires a certificate and accepts a header that the caller wrote"));
    }
    refused(&with)
}

/// The finding for a request with a forged certificate header that was refused: the front end may refuse it, but a
/// refusal by the worker shows that the header came through.
fn refused(answer: &ProbeResponse) -> Finding {
    match answer {
        ProbeResponse { status: 401 | 403, layer: Layer::Worker } => failed(
            "the worker receives a certificate header that the caller wrote: nothing in front of it removed the \
             header"
                .to_owned(),
        ),
        ProbeResponse { status: status @ (401 | 403), layer } => {
            let who = layer.name();
            pass(
                RULE,
                "--url",
                format!("a forged certificate header is refused by {who} with {status}"),
            )
        }
        _ => inconclusive(),
    }
}

fn failed(why: String) -> Finding {
    let remedy = "terminate the callers' TLS at App Service with clientCertMode `Required`, or verify certificates at the \
                  gateway and remove ORDERS_CLIENT_CERTIFICATE_MODE";
    fail(RULE, "--url", why, remedy)
}

fn inconclusive() -> Finding {
    let why =
        "inconclusive: a valid call with a certificate header is neither refused nor answered as without it";
    fail(RULE, "--url", why, "run it again")
}
