import { Places, Identity, Accounts, Size, Vaults } from 'types.bicep'

@description('Region of the apps.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Small apps scale as far as a small database takes connections.')
param size Size

@description('flex or dedicated.')
param plan string

@description('privateEndpoints, serviceEndpoints or open.')
param network string

@description('Subnets and DNS zones.')
param networking Places

@description('An existing App Service Environment; empty for none.')
param appServiceEnvironmentId string

@description('The oldest TLS that the apps and their scm hosts speak.')
param minTlsVersion string

@description('Names of the two apps.')
param apiName string
param processorName string

@description('The identity of each app, as { api, processor }.')
param identities { api: Identity, processor: Identity }

@description('Names of the storage accounts.')
param storage Accounts

@description('Addresses of the vaults.')
param vaultUris Vaults

@description('Where the database is.')
param databaseHost string

@description('Where telemetry goes.')
param connectionString string

@description('Workspace that receives the logs.')
param workspaceId string

@description('Client id of the API\'s app registration.')
param apiClientId string

@description('Every client id that may call.')
param allowedClientIds array

@description('Those of them that may call on a person\'s behalf, with commas between.')
param allowedUserClients string

@description('Origins of browser applications; the gateway answers them, the app only repeats the list.')
param corsOrigins array

@description('Where orders are fulfilled; empty for nowhere yet.')
param fulfilmentUrl string

@description('Which certificate belongs to which program that calls the api app itself; empty: the gateway is the only way in.')
param directCertificates string

@description('The identity that publishes packages.')
param deployPrincipalId string

@description('The role that lets it publish.')
param publisherRoleId string

// pool x instances x scale groups: docs/scale.md.
var apiPool = 4
var processorPool = 2
var isSmall = size == 'small'
var apiInstances = isSmall ? 2 : 40
var processorInstances = isSmall ? 1 : 40
// Without a named backend its messages stay in their queue, uncounted; each try would count towards giving them up.
var ofFulfilment = empty(fulfilmentUrl)
  ? { AzureWebJobs_FulfilOrder_Disabled: 'true' }
  : {
      ORDERS_FULFILMENT_URL: fulfilmentUrl
      ORDERS_FULFILMENT_CLIENT_CERTIFICATE: 'keyvault:fulfilment-client'
      ORDERS_FULFILMENT_CA: 'keyvault:fulfilment-ca'
    }
// The gateway shows no certificate, so an app that demands one has other callers.
var ofDirectCallers = empty(directCertificates)
  ? {}
  : {
      ORDERS_CLIENT_CERTIFICATE_MODE: 'required'
      ORDERS_CLIENT_CERTIFICATE_CA: 'keyvault:partners-ca'
      ORDERS_CLIENT_CERTIFICATE_ALLOWED: directCertificates
    }
var work = 'https://${storage.work}.queue.${environment().suffixes.storage}'

module api 'function-app.bicep' = {
  name: 'app-api'
  params: {
    name: apiName
    service: 'api'
    location: location
    token: token
    tags: tags
    plan: plan
    network: network
    networking: networking
    subnetId: networking.apiSubnetId
    callerSubnetId: networking.gatewaySubnetId
    callerPrefix: networking.gatewayPrefix
    appServiceEnvironmentId: appServiceEnvironmentId
    minTlsVersion: minTlsVersion
    identity: identities.api
    instances: apiInstances
    hostAccount: storage.api
    workspaceId: workspaceId
    connectionString: connectionString
    apiClientId: apiClientId
    allowedClientIds: allowedClientIds
    corsOrigins: corsOrigins
    byPipeline: !isSmall
    deployPrincipalId: deployPrincipalId
    publisherRoleId: publisherRoleId
    demandsCertificates: !empty(directCertificates)
    settings: union(ofDirectCallers, {
      WorkQueues__queueServiceUri: work
      ORDERS_DATABASE_URL: 'postgres://${identities.api.name}@${databaseHost}:5432/orders?sslmode=verify-full'
      ORDERS_DATABASE_IDENTITY: 'managed'
      ORDERS_DATABASE_POOL: string(apiPool)
      ORDERS_IDENTITY: 'easyauth+jwt'
      ORDERS_ENTRA_TENANT_ID: tenant().tenantId
      ORDERS_ENTRA_AUDIENCE: apiClientId
      ORDERS_ENTRA_ALLOWED_CLIENTS: allowedUserClients
      ORDERS_REQUIRED_SCOPE: 'Orders.ReadWrite'
      ORDERS_RATE_LIMIT: '20/s burst 40'
      KeyVaultUrl: vaultUris.api
    })
  }
}

module processor 'function-app.bicep' = {
  name: 'app-processor'
  params: {
    name: processorName
    service: 'processor'
    location: location
    token: token
    tags: tags
    plan: plan
    network: network
    networking: networking
    subnetId: networking.processorSubnetId
    callerSubnetId: networking.runnerSubnetId
    callerPrefix: networking.runnerPrefix
    appServiceEnvironmentId: appServiceEnvironmentId
    minTlsVersion: minTlsVersion
    identity: identities.processor
    instances: processorInstances
    hostAccount: storage.processor
    workspaceId: workspaceId
    connectionString: connectionString
    apiClientId: apiClientId
    allowedClientIds: allowedClientIds
    corsOrigins: []
    byPipeline: !isSmall
    deployPrincipalId: deployPrincipalId
    publisherRoleId: publisherRoleId
    demandsCertificates: false
    settings: union(ofFulfilment, {
      WorkQueues__queueServiceUri: work
      ORDERS_DATABASE_URL: 'postgres://${identities.processor.name}@${databaseHost}:5432/orders?sslmode=verify-full'
      ORDERS_DATABASE_IDENTITY: 'managed'
      ORDERS_DATABASE_POOL: string(processorPool)
      ORDERS_ENTRA_TENANT_ID: tenant().tenantId
      KeyVaultUrl: vaultUris.processor
    })
  }
}

@description('What the gateway calls.')
output apiHost string = api.outputs.host
