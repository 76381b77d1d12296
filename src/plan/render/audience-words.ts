// Decides when the audience of a federated credential is told: where it is not the one that nearly all have.

/** In Azure's public cloud ("Workload identity federation", Microsoft Entra documentation). */
const usual = "api://AzureADTokenExchange";

/** Follows the issuer and the subject of a trust. Not yet safe to print. */
export function audienceWords(audience: string): string {
  return audience === usual ? "" : ` with the audience ${audience}`;
}
