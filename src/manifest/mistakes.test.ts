import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An identity's document that is right, with more fields of its spec (from line 8 on) or other metadata. */
const identity = (
  spec = "",
  metadata = "metadata: { name: orders, namespace: team-orders }",
): string => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
${metadata}
spec:
  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: rg-identities
  prunePolicy: Additive
${spec}`;

/** The same identity and a binding of it, with more fields of its spec (from line 14 on). */
const binding = (spec: string): string => `${identity()}---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team-orders }
spec:
  identityRef: { name: orders }
${spec}`;

/** Each diagnostic as `line:column path: message → cure`, warnings with a W. */
function mistakesIn(content: string | Uint8Array): string[] {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return parseManifests([{ path: "a.yaml", bytes }], {}).diagnostics.map(
    (d) => `${d.line}:${d.column} ${d.severity === "error" ? "" : "W "}${d.path}: ${d.message} → ${d.cure}`,
  );
}

type Row = readonly [name: string, content: string | Uint8Array, mistakes: readonly string[]];

const noText: Row[] = [
  [
    "UTF-16",
    new Uint8Array([0xff, 0xfe, 0x61, 0x00]),
    ["1:1 : this file is UTF-16, not UTF-8 → save the file as UTF-8"],
  ],
  [
    "bytes that are no UTF-8",
    new Uint8Array([0x61, 0x3a, 0x0a, 0x62, 0x3a, 0xe9, 0x0a]),
    ["2:1 : this line holds bytes that are not UTF-8 → save the file as UTF-8"],
  ],
  [
    "UTF-16 of the other order",
    new Uint8Array([0xfe, 0xff, 0x00, 0x61]),
    ["1:1 : this file is UTF-16, not UTF-8 → save the file as UTF-8"],
  ],
  ...[
    [0xff, 0x61],
    [0xfe, 0x61],
    [0x61, 0xff],
    [0xc3, 0xfe],
  ].map(
    (bytes): Row => [
      `bytes that are neither, ${bytes}`,
      new Uint8Array(bytes),
      ["1:1 : this line holds bytes that are not UTF-8 → save the file as UTF-8"],
    ],
  ),
  [
    "bytes that are no UTF-8 in the last line, without a line break",
    new Uint8Array([0x61, 0x3a, 0x0a, 0x62, 0x3a, 0xe9]),
    ["2:1 : this line holds bytes that are not UTF-8 → save the file as UTF-8"],
  ],
  [
    "a control character at the end of a line",
    "a: b\u0007\nc: d\n",
    [
      "1:5 : the character U+0007 here is invisible or a control → remove it: a file that people review must hold what it shows",
    ],
  ],
  ["a byte order mark is fine", `\ufeff${identity()}`, []],
  [
    "a control character",
    identity("  location: west\u001beurope\n"),
    [
      "8:17 : the character U+001B here is invisible or a control → remove it: a file that people review must hold what it shows",
    ],
  ],
  [
    "a bidirectional override in a comment",
    identity("  # \u202e txet\n"),
    [
      "8:5 : the character U+202E here is invisible or a control → remove it: a file that people review must hold what it shows",
    ],
  ],
  [
    "a lone carriage return",
    "a: b\rc: d\n",
    [
      "1:5 : the character U+000D here is invisible or a control → remove it: a file that people review must hold what it shows",
    ],
  ],
];

describe("files that are no text", () => {
  test.each(noText)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const noYaml: Row[] = [
  [
    "a directive of a document that does not come",
    "%YAML 1.1\n",
    ["1:1 W : there is no document in it → add one, or remove the file"],
  ],
  ["nothing", "", ["1:1 W : there is no document in it → add one, or remove the file"]],
  [
    "only comments",
    "# nothing\n\n---\n# more\n",
    ["1:1 W : there is no document in it → add one, or remove the file"],
  ],
  [
    "a tab as indentation",
    identity("\tlocation: x\n"),
    ["8:1 : not valid YAML: a tab where indentation is meant → indent with spaces"],
  ],
  [
    "wrong indentation",
    identity("   location: westeurope\n"),
    [
      "7:16 : not valid YAML: a second colon in one line, or a next line that is indented too far → put the value in quotes, or give the keys of one mapping the same indentation",
    ],
  ],
  [
    "an open quote",
    identity('  location: "westeurope\n'),
    ["9:1 : not valid YAML: a quote, bracket, comma or space is missing → add it, here or further up"],
  ],
  [
    "a second colon",
    identity("  location: a: b\n"),
    [
      "8:13 : not valid YAML: a second colon in one line, or a next line that is indented too far → put the value in quotes, or give the keys of one mapping the same indentation",
    ],
  ],
  [
    "an alias of nothing",
    identity("  location: *here\n"),
    ['8:13 spec.location: the alias "*here" names no anchor before it → write out what is meant'],
  ],
  [
    "text that begins with an at sign",
    identity("  location: @here\n"),
    [
      "8:13 : not valid YAML: text that begins with a character that YAML keeps for itself → put the text in quotes",
    ],
  ],
  [
    "YAML 1.1",
    `%YAML 1.1\n---\n${identity()}`,
    ["2:1 : a %YAML 1.1 directive → remove it: documents are YAML 1.2, where yes, no, on and off are text"],
  ],
  [
    "an unknown directive",
    `%FOO bar\n---\n${identity()}`,
    [
      "1:1 : not valid YAML: Unknown directive %FOO → correct it; quotes and indentation are the usual causes",
    ],
  ],
  [
    "a broken document beside a good one with a mistake",
    `a: [\n---\n${identity("  locaton: westeurope\n")}`,
    [
      "2:1 : not valid YAML: wrong indentation, or a bracket or brace that is not closed → give the keys of one mapping the same indentation, and close what is open",
      '10:3 spec.locaton: unknown key "locaton" → did you mean location?',
    ],
  ],
];

describe("files that are no YAML", () => {
  test.each(noYaml)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const surprises: Row[] = [
  [
    "a duplicate key",
    identity("  location: westeurope\n  location: northeurope\n"),
    [
      '9:3 spec.location: the key "location" stands here twice → remove one of the two, or merge what they hold',
    ],
  ],
  [
    "a merge key",
    `base: &b { location: westeurope }\n${identity("  <<: *b\n")}`,
    ["9:3 spec: a merge key (<<) → write out the keys: YAML 1.2 has no merge keys"],
  ],
  [
    "two merge keys are told once, and nothing of what follows from them",
    `base: &b { location: westeurope }\nother: &c {}\n${identity("  <<: *b\n  <<: *c\n  zzzzzzzz: 1\n  lifecycle: 1\n")}`,
    ["10:3 spec: a merge key (<<) → write out the keys: YAML 1.2 has no merge keys"],
  ],
  [
    "a quoted << is an unknown key",
    identity('  "<<": x\n'),
    [
      '8:3 spec["<<"]: unknown key "<<" → known keys here are subscriptionId, resourceGroup, name, location, lifecycle, adoptionPolicy, prunePolicy, ignore, allowBindingsFrom, tags, federatedCredentials',
    ],
  ],
  [
    "a tag",
    identity("  location: !secret westeurope\n"),
    [
      '8:21 spec.location: the YAML tag "!secret" → remove the tag; text that looks like a number or a boolean becomes text by quotes',
    ],
  ],
  [
    "a tag that YAML knows",
    identity("  tags: { a: !!str 42 }\n"),
    [
      '8:20 spec.tags.a: the YAML tag "!!str" → remove the tag; text that looks like a number or a boolean becomes text by quotes',
    ],
  ],
  ...["!!binary aGk=", "!!set { a }", "!!omap [a: b]", "!!timestamp 2001-12-14"].map(
    (tagged): Row => [
      `what YAML 1.1 makes of ${tagged} is not made of it`,
      `a: ${tagged}\napiVersion: v1\nkind: x\n`,
      [
        `1:${tagged.indexOf(" ") + 5} a: the YAML tag "${tagged.split(" ")[0]}" → remove the tag; text that looks like a number or a boolean becomes text by quotes`,
        '2:13 apiVersion: a document of "v1" is not one of Bindery\'s → move it out of the manifest folder, or into a folder whose name begins with "."',
      ],
    ],
  ),
  [
    "a tag that only ends like one that YAML knows",
    identity("  location: !<x-tag:yaml.org,2002:str> westeurope\n"),
    [
      '8:40 spec.location: the YAML tag "x-tag:yaml.org,2002:str" → remove the tag; text that looks like a number or a boolean becomes text by quotes',
    ],
  ],
  [
    "a tag of JavaScript",
    identity("  tags: !!js/function 'x'\n"),
    [
      '8:23 spec.tags: the YAML tag "!!js/function" → remove the tag; text that looks like a number or a boolean becomes text by quotes',
      '8:23 spec.tags: x is text, and a mapping is meant here → write "key: value" lines, indented',
    ],
  ],
  [
    "__proto__",
    identity("  __proto__: { prunePolicy: Authoritative }\n"),
    ['8:3 spec: the key "__proto__" is refused → no field is called so; remove it'],
  ],
  [
    "constructor and prototype in tags",
    identity("  tags: { constructor: x, prototype: y, fine: z }\n"),
    [
      '8:11 spec.tags: the key "constructor" is refused → no field is called so; remove it',
      '8:27 spec.tags: the key "prototype" is refused → no field is called so; remove it',
    ],
  ],
  [
    "a number as a key",
    identity("  tags: { 042: x }\n"),
    ['8:11 spec.tags: the key "042" is not text → write it in quotes: "042"'],
  ],
  [
    "no key",
    identity("  tags: { : x }\n"),
    [
      "8:10 spec.tags: a key without a name → write the key before the colon",
      '8:10 spec.tags[""]: "" is not a tag key that a document may set → use 1 to 512 characters other than < > % & \\ ? /, and none that begins with "bindery-": those tags are Bindery\'s own',
    ],
  ],
  [
    "a list as a key",
    identity("  ? [a]\n  : x\n"),
    ["8:5 spec: a key that is not plain text → write the key out, as plain text"],
  ],
  [
    "an alias as a key",
    identity("  location: &l westeurope\n  *l : x\n"),
    ["9:3 spec: a key that is not plain text → write the key out, as plain text"],
  ],
  [
    "an alias to what it lies in",
    identity("  tags: &t { a: *t }\n"),
    ['8:17 spec.tags.a: the alias "*t" lies inside of what it names → write out what is meant'],
  ],
  [
    "an alias means what its anchor named where the alias stands",
    `apiVersion: v1
kind: List
items:
  - &x { metadata: &y v2, apiVersion: *y }
  - { metadata: &y v3, apiVersion: *y }
  - *x
  - { apiVersion: *y }
`,
    ["4:23", "4:23", "5:20", "5:20"].map(
      (place, index) =>
        `${place} apiVersion: a document of "${index < 2 ? "v2" : "v3"}" is not one of Bindery's → move it out of the manifest folder, or into a folder whose name begins with "."`,
    ),
  ],
  ["aliases are fine", identity("  location: &l westeurope\n  tags: { here: *l }\n"), []],
  [
    "also to lists and mappings, twice, and to keys",
    identity(
      "  ignore: { targets: &i [], roleAssignments: *i }\n  allowBindingsFrom: *i\n  tags: { &k west: &v x, east: *k, north: *v }\n",
    ),
    [],
  ],
  [
    "a tag inside of a list",
    identity("  allowBindingsFrom: [{ namespace: a }, { namespace: !!str b }]\n"),
    [
      '8:60 spec.allowBindingsFrom[1].namespace: the YAML tag "!!str" → remove the tag; text that looks like a number or a boolean becomes text by quotes',
    ],
  ],
  [
    "an escape that hides something",
    identity('  tags: { a: "\\u202etxt.exe" }\n'),
    [
      "8:14 spec.tags.a: the character U+202E in this text is invisible or a control → remove it: nobody could see it in a plan or a review",
    ],
  ],
];

describe("YAML that means something else than it seems", () => {
  test.each(surprises)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const otherTypes: Row[] = [
  [
    "a number as a tag value",
    identity("  tags: { cost-center: 42 }\n"),
    ['8:24 spec.tags["cost-center"]: 42 is a number, and text is meant here → write "42", in quotes'],
  ],
  [
    "digits with a leading zero",
    identity("  tags: { cost-center: 0042 }\n"),
    ['8:24 spec.tags["cost-center"]: 0042 is a number, and text is meant here → write "0042", in quotes'],
  ],
  [
    "an exponent",
    identity("  tags: { build: 1e3 }\n"),
    ['8:18 spec.tags.build: 1e3 is a number, and text is meant here → write "1e3", in quotes'],
  ],
  [
    "a boolean as a tag value",
    identity("  tags: { critical: true }\n"),
    ['8:21 spec.tags.critical: true is a boolean, and text is meant here → write "true", in quotes'],
  ],
  [
    "nothing as a tag value",
    identity("  tags: { critical: }\n"),
    ['8:11 spec.tags.critical: "critical" has no value → write a value, like 42'],
  ],
  [
    "a number as an id",
    identity().replace("rg-identities", "42"),
    ['6:18 spec.resourceGroup: 42 is a number, and text is meant here → write "42", in quotes'],
  ],
  [
    "a number as a name",
    identity("", "metadata: { name: 42, namespace: team-orders }"),
    ['3:19 metadata.name: 42 is a number, and text is meant here → write "42", in quotes'],
  ],
  [
    "yes as a boolean",
    binding("  suspend: yes\n"),
    [
      "14:12 spec.suspend: yes is text, and true or false is meant here → write true or false, without quotes",
    ],
  ],
  [
    "a quoted boolean",
    binding('  suspend: "true"\n'),
    [
      "14:12 spec.suspend: true is text, and true or false is meant here → write true or false, without quotes",
    ],
  ],
  [
    "a list for a mapping",
    identity("  tags: [a]\n"),
    ['8:9 spec.tags: this is a list, and a mapping is meant here → write "key: value" lines, indented'],
  ],
  [
    "a mapping for a list",
    binding("  targets: { virtualMachine: { resourceGroup: rg, name: vm } }\n"),
    ['14:12 spec.targets: this is a mapping, and a list is meant here → begin each entry with "- "'],
  ],
  [
    "text for a mapping",
    binding("  identityRef2: x\n").replace("{ name: orders }\n  identityRef2: x", "orders"),
    [
      '13:16 spec.identityRef: orders is text, and a mapping is meant here → write "key: value" lines, indented',
    ],
  ],
  [
    "a list for text",
    identity("  location: [westeurope]\n"),
    ["8:13 spec.location: this is a list, and text is meant here → write one value, as text"],
  ],
  [
    "a list key with nothing after it",
    binding("  targets:\n  grants: ~\n"),
    [
      '14:3 spec.targets: "targets" has no value → list entries below it, or write [] for none, or remove the key',
      '15:3 spec.grants: "grants" has no value → list entries below it, or write [] for none, or remove the key',
    ],
  ],
  [
    "a list entry with nothing in it",
    binding("  targets:\n    -\n"),
    [
      "15:6 spec.targets[0]: this list entry has no value → indent the lines that belong to it further than its key, or remove the key",
    ],
  ],
  [
    "a mapping key with nothing after it",
    binding("  targets:\n    - virtualMachine:\n      resourceGroup: rg-orders\n"),
    [
      '15:7 spec.targets[0].virtualMachine: "virtualMachine" has no value → indent the lines that belong to it further than its key, or remove the key',
      '16:7 spec.targets[0].resourceGroup: unknown key "resourceGroup" → known keys here are virtualMachine, virtualMachines, virtualMachineScaleSet',
    ],
  ],
  [
    "a choice with nothing after it, and a value of which there is no example",
    binding(
      "  suspend:\n  targets:\n    - virtualMachineScaleSet: { resourceGroup: rg, name: set, instanceUpgrade: }\n",
    ),
    [
      '14:3 spec.suspend: "suspend" has no value → write a value',
      '16:63 spec.targets[0].virtualMachineScaleSet.instanceUpgrade: "instanceUpgrade" has no value → write Never or Automatic',
    ],
  ],
  [
    "metadata and spec are missing",
    "apiVersion: bindery.dev/v1alpha1\nkind: IdentityBinding\n",
    [
      '1:1 metadata: metadata is missing → add it, like "metadata: { name: orders, namespace: team-orders }"',
      '1:1 spec: spec is missing → add "spec:"',
    ],
  ],
  [
    "long text where something else is meant",
    binding(`  suspend: ${"ж".repeat(500)}\n  ${"ш".repeat(500)}: 1\n`),
    [
      `14:12 spec.suspend: ${"ж".repeat(79)}… is text, and true or false is meant here → write true or false, without quotes`,
      `15:3 spec["${"ш".repeat(79)}…"]: unknown key "${"ш".repeat(79)}…" → known keys here are identityRef, suspend, targets, grants`,
    ],
  ],
  [
    "spec with nothing after it",
    "apiVersion: bindery.dev/v1alpha1\nkind: IdentityBinding\nmetadata: { name: a, namespace: b }\nspec:\n",
    [
      '4:1 spec: "spec" has no value → indent the lines that belong to it further than its key, or remove the key',
    ],
  ],
];

describe("values of another type", () => {
  test.each(otherTypes)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const headers: Row[] = [
  [
    "no mapping",
    "- a\n",
    [
      '1:1 : a document is a mapping, and this is none → begin it with "apiVersion: bindery.dev/v1alpha1" and "kind:"',
    ],
  ],
  [
    "text",
    "hello\n",
    [
      '1:1 : a document is a mapping, and this is none → begin it with "apiVersion: bindery.dev/v1alpha1" and "kind:"',
    ],
  ],
  [
    "no header",
    "metadata: {}\n",
    [
      '1:1 apiVersion: apiVersion is missing → write "apiVersion: bindery.dev/v1alpha1"',
      '1:1 kind: kind is missing → write "kind: UserAssignedIdentity" or "kind: IdentityBinding"',
    ],
  ],
  [
    "a later version",
    identity().replace("v1alpha1", "v1"),
    [
      '1:13 apiVersion: apiVersion "bindery.dev/v1" is not in this version of Bindery → write "apiVersion: bindery.dev/v1alpha1"',
    ],
  ],
  [
    "another apiVersion",
    identity().replace("bindery.dev/v1alpha1", "v1"),
    ['1:13 apiVersion: "v1" is no apiVersion of Bindery → write "apiVersion: bindery.dev/v1alpha1"'],
  ],
  [
    "a misspelt kind",
    identity().replace("UserAssignedIdentity", "UserAssignedIdentiy"),
    [
      '2:7 kind: kind "UserAssignedIdentiy" is not in this version of Bindery → did you mean UserAssignedIdentity?',
    ],
  ],
  [
    "a kind of nobody",
    identity().replace("UserAssignedIdentity", "Thing"),
    [
      '2:7 kind: kind "Thing" is not in this version of Bindery → kinds are UserAssignedIdentity, IdentityBinding, Policy',
    ],
  ],
  [
    "a foreign document",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\n",
    [
      '1:13 apiVersion: a document of "apps/v1" is not one of Bindery\'s → move it out of the manifest folder, or into a folder whose name begins with "."',
    ],
  ],
  [
    "a number as a kind",
    identity().replace("UserAssignedIdentity", "1"),
    [
      '2:7 kind: kind "1" is not in this version of Bindery → kinds are UserAssignedIdentity, IdentityBinding, Policy',
    ],
  ],
  [
    "a policy among the manifests",
    "apiVersion: bindery.dev/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec: { owner: prod, tenantId: 00000000-0000-0000-0000-000000000001, estate: { subscriptions: [00000000-0000-0000-0000-000000000001] } }\n",
    [
      "2:7 kind: a Policy among the manifests → move it out of the manifest folder and name it by --policy: who may change manifests must not change it",
    ],
  ],
  [
    "a mistake in an item of a List",
    "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: bindery.dev/v1alpha1\n    kind: IdentityBinding\n    metadata: { name: a, namespace: b }\n    spec: {}\n",
    ['7:5 spec.identityRef: identityRef is missing → add it, like "identityRef: { name: orders }"'],
  ],
  [
    "a List inside a List",
    "apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: List, items: [] }\n",
    ["4:29 kind: a List inside a List → put its items into the outer one"],
  ],
  [
    "a List without items",
    "apiVersion: v2\nkind: List\nitem: []\n",
    [
      '1:1 items: a List without a list of items → write "items:" and begin each with "- "',
      '1:13 apiVersion: this List has another apiVersion than v1 → write "apiVersion: v1"',
      '3:1 item: unknown key "item" → known keys here are apiVersion, kind, metadata, items',
    ],
  ],
  [
    "a name that is no DNS label",
    identity("", "metadata: { name: Orders_1, namespace: team-orders }"),
    [
      '3:19 metadata.name: "Orders_1" is not a DNS label → use 1 to 63 lower-case letters, digits and hyphens; begin and end with a letter or digit',
    ],
  ],
  [
    "no namespace",
    identity("", "metadata: { name: orders }"),
    ['3:1 metadata.namespace: namespace is missing → add it, like "namespace: team-orders"'],
  ],
  [
    "unknown metadata",
    identity("", "metadata: { name: orders, namespace: team-orders, creationTimestamp: null }"),
    [
      '3:51 metadata.creationTimestamp: unknown key "creationTimestamp" → known keys here are name, namespace, labels, annotations',
    ],
  ],
];

describe("headers", () => {
  test.each(headers)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const identities: Row[] = [
  [
    "all that is missing",
    "apiVersion: bindery.dev/v1alpha1\nkind: UserAssignedIdentity\nmetadata: { name: orders, namespace: team-orders }\nspec: {}\n",
    [
      '4:1 spec.prunePolicy: prunePolicy is missing → add "prunePolicy:" with Additive or Authoritative',
      '4:1 spec.resourceGroup: resourceGroup is missing → add it, like "resourceGroup: rg-identities"',
      '4:1 spec.subscriptionId: subscriptionId is missing → add it, like "subscriptionId: 00000000-0000-0000-0000-000000000001"',
    ],
  ],
  [
    "an unknown key",
    identity("  adoptionPolcy: Never\n"),
    ['8:3 spec.adoptionPolcy: unknown key "adoptionPolcy" → did you mean adoptionPolicy?'],
  ],
  [
    "an unknown key that resembles none",
    identity("  zzzzzzzz: Never\n"),
    [
      '8:3 spec.zzzzzzzz: unknown key "zzzzzzzz" → known keys here are subscriptionId, resourceGroup, name, location, lifecycle, adoptionPolicy, prunePolicy, ignore, allowBindingsFrom, tags, federatedCredentials',
    ],
  ],
  [
    "a choice in another case",
    identity("  lifecycle: absent\n"),
    [
      '8:14 spec.lifecycle: "absent" is none of the choices → did you mean Absent? The choices are Present or Released or Absent',
    ],
  ],
  ...[
    ["1", "1"],
    ["true", "true"],
    ["[Present]", "this"],
    ["{ a: Present }", "this"],
    ['""', '""'],
  ].map(
    ([written, told]): Row => [
      `a choice that is ${written}`,
      identity(`  lifecycle: ${written}\n`),
      [`8:14 spec.lifecycle: ${told} is none of the choices → write Present or Released or Absent`],
    ],
  ),
  [
    "a choice that there is not",
    identity("  lifecycle: Deleted\n"),
    ['8:14 spec.lifecycle: "Deleted" is none of the choices → write Present or Released or Absent'],
  ],
  [
    "a name instead of a GUID",
    identity().replace("00000000-0000-0000-0000-000000000001", "production"),
    [
      '5:19 spec.subscriptionId: "production" is not a GUID → write the id itself, 8-4-4-4-12 hexadecimal digits (`az account show` prints those of subscription and tenant)',
    ],
  ],
  [
    "a path instead of a name",
    identity("  name: /subscriptions/x\n"),
    [
      '8:9 spec.name: "/subscriptions/x" is not a name that Azure accepts for an identity → use 3 to 128 letters, digits, hyphens and underscores; begin with a letter or digit',
    ],
  ],
  [
    "a short name",
    identity("  name: id\n"),
    [
      '8:9 spec.name: "id" is not a name that Azure accepts for an identity → use 3 to 128 letters, digits, hyphens and underscores; begin with a letter or digit',
    ],
  ],
  [
    "a name that only the document may have",
    identity("", "metadata: { name: id, namespace: team-orders }"),
    [
      '3:19 metadata.name: "id" is not a name that Azure accepts for an identity → set spec.name: use 3 to 128 letters, digits, hyphens and underscores; begin with a letter or digit',
    ],
  ],
  [
    "a short name of a document whose identity has another",
    identity("  name: id-orders\n", "metadata: { name: id, namespace: team-orders }"),
    [],
  ],
  [
    "a group that ends in a period",
    identity().replace("rg-identities", "rg."),
    [
      '6:18 spec.resourceGroup: "rg." is not the name of a resource group → use the bare name, not an id: 1 to 90 letters, digits and _ - . ( ), not ending in a period',
    ],
  ],
  [
    "tags of Bindery's own",
    identity("  tags: { Bindery-Owner: me, ok: x }\n"),
    [
      '8:11 spec.tags["Bindery-Owner"]: "Bindery-Owner" is not a tag key that a document may set → use 1 to 512 characters other than < > % & \\ ? /, and none that begins with "bindery-": those tags are Bindery\'s own',
    ],
  ],
  [
    "a list of more entries than there may be tags",
    identity(`  tags: [${"x, ".repeat(41)}]\n`),
    ['8:9 spec.tags: this is a list, and a mapping is meant here → write "key: value" lines, indented'],
  ],
  [
    "a tag key with a slash",
    identity("  tags: { a/b: x }\n"),
    [
      '8:11 spec.tags["a/b"]: "a/b" is not a tag key that a document may set → use 1 to 512 characters other than < > % & \\ ? /, and none that begins with "bindery-": those tags are Bindery\'s own',
    ],
  ],
  [
    "tags in two cases",
    identity("  tags: { Team: x, team: y }\n"),
    [
      "8:20 spec.tags.team: this tag key stands here twice, in different case → remove one of the two: Azure ignores case in tag keys",
    ],
  ],
  [
    "a long tag value",
    identity(`  tags: { a: ${"x".repeat(257)} }\n`),
    ["8:14 spec.tags.a: longer than 256 characters → write a shorter text"],
  ],
  [
    "too many tags",
    identity(`  tags: { ${Array.from({ length: 41 }, (_, i) => `k${i}: x`).join(", ")} }\n`),
    ["8:9 spec.tags: 41 tags → keep at most 40: Azure allows 50 and Bindery needs some"],
  ],
  [
    "as many tags as there may be, with as long values",
    identity(`  tags: { ${Array.from({ length: 40 }, (_, i) => `k${i}: ${"x".repeat(256)}`).join(", ")} }\n`),
    [],
  ],
  [
    "several audiences",
    identity(
      "  federatedCredentials:\n    - { name: github, issuer: https://a.example, subject: s, audiences: [a, b] }\n",
    ),
    [
      '9:7 spec.federatedCredentials[0].audience: audience is missing → add it, like "audience: api://AzureADTokenExchange"',
      '9:62 spec.federatedCredentials[0].audiences: unknown key "audiences" → did you mean audience?',
    ],
  ],
  [
    "a list as the audience",
    identity(
      "  federatedCredentials:\n    - { name: github, issuer: https://a.example, subject: s, audience: [a] }\n",
    ),
    [
      "9:72 spec.federatedCredentials[0].audience: this is a list, and text is meant here → write one value, as text",
    ],
  ],
  [
    "an issuer over http, and a bad name",
    identity(
      "  federatedCredentials:\n    - { name: -x, issuer: http://a.example, subject: s, audience: a }\n",
    ),
    [
      '9:15 spec.federatedCredentials[0].name: "-x" is not a name that Azure accepts for a federated credential → use 3 to 120 letters, digits, hyphens and underscores; begin with a letter or digit',
      '9:27 spec.federatedCredentials[0].issuer: "http://a.example" is not an issuer → write the https:// URL exactly as the `iss` claim of the tokens has it, at most 600 characters',
    ],
  ],
  [
    "federated credentials of one name, and of one issuer and subject",
    identity(
      "  federatedCredentials:\n    - { name: one, issuer: https://a.example, subject: s, audience: a }\n    - { name: ONE, issuer: https://a.example, subject: t, audience: a }\n    - { name: two, issuer: https://a.example, subject: s, audience: a }\n",
    ),
    [
      "10:7 spec.federatedCredentials[1]: the same name of a federated credential as in entry 0 of this list (counted from 0) → remove one of the two, or name what was meant",
      "11:7 spec.federatedCredentials[2]: the same issuer and subject as in entry 0 of this list (counted from 0) → remove one of the two, or name what was meant",
    ],
  ],
  [
    "federated credentials without a subject, or without an issuer, are not told to be the same",
    identity(
      "  federatedCredentials:\n    - { name: cred-1, issuer: https://a.example, audience: a }\n    - { name: cred-2, issuer: https://a.example, audience: a }\n    - { name: cred-3, subject: s, audience: a }\n    - { name: cred-4, subject: s, audience: a }\n",
    ),
    [
      '9:7 spec.federatedCredentials[0].subject: subject is missing → add it, like "subject: repo:contoso/orders:ref:refs/heads/main"',
      '10:7 spec.federatedCredentials[1].subject: subject is missing → add it, like "subject: repo:contoso/orders:ref:refs/heads/main"',
      '11:7 spec.federatedCredentials[2].issuer: issuer is missing → add it, like "issuer: https://token.actions.githubusercontent.com"',
      '12:7 spec.federatedCredentials[3].issuer: issuer is missing → add it, like "issuer: https://token.actions.githubusercontent.com"',
    ],
  ],
  [
    "federated credentials that are text, and names that only look the same in capitals",
    identity(
      "  federatedCredentials:\n    - text\n    - text\n    - { name: ssß, issuer: https://a.example, subject: s, audience: a }\n    - { name: ßss, issuer: https://a.example, subject: t, audience: a }\n",
    ),
    [
      '9:7 spec.federatedCredentials[0]: text is text, and a mapping is meant here → write "key: value" lines, indented',
      '10:7 spec.federatedCredentials[1]: text is text, and a mapping is meant here → write "key: value" lines, indented',
      ...[
        '11:15 spec.federatedCredentials[2].name: "ssß"',
        '12:15 spec.federatedCredentials[3].name: "ßss"',
      ].map(
        (told) =>
          `${told} is not a name that Azure accepts for a federated credential → use 3 to 120 letters, digits, hyphens and underscores; begin with a letter or digit`,
      ),
    ],
  ],
  [
    "too many federated credentials",
    identity(
      `  federatedCredentials:\n${Array.from({ length: 21 }, (_, i) => `    - { name: fic-${i}, issuer: https://a.example, subject: s${i}, audience: a }\n`).join("")}`,
    ),
    ["9:5 spec.federatedCredentials: more than 20 entries → keep at most 20"],
  ],
  [
    "an ignored scope that is none",
    identity("  ignore: { targets: [{ scope: MC_aks }] }\n"),
    [
      '8:32 spec.ignore.targets[0].scope: "MC_aks" is not a scope → write /subscriptions/<GUID>, with /resourceGroups/<name> or a whole resource id after it, or /providers/Microsoft.Management/managementGroups/<name>; no slash at the end',
    ],
  ],
];

describe("identities", () => {
  test.each(identities)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});

const bindings: Row[] = [
  [
    "two members in one target",
    binding(
      "  targets:\n    - virtualMachine: { resourceGroup: rg, name: vm }\n      virtualMachineScaleSet: { resourceGroup: rg, name: vmss }\n",
    ),
    [
      '15:7 spec.targets[0]: virtualMachine and virtualMachineScaleSet together, where exactly one may stand → keep one here, and begin a list entry with "- " for each other one',
    ],
  ],
  [
    "two members in one target, one of them with an unknown key",
    binding(
      "  targets:\n    - virtualMachine: { resourceGroup: rg, name: vm, zzzzzzzz: 1 }\n      virtualMachineScaleSet: { resourceGroup: rg, name: vmss }\n",
    ),
    [
      '15:7 spec.targets[0]: virtualMachine and virtualMachineScaleSet together, where exactly one may stand → keep one here, and begin a list entry with "- " for each other one',
      '15:54 spec.targets[0].virtualMachine.zzzzzzzz: unknown key "zzzzzzzz" → known keys here are subscriptionId, resourceGroup, name',
    ],
  ],
  [
    "no member in a target or grant",
    binding("  targets: [{}]\n  grants: [{}]\n"),
    [
      "14:13 spec.targets[0]: this names no target → write virtualMachine or virtualMachines or virtualMachineScaleSet",
      "15:12 spec.grants[0]: this names no grant → write azureRole or sqlDatabase",
    ],
  ],
  [
    "a target of a later version",
    binding("  targets:\n    - webApp: { resourceGroup: rg, name: app }\n"),
    ['15:7 spec.targets[0].webApp: "webApp" is not in this version of Bindery → remove it'],
  ],
  [
    "a grant of a later version",
    binding("  grants:\n    - postgresDatabase: { server: s }\n"),
    [
      '15:7 spec.grants[0].postgresDatabase: "postgresDatabase" is not in this version of Bindery → remove it',
    ],
  ],
  [
    "a SQL database that is none",
    binding(
      "  grants:\n    - sqlDatabase: { server: 'tcp:s,1433', database: 'a/b', replaceUserWithSid: x, permissions: [{ grant: [Select], securable: sales }] }\n    - sqlDatabase: { server: s.database.windows.net, database: d }\n",
    ),
    [
      '15:30 spec.grants[0].sqlDatabase.server: "tcp:s,1433" is not the full name of a SQL server → write it like sql-orders.database.windows.net, without a port and without tcp:',
      '15:54 spec.grants[0].sqlDatabase.database: "a/b" is not the name of a database → use 1 to 128 characters other than < > * % & : \\ / ?, not ending in a period or space',
      '15:81 spec.grants[0].sqlDatabase.replaceUserWithSid: "x" is not the SID of a user → write 0x and 32 hexadecimal digits, as `SELECT sid FROM sys.database_principals` shows it',
      '15:108 spec.grants[0].sqlDatabase.permissions[0].grant[0]: "Select" is none of the choices → did you mean SELECT? The choices are ALTER or CONTROL or CREATE PROCEDURE or CREATE SCHEMA or CREATE TABLE or CREATE VIEW or DELETE or EXECUTE or INSERT or REFERENCES or SELECT or SHOWPLAN or UPDATE or VIEW ANY COLUMN ENCRYPTION KEY DEFINITION or VIEW ANY COLUMN MASTER KEY DEFINITION or VIEW CHANGE TRACKING or VIEW DATABASE STATE or VIEW DEFINITION',
      '15:128 spec.grants[0].sqlDatabase.permissions[0].securable: "sales" is not a securable → write database, schema::NAME or object::SCHEMA.NAME, names without brackets',
      "16:20 spec.grants[1].sqlDatabase: this grants nothing → list roles or permissions, for example roles: [db_datareader]",
    ],
  ],
  [
    "a list for a SQL database",
    binding("  grants:\n    - sqlDatabase: []\n"),
    [
      '15:20 spec.grants[0].sqlDatabase: this is a list, and a mapping is meant here → write "key: value" lines, indented',
    ],
  ],
  [
    "SQL databases without a value, and such that grant nothing and have other mistakes",
    binding(
      "  grants:\n    - sqlDatabase:\n    - sqlDatabase: { server: s.database.windows.net, database: d, roles: [], permissions: [], zzzzzzzz: 1 }\n    - sqlDatabase: { server: 's', zzzzzzzz: 1 }\n",
    ),
    [
      '15:7 spec.grants[0].sqlDatabase: "sqlDatabase" has no value → indent the lines that belong to it further than its key, or remove the key',
      "16:20 spec.grants[1].sqlDatabase: this grants nothing → list roles or permissions, for example roles: [db_datareader]",
      '16:95 spec.grants[1].sqlDatabase.zzzzzzzz: unknown key "zzzzzzzz" → known keys here are server, database, userName, userFrom, roles, permissions, replaceUserWithSid',
      '17:7 spec.grants[2].sqlDatabase.database: database is missing → add it, like "database: orders"',
      "17:20 spec.grants[2].sqlDatabase: this grants nothing → list roles or permissions, for example roles: [db_datareader]",
      '17:30 spec.grants[2].sqlDatabase.server: "s" is not the full name of a SQL server → write it like sql-orders.database.windows.net, without a port and without tcp:',
      '17:35 spec.grants[2].sqlDatabase.zzzzzzzz: unknown key "zzzzzzzz" → known keys here are server, database, userName, userFrom, roles, permissions, replaceUserWithSid',
    ],
  ],
  [
    "a misspelt grant of a later version",
    binding("  grants:\n    - postgresDatabse: { server: s }\n"),
    [
      '15:7 spec.grants[0].postgresDatabse: unknown key "postgresDatabse" → did you mean postgresDatabase? (which is not in this version of Bindery)',
    ],
  ],
  [
    "a misspelt target",
    binding("  targets:\n    - virtualMachin: { resourceGroup: rg, name: vm }\n"),
    ['15:7 spec.targets[0].virtualMachin: unknown key "virtualMachin" → did you mean virtualMachine?'],
  ],
  [
    "an empty selector",
    binding(
      "  targets:\n    - virtualMachines: { resourceGroups: [rg], selector: { matchTags: {} } }\n    - virtualMachines: { resourceGroups: [rg2], selector: {} }\n    - virtualMachines: { resourceGroups: [rg3], selector: }\n",
    ),
    [
      "15:71 spec.targets[0].virtualMachines.selector.matchTags: this selector is empty → name at least one tag, for example { app: orders }",
      '16:49 spec.targets[1].virtualMachines.selector.matchTags: matchTags is missing → add it, like "matchTags: { app: orders }"',
      '17:49 spec.targets[2].virtualMachines.selector: "selector" has no value → indent the lines that belong to it further than its key, or remove the key',
    ],
  ],
  [
    "a selector without tags",
    binding("  targets:\n    - virtualMachines: { resourceGroups: [rg], selector: { matchTags: } }\n"),
    [
      '15:60 spec.targets[0].virtualMachines.selector.matchTags: "matchTags" has no value → indent the lines that belong to it further than its key, or remove the key',
    ],
  ],
  [
    "no resource groups, and part of a name",
    binding(
      "  targets:\n    - virtualMachines: { resourceGroups: [] }\n    - virtualMachines: { resourceGroups: [rg-*] }\n    - virtualMachines: { resourceGroups: ['*', rg] }\n    - virtualMachines: {}\n",
    ),
    [
      "15:42 spec.targets[0].virtualMachines.resourceGroups: this list is empty → list at least one entry",
      '16:43 spec.targets[1].virtualMachines.resourceGroups[0]: "rg-*" is not the name of a resource group → name each group in full (parts of names cannot be matched), or write ["*"] alone for the whole subscription',
      '17:42 spec.targets[2].virtualMachines.resourceGroups: "*" beside other resource groups → write ["*"] alone, or only the names',
      '18:7 spec.targets[3].virtualMachines.resourceGroups: resourceGroups is missing → add it, like "resourceGroups: [rg-orders]"',
    ],
  ],
  [
    "a pattern as a name",
    binding("  targets:\n    - virtualMachine: { resourceGroup: rg, name: vm-* }\n"),
    [
      '15:50 spec.targets[0].virtualMachine.name: "vm-*" is not the name of a virtual machine or scale set → for many machines use `virtualMachines` with a selector',
    ],
  ],
  [
    "no role, and two",
    binding(
      "  grants:\n    - azureRole: { scope: /subscriptions/00000000-0000-0000-0000-000000000001 }\n    - azureRole: { roleName: Reader, roleDefinitionId: /providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6, scope: /subscriptions/00000000-0000-0000-0000-000000000001 }\n",
    ),
    [
      "15:18 spec.grants[0].azureRole: this names no role → write roleName or roleDefinitionId",
      "16:18 spec.grants[1].azureRole: roleName and roleDefinitionId together, where exactly one may stand → keep one of the two",
    ],
  ],
  [
    "a bare GUID as a role definition",
    binding(
      "  grants:\n    - azureRole: { roleDefinitionId: 4633458b-17de-408a-b874-0445c86b69e6, scope: /subscriptions/00000000-0000-0000-0000-000000000001 }\n",
    ),
    [
      '15:38 spec.grants[0].azureRole.roleDefinitionId: "4633458b-17de-408a-b874-0445c86b69e6" is not the id of a role definition → write /providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6',
    ],
  ],
  [
    "scopes that are none",
    binding(
      "  grants:\n    - azureRole: { roleName: Reader, scope: / }\n    - azureRole: { roleName: Reader, scope: /subscriptions/production }\n    - azureRole: { roleName: Reader, scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/ }\n",
    ),
    [
      '15:45 spec.grants[0].azureRole.scope: "/" is not a scope → write /subscriptions/<GUID>, with /resourceGroups/<name> or a whole resource id after it, or /providers/Microsoft.Management/managementGroups/<name>; no slash at the end',
      '16:45 spec.grants[1].azureRole.scope: "/subscriptions/production" is not a scope → write /subscriptions/<GUID>, with /resourceGroups/<name> or a whole resource id after it, or /providers/Microsoft.Management/managementGroups/<name>; no slash at the end',
      '17:45 spec.grants[2].azureRole.scope: "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/" is not a scope → write /subscriptions/<GUID>, with /resourceGroups/<name> or a whole resource id after it, or /providers/Microsoft.Management/managementGroups/<name>; no slash at the end',
    ],
  ],
  [
    "a long condition",
    binding(
      `  grants:\n    - azureRole: { roleName: Reader, scope: /subscriptions/00000000-0000-0000-0000-000000000001, condition: ${"x".repeat(8193)} }\n`,
    ),
    ["15:109 spec.grants[0].azureRole.condition: longer than 8192 characters → write a shorter text"],
  ],
  [
    "a target and a grant twice",
    binding(
      "  targets:\n    - virtualMachine: { resourceGroup: rg, name: vm }\n    - virtualMachine: { resourceGroup: RG, name: VM, subscriptionId: 00000000-0000-0000-0000-000000000001 }\n  grants:\n    - azureRole: { roleName: Reader, scope: /subscriptions/00000000-0000-0000-0000-000000000001 }\n    - azureRole: { roleName: READER, scope: /SUBSCRIPTIONS/00000000-0000-0000-0000-000000000001 }\n",
    ),
    [
      "16:7 spec.targets[1].virtualMachine: this is the same as spec.targets[0] of this binding → remove one of the two, or name what was meant",
      "19:7 spec.grants[1].azureRole: this is the same as spec.grants[0] of this binding → remove one of the two, or name what was meant",
    ],
  ],
  [
    "instructions to CI in a value",
    binding("  suspend: '::error::x'\n"),
    [
      "14:12 spec.suspend: \\u{3a}:error::x is text, and true or false is meant here → write true or false, without quotes",
    ],
  ],
];

describe("bindings", () => {
  test.each(bindings)("%s", (_, content, mistakes) => {
    expect(mistakesIn(content)).toEqual(mistakes);
  });
});
