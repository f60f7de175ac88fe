using '../main.bicep'

param environmentName = 'test'
param location = 'westeurope'
param size = 'small'
param apiClientId = '11111111-1111-4111-8111-111111111111'
param deployerId = '44444444-4444-4444-8444-444444444444'
param deployerName = 'someone@example.com'
param deployerAddress = '198.51.100.9'
