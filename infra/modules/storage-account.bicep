import { Places } from 'types.bicep'

@description('Name of the account.')
param name string

@description('Region of the account.')
param location string

@description('Tags of every resource.')
param tags object

@description('Standard_LRS or Standard_ZRS.')
param redundancy string

@description('privateEndpoints, serviceEndpoints, or open: then roles alone close it.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('Subnets that reach the account where the network has service endpoints.')
param subnetIds array

@description('Workspace that receives the logs.')
param workspaceId string

@description('The one service of the account that is used: blob or queue.')
param service string

@description('Containers of a blob account.')
param containers array = []

@description('Queues of a queue account; the app has no right to make any.')
param queues array = []

@description('Put a lock against deletion on it.')
param keep bool

@description('Encrypt with a key of our own.')
param customerManagedKeys bool

@description('Identity that may use that key.')
param encryptionIdentityId string

@description('Vault of that key; empty for none.')
param keysVaultUri string

var rules = [
  for id in subnetIds: {
    id: id
    action: 'Allow'
  }
]

resource account 'Microsoft.Storage/storageAccounts@2026-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  identity: customerManagedKeys
    ? { type: 'UserAssigned', userAssignedIdentities: { '${encryptionIdentityId}': {} } }
    : null
  properties: {
    accessTier: 'Hot'
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    // The host's and the platform's own clients are not all known to speak 1.3 to storage.
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: network == 'privateEndpoints' ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: network == 'open' ? 'Allow' : 'Deny'
      bypass: 'None'
      virtualNetworkRules: network == 'serviceEndpoints' ? rules : []
    }
    encryption: {
      keySource: customerManagedKeys ? 'Microsoft.Keyvault' : 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      identity: customerManagedKeys ? { userAssignedIdentity: encryptionIdentityId } : null
      keyvaultproperties: customerManagedKeys ? { keyname: 'storage', keyvaulturi: keysVaultUri } : null
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
        queue: {
          enabled: true
          keyType: 'Account'
        }
        table: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource folders 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-04-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource lines 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
    properties: {}
  }
]

module endpoint 'private-endpoint.bicep' = if (network == 'privateEndpoints') {
  name: 'endpoint-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: networking.endpointsSubnetId
    targetId: account.id
    groupId: service
    zoneId: networking[service == 'blob' ? 'blobZoneId' : 'queueZoneId']
  }
}

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'StorageRead', enabled: true }
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (keep) {
  scope: account
  name: 'keep'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds packages, keys or messages of a running app.'
  }
}

@description('For app settings and roles.')
output name string = account.name
