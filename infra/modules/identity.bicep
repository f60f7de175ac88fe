import { Identity, Size } from 'types.bicep'

@description('Region of the identities.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Small is deployed by a person and has no keys of our own, so it needs the identities of the two apps alone.')
param size Size

@description('Repository that deploys, as owner/name; empty for none.')
param repository string

@description('Environment of the repository whose runs may take the two deployment identities.')
param environmentName string

var production = size == 'production'

// One identity for each thing that can act, so that what each may do can be read off its roles.
resource api 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-api-${token}'
  location: location
  tags: tags
}

resource processor 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-processor-${token}'
  location: location
  tags: tags
}

resource encryption 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (production) {
  name: 'id-encryption-${token}'
  location: location
  tags: tags
}

resource deploy 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (production) {
  name: 'id-deploy-${token}'
  location: location
  tags: tags
}

resource migrate 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (production) {
  name: 'id-migrate-${token}'
  location: location
  tags: tags
}

resource deployFromRepository 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = if (production && !empty(repository)) {
  parent: deploy
  name: 'repository'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:${environmentName}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

resource migrateFromRepository 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = if (production && !empty(repository)) {
  parent: migrate
  name: 'repository'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: 'repo:${repository}:environment:${environmentName}'
    audiences: [
      'api://AzureADTokenExchange'
    ]
  }
}

@description('What others need to know of each identity.')
output api Identity = {
  id: api.id
  name: api.name
  clientId: api.properties.clientId
  principalId: api.properties.principalId
}
output processor Identity = {
  id: processor.id
  name: processor.name
  clientId: processor.properties.clientId
  principalId: processor.properties.principalId
}

@description('The others, empty where the size has none.')
output encryption { id: string, principalId: string } = {
  id: production ? encryption.id : ''
  principalId: production ? encryption!.properties.principalId : ''
}
output deploy { clientId: string, principalId: string } = {
  clientId: production ? deploy!.properties.clientId : ''
  principalId: production ? deploy!.properties.principalId : ''
}
output migrate { name: string, clientId: string, principalId: string } = {
  clientId: production ? migrate!.properties.clientId : ''
  name: production ? migrate.name : ''
  principalId: production ? migrate!.properties.principalId : ''
}
