//! Storage, vaults and the database.

use super::{Assertion, Expectation, VariantFilter, line, pointing};
use crate::variants::FeatureSet;

const ACCOUNT: &str = "Microsoft.Storage/storageAccounts";
const CONTAINER: &str = "Microsoft.Storage/storageAccounts/blobServices/containers";
const VAULT: &str = "Microsoft.KeyVault/vaults";
const API_VAULT: &[(&str, &str)] = &[("name", "kvapibgtmmfwj4uny4")];
const PROCESSOR_VAULT: &[(&str, &str)] = &[("name", "kvprocbgtmmfwj4uny4")];
const GATEWAY_VAULT: &[(&str, &str)] = &[("name", "kvgatebgtmmfwj4uny4")];
const SERVER: &str = "Microsoft.DBforPostgreSQL/flexibleServers";
const PARAMETER: &str = "Microsoft.DBforPostgreSQL/flexibleServers/configurations";
/// Settings that differ from Azure's defaults.
const SETTINGS: &[&str] = &["log_connections", "log_disconnections"];
const ENDPOINT: Expectation = pointing(
    "Microsoft.Network/privateEndpoints",
    "properties.privateLinkServiceConnections[0].properties.privateLinkServiceId",
    &[],
);
const LOCK: Expectation =
    pointing("Microsoft.Authorization/locks", "scope", &[("properties.level", "CanNotDelete")]);
const PRIVATE: VariantFilter = VariantFilter::Network("privateEndpoints");
const SERVICE: VariantFilter = VariantFilter::Network("serviceEndpoints");

pub(super) fn lines() -> Vec<Assertion> {
    [storage(), vaults(), database()].concat()
}

fn account(id: &'static str, path: &'static str, want: Expectation) -> Assertion {
    line(id, ACCOUNT, path, want).least(3)
}

fn storage() -> Vec<Assertion> {
    vec![
        account("C45-shared-key", "properties.allowSharedKeyAccess", Expectation::Bool(false)).both(),
        account("C45-public-blobs", "properties.allowBlobPublicAccess", Expectation::Bool(false)).both(),
        account("C45-tenants", "properties.allowCrossTenantReplication", Expectation::Bool(false)).both(),
        account("C45-copies", "properties.allowedCopyScope", Expectation::OneOf(&["AAD", "PrivateLink"]))
            .both(),
        account("C45-entra", "properties.defaultToOAuthAuthentication", Expectation::Bool(true)).both(),
        account("C45-local-users", "properties.isLocalUserEnabled", Expectation::Bool(false)).both(),
        account("C45-sftp", "properties.isSftpEnabled", Expectation::Bool(false)).both(),
        account("C45-default", "properties.networkAcls.defaultAction", Expectation::Text("Deny")),
        account("C45-bypass", "properties.networkAcls.bypass", Expectation::Text("None")).both(),
        account("C45-closed", "properties.publicNetworkAccess", Expectation::Text("Disabled")).when(PRIVATE),
        account("C43-storage", "", ENDPOINT).when(PRIVATE),
        account(
            "C42-storage",
            "properties.networkAcls.virtualNetworkRules[*].id",
            Expectation::ReferenceTo("Microsoft.Network/"),
        )
        .when(SERVICE),
        account("C42-no-rules", "properties.networkAcls.virtualNetworkRules", Expectation::EmptyList)
            .when(PRIVATE),
        account("C20-storage-https", "properties.supportsHttpsTrafficOnly", Expectation::Bool(true)).both(),
        account("C20-storage-tls", "properties.minimumTlsVersion", Expectation::OneOf(&["TLS1_2", "TLS1_3"]))
            .both(),
        account(
            "C19-twice",
            "properties.encryption.requireInfrastructureEncryption",
            Expectation::Bool(true),
        )
        .both(),
        account("C19-queues", "properties.encryption.services.queue.keyType", Expectation::Text("Account"))
            .both(),
        account("C19-tables", "properties.encryption.services.table.keyType", Expectation::Text("Account"))
            .both(),
        account(
            "C19-storage-key",
            "properties.encryption.keySource",
            Expectation::Text("Microsoft.Keyvault"),
        )
        .when(VariantFilter::WithFeatures(FeatureSet::Full)),
        account(
            "C19-storage-vault",
            "properties.encryption.keyvaultproperties.keyvaulturi",
            Expectation::ReferenceTo(VAULT),
        )
        .when(VariantFilter::WithFeatures(FeatureSet::Full)),
        account(
            "C19-storage-any-version",
            "properties.encryption.keyvaultproperties.keyversion",
            Expectation::Absent,
        )
        .when(VariantFilter::WithFeatures(FeatureSet::Full)),
        account("C12-storage-lock", "", LOCK),
        line("C45-containers", CONTAINER, "properties.publicAccess", Expectation::Text("None"))
            .both()
            .least(2),
    ]
}

fn vaults() -> Vec<Assertion> {
    const KEY: &str = "Microsoft.KeyVault/vaults/keys";
    let vault = |id, path, want| line(id, VAULT, path, want).least(2);
    vec![
        vault("C22-rbac", "properties.enableRbacAuthorization", Expectation::Bool(true)).both(),
        vault("C22-soft-delete", "properties.enableSoftDelete", Expectation::Bool(true)).both(),
        vault("C22-purge", "properties.enablePurgeProtection", Expectation::Bool(true)),
        vault("C22-retention", "properties.softDeleteRetentionInDays", Expectation::AtLeast(90)),
        vault("C22-machines", "properties.enabledForDeployment", Expectation::Bool(false)).both(),
        vault("C22-templates", "properties.enabledForTemplateDeployment", Expectation::Bool(false)).both(),
        vault("C22-default", "properties.networkAcls.defaultAction", Expectation::Text("Deny")),
        line("C22-bypass", VAULT, "properties.networkAcls.bypass", Expectation::Text("None"))
            .both()
            .only(API_VAULT),
        line("C22-bypass-processor", VAULT, "properties.networkAcls.bypass", Expectation::Text("None"))
            .both()
            .only(PROCESSOR_VAULT),
        // The gateway's control plane fetches the certificate of its host name, as a trusted service
        // (trusted-service-connectivity-retirement-march-2026: that use stays).
        line(
            "C22-bypass-gateway",
            VAULT,
            "properties.networkAcls.bypass",
            Expectation::Text("AzureServices"),
        )
        .only(GATEWAY_VAULT),
        vault("C22-closed", "properties.publicNetworkAccess", Expectation::Text("Disabled")).when(PRIVATE),
        vault("C43-vault", "", ENDPOINT).when(PRIVATE),
        vault(
            "C42-vault",
            "properties.networkAcls.virtualNetworkRules[*].id",
            Expectation::ReferenceTo("Microsoft.Network/"),
        )
        .when(SERVICE),
        vault("C12-vault-lock", "", LOCK),
        line("C19-hsm", KEY, "properties.kty", Expectation::Text("RSA-HSM"))
            .when(VariantFilter::WithFeatures(FeatureSet::Full))
            .least(2),
        line("C19-size", KEY, "properties.keySize", Expectation::AtLeast(3072))
            .when(VariantFilter::WithFeatures(FeatureSet::Full))
            .least(2),
        line(
            "C24-keys",
            KEY,
            "properties.rotationPolicy.lifetimeActions[0].action.type",
            Expectation::Text("rotate"),
        )
        .when(VariantFilter::WithFeatures(FeatureSet::Full))
        .least(2),
    ]
}

fn database() -> Vec<Assertion> {
    const ADMINISTRATOR: &str = "Microsoft.DBforPostgreSQL/flexibleServers/administrators";
    const THREATS: &str = "Microsoft.DBforPostgreSQL/flexibleServers/advancedThreatProtectionSettings";
    let server = |id, path, want| line(id, SERVER, path, want);
    vec![
        server("C06-entra-login", "properties.authConfig.activeDirectoryAuth", Expectation::Text("Enabled"))
            .both(),
        server("C06-no-password", "properties.authConfig.passwordAuth", Expectation::Text("Disabled")).both(),
        server("C06-no-administrator", "properties.administratorLogin", Expectation::Absent).both(),
        server("C06-no-administrator-password", "properties.administratorLoginPassword", Expectation::Absent)
            .both(),
        server("C43-closed", "properties.network.publicNetworkAccess", Expectation::Text("Disabled")),
        server("C43-database", "", ENDPOINT),
        server("C19-database-key", "properties.dataEncryption.type", Expectation::Text("AzureKeyVault"))
            .when(VariantFilter::WithFeatures(FeatureSet::Full)),
        server(
            "C19-database-key-uri",
            "properties.dataEncryption.primaryKeyURI",
            Expectation::ReferenceTo("Microsoft.KeyVault/"),
        )
        .when(VariantFilter::WithFeatures(FeatureSet::Full)),
        server("C12-database-lock", "", LOCK),
        server("C49-there", "", pointing(THREATS, "parent", &[])),
        line("C49-database", THREATS, "properties.state", Expectation::Text("Enabled")),
        // Encrypted connections, TLS 1.2 and SCRAM are Azure's defaults; each change of a setting is slow and can meet a busy
        // server, so what must not be weakened is that nothing else is set.
        line("C20-defaults", PARAMETER, "name", Expectation::OneOf(SETTINGS)).both().least(2),
        line("C48-connections", PARAMETER, "properties.value", Expectation::Text("on"))
            .both()
            .only(&[("name", "log_connections")]),
        line(
            "C14-administrators",
            ADMINISTRATOR,
            "properties.principalType",
            Expectation::OneOf(&["Group", "ServicePrincipal"]),
        )
        .least(2),
    ]
}
