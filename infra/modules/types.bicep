// What modules hand on to one another, so that a misspelt name is an error and not an empty value.

@export()
@description('Subnets, the addresses of two of them, and the DNS zones of private endpoints; a zone is empty where the network has none of its kind.')
type Places = {
  apiSubnetId: string
  processorSubnetId: string
  gatewaySubnetId: string
  endpointsSubnetId: string
  runnerSubnetId: string
  gatewayPrefix: string
  runnerPrefix: string
  databaseZoneId: string
  blobZoneId: string
  queueZoneId: string
  vaultZoneId: string
  appZoneId: string
}

@export()
@description('Where no network is of our own.')
var nowhere Places = {
  apiSubnetId: ''
  processorSubnetId: ''
  gatewaySubnetId: ''
  endpointsSubnetId: ''
  runnerSubnetId: ''
  gatewayPrefix: ''
  runnerPrefix: ''
  databaseZoneId: ''
  blobZoneId: ''
  queueZoneId: ''
  vaultZoneId: ''
  appZoneId: ''
}

@export()
@description('What is deployed: small, to see it run, or production, with a network of its own and a gateway.')
type Size = 'small' | 'production'

@export()
@description('Who administers the database.')
type Administrator = {
  id: string
  name: string
  type: 'Group' | 'ServicePrincipal' | 'User'
}

@export()
@description('What an app needs to know of its identity.')
type Identity = {
  id: string
  name: string
  clientId: string
  principalId: string
}

@export()
@description('Names of the storage accounts: one for each app\'s host, one for the queues.')
type Accounts = {
  api: string
  processor: string
  work: string
}

@export()
@description('The vaults that hold secrets, each by its name or by its address; the gateway\'s is empty where there is no gateway.')
type Vaults = {
  api: string
  processor: string
  gateway: string
}

@export()
@description('Client ids that may call: users on a person\'s behalf, apps as themselves.')
type Clients = {
  users: ClientId[]
  apps: ClientId[]
}

@export()
@description('A client id of Entra.')
@minLength(36)
@maxLength(36)
type ClientId = string

@export()
@description('Addresses that may call: from and to are what the gateway reads, cidr, around them, what Front Door reads.')
type Callers = {
  from: string
  to: string
  cidr: string
}
