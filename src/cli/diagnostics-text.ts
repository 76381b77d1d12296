// Decides when what draws diagnostics is loaded: only if there are some, as that takes longer than to find that there are none.
import type { DiagnosticsFormat, RenderOptions } from "../manifest/render-diagnostics.ts";
import type { Diagnostic } from "../model/diagnostic.ts";

/** The diagnostics in this format; of none nothing, but in JSON. */
export async function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  format: DiagnosticsFormat,
  options: RenderOptions,
): Promise<string> {
  if (diagnostics.length === 0 && format !== "json") return "";
  const { renderDiagnostics } = await import("../manifest/render-diagnostics.ts");
  return renderDiagnostics(diagnostics, format, options);
}
