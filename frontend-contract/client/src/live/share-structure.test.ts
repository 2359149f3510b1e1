import { describe, expect, it } from "vitest";

import { shareStructure } from "./share-structure.ts";

describe("shareStructure", () => {
  it("gives the same object for equal values", () => {
    const before = { a: [1, { b: null }], c: "x" };
    expect(shareStructure(before, structuredClone(before))).toBe(before);
  });

  it("keeps the parts that have not changed", () => {
    const before = { left: { n: 1 }, right: [{ n: 2 }, { n: 3 }] };
    const after = shareStructure(before, { left: { n: 1 }, right: [{ n: 2 }, { n: 4 }] });
    expect(after).toEqual({ left: { n: 1 }, right: [{ n: 2 }, { n: 4 }] });
    expect(after.left).toBe(before.left);
    expect(after.right[0]).toBe(before.right[0]);
    expect(after.right).not.toBe(before.right);
  });

  it("tells shorter, longer and other shapes apart", () => {
    for (const [before, after] of [[[1, 2], [1]], [[1], [1, 2]], [{ a: 1, b: 2 }, { a: 1 }], [{ a: 1 }, { b: 1 }], [{}, []], [null, {}], [[], null]]) {
      expect(shareStructure(before, after)).toEqual(after);
      expect(shareStructure(before, after)).not.toBe(before);
    }
  });

  it("does not share a field that is absent with one that is undefined by name", () => {
    expect(Object.keys(shareStructure({ a: undefined, b: 1 }, { b: 1, c: undefined }))).toEqual(["b", "c"]);
  });
});
