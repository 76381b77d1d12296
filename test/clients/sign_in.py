"""Which ways of signing in get Azure's Python SDKs in, and what the wrong ones are told."""
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import EnvironmentCredential
from sandbox_clients import READY, Clients, credential, report
import os


def groups(cred):
    return [group.name for group in Clients(cred).resources.resource_groups.list()]


def refusal(cred):
    try:
        return groups(cred)
    except ClientAuthenticationError as error:
        return {"type": type(error).__name__, "message": error.message}


def from_environment():
    """What `. env.sh` sets; instance discovery would ask a public cloud, so it is switched off."""
    os.environ.update(
        AZURE_TENANT_ID=READY["tenantId"],
        AZURE_CLIENT_ID=READY["clientId"],
        AZURE_CLIENT_SECRET=READY["clientSecret"],
        AZURE_AUTHORITY_HOST=READY["authority"],
    )
    return EnvironmentCredential(instance_discovery=False, disable_instance_discovery=True)


# AD FS has one tenant, which is named "adfs"; clients know that they cannot ask a public cloud about it.
adfs = credential(tenant="adfs", authority=READY["arm"], instance_discovery=None, disable_instance_discovery=False)
wrong = dict(READY, operatorClientSecret="wrong")

seen = {
    "secret": groups(credential()),
    "adfs": groups(adfs),
    "environment": groups(from_environment()),
    "otherTenant": refusal(credential(tenant="72f988bf-86f1-41af-91ab-2d7cd011db47")),
}
READY.update(wrong)
seen["wrongSecret"] = refusal(credential())
report(seen)
