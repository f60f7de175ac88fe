import { Places } from 'types.bicep'

@description('Region of the network.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('First two numbers of the address space.')
param addressPrefix string

@description('flex or dedicated: decides which service the subnets of the apps are delegated to.')
param plan string

@description('privateEndpoints or serviceEndpoints.')
param network string

@description('The one place outside Azure that the processor may talk to; empty for none.')
param fulfilmentAddressPrefix string

@description('Address range whose programs call the api app itself; empty for none.')
param directCallers string

@description('Whether the apps have run, so that every other way out can be closed.')
param settled bool

var appDelegation = plan == 'flex' ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms'
var endpointsOfApps = network == 'serviceEndpoints'
  ? [{ service: 'Microsoft.Storage' }, { service: 'Microsoft.KeyVault' }]
  : []
var endpointsOfGateway = network == 'serviceEndpoints'
  ? [{ service: 'Microsoft.Web' }, { service: 'Microsoft.KeyVault' }]
  : []
var endpointsOfRunner = network == 'serviceEndpoints'
  ? [{ service: 'Microsoft.Web' }, { service: 'Microsoft.Storage' }, { service: 'Microsoft.KeyVault' }]
  : []

module guards 'network-rules.bicep' = {
  name: 'network-rules'
  params: {
    location: location
    token: token
    tags: tags
    network: network
    apiPrefix: '${addressPrefix}.0.0/26'
    processorPrefix: '${addressPrefix}.0.64/26'
    gatewayPrefix: '${addressPrefix}.1.0/24'
    endpointsPrefix: '${addressPrefix}.2.0/24'
    runnerPrefix: '${addressPrefix}.3.0/28'
    fulfilmentAddressPrefix: fulfilmentAddressPrefix
    directCallers: directCallers
    settled: settled
  }
}

// Subnets have no default way out, so what must leave (Entra, Azure Monitor, the backend) leaves by one known address.
resource outboundAddress 'Microsoft.Network/publicIPAddresses@2026-03-01' = {
  name: 'pip-outbound-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
  }
}

resource outbound 'Microsoft.Network/natGateways@2026-03-01' = {
  name: 'ng-${token}'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIpAddresses: [
      {
        id: outboundAddress.id
      }
    ]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        '${addressPrefix}.0.0/16'
      ]
    }
    subnets: [
      {
        name: 'snet-api'
        properties: {
          addressPrefix: '${addressPrefix}.0.0/26'
          defaultOutboundAccess: false
          natGateway: {
            id: outbound.id
          }
          networkSecurityGroup: {
            id: guards.outputs.apiId
          }
          serviceEndpoints: endpointsOfApps
          delegations: [
            {
              name: 'apps'
              properties: {
                serviceName: appDelegation
              }
            }
          ]
        }
      }
      {
        name: 'snet-processor'
        properties: {
          addressPrefix: '${addressPrefix}.0.64/26'
          defaultOutboundAccess: false
          natGateway: {
            id: outbound.id
          }
          networkSecurityGroup: {
            id: guards.outputs.processorId
          }
          serviceEndpoints: endpointsOfApps
          delegations: [
            {
              name: 'apps'
              properties: {
                serviceName: appDelegation
              }
            }
          ]
        }
      }
      {
        name: 'snet-gateway'
        properties: {
          addressPrefix: '${addressPrefix}.1.0/24'
          defaultOutboundAccess: false
          natGateway: {
            id: outbound.id
          }
          networkSecurityGroup: {
            id: guards.outputs.gatewayId
          }
          serviceEndpoints: endpointsOfGateway
          delegations: [
            {
              name: 'gateway'
              properties: {
                serviceName: 'Microsoft.Web/serverFarms'
              }
            }
          ]
        }
      }
      {
        name: 'snet-endpoints'
        properties: {
          addressPrefix: '${addressPrefix}.2.0/24'
          defaultOutboundAccess: false
          networkSecurityGroup: {
            id: guards.outputs.endpointsId
          }
          // What a Flex Consumption app sends does not always come from its subnet, so rules about where it comes from
          // would shut it out.
          privateEndpointNetworkPolicies: plan == 'flex' ? 'Disabled' : 'Enabled'
        }
      }
      {
        name: 'snet-runner'
        properties: {
          addressPrefix: '${addressPrefix}.3.0/28'
          defaultOutboundAccess: false
          natGateway: {
            id: outbound.id
          }
          networkSecurityGroup: {
            id: guards.outputs.runnerId
          }
          serviceEndpoints: endpointsOfRunner
        }
      }
    ]
  }
}

module databaseZone 'private-zone.bicep' = {
  name: 'zone-database'
  params: {
    name: 'privatelink.postgres.database.azure.com'
    tags: tags
    networkId: vnet.id
  }
}

module blobZone 'private-zone.bicep' = if (network == 'privateEndpoints') {
  name: 'zone-blob'
  params: {
    name: 'privatelink.blob.${environment().suffixes.storage}'
    tags: tags
    networkId: vnet.id
  }
}

module queueZone 'private-zone.bicep' = if (network == 'privateEndpoints') {
  name: 'zone-queue'
  params: {
    name: 'privatelink.queue.${environment().suffixes.storage}'
    tags: tags
    networkId: vnet.id
  }
}

module vaultZone 'private-zone.bicep' = if (network == 'privateEndpoints') {
  name: 'zone-vault'
  params: {
    name: 'privatelink.vaultcore.azure.net'
    tags: tags
    networkId: vnet.id
  }
}

module appZone 'private-zone.bicep' = if (network == 'privateEndpoints') {
  name: 'zone-apps'
  params: {
    name: 'privatelink.azurewebsites.net'
    tags: tags
    networkId: vnet.id
  }
}

@description('Subnets, and the DNS zones of private endpoints; a zone is empty where the network has none of its kind.')
output places Places = {
  apiSubnetId: '${vnet.id}/subnets/snet-api'
  processorSubnetId: '${vnet.id}/subnets/snet-processor'
  gatewaySubnetId: '${vnet.id}/subnets/snet-gateway'
  endpointsSubnetId: '${vnet.id}/subnets/snet-endpoints'
  runnerSubnetId: '${vnet.id}/subnets/snet-runner'
  gatewayPrefix: '${addressPrefix}.1.0/24'
  runnerPrefix: '${addressPrefix}.3.0/28'
  databaseZoneId: databaseZone.outputs.id
  blobZoneId: network == 'privateEndpoints' ? blobZone!.outputs.id : ''
  queueZoneId: network == 'privateEndpoints' ? queueZone!.outputs.id : ''
  vaultZoneId: network == 'privateEndpoints' ? vaultZone!.outputs.id : ''
  appZoneId: network == 'privateEndpoints' ? appZone!.outputs.id : ''
}
