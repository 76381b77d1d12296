// Which rows of two tables belong together: join.
import { unsupported, unsupportedJoin } from "./errors.ts";
import { compileExpression, type Evaluate } from "./expressions.ts";
import { columnsOf, elements, kindOf, member, type SyntaxNode, textOf } from "./kusto.ts";
import type { Column, Row } from "./schema.ts";
import { cellOf, parametersOf, type Tabular } from "./tabular.ts";
import { groupKey, isNull } from "./values.ts";

/** The kinds that Resource Graph offers (its documentation of its query language); others are refused. */
const kinds = ["innerunique", "inner", "leftouter", "fullouter"];

interface Condition {
  readonly left: Evaluate;
  readonly right: Evaluate;
}

/** A row with the key by which it is joined; undefined if part of the key is null, which matches nothing. */
interface Keyed {
  readonly row: Row;
  readonly key: string | undefined;
}

/** `join kind=… (right) on …`; columns of the right side with a name of the left have a 1 appended. */
export function compileJoin(node: SyntaxNode, left: Tabular, right: Tabular): Tabular {
  const kind = parametersOf(node, ["kind"]).get("kind") ?? "innerunique";
  if (!kinds.includes(kind)) throw unsupportedJoin(kind);
  const clause = member(node, "ConditionClause");
  if (kindOf(clause) !== "JoinOnClause") throw unsupported(textOf(clause));
  const conditions = elements(clause, "Expressions").flatMap(conditionsOf);
  const columns = columnsOf(node);
  const merge = merger(columns, left.columns, right.columns);
  return {
    columns,
    run: (rowsOf) => {
      const lefts = keyed(
        left.run(rowsOf),
        conditions.map((c) => c.left),
      );
      const rights = keyed(
        right.run(rowsOf),
        conditions.map((c) => c.right),
      );
      return joined(kind, lefts, rights, merge);
    },
  };
}

/** A column of both sides, or `$left.a == $right.b` (the analyser sees to this order), also several with `and`. */
function conditionsOf(node: SyntaxNode): Condition[] {
  if (kindOf(node) === "AndExpression") {
    return [...conditionsOf(member(node, "Left")), ...conditionsOf(member(node, "Right"))];
  }
  if (kindOf(node) === "NameReference") {
    const column = compileExpression(node);
    return [{ left: column, right: column }];
  }
  if (kindOf(node) !== "EqualExpression") throw unsupported(textOf(node));
  const side = (name: string) => compileExpression(member(member(node, name), "Selector"));
  return [{ left: side("Left"), right: side("Right") }];
}

function keyed(rows: readonly Row[], keys: readonly Evaluate[]): Keyed[] {
  return rows.map((row) => {
    const cells = keys.map((key) => key(row));
    return { row, key: cells.some(isNull) ? undefined : groupKey(cells) };
  });
}

type Merge = (left: Row | undefined, right: Row | undefined) => Row;

/** The result has the columns of the left side, then those of the right, under the names the analyser gave. */
function merger(result: readonly Column[], left: readonly Column[], right: readonly Column[]): Merge {
  return (leftRow, rightRow) => {
    const cells = [
      ...left.map(({ name, type }) => cellOf(leftRow ?? {}, name, type)),
      ...right.map(({ name, type }) => cellOf(rightRow ?? {}, name, type)),
    ];
    return Object.fromEntries(result.map(({ name }, at) => [name, cells[at] ?? null]));
  };
}

function joined(kind: string, lefts: readonly Keyed[], rights: readonly Keyed[], merge: Merge): Row[] {
  const byKey = Map.groupBy(rights, ({ key }) => key);
  const partnersOf = ({ key }: Keyed) => (key === undefined ? [] : (byKey.get(key) ?? []));
  const fromLeft = (kind === "innerunique" ? oneForEachKey(lefts) : lefts).flatMap((left) => {
    const partners = partnersOf(left);
    const isKept = partners.length === 0 && (kind === "leftouter" || kind === "fullouter");
    return isKept ? [merge(left.row, undefined)] : partners.map((right) => merge(left.row, right.row));
  });
  if (kind !== "fullouter") return fromLeft;
  const leftKeys = new Set(lefts.map(({ key }) => key));
  const alone = rights.filter(({ key }) => key === undefined || !leftKeys.has(key));
  return [...fromLeft, ...alone.map((right) => merge(undefined, right.row))];
}

/** Kusto's default kind keeps one row of the left side for each key. */
function oneForEachKey(lefts: readonly Keyed[]): Keyed[] {
  const first = new Map<string | undefined, Keyed>();
  for (const left of lefts) if (!first.has(left.key)) first.set(left.key, left);
  return [...first.values()];
}
