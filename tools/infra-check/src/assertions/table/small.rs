//! The size `small` has neither network nor gateway: each assertion names what is open, and what protects it.

use super::{Assertion, Expectation, line};
use crate::variants::Size;

const SITE: &str = "Microsoft.Web/sites";
const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const VAULT: &str = "Microsoft.KeyVault/vaults";
const SERVER: &str = "Microsoft.DBforPostgreSQL/flexibleServers";
const DOOR: &str = "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules";
const ADMINISTRATOR: &str = "Microsoft.DBforPostgreSQL/flexibleServers/administrators";
const API: &[(&str, &str)] = &[("tags.azd-service-name", "api")];
const PROCESSOR: &[(&str, &str)] = &[("tags.azd-service-name", "processor")];
/// The client id of the Azure CLI, with which `az login` signs in.
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// The deployer in the variant `flex-small`, and their address.
const DEPLOYER: &str = "44444444-4444-4444-8444-444444444444";
const ADDRESS: &str = "198.51.100.9";

pub(super) fn lines() -> Vec<Assertion> {
    let lines = [apps(), data(), database()].concat();
    lines.into_iter().map(|line| Assertion { sizes: &[Size::Small], ..line }).collect()
}

/// Anybody may knock at an app: App Service Authentication answers 401 (`C02-401`), and lets one client through.
fn apps() -> Vec<Assertion> {
    const CLIENTS: &str = "properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedApplications";
    const INSTANCES: &str = "properties.functionAppConfig.scaleAndConcurrency.maximumInstanceCount";
    let site = |id, path, want| line(id, SITE, path, want).least(2);
    vec![
        line(
            "C02-small-clients",
            "Microsoft.Web/sites/config",
            CLIENTS,
            Expectation::ExactList(&[AZURE_CLI]),
        )
        .only(&[("name", "authsettingsV2")])
        .least(2),
        site("C44-small-apps", "properties.publicNetworkAccess", Expectation::Text("Enabled")),
        site(
            "C44-small-anybody",
            "properties.siteConfig.ipSecurityRestrictionsDefaultAction",
            Expectation::Text("Allow"),
        ),
        // A package is published with a token of Entra, for passwords are off (`C51-passwords`).
        site(
            "C52-small-anybody",
            "properties.siteConfig.scmIpSecurityRestrictionsDefaultAction",
            Expectation::Text("Allow"),
        ),
        site("C41-small-no-network", "properties.virtualNetworkSubnetId", Expectation::Absent),
        line("C33-small-instances", SITE, INSTANCES, Expectation::AtMost(2)).only(API),
        line("C33-small-processor", SITE, INSTANCES, Expectation::AtMost(1)).only(PROCESSOR),
    ]
}

/// Open in network, closed by roles: no shared keys (`C45-shared-key`), and vaults that know roles alone (`C22-rbac`).
fn data() -> Vec<Assertion> {
    let account = |id, path, want| line(id, ACCOUNT, path, want).least(3);
    let vault = |id, path, want| line(id, VAULT, path, want).least(2);
    vec![
        account("C45-small-network", "properties.publicNetworkAccess", Expectation::Text("Enabled")),
        account("C45-small-anybody", "properties.networkAcls.defaultAction", Expectation::Text("Allow")),
        vault("C22-small-network", "properties.publicNetworkAccess", Expectation::Text("Enabled")),
        vault("C22-small-anybody", "properties.networkAcls.defaultAction", Expectation::Text("Allow")),
        vault("C22-small-retention", "properties.softDeleteRetentionInDays", Expectation::AtLeast(7)),
        // Protected, the name of a vault could not be used again for those days.
        vault("C22-small-purge", "properties.enablePurgeProtection", Expectation::Absent),
        line(
            "C33-small-logs",
            "Microsoft.OperationalInsights/workspaces",
            "properties.workspaceCapping.dailyQuotaGb",
            Expectation::AtMost(1),
        ),
    ]
}

/// Two rules, one administrator, Entra alone (`C06-entra-login`, `C06-no-password`).
fn database() -> Vec<Assertion> {
    let door = |id, which, path, address| Assertion {
        only: which,
        ..line(id, DOOR, path, Expectation::Text(address))
    };
    let (azure, deployer): (&[_], &[_]) = (&[("name", "azure")], &[("name", "deployer")]);
    vec![
        line(
            "C43-small-server",
            SERVER,
            "properties.network.publicNetworkAccess",
            Expectation::Text("Enabled"),
        ),
        line("C33-small-server", SERVER, "sku.tier", Expectation::Text("Burstable")),
        line("C44-small-doors", DOOR, "name", Expectation::OneOf(&["azure", "deployer"])).least(2),
        door("C44-small-azure", azure, "properties.startIpAddress", "0.0.0.0"),
        door("C44-small-azure-alone", azure, "properties.endIpAddress", "0.0.0.0"),
        door("C44-small-deployer", deployer, "properties.startIpAddress", ADDRESS),
        door("C44-small-deployer-alone", deployer, "properties.endIpAddress", ADDRESS),
        line("C14-small-administrator", ADMINISTRATOR, "name", Expectation::Text(DEPLOYER)),
        line(
            "C14-small-administrator-kind",
            ADMINISTRATOR,
            "properties.principalType",
            Expectation::OneOf(&["ServicePrincipal", "User"]),
        ),
    ]
}
