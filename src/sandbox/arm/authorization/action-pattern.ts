// Decides whether an action of a role, which may hold wildcards, covers the action that is asked for.

/**
 * True if a pattern of a role covers an action, without regard to case. A star stands for any text, and one that is
 * a whole segment also for none: Managed Identity Operator grants "assign/action" below a starred segment of
 * userAssignedIdentities, and "…/userAssignedIdentities/assign/action" is what Azure checks (inferred from its refusals).
 */
export function matchesAction(pattern: string, action: string): boolean {
  if (pattern === "*") return true;
  if (!pattern.includes("*")) return pattern.toLowerCase() === action.toLowerCase();
  const source = pattern.replaceAll(/\/\*\/|[.*+?^${}()|[\]\\]/g, (sign) => {
    if (sign === "/*/") return "/(?:.*/)?";
    return sign === "*" ? ".*" : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, "i").test(action);
}
