import { Places } from 'types.bicep'

@description('Name of the vault.')
param name string

@description('Region of the vault.')
param location string

@description('Tags of every resource.')
param tags object

@description('privateEndpoints, serviceEndpoints, or open: then roles alone close it.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('Subnets that reach the vault where the network has service endpoints.')
param subnetIds array

@description('Workspace that receives the logs.')
param workspaceId string

@description('Put a lock against deletion on it.')
param keep bool

@description('Keep it, and what was deleted in it, from being purged before the days are over. Azure takes that back never.')
param purgeProtection bool

@description('For how many days what was deleted can be had back.')
param retention int

@description('Who passes the firewall: None, or AzureServices for the vaults of encryption keys and of the gateway.')
param bypass string = 'None'

var rules = [
  for id in subnetIds: {
    id: id
  }
]

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'premium'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: retention
    // Azure knows no other value than true.
    enablePurgeProtection: purgeProtection ? true : null
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: network == 'privateEndpoints' ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: network == 'open' ? 'Allow' : 'Deny'
      bypass: bypass
      virtualNetworkRules: network == 'serviceEndpoints' ? rules : []
    }
  }
}

module endpoint 'private-endpoint.bicep' = if (network == 'privateEndpoints') {
  name: 'endpoint-${name}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: networking.endpointsSubnetId
    targetId: vault.id
    groupId: 'vault'
    zoneId: networking.vaultZoneId
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'AuditEvent', enabled: true }
      { category: 'AzurePolicyEvaluationDetails', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (keep) {
  scope: vault
  name: 'keep'
  properties: {
    level: 'CanNotDelete'
    notes: 'Without it nothing signs in to its neighbours.'
  }
}

@description('For roles.')
output name string = vault.name

@description('With a slash at its end.')
output uri string = vault.properties.vaultUri
