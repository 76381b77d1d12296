// Which recorded exchanges the embedded Azure answers otherwise on purpose, and why.

/** A reason, the exchanges that it excuses, and what about them differs. */
export interface ListedExchanges {
  readonly reason: string;
  /** File and places in it: "sql.json#0,6,11". */
  readonly exchanges: readonly string[];
  /** Every difference found must match; so a new one is not hidden. */
  readonly differs: RegExp;
}

export const listedExchanges: readonly ListedExchanges[] = [
  {
    reason:
      "The caller's moment: Azure was throttled, busy, broken or behind a proxy. Here faults say such things.",
    exchanges: ["errors.json#13,14,15,16,17,18,19,20,25,26,27,28,29", "uami.json#14"],
    differs: /^/,
  },
  {
    reason: "The version that was refused in the recording has come to be taken since, or there.",
    exchanges: ["errors-quoted.json#0,3,7"],
    differs: /^(status 200, recorded 40[04]$|header x-ms-ratelimit|body )/,
  },
  {
    reason: "Types that nobody keeps here: their namespace is refused before location and version are.",
    exchanges: ["errors-quoted.json#1,2,5,6", "errors.json#0,1,2,3,4,11"],
    differs: /^(status (200|40[45]), recorded 40[034]$|header x-ms-failure-cause|body )/,
  },
  {
    reason: "The list of a namespace's operations is not kept here; the short form of the refusal is given.",
    exchanges: ["errors-quoted.json#4"],
    differs: /^body \/error\/message /,
  },
  {
    reason: "The type is not kept here, and is refused before the malformed subscription is.",
    exchanges: ["errors-quoted.json#10"],
    differs: /^(status 404, recorded 400$|body \/error\/)/,
  },
  {
    reason:
      "Quoted without a URL; test/sandbox-entra.test.ts and src/sandbox/arm/authorization/rights.test.ts try these refusals.",
    exchanges: ["errors-quoted.json#12,13"],
    differs: /^(status 400, recorded 40[13]$|body \/error\/)/,
  },
  {
    reason:
      "Headers of Compute's throttling policies before 2024 had other names, and in 2019 and 2021 none were recorded.",
    exchanges: ["errors.json#12", "resource-graph.json#5", "vm-list.json#1"],
    differs: /^header x-ms-ratelimit-remaining-resource /,
  },
  {
    reason: "Kept types know no If-Match.",
    exchanges: ["errors.json#21"],
    differs: /^/,
  },
  {
    reason: "Every subscription here is registered for every namespace.",
    exchanges: ["errors.json#23"],
    differs: /^/,
  },
  {
    reason: "An empty page before the end comes only with `pages: uneven` here.",
    exchanges: ["generic-resources-list.json#6"],
    differs: /^body \/nextLink absent/,
  },
  {
    reason:
      "Kept types are changed at once, without an operation, and what their provider adds to a body is not made up.",
    exchanges: [
      "generic-resources-list.json#9,13,15",
      "other-types-identity.json#0,1,2,3,4,5,6,10,11,12,13,14,15,19,21,22",
      "sql.json#0,6,11",
      "lro-headers.json#11",
      "webapp-identity.json#12",
    ],
    differs:
      /^(status 20[01], recorded 20[12]$|header (azure-asyncoperation|location|retry-after|x-ms-ratelimit-remaining-resource) |body )/,
  },
  {
    reason: "What the server had before is not recorded: to the stage, the request takes all that is left.",
    exchanges: ["other-types-identity.json#18"],
    differs: /^/,
  },
  {
    reason: "Kept types have no operations, so none can be polled.",
    exchanges: [
      "generic-resources-list.json#10",
      "other-types-identity.json#7,8,20",
      "sql.json#7,8,12",
      "lro-headers.json#12,13",
      "webapp-identity.json#13,14",
    ],
    differs: /^/,
  },
  {
    reason:
      "App Service sends the ETag as a header too, and a PUT of a site is answered with all that it has; here the body is what was sent.",
    exchanges: ["webapp-identity.json#0,1,2,3,4,5,6,7,9,10,15"],
    differs: /^(header etag absent|body \/)/,
  },
  {
    reason: "Kept types do not check what their properties refer to.",
    exchanges: ["webapp-identity.json#8"],
    differs: /^/,
  },
  {
    reason:
      "Creating machines is not Bindery's: the body is what was sent, ETags are sent with every version, waits are short.",
    exchanges: ["lro-headers.json#0,3"],
    differs: /^(header (etag|retry-after) |body \/(etag|properties|resources|zones|tags|identity)[ /])/,
  },
  {
    reason: "Waits are short here: Retry-After is 1 s, and polls have it only by a switch.",
    exchanges: ["lro-headers.json#1,7,8"],
    differs: /^header retry-after /,
  },
  {
    reason:
      "The deletion of a resource group has an operation id of its own here, unsigned, with a short wait.",
    exchanges: ["lro-headers.json#14"],
    differs: /^header (location|retry-after) /,
  },
  {
    reason:
      "A job's URL of another process: the round trip of a deletion is tried in test/sandbox-arm.test.ts.",
    exchanges: ["lro-headers.json#15,16"],
    differs: /^/,
  },
  {
    reason:
      "Replayed with the masked subscriptions and 2,995 rows put back in src/sandbox/graph/recordings.test.ts.",
    exchanges: ["resource-graph.json#0,1,2,3,4,6"],
    differs: /^/,
  },
  {
    reason: "Operations of preview versions that no stable version has: Bindery calls neither.",
    exchanges: ["uami.json#8,20"],
    differs: /^(status 405, recorded 200$|header x-ms-failure-cause gateway|body \/)/,
  },
  {
    reason: "The recorder replaced the set's name in the URL's filter, but not in the body.",
    exchanges: ["vm-list.json#3"],
    differs: /^body \/value\/\d absent/,
  },
];
