import { Places, Size, Vaults } from 'types.bicep'

@description('Region of the vaults.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Small has no gateway, so no vault of one.')
param size Size

@description('privateEndpoints, serviceEndpoints or open.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('Workspace that receives the logs.')
param workspaceId string

@description('Put locks against deletion on them, and keep what was deleted from being purged.')
param keep bool

@description('Make a vault for encryption keys too.')
param customerManagedKeys bool

// Azure takes it when the vault is made and never again, so it hangs on nothing that can change.
var retention = size == 'small' ? 7 : 90

// A vault for each reader: a role on a vault opens everything in it.
module api 'one-vault.bicep' = {
  name: 'vault-api'
  params: {
    name: 'kvapi${token}'
    location: location
    tags: tags
    network: network
    networking: networking
    subnetIds: [networking.apiSubnetId, networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    purgeProtection: keep
    retention: retention
  }
}

module processor 'one-vault.bicep' = {
  name: 'vault-processor'
  params: {
    name: 'kvproc${token}'
    location: location
    tags: tags
    network: network
    networking: networking
    subnetIds: [networking.processorSubnetId, networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    purgeProtection: keep
    retention: retention
  }
}

module gateway 'one-vault.bicep' = if (size == 'production') {
  name: 'vault-gateway'
  params: {
    name: 'kvgate${token}'
    location: location
    tags: tags
    network: network
    networking: networking
    subnetIds: [networking.gatewaySubnetId, networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    purgeProtection: keep
    retention: retention
    // API Management fetches the certificate of its host name from its control plane, which comes as a trusted service;
    // named values come through the subnet. The vault holds nothing that the gateway may not read.
    bypass: 'AzureServices'
  }
}

// Storage and the database come to their key as trusted services.
module keys 'one-vault.bicep' = if (customerManagedKeys) {
  name: 'vault-keys'
  params: {
    name: 'kvkeys${token}'
    location: location
    tags: tags
    network: network
    networking: networking
    subnetIds: [networking.runnerSubnetId]
    workspaceId: workspaceId
    keep: keep
    // Storage and the database take no key of a vault that can be purged.
    purgeProtection: true
    retention: retention
    bypass: 'AzureServices'
  }
}

@description('Names of the vaults that hold secrets.')
output names Vaults = {
  api: api.outputs.name
  processor: processor.outputs.name
  gateway: size == 'production' ? gateway!.outputs.name : ''
}

@description('Their addresses, each with a slash at its end.')
output uris Vaults = {
  api: api.outputs.uri
  processor: processor.outputs.uri
  gateway: size == 'production' ? gateway!.outputs.uri : ''
}

@description('Name of the vault of encryption keys; empty for none.')
output keysVaultName string = customerManagedKeys ? keys!.outputs.name : ''
