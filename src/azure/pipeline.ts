// How all clients of Azure are set up: the same pipeline, the same connections, no retries of their own.
import type { TokenCredential } from "@azure/core-auth";
import {
  bearerTokenAuthenticationPolicy,
  bearerTokenAuthenticationPolicyName,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type Pipeline,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import type { WriteFence } from "../model/lease.ts";
import type { Clock } from "../model/ports.ts";
import type { AzureCloud } from "./cloud.ts";
import { fencedClient } from "./fence.ts";
import {
  answersPolicy,
  boundsPolicy,
  correlationPolicy,
  dryRunPolicy,
  hostsPolicy,
  type RequestBounds,
  type RequestEvent,
  type SentTimes,
  sentTimesPolicy,
} from "./policies.ts";
import { type LimitQuota, type LimitWait, type Outside, throttlePolicy } from "./throttle.ts";

/** What a line to Azure is made of. */
export interface LineOptions {
  readonly cloud: AzureCloud;
  readonly credential: TokenCredential;
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** Runs the wait for a limit of a single resource. */
  readonly outside: Outside;
  /** Sees each request that is held back for a limit. */
  readonly onWait: (wait: LimitWait) => void;
  /** Sees what each answer says is left of a limit. */
  readonly onQuota: (quota: LimitQuota) => void;
  readonly version: string;
  /** The id that all requests of the operation at hand carry. */
  readonly correlationId: () => string;
  readonly onRequest: (event: RequestEvent) => void;
  /** A certificate authority to trust besides the system's, as PEM. */
  readonly ca?: string;
  readonly bounds?: Partial<RequestBounds>;
  /** What stands before every write. */
  readonly fence?: WriteFence;
  /** What carries the requests; sockets by default. */
  readonly httpClient?: HttpClient;
}

/** The options that all SDK clients take, in both generations of SDKs. */
export interface ClientOptions {
  readonly endpoint: string;
  readonly httpClient: HttpClient;
  readonly retryOptions: { maxRetries: number };
  readonly redirectOptions: { maxRetries: number };
  readonly userAgentOptions: { userAgentPrefix: string };
  readonly credentialScopes: string;
  readonly credentials: { scopes: string[] };
  readonly tlsOptions?: { ca: string };
}

/** The way to one cloud: everything that is sent goes through it. */
export interface Line {
  readonly cloud: AzureCloud;
  readonly credential: TokenCredential;
  readonly clientOptions: ClientOptions;
  /** Puts Bindery's own policies into a client, before the one that attaches the token. */
  guard<C extends { pipeline: Pipeline }>(client: C): C;
  /** A GET of a URL that Azure gave (operations are polled verbatim); relative ones are ARM's. Failed answers are thrown. */
  get(url: string, signal: AbortSignal, correlationId?: string): Promise<PipelineResponse>;
}

const defaultBounds: RequestBounds = { timeoutInMs: 60_000, answerInBytes: 128 * 1024 * 1024 };

/** Sets up the way to a cloud; nothing is sent yet. */
export function lineTo(options: LineOptions): Line {
  const { cloud, credential } = options;
  const clientOptions = clientOptionsFrom(options);
  const guard = guardFrom(options);
  const raw = createPipelineFromOptions(clientOptions);
  raw.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: clientOptions.credentialScopes }));
  guard({ pipeline: raw });
  return {
    cloud,
    credential,
    clientOptions,
    guard,
    get(url, signal, correlationId): Promise<PipelineResponse> {
      const request = createPipelineRequest({
        url: new URL(url, cloud.resourceManager).href,
        abortSignal: signal,
      });
      if (correlationId) request.headers.set("x-ms-correlation-request-id", correlationId);
      return raw.sendRequest(clientOptions.httpClient, request);
    },
  };
}

function clientOptionsFrom(options: LineOptions): ClientOptions {
  const scope = `${options.cloud.resourceManagerAudience}/.default`;
  const client = options.httpClient ?? createDefaultHttpClient();
  return {
    endpoint: options.cloud.resourceManager,
    httpClient: options.fence ? fencedClient(client, options.fence) : client,
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: `bindery/${options.version}` },
    credentialScopes: scope,
    credentials: { scopes: [scope] },
    ...(options.ca ? { tlsOptions: { ca: options.ca } } : {}),
  };
}

function guardFrom(options: LineOptions): Line["guard"] {
  const times: SentTimes = new WeakMap();
  const policies = [
    correlationPolicy(options.correlationId, options.onRequest, times),
    answersPolicy(),
    hostsPolicy([new URL(options.cloud.resourceManager).host]),
    ...(options.dryRun ? [dryRunPolicy()] : []),
    // Its waits do not count as Azure's time to answer.
    throttlePolicy(options.clock, options.outside, options),
    sentTimesPolicy(times),
    boundsPolicy({ ...defaultBounds, ...options.bounds }),
  ];
  return (client) => {
    for (const policy of policies) {
      client.pipeline.addPolicy(policy, { beforePolicies: [bearerTokenAuthenticationPolicyName] });
    }
    return client;
  };
}
