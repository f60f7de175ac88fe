@description('Region of the gateway.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Subnet that the gateway calls from.')
param subnetId string

@description('Who the gateway names as its publisher.')
param publisherName string

@description('Mail address of the publisher.')
param publisherEmail string

@description('Whether Front Door stands before the gateway, and comes by a private link.')
param behindFrontDoor bool

@description('Workspace that receives the logs.')
param workspaceId string

@description('Host name of our own; empty for Azure\'s, which asks for no certificates. Its certificate has to be in the vault.')
param hostName string

@description('Address of the certificate in its vault, without a version so that it follows rotation.')
param certificateUri string

// The certificate is read by an identity that the first deployment makes, from a vault that it makes, so the name comes later.
var ownHostName = [
  {
    type: 'Proxy'
    hostName: hostName
    certificateSource: 'KeyVault'
    keyVaultId: certificateUri
    defaultSslBinding: true
    negotiateClientCertificate: true
  }
]

resource service 'Microsoft.ApiManagement/service@2024-05-01' = {
  name: 'apim-${token}'
  location: location
  tags: tags
  sku: {
    name: 'StandardV2'
    capacity: 1
  }
  // A vault behind a firewall hands certificates and named values to the system-assigned identity alone.
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    publisherName: publisherName
    publisherEmail: publisherEmail
    // Front Door comes by a private link, and then no caller by the public address. Azure makes no gateway without one, but
    // lets it be taken away: Front Door comes with the host name, so never with the first deployment.
    publicNetworkAccess: behindFrontDoor ? 'Disabled' : 'Enabled'
    virtualNetworkType: 'External'
    virtualNetworkConfiguration: {
      subnetResourceId: subnetId
    }
    developerPortalStatus: 'Disabled'
    legacyPortalStatus: 'Disabled'
    hostnameConfigurations: empty(hostName) ? [] : ownHostName
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: service
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { categoryGroup: 'allLogs', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
}

@description('For the API and its policies.')
output name string = service.name

@description('For a private link to it.')
output id string = service.id

@description('The identity that reads the gateway\'s vault.')
output principalId string = service.identity.principalId

@description('Where callers come.')
output url string = empty(hostName) ? service.properties.gatewayUrl : 'https://${hostName}'
