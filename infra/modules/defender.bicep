targetScope = 'subscription'

@description('Who is told of what Defender finds.')
param alertEmail string

// Each is a price for the whole subscription; the plan for App Service covers function apps on dedicated plans alone.
var plans = [
  { name: 'StorageAccounts', subPlan: 'DefenderForStorageV2' }
  { name: 'KeyVaults', subPlan: 'PerKeyVault' }
  { name: 'Arm', subPlan: 'PerSubscription' }
  { name: 'OpenSourceRelationalDatabases', subPlan: null }
  { name: 'AppServices', subPlan: null }
  { name: 'Api', subPlan: 'P1' }
]

@batchSize(1)
resource pricings 'Microsoft.Security/pricings@2026-07-01' = [
  for plan in plans: {
    name: plan.name
    properties: {
      pricingTier: 'Standard'
      subPlan: plan.subPlan
    }
  }
]

resource contact 'Microsoft.Security/securityContacts@2023-12-01-preview' = {
  name: 'default'
  properties: {
    emails: alertEmail
    isEnabled: true
    notificationsByRole: {
      state: 'On'
      roles: ['Owner']
    }
    notificationsSources: [
      {
        sourceType: 'Alert'
        minimalSeverity: 'Medium'
      }
    ]
  }
}
