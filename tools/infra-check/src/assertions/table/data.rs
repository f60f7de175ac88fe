//! Storage, vaults and the database.

use super::{Assertion, Want, When, line, pointing};
use crate::worlds::Beyond;

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";
const VAULT: &str = "Microsoft.KeyVault/vaults";
const API_VAULT: &[(&str, &str)] = &[("name", "kvapibgtmmfwj4uny4")];
const PROCESSOR_VAULT: &[(&str, &str)] = &[("name", "kvprocbgtmmfwj4uny4")];
const GATEWAY_VAULT: &[(&str, &str)] = &[("name", "kvgatebgtmmfwj4uny4")];
const SERVER: &str = "Microsoft.DBforPostgreSQL/flexibleServers";
const PARAMETER: &str = "Microsoft.DBforPostgreSQL/flexibleServers/configurations";
/// What differs from Azure's defaults.
const SETTINGS: &[&str] = &["log_connections", "log_disconnections"];
const ENDPOINT: Want = pointing(
    "Microsoft.Network/privateEndpoints",
    "properties.privateLinkServiceConnections[0].properties.privateLinkServiceId",
    &[],
);
const LOCK: Want =
    pointing("Microsoft.Authorization/locks", "scope", &[("properties.level", "CanNotDelete")]);
const PRIVATE: When = When::Network("privateEndpoints");
const SERVICE: When = When::Network("serviceEndpoints");

pub(super) fn lines() -> Vec<Assertion> {
    [storage(), vaults(), database()].concat()
}

fn account(id: &'static str, path: &'static str, want: Want) -> Assertion {
    line(id, ACCOUNT, path, want).least(3)
}

fn storage() -> Vec<Assertion> {
    vec![
        account("C45-shared-key", "properties.allowSharedKeyAccess", Want::Bool(false)).both(),
        account("C45-public-blobs", "properties.allowBlobPublicAccess", Want::Bool(false)).both(),
        account("C45-tenants", "properties.allowCrossTenantReplication", Want::Bool(false)).both(),
        account("C45-copies", "properties.allowedCopyScope", Want::OneOf(&["AAD", "PrivateLink"])).both(),
        account("C45-entra", "properties.defaultToOAuthAuthentication", Want::Bool(true)).both(),
        account("C45-local-users", "properties.isLocalUserEnabled", Want::Bool(false)).both(),
        account("C45-sftp", "properties.isSftpEnabled", Want::Bool(false)).both(),
        account("C45-default", "properties.networkAcls.defaultAction", Want::Text("Deny")),
        account("C45-bypass", "properties.networkAcls.bypass", Want::Text("None")).both(),
        account("C45-closed", "properties.publicNetworkAccess", Want::Text("Disabled")).when(PRIVATE),
        account("C43-storage", "", ENDPOINT).when(PRIVATE),
        account(
            "C42-storage",
            "properties.networkAcls.virtualNetworkRules[*].id",
            Want::Of("Microsoft.Network/"),
        )
        .when(SERVICE),
        account("C42-no-rules", "properties.networkAcls.virtualNetworkRules", Want::Empty).when(PRIVATE),
        account("C20-storage-https", "properties.supportsHttpsTrafficOnly", Want::Bool(true)).both(),
        account("C20-storage-tls", "properties.minimumTlsVersion", Want::OneOf(&["TLS1_2", "TLS1_3"])).both(),
        account("C19-twice", "properties.encryption.requireInfrastructureEncryption", Want::Bool(true))
            .both(),
        account("C19-queues", "properties.encryption.services.queue.keyType", Want::Text("Account")).both(),
        account("C19-tables", "properties.encryption.services.table.keyType", Want::Text("Account")).both(),
        account("C19-storage-key", "properties.encryption.keySource", Want::Text("Microsoft.Keyvault"))
            .when(When::With(Beyond::Options)),
        account("C19-storage-vault", "properties.encryption.keyvaultproperties.keyvaulturi", Want::Of(VAULT))
            .when(When::With(Beyond::Options)),
        account(
            "C19-storage-any-version",
            "properties.encryption.keyvaultproperties.keyversion",
            Want::Absent,
        )
        .when(When::With(Beyond::Options)),
        account("C12-storage-lock", "", LOCK),
        line("C45-containers", CONTAINER, "properties.publicAccess", Want::Text("None")).both().least(2),
    ]
}

fn vaults() -> Vec<Assertion> {
    const KEY: &str = "Microsoft.KeyVault/vaults/keys";
    let vault = |id, path, want| line(id, VAULT, path, want).least(2);
    vec![
        vault("C22-rbac", "properties.enableRbacAuthorization", Want::Bool(true)).both(),
        vault("C22-soft-delete", "properties.enableSoftDelete", Want::Bool(true)).both(),
        vault("C22-purge", "properties.enablePurgeProtection", Want::Bool(true)),
        vault("C22-retention", "properties.softDeleteRetentionInDays", Want::AtLeast(90)),
        vault("C22-machines", "properties.enabledForDeployment", Want::Bool(false)).both(),
        vault("C22-templates", "properties.enabledForTemplateDeployment", Want::Bool(false)).both(),
        vault("C22-default", "properties.networkAcls.defaultAction", Want::Text("Deny")),
        line("C22-bypass", VAULT, "properties.networkAcls.bypass", Want::Text("None")).both().only(API_VAULT),
        line("C22-bypass-processor", VAULT, "properties.networkAcls.bypass", Want::Text("None"))
            .both()
            .only(PROCESSOR_VAULT),
        // The gateway's control plane fetches the certificate of its host name, as a trusted service
        // (trusted-service-connectivity-retirement-march-2026: that use stays).
        line("C22-bypass-gateway", VAULT, "properties.networkAcls.bypass", Want::Text("AzureServices"))
            .only(GATEWAY_VAULT),
        vault("C22-closed", "properties.publicNetworkAccess", Want::Text("Disabled")).when(PRIVATE),
        vault("C43-vault", "", ENDPOINT).when(PRIVATE),
        vault(
            "C42-vault",
            "properties.networkAcls.virtualNetworkRules[*].id",
            Want::Of("Microsoft.Network/"),
        )
        .when(SERVICE),
        vault("C12-vault-lock", "", LOCK),
        line("C19-hsm", KEY, "properties.kty", Want::Text("RSA-HSM"))
            .when(When::With(Beyond::Options))
            .least(2),
        line("C19-size", KEY, "properties.keySize", Want::AtLeast(3072))
            .when(When::With(Beyond::Options))
            .least(2),
        line(
            "C24-keys",
            KEY,
            "properties.rotationPolicy.lifetimeActions[0].action.type",
            Want::Text("rotate"),
        )
        .when(When::With(Beyond::Options))
        .least(2),
    ]
}

fn database() -> Vec<Assertion> {
    const ADMINISTRATOR: &str = "Microsoft.DBforPostgreSQL/flexibleServers/administrators";
    const THREATS: &str = "Microsoft.DBforPostgreSQL/flexibleServers/advancedThreatProtectionSettings";
    let server = |id, path, want| line(id, SERVER, path, want);
    vec![
        server("C06-entra-login", "properties.authConfig.activeDirectoryAuth", Want::Text("Enabled")).both(),
        server("C06-no-password", "properties.authConfig.passwordAuth", Want::Text("Disabled")).both(),
        server("C06-no-administrator", "properties.administratorLogin", Want::Absent).both(),
        server("C06-no-administrator-password", "properties.administratorLoginPassword", Want::Absent).both(),
        server("C43-closed", "properties.network.publicNetworkAccess", Want::Text("Disabled")),
        server("C43-database", "", ENDPOINT),
        server("C19-database-key", "properties.dataEncryption.type", Want::Text("AzureKeyVault"))
            .when(When::With(Beyond::Options)),
        server(
            "C19-database-key-uri",
            "properties.dataEncryption.primaryKeyURI",
            Want::Of("Microsoft.KeyVault/"),
        )
        .when(When::With(Beyond::Options)),
        server("C12-database-lock", "", LOCK),
        server("C49-there", "", pointing(THREATS, "parent", &[])),
        line("C49-database", THREATS, "properties.state", Want::Text("Enabled")),
        // Encrypted connections, TLS 1.2 and SCRAM are Azure's defaults; each change of a setting is slow and can meet a busy
        // server, so what must not be weakened is that nothing else is set.
        line("C20-defaults", PARAMETER, "name", Want::OneOf(SETTINGS)).both().least(2),
        line("C48-connections", PARAMETER, "properties.value", Want::Text("on"))
            .both()
            .only(&[("name", "log_connections")]),
        line(
            "C14-administrators",
            ADMINISTRATOR,
            "properties.principalType",
            Want::OneOf(&["Group", "ServicePrincipal"]),
        )
        .least(2),
    ]
}
