import { readFile } from "node:fs/promises";
import { basename, relative } from "node:path";

import { buildSchema, Kind, parse, validate, type DocumentNode, type FragmentDefinitionNode } from "graphql";
import { beforeAll, describe, expect, it } from "vitest";

import { listOperationFiles, operationsPath, schemaPath } from "../client/codegen.mjs";

interface OperationFile {
  readonly path: string;
  readonly document: DocumentNode;
}

const files: OperationFile[] = await Promise.all(
  (await listOperationFiles()).map(async (path: string) => ({
    path: relative(operationsPath, path),
    document: parse(await readFile(path, "utf8")),
  })),
);
const schema = buildSchema(await readFile(schemaPath, "utf8"));
const fragments = new Map<string, FragmentDefinitionNode>();

beforeAll(() => {
  for (const { document } of files) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
  }
});

/** The document with the fragments that it needs, directly or through others. */
function complete(document: DocumentNode): DocumentNode {
  const needed = new Map<string, FragmentDefinitionNode>();
  const gather = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(gather);
    else if (node !== null && typeof node === "object") {
      if ("kind" in node && node.kind === Kind.FRAGMENT_SPREAD && "name" in node) {
        const { value } = node.name as { value: string };
        const fragment = fragments.get(value);
        if (fragment && !needed.has(value)) {
          needed.set(value, fragment);
          gather(fragment.selectionSet);
        }
      }
      for (const [key, child] of Object.entries(node)) if (key !== "loc") gather(child);
    }
  };
  gather(document.definitions);
  return { ...document, definitions: [...document.definitions, ...needed.values()] };
}

describe("operations", () => {
  const operations = files.filter(({ path }) => !path.endsWith(".fragment.graphql"));

  it.each(operations)("$path is valid against schema/api.graphql", ({ document }) => {
    expect(validate(schema, complete(document)).map((error) => error.message)).toEqual([]);
  });

  it.each(files)("$path holds one definition, named like the file", ({ path, document }) => {
    const names = document.definitions.map((definition) => ("name" in definition ? definition.name : undefined)?.value);
    expect(names).toEqual([basename(path).replace(/(\.fragment)?\.graphql$/, "")]);
  });

  it("gives every definition a name of its own", () => {
    const names = files.map(({ path }) => basename(path));
    expect(new Set(names).size).toBe(names.length);
  });
});
