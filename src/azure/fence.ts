// Decides at the last moment before a write leaves the process whether it still may: after all waits, token in hand.
import type { HttpClient } from "@azure/core-rest-pipeline";
import { refuseUnlessHeld, type WriteFence } from "../model/lease.ts";
import { isReadOnly } from "./policies.ts";

/**
 * The same client, which sends no write without the lease and cuts those that are not answered when it ends: what
 * lingers in a socket must not arrive later. Both are told as the `Failure` "LeaseLost"; reads pass.
 */
export function fencedClient(client: HttpClient, fence: WriteFence): HttpClient {
  return {
    async sendRequest(request) {
      if (isReadOnly(request.method, request.url)) return await client.sendRequest(request);
      const { abortSignal } = request;
      request.abortSignal = AbortSignal.any([
        fence.ended,
        ...(abortSignal instanceof AbortSignal ? [abortSignal] : []),
      ]);
      refuseUnlessHeld(fence);
      try {
        return await client.sendRequest(request);
      } catch (error) {
        throw fence.ended.aborted ? fence.ended.reason : error;
      }
    },
  };
}
