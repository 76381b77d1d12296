// Bindery as a scheduled job of Azure Container Apps. Deploy it into the resource group of an existing environment:
//   az deployment group create --resource-group rg-bindery --template-file main.bicep --parameters @parameters.json
// The identity has been given its rights with `bindery permissions … --output az`; the image is pulled with it too.

@description('The Container Apps environment that the job runs in.')
param environmentName string

@description('The user-assigned identity that Bindery signs in as.')
param identityName string

@description('The image, by digest.')
param image string

@description('The registry of the image, if it takes a sign-in: the identity needs AcrPull there. Empty: the image is public.')
param registryServer string = ''

@description('Where the manifests are: git+https://…')
param source string

@description('The branch.')
param ref string = 'main'

@description('The folder in the repository.')
param path string = 'teams'

@description('When, in UTC.')
param schedule string = '7,37 * * * *'

@secure()
@description('A token that may read the repository. Empty for Azure DevOps: there the identity signs in (--git-entra).')
param gitToken string = ''

param location string = resourceGroup().location

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' existing = {
  name: environmentName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

// The policy lies beside this file and becomes part of the deployment.
var policy = loadTextContent('policy.yaml')
var runOnce = ['run', '--once', '--policy', '/etc/bindery/policy', '--source', source, '--ref', ref, '--path', path]
var registries = empty(registryServer) ? [] : [{ server: registryServer, identity: identity.id }]
var signInToGit = empty(gitToken) ? ['--git-entra'] : ['--git-token-file', '/etc/bindery/git-token']
var tokenFiles = empty(gitToken) ? [] : [{ secretRef: 'git-token', path: 'git-token' }]
var tokenSecrets = empty(gitToken) ? [] : [{ name: 'git-token', value: gitToken }]

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: 'bindery'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environment.id
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: {
        cronExpression: schedule
        parallelism: 1
        replicaCompletionCount: 1
      }
      // Longer than --pass-deadline. What failed is tried again by the next run, not at once.
      replicaTimeout: 1500
      replicaRetryLimit: 0
      registries: registries
      secrets: concat([{ name: 'policy', value: policy }], tokenSecrets)
    }
    template: {
      containers: [
        {
          name: 'bindery'
          image: image
          args: concat(runOnce, signInToGit)
          env: [
            { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          volumeMounts: [
            { volumeName: 'settings', mountPath: '/etc/bindery' }
          ]
        }
      ]
      volumes: [
        {
          name: 'settings'
          storageType: 'Secret'
          secrets: concat([{ secretRef: 'policy', path: 'policy' }], tokenFiles)
        }
      ]
    }
  }
}
