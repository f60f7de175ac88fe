@description('The gateway, which sends the key.')
param serviceName string

@description('Its vault, and the address of that vault with a slash at its end.')
param vaultName string
param vaultUri string

@description('The app whose host asks for the key.')
param appName string

@description('The identity that hands the key over once the app has a package.')
param deployPrincipalId string

@description('The resource group, beyond which the role of our own cannot be given.')
param groupId string

@description('Suffix that makes names unique.')
param token string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource service 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: serviceName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

// The host makes its key when it has a package, so nothing here makes or reads one. The gateway's policies need a secret by
// this name all the same: this is no key, and the host answers 401 to it. It is made once and never written again, or a
// second provision would take the real key away.
@onlyIfNotExists()
resource placeholder 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = {
  parent: vault
  name: 'function-key'
  properties: {
    value: 'the workflow Bootstrap puts the key here'
    contentType: 'text/plain'
  }
}

// Without a version, so that it follows the key through its rotation.
resource functionKey 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = {
  parent: service
  name: 'function-key'
  properties: {
    displayName: 'function-key'
    secret: true
    keyVault: {
      secretIdentifier: '${vaultUri}secrets/function-key'
    }
  }
  dependsOn: [
    placeholder
  ]
}

// Each of its rights counts in one place: the first at the app, the next two at the named value, the last at the secret.
resource keeper 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(groupId, 'key keeper')
  properties: {
    roleName: 'Key keeper of ${token}'
    description: 'Hands the host key of an app over to the gateway: lists it, writes one secret and has the gateway read it.'
    type: 'CustomRole'
    permissions: [
      {
        actions: [
          'Microsoft.Web/sites/host/listkeys/action'
          'Microsoft.ApiManagement/service/namedValues/read'
          'Microsoft.ApiManagement/service/namedValues/refreshSecret/action'
        ]
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
        ]
      }
    ]
    assignableScopes: [
      groupId
    ]
  }
}

resource listsKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: app
  name: guid(app.id, deployPrincipalId, 'key keeper')
  properties: {
    roleDefinitionId: keeper.id
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource writesSecret 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: placeholder
  name: guid(placeholder.id, deployPrincipalId, 'key keeper')
  properties: {
    roleDefinitionId: keeper.id
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource refreshesValue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: functionKey
  name: guid(functionKey.id, deployPrincipalId, 'key keeper')
  properties: {
    roleDefinitionId: keeper.id
    principalId: deployPrincipalId
    principalType: 'ServicePrincipal'
  }
}
