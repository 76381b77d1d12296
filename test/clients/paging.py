"""Every list of the Python SDKs on a sandbox with small pages: each item once, nothing lost."""
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions
from sandbox_clients import SUBSCRIPTION, SUBSCRIPTION_ID, Clients, credential, report

az = Clients(credential())
# 250 pages are more than the quota of reads: the client is throttled, waits as long as it is told, and goes on.
patient = Clients(credential(), retries=10)


def graph_names(query, page_size):
    names, pages, token = [], 0, None
    while pages == 0 or token:
        options = QueryRequestOptions(top=page_size, skip_token=token)
        answer = az.graph.resources(QueryRequest(query=query, subscriptions=[SUBSCRIPTION], options=options))
        names += [row["name"] for row in answer.data]
        pages, token = pages + 1, answer.skip_token
    return {"names": names, "pages": pages}


def pages(paged):
    """The names on each page, as the client was handed them."""
    return [[item.name for item in page] for page in paged.by_page()]


lists = {
    "machines": az.compute.virtual_machines.list_all(),
    "machinesOfGroup": az.compute.virtual_machines.list("rg-orders"),
    "scaleSets": az.compute.virtual_machine_scale_sets.list_all(),
    "instances": az.compute.virtual_machine_scale_set_vms.list("rg-orders", "vmss-orders"),
    "identities": az.identities.user_assigned_identities.list_by_subscription(),
    "groups": az.resources.resource_groups.list(),
    "resources": az.resources.resources.list(),
    "tagged": az.resources.resources.list(filter="tagName eq 'app' and tagValue eq 'orders'"),
    "topped": az.resources.resources.list(top=3),
    "assignments": az.roles.role_assignments.list_for_subscription(),
    "definitions": patient.roles.role_definitions.list(SUBSCRIPTION_ID),
}
seen = {name: pages(paged) for name, paged in lists.items()}
seen["graph"] = graph_names("resources | where type =~ 'microsoft.compute/virtualmachines' | order by name asc", 3)
report(seen)
