// What Resource Graph knows of a world at an instant: entries of its tables, and where each of them lies.
import type { Column, Row } from "./kql/schema.ts";

/** Where an entry lies; `everywhere` is what every scope shows (built-in role definitions). */
export type Place =
  | { readonly kind: "subscription"; readonly subscriptionId: string; readonly isExact: boolean }
  | { readonly kind: "managementGroup"; readonly name: string }
  | { readonly kind: "tenant" }
  | { readonly kind: "everywhere" };

/** A row of a table with its place; `isExact` of a subscription's: at the subscription itself, not below it. */
export interface Entry {
  readonly row: Row & { readonly id: string };
  readonly place: Place;
}

/** The names of the tables. */
export type TableName = "resources" | "resourcecontainers" | "authorizationresources";

/** A world at an instant. Names of management groups and ids of subscriptions are in lower case. */
export interface GraphView {
  readonly entries: (table: TableName) => readonly Entry[];
  readonly subscriptions: readonly string[];
  readonly managementGroups: readonly string[];
  /** The management groups at and below one, itself first, and the subscriptions in them; undefined: no such group. */
  readonly below: (managementGroup: string) => Subtree | undefined;
  /** The management groups above a subscription or a management group, nearest first. */
  readonly above: (of: { subscriptionId: string } | { managementGroup: string }) => readonly string[];
}

/** A part of the management group tree. */
export interface Subtree {
  readonly managementGroups: readonly string[];
  readonly subscriptions: readonly string[];
}

/** The columns that all tables have, in Azure's order. */
export const graphColumns: readonly Column[] = [
  ...[
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
  ].map((name) => ({ name, type: "string" }) as const),
  ...["sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation"].map(
    (name) => ({ name, type: "dynamic" }) as const,
  ),
];
