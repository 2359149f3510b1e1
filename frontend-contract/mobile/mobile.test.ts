import { access, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Kind, parse, visit } from "graphql";
import { describe, expect, it } from "vitest";

import { listOperationFiles } from "../client/codegen.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const files = (await listOperationFiles()).filter((path) => !path.includes("/playground/"));
const texts = await Promise.all(files.map((path) => readFile(path, "utf8")));

/** Names that Swift or Kotlin cannot use for a property without an escape, and that Apollo's generators refuse or mangle. */
const RESERVED = new Set(["self", "Self", "init", "__typename", "__data", "_fieldData", "hashValue", "fragments", "class", "object", "when", "is", "in", "as", "fun", "val", "var", "typealias"]);

describe("the operations", () => {
  it("are named", () => {
    const operations = texts.flatMap((text) => parse(text).definitions).filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    expect(operations.filter((operation) => operation.name === undefined)).toEqual([]);
    // Both generators name the class after the operation and its kind: two must not fall together.
    const classes = operations.map((operation) => `${operation.name?.value.toLowerCase()}${operation.operation}`);
    expect(new Set(classes).size).toBe(classes.length);
  });

  it("answer with names that both languages can have", () => {
    const bad: string[] = [];
    for (const text of texts) {
      visit(parse(text), {
        Field: (field) => {
          const name = (field.alias ?? field.name).value;
          if (RESERVED.has(name)) bad.push(name);
        },
      });
    }
    expect(bad).toEqual([]);
  });
});

describe("the configurations", () => {
  it("point at folders and files that exist, and at every operation of a page", async () => {
    const folder = join(here, "ios");
    const config = JSON.parse(await readFile(join(folder, "apollo-codegen-config.json"), "utf8")) as {
      input: { schemaSearchPaths: string[]; operationSearchPaths: string[] };
    };
    const folders = config.input.operationSearchPaths.map((path) => resolve(folder, dirname(path)));
    for (const path of [...folders, ...config.input.schemaSearchPaths.map((path) => resolve(folder, path))]) await access(path);
    expect(files.filter((path) => !folders.includes(dirname(path)))).toEqual([]);
  });

  it("give Kotlin the same schema and operations", async () => {
    const gradle = await readFile(join(here, "android", "build.gradle.kts"), "utf8");
    for (const path of ["../../../schema/api.graphql", "../../operations"]) {
      expect(gradle).toContain(`"${path}"`);
      await access(resolve(here, "android", path));
    }
  });
});
