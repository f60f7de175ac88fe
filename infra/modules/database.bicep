import { Administrator, Places, Size } from 'types.bicep'

@description('Region of the server.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('A small server has no standby and a public address, which two rules guard and Entra alone opens.')
param size Size

@description('Subnets and DNS zones.')
param networking Places

@description('Workspace that receives the logs.')
param workspaceId string

@description('Who administers the server, and so brings the schema to a version and makes the apps\' logins.')
param administrators Administrator[]

@description('The one address beyond Azure from which a small server is reached; empty for none.')
param deployerAddress string

@description('Put a lock against deletion on it.')
param keep bool

@description('Encrypt with a key of our own.')
param customerManagedKeys bool

@description('Identity that may use that key.')
param encryptionIdentityId string

@description('That key; empty for none.')
param keyUri string

var isSmall = size == 'small'
// An app without a network comes from no address of its own, so the first rule lets in whatever runs in Azure.
var reachedFrom = concat(
  isSmall ? [{ name: 'azure', address: '0.0.0.0' }] : [],
  isSmall && !empty(deployerAddress) ? [{ name: 'deployer', address: deployerAddress }] : []
)
// Only what differs from Azure's defaults, for each is a slow change of its own. TLS 1.2 at least, SCRAM and encrypted
// connections are defaults, and so is max_connections, which docs/scale.md counts with. `orders-worker migrate` limits how
// long a login may be idle in a transaction.
var settings = [
  { name: 'log_connections', value: 'on' }
  { name: 'log_disconnections', value: 'on' }
]

// The database `orders` is made by `orders-worker migrate`, so that it belongs to who migrates: one that Azure makes on a
// server without a password can belong to a role that grants nothing.
resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: 'psql-${token}'
  location: location
  tags: tags
  sku: isSmall ? { name: 'Standard_B1ms', tier: 'Burstable' } : { name: 'Standard_D2ds_v5', tier: 'GeneralPurpose' }
  identity: customerManagedKeys
    ? { type: 'UserAssigned', userAssignedIdentities: { '${encryptionIdentityId}': {} } }
    : null
  properties: {
    version: '16'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    network: {
      publicNetworkAccess: isSmall ? 'Enabled' : 'Disabled'
    }
    storage: {
      storageSizeGB: isSmall ? 32 : 64
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: isSmall ? 7 : 35
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: isSmall ? 'Disabled' : 'ZoneRedundant'
    }
    dataEncryption: customerManagedKeys
      ? { type: 'AzureKeyVault', primaryKeyURI: keyUri, primaryUserAssignedIdentityId: encryptionIdentityId }
      : null
  }
}

// The server takes one change at a time, so each of these waits for the one before.
@batchSize(1)
resource configuration 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = [
  for setting in settings: {
    parent: server
    name: setting.name
    properties: {
      value: setting.value
      source: 'user-override'
    }
  }
]

@batchSize(1)
resource logins 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = [
  for administrator in administrators: {
    parent: server
    name: administrator.id
    properties: {
      principalType: administrator.type
      principalName: administrator.name
      tenantId: tenant().tenantId
    }
    dependsOn: [
      configuration
    ]
  }
]

@batchSize(1)
resource doors 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2025-08-01' = [
  for from in reachedFrom: {
    parent: server
    name: from.name
    properties: {
      startIpAddress: from.address
      endIpAddress: from.address
    }
    dependsOn: [
      logins
    ]
  }
]

resource threats 'Microsoft.DBforPostgreSQL/flexibleServers/advancedThreatProtectionSettings@2025-08-01' = if (!isSmall) {
  parent: server
  name: 'Default'
  properties: {
    state: 'Enabled'
  }
  dependsOn: [
    logins
  ]
}

// The flexible server knows no service endpoints, so it has this in both kinds of network.
module endpoint 'private-endpoint.bicep' = if (!isSmall) {
  name: 'endpoint-database'
  params: {
    name: 'pe-psql-${token}'
    location: location
    tags: tags
    subnetId: networking.endpointsSubnetId
    targetId: server.id
    groupId: 'postgresqlServer'
    zoneId: networking.databaseZoneId
  }
  dependsOn: [
    threats
  ]
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: server
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'PostgreSQLLogs', enabled: true }
      { category: 'PostgreSQLFlexSessions', enabled: true }
      { category: 'PostgreSQLFlexDatabaseXacts', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
  dependsOn: [
    doors
    threats
  ]
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (keep) {
  scope: server
  name: 'keep'
  properties: {
    level: 'CanNotDelete'
    notes: 'Every order is here.'
  }
  dependsOn: [
    threats
  ]
}

@description('Where the apps connect.')
output host string = server.properties.fullyQualifiedDomainName
