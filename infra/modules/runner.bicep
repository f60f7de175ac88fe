@description('Region of the machine.')
param location string

@description('Suffix that makes names unique.')
param token string

@description('Tags of every resource.')
param tags object

@description('Subnet of the machine.')
param subnetId string

@description('Public SSH key of its administrator.')
param sshKey string

@description('Encrypt its disks on the host; the subscription needs the feature Microsoft.Compute/EncryptionAtHost.')
param encryptionAtHost bool

@description('Size of the machine; not every region has every size.')
param size string

@description('Name of its administrator; not one that the image has already, as `operator` is a group of Debian\'s and Ubuntu\'s.')
param administrator string

resource card 'Microsoft.Network/networkInterfaces@2026-03-01' = {
  name: 'nic-runner-${token}'
  location: location
  tags: tags
  properties: {
    ipConfigurations: [
      {
        name: 'inside'
        properties: {
          privateIPAllocationMethod: 'Dynamic'
          subnet: {
            id: subnetId
          }
        }
      }
    ]
  }
}

// No address outside and no identity: a run brings its own, by federation, and takes it along.
resource machine 'Microsoft.Compute/virtualMachines@2026-04-01' = {
  name: 'vm-runner-${token}'
  location: location
  tags: tags
  properties: {
    hardwareProfile: {
      vmSize: size
    }
    storageProfile: {
      imageReference: {
        publisher: 'Canonical'
        offer: 'ubuntu-24_04-lts'
        sku: 'server'
        version: 'latest'
      }
      osDisk: {
        createOption: 'FromImage'
        diskSizeGB: 64
        managedDisk: {
          storageAccountType: 'Premium_LRS'
        }
      }
    }
    osProfile: {
      computerName: 'runner'
      adminUsername: administrator
      linuxConfiguration: {
        disablePasswordAuthentication: true
        patchSettings: {
          patchMode: 'AutomaticByPlatform'
        }
        ssh: {
          publicKeys: [
            {
              path: '/home/${administrator}/.ssh/authorized_keys'
              keyData: sshKey
            }
          ]
        }
      }
    }
    securityProfile: {
      securityType: 'TrustedLaunch'
      encryptionAtHost: encryptionAtHost
      uefiSettings: {
        secureBootEnabled: true
        vTpmEnabled: true
      }
    }
    networkProfile: {
      networkInterfaces: [
        {
          id: card.id
        }
      ]
    }
  }
}

@description('What the machine is called.')
output name string = machine.name
