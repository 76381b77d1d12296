"""Azure's Python clients as an ordinary user would make them, pointed at the sandbox whose ready line is on stdin."""
import json
import os
import sys

from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource import ResourceManagementClient, SubscriptionClient
from azure.mgmt.resourcegraph import ResourceGraphClient

READY = json.load(sys.stdin)
SUBSCRIPTION = READY["subscriptions"][0]["subscriptionId"]
SUBSCRIPTION_ID = f"/subscriptions/{SUBSCRIPTION}"
os.environ["REQUESTS_CA_BUNDLE"] = READY["caFile"]


def credential(who="operator", authority=None, tenant=None, **options):
    """Signs in as the operator, or as Bindery's least-privileged client."""
    client_id, secret = {
        "operator": (READY["operatorClientId"], READY["operatorClientSecret"]),
        "bindery": (READY["clientId"], READY["clientSecret"]),
    }[who]
    # The keyword has had both names; the other one is ignored.
    options = {"instance_discovery": False, "disable_instance_discovery": True, **options}
    return ClientSecretCredential(
        tenant or READY["tenantId"], client_id, secret, authority=authority or READY["authority"], **options
    )


class Clients:
    """One client of each package; they poll quickly, and repeat nothing that failed unless told to."""

    def __init__(self, cred, retries=0):
        options = {
            "base_url": READY["arm"],
            "credential_scopes": ["https://management.azure.com/.default"],
            "polling_interval": 0.05,
            "retry_total": retries,
        }
        self.identities = ManagedServiceIdentityClient(cred, SUBSCRIPTION, **options)
        self.federation = ManagedServiceIdentityClient(
            cred, SUBSCRIPTION, api_version="2022-01-31-preview", **options
        )
        self.compute = ComputeManagementClient(cred, SUBSCRIPTION, **options)
        self.roles = AuthorizationManagementClient(cred, SUBSCRIPTION, api_version="2022-04-01", **options)
        self.resources = ResourceManagementClient(cred, SUBSCRIPTION, **options)
        self.subscriptions = SubscriptionClient(cred, **options)
        self.graph = ResourceGraphClient(cred, **options)


def report(observed):
    """Hands what was seen to the test."""
    json.dump(observed, sys.stdout, default=str)
