// Decides at the last moment before a write leaves the process whether it still may: after all waits, token in hand.
import type { HttpClient } from "@azure/core-rest-pipeline";
import { refuseUnlessHeld, type WriteFence } from "../model/lease.ts";
import { linkedTo } from "../model/linked-signal.ts";
import { isReadOnly } from "./policies.ts";

/**
 * The same client, which sends no write without the lease and cuts those that are not answered when it ends: what
 * lingers in a socket must not arrive later. Both are told as the `Failure` "LeaseLost"; reads pass.
 */
export function fencedClient(client: HttpClient, fence: WriteFence): HttpClient {
  return {
    async sendRequest(request) {
      if (isReadOnly(request.method, request.url)) return await client.sendRequest(request);
      // Of the term that this write belongs to: there may be another one when it is answered.
      const { ended } = fence;
      const { abortSignal } = request;
      using cut = linkedTo(ended, abortSignal instanceof AbortSignal ? abortSignal : undefined);
      request.abortSignal = cut.signal;
      refuseUnlessHeld(fence);
      try {
        return await client.sendRequest(request);
      } catch (error) {
        throw ended.aborted ? ended.reason : error;
      } finally {
        // The request may be sent once more.
        if (abortSignal) request.abortSignal = abortSignal;
        else delete request.abortSignal;
      }
    },
  };
}
