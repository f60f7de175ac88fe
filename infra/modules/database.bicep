import { Places } from 'types.bicep'

@description('Region of the server.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Subnets and DNS zones.')
param networking Places

@description('Workspace that receives the logs.')
param workspaceId string

@description('Object id and name of the Entra group that administers the server.')
param administratorsId string
param administratorsName string

@description('Object id and name of the identity that brings the schema to a version and makes the apps\' logins.')
param migratorId string
param migratorName string

@description('Put a lock against deletion on it.')
param keep bool

@description('Encrypt with a key of our own.')
param customerManagedKeys bool

@description('Identity that may use that key.')
param encryptionIdentityId string

@description('That key; empty for none.')
param keyUri string

// Only what differs from Azure's defaults, for each is a slow change of its own. TLS 1.2 at least, SCRAM and encrypted
// connections are defaults, and so is max_connections, which docs/scale.md counts with.
var settings = [
  { name: 'log_connections', value: 'on' }
  { name: 'log_disconnections', value: 'on' }
  { name: 'idle_in_transaction_session_timeout', value: '30000' }
]

// The database `orders` is made by `orders-worker migrate`, so that it belongs to who migrates: one that Azure makes on a
// server without a password can belong to a role that grants nothing.
resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: 'psql-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard_D2ds_v5'
    tier: 'GeneralPurpose'
  }
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
      publicNetworkAccess: 'Disabled'
    }
    storage: {
      storageSizeGB: 64
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: 35
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: 'ZoneRedundant'
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

resource administrators 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: administratorsId
  properties: {
    principalType: 'Group'
    principalName: administratorsName
    tenantId: tenant().tenantId
  }
  dependsOn: [
    configuration
  ]
}

resource migrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2025-08-01' = {
  parent: server
  name: migratorId
  properties: {
    principalType: 'ServicePrincipal'
    principalName: migratorName
    tenantId: tenant().tenantId
  }
  dependsOn: [
    administrators
  ]
}

resource threats 'Microsoft.DBforPostgreSQL/flexibleServers/advancedThreatProtectionSettings@2025-08-01' = {
  parent: server
  name: 'Default'
  properties: {
    state: 'Enabled'
  }
  dependsOn: [
    migrator
  ]
}

// The flexible server knows no service endpoints, so it has this in both kinds of network.
module endpoint 'private-endpoint.bicep' = {
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
