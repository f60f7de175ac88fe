//! Role assignments: which identity has which role on which resource.

use super::{Assertion, Expectation, VariantFilter, line};

const ROLE: &str = "Microsoft.Authorization/roleAssignments";

const OUR_ROLE: &str = "Microsoft.Authorization/roleDefinitions";

/// Owner, Contributor, User Access Administrator, Role Based Access Control Administrator; and Website Contributor, which
/// changes authentication, access restrictions and identities of an app.
const TOO_MUCH: &[&str] = &[
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "de139f84-1756-47ae-9be6-808fbbe84772",
];

/// All that publishing needs.
const PUBLISHES: &[&str] = &[
    "Microsoft.Web/sites/read",
    "Microsoft.Web/sites/config/read",
    "Microsoft.Web/sites/config/list/action",
    "Microsoft.Web/sites/publish/action",
    "Microsoft.Web/sites/publishxml/action",
    "Microsoft.Web/sites/restart/action",
];

const PUBLISHER: &[(&str, &str)] = &[("properties.roleName", "Publisher of bgtmmfwj4uny4")];

const KEEPER: &[(&str, &str)] = &[("properties.roleName", "Key keeper of bgtmmfwj4uny4")];

/// All that the way of a host key from its app to the gateway needs, beside writing the secret.
const HANDS_OVER: &[&str] = &[
    "Microsoft.Web/sites/host/listkeys/action",
    "Microsoft.ApiManagement/service/namedValues/read",
    "Microsoft.ApiManagement/service/namedValues/refreshSecret/action",
];

pub(super) fn lines() -> Vec<Assertion> {
    const FEDERATED: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
    const ISSUER: &str = "https://token.actions.githubusercontent.com";
    const SUBJECT: &str = "repo:example/orders-worker:environment:";
    vec![
        line("C12-roles", ROLE, "properties.roleDefinitionId", Expectation::ContainsNone(TOO_MUCH))
            .both()
            .least(19),
        line(
            "C12-publishes",
            OUR_ROLE,
            "properties.permissions[*].actions",
            Expectation::ExactList(PUBLISHES),
        )
        .only(PUBLISHER),
        line("C12-no-data", OUR_ROLE, "properties.permissions[*].dataActions", Expectation::Absent)
            .only(PUBLISHER),
        line(
            "C12-hands-over",
            OUR_ROLE,
            "properties.permissions[*].actions",
            Expectation::ExactList(HANDS_OVER),
        )
        .only(KEEPER)
        .when(VariantFilter::WithApi),
        line(
            "C12-one-secret",
            OUR_ROLE,
            "properties.permissions[*].dataActions",
            Expectation::ExactList(&["Microsoft.KeyVault/vaults/secrets/setSecret/action"]),
        )
        .only(KEEPER)
        .when(VariantFilter::WithApi),
        line(
            "C14-assignable",
            OUR_ROLE,
            "properties.assignableScopes[0]",
            Expectation::ReferenceTo("Microsoft.Resources/resourceGroups"),
        ),
        line("C14-scope", ROLE, "scope", Expectation::ReferenceTo("Microsoft.")).both().least(19),
        line("C14-programs", ROLE, "properties.principalType", Expectation::Text("ServicePrincipal"))
            .both()
            .least(19),
        line("C14-known", ROLE, "properties.principalId", Expectation::ReferenceTo("Microsoft."))
            .both()
            .least(19),
        line("C53-issuer", FEDERATED, "properties.issuer", Expectation::Text(ISSUER)).least(2),
        line("C53-subject", FEDERATED, "properties.subject", Expectation::StartsWith(SUBJECT)).least(2),
        line(
            "C53-audience",
            FEDERATED,
            "properties.audiences",
            Expectation::ExactList(&["api://AzureADTokenExchange"]),
        )
        .least(2),
    ]
}
