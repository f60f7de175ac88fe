//! API Management and Front Door. The module `policy` checks the policies.

use super::{Assertion, Expectation, VariantFilter, line, pointing};
use crate::variants::FeatureSet;

const SERVICE: &str = "Microsoft.ApiManagement/service";
const API: &str = "Microsoft.ApiManagement/service/apis";
const PRODUCT: &str = "Microsoft.ApiManagement/service/products";
const VALUE: &str = "Microsoft.ApiManagement/service/namedValues";
const SECRET: &str = "Microsoft.KeyVault/vaults/secrets";
const PLACEHOLDER: &str = "the workflow Bootstrap puts the key here";
const DIAGNOSTIC: &str = "Microsoft.ApiManagement/service/apis/diagnostics";

pub(super) fn lines() -> Vec<Assertion> {
    [gateway(), host(), api(), front()].concat()
}

fn gateway() -> Vec<Assertion> {
    vec![
        line(
            "C34-network",
            SERVICE,
            "properties.virtualNetworkConfiguration.subnetResourceId",
            Expectation::EndsWith("/subnets/snet-gateway"),
        ),
        line("C06-gateway", SERVICE, "identity.type", Expectation::Text("SystemAssigned")),
        line("C34-portal", SERVICE, "properties.developerPortalStatus", Expectation::Text("Disabled")),
        line("C34-old-portal", SERVICE, "properties.legacyPortalStatus", Expectation::Text("Disabled")),
    ]
}

/// The name that callers use.
fn host() -> Vec<Assertion> {
    let host = "properties.hostnameConfigurations[*]";
    let lines = vec![
        line(
            "C08-negotiated",
            SERVICE,
            "properties.hostnameConfigurations[*].negotiateClientCertificate",
            Expectation::Bool(true),
        ),
        line(
            "C22-gateway-certificate",
            SERVICE,
            "properties.hostnameConfigurations[*].certificateSource",
            Expectation::Text("KeyVault"),
        ),
        line(
            "C24-gateway-certificate",
            SERVICE,
            "properties.hostnameConfigurations[*].keyVaultId",
            Expectation::EndsWith("secrets/gateway"),
        ),
        line("C34-host", SERVICE, host, Expectation::Present),
    ];
    lines.into_iter().map(|line| line.when(VariantFilter::WithHostName)).collect()
}

fn api() -> Vec<Assertion> {
    let lines = vec![
        line("C35-key", API, "properties.subscriptionRequired", Expectation::Bool(true)),
        line("C27-gateway", API, "properties.protocols", Expectation::ExactList(&["https"])),
        line("C34-path", API, "properties.path", Expectation::Text("api")),
        line(
            "C34-backend",
            API,
            "properties.serviceUrl",
            Expectation::Text(
                "https://‹/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-test/providers/Microsoft.Web/sites/func-api-bgtmmfwj4uny4›.defaultHostName/api",
            ),
        ),
        line("C35-product", PRODUCT, "properties.subscriptionRequired", Expectation::Bool(true)),
        line("C35-approval", PRODUCT, "properties.approvalRequired", Expectation::Bool(true)),
        line(
            "C35-in-product",
            PRODUCT,
            "",
            pointing("Microsoft.ApiManagement/service/products/apis", "parent", &[("name", "orders")]),
        ),
        line("C01-secret", VALUE, "properties.secret", Expectation::Bool(true))
            .only(&[("name", "function-key")]),
        line(
            "C01-in-vault",
            VALUE,
            "properties.keyVault.secretIdentifier",
            Expectation::EndsWith("/vaults/kvgatebgtmmfwj4uny4›.vaultUrisecrets/function-key"),
        )
        .only(&[("name", "function-key")]),
        line("C01-no-literal", VALUE, "properties.value", Expectation::Absent)
            .only(&[("name", "function-key")]),
        // A placeholder key in every deployment: the real one comes later, and is kept.
        line("C01-placeholder", SECRET, "properties.value", Expectation::Text(PLACEHOLDER)),
        line("C47-no-address", DIAGNOSTIC, "properties.logClientIp", Expectation::Bool(false)),
        line("C47-no-body", DIAGNOSTIC, "properties.frontend.request.body.bytes", Expectation::AtMost(0)),
        line("C47-no-answer", DIAGNOSTIC, "properties.frontend.response.body.bytes", Expectation::AtMost(0)),
        line("C47-no-headers", DIAGNOSTIC, "properties.frontend.request.headers", Expectation::EmptyList),
        line(
            "C47-no-answer-headers",
            DIAGNOSTIC,
            "properties.frontend.response.headers",
            Expectation::EmptyList,
        ),
        line(
            "C47-backend-no-body",
            DIAGNOSTIC,
            "properties.backend.request.body.bytes",
            Expectation::AtMost(0),
        ),
        line(
            "C47-backend-no-answer",
            DIAGNOSTIC,
            "properties.backend.response.body.bytes",
            Expectation::AtMost(0),
        ),
        line(
            "C47-backend-no-headers",
            DIAGNOSTIC,
            "properties.backend.request.headers",
            Expectation::EmptyList,
        ),
        line(
            "C47-backend-no-answer-headers",
            DIAGNOSTIC,
            "properties.backend.response.headers",
            Expectation::EmptyList,
        ),
        line(
            "C06-telemetry",
            "Microsoft.ApiManagement/service/loggers",
            "properties.credentials.identityClientId",
            Expectation::Text("systemAssigned"),
        ),
    ];
    lines.into_iter().map(|line| line.when(VariantFilter::WithApi)).collect()
}

fn front() -> Vec<Assertion> {
    const WAF: &str = "Microsoft.Network/FrontDoorWebApplicationFirewallPolicies";
    const GUARD: &str = "Microsoft.Cdn/profiles/securityPolicies";
    const ROUTE: &str = "Microsoft.Cdn/profiles/afdEndpoints/routes";
    const ORIGIN: &str = "Microsoft.Cdn/profiles/originGroups/origins";
    let lines = vec![
        line("C46-waf", WAF, "properties.policySettings.mode", Expectation::Text("Prevention")),
        line("C46-waf-on", WAF, "properties.policySettings.enabledState", Expectation::Text("Enabled")),
        line("C46-waf-body", WAF, "properties.policySettings.requestBodyCheck", Expectation::Text("Enabled")),
        line(
            "C46-waf-rules",
            WAF,
            "properties.managedRules.managedRuleSets[0].ruleSetType",
            Expectation::Text("Microsoft_DefaultRuleSet"),
        ),
        line(
            "C37-waf",
            WAF,
            "properties.customRules.rules[0].matchConditions[0].negateCondition",
            Expectation::Bool(true),
        ),
        line("C37-waf-block", WAF, "properties.customRules.rules[0].action", Expectation::Text("Block")),
        line("C32-waf", WAF, "properties.customRules.rules[1].rateLimitThreshold", Expectation::AtMost(3000)),
        line("C46-guard", GUARD, "properties.parameters.wafPolicy.id", Expectation::ReferenceTo(WAF)),
        line("C27-front", ROUTE, "properties.supportedProtocols", Expectation::ExactList(&["Https"])),
        line("C27-front-behind", ROUTE, "properties.forwardingProtocol", Expectation::Text("HttpsOnly")),
        line(
            "C32-waf-everyone",
            WAF,
            "properties.customRules.rules[1].matchConditions[0].matchValue",
            Expectation::ExactList(&["0.0.0.0/0", "::/0"]),
        ),
        line(
            "C46-private-link",
            ORIGIN,
            "properties.sharedPrivateLinkResource.privateLink.id",
            Expectation::ReferenceTo("Microsoft.ApiManagement/service "),
        ),
        line("C34-front-only", SERVICE, "properties.publicNetworkAccess", Expectation::Text("Disabled")),
        line("C46-origin", ORIGIN, "properties.enforceCertificateNameCheck", Expectation::Bool(true)),
    ];
    lines.into_iter().map(|line| line.when(VariantFilter::WithFeatures(FeatureSet::FrontDoor))).collect()
}
