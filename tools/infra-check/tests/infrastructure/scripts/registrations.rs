//! What is registered in the directory.

use sha2::{Digest as _, Sha256};

use super::Case;
use crate::stubs::{Call, Stubs, change, complained, read, said};

const GRAPH: &str = "https://graph.microsoft.com/v1.0";
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The id that a role or scope of the application has: the same in every run.
fn id_of(what: &str) -> String {
    let digest = Sha256::digest(format!("CLIENT/{what}"));
    let hex = format!("{digest:x}");
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn send(method: &str, path: &str, body: &str) -> Call {
    let content = "--headers Content-Type=application/json";
    change(format!("az rest --method {method} --url {GRAPH}/{path} {content} --body ‹{body}› --output none"))
}

fn list(kind: &str, filter: &str, query: &str, says: &str) -> Call {
    read(format!("az ad {kind} list --filter ‹{filter}› --query {query} --output tsv"), says)
}

/// Looks for the registration of a name, which is one's own where there is one.
fn looked_for(name: &str, client: &str) -> Vec<Call> {
    let mut calls = vec![list("app", &format!("displayName eq '{name}'"), "[].appId", client)];
    if !client.is_empty() {
        calls.push(own(client, client));
    }
    calls
}

fn own(client: &str, says: &str) -> Call {
    read(format!("az ad app list --show-mine --query [?appId=='{client}'].appId --output tsv"), says)
}

fn description() -> String {
    let (scope, processor, admin) = (id_of("scope"), id_of("OrderProcessor"), id_of("OrderAdmin"));
    [
        r#"{ "identifierUris": ["api://CLIENT"], "api": { "requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [{ "#,
        &format!(r#""id": "{scope}", "value": "Orders.ReadWrite", "type": "User", "isEnabled": true, "#),
        r#""adminConsentDisplayName": "Place and follow orders", "adminConsentDescription": "Place and follow orders as the signed-in person.", "#,
        r#""userConsentDisplayName": "Place and follow orders", "userConsentDescription": "Place and follow orders as you." }] }, "#,
        &format!(r#""appRoles": [ {{ "id": "{processor}", "value": "OrderProcessor", "displayName": "Order processor", "#),
        r#""description": "Hands orders over to be fulfilled.", "isEnabled": true, "allowedMemberTypes": ["User", "Application"] }, "#,
        &format!(r#"{{ "id": "{admin}", "value": "OrderAdmin", "displayName": "Order administrator", "#),
        r#""description": "Keeps products and looks after dead letters.", "isEnabled": true, "allowedMemberTypes": ["User"] } ], "#,
        r#""optionalClaims": { "accessToken": [{ "name": "idtyp", "additionalProperties": ["include_user_token"] }] } }"#,
    ]
    .concat()
}

fn described() -> [Call; 2] {
    [
        read("az ad app show --id CLIENT --query id --output tsv", "OBJECT"),
        send("patch", "applications/OBJECT", &description()),
    ]
}

fn authorised(others: &str, then: &str) -> [Call; 2] {
    let scope = id_of("scope");
    [
        read(
            format!(
                "az rest --method get --url {GRAPH}/applications/OBJECT?$select=api --query api.preAuthorizedApplications[?appId!='{AZURE_CLI}'] --output json"
            ),
            others,
        ),
        send(
            "patch",
            "applications/OBJECT",
            &format!(
                r#"{{ "api": {{ "preAuthorizedApplications": [{then}{{ "appId": "{AZURE_CLI}", "delegatedPermissionIds": ["{scope}"] }}] }} }}"#
            ),
        ),
    ]
}

fn assigned(role: &str, says: &str) -> Call {
    let url = format!("{GRAPH}/servicePrincipals/PRINCIPAL/appRoleAssignedTo?$top=999");
    let query = format!("‹value[?principalId=='PERSON' && appRoleId=='{}'].id›", id_of(role));
    read(format!("az rest --method get --url {url} --query {query} --output tsv"), says)
}

fn assignment(role: &str) -> Call {
    let body = format!(
        r#"{{ "principalId": "PERSON", "resourceId": "PRINCIPAL", "appRoleId": "{}" }}"#,
        id_of(role)
    );
    send("post", "servicePrincipals/PRINCIPAL/appRoleAssignedTo", &body)
}

fn demanded() -> Call {
    send("patch", "servicePrincipals/PRINCIPAL", r#"{ "appRoleAssignmentRequired": true }"#)
}

/// The first run for a person who tries it.
fn first() -> Vec<Call> {
    let made = change(
        "az ad app create --display-name orders --sign-in-audience AzureADMyOrg --query appId --output tsv",
    );
    looked_for("orders", "")
        .into_iter()
        .chain([made.says("CLIENT")])
        .chain(described())
        .chain([
            list("sp", "appId eq 'CLIENT'", "[0].id", ""),
            change("az ad sp create --id CLIENT --query id --output tsv").says("PRINCIPAL"),
            demanded(),
        ])
        .chain(authorised("[]", ""))
        .chain([
            assigned("OrderProcessor", ""),
            assignment("OrderProcessor"),
            assigned("OrderAdmin", ""),
            assignment("OrderAdmin"),
        ])
        .collect()
}

/// A later run, beside a client that somebody else authorised.
fn again() -> Vec<Call> {
    let other = r#"{ "appId": "OTHER", "delegatedPermissionIds": ["x"] }"#;
    looked_for("orders", "CLIENT")
        .into_iter()
        .chain(described())
        .chain([list("sp", "appId eq 'CLIENT'", "[0].id", "PRINCIPAL"), demanded()])
        .chain(authorised(&format!("[\n{other}\n]"), &format!("{other}, ")))
        .chain([assigned("OrderProcessor", "there"), assigned("OrderAdmin", "there")])
        .collect()
}

fn program() -> Vec<Call> {
    let api = |query: &str, says: &str| list("sp", "appId eq 'API'", query, says);
    vec![
        list("app", "displayName eq 'orders-smoke'", "[].appId", ""),
        change("az ad app create --display-name orders-smoke --sign-in-audience AzureADMyOrg --query appId --output tsv").says("SMOKE"),
        list("sp", "appId eq 'SMOKE'", "[0].id", ""),
        change("az ad sp create --id SMOKE --query id --output tsv").says("PROGRAM"),
        read("az ad app federated-credential list --id SMOKE --query [?subject=='repo:example/orders:environment:test'].id --output tsv", ""),
        change(concat!(
            "az ad app federated-credential create --id SMOKE --output none --parameters ‹{ \"name\": \"github-test\", ",
            "\"issuer\": \"https://token.actions.githubusercontent.com\", \"subject\": \"repo:example/orders:environment:test\", ",
            "\"audiences\": [\"api://AzureADTokenExchange\"] }›"
        )),
        api("[0].id", "RESOURCE"),
        api("[0].appRoles[?value=='OrderProcessor'].id", "ROLE"),
        read(format!("az rest --method get --url {GRAPH}/servicePrincipals/PROGRAM/appRoleAssignments?$top=999 --query ‹value[?resourceId=='RESOURCE' && appRoleId=='ROLE'].id› --output tsv"), ""),
        change(format!("az rest --method post --url {GRAPH}/servicePrincipals/PROGRAM/appRoleAssignments --headers Content-Type=application/json --output none --body ‹{{ \"principalId\": \"PROGRAM\", \"resourceId\": \"RESOURCE\", \"appRoleId\": \"ROLE\" }}›")),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("register.sh", &["--person", "PERSON"], first()).says("CLIENT"),
        Case::new("register.sh", &["--person", "PERSON"], again()).says("CLIENT"),
        Case::new("registration.sh", &["orders"], looked_for("orders", "CLIENT")).says("CLIENT"),
        Case::new("registration.sh", &["orders"], looked_for("orders", "")),
        Case::new("register-program.sh", &["API", "example/orders", "test"], program()).says("SMOKE"),
    ]
}

#[test]
fn without_a_user_no_client_or_role_is_assigned() {
    let calls: Vec<_> = first().into_iter().take(7).collect();
    let stubs = Stubs::new(&calls);
    assert_eq!(said(&stubs.run("register.sh", &[], &[])), "CLIENT\n");
    stubs.all_told();
}

#[test]
fn a_program_without_an_api_gets_no_role() {
    let mut calls: Vec<_> = program().into_iter().take(8).collect();
    calls[7] = calls[7].clone().says("");
    let stubs = Stubs::new(&calls);
    let said = complained(&stubs.run("register-program.sh", &["API", "example/orders", "test"], &[]));
    assert!(said.contains("run infra/scripts/register.sh first"), "{said}");
    stubs.all_told();
}

#[test]
fn foreign_and_ambiguous_registrations_stay_untouched() {
    let scripts: [(&str, &[&str]); 2] =
        [("register.sh", &["orders"]), ("register-program.sh", &["API", "example/orders", "test", "orders"])];
    for (script, arguments) in scripts {
        let named = |says| list("app", "displayName eq 'orders'", "[].appId", says);
        let of_two = Stubs::new(&[named("CLIENT\nOTHER")]);
        let said = complained(&of_two.run(script, arguments, &[]));
        assert!(said.contains("several app registrations are called orders: CLIENT OTHER"), "{said}");
        of_two.all_told();
        let of_another = Stubs::new(&[named("OTHER"), own("OTHER", "")]);
        let said = complained(&of_another.run(script, arguments, &[]));
        assert!(said.contains("is somebody else's") && said.contains("az ad app owner add"), "{said}");
        of_another.all_told();
    }
}
