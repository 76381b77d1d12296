// The lease of an Azure blob: how it is taken, renewed and given back, and what Azure's refusals say about its holder.
import { randomUUID } from "node:crypto";
import { Agent } from "node:https";
import type { TokenCredential } from "@azure/core-auth";
import {
  agentPolicy,
  bearerTokenAuthenticationPolicy,
  bearerTokenAuthenticationPolicyName,
  type Pipeline,
} from "@azure/core-rest-pipeline";
import { AnonymousCredential, BlockBlobClient, newPipeline } from "@azure/storage-blob";
import { Failure } from "../model/failure.ts";
import type { LeaseStore } from "../model/lease.ts";
import type { RevisionMemory } from "../model/revisions.ts";
import { blobNote } from "./blob-note.ts";
import { ask } from "./call.ts";
import { type AzureCloud, blobMismatch } from "./cloud.ts";
import { guardedCredential } from "./credential.ts";
import {
  answersPolicy,
  boundsPolicy,
  correlationPolicy,
  hostsPolicy,
  type RequestEvent,
} from "./policies.ts";

/** What it takes to hold the lease of a blob. */
export interface BlobLeaseOptions {
  readonly cloud: AzureCloud;
  readonly credential: TokenCredential;
  /** The policy's tenant; tokens of another one are refused. */
  readonly tenantId?: string;
  readonly blobUrl: string;
  /** From 15 to 60 (Storage, "Lease Blob"). */
  readonly durationInSeconds: number;
  /** Bindery's version, for the user agent. */
  readonly version: string;
  readonly onRequest: (event: RequestEvent) => void;
  /** A certificate authority to trust besides the system's, as PEM. */
  readonly ca?: string;
}

/** A lease, and what its blob says. */
export interface BlobLease extends LeaseStore {
  /** Everybody can read it; only who holds the lease can write it. */
  readonly note: RevisionMemory;
}

/** The scope of tokens for storage, in every cloud. */
const storageScope = "https://storage.azure.com/.default";

/** A request must not take so long that no other one can be made before the lease ends. */
const requestShare = 1 / 6;

/** Lets the pipeline of a blob be reached: nothing public of the SDK leads to it. */
class OpenBlobClient extends BlockBlobClient {
  get pipelineInUse(): Pipeline {
    return this.storageClientContext.pipeline;
  }
}

/**
 * The lease of a blob for one holder, under an id of its own: taking it again while it is held renews it. The blob is
 * made if it is missing, its container is not. Throws a terminal `Failure` "ForeignHost" for a blob elsewhere than in
 * the cloud's storage; nothing is sent before the first call.
 */
export function blobLease(options: BlobLeaseOptions): BlobLease {
  const { blobUrl, durationInSeconds } = options;
  const mismatch = blobMismatch(options.cloud, blobUrl);
  if (mismatch !== undefined) throw new Failure("terminal", mismatch, { code: "ForeignHost" });
  const blob = new OpenBlobClient(blobUrl, newPipeline(new AnonymousCredential(), sdkOptions(options)));
  guard(blob.pipelineInUse, options);
  const lease = blob.getBlobLeaseClient(randomUUID());
  const taken = (abortSignal: AbortSignal): Promise<boolean> =>
    unless(heldByOthers, () => lease.acquireLease(durationInSeconds, { abortSignal }));
  return {
    name: blobUrl,
    durationInMs: durationInSeconds * 1000,
    async acquire(signal) {
      try {
        return await taken(signal);
      } catch (error) {
        if (!isOneOf(error, ["BlobNotFound"])) throw error;
        await makeEmpty(blob, signal);
        return await taken(signal);
      }
    },
    renew: (signal) => unless(notOursAnyMore, () => lease.renewLease({ abortSignal: signal })),
    async release() {
      await unless(notOursAnyMore, () => lease.releaseLease());
    },
    note: blobNote(blob, { name: blobUrl, leaseId: lease.leaseId, timeoutInMs: requestTimeoutIn(options) }),
  };
}

/** Somebody may be faster: then the blob is there, and perhaps leased (412). */
async function makeEmpty(blob: BlockBlobClient, abortSignal: AbortSignal): Promise<void> {
  const conditions = { ifNoneMatch: "*" };
  await unless(["BlobAlreadyExists", "PreconditionFailed"], () =>
    blob.upload("", 0, { abortSignal, conditions }),
  );
}

const heldByOthers = ["LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"];

/** Taken by others, broken by somebody, or gone with its blob: then a new blob may be leased to anybody. */
const notOursAnyMore = [
  "LeaseIdMismatchWithLeaseOperation",
  "LeaseNotPresentWithLeaseOperation",
  "LeaseLost",
  "LeaseIsBrokenAndCannotBeRenewed",
  "BlobNotFound",
  "ContainerNotFound",
];

/** True if the call succeeds, false if it fails with one of these codes. */
async function unless(codes: readonly string[], call: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask(call);
    return true;
  } catch (error) {
    if (isOneOf(error, codes)) return false;
    throw error;
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Failure && codes.includes(error.details.code);
}

function sdkOptions({ version, ca }: BlobLeaseOptions) {
  return {
    userAgentOptions: { userAgentPrefix: `bindery/${version}` },
    retryOptions: { maxTries: 1 },
    ...(ca === undefined ? {} : { tlsOptions: { ca } }),
  };
}

function requestTimeoutIn({ durationInSeconds }: BlobLeaseOptions): number {
  return durationInSeconds * 1000 * requestShare;
}

/** As the clients of ARM are guarded; no limits are counted, because a renewal must not wait. */
function guard(pipeline: Pipeline, options: BlobLeaseOptions): void {
  const { cloud, blobUrl, onRequest, ca } = options;
  const timeoutInMs = requestTimeoutIn(options);
  const { host } = new URL(blobUrl);
  pipeline.removePolicy({ phase: "Retry" });
  const credential = guardedCredential(options.credential, cloud, options.tenantId);
  // The SDK's own policy would let an answer name another tenant and audience for the token.
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: storageScope }), {
    phase: "Sign",
  });
  const policies = [
    correlationPolicy(randomUUID, (event) => onRequest({ ...event, operation: "Microsoft.Storage/blobs" })),
    answersPolicy(),
    hostsPolicy([host]),
    boundsPolicy({ timeoutInMs, answerInBytes: 1024 * 1024 }),
  ];
  for (const policy of policies) {
    pipeline.addPolicy(policy, { beforePolicies: [bearerTokenAuthenticationPolicyName] });
  }
  const [address, port] = cloud.blobAddresses?.[host]?.split(":") ?? [];
  if (address !== undefined) pipeline.addPolicy(agentPolicy(agentTo(address, Number(port), ca)));
}

/** Connects to an address whatever the name; who answers there must still show a certificate for the name. */
function agentTo(host: string, port: number, ca: string | undefined): Agent {
  const agent = new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, onConnect) => connect({ ...options, host, port }, onConnect);
  return agent;
}
