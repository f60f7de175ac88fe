import { Places, Accounts, Size } from 'types.bicep'

@description('Region of the accounts.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Small accounts have copies in one building, the others in three zones.')
param size Size

@description('privateEndpoints, serviceEndpoints or open.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('Workspace that receives the logs.')
param workspaceId string

@description('Put locks against deletion on them.')
param keep bool

@description('Encrypt with a key of our own.')
param customerManagedKeys bool

@description('Identity that may use that key.')
param encryptionIdentityId string

@description('Vault of that key; empty for none.')
param keysVaultUri string

var redundancy = size == 'small' ? 'Standard_LRS' : 'Standard_ZRS'

// An account for each app's host: a writer of one could replace the app's package, keys and leases.
module api 'storage-account.bicep' = {
  name: 'storage-api'
  params: {
    name: 'stapi${token}'
    location: location
    tags: tags
    redundancy: redundancy
    network: network
    networking: networking
    subnetIds: [networking.apiSubnetId, networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    service: 'blob'
    containers: ['packages']
    customerManagedKeys: customerManagedKeys
    encryptionIdentityId: encryptionIdentityId
    keysVaultUri: keysVaultUri
  }
}

module processor 'storage-account.bicep' = {
  name: 'storage-processor'
  params: {
    name: 'stproc${token}'
    location: location
    tags: tags
    redundancy: redundancy
    network: network
    networking: networking
    subnetIds: [networking.processorSubnetId, networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    service: 'blob'
    containers: ['packages']
    customerManagedKeys: customerManagedKeys
    encryptionIdentityId: encryptionIdentityId
    keysVaultUri: keysVaultUri
  }
}

// The queues that both apps share stand apart, and roles are given on a single queue.
module work 'storage-account.bicep' = {
  name: 'storage-work'
  params: {
    name: 'stwork${token}'
    location: location
    tags: tags
    redundancy: redundancy
    network: network
    networking: networking
    subnetIds: [networking.apiSubnetId, networking.processorSubnetId]
    workspaceId: workspaceId
    keep: keep
    service: 'queue'
    queues: ['orders-incoming', 'orders-incoming-poison', 'orders-fulfilment', 'orders-fulfilment-poison']
    customerManagedKeys: customerManagedKeys
    encryptionIdentityId: encryptionIdentityId
    keysVaultUri: keysVaultUri
  }
}

@description('Names of the three accounts.')
output names Accounts = {
  api: api.outputs.name
  processor: processor.outputs.name
  work: work.outputs.name
}
