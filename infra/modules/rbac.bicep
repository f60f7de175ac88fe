import { Accounts, Size, Vaults } from 'types.bicep'

@description('Small has neither gateway nor pipeline, so no roles of theirs.')
param size Size

@description('Names of the storage accounts.')
param storage Accounts

@description('Names of the vaults.')
param vaults Vaults

@description('The Application Insights component.')
param componentName string

@description('Object ids of those that get roles.')
param apiPrincipalId string
param processorPrincipalId string
param gatewayPrincipalId string
param deployPrincipalId string

@description('The resource group, beyond which the role of our own cannot be given.')
param groupId string

@description('Suffix that makes names unique.')
param token string

@description('flex or dedicated: on a dedicated plan the package is a blob that the deployment writes.')
param plan string

var production = size == 'production'
var blobDataOwner = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
)
var blobDataContributor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
)
var queueReader = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '19e7f393-937e-4f77-808e-94535e297925'
)
var queueProcessor = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '8a0f0c08-91a1-4084-bc3d-661d67233fed'
)
var queueSender = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
)
var secretsUser = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '4633458b-17de-408a-b874-0445c86b69e6'
)
var metricsPublisher = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  '3913510d-42f4-4e42-8a64-420c390055eb'
)

resource apiAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storage.api
}

resource processorAccount 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storage.processor
}

resource work 'Microsoft.Storage/storageAccounts@2026-04-01' existing = {
  name: storage.work
}

resource apiBlobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' existing = {
  parent: apiAccount
  name: 'default'
}

resource apiPackages 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' existing = {
  parent: apiBlobs
  name: 'packages'
}

resource processorBlobs 'Microsoft.Storage/storageAccounts/blobServices@2026-04-01' existing = {
  parent: processorAccount
  name: 'default'
}

resource processorPackages 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-04-01' existing = {
  parent: processorBlobs
  name: 'packages'
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2026-04-01' existing = {
  parent: work
  name: 'default'
}

resource fulfilment 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' existing = {
  parent: queueService
  name: 'orders-fulfilment'
}

resource incoming 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' existing = {
  parent: queueService
  name: 'orders-incoming'
}

resource fulfilmentPoison 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' existing = {
  parent: queueService
  name: 'orders-fulfilment-poison'
}

resource incomingPoison 'Microsoft.Storage/storageAccounts/queueServices/queues@2026-04-01' existing = {
  parent: queueService
  name: 'orders-incoming-poison'
}

resource vaultOfApi 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaults.api
}

resource vaultOfProcessor 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaults.processor
}

resource vaultOfGateway 'Microsoft.KeyVault/vaults@2026-02-01' existing = if (production) {
  name: vaults.gateway
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// Each host owns its own account and no other.
resource apiHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: apiAccount
  name: guid(apiAccount.id, apiPrincipalId, blobDataOwner)
  properties: {
    roleDefinitionId: blobDataOwner
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource processorHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: processorAccount
  name: guid(processorAccount.id, processorPrincipalId, blobDataOwner)
  properties: {
    roleDefinitionId: blobDataOwner
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The api only hands over; it reads no queue.
resource apiSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilment
  name: guid(fulfilment.id, apiPrincipalId, queueSender)
  properties: {
    roleDefinitionId: queueSender
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// The processor reads every queue, sends again what was not acknowledged, and its host sends what failed to the poison
// queue.
resource looksAtFulfilment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilment
  name: guid(fulfilment.id, processorPrincipalId, queueReader)
  properties: {
    roleDefinitionId: queueReader
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource takesFromFulfilment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilment
  name: guid(fulfilment.id, processorPrincipalId, queueProcessor)
  properties: {
    roleDefinitionId: queueProcessor
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource sendsToFulfilment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilment
  name: guid(fulfilment.id, processorPrincipalId, queueSender)
  properties: {
    roleDefinitionId: queueSender
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource looksAtIncoming 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incoming
  name: guid(incoming.id, processorPrincipalId, queueReader)
  properties: {
    roleDefinitionId: queueReader
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource takesFromIncoming 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incoming
  name: guid(incoming.id, processorPrincipalId, queueProcessor)
  properties: {
    roleDefinitionId: queueProcessor
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource sendsToIncoming 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incoming
  name: guid(incoming.id, processorPrincipalId, queueSender)
  properties: {
    roleDefinitionId: queueSender
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource looksAtFulfilmentPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilmentPoison
  name: guid(fulfilmentPoison.id, processorPrincipalId, queueReader)
  properties: {
    roleDefinitionId: queueReader
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource takesFromFulfilmentPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilmentPoison
  name: guid(fulfilmentPoison.id, processorPrincipalId, queueProcessor)
  properties: {
    roleDefinitionId: queueProcessor
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource sendsToFulfilmentPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: fulfilmentPoison
  name: guid(fulfilmentPoison.id, processorPrincipalId, queueSender)
  properties: {
    roleDefinitionId: queueSender
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource looksAtIncomingPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incomingPoison
  name: guid(incomingPoison.id, processorPrincipalId, queueReader)
  properties: {
    roleDefinitionId: queueReader
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource takesFromIncomingPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incomingPoison
  name: guid(incomingPoison.id, processorPrincipalId, queueProcessor)
  properties: {
    roleDefinitionId: queueProcessor
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource sendsToIncomingPoison 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: incomingPoison
  name: guid(incomingPoison.id, processorPrincipalId, queueSender)
  properties: {
    roleDefinitionId: queueSender
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// What Azure/functions-action 1.5.7 asks of Azure Resource Manager, read from its source (src/appservice-rest/Arm), `publish`
// for the scm host (Microsoft: "RBAC permissions required to access Kudu"), and the restart after a package of a dedicated
// plan. Website Contributor would do too, and change authentication, access restrictions, settings and identities as well.
resource publisher 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (production) {
  name: guid(groupId, 'publisher')
  properties: {
    roleName: 'Publisher of ${token}'
    description: 'Publishes packages of function apps and restarts them; reads their settings, none of which is a secret.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Web/sites/read'
          'Microsoft.Web/sites/config/read'
          'Microsoft.Web/sites/config/list/action'
          'Microsoft.Web/sites/publish/action'
          'Microsoft.Web/sites/publishxml/action'
          'Microsoft.Web/sites/restart/action'
        ]
      }
    ]
    assignableScopes: [
      groupId
    ]
  }
}

// Whose vault it is, reads its secrets.
resource apiSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vaultOfApi
  name: guid(vaultOfApi.id, apiPrincipalId, secretsUser)
  properties: {
    roleDefinitionId: secretsUser
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource processorSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vaultOfProcessor
  name: guid(vaultOfProcessor.id, processorPrincipalId, secretsUser)
  properties: {
    roleDefinitionId: secretsUser
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource gatewaySecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (production) {
  scope: vaultOfGateway
  name: guid(vaultOfGateway.id, gatewayPrincipalId, secretsUser)
  properties: {
    roleDefinitionId: secretsUser
    principalId: gatewayPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource apiTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, apiPrincipalId, metricsPublisher)
  properties: {
    roleDefinitionId: metricsPublisher
    principalId: apiPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource processorTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, processorPrincipalId, metricsPublisher)
  properties: {
    roleDefinitionId: metricsPublisher
    principalId: processorPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource gatewayTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (production) {
  scope: component
  name: guid(component.id, gatewayPrincipalId, metricsPublisher)
  properties: {
    roleDefinitionId: metricsPublisher
    principalId: gatewayPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource apiPackage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (plan == 'dedicated') {
  scope: apiPackages
  name: guid(apiPackages.id, deployPrincipalId, blobDataContributor)
  properties: {
    roleDefinitionId: blobDataContributor
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource processorPackage 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (plan == 'dedicated') {
  scope: processorPackages
  name: guid(processorPackages.id, deployPrincipalId, blobDataContributor)
  properties: {
    roleDefinitionId: blobDataContributor
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}

@description('The role of the one that publishes.')
output publisherRoleId string = production ? publisher.id : ''
