import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import { outputPath } from "../codegen.mjs";

// In a process of its own: the generator and this test would otherwise load two copies of the module graphql.
it("matches schema/api.graphql and the operations; run `npm run codegen` if it does not", async () => {
  const script = join(outputPath, "..", "..", "codegen.mjs");
  await expect(promisify(execFile)(process.execPath, [script, "--check"])).resolves.toBeDefined();
}, 30_000);

it("lists trusted documents under the hashes of their texts", async () => {
  const documents = JSON.parse(await readFile(join(outputPath, "persisted-documents.json"), "utf8")) as Record<string, string>;
  expect(Object.keys(documents).length).toBeGreaterThan(10);
  for (const [hash, text] of Object.entries(documents)) {
    expect(hash).toBe(`sha256:${createHash("sha256").update(text).digest("hex")}`);
  }
});
