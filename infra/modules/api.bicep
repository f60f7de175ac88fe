import { Callers } from 'types.bicep'

@description('The gateway.')
param serviceName string

@description('Host name of the api app.')
param backendHost string

@description('Client id of the API\'s app registration.')
param apiClientId string

@description('Every client id that may call.')
param allowedClientIds array

@description('Addresses that may call, as { from, to, cidr }.')
param allowedCallers Callers[]

@description('Origins of browser applications.')
param corsOrigins array

@description('Pairs of client id and thumbprint.')
param partnerCertificates string

@description('Whether Front Door stands before the gateway. Addresses are then checked there.')
param behindFrontDoor bool

@description('What that Front Door says of itself; empty for none.')
param frontDoorId string

@description('The Application Insights component.')
param componentName string

// Policies are whole files; only lists, which a named value cannot hold, are put in their places here.
var callerLines = [for caller in allowedCallers: '<address-range from="${caller.from}" to="${caller.to}" />']
var clientLines = [for id in allowedClientIds: '<application-id>${id}</application-id>']
var originLines = [for origin in corsOrigins: '<origin>${origin}</origin>']
var byAddress = '<ip-filter action="allow">${join(callerLines, '')}</ip-filter>'
var byFrontDoor = '<check-header name="X-Azure-FDID" failed-check-httpcode="403" failed-check-error-message="Forbidden" ignore-case="true"><value>${frontDoorId}</value></check-header>'
var browsers = '<cors allow-credentials="false" terminate-unmatched-request="true"><allowed-origins>${join(originLines, '')}</allowed-origins><allowed-methods preflight-result-max-age="600"><method>GET</method><method>POST</method><method>PUT</method></allowed-methods><allowed-headers><header>authorization</header><header>content-type</header><header>idempotency-key</header><header>if-match</header><header>if-none-match</header><header>ocp-apim-subscription-key</header></allowed-headers><expose-headers><header>etag</header><header>location</header><header>retry-after</header></expose-headers></cors>'
var globalPolicy = replace(
  replace(
    loadTextContent('../policies/global.xml'),
    '<!-- who may reach the gateway -->',
    behindFrontDoor ? byFrontDoor : byAddress
  ),
  '<!-- clients -->',
  join(clientLines, '')
)
var apiPolicy = replace(loadTextContent('../policies/api.xml'), '<!-- browsers -->', empty(corsOrigins) ? '' : browsers)

resource service 'Microsoft.ApiManagement/service@2024-05-01' existing = {
  name: serviceName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource tenantValue 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = {
  parent: service
  name: 'tenant-id'
  properties: {
    displayName: 'tenant-id'
    value: tenant().tenantId
  }
}

resource audienceValue 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = {
  parent: service
  name: 'api-client-id'
  properties: {
    displayName: 'api-client-id'
    value: apiClientId
  }
}

resource partnersValue 'Microsoft.ApiManagement/service/namedValues@2024-05-01' = {
  parent: service
  name: 'partner-certificates'
  properties: {
    displayName: 'partner-certificates'
    value: partnerCertificates
  }
}

resource policy 'Microsoft.ApiManagement/service/policies@2024-05-01' = {
  parent: service
  name: 'policy'
  properties: {
    format: 'rawxml'
    value: globalPolicy
  }
  dependsOn: [
    tenantValue
    audienceValue
  ]
}

resource orders 'Microsoft.ApiManagement/service/apis@2024-05-01' = {
  parent: service
  name: 'orders'
  properties: {
    displayName: 'Orders'
    path: 'api'
    protocols: ['https']
    serviceUrl: 'https://${backendHost}/api'
    subscriptionRequired: true
    subscriptionKeyParameterNames: {
      header: 'Ocp-Apim-Subscription-Key'
      query: 'subscription-key'
    }
    format: 'openapi+json'
    value: string(loadJsonContent('../../docs/openapi.json'))
  }
}

resource ordersPolicy 'Microsoft.ApiManagement/service/apis/policies@2024-05-01' = {
  parent: orders
  name: 'policy'
  properties: {
    format: 'rawxml'
    value: apiPolicy
  }
  dependsOn: [
    policy
  ]
}

// An import writes the ids of operations in lower case.
resource processOrder 'Microsoft.ApiManagement/service/apis/operations@2024-05-01' existing = {
  parent: orders
  name: 'processorder'
}

resource processOrderPolicy 'Microsoft.ApiManagement/service/apis/operations/policies@2024-05-01' = {
  parent: processOrder
  name: 'policy'
  properties: {
    format: 'rawxml'
    value: loadTextContent('../policies/process-order.xml')
  }
  dependsOn: [
    partnersValue
    ordersPolicy
  ]
}

resource listProducts 'Microsoft.ApiManagement/service/apis/operations@2024-05-01' existing = {
  parent: orders
  name: 'listproducts'
}

resource listProductsPolicy 'Microsoft.ApiManagement/service/apis/operations/policies@2024-05-01' = {
  parent: listProducts
  name: 'policy'
  properties: {
    format: 'rawxml'
    value: loadTextContent('../policies/list-products.xml')
  }
  dependsOn: [
    ordersPolicy
  ]
}

// A subscription is asked for and granted by hand; its key says which agreement pays, never who is calling.
resource partners 'Microsoft.ApiManagement/service/products@2024-05-01' = {
  parent: service
  name: 'partners'
  properties: {
    displayName: 'Partners'
    subscriptionRequired: true
    approvalRequired: true
    subscriptionsLimit: 2
    state: 'published'
  }
}

resource partnersPolicy 'Microsoft.ApiManagement/service/products/policies@2024-05-01' = {
  parent: partners
  name: 'policy'
  properties: {
    format: 'rawxml'
    value: loadTextContent('../policies/partners.xml')
  }
}

resource partnersOrders 'Microsoft.ApiManagement/service/products/apis@2024-05-01' = {
  parent: partners
  name: 'orders'
  dependsOn: [
    orders
  ]
}

resource telemetry 'Microsoft.ApiManagement/service/loggers@2024-05-01' = {
  parent: service
  name: 'telemetry'
  properties: {
    loggerType: 'applicationInsights'
    resourceId: component.id
    credentials: {
      connectionString: component.properties.ConnectionString
      identityClientId: 'systemAssigned'
    }
  }
}

resource tracing 'Microsoft.ApiManagement/service/apis/diagnostics@2024-05-01' = {
  parent: orders
  name: 'applicationinsights'
  properties: {
    loggerId: telemetry.id
    alwaysLog: 'allErrors'
    sampling: {
      samplingType: 'fixed'
      percentage: 20
    }
    httpCorrelationProtocol: 'W3C'
    // Who called is the worker's log, by tenant id and object id; an address is a person's.
    logClientIp: false
    frontend: {
      request: {
        headers: []
        body: {
          bytes: 0
        }
      }
      response: {
        headers: []
        body: {
          bytes: 0
        }
      }
    }
    backend: {
      request: {
        headers: []
        body: {
          bytes: 0
        }
      }
      response: {
        headers: []
        body: {
          bytes: 0
        }
      }
    }
  }
}
