// Decides what counts as YAML: version 1.2, bounded in depth and number, every mistake with its place.
import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from "yaml";
import type { Diagnostic } from "../model/diagnostic.ts";
import { bounds } from "../model/source.ts";
import { quotedLength, safeText } from "../model/text.ts";
import { diagnosticAt, type Mistake, type SourceText } from "./source-text.ts";
import { type YamlTree, yamlTreeFrom } from "./yaml-tree.ts";

/** One `---` part of a file. */
export interface YamlDocument {
  /** Undefined if the part has mistakes that leave its meaning open. */
  readonly tree?: YamlTree;
  readonly diagnostics: readonly Diagnostic[];
}

interface Tokens {
  readonly tokens: readonly CST.Token[];
  /** Set where reading was given up. */
  readonly given?: { offset: number; message: string; cure: string };
}

const tooDeep = {
  message: `lists and mappings more than ${bounds.yamlDepth} deep inside each other`,
  cure: "no document needs that; remove levels",
};
const tooMany = {
  message: `more than ${bounds.documentsInFile} documents in one file`,
  cure: "split it into several files",
};

/**
 * Reads tokens only as far as the bounds go: the parser is iterative and can be stopped, while composing nodes
 * is recursive and cannot.
 */
function tokensOf(text: string): Tokens {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // The stack holds the document, the collections that are open, and a scalar. The exact bound is the tree's.
    if (parser.stack.length > bounds.yamlDepth + 4) {
      return { tokens, given: { offset: parser.offset, ...tooDeep } };
    }
  }
  tokens.push(...parser.end());
  const first = tokens.filter(({ type }) => type === "document")[bounds.documentsInFile];
  return first === undefined ? { tokens } : { tokens, given: { offset: first.offset, ...tooMany } };
}

const yamlMistakes: Partial<Record<YAMLError["code"], Pick<Mistake, "message" | "cure">>> = {
  TAB_AS_INDENT: { message: "a tab where indentation is meant", cure: "indent with spaces" },
  BAD_INDENT: {
    message: "wrong indentation, or a bracket or brace that is not closed",
    cure: "give the keys of one mapping the same indentation, and close what is open",
  },
  MISSING_CHAR: {
    message: "a quote, bracket, comma or space is missing",
    cure: "add it, here or further up",
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "a key without a colon, or a next line that is indented too far",
    cure: 'write "key: value", and give the keys of one mapping the same indentation',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a second colon in one line, or a next line that is indented too far",
    cure: "put the value in quotes, or give the keys of one mapping the same indentation",
  },
  BAD_ALIAS: {
    message: "an alias (*) that names nothing",
    cure: "put text that begins with * in quotes, or write out what is meant",
  },
  BAD_SCALAR_START: {
    message: "text that begins with a character that YAML keeps for itself",
    cure: "put the text in quotes",
  },
  BAD_DQ_ESCAPE: {
    message: "an escape that YAML does not know",
    cure: "write \\\\ for a backslash, or use single quotes",
  },
  MULTIPLE_TAGS: { message: "two tags (!) on one value", cure: "remove both: no field needs a tag" },
  KEY_OVER_1024_CHARS: {
    message: "a key of more than 1024 characters",
    cure: "is the colon at the right place?",
  },
};

function mistakeOf(error: YAMLError): Mistake {
  const known = yamlMistakes[error.code];
  const message = known?.message ?? safeText(error.message, { max: quotedLength });
  return {
    path: "",
    message: `not valid YAML: ${message}`,
    cure: known?.cure ?? "correct it; quotes and indentation are the usual causes",
  };
}

function versionMistake(document: Document.Parsed): Mistake | undefined {
  const version = document.directives.yaml.version;
  return version === "1.2"
    ? undefined
    : {
        path: "",
        message: `a %YAML ${version} directive`,
        cure: "remove it: documents are YAML 1.2, where yes, no, on and off are text",
      };
}

function documentFrom(
  source: SourceText,
  document: Document.Parsed,
  budget: { values: number },
): YamlDocument {
  // Tags are the tree's to refuse; every other warning is something that YAML would ignore.
  const ignored = document.warnings.filter(({ code }) => code === "BAD_DIRECTIVE");
  // The parser says what follows from a mistake at the same place: the first is the mistake.
  const byOffset = Map.groupBy([...document.errors, ...ignored], (error) => error.pos[0]);
  const diagnostics = [...byOffset].flatMap(([offset, [error]]) =>
    error === undefined ? [] : [diagnosticAt(source, offset, mistakeOf(error))],
  );
  const version = versionMistake(document);
  if (version !== undefined) {
    diagnostics.push(diagnosticAt(source, document.range[0], version));
  }
  if (diagnostics.length > 0 || document.contents === null) {
    return { diagnostics };
  }
  const result = yamlTreeFrom(document.contents, budget);
  const found = result.mistakes.map(({ offset, ...mistake }) => diagnosticAt(source, offset, mistake));
  return { ...(result.tree && { tree: result.tree }), diagnostics: found };
}

/** True for a part that says nothing: an empty one between two `---`, or only comments. */
function isEmpty(document: YamlDocument): boolean {
  return document.diagnostics.length === 0 && (document.tree === undefined || document.tree.value === null);
}

/** The documents of a file that say something, in order. */
export function parseYaml(source: SourceText): YamlDocument[] {
  const { tokens, given } = tokensOf(source.text);
  if (given !== undefined) {
    const { offset, message, cure } = given;
    return [{ diagnostics: [diagnosticAt(source, offset, { path: "", message, cure })] }];
  }
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    resolveKnownTags: false,
    // Found on the tree instead: the library compares each key with each other one.
    uniqueKeys: false,
  });
  const budget = { values: bounds.yamlValues };
  const documents: YamlDocument[] = [];
  for (const document of composer.compose(tokens, false, source.text.length)) {
    documents.push(documentFrom(source, document, budget));
  }
  return documents.filter((document) => !isEmpty(document));
}
