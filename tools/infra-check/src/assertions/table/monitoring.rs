//! Logs, alerts, budgets, Defender and Sentinel.

use super::{Assertion, Expectation, VariantFilter, line, pointing};
use crate::variants::FeatureSet;

const WORKSPACE: &str = "Microsoft.OperationalInsights/workspaces";
const COMPONENT: &str = "Microsoft.Insights/components";
const SETTING: &str = "Microsoft.Insights/diagnosticSettings";
const ALERT: &str = "Microsoft.Insights/scheduledQueryRules";
const BUDGET: &str = "Microsoft.Consumption/budgets";
const LOGS: Expectation = pointing(SETTING, "scope", &[]);

pub(super) fn lines() -> Vec<Assertion> {
    [logs(), alerts(), options()].concat()
}

fn logs() -> Vec<Assertion> {
    vec![
        line("C48-apps", "Microsoft.Web/sites", "", LOGS).both().least(2),
        line("C48-blobs", "Microsoft.Storage/storageAccounts/blobServices", "", LOGS).both().least(3),
        line("C48-queues", "Microsoft.Storage/storageAccounts/queueServices", "", LOGS).both().least(3),
        line("C48-vaults", "Microsoft.KeyVault/vaults", "", LOGS).both().least(2),
        line("C48-database", "Microsoft.DBforPostgreSQL/flexibleServers", "", LOGS).both(),
        line("C48-gateway", "Microsoft.ApiManagement/service", "", LOGS),
        line("C48-where", SETTING, "properties.workspaceId", Expectation::ReferenceTo(WORKSPACE))
            .both()
            .least(11),
        line("C48-on", SETTING, "properties.logs[*].enabled", Expectation::Bool(true)).both().least(11),
        line("C47-local-auth", COMPONENT, "properties.DisableLocalAuth", Expectation::Bool(true)).both(),
        line(
            "C47-workspace",
            COMPONENT,
            "properties.WorkspaceResourceId",
            Expectation::ReferenceTo(WORKSPACE),
        )
        .both(),
        line("C47-keys", WORKSPACE, "properties.features.disableLocalAuth", Expectation::Bool(true)).both(),
        line("C47-kept", WORKSPACE, "properties.retentionInDays", Expectation::AtLeast(90)).both(),
        line("C33-logs", WORKSPACE, "properties.workspaceCapping.dailyQuotaGb", Expectation::AtMost(5)),
    ]
}

fn alerts() -> Vec<Assertion> {
    vec![
        line("C48-alerts", ALERT, "properties.enabled", Expectation::Bool(true)).least(7),
        // A query that names a table before its first line would stop the deployment.
        line("C48-before-the-first-line", ALERT, "properties.skipQueryValidation", Expectation::Bool(true))
            .least(7),
        line(
            "C48-told",
            ALERT,
            "properties.actions.actionGroups[*]",
            Expectation::ReferenceTo("Microsoft.Insights/actionGroups"),
        )
        .least(7),
        line(
            "C18-dead-letters",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: a message was given up"),
        )
        .only(&[("properties.displayName", "dead-letters")]),
        line(
            "C18-dead-letters-ceiling",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: unreplayed dead letters"),
        )
        .only(&[("properties.displayName", "dead-letters-ceiling")]),
        line(
            "C18-errors",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: more than five answers"),
        )
        .only(&[("properties.displayName", "server-errors")]),
        line(
            "C48-refusals",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: the gateway or the worker turned"),
        )
        .only(&[("properties.displayName", "refused-callers")]),
        line(
            "C24-expiry",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: a certificate that the worker"),
        )
        .only(&[("properties.displayName", "certificate-expiry")]),
        line(
            "C18-outbox",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: a message has waited longer"),
        )
        .only(&[("properties.displayName", "outbox-age")]),
        line(
            "C18-silence",
            ALERT,
            "properties.criteria.allOf[0].query",
            Expectation::StartsWith("// A row: no metrics were logged"),
        )
        .only(&[("properties.displayName", "silence")]),
        line("C33-budget", BUDGET, "properties.notifications.now.enabled", Expectation::Bool(true)),
        line("C33-budget-soon", BUDGET, "properties.notifications.soon.enabled", Expectation::Bool(true)),
    ]
}

fn options() -> Vec<Assertion> {
    const PRICING: &str = "Microsoft.Security/pricings";
    const RULE: &str = "Microsoft.SecurityInsights/alertRules";
    const MACHINE: &str = "Microsoft.Compute/virtualMachines";
    let lines = vec![
        line("C49-plans", PRICING, "properties.pricingTier", Expectation::Text("Standard")).least(6),
        line(
            "C49-mail",
            "Microsoft.Security/securityContacts",
            "properties.isEnabled",
            Expectation::Bool(true),
        ),
        line(
            "C48-sentinel",
            "Microsoft.SecurityInsights/onboardingStates",
            "scope",
            Expectation::ReferenceTo(WORKSPACE),
        ),
        line("C48-hunts", RULE, "properties.enabled", Expectation::Bool(true)).least(3),
        line("C48-hunt-query", RULE, "properties.query", Expectation::StartsWith("// A row: ")).least(3),
        line(
            "C53-machine",
            MACHINE,
            "properties.osProfile.linuxConfiguration.disablePasswordAuthentication",
            Expectation::Bool(true),
        ),
        line("C53-machine-identity", MACHINE, "identity", Expectation::Absent),
        line("C19-machine", MACHINE, "properties.securityProfile.encryptionAtHost", Expectation::Bool(true)),
        line(
            "C53-machine-address",
            "Microsoft.Network/networkInterfaces",
            "properties.ipConfigurations[0].properties.publicIPAddress",
            Expectation::Absent,
        ),
    ];
    let front = line("C48-front", "Microsoft.Cdn/profiles", "", LOGS)
        .when(VariantFilter::WithFeatures(FeatureSet::FrontDoor));
    let options = lines.into_iter().map(|line| line.when(VariantFilter::WithFeatures(FeatureSet::Full)));
    options.chain([front]).collect()
}
