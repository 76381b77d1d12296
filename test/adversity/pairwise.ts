// A small set of combinations in which any two values of two factors stand together at least once.

type Row = Readonly<Record<string, string>>;

/** A pair of values, as text: each is to be covered. */
type Pair = string;

function pairOf(one: readonly [string, string], other: readonly [string, string]): Pair {
  return JSON.stringify(one[0] < other[0] ? [one, other] : [other, one]);
}

/** All pairs of a combination. */
export function pairsIn(row: Row): readonly Pair[] {
  const entries = Object.entries(row);
  return entries.flatMap((one, i) => entries.slice(i + 1).map((other) => pairOf(one, other)));
}

/** All pairs that there are. */
export function pairsOf(factors: Readonly<Record<string, readonly string[]>>): readonly Pair[] {
  const entries = Object.entries(factors);
  return entries.flatMap(([name, values], i) =>
    entries
      .slice(i + 1)
      .flatMap(([otherName, others]) =>
        values.flatMap((value) => others.map((other) => pairOf([name, value], [otherName, other]))),
      ),
  );
}

/**
 * Rows that cover all pairs, the same ones each time. Greedy: each row begins with a pair that is not covered yet and
 * takes, factor after factor, the value that covers most of what is left (after AETG, Cohen et al., 1997).
 */
export function coveringRows(factors: Readonly<Record<string, readonly string[]>>): readonly Row[] {
  const left = new Set(pairsOf(factors));
  const rows: Row[] = [];
  for (let [first] = left; first !== undefined; [first] = left) {
    const begun = Object.fromEntries(JSON.parse(first) as [string, string][]);
    const row = Object.entries(factors).reduce(
      (made, [name, values]) => extended(made, name, values, left),
      begun,
    );
    for (const pair of pairsIn(row)) left.delete(pair);
    rows.push(row);
  }
  return rows;
}

function extended(row: Row, name: string, values: readonly string[], left: ReadonlySet<Pair>): Row {
  if (name in row) return row;
  const gain = (value: string): number =>
    Object.entries(row).filter((entry) => left.has(pairOf(entry, [name, value]))).length;
  const best = values.toSorted((a, b) => gain(b) - gain(a))[0] ?? "";
  return { ...row, [name]: best };
}
