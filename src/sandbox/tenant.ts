// Which tenant every sandbox is.

/** The one tenant of every sandbox. It is no id that Entra gives out (those are version 4), so no real tenant has it. */
export const sandboxTenantId = "b1d0b1d0-0000-0000-0000-000000005a4d";
