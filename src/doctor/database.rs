//! Rules about the database: whether it answers, to which login, and what the app may do there.

use functions_lint::Finding;

use super::{Inputs, fail, pass, warn};
use crate::{
    azure::ManagedIdentity,
    store::{
        self, DatabaseSettings, DatabaseSignIn, Inspection, LoginPrivileges, Pooler, SchemaState, ServedApps,
        StoreError,
    },
};

pub(super) async fn rules(settings: &DatabaseSettings, inputs: &Inputs) -> Vec<Finding> {
    let (rule, subject) = ("C20-database", "database");
    let identity = match settings.sign_in {
        DatabaseSignIn::Password => None,
        DatabaseSignIn::ManagedIdentity { client_id } => match ManagedIdentity::from_environment(client_id) {
            Ok(identity) => Some(identity),
            Err(error) => {
                return vec![fail(rule, subject, error.to_string(), "assign a managed identity to the app")];
            }
        },
    };
    let url = settings.url.as_str();
    // A file lies beside the app, whose folder the host starts the worker in.
    let inspection = match store::inspect(url, &inputs.app.root, identity, settings.pooler).await {
        Ok(inspection) => inspection,
        Err(error) => return vec![unavailable(&error, settings.pooler)],
    };
    let answers = match settings.pooler {
        Pooler::None => "it answers",
        Pooler::Transaction => "it answers through a pooler, each statement in a transaction of its own",
        Pooler::TransactionPrepared => "it answers through a pooler, which tracks named statements",
    };
    let mut findings = vec![pass(rule, subject, answers), schema(inspection)];
    findings.extend(inspection.privileges.map(|privileges| tls(privileges, settings)));
    findings.extend(inspection.privileges.map(|privileges| grants(privileges, inputs.workload)));
    findings
}

fn unavailable(error: &StoreError, pooler: Pooler) -> Finding {
    let error = error.to_string();
    // PgBouncer's words for what only a session can have.
    let remedy = if pooler == Pooler::None && error.contains("startup parameter") {
        "set ORDERS_DATABASE_POOLER to `transaction`: the URL leads to PgBouncer"
    } else if pooler == Pooler::TransactionPrepared && error.contains("ORDERS_DATABASE_POOLER") {
        "set ORDERS_DATABASE_POOLER to `transaction`, or turn max_prepared_statements of PgBouncer on"
    } else {
        "check its address, network rules, certificate and sign-in"
    };
    fail("C20-database", "database", error, remedy)
}

fn schema(inspection: Inspection) -> Finding {
    let (rule, subject) = ("C14-schema", "database");
    match inspection.schema {
        SchemaState::Current => {
            pass(rule, subject, "the schema fits this version, or is created at the first start")
        }
        SchemaState::Outdated => {
            fail(rule, subject, "the schema is too old for this version", "run `orders-worker migrate`")
        }
        SchemaState::TextColumns => fail(
            rule,
            subject,
            "the database has the old column types",
            "run `orders-worker migrate --from-text`",
        ),
    }
}

fn tls(privileges: LoginPrivileges, settings: &DatabaseSettings) -> Finding {
    let rule = "C20-database-tls-in-use";
    let asked = settings.url.as_str().contains("sslmode=verify-full");
    // The server tells of the connection that the pooler has; `verify-full` holds for the one that leads there.
    let encrypted = privileges.encrypted || settings.pooler != Pooler::None;
    match (encrypted, asked) {
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

fn grants(privileges: LoginPrivileges, needed: ServedApps) -> Finding {
    let rule = "C13-grants";
    if privileges.owner {
        return warn(
            rule,
            "database",
            "the app signs in as an owner of the tables or an administrator of the server, or may act as one: it has \
             every right there",
            "use a login that is a member only of orders_api or orders_processor",
        );
    }
    if (needed.api && !privileges.api) || (needed.processor && !privileges.processor) {
        return fail(
            rule,
            "database",
            "the login lacks privileges that this app's functions need",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID`, where ROLE is orders_api or orders_processor",
        );
    }
    if (privileges.api && !needed.api) || (privileges.processor && !needed.processor) {
        return fail(
            rule,
            "database",
            "the login also has the privileges of the other app",
            "run `orders-worker migrate --login ROLE=NAME:OBJECT-ID` with the one role that the app needs",
        );
    }
    pass(rule, "database", "the login has the privileges that this app's functions need, and no more")
}
