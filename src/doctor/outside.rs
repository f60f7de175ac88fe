//! Rules that are asked from outside: an honest call first, then each lie.

use functions_lint::Finding;

use super::{
    Facts, attacks,
    calls::{Answer, Evidence, Layer, OWN, Outside, client, sent},
    fail, pass,
};

/// Calls `url` as an honest caller and as each liar, and `closed` as anybody.
pub(super) async fn rules(url: &str, closed: &[String], evidence: &Evidence, facts: &Facts) -> Vec<Finding> {
    let rule = "C56-good-call";
    let Some(client) = client(url) else {
        let remedy = "use `https://HOST`; plain http is only for this machine";
        return vec![fail(rule, "--url", "inconclusive: this URL cannot be called", remedy)];
    };
    let outside = Outside { client, url, evidence };
    let mut findings = match outside.honest_answer().await {
        (honest, Some(Answer { status: 200, .. })) => {
            let mut found = vec![pass(rule, "--url", "a valid call is answered with 200")];
            found.extend(attacks::rules(&outside, honest, facts).await);
            found
        }
        (_, answer) => vec![inconclusive(rule, answer.as_ref())],
    };
    for url in closed {
        findings.push(unreachable(url).await);
    }
    findings
}

fn inconclusive(rule: &'static str, answer: Option<&Answer>) -> Finding {
    let why = answer.map_or_else(
        || "inconclusive: a valid call gets no answer, so refusals prove nothing".to_owned(),
        |Answer { status, layer }| {
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
async fn unreachable(url: &str) -> Finding {
    let (rule, subject) = ("C34-own-host-name", "second --url");
    let Some(client) = client(url) else {
        return fail(rule, subject, "inconclusive: this URL cannot be called", "use `https://HOST`");
    };
    match sent(client.get(format!("{url}{OWN}"))).await {
        None => pass(rule, subject, "nothing answers at this URL"),
        Some(Answer { layer: Layer::Network, .. }) => {
            pass(rule, subject, "the network rules refuse the call")
        }
        Some(Answer { status, layer }) => fail(
            rule,
            subject,
            format!("{} answers with {status}, so callers can bypass the gateway", layer.name()),
            "close public network access, or allow only the gateway",
        ),
    }
}
