// Replays every recorded exchange of real Azure against the embedded one, in the world that the recording tells of.
import { afterAll, describe, expect, test } from "vitest";
import { differencesBetween } from "./recordings/compare.ts";
import { type Recorded, recordedExchanges, recordingsFolder } from "./recordings/exchanges.ts";
import { listedExchanges } from "./recordings/listed.ts";
import { replay } from "./recordings/replay.ts";
import { pathOf } from "./recordings/stage.ts";

const all = recordedExchanges();
if (all.length === 0) process.stdout.write(`skipped: no recordings of real Azure in ${recordingsFolder}\n`);

const counts = { replayed: 0, listed: 0 };
afterAll(() => {
  if (all.length > 0)
    process.stdout.write(
      `recordings: ${all.length} exchanges, ${counts.replayed} replayed alike, ${counts.listed} listed\n`,
    );
});

/** What came before it in the same recording. */
function before(exchange: Recorded): readonly Recorded[] {
  const same = all.filter((e) => e.recording === exchange.recording);
  return same.slice(0, same.indexOf(exchange));
}

const entriesOf = ({ name }: Recorded) =>
  listedExchanges.filter(({ exchanges }) =>
    exchanges.some((text) => {
      const [file = "", places = ""] = text.split("#");
      return places.split(",").some((place) => name === `${file}#${place}`);
    }),
  );

describe.skipIf(all.length === 0)("recorded exchanges", () => {
  test.each(all.map((e) => [e.name, e.method, pathOf(e.target).slice(-60), e] as const))(
    "%s %s %s",
    async (_name, _method, _path, exchange) => {
      const differences = differencesBetween(exchange, await replay(exchange, before(exchange)));
      const entries = entriesOf(exchange);
      const unlisted = differences.filter((line) => !entries.some(({ differs }) => differs.test(line)));
      expect(unlisted).toEqual([]);
      expect(entries.length > 0, "listed, and yet answered alike").toBe(differences.length > 0);
      counts[entries.length > 0 ? "listed" : "replayed"] += 1;
    },
  );
});
