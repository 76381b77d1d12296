// Decides how values are written as JSON that can neither steer a terminal nor command a CI runner.
import { harmlessJson } from "../../model/text.ts";

/** A value as harmless JSON that ends in a line break: on several lines, or on one for logs. */
export function jsonText(value: unknown, layout: "lines" | "oneLine" = "lines"): string {
  return `${harmlessJson(JSON.stringify(value, undefined, layout === "lines" ? 2 : undefined))}\n`;
}
