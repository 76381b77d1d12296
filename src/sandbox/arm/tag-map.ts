// What tags a resource may carry: fifty, with names and values that Azure accepts.

import { isRecord } from "./body.ts";
import { armErrors } from "./errors.ts";

/** Tags as ARM bodies carry them. */
export type Tags = Readonly<Record<string, string>>;

const mostTags = 50;
const longestName = 512;
const longestValue = 256;

/** Reads the `tags` of a body: an object of strings, or ARM's refusal. Null and undefined mean none. */
export function parseTags(value: unknown): Tags {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw armErrors.invalidRequestContent("Expected an object. Path 'tags'");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string" && text !== null) {
      throw armErrors.invalidRequestContent(`Expected a string. Path 'tags.${key}'`);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text ?? "")]));
}

/** Throws Azure's refusal if the tags are too many, too long or named with reserved characters. */
export function checkTags(tags: Tags): void {
  const entries = Object.entries(tags);
  if (entries.length > mostTags) throw armErrors.tooManyTags(entries.length);
  for (const [key, value] of entries) {
    if (key === "" || /[<>%&\\?/\p{Cc}]/u.test(key)) throw armErrors.invalidTagName(key);
    if (key.length > longestName) throw armErrors.tagNameTooLong(key, longestName);
    if (value.length > longestValue) throw armErrors.tagValueTooLong(value, longestValue);
  }
}

/** Adds or replaces tags; names are compared without case, and the new spelling wins. */
export function mergeTags(tags: Tags, added: Tags): Tags {
  return { ...withoutNames(tags, Object.keys(added)), ...added };
}

/** Takes tags away "based on given names or name/value pairs": an empty value stands for any. */
export function removeTags(tags: Tags, removed: Tags): Tags {
  const gone = new Map(Object.entries(removed).map(([key, value]) => [key.toLowerCase(), value]));
  const isGone = (key: string, value: string) => {
    const wanted = gone.get(key.toLowerCase());
    return wanted === "" || wanted === value;
  };
  return Object.fromEntries(Object.entries(tags).filter(([key, value]) => !isGone(key, value)));
}

function withoutNames(tags: Tags, names: readonly string[]): Tags {
  const gone = new Set(names.map((n) => n.toLowerCase()));
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key.toLowerCase())));
}
