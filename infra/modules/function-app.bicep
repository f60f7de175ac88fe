import { Places, Identity } from 'types.bicep'

@description('Name of the app.')
param name string

@description('api or processor: the service of azure.yaml that is published to it.')
param service string

@description('Region of the app.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('flex or dedicated.')
param plan string

@description('privateEndpoints, serviceEndpoints, or open: then App Service Authentication alone stands before it.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('Subnet that the app calls from.')
param subnetId string

@description('The one subnet that may call the app where the network has service endpoints.')
param callerSubnetId string

@description('Its addresses, for an App Service Environment.')
param callerPrefix string

@description('An existing App Service Environment; empty for none.')
param appServiceEnvironmentId string

@description('The oldest TLS that the app and its scm host speak.')
param minTlsVersion string

@description('The app\'s own identity, as { id, clientId }.')
param identity Identity

@description('The most instances of one scale group, on Flex Consumption.')
param instances int

@description('Storage account of the app\'s host and package.')
param hostAccount string

@description('Workspace that receives the logs.')
param workspaceId string

@description('Where telemetry goes.')
param connectionString string

@description('Client id of the API\'s app registration.')
param apiClientId string

@description('Every client id that may call.')
param allowedClientIds array

@description('Origins of browser applications.')
param corsOrigins array

@description('Whether a pipeline publishes packages, or a person.')
param byPipeline bool

@description('The identity of that pipeline.')
param deployPrincipalId string

@description('The role that lets it publish.')
param publisherRoleId string

@description('Whether every caller has to show a certificate; on a dedicated plan alone.')
param demandsCertificates bool

@description('App settings of this app alone; none is a secret.')
param settings object

var blobs = 'https://${hostAccount}.blob.${environment().suffixes.storage}'
var flexConfig = {
  deployment: {
    storage: {
      type: 'blobContainer'
      value: '${blobs}/packages'
      authentication: {
        type: 'UserAssignedIdentity'
        userAssignedIdentityResourceId: identity.id
      }
    }
  }
  runtime: {
    name: 'custom'
    version: '1.0'
  }
  scaleAndConcurrency: {
    maximumInstanceCount: instances
    instanceMemoryMB: 512
  }
}

// An App Service Environment stands in a subnet of its own: its apps are inside already and have no endpoint.
var isIsolated = !empty(appServiceEnvironmentId)
var isJoined = network != 'open' && !isIsolated
var otherwise = network == 'open' ? 'Allow' : 'Deny'
// Behind a private endpoint no caller comes by another way; with service endpoints one subnet does; an App Service Environment
// sees the addresses of a network that is joined to its own.
var callers = isIsolated
  ? [{ name: 'caller', priority: 100, action: 'Allow', ipAddress: callerPrefix }]
  : network == 'serviceEndpoints'
      ? [{ name: 'caller', priority: 100, action: 'Allow', vnetSubnetResourceId: callerSubnetId }]
      : []
var publishers = isIsolated
  ? [{ name: 'runner', priority: 100, action: 'Allow', ipAddress: networking.runnerPrefix }]
  : network == 'serviceEndpoints'
      ? [{ name: 'runner', priority: 100, action: 'Allow', vnetSubnetResourceId: networking.runnerSubnetId }]
      : []
var siteConfig = {
  minTlsVersion: minTlsVersion
  scmMinTlsVersion: minTlsVersion
  http20Enabled: true
  remoteDebuggingEnabled: false
  cors: {
    allowedOrigins: corsOrigins
    supportCredentials: false
  }
  ipSecurityRestrictionsDefaultAction: otherwise
  ipSecurityRestrictions: callers
  scmIpSecurityRestrictionsUseMain: false
  scmIpSecurityRestrictionsDefaultAction: otherwise
  scmIpSecurityRestrictions: publishers
}
// Azure refuses a Flex Consumption app that names these, whatever it says of them; FTP is closed by the policy below.
var ofPlan = plan == 'flex'
  ? {}
  : union({ ftpsState: 'Disabled', alwaysOn: true }, service == 'api' ? { healthCheckPath: '/api/health' } : {})
var dedicatedSize = isIsolated
  ? { name: 'I1v2', tier: 'IsolatedV2', capacity: 2 }
  : { name: 'P1v3', tier: 'PremiumV3', capacity: 2 }

resource farm 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${service}-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: plan == 'flex' ? { name: 'FC1', tier: 'FlexConsumption' } : dedicatedSize
  properties: {
    reserved: true
    hostingEnvironmentProfile: isIsolated ? { id: appServiceEnvironmentId } : null
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': service })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    serverFarmId: farm.id
    httpsOnly: true
    publicNetworkAccess: network == 'privateEndpoints' && !isIsolated ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: isJoined ? subnetId : null
    outboundVnetRouting: isJoined ? { allTraffic: true } : null
    keyVaultReferenceIdentity: identity.id
    clientAffinityEnabled: false
    clientCertEnabled: plan == 'dedicated' && demandsCertificates
    clientCertMode: 'Required'
    sshEnabled: false
    autoGeneratedDomainNameLabelScope: 'TenantReuse'
    #disable-next-line BCP037
    functionsRuntimeAdminIsolationEnabled: true
    functionAppConfig: plan == 'flex' ? flexConfig : null
    siteConfig: union(siteConfig, ofPlan)
  }
}

resource scmPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource ftpPasswords 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

module configuration 'app-settings.bicep' = {
  name: 'settings-${service}'
  params: {
    appName: app.name
    service: service
    plan: plan
    blobs: blobs
    identity: identity
    connectionString: connectionString
    apiClientId: apiClientId
    allowedClientIds: allowedClientIds
    settings: settings
  }
}

module endpoint 'private-endpoint.bicep' = if (network == 'privateEndpoints' && !isIsolated) {
  name: 'endpoint-${service}'
  params: {
    name: 'pe-${name}'
    location: location
    tags: tags
    subnetId: networking.endpointsSubnetId
    targetId: app.id
    groupId: 'sites'
    zoneId: networking.appZoneId
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'workspace'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'FunctionAppLogs', enabled: true }
      { category: 'AppServiceAuthenticationLogs', enabled: true }
    ]
    metrics: [
      { category: 'AllMetrics', enabled: true }
    ]
  }
}

// Who publishes cannot change who may call, but its code runs as the app (docs/threat-model.md).
resource publisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (byPipeline) {
  scope: app
  name: guid(app.id, deployPrincipalId, 'publish')
  properties: {
    roleDefinitionId: publisherRoleId
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('Where the app answers.')
output host string = app.properties.defaultHostName
