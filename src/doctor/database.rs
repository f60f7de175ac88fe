//! Rules about the database: whether it answers, to which login, and what the app may do there.

use functions_lint::Finding;

use super::{Facts, fail, pass, warn};
use crate::{
    azure::ManagedIdentity,
    store::{self, DatabaseSettings, Examined, Rights, SignIn, StoreError, Workload},
};

pub(super) async fn rules(settings: &DatabaseSettings, facts: &Facts) -> Vec<Finding> {
    let (rule, subject) = ("C20-database", "database");
    let identity = match settings.sign_in {
        SignIn::Password => None,
        SignIn::Managed { client_id } => match ManagedIdentity::of_this_app(client_id) {
            Ok(identity) => Some(identity),
            Err(error) => return vec![fail(rule, subject, error.to_string(), "assign the app an identity")],
        },
    };
    let url = settings.url.as_str();
    // A file lies beside the app, whose folder the host starts the worker in.
    let examined = match store::examine(url, &facts.app.root, identity).await {
        Ok(examined) => examined,
        Err(error) => return vec![away(&error)],
    };
    let mut findings = vec![pass(rule, subject, "it answers"), schema(examined)];
    findings.extend(examined.rights.map(|rights| tls(rights, settings)));
    findings.extend(examined.rights.map(|rights| grants(rights, facts.workload)));
    findings
}

fn away(error: &StoreError) -> Finding {
    fail(
        "C20-database",
        "database",
        error.to_string(),
        "check address, network rule, certificate and sign-in",
    )
}

fn schema(examined: Examined) -> Finding {
    if examined.current {
        return pass("C14-schema", "database", "the schema is new enough, or made at the first start");
    }
    fail("C14-schema", "database", "the schema is too old for this version", "run `orders-worker migrate`")
}

fn tls(rights: Rights, settings: &DatabaseSettings) -> Finding {
    let rule = "C20-database-tls-in-use";
    let asked = settings.url.as_str().contains("sslmode=verify-full");
    match (rights.encrypted, asked) {
        (true, true) => {
            pass(rule, "database", "the connection is encrypted, and the server proved who it is")
        }
        _ => warn(
            rule,
            "database",
            "the connection is plain, or the server did not have to prove who it is; the platform would refuse it",
            "end the URL with `?sslmode=verify-full`",
        ),
    }
}

fn grants(rights: Rights, needed: Workload) -> Finding {
    let rule = "C13-grants";
    if rights.owner {
        return warn(
            rule,
            "database",
            "the app signs in as somebody who owns the tables or the server, or may act as their owner, and may do \
             anything there",
            "sign in as a login that is a member of orders_api or orders_processor and nothing else",
        );
    }
    if (needed.api && !rights.api) || (needed.processor && !rights.processor) {
        return fail(
            rule,
            "database",
            "the login may not do what this app's functions need",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID`, ROLE being orders_api or orders_processor, as the \
             app serves",
        );
    }
    if (rights.api && !needed.api) || (rights.processor && !needed.processor) {
        return fail(
            rule,
            "database",
            "the login holds the other app's rights too",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID` with the one role that the app needs",
        );
    }
    pass(rule, "database", "the login may do what this app's functions need, and no more")
}
