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
        SignIn::Managed { client_id } => match ManagedIdentity::from_environment(client_id) {
            Ok(identity) => Some(identity),
            Err(error) => {
                return vec![fail(rule, subject, error.to_string(), "assign a managed identity to the app")];
            }
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
        "check its address, network rules, certificate and sign-in",
    )
}

fn schema(examined: Examined) -> Finding {
    if examined.current {
        return pass(
            "C14-schema",
            "database",
            "the schema fits this version, or is created at the first start",
        );
    }
    fail("C14-schema", "database", "the schema is too old for this version", "run `orders-worker migrate`")
}

fn tls(rights: Rights, settings: &DatabaseSettings) -> Finding {
    let rule = "C20-database-tls-in-use";
    let asked = settings.url.as_str().contains("sslmode=verify-full");
    match (rights.encrypted, asked) {
        (true, true) => {
            pass(rule, "database", "the connection is encrypted, and the server's certificate was verified")
        }
        _ => warn(
            rule,
            "database",
            "the connection is not encrypted, or the server's certificate was not verified; in Azure the worker \
             would not start",
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
            "the app signs in as an owner of the tables or an administrator of the server, or may act as one: it has \
             every right there",
            "use a login that is a member only of orders_api or orders_processor",
        );
    }
    if (needed.api && !rights.api) || (needed.processor && !rights.processor) {
        return fail(
            rule,
            "database",
            "the login lacks rights that this app's functions need",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID`, where ROLE is orders_api or orders_processor",
        );
    }
    if (rights.api && !needed.api) || (rights.processor && !needed.processor) {
        return fail(
            rule,
            "database",
            "the login also has the rights of the other app",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID` with the one role that the app needs",
        );
    }
    pass(rule, "database", "the login has the rights that this app's functions need, and no more")
}
