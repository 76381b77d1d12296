import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../model/diagnostic.ts";
import { renderDiagnostics } from "./render-diagnostics.ts";

const error: Diagnostic = {
  severity: "error",
  file: "manifests/orders.yaml",
  line: 2,
  column: 7,
  path: "spec.targets[0].virtualMachine.name",
  message: '"vm,1" is wrong',
  cure: "write another",
};
const warning: Diagnostic = {
  severity: "warning",
  file: "b.yaml",
  line: 1,
  column: 1,
  path: "",
  message: "empty",
  cure: "remove it",
};

function fileOf(text: string) {
  return { path: error.file, bytes: new TextEncoder().encode(text) };
}

describe("text", () => {
  test("a headline and the cure", () => {
    expect(renderDiagnostics([error, warning], "text")).toBe(
      `manifests/orders.yaml:2:7 error spec.targets[0].virtualMachine.name  "vm,1" is wrong
  → write another

b.yaml:1:1 warning  empty
  → remove it

`,
    );
  });

  test("with the file at hand, the line and a caret", () => {
    expect(renderDiagnostics([error], "text", { files: [fileOf("a:\nname: vm,1\n")] })).toContain(
      `
  2 │ name: vm,1
    │       ^
  → write another
`,
    );
  });

  test("the caret stands right behind wide and escaped characters", () => {
    const files = [fileOf("a:\n東京\u001bab: x\n")];
    expect(renderDiagnostics([{ ...error, column: 4 }], "text", { files })).toContain(
      `  2 │ 東京\\u{1b}ab: x\n    │ ${" ".repeat(10)}^\n`,
    );
  });

  test("of a long line at most 80 characters are shown, the column among them", () => {
    const files = [fileOf(`a:\n${"x".repeat(300)}HERE${"y".repeat(300)}\n`)];
    const [, line = "", caret = ""] = renderDiagnostics([{ ...error, column: 301 }], "text", { files }).split(
      "\n",
    );
    expect(line.length).toBeLessThanOrEqual(86);
    expect(line.slice(caret.indexOf("^")).startsWith("HERE")).toBe(true);
  });

  test.each([
    ["a command of a CI runner", "##vso[x]", 3, "\\u{23}#vso[x]"],
    ["marks stacked high", `e${"\u0301".repeat(6)}`, 5, `e${"\u0301".repeat(4)}\\u{301}\\u{301}`],
    ["a leading command", "::error::x", 2, "\\u{3a}:error::x"],
    ["what would be a command at the beginning of a line, and", "schema::[x]", 6, "schema::[x]"],
    ["a long line whose cut falls into an escape", `${"\u001b".repeat(20)}x`, 21, /^…(\\u\{1b\})+x$/],
    ["a long line whose cut falls into a character", `${"x".repeat(9)}${"👍".repeat(60)}`, 120, /^…👍+$/u],
  ])("%s that stands across the column is harmless too", (_, line, column, shown) => {
    const files = [fileOf(`a:\n${line}\n`)];
    const [, excerpt = ""] = renderDiagnostics([{ ...error, column }], "text", { files }).split("\n");
    const text = excerpt.replace("  2 │ ", "");
    if (typeof shown === "string") expect(text).toBe(shown);
    else expect(text).toMatch(shown);
  });

  test.each<readonly [string, string, number, readonly string[]]>([
    ["a blank line is not shown", " \t ", 3, []],
    [
      "what stands before the first word is, and the end of a line of Windows is not",
      "  \tname: x \r",
      4,
      ["  2 │    name: x", `    │    ^`],
    ],
    [
      "as much as there is room for stands before the column",
      `${"x".repeat(60)}${"y".repeat(30)}`,
      61,
      [`  2 │ ${"x".repeat(60)}${"y".repeat(19)}…`, `    │ ${" ".repeat(60)}^`],
    ],
    [
      "of more, the end",
      `a👍${"x".repeat(30)}👍${"x".repeat(27)}${"y".repeat(30)}`,
      63,
      [`  2 │ …${"x".repeat(30)}👍${"x".repeat(27)}${"y".repeat(19)}…`, `    │ ${" ".repeat(60)}^`],
    ],
    [
      "the end is a command, which is harmless only as a whole",
      "a: ##[b",
      5,
      ["  2 │ a: \\u{23}#[b", `    │ ${" ".repeat(9)}^`],
    ],
  ])("%s", (_, line, column, excerpt) => {
    const files = [fileOf(`a:\n${line}\n`)];
    const shown = renderDiagnostics([{ ...error, column }], "text", { files }).split("\n");
    expect(shown.slice(1)).toEqual([...excerpt, "  → write another", "", ""]);
  });

  test.each([53, 54, 55, 56, 57, 58])(
    "nothing is left of an escape that is cut %i characters on",
    (count) => {
      const files = [fileOf(`a:\nab\u001b${"x".repeat(count)}y\n`)];
      const [, line] = renderDiagnostics([{ ...error, column: count + 4 }], "text", { files }).split("\n");
      expect(line).toBe(`  2 │ …${count === 53 ? "\\u{1b}" : ""}${"x".repeat(count)}y`);
    },
  );

  test("what is not cut keeps its braces and escapes", () => {
    const files = [fileOf(`a:\n${"x".repeat(40)}{ a }\u001b${"x".repeat(30)}y\n`)];
    const [, line] = renderDiagnostics([{ ...error, column: 77 }], "text", { files }).split("\n");
    expect(line).toBe(`  2 │ …${"x".repeat(18)}{ a }\\u{1b}${"x".repeat(30)}y`);
  });

  test("colour is there when asked for, and only then", () => {
    expect(renderDiagnostics([error], "text", { color: true })).toContain("\u001b[31merror\u001b[0m");
    expect(renderDiagnostics([warning], "text", { color: true })).toContain("\u001b[33mwarning\u001b[0m");
    expect(renderDiagnostics([error], "text")).not.toContain("\u001b");
  });

  test("a file's name cannot reach the terminal", () => {
    const name = "::error::\u001b[2J\n.yaml";
    expect(renderDiagnostics([{ ...error, file: name }], "text")).toMatch(
      /^\\u\{3a\}:error::\\u\{1b\}\[2J\\n\.yaml:2:7 /,
    );
  });
});

test("JSON is versioned and holds everything", () => {
  expect(JSON.parse(renderDiagnostics([error], "json"))).toEqual({
    apiVersion: "bindery.dev/diagnostics/v1",
    diagnostics: [error],
  });
  expect(JSON.parse(renderDiagnostics([], "json"))).toEqual({
    apiVersion: "bindery.dev/diagnostics/v1",
    diagnostics: [],
  });
});

describe("GitHub annotations", () => {
  test("one command a line, escaped", () => {
    expect(
      renderDiagnostics([{ ...error, file: "a,b:c.yaml", message: "100% wrong" }, warning], "github"),
    ).toBe(
      `::error file=a%2Cb%3Ac.yaml,line=2,col=7,title=spec.targets[0].virtualMachine.name::100%25 wrong%0A→ write another
::warning file=b.yaml,line=1,col=1,title=Bindery::empty%0A→ remove it
`,
    );
  });

  test("nothing that is quoted begins a second command", () => {
    const nasty = { ...error, message: "x\n::set-env name=a::b", path: "a\r\n::error::b" };
    expect(renderDiagnostics([nasty], "github").match(/^::/gm)).toHaveLength(1);
  });
});

describe("annotations of Azure Pipelines", () => {
  test("one command a line, escaped", () => {
    const nasty = { ...error, file: "a;b]c.yaml", message: "100% wrong" };
    expect(renderDiagnostics([nasty, warning], "azure-pipelines")).toBe(
      `##vso[task.logissue type=error;sourcepath=a%3Bb%5Dc.yaml;linenumber=2;columnnumber=7;]spec.targets[0].virtualMachine.name: 100%AZP25 wrong%0A→ write another
##vso[task.logissue type=warning;sourcepath=b.yaml;linenumber=1;columnnumber=1;]empty%0A→ remove it
`,
    );
  });

  test("nothing that is quoted begins a second command", () => {
    const nasty = { ...error, message: "x\n##vso[task.setvariable]y", path: "##[error]b", file: "##vso[a" };
    expect(renderDiagnostics([nasty], "azure-pipelines").match(/##(vso)?\[/g)).toHaveLength(1);
  });
});

test("no diagnostics give no text", () => {
  expect(renderDiagnostics([], "text")).toBe("");
  expect(renderDiagnostics([], "github")).toBe("");
  expect(renderDiagnostics([], "azure-pipelines")).toBe("");
});
