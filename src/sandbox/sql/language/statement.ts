// The statements that are understood. Queries and expressions stay lists of tokens: SQLite is to run them.
import type { Token } from "./token.ts";

/** An expression or a query. */
export type Tokens = readonly Token[];

/** What a permission is about: "" names the database itself; the parts of an object's name otherwise. */
export interface Securable {
  readonly class: "DATABASE" | "SCHEMA" | "OBJECT" | "USER" | "ROLE";
  readonly name: readonly string[];
}

/** GRANT, REVOKE or DENY. */
export interface PermissionStatement {
  readonly kind: "permission";
  readonly verb: "GRANT" | "REVOKE" | "DENY";
  readonly permissions: readonly string[];
  readonly on: Securable;
  readonly principals: readonly string[];
  readonly isGrantable: boolean;
  readonly isCascade: boolean;
}

/** CREATE USER, by where the user comes from. */
export interface CreateUser {
  readonly kind: "createUser";
  readonly name: string;
  readonly source:
    | { readonly from: "external"; readonly objectId: string | undefined }
    | { readonly from: "sid"; readonly sid: string; readonly type: "E" | "X" }
    | { readonly from: "password"; readonly password: string }
    | { readonly from: "nothing" };
  readonly defaultSchema: string | undefined;
}

/** An argument of a procedure; its name is "" where it is meant by position. */
export interface Argument {
  readonly name: string;
  readonly value: Tokens;
}

/** What defines principals and permissions. */
export type Definition =
  | CreateUser
  | PermissionStatement
  | { readonly kind: "createRole"; readonly name: string; readonly owner: string | undefined }
  | { readonly kind: "createSchema"; readonly name: string; readonly owner: string | undefined }
  | {
      readonly kind: "alterUser";
      readonly name: string;
      readonly newName: string | undefined;
      readonly defaultSchema: string | undefined;
    }
  | {
      readonly kind: "alterRole";
      readonly role: string;
      readonly verb: "ADD" | "DROP";
      readonly member: string;
    }
  | {
      readonly kind: "drop";
      readonly what: "USER" | "ROLE" | "SCHEMA";
      readonly name: string;
      readonly ifExists: boolean;
    }
  | { readonly kind: "authorize"; readonly on: Securable; readonly owner: string };

/** What a statement says, without its place. */
export type StatementBody =
  | Definition
  | { readonly kind: "query"; readonly tokens: Tokens }
  | { readonly kind: "change"; readonly verb: "INSERT" | "UPDATE" | "DELETE"; readonly tokens: Tokens }
  | { readonly kind: "set"; readonly option: string; readonly value: Tokens }
  | { readonly kind: "assign"; readonly variable: string; readonly value: Tokens }
  | {
      readonly kind: "declare";
      readonly variables: readonly { readonly name: string; readonly value: Tokens | undefined }[];
    }
  | { readonly kind: "if"; readonly condition: Tokens; readonly then: Statement; readonly else?: Statement }
  | { readonly kind: "block"; readonly body: readonly Statement[] }
  | { readonly kind: "transaction"; readonly verb: "begin" | "commit" | "rollback" }
  | { readonly kind: "executeText"; readonly value: Tokens }
  | { readonly kind: "execute"; readonly name: readonly string[]; readonly arguments: readonly Argument[] }
  | { readonly kind: "print"; readonly value: Tokens }
  | { readonly kind: "use"; readonly database: string }
  | { readonly kind: "throw"; readonly number: number; readonly message: string; readonly state: number };

/** A statement with its text as it was sent. */
export type Statement = StatementBody & { readonly text: string };
