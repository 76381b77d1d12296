"""An identity's whole life, by the Python SDKs: made, tagged, federated, attached, granted, found, and taken apart."""
import uuid

from azure.mgmt.resource.resources.models import TagsPatchResource
from azure.mgmt.resourcegraph.models import QueryRequest
from sandbox_clients import SUBSCRIPTION, SUBSCRIPTION_ID, Clients, credential, report

GROUP, NAME = "rg-identities", "id-python"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
az = Clients(credential())
seen = {}


def identity():
    made = az.identities.user_assigned_identities.create_or_update(
        GROUP, NAME, {"location": "westeurope", "tags": {"app": "orders"}}
    )
    seen["created"] = made.as_dict()
    again = az.identities.user_assigned_identities.create_or_update(GROUP, NAME, {"location": "westeurope"})
    seen["samePrincipal"] = again.principal_id == made.principal_id
    az.identities.user_assigned_identities.update(GROUP, NAME, {"tags": {"app": "orders", "tier": "web"}})
    seen["tags"] = az.identities.user_assigned_identities.get(GROUP, NAME).tags
    lists = az.identities.user_assigned_identities
    seen["listed"] = [i.name for i in lists.list_by_resource_group(GROUP)]
    seen["listedInSubscription"] = [i.name for i in lists.list_by_subscription()]
    return made


def tags_api(identity_id):
    tags = az.resources.tags
    merge = TagsPatchResource(operation="Merge", properties={"tags": {"owner": "python"}})
    delete = TagsPatchResource(operation="Delete", properties={"tags": {"tier": "web"}})
    merged = tags.begin_update_at_scope(identity_id, merge).result().properties.tags
    tags.begin_update_at_scope(identity_id, delete).result()
    seen["tagsApi"] = {"merged": merged, "left": tags.get_at_scope(identity_id).properties.tags}


def federated_credentials():
    credentials = az.federation.federated_identity_credentials
    body = {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:contoso/orders:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    made = credentials.create_or_update(GROUP, NAME, "github-main", body)
    listed = [c.name for c in credentials.list(GROUP, NAME)]
    credentials.delete(GROUP, NAME, "github-main")
    seen["federated"] = {"subject": made.subject, "listed": listed, "left": list(credentials.list(GROUP, NAME))}


def machine(name, identity_id):
    """Attaches beside what is there, and detaches only that."""
    machines = az.compute.virtual_machines
    before = machines.get("rg-orders", name).identity
    has_system = before is not None and "SystemAssigned" in before.type
    both = "SystemAssigned, UserAssigned" if has_system else "UserAssigned"
    attach = {"identity": {"type": both, "user_assigned_identities": {identity_id: {}}}}
    after = machines.begin_update("rg-orders", name, attach).result().identity
    others = len(before.user_assigned_identities or {}) if before else 0
    left = both if others else "SystemAssigned" if has_system else "None"
    gone = {identity_id: None} if others else None
    detach = {"identity": {"type": left, **({"user_assigned_identities": gone} if gone else {})}}
    machines.begin_update("rg-orders", name, detach).result()
    final = machines.get("rg-orders", name).identity
    return {
        "attached": after.as_dict(),
        "left": final and {"type": final.type, "identities": names(final)},
    }


def names(block):
    return sorted(key.rsplit("/", 1)[1] for key in block.user_assigned_identities or {})


def compute(identity_id):
    seen["machines"] = [vm.name for vm in az.compute.virtual_machines.list("rg-orders")]
    seen["allMachines"] = len(list(az.compute.virtual_machines.list_all()))
    seen["plainMachine"] = machine("vm-orders-1", identity_id)
    seen["sharedMachine"] = machine("vm-orders-5", identity_id)
    scale_sets = az.compute.virtual_machine_scale_sets
    attach = {"identity": {"type": "UserAssigned", "user_assigned_identities": {identity_id: {}}}}
    scale_sets.begin_update("rg-orders", "vmss-orders", attach).result()
    scale_sets.begin_update_instances("rg-orders", "vmss-orders", {"instance_ids": ["*"]}).result()
    instances = az.compute.virtual_machine_scale_set_vms.list("rg-orders", "vmss-orders")
    seen["scaleSet"] = {
        "listed": [s.name for s in scale_sets.list_all()],
        "attached": names(scale_sets.get("rg-orders", "vmss-orders").identity),
        "upToDate": [i.latest_model_applied for i in instances],
    }
    scale_sets.begin_update("rg-orders", "vmss-orders", {"identity": {"type": "None"}}).result()
    seen["scaleSet"]["left"] = scale_sets.get("rg-orders", "vmss-orders").identity


def roles(principal_id):
    found = list(az.roles.role_definitions.list(SUBSCRIPTION_ID, filter="roleName eq 'Reader'"))
    seen["role"] = [d.role_name for d in found] + [found[0].name == READER, found[0].permissions[0].actions]
    seen["grants"] = [grant(scope, found[0].id, principal_id) for scope in (vault(), SUBSCRIPTION_ID)]


def vault():
    return f"{SUBSCRIPTION_ID}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders"


def grant(scope, role_id, principal_id):
    assignments, name = az.roles.role_assignments, str(uuid.uuid4())
    body = {"role_definition_id": role_id, "principal_id": principal_id, "principal_type": "ServicePrincipal"}
    made = assignments.create(scope, name, body)
    mine = f"principalId eq '{principal_id}'"
    result = {
        "scope": made.scope == scope,
        "listed": [a.name == name for a in assignments.list_for_scope(scope, filter=mine)],
        "inSubscription": [a.name == name for a in assignments.list_for_subscription(filter=mine)],
        "type": assignments.get(scope, name).principal_type,
        "deleted": assignments.delete(scope, name).name == name,
    }
    return {**result, "left": len(list(assignments.list_for_scope(scope, filter=mine)))}


def resource_lists(identity_id):
    resources = az.resources.resources
    by_type = "resourceType eq 'Microsoft.KeyVault/vaults'"
    by_tag = "tagName eq 'app' and tagValue eq 'orders'"
    seen["resources"] = {
        "byType": [r.name for r in resources.list(filter=by_type)],
        "byTag": sorted(r.name for r in resources.list(filter=by_tag)),
        "inGroup": [r.name for r in resources.list_by_resource_group(GROUP)],
        "byId": resources.get_by_id(identity_id, "2023-01-31").properties["clientId"],
        "groups": [g.name for g in az.resources.resource_groups.list(filter="tagName eq 'app'")],
        "subscriptions": [s.display_name for s in az.subscriptions.subscriptions.list()],
    }


def resource_graph():
    query = f"resources | where type =~ 'microsoft.managedidentity/userassignedidentities' and name =~ '{NAME}'"
    asked = QueryRequest(query=f"{query} | project name, tags.app, properties.principalId", subscriptions=[SUBSCRIPTION])
    answer = az.graph.resources(asked)
    seen["graph"] = {"total": answer.total_records, "rows": answer.data}


made = identity()
tags_api(made.id)
federated_credentials()
compute(made.id)
roles(made.principal_id)
resource_lists(made.id)
resource_graph()
az.identities.user_assigned_identities.delete(GROUP, NAME)
seen["leftInGroup"] = [i.name for i in az.identities.user_assigned_identities.list_by_resource_group(GROUP)]
report(seen)
