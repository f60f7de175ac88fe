@description('Region of the rules.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('privateEndpoints or serviceEndpoints: decides whether storage and vaults are reached by service tag.')
param network string

@description('Addresses of each subnet.')
param apiPrefix string
param processorPrefix string
param gatewayPrefix string
param endpointsPrefix string
param runnerPrefix string

@description('The one place outside Azure that the processor may talk to; empty for none.')
param fulfilmentAddressPrefix string

@description('Address range whose programs call the api app itself; empty for none.')
param directCallers string

@description('Whether the apps have run, so that every other way out can be closed.')
param settled bool

// Both apps reach what stands behind private endpoints, Entra, Azure Monitor and, by Front Door, the place where the host
// fetches an extension bundle that its image lacks.
var outOfApps = [
  { name: 'endpoints', port: '443', to: endpointsPrefix }
  { name: 'database', port: '5432', to: endpointsPrefix }
  { name: 'sign-in', port: '443', to: 'AzureActiveDirectory' }
  { name: 'monitor', port: '443', to: 'AzureMonitor' }
  { name: 'bundles', port: '443', to: 'AzureFrontDoor.FirstParty' }
]
var outByServiceEndpoint = network == 'serviceEndpoints'
  ? [
      { name: 'storage', port: '443', to: 'Storage' }
      { name: 'vault', port: '443', to: 'AzureKeyVault' }
    ]
  : []
var outToFulfilment = empty(fulfilmentAddressPrefix)
  ? []
  : [{ name: 'fulfilment', port: '443', to: fulfilmentAddressPrefix }]
var intoDirectly = empty(directCallers) ? [] : [{ name: 'callers', ports: ['443'], from: directCallers }]
var intoEndpoints = [
  { name: 'api', ports: ['443', '5432'], from: apiPrefix }
  { name: 'processor', ports: ['443', '5432'], from: processorPrefix }
  { name: 'gateway', ports: ['443'], from: gatewayPrefix }
  { name: 'runner', ports: ['443', '5432'], from: runnerPrefix }
]

// A group guards one subnet, so every sender is in it; a Flex Consumption app does not always send from an address of it.
var outOfApi = [
  for (rule, i) in concat(outOfApps, outByServiceEndpoint): {
    name: 'to-${rule.name}'
    properties: {
      direction: 'Outbound'
      access: 'Allow'
      priority: 100 + i
      protocol: 'Tcp'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: rule.to
      destinationPortRange: rule.port
    }
  }
]
var outOfProcessor = [
  for (rule, i) in concat(outOfApps, outByServiceEndpoint, outToFulfilment): {
    name: 'to-${rule.name}'
    properties: {
      direction: 'Outbound'
      access: 'Allow'
      priority: 100 + i
      protocol: 'Tcp'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: rule.to
      destinationPortRange: rule.port
    }
  }
]
var rulesOfEndpoints = [
  for (rule, i) in concat(intoEndpoints, intoDirectly): {
    name: 'from-${rule.name}'
    properties: {
      direction: 'Inbound'
      access: 'Allow'
      priority: 100 + i
      protocol: 'Tcp'
      sourceAddressPrefix: rule.from
      sourcePortRange: '*'
      destinationAddressPrefix: endpointsPrefix
      destinationPortRanges: rule.ports
    }
  }
]
// Under it an app that has never run is known to fail: Azure makes no host keys, and the first start may fetch more than the
// list above. So it comes with the provision after.
var nothingElseOut = {
  name: 'nothing-else-out'
  properties: {
    direction: 'Outbound'
    access: 'Deny'
    priority: 4096
    protocol: '*'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}
var nothingElseIn = {
  name: 'nothing-else-in'
  properties: {
    direction: 'Inbound'
    access: 'Deny'
    priority: 4096
    protocol: '*'
    sourceAddressPrefix: '*'
    sourcePortRange: '*'
    destinationAddressPrefix: '*'
    destinationPortRange: '*'
  }
}

// The rules stand in their group: as resources of their own they would be gone for a while at every deployment.
resource api 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-api-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: concat(outOfApi, settled ? [nothingElseOut] : [])
  }
}

resource processor 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-processor-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: concat(outOfProcessor, settled ? [nothingElseOut] : [])
  }
}

resource endpoints 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-endpoints-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: concat(rulesOfEndpoints, [nothingElseIn])
  }
}

// The gateway's subnet only carries what it sends; its front is Azure's.
resource gateway 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-gateway-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: []
  }
}

// A runner fetches its work from outside and takes no calls.
resource runner 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-runner-${token}'
  location: location
  tags: tags
  properties: {
    securityRules: [nothingElseIn]
  }
}

@description('For the subnets that they guard.')
output apiId string = api.id
output processorId string = processor.id
output endpointsId string = endpoints.id
output gatewayId string = gateway.id
output runnerId string = runner.id
