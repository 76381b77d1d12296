// Decides what every document has in common: apiVersion and metadata.
import { z } from "zod";
import { formatted, text } from "./fields.ts";

/** The version of the documents that this Bindery reads. */
export const apiVersion = "bindery.dev/v1alpha1";

/** The first field of every document. */
export const ApiVersion = z
  .literal(apiVersion)
  .meta({ description: "The version of the schema that the document is written in." });

function textMap(description: string) {
  return z
    .record(
      formatted("labelKey", { description: "A key as Kubernetes writes them." }),
      text({ description: "Any text." }, 4096, 0),
    )
    .default({})
    .meta({ description });
}

const labels = textMap("For people and tools such as Kustomize and Flux; Bindery does not read it.");
const annotations = textMap("For people and tools such as Kustomize and Flux; Bindery does not read it.");

/** Who a document is. */
export const Metadata = z
  .strictObject({
    name: formatted("dnsLabel", {
      description: "The document's name, unique among the documents of its kind and namespace.",
      example: "orders",
    }),
    namespace: formatted("dnsLabel", {
      description: "The team or application that the document belongs to. Nothing in Azure is called so.",
      example: "team-orders",
    }),
    labels,
    annotations,
  })
  .meta({ description: "Who the document is.", examples: [{ name: "orders", namespace: "team-orders" }] });
export type Metadata = z.output<typeof Metadata>;

/** Which policy a policy is: it belongs to no namespace. */
export const PolicyMetadata = z
  .strictObject({
    name: formatted("dnsLabel", {
      description: "The policy's name, as messages call it.",
      example: "production",
    }),
    labels,
    annotations,
  })
  .meta({ description: "Which policy this is." });
export type PolicyMetadata = z.output<typeof PolicyMetadata>;
