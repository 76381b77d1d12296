// The demo as a new user runs it: a process of its own, here without a terminal.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

test("the demo tells its story to the end", async () => {
  const child = spawn(process.execPath, ["src/main.ts", "demo"], { stdio: ["ignore", "pipe", "pipe"] });
  const [out, code] = await Promise.all([
    text(child.stdout),
    new Promise((resolve) => child.on("exit", resolve)),
    text(child.stderr),
  ]);
  expect(out).toContain("Nothing to do.");
  expect(out).toContain("+ attach  vm-orders-7");
  expect(out).toContain("- detach  vm-build-1");
  expect(out).toContain("~ release");
  expect(out).toContain("+ grant   db_datareader in sql-orders/orders");
  expect(out).toContain("with id-orders sees Contoso 120");
  expect(out).toMatch(/with id-orders is refused: .*18456/);
  expect(out).toMatch(/10\. {2}Nothing to do +\d+ +0 /);
  expect(code).toBe(0);
}, 180_000);
