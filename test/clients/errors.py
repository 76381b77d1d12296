"""What the Python SDKs raise for the sandbox's refusals: the type, the status, the code and the message."""
import uuid

from azure.core.exceptions import HttpResponseError
from sandbox_clients import SUBSCRIPTION_ID, Clients, credential, report

operator, bindery = Clients(credential()), Clients(credential("bindery"))
READER = f"{SUBSCRIPTION_ID}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
VAULT = f"{SUBSCRIPTION_ID}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders"
ABSENT = f"{SUBSCRIPTION_ID}/resourceGroups/rg-orders/providers/Microsoft.ManagedIdentity/userAssignedIdentities/none"


def refusal(call, *arguments, **named):
    try:
        return {"returned": str(call(*arguments, **named))}
    except HttpResponseError as error:
        told = error.error
        return {
            "type": type(error).__name__,
            "status": error.status_code,
            "code": told and told.code,
            "message": told and told.message,
            "details": [detail.code for detail in (told and told.details) or []],
        }


def updated(body, **named):
    return operator.compute.virtual_machines.begin_update("rg-orders", "vm-orders-1", body, **named).result()


def grant(principal_id, **more):
    body = {"role_definition_id": READER, "principal_id": principal_id, **more}
    return operator.roles.role_assignments.create(SUBSCRIPTION_ID, str(uuid.uuid4()), body)


identities, machines = operator.identities.user_assigned_identities, operator.compute.virtual_machines
identity = identities.create_or_update("rg-identities", "id-errors", {"location": "westeurope"})
grant(identity.principal_id, principal_type="ServicePrincipal")
attach_absent = {"identity": {"type": "UserAssigned", "user_assigned_identities": {ABSENT: {}}}}

report(
    {
        "noIdentity": refusal(identities.get, "rg-identities", "none"),
        "noGroup": refusal(identities.get, "rg-none", "none"),
        "noMachine": refusal(machines.get, "rg-orders", "vm-none"),
        "noAssignment": refusal(operator.roles.role_assignments.get, SUBSCRIPTION_ID, str(uuid.uuid4())),
        "notAllowed": refusal(bindery.resources.resources.begin_delete_by_id, VAULT, "2023-07-01"),
        "notAllowedGroup": refusal(bindery.resources.resource_groups.create_or_update, "rg-new", {"location": "westeurope"}),
        "otherLocation": refusal(identities.create_or_update, "rg-identities", "id-errors", {"location": "northeurope"}),
        "grantedTwice": refusal(grant, identity.principal_id, principal_type="ServicePrincipal"),
        "noPrincipal": refusal(grant, str(uuid.uuid4())),
        "attachAbsent": refusal(updated, attach_absent),
        "staleEtag": refusal(updated, {"tags": {"a": "b"}}, headers={"If-Match": '"none"'}),
        "badQuery": refusal(operator.graph.resources, {"query": "resources | frobnicate", "subscriptions": []}),
    }
)
