// Stands in for the Azure CLI where it gives roles: knows just the commands and options of Bindery's script, and sends what
// the CLI sends for them. (Debian's azure-cli 2.45 can neither list nor assign roles: it reads fields that its SDK has no more.)
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";

const { ARM = "", TENANT = "", OPERATOR = "", SECRET = "" } = process.env;
const version = "api-version=2022-04-01";
const authorization = "providers/Microsoft.Authorization";

interface Definition {
  readonly name: string;
  readonly id: string;
  readonly properties: { readonly roleName: string; readonly type: string };
}

async function token(): Promise<string> {
  const form = { client_id: OPERATOR, client_secret: SECRET, grant_type: "client_credentials" };
  const body = new URLSearchParams({ ...form, scope: "https://management.azure.com/.default" });
  const answer = await fetch(`${ARM}/${TENANT}/oauth2/v2.0/token`, { method: "POST", body });
  const { access_token: text } = (await answer.json()) as { access_token: string };
  return text;
}

async function send(method: "GET" | "PUT", path: string, properties?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
  const body = properties === undefined ? {} : { body: JSON.stringify({ properties }) };
  const answer = await fetch(`${ARM}${path}?${version}`, { method, headers, ...body });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

async function rolesNamed(name: string, scope: string): Promise<readonly Definition[]> {
  const { value } = (await send("GET", `${scope}/${authorization}/roleDefinitions`)) as {
    value: Definition[];
  };
  return value.filter(({ properties }) => properties.type === "CustomRole" && properties.roleName === name);
}

async function putDefinition(text: string, isNew: boolean): Promise<void> {
  const { Name, Description, Actions, NotActions, DataActions, NotDataActions, AssignableScopes } =
    JSON.parse(text);
  const [scope] = AssignableScopes;
  const [found] = await rolesNamed(Name, scope);
  if (isNew === (found !== undefined))
    throw new Error(`${Name}: ${isNew ? "there is one" : "there is none"}`);
  const permissions = [
    { actions: Actions, notActions: NotActions, dataActions: DataActions, notDataActions: NotDataActions },
  ];
  const role = { roleName: Name, description: Description, type: "CustomRole", permissions };
  const name = found?.name ?? randomUUID();
  await send("PUT", `${scope}/${authorization}/roleDefinitions/${name}`, {
    ...role,
    assignableScopes: AssignableScopes,
  });
}

const text = { type: "string" } as const;

/** By command: what it takes, and what it does. */
const commands: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  "role definition list": async (args) => {
    const options = { "custom-role-only": text, name: text, scope: text, query: text, output: text };
    const { values } = parseArgs({ args, options });
    if (values["custom-role-only"] !== "true" || values.query !== "[].name" || values.output !== "tsv")
      throw new Error("other options");
    for (const { name } of await rolesNamed(values.name ?? "", values.scope ?? ""))
      process.stdout.write(`${name}\n`);
  },
  "role definition create": (args) => putDefinition(definitionIn(args), true),
  "role definition update": (args) => putDefinition(definitionIn(args), false),
  "role assignment create": async (args) => {
    const options = {
      name: text,
      "assignee-object-id": text,
      "assignee-principal-type": text,
      role: text,
      scope: text,
      condition: text,
      "condition-version": text,
      output: text,
    };
    const { values } = parseArgs({ args, options });
    const { name = "", role = "", scope = "", condition } = values;
    const [found] = await rolesNamed(role, scope);
    await send("PUT", `${scope}/${authorization}/roleAssignments/${name}`, {
      roleDefinitionId: found?.id,
      principalId: values["assignee-object-id"],
      principalType: values["assignee-principal-type"],
      ...(condition !== undefined && { condition, conditionVersion: values["condition-version"] }),
    });
  },
};

function definitionIn(args: string[]): string {
  const { values } = parseArgs({ args, options: { "role-definition": text, output: text } });
  return values["role-definition"] ?? "";
}

const [, , one, two, three, ...rest] = process.argv;
const run = commands[[one, two, three].join(" ")];
if (!run) throw new Error(`No such command: ${process.argv.slice(2).join(" ")}`);
await run(rest);
