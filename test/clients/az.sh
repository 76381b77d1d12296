#!/usr/bin/env bash
# The Azure CLI at work on the sandbox: each step leaves its output, its errors and its exit code in the folder OUT.
# It needs ARM, TENANT, CLIENT_ID, CLIENT_SECRET, CA, SUBSCRIPTION and OUT; nothing of the user's own az is touched.
set -uo pipefail

export AZURE_CONFIG_DIR="$OUT/config" REQUESTS_CA_BUNDLE="$CA"
export AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_SURVEY_MESSAGE=no AZURE_CORE_NO_COLOR=yes AZURE_CORE_OUTPUT=json
export AZURE_CORE_INSTANCE_DISCOVERY=false AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no

step() {
  local name="$1"
  shift
  "${AZ:-az}" "$@" >"$OUT/$name.out" 2>"$OUT/$name.err" </dev/null
  echo $? >"$OUT/$name.code"
}

sub="/subscriptions/$SUBSCRIPTION"
orders="$sub/resourceGroups/rg-orders"
identity="$sub/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-az"
assignment="$orders/providers/Microsoft.Authorization/roleAssignments/5b3cbd6b-0f6b-4b0e-9a55-6ac5a1d5e1a1"
reader="$sub/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
owner="repo:contoso/orders:ref:refs/heads/main"

step register cloud register -n sandbox --endpoint-resource-manager "$ARM"
step set-cloud cloud set -n sandbox
step login login --service-principal -u "$CLIENT_ID" -p="$CLIENT_SECRET" -t "$TENANT"
step set-account account set -s contoso-production
step accounts account list
step account account show
step groups group list

step create identity create -g rg-identities -n id-az --tags app=orders
step identities identity list -g rg-identities
step credential identity federated-credential create -g rg-identities --identity-name id-az -n github-main \
  --issuer https://token.actions.githubusercontent.com --subject "$owner" --audiences api://AzureADTokenExchange
step credentials identity federated-credential list -g rg-identities --identity-name id-az

step tagged resource list --tag app=billing --subscription contoso-billing
step vaults resource list --resource-type Microsoft.KeyVault/vaults
step tags tag update --resource-id "$identity" --operation Merge --tags tier=web

principal=$(sed -n 's/.*"principalId": "\(.*\)".*/\1/p' "$OUT/create.out")
step role rest --url "$sub/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01&\$filter=roleName eq 'Reader'"
step grant rest -m put --url "$assignment?api-version=2022-04-01" --body \
  "{\"properties\":{\"roleDefinitionId\":\"$reader\",\"principalId\":\"$principal\",\"principalType\":\"ServicePrincipal\"}}"
step grants rest --url "$orders/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&\$filter=principalId eq '$principal'"
step revoke rest -m delete --url "$assignment?api-version=2022-04-01"
step graph rest -m post --url "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01" --body \
  "{\"subscriptions\":[\"$SUBSCRIPTION\"],\"query\":\"resources | where name =~ 'id-az' | project name, tags\"}"

# Debian pairs this az with a Compute SDK that lacks the api-version it wants; az's profile for hybrid clouds asks for
# an older one, which it has.
if ! az vm list -g rg-orders >/dev/null 2>&1; then
  step profile cloud update -n sandbox --profile 2020-09-01-hybrid
fi
step machines vm list -g rg-orders
step machine vm show -g rg-orders -n vm-orders-5
step assign vm identity assign -g rg-orders -n vm-orders-5 --identities "$identity"
step remove vm identity remove -g rg-orders -n vm-orders-5 --identities "$identity"
step machine-identity vm identity show -g rg-orders -n vm-orders-5
step assign-scale-set vmss identity assign -g rg-orders -n vmss-orders --identities "$identity"
step scale-set-identity vmss identity show -g rg-orders -n vmss-orders

step delete identity delete -g rg-identities -n id-az
step gone identity show -g rg-identities -n id-az
