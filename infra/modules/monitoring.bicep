import { Size } from 'types.bicep'

@description('Region of the workspace.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Small keeps logs and sends no alert.')
param size Size

@description('Who is told.')
param alertEmail string

@description('A month\'s costs that raise an alert.')
param budget int

@description('First day of the budget.')
param budgetStart string

var watched = size == 'production'
// An alert fires when its query finds a row; each query says in its first line what a row means.
var alerts = [
  {
    name: 'dead-letters'
    severity: 2
    every: 'PT5M'
    over: 'PT15M'
    query: loadTextContent('../queries/dead-letters.kql')
  }
  {
    name: 'dead-letters-ceiling'
    severity: 1
    every: 'PT1H'
    over: 'PT6H'
    query: loadTextContent('../queries/dead-letters-ceiling.kql')
  }
  {
    name: 'server-errors'
    severity: 1
    every: 'PT5M'
    over: 'PT15M'
    query: loadTextContent('../queries/server-errors.kql')
  }
  {
    name: 'refused-callers'
    severity: 2
    every: 'PT5M'
    over: 'PT15M'
    query: loadTextContent('../queries/refused-callers.kql')
  }
  {
    name: 'certificate-expiry'
    severity: 2
    every: 'PT1H'
    over: 'PT6H'
    query: loadTextContent('../queries/certificate-expiry.kql')
  }
  { name: 'outbox-age', severity: 1, every: 'PT5M', over: 'PT15M', query: loadTextContent('../queries/outbox-age.kql') }
  { name: 'silence', severity: 1, every: 'PT5M', over: 'PT15M', query: loadTextContent('../queries/silence.kql') }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2026-03-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
    workspaceCapping: {
      dailyQuotaGb: watched ? 5 : 1
    }
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // With it the connection string only says where; who may write is a role.
    DisableLocalAuth: true
    publicNetworkAccessForIngestion: 'Enabled'
    publicNetworkAccessForQuery: 'Enabled'
  }
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (watched) {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'orders'
    enabled: true
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: alertEmail
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: if (watched) {
    name: '${alert.name}-${token}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      enabled: true
      severity: alert.severity
      evaluationFrequency: alert.every
      windowSize: alert.over
      scopes: [
        workspace.id
      ]
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      // The tables come with their first line; until then Azure would refuse a query that names them.
      skipQueryValidation: true
      actions: {
        actionGroups: [
          people.id
        ]
      }
    }
  }
]

resource spending 'Microsoft.Consumption/budgets@2026-06-01' = if (watched) {
  name: 'budget-${token}'
  properties: {
    category: 'Cost'
    amount: budget
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStart
    }
    notifications: {
      soon: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Forecasted'
        contactEmails: [
          alertEmail
        ]
      }
      now: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Actual'
        contactEmails: [
          alertEmail
        ]
      }
    }
  }
}

@description('Where diagnostic settings send to.')
output workspaceId string = workspace.id
output workspaceName string = workspace.name

@description('Where the apps and the gateway send to; no secret, for local authentication is off.')
output componentName string = component.name
output connectionString string = component.properties.ConnectionString
