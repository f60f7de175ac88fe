import { Identity } from 'types.bicep'

@description('The app.')
param appName string

@description('api or processor.')
param service string

@description('flex or dedicated.')
param plan string

@description('Blob service of the app\'s host account.')
param blobs string

@description('The app\'s own identity, as { id, clientId }.')
param identity Identity

@description('Where telemetry goes.')
param connectionString string

@description('Client id of the API\'s app registration.')
param apiClientId string

@description('Every client id that may call.')
param allowedClientIds array

@description('App settings of this app alone; none is a secret.')
param settings object

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

var common = {
  AzureWebJobsStorage__blobServiceUri: blobs
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.clientId
  WorkQueues__credential: 'managedidentity'
  WorkQueues__clientId: identity.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
  AZURE_CLIENT_ID: identity.clientId
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
  ORDERS_LOG: 'info'
}

// Flex Consumption takes its package and runtime from functionAppConfig and refuses these settings.
var ofPlan = plan == 'flex'
  ? {}
  : {
      FUNCTIONS_EXTENSION_VERSION: '~4'
      FUNCTIONS_WORKER_RUNTIME: 'custom'
      WEBSITE_RUN_FROM_PACKAGE: '${blobs}/packages/${service}.zip'
      WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID: identity.id
    }

resource values 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(common, ofPlan, settings)
}

resource signIn 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'Return401'
      excludedPaths: ['/api/health']
    }
    httpSettings: {
      requireHttps: true
      forwardProxy: {
        convention: 'NoProxy'
      }
      routes: {
        apiPrefix: '/.auth'
      }
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: apiClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [apiClientId]
          defaultAuthorizationPolicy: {
            allowedApplications: allowedClientIds
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
