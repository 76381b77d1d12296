// How the authorization provider writes an instant.

/** An instant with seven decimals, "2023-08-23T13:05:38.8480000Z", as recorded of role assignments. */
export function azureTime(instantInMs: number): string {
  return new Date(instantInMs).toISOString().replace("Z", "0000Z");
}
