// Decides whether an action of a role, which may hold wildcards, covers the action that is asked for.

/**
 * True if a pattern of a role covers an action, without regard to case. A star stands for any text, and one that is
 * a whole segment also for none: Managed Identity Operator grants "assign/action" below a starred segment of
 * userAssignedIdentities, and "…/userAssignedIdentities/assign/action" is what Azure checks (inferred from its refusals).
 */
export function matchesAction(pattern: string, action: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.includes("*")) return pattern.toLowerCase() === action.toLowerCase();
  const known = expressions.get(pattern) ?? expressionOf(pattern);
  expressions.set(pattern, known);
  return known.test(action);
}

/** Patterns come from a few role definitions and are asked for with every request. */
const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\/\*\/|[.*+?^${}()|[\]\\]/g, (sign) => {
    if (sign === "/*/") return "/(?:.*/)?";
    return sign === "*" ? ".*" : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, "i");
}
