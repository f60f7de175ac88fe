@description('The workspace.')
param workspaceName string

@description('Whether the first lines have arrived: Azure takes no rule that names a table before its first line.')
param settled bool

// What to hunt for, each a query that also runs by hand.
var hunts = [
  {
    name: 'one-caller-many-refusals'
    severity: 'Medium'
    query: loadTextContent('../queries/one-caller-many-refusals.kql')
    tactic: 'Discovery'
  }
  {
    name: 'disagreeing-identities'
    severity: 'High'
    query: loadTextContent('../queries/disagreeing-identities.kql')
    tactic: 'CredentialAccess'
  }
  {
    name: 'vault-read-by-a-stranger'
    severity: 'High'
    query: loadTextContent('../queries/vault-read-by-a-stranger.kql')
    tactic: 'Exfiltration'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' existing = {
  name: workspaceName
}

resource onboarding 'Microsoft.SecurityInsights/onboardingStates@2025-06-01' = {
  scope: workspace
  name: 'default'
  properties: {}
}

resource rules 'Microsoft.SecurityInsights/alertRules@2025-06-01' = [
  for hunt in hunts: if (settled) {
    scope: workspace
    name: guid(workspace.id, hunt.name)
    kind: 'Scheduled'
    properties: {
      displayName: hunt.name
      enabled: true
      severity: hunt.severity
      query: hunt.query
      queryFrequency: 'PT1H'
      queryPeriod: 'PT1H'
      triggerOperator: 'GreaterThan'
      triggerThreshold: 0
      suppressionEnabled: false
      suppressionDuration: 'PT1H'
      tactics: [hunt.tactic]
    }
    dependsOn: [
      onboarding
    ]
  }
]
