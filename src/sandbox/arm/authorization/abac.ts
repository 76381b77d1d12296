// Reads a role assignment condition and decides whether a request fulfils it.

import { comparisonNamed, type Quantifier } from "./abac-comparisons.ts";
import { ConditionSyntaxError, type Token, tokensOf } from "./abac-tokens.ts";
import { matchesAction } from "./action-pattern.ts";

/** A condition as a tree; Azure's grammar of conditionVersion 2.0. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "actionMatches"; readonly actions: readonly string[] }
  | { readonly kind: "subOperationMatches"; readonly operations: readonly string[] }
  | { readonly kind: "exists"; readonly attribute: Attribute }
  | {
      readonly kind: "compare";
      readonly left: Attribute;
      readonly operator: string;
      readonly quantifier: Quantifier | undefined;
      readonly right: readonly string[] | Attribute;
    };

/** A named attribute of the request, the resource, the principal or the environment. */
export interface Attribute {
  readonly source: "request" | "resource" | "principal" | "environment";
  /** In lower case, for example "microsoft.authorization/roleassignments:principaltype". */
  readonly name: string;
}

/** What a condition is judged on. Attribute names are compared without case; principals have no attributes here. */
export interface ConditionInput {
  readonly action: string;
  readonly request: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

/** A condition, or why the text is none. */
export type ParsedCondition =
  | { readonly kind: "condition"; readonly condition: Condition }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Reads a condition; words are read without case. AND and OR on one level need parentheses ("you must add
 * parentheses", Azure's conditions-format), so such a text is invalid here, although Azure may be milder.
 */
export function parseCondition(text: string): ParsedCondition {
  try {
    const reader = new TokenReader(tokensOf(text));
    const condition = parseJoined(reader);
    reader.expectEnd();
    return { kind: "condition", condition };
  } catch (error) {
    if (error instanceof ConditionSyntaxError) return { kind: "invalid", reason: error.message };
    throw error;
  }
}

/** True if the request fulfils the condition; a comparison with an attribute that the request lacks is false. */
export function isFulfilled(condition: Condition, input: ConditionInput): boolean {
  switch (condition.kind) {
    case "and":
      return isFulfilled(condition.left, input) && isFulfilled(condition.right, input);
    case "or":
      return isFulfilled(condition.left, input) || isFulfilled(condition.right, input);
    case "not":
      return !isFulfilled(condition.operand, input);
    case "actionMatches":
      return condition.actions.some((a) => matchesAction(a, input.action));
    case "subOperationMatches":
      return false; // Only data actions have suboperations; a management request never is one.
    case "exists":
      return valuesOf(condition.attribute, input) !== undefined;
    case "compare":
      return compares(condition, input);
  }
}

function compares(condition: Condition & { kind: "compare" }, input: ConditionInput): boolean {
  const left = valuesOf(condition.left, input);
  const right = "source" in condition.right ? valuesOf(condition.right, input) : condition.right;
  const holds = comparisonNamed(condition.operator);
  if (left === undefined || right === undefined || holds === undefined) return false;
  const [outer, inner] = condition.quantifier ?? ["any", "any"];
  const judge = (l: string) =>
    inner === "any" ? right.some((r) => holds(l, r)) : right.every((r) => holds(l, r));
  return outer === "any" ? left.some(judge) : left.every(judge);
}

function valuesOf(attribute: Attribute, input: ConditionInput): readonly string[] | undefined {
  if (attribute.source === "principal") return undefined;
  const found = Object.entries(input[attribute.source]).find(
    ([name]) => name.toLowerCase() === attribute.name,
  );
  return found && [found[1]];
}

class TokenReader {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  next(what: string): Token {
    const token = this.peek();
    if (token === undefined) throw new ConditionSyntaxError(`The condition ends where ${what} should stand.`);
    this.#position += 1;
    return token;
  }

  /** Takes the next token if it is one of these signs or words. */
  take(...values: string[]): boolean {
    const token = this.peek();
    if (token === undefined || token.kind === "text" || !values.includes(token.value.toLowerCase()))
      return false;
    this.#position += 1;
    return true;
  }

  /** Takes an AND or OR; one that differs from what joined the terms so far is an error. */
  takeJoin(sofar?: "and" | "or"): "and" | "or" | undefined {
    const token = this.peek();
    const kind = this.take("and", "&&") ? "and" : this.take("or", "||") ? "or" : undefined;
    if (token !== undefined && kind !== undefined && sofar !== undefined && kind !== sofar) {
      throw unexpected(token, `'${sofar.toUpperCase()}' or parentheses`);
    }
    return kind;
  }

  expect(sign: string): void {
    const token = this.next(`'${sign}'`);
    if (token.kind !== "sign" || token.value !== sign) throw unexpected(token, `'${sign}'`);
  }

  expectEnd(): void {
    const token = this.peek();
    if (token !== undefined) throw unexpected(token, "the end");
  }
}

function unexpected(token: Token, wanted: string): ConditionSyntaxError {
  return new ConditionSyntaxError(`'${token.value}' at ${token.at} stands where ${wanted} should.`);
}

/** One level of a condition: terms that are all joined by AND or all by OR, never by both without parentheses. */
function parseJoined(reader: TokenReader, depth = 0): Condition {
  let left = parseNot(reader, depth);
  const kind = reader.takeJoin();
  if (kind === undefined) return left;
  do left = { kind, left, right: parseNot(reader, depth) };
  while (reader.takeJoin(kind) !== undefined);
  return left;
}

function parseNot(reader: TokenReader, depth = 0): Condition {
  if (depth > deepestNesting) throw new ConditionSyntaxError("The condition is nested too deeply.");
  if (reader.take("!", "not")) return { kind: "not", operand: parseNot(reader, depth + 1) };
  if (!reader.take("(")) return parsePredicate(reader);
  const inner = parseJoined(reader, depth + 1);
  reader.expect(")");
  return inner;
}

/** Far deeper than the portal nests; keeps a hostile text from exhausting the stack. */
const deepestNesting = 100;

function parsePredicate(reader: TokenReader): Condition {
  if (reader.take("actionmatches")) return { kind: "actionMatches", actions: parseSet(reader) };
  if (reader.take("suboperationmatches"))
    return { kind: "subOperationMatches", operations: parseSet(reader) };
  if (reader.take("exists")) return { kind: "exists", attribute: parseAttribute(reader) };
  const left = parseAttribute(reader);
  const operator = reader.next("an operator");
  const [name, quantifier] = operatorFrom(operator);
  return { kind: "compare", left, operator: name, quantifier, right: parseRight(reader) };
}

const sources = {
  "@request": "request",
  "@resource": "resource",
  "@principal": "principal",
  "@environment": "environment",
} as const;

function parseAttribute(reader: TokenReader): Attribute {
  const token = reader.next("an attribute");
  const [source = "", rest = ""] = token.value.toLowerCase().split("[", 2);
  const name = rest.slice(0, -1);
  if (token.kind !== "attribute" || !(source in sources) || name === "")
    throw unexpected(token, "an attribute");
  return { source: sources[source as keyof typeof sources], name };
}

const quantifierPattern = /^forany(ofany|ofall)values:|^forall(ofany|ofall)values:/i;

function operatorFrom(token: Token): [string, Quantifier | undefined] {
  const prefix = quantifierPattern.exec(token.value)?.[0].toLowerCase();
  const name = token.value.slice(prefix?.length ?? 0).toLowerCase();
  if (token.kind !== "word" || comparisonNamed(name) === undefined) throw unexpected(token, "an operator");
  if (prefix === undefined) return [name, undefined];
  return [name, [prefix.startsWith("forany") ? "any" : "all", prefix.includes("ofany") ? "any" : "all"]];
}

function parseRight(reader: TokenReader): readonly string[] | Attribute {
  const token = reader.peek();
  if (token?.kind === "attribute") return parseAttribute(reader);
  if (token?.kind === "sign" && token.value === "{") return parseSet(reader);
  return [parseValue(reader)];
}

function parseSet(reader: TokenReader): string[] {
  reader.expect("{");
  const values = [parseValue(reader)];
  while (reader.take(",")) values.push(parseValue(reader));
  reader.expect("}");
  return values;
}

function parseValue(reader: TokenReader): string {
  const token = reader.next("a value");
  if (token.kind !== "text" && token.kind !== "word") throw unexpected(token, "a value");
  return token.value;
}
