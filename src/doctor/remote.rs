//! Rules that call the deployment: an authenticated request first, then each invalid one.

use functions_lint::Finding;

use super::{
    Inputs, fail, invalid_requests, pass,
    requests::{Credentials, Layer, OWN_ORDERS, ProbeResponse, RemoteTarget, client, send},
};

/// Sends an authenticated and each invalid request to `url`, and one without credentials to each of `closed`.
pub(super) async fn rules(
    url: &str,
    closed: &[String],
    credentials: &Credentials,
    inputs: &Inputs,
) -> Vec<Finding> {
    let rule = "C56-good-call";
    let Some(client) = client(url) else {
        let remedy = "use `https://HOST`; plain http is only for this machine";
        return vec![fail(rule, "--url", "inconclusive: this URL cannot be called", remedy)];
    };
    let target = RemoteTarget { client, url, credentials };
    let mut findings = match target.authenticated_response().await {
        (path, Some(ProbeResponse { status: 200, .. })) => {
            let mut found = vec![pass(rule, "--url", "a valid call is answered with 200")];
            found.extend(invalid_requests::rules(&target, path, inputs).await);
            found
        }
        (_, answer) => vec![inconclusive(rule, answer.as_ref())],
    };
    for url in closed {
        findings.push(check_unreachable(url).await);
    }
    findings
}

fn inconclusive(rule: &'static str, answer: Option<&ProbeResponse>) -> Finding {
    let why = answer.map_or_else(
        || "inconclusive: a valid call gets no answer, so refusals prove nothing".to_owned(),
        |ProbeResponse { status, layer }| {
            format!(
                "inconclusive: {} answers a valid call with {status}, so refusals prove nothing",
                layer.name()
            )
        },
    );
    let remedy = "set DOCTOR_TOKEN to a token that the deployment accepts; where keys are required, also \
                  DOCTOR_FUNCTION_KEY and DOCTOR_SUBSCRIPTION_KEY";
    fail(rule, "--url", why, remedy)
}

/// The app's own host name, which only the gateway may reach.
async fn check_unreachable(url: &str) -> Finding {
    let (rule, subject) = ("C34-own-host-name", "second --url");
    let Some(client) = client(url) else {
        return fail(rule, subject, "inconclusive: this URL cannot be called", "use `https://HOST`");
    };
    match send(client.get(format!("{url}{OWN_ORDERS}"))).await {
        None => pass(rule, subject, "nothing answers at this URL"),
        Some(ProbeResponse { layer: Layer::Network, .. }) => {
            pass(rule, subject, "the network rules refuse the call")
        }
        Some(ProbeResponse { status, layer }) => fail(
            rule,
            subject,
            format!("{} answers with {status}, so callers can bypass the gateway", layer.name()),
            "close public network access, or allow only the gateway",
        ),
    }
}
