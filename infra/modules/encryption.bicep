@description('Vault of the keys.')
param vaultName string

@description('The identity by which storage and database use them.')
param principalId string

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: vaultName
}

resource storageKey 'Microsoft.KeyVault/vaults/keys@2026-02-01' = {
  parent: vault
  name: 'storage'
  properties: {
    kty: 'RSA-HSM'
    keySize: 3072
    keyOps: ['wrapKey', 'unwrapKey']
    rotationPolicy: {
      attributes: {
        expiryTime: 'P2Y'
      }
      lifetimeActions: [
        {
          trigger: {
            timeAfterCreate: 'P1Y'
          }
          action: {
            type: 'rotate'
          }
        }
      ]
    }
  }
}

resource databaseKey 'Microsoft.KeyVault/vaults/keys@2026-02-01' = {
  parent: vault
  name: 'database'
  properties: {
    kty: 'RSA-HSM'
    keySize: 3072
    keyOps: ['wrapKey', 'unwrapKey']
    rotationPolicy: {
      attributes: {
        expiryTime: 'P2Y'
      }
      lifetimeActions: [
        {
          trigger: {
            timeAfterCreate: 'P1Y'
          }
          action: {
            type: 'rotate'
          }
        }
      ]
    }
  }
}

var cryptoServiceEncryptionUser = subscriptionResourceId(
  'Microsoft.Authorization/roleDefinitions',
  'e147488a-f6f5-4113-8e2d-b22465e65bf6'
)

resource storageKeyUse 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storageKey
  name: guid(storageKey.id, principalId, 'encryption')
  properties: {
    roleDefinitionId: cryptoServiceEncryptionUser
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource databaseKeyUse 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: databaseKey
  name: guid(databaseKey.id, principalId, 'encryption')
  properties: {
    roleDefinitionId: cryptoServiceEncryptionUser
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

@description('Address of the vault, with a slash at its end.')
output vaultUri string = vault.properties.vaultUri

@description('Key of the database, without a version so that it follows rotation.')
output databaseKeyUri string = databaseKey.properties.keyUri
