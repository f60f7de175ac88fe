@description('Name of the zone, such as privatelink.vaultcore.azure.net.')
param name string

@description('Tags of every resource.')
param tags object

@description('The network that resolves names by this zone.')
param networkId string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = {
  name: name
  location: 'global'
  tags: tags
}

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = {
  parent: zone
  name: 'network'
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}

@description('For the endpoints that write their addresses into it.')
output id string = zone.id
