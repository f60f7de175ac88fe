@description('Name of the endpoint.')
param name string

@description('Region of the endpoint.')
param location string

@description('Tags of every resource.')
param tags object

@description('Subnet that the endpoint takes its address from.')
param subnetId string

@description('What is reached through it.')
param targetId string

@description('Which part of the target: blob, queue, vault, sites or postgresqlServer.')
param groupId string

@description('Private DNS zone that resolves the target\'s public name to the endpoint.')
param zoneId string

resource endpoint 'Microsoft.Network/privateEndpoints@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: groupId
        properties: {
          privateLinkServiceId: targetId
          groupIds: [
            groupId
          ]
        }
      }
    ]
  }
}

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2026-03-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: groupId
        properties: {
          privateDnsZoneId: zoneId
        }
      }
    ]
  }
}
