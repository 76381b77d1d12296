import { describe, expect, test } from "vitest";
import { type FormatName, formats } from "./formats.ts";

const subscription = "/subscriptions/00000000-0000-0000-0000-000000000001";
const vault = `${subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv`;

describe("formats", () => {
  test.each<[FormatName, string, boolean]>([
    ["scope", subscription, true],
    ["scope", `${subscription}/resourceGroups/rg`, true],
    ["scope", `${subscription}/RESOURCEGROUPS/RG_(x).y`, true],
    ["scope", vault, true],
    ["scope", `${vault}/secrets/one`, true],
    ["scope", `${vault}/providers/Microsoft.Insights/diagnosticSettings/d`, true],
    ["scope", "/providers/Microsoft.Management/managementGroups/mg", true],
    ["scope", "/providers/MicrosoftxManagement/managementGroups/mg", false],
    ["scope", `${vault}/secrets`, false],
    ["scope", `${subscription}//resourceGroups/rg`, false],
    ["scope", `${vault}\n`, false],
    ["resourceId", vault, true],
    ["resourceId", `${subscription}/resourceGroups/rg`, false],
    ["issuer", "https://a.example/x", true],
    ["issuer", "https://", false],
    ["dnsLabel", "a".repeat(63), true],
    ["dnsLabel", "a".repeat(64), false],
    ["dnsLabel", "a-", false],
    ["identityName", "a".repeat(129), false],
    ["resourceGroup", "Gruppe-äöü", true],
    ["resourceGroup", "a".repeat(91), false],
  ])("%s %j: %s", (name, value, isValid) => {
    expect(formats[name].pattern.test(value)).toBe(isValid);
  });

  test("no pattern takes long over text that was made for it", () => {
    const long = [
      `${subscription}/resourceGroups/rg${"/providers/a/b/c".repeat(5_000)}?`,
      `${subscription}${"/providers".repeat(5_000)}/`,
      `https://${"a".repeat(50_000)}"`,
      `${"a".repeat(50_000)}!`,
      `${"a-".repeat(25_000)}`,
      `a/${"a".repeat(50_000)}`,
    ];
    const start = performance.now();
    for (const { pattern } of Object.values(formats)) {
      for (const text of long) {
        expect(pattern.test(text)).toBe(false);
      }
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
