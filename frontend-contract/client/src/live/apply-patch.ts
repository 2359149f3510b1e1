import { existsIn, immutableJSONPatch, parsePath, type JSONPatchOperation } from "immutable-json-patch";

/** Applies a JSON Patch (RFC 6902); what it does not touch stays the same object. Throws when it does not fit. */
export function applyPatch(document: unknown, patch: readonly JSONPatchOperation[]): unknown {
  return immutableJSONPatch(document, [...patch], {
    // The library passes over what is not there; for us that means that the patch is of another document.
    before: (present, operation) => {
      const changes = operation.op === "replace" || operation.op === "remove";
      if (changes && !existsIn(present, parsePath(present, operation.path))) {
        throw new Error(`the patch wants to ${operation.op} ${operation.path}, which is not there`);
      }
      return {};
    },
  });
}
