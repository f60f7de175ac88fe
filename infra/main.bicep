targetScope = 'subscription'

import { Callers, Clients, nowhere, Size } from 'modules/types.bicep'

@minLength(1)
@maxLength(32)
@description('Name of this deployment; azd asks for it. Becomes part of every resource name.')
param environmentName string

@description('Region of every resource.')
param location string

@description('small: to see it run, closed by identities alone, for one person. production: a network of its own, a gateway before it, alerts.')
param size Size

// azd asks for what has neither a value nor a default before any hook runs, and a hook is what makes this one.
@description('Client id of the app registration of the API (infra/scripts/register.sh makes it). Tokens carry it as their audience.')
param apiClientId string = ''

@description('Client ids that may call: users = on a person\'s behalf, apps = as themselves. Feeds the gateway, App Service Authentication and the worker. Small adds Azure CLI.')
param allowedClients Clients = {
  users: []
  apps: []
}

@description('Client id of the program that looks after each deployment; one more that may call as itself.')
param smokeClientId string = ''

@description('Where orders are fulfilled, https only. Empty for nowhere yet: orders are taken and wait. The client certificate has to be in the processor\'s vault.')
param fulfilmentUrl string = ''

// Small alone.

@description('Object id of who deploys, who administers the database of a small deployment.')
param deployerId string = ''

@description('Name of who deploys, as Entra says it; the login at the database.')
param deployerName string = ''

@description('What Entra calls who deploys.')
@allowed([
  'User'
  'ServicePrincipal'
])
param deployerType string = 'User'

@description('The one address beyond Azure that reaches the database of a small deployment, to migrate it; empty for none.')
param deployerAddress string = ''

// Production alone.

@description('Flex Consumption, or a Premium v3 plan; in an App Service Environment an Isolated v2 one.')
@allowed([
  'flex'
  'dedicated'
])
param plan string = 'flex'

@description('How storage, vaults and apps are reached: private endpoints, or service endpoints with default deny. The database has a private endpoint either way.')
@allowed([
  'privateEndpoints'
  'serviceEndpoints'
])
param network string = 'privateEndpoints'

@description('Resource id of an existing App Service Environment v3 for plan = dedicated, in a network that is joined to this one; empty for none.')
param appServiceEnvironmentId string = ''

@description('The oldest TLS that both apps and their scm hosts speak. The gateway of this tier is not known to speak 1.3 to what stands behind it, nor are all tools that publish.')
@allowed([
  '1.2'
  '1.3'
])
param minTlsVersion string = '1.2'

@description('True from the second provision on, once both apps have run and their first log lines are there: closes every other way out of their subnets, and makes Sentinel\'s rules. Azure makes no host key without that way, and takes no rule before its table.')
param settled bool = false

@description('Put locks against deletion on storage, vaults and the database, and keep vaults from being purged. The locks have to go before anything can be taken down; the other is for ever.')
param keep bool = true

@description('First two numbers of the address space of the virtual network.')
param addressPrefix string = '10.80'

@description('Addresses that may call the gateway, as { from, to, cidr }; the last is what Front Door reads.')
param allowedCallers Callers[] = []

@description('Origins of browser applications, each written out; none by default.')
param corsOrigins array = []

@description('Certificates of programs that process orders: <client id>=<thumbprint>, separated by semicolons. Two lines for one client while it rotates.')
param partnerCertificates string = 'none=none'

@description('Address range of your own network whose programs call the api app itself, with certificates; for plan = dedicated behind private endpoints, without the gateway. Empty: the gateway is the only way in.')
param directCallers string = ''

@description('Which certificate belongs to which of those programs: <client id>=<name in the certificate>, with commas between.')
param directCertificates string = ''

@description('Host name of the gateway, which demands client certificates; its DNS record is the operator\'s. Empty for the name that Azure gives. Not at the first provision: its certificate has to be in the gateway vault.')
param gatewayHostName string = ''

@description('Name of the gateway\'s certificate in the gateway vault.')
param gatewayCertificate string = 'gateway'

@description('Who the gateway names as its publisher.')
param publisherName string = ''

@description('Mail address of the publisher and of alerts.')
param alertEmail string = ''

@description('Address range of the fulfilment backend: the one place outside Azure that the processor may talk to.')
param fulfilmentAddressPrefix string = ''

@description('Object id of the Entra group that administers the database.')
param databaseAdministratorsId string = ''

@description('Name of that group.')
param databaseAdministratorsName string = ''

@description('Repository that deploys, as owner/name; empty for no federated credential. Small takes releases from it, and gives it no credential.')
param repository string = ''

@description('Months\' costs that raise an alert, in the currency of the subscription.')
param budget int = 1500

@description('First day of the budget, the first of a month, as 2026-01-01. Azure refuses to change it later.')
param budgetStart string = ''

@description('Encrypt storage and database with keys of our own; to be chosen before the first deployment.')
param customerManagedKeys bool = false

@description('Put Front Door with a web application firewall before the gateway, which then needs a host name and has no public address.')
param front bool = false

@description('Turn on Defender for Cloud plans. Changes and bills the whole subscription.')
param defender bool = false

@description('Onboard the workspace to Microsoft Sentinel; its three rules come with settled.')
param sentinel bool = false

@description('Make a machine inside the network that can run deployments.')
param runner bool = false

@description('Public SSH key of the machine\'s administrator; needed with runner.')
param runnerSshKey string = ''

@description('Size of the machine; not every region has every size.')
param runnerSize string = 'Standard_D2ads_v5'

@description('Encrypt the machine\'s disks on its host. infra/scripts/register-providers.sh registers what the subscription needs for it.')
param runnerEncryptionAtHost bool = true

@minLength(1)
@description('Name of that administrator, and no name that Ubuntu has already (operator is one).')
param runnerAdministrator string = 'orders'

var production = size == 'production'
// The gateway shows no certificate, so an app that demands one has no gateway before it.
var hasApi = production && empty(directCallers)

var neededBySmall = {
  apiClientId: length(apiClientId) != 36
  deployerId: empty(deployerId)
  deployerName: empty(deployerName)
}
var neededByProduction = {
  apiClientId: length(apiClientId) != 36
  'allowedClients.users': empty(allowedClients.users)
  allowedCallers: empty(allowedCallers) && hasApi
  publisherName: empty(publisherName)
  alertEmail: empty(alertEmail)
  budgetStart: empty(budgetStart)
  databaseAdministratorsId: empty(databaseAdministratorsId)
  databaseAdministratorsName: empty(databaseAdministratorsName)
  fulfilmentAddressPrefix: empty(fulfilmentAddressPrefix) && !empty(fulfilmentUrl)
  gatewayHostName: empty(gatewayHostName) && front
  runnerSshKey: empty(runnerSshKey) && runner
}
var unknownToSmall = {
  'plan = dedicated': plan != 'flex'
  'network = serviceEndpoints': network != 'privateEndpoints'
  allowedCallers: !empty(allowedCallers)
  directCallers: !empty(directCallers)
  gatewayHostName: !empty(gatewayHostName)
  customerManagedKeys: customerManagedKeys
  front: front
  defender: defender
  sentinel: sentinel
  runner: runner
}
var missing = filter(items(production ? neededByProduction : neededBySmall), item => item.value)
var surplus = filter(items(production ? {} : unknownToSmall), item => item.value)
var checkedSize = !empty(missing)
  ? fail('size = ${size} needs ${join(map(missing, item => item.key), ', ')}')
  : !empty(surplus)
      ? fail('size = small has no ${join(map(surplus, item => item.key), ', ')}: choose size = production')
      : size

var direct = !empty(directCallers) && (plan != 'dedicated' || network != 'privateEndpoints' || !empty(gatewayHostName) || empty(directCertificates))
  ? fail('directCallers needs plan = dedicated, network = privateEndpoints, no gatewayHostName and directCertificates')
  : directCallers
var backend = empty(fulfilmentUrl) || startsWith(fulfilmentUrl, 'https://')
  ? fulfilmentUrl
  : fail('fulfilmentUrl has to begin with https://')
// Microsoft's pages disagree on whether such a subnet may carry service endpoints, and Azure has not shown it to us.
var ofNetwork = plan == 'flex' && network == 'serviceEndpoints'
  ? fail('a subnet of Flex Consumption may carry no service endpoints: choose network = privateEndpoints, or plan = dedicated')
  : network
var reached = production ? ofNetwork : 'open'
var kept = production && keep
var token = uniqueString(subscription().id, environmentName, location)
var tags = {
  'azd-env-name': environmentName
}
// A trial of a small deployment is called with `az account get-access-token`.
var azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
var userClients = production ? allowedClients.users : union([azureCli], allowedClients.users)
var programs = empty(smokeClientId) ? allowedClients.apps : union(allowedClients.apps, [smokeClientId])
var allowedClientIds = concat(userClients, programs)
var apiName = 'func-api-${token}'
var processorName = 'func-processor-${token}'
var places = production ? networking!.outputs.places : nowhere

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: checkedSize
    alertEmail: alertEmail
    budget: budget
    budgetStart: budgetStart
  }
}

module networking 'modules/network.bicep' = if (production) {
  name: 'network'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    addressPrefix: addressPrefix
    plan: plan
    network: reached
    fulfilmentAddressPrefix: empty(backend) ? '' : fulfilmentAddressPrefix
    directCallers: direct
    settled: settled
  }
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: size
    repository: repository
    environmentName: environmentName
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: size
    network: reached
    networking: places
    workspaceId: monitoring.outputs.workspaceId
    keep: kept
    customerManagedKeys: customerManagedKeys
  }
}

module encryption 'modules/encryption.bicep' = if (customerManagedKeys) {
  name: 'encryption'
  scope: group
  params: {
    vaultName: vault.outputs.keysVaultName
    principalId: identity.outputs.encryption.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: size
    network: reached
    networking: places
    workspaceId: monitoring.outputs.workspaceId
    keep: kept
    customerManagedKeys: customerManagedKeys
    encryptionIdentityId: identity.outputs.encryption.id
    keysVaultUri: customerManagedKeys ? encryption!.outputs.vaultUri : ''
  }
}

module database 'modules/database.bicep' = {
  name: 'database'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    size: size
    networking: places
    workspaceId: monitoring.outputs.workspaceId
    administrators: production
      ? [
          { id: databaseAdministratorsId, name: databaseAdministratorsName, type: 'Group' }
          { id: identity.outputs.migrate.principalId, name: identity.outputs.migrate.name, type: 'ServicePrincipal' }
        ]
      : [{ id: deployerId, name: deployerName, type: deployerType }]
    deployerAddress: deployerAddress
    keep: kept
    customerManagedKeys: customerManagedKeys
    encryptionIdentityId: identity.outputs.encryption.id
    keyUri: customerManagedKeys ? encryption!.outputs.databaseKeyUri : ''
  }
}

module rights 'modules/rbac.bicep' = {
  name: 'rights'
  scope: group
  params: {
    size: size
    storage: storage.outputs.names
    vaults: vault.outputs.names
    componentName: monitoring.outputs.componentName
    apiPrincipalId: identity.outputs.api.principalId
    processorPrincipalId: identity.outputs.processor.principalId
    gatewayPrincipalId: production ? gateway!.outputs.principalId : ''
    deployPrincipalId: identity.outputs.deploy.principalId
    groupId: group.id
    token: token
    plan: plan
  }
}

module apps 'modules/apps.bicep' = {
  name: 'apps'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    size: size
    plan: plan
    network: reached
    networking: places
    appServiceEnvironmentId: appServiceEnvironmentId
    minTlsVersion: minTlsVersion
    apiName: apiName
    processorName: processorName
    identities: {
      api: identity.outputs.api
      processor: identity.outputs.processor
    }
    storage: storage.outputs.names
    vaultUris: vault.outputs.uris
    databaseHost: database.outputs.host
    connectionString: monitoring.outputs.connectionString
    workspaceId: monitoring.outputs.workspaceId
    apiClientId: apiClientId
    allowedClientIds: allowedClientIds
    allowedUserClients: join(userClients, ',')
    corsOrigins: corsOrigins
    fulfilmentUrl: backend
    directCertificates: empty(directCallers) ? '' : directCertificates
    deployPrincipalId: identity.outputs.deploy.principalId
    publisherRoleId: rights.outputs.publisherRoleId
  }
}

module gateway 'modules/api-management.bicep' = if (production) {
  name: 'gateway'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    subnetId: places.gatewaySubnetId
    publisherName: publisherName
    publisherEmail: alertEmail
    behindFrontDoor: front
    workspaceId: monitoring.outputs.workspaceId
    hostName: gatewayHostName
    certificateUri: '${vault.outputs.uris.gateway}secrets/${gatewayCertificate}'
  }
}

module hostKey 'modules/host-key.bicep' = if (hasApi) {
  name: 'host-key'
  scope: group
  params: {
    serviceName: gateway!.outputs.name
    vaultName: vault.outputs.names.gateway
    vaultUri: vault.outputs.uris.gateway
    appName: apiName
    deployPrincipalId: identity.outputs.deploy.principalId
    groupId: group.id
    token: token
  }
  // The gateway reads the vault with a role that is given there, and a role takes minutes to count: the apps take longer.
  dependsOn: [
    #disable-next-line no-unnecessary-dependson
    rights
    apps
  ]
}

module publishing 'modules/api.bicep' = if (hasApi) {
  name: 'api'
  scope: group
  params: {
    serviceName: gateway!.outputs.name
    backendHost: apps.outputs.apiHost
    apiClientId: apiClientId
    allowedClientIds: allowedClientIds
    allowedCallers: allowedCallers
    corsOrigins: corsOrigins
    partnerCertificates: partnerCertificates
    behindFrontDoor: front
    frontDoorId: front ? frontDoor!.outputs.id : ''
    componentName: monitoring.outputs.componentName
  }
  // Its policies name the key.
  dependsOn: [
    hostKey
  ]
}

module frontDoor 'modules/front.bicep' = if (front) {
  name: 'front'
  scope: group
  params: {
    token: token
    tags: tags
    gatewayHostName: gatewayHostName
    gatewayId: gateway!.outputs.id
    location: location
    allowedCallers: allowedCallers
    workspaceId: monitoring.outputs.workspaceId
  }
}

module hunting 'modules/sentinel.bicep' = if (sentinel) {
  name: 'sentinel'
  scope: group
  params: {
    workspaceName: monitoring.outputs.workspaceName
    settled: settled
  }
}

module machine 'modules/runner.bicep' = if (runner) {
  name: 'runner'
  scope: group
  params: {
    location: location
    token: token
    tags: tags
    subnetId: places.runnerSubnetId
    sshKey: runnerSshKey
    size: runnerSize
    encryptionAtHost: runnerEncryptionAtHost
    administrator: runnerAdministrator
  }
}

module protection 'modules/defender.bicep' = if (defender) {
  name: 'defender'
  params: {
    alertEmail: alertEmail
  }
}

@description('What deployment and scripts ask azd for; empty where the size has none.')
output SIZE string = size
output TENANT_ID string = tenant().tenantId
output SUBSCRIPTION_ID string = subscription().subscriptionId
output PLAN string = plan
output API_CLIENT_ID string = apiClientId
output API_APP_NAME string = apiName
output API_URL string = 'https://${apps.outputs.apiHost}'
output PROCESSOR_APP_NAME string = processorName
output PROCESSOR_VAULT_NAME string = vault.outputs.names.processor
output RESOURCE_GROUP string = group.name
output GATEWAY_NAME string = production ? gateway!.outputs.name : ''
output GATEWAY_VAULT_NAME string = vault.outputs.names.gateway
output DATABASE_ADMINISTRATORS string = production ? databaseAdministratorsName : deployerName
output GATEWAY_URL string = production ? gateway!.outputs.url : ''
output DATABASE_HOST string = database.outputs.host
output API_IDENTITY string = identity.outputs.api.name
output API_IDENTITY_CLIENT_ID string = identity.outputs.api.clientId
output API_IDENTITY_OBJECT_ID string = identity.outputs.api.principalId
output PROCESSOR_IDENTITY string = identity.outputs.processor.name
output PROCESSOR_IDENTITY_CLIENT_ID string = identity.outputs.processor.clientId
output PROCESSOR_IDENTITY_OBJECT_ID string = identity.outputs.processor.principalId
output MIGRATE_IDENTITY string = identity.outputs.migrate.name
output MIGRATE_CLIENT_ID string = identity.outputs.migrate.clientId
output DEPLOY_CLIENT_ID string = identity.outputs.deploy.clientId
output RUNNER_MACHINE string = runner ? machine!.outputs.name : ''
