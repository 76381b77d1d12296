import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createWriter, readerOf } from "./bytes.ts";
import { guidFromBytes, guidToBytes } from "./guid-bytes.ts";
import { parseLogin7 } from "./login7.ts";
import { createDeframer, frame, packetTypes, WireError } from "./packets.ts";
import { parsePrelogin, preloginFrom } from "./prelogin.ts";
import { readTypedValue } from "./read-values.ts";
import { parseBatch, parseRpc, parseTransaction } from "./requests.ts";
import { type SqlType, type SqlValue, typeFromDeclaration, typeOfValue } from "./sql-type.ts";
import { writeTypeInfo, writeValue } from "./write-values.ts";

describe("packets", () => {
  test("a message comes out as it went in, however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 4 }),
        fc.integer({ min: 9, max: 600 }),
        fc.integer({ min: 1, max: 700 }),
        (messages, packetSize, chunk) => {
          const stream = Buffer.concat(
            messages.map((m) => frame(packetTypes.batch, Buffer.from(m), packetSize, 51)),
          );
          const deframer = createDeframer();
          const seen = [];
          for (let at = 0; at < stream.length; at += chunk)
            seen.push(...deframer.push(stream.subarray(at, at + chunk)));
          expect(seen.map((m) => [...m.data])).toEqual(messages.map((m) => [...m]));
          expect(deframer.isBetweenMessages()).toBe(true);
        },
      ),
    );
  });

  test("packets shorter than their header, and messages without end, are refused", () => {
    expect(() => createDeframer().push(Buffer.from([1, 1, 0, 7, 0, 0, 0, 0]))).toThrow(WireError);
    const endless = Buffer.concat([Buffer.from([1, 0, 0, 108, 0, 0, 0, 0]), Buffer.alloc(100)]);
    const deframer = createDeframer(250);
    expect(() => [1, 2, 3].map(() => deframer.push(endless))).toThrow(WireError);
  });
});

describe("values", () => {
  test.each<[string, SqlType]>([
    ["int", { id: "int", size: 4 }],
    ["nvarchar(128)", { id: "nvarchar", size: 256 }],
    ["nvarchar(max)", { id: "nvarchar", size: -1 }],
    ["varbinary(85)", { id: "varbinary", size: 85 }],
    ["sysname COLLATE NOCASE", { id: "nvarchar", size: 256 }],
    ["bit", { id: "bit" }],
    ["anything", { id: "nvarchar", size: -1 }],
  ])("%s is declared as %j", (declaration, type) => {
    expect(typeFromDeclaration(declaration)).toEqual(type);
  });

  test.each<[SqlType, SqlValue]>([
    [{ id: "int", size: 1 }, 255],
    [{ id: "int", size: 2 }, -300],
    [{ id: "int", size: 4 }, -2_000_000_000],
    [{ id: "int", size: 8 }, 9_000_000_000_000_000_000n],
    [{ id: "int", size: 4 }, null],
    [{ id: "bit" }, true],
    [{ id: "float" }, 1.5],
    [{ id: "guid" }, "D1B7A3C4-1234-5678-9ABC-DEF012345678"],
    [{ id: "guid" }, null],
    [{ id: "nvarchar", size: 200 }, "é漢𝄞"],
    [{ id: "nvarchar", size: 200 }, null],
    [{ id: "nvarchar", size: -1 }, "long"],
    [{ id: "nvarchar", size: -1 }, null],
    [{ id: "varchar", size: 20 }, "plain"],
  ])("%o goes and comes: %s", (type, value) => {
    const writer = createWriter();
    writeTypeInfo(writer, type);
    writeValue(writer, type, value);
    const reader = readerOf(writer.done());
    expect(readTypedValue(reader)).toEqual(value);
    expect(reader.left()).toBe(0);
  });

  test("binaries go and come, and every value has a type that holds it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 9000 }),
          fc.string({ maxLength: 5000 }),
          fc.maxSafeInteger(),
          fc.boolean(),
        ),
        (value) => {
          const type = typeOfValue(value);
          const writer = createWriter();
          writeTypeInfo(writer, type);
          writeValue(writer, type, value);
          const seen = readTypedValue(readerOf(writer.done()));
          if (value instanceof Uint8Array) expect(Buffer.from(value).equals(seen as Buffer)).toBe(true);
          else expect(typeof seen === "bigint" ? Number(seen) : seen).toBe(value);
        },
      ),
    );
  });

  test("a GUID lies in bytes as Microsoft's page on constants has it", () => {
    const bytes = Buffer.from("ff19966f868b11d0b42d00c04fc964ff", "hex");
    expect(guidToBytes("6F9619FF-8B86-D011-B42D-00C04FC964FF")).toEqual(bytes);
    expect(guidFromBytes(bytes)).toBe("6F9619FF-8B86-D011-B42D-00C04FC964FF");
    expect(() => guidToBytes("6F9619FF8B86D011B42D00C04FC964FF")).toThrow(TypeError);
  });
});

test("whatever bytes come, they are understood or refused, and nothing else happens", () => {
  const parsers = [parsePrelogin, parseLogin7, parseBatch, parseRpc, parseTransaction];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: parsers.length - 1 }), (bytes, which) => {
      try {
        parsers[which]?.(Buffer.from(bytes));
      } catch (error) {
        expect(error instanceof WireError || error instanceof RangeError).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test("PRELOGIN goes and comes", () => {
  const options = [
    [0, Buffer.from([12, 0])],
    [1, Buffer.from([1])],
    [3, Buffer.alloc(0)],
  ] as const;
  expect([...parsePrelogin(preloginFrom(options))]).toEqual(options);
});
