//! One change of the source for every control that the table asserts, and the control's own line notices.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use infra_check::{
    assertions::{check, table},
    inputs, snapshot, variants,
};

use crate::{root, snapshots::compiler};

/// Variant, file of infra/modules, text before, text after, and the line that has to notice.
type Change = (&'static str, &'static str, &'static str, &'static str, &'static str);

const SMALL: &str = "flex-small";
const PLAIN: &str = "flex-private-plain";
const FULL: &str = "flex-private-full";
const FRONT: &str = "flex-front";
const DIRECT: &str = "dedicated-direct";
const SERVICE: &str = "dedicated-service-plain";

const CHANGES: [Change; 42] = [
    (PLAIN, "host-key", "secret: true", "secret: false", "C01-secret"),
    (SMALL, "apps", "apiInstances = isSmall ? 2", "apiInstances = isSmall ? 20", "C33-small-instances"),
    (
        SMALL,
        "function-app",
        "== 'open' ? 'Allow' : 'Deny'",
        "== 'open' ? 'Deny' : 'Deny'",
        "C44-small-anybody",
    ),
    (SMALL, "app-settings", "'Return401'", "'AllowAnonymous'", "C02-401"),
    (SMALL, "database", "address: deployerAddress }", "address: '255.255.255.255' }", "C44-small-deployer"),
    (SMALL, "database", "{ name: 'deployer'", "{ name: 'everybody'", "C44-small-doors"),
    (SMALL, "storage-account", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "C45-shared-key"),
    (PLAIN, "app-settings", "requireAuthentication: true", "requireAuthentication: false", "C02-required"),
    (PLAIN, "app-settings", "ORDERS_LOG: 'info'", "WEBSITE_AUTH_ENABLED: 'True'", "C04-no-signal"),
    (
        PLAIN,
        "database",
        "activeDirectoryAuth: 'Enabled'",
        "activeDirectoryAuth: 'Disabled'",
        "C06-entra-login",
    ),
    (PLAIN, "app-settings", "credential: 'managedidentity'", "credential: 'other'", "C07-credential"),
    (DIRECT, "function-app", "&& demandsCertificates", "&& !demandsCertificates", "C08-certificates"),
    (PLAIN, "database", "level: 'CanNotDelete'", "level: 'ReadOnly'", "C12-database-lock"),
    (PLAIN, "rbac", "principalType: 'ServicePrincipal'", "principalType: 'User'", "C14-programs"),
    (PLAIN, "monitoring", "queries/dead-letters.kql", "queries/silence.kql", "C18-dead-letters"),
    (
        PLAIN,
        "storage-account",
        "requireInfrastructureEncryption: true",
        "requireInfrastructureEncryption: false",
        "C19-twice",
    ),
    (PLAIN, "apps", "sslmode=verify-full", "sslmode=require", "C20-database"),
    (PLAIN, "one-vault", "purgeProtection ? true : null", "purgeProtection ? null : true", "C22-purge"),
    (
        PLAIN,
        "function-app",
        "keyVaultReferenceIdentity: identity.id",
        "keyVaultReferenceIdentity: 'SystemAssigned'",
        "C23-identity",
    ),
    (FULL, "encryption", "type: 'rotate'", "type: 'notify'", "C24-keys"),
    (PLAIN, "function-app", "httpsOnly: true", "httpsOnly: false", "C27-https"),
    (
        PLAIN,
        "function-app",
        "functionsRuntimeAdminIsolationEnabled: true",
        "functionsRuntimeAdminIsolationEnabled: false",
        "C28-admin",
    ),
    (PLAIN, "function-app", "supportCredentials: false", "supportCredentials: true", "C29-credentials"),
    (PLAIN, "function-app", "remoteDebuggingEnabled: false", "remoteDebuggingEnabled: true", "C30-debugging"),
    (FRONT, "front", "rateLimitThreshold: 3000", "rateLimitThreshold: 30000", "C32-waf"),
    (PLAIN, "apps", "apiInstances = isSmall ? 2 : 40", "apiInstances = isSmall ? 2 : 400", "C33-instances"),
    (PLAIN, "function-app", "clientAffinityEnabled: false", "clientAffinityEnabled: true", "C34-affinity"),
    (PLAIN, "api", "approvalRequired: true", "approvalRequired: false", "C35-approval"),
    (FRONT, "front", "negateCondition: true", "negateCondition: false", "C37-waf"),
    (PLAIN, "network", "defaultOutboundAccess: false", "defaultOutboundAccess: true", "C41-no-way-out"),
    (
        SERVICE,
        "storage-account",
        "== 'serviceEndpoints' ? rules : []",
        "== 'none' ? rules : []",
        "C42-storage",
    ),
    (
        PLAIN,
        "storage-account",
        "networking[service == 'blob' ? 'blobZoneId' : 'queueZoneId']",
        "networking.blobZoneId",
        "C43-zone-queues",
    ),
    (
        PLAIN,
        "function-app",
        "ipSecurityRestrictionsDefaultAction: otherwise",
        "ipSecurityRestrictionsDefaultAction: 'Allow'",
        "C44-default",
    ),
    (PLAIN, "storage-account", "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "C45-shared-key"),
    (FRONT, "front", "mode: 'Prevention'", "mode: 'Detection'", "C46-waf"),
    (PLAIN, "monitoring", "DisableLocalAuth: true", "DisableLocalAuth: false", "C47-local-auth"),
    (
        PLAIN,
        "database",
        "'log_connections', value: 'on'",
        "'log_connections', value: 'off'",
        "C48-connections",
    ),
    (PLAIN, "database", "state: 'Enabled'", "state: 'Disabled'", "C49-database"),
    (PLAIN, "function-app", "allow: false", "allow: true", "C51-passwords"),
    (
        PLAIN,
        "function-app",
        "scmIpSecurityRestrictionsUseMain: false",
        "scmIpSecurityRestrictionsUseMain: true",
        "C52-own-list",
    ),
    (PLAIN, "identity", "token.actions.githubusercontent.com", "token.example", "C53-issuer"),
    (PLAIN, "function-app", "name: 'custom'", "name: 'node'", "C55-runtime"),
];

#[test]
fn every_asserted_control_has_a_mutation() {
    let control = |id: &str| id.split('-').next().unwrap_or_default().to_owned();
    let asserted: BTreeSet<String> = table().iter().map(|line| control(line.id)).collect();
    let changed: BTreeSet<String> = CHANGES.iter().map(|(.., id)| control(id)).collect();
    assert_eq!(asserted, changed);
}

#[test]
fn each_control_detects_a_change_of_its_source() {
    let Some(compiler) = compiler() else { return };
    let mut session = compiler.session().expect("it starts");
    let copy = copy();
    let mut unnoticed = Vec::new();
    for (name, module, before, after, id) in CHANGES {
        let variant =
            variants::all_variants().into_iter().find(|variant| variant.name == name).expect("a variant");
        let file = copy.join(format!("infra/modules/{module}.bicep"));
        let text = fs::read_to_string(&file).expect("the module is there");
        assert!(text.contains(before), "{module} does not say `{before}`");
        fs::write(&file, text.replace(before, after)).expect("the copy can be written");
        let said = session.snapshot(&copy.join(variant.parameters_path()));
        fs::write(&file, text).expect("the copy can be written");
        let said = said.unwrap_or_else(|error| panic!("{id}: `{after}` is refused: {error}"));
        let deployment = snapshot::read(&said).expect("a snapshot");
        let line = table().into_iter().find(|line| line.id == id).unwrap_or_else(|| panic!("no line {id}"));
        assert!(line.applies_to(variant), "{id} is not about {name}");
        if check(&line, &deployment).is_empty() {
            unnoticed.push(id);
        }
    }
    println!("{} of {} changes of the source were noticed", CHANGES.len() - unnoticed.len(), CHANGES.len());
    assert_eq!(unnoticed, Vec::<&str>::new());
}

/// A copy of what the compiler reads, for this process alone.
fn copy() -> PathBuf {
    let copy = root().join(format!("target/tmp/proof-{}", std::process::id()));
    let put = |from: &Path| {
        let to = copy.join(from.strip_prefix(root()).expect("a file of the repository"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("the folder can be made");
        fs::copy(from, to).expect("the file can be copied");
    };
    for (folder, ending) in [
        ("infra", "bicep"),
        ("infra", "json"),
        ("infra/modules", "bicep"),
        ("infra/policies", "xml"),
        ("infra/queries", "kql"),
        (variants::VARIANTS_FOLDER, "bicepparam"),
        ("docs", "json"),
    ] {
        inputs::files_with_extension(&root().join(folder), ending)
            .expect("the folder is there")
            .iter()
            .for_each(|file| put(file));
    }
    copy
}
