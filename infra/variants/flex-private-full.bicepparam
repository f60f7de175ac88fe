using '../main.bicep'

param environmentName = 'test'
param location = 'westeurope'
param size = 'production'
param plan = 'flex'
param network = 'privateEndpoints'
param apiClientId = '11111111-1111-4111-8111-111111111111'
param allowedClients = {
  users: ['22222222-2222-4222-8222-222222222222']
  apps: ['33333333-3333-4333-8333-333333333333']
}
param allowedCallers = [{ from: '192.0.2.1', to: '192.0.2.9', cidr: '192.0.2.0/28' }]
param corsOrigins = ['https://shop.example']
param partnerCertificates = '33333333-3333-4333-8333-333333333333=00FF'
param settled = true
param gatewayHostName = 'api.example.com'
param publisherName = 'Example'
param alertEmail = 'operators@example.com'
param fulfilmentUrl = 'https://fulfilment.example.com'
param fulfilmentAddressPrefix = '198.51.100.7/32'
param databaseAdministratorsId = '44444444-4444-4444-8444-444444444444'
param databaseAdministratorsName = 'database administrators'
param repository = 'example/orders-worker'
param budgetStart = '2026-01-01'
param customerManagedKeys = true
param defender = true
param sentinel = true
param runner = true
param runnerSshKey = 'ssh-ed25519 AAAA'
