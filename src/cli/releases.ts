// Decides what a user is told of releases: which ones let something go, and which name nothing that is held now.
import { safeText } from "../model/text.ts";
import type { Situation } from "../plan/draft.ts";
import { noReleases, planFor } from "../plan/plan-for.ts";

/** A release and where it was given. */
interface GivenRelease {
  readonly digest: string;
  readonly by: "option" | "policy";
}

/** The releases that are given, by whether they name a held set of this situation. */
export interface ReleaseUse {
  readonly used: readonly GivenRelease[];
  readonly unused: readonly GivenRelease[];
}

/** Looks at what would be held without releases, then with those that fit: a released change may be held for another reason. */
export function releasesIn(
  { desired, observed, policy }: Omit<Situation, "releases">,
  options: readonly string[] = [],
): ReleaseUse {
  const given: readonly GivenRelease[] = [
    ...options.map((digest) => ({ digest, by: "option" as const })),
    ...policy.releases.map((digest) => ({ digest, by: "policy" as const })),
  ];
  const fitting = new Set<string>();
  for (let before = -1; given.length > 0 && before !== fitting.size; ) {
    before = fitting.size;
    const releases = { ...noReleases, digests: new Set(fitting) };
    const { held } = planFor(desired, observed, { ...policy, releases: [] }, releases);
    const releasable = new Set(held.filter((h) => h.releasable).map((h) => h.digest));
    for (const { digest } of given.filter((one) => releasable.has(one.digest))) fitting.add(digest);
  }
  return {
    used: given.filter(({ digest }) => fitting.has(digest)),
    unused: given.filter(({ digest }) => !fitting.has(digest)),
  };
}

/** One line for each release of the policy, and for each option that releases nothing; safe to print. */
export function releaseLines({ used, unused }: ReleaseUse): readonly string[] {
  const ofPolicy = used.filter(({ by }) => by === "policy");
  return [
    ...ofPolicy.map(({ digest }) => `Released by the policy: ${digest}.`),
    ...unused.map(({ digest, by }) =>
      by === "option"
        ? `warning: --release ${digest} names nothing that is held now, and releases nothing.`
        : `warning: the policy releases ${digest}, which names nothing that is held now: take it out of spec.releases.`,
    ),
  ].map((line) => safeText(line));
}
