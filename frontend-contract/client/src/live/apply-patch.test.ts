import { expect, it } from "vitest";

import { applyPatch } from "./apply-patch.ts";

it("applies the operations of RFC 6902 and leaves the rest the same object", () => {
  const before = { list: [{ id: 1 }, { id: 2 }], other: { deep: true } };
  const after = applyPatch(before, [
    { op: "test", path: "/list/0/id", value: 1 },
    { op: "replace", path: "/list/1/id", value: 3 },
    { op: "add", path: "/list/-", value: { id: 4 } },
    { op: "remove", path: "/list/0" },
  ]) as typeof before;
  expect(after).toEqual({ list: [{ id: 3 }, { id: 4 }], other: { deep: true } });
  expect(after.other).toBe(before.other);
  expect(before.list).toHaveLength(2);
  expect(applyPatch(before, [{ op: "replace", path: "", value: null }])).toBeNull();
  expect(applyPatch({ "a/b": 1 }, [{ op: "replace", path: "/a~1b", value: 2 }])).toEqual({ "a/b": 2 });
});

it("refuses a patch of another document", () => {
  expect(() => applyPatch({ a: 1 }, [{ op: "replace", path: "/b", value: 2 }])).toThrow("/b");
  expect(() => applyPatch({ a: [1] }, [{ op: "remove", path: "/a/4" }])).toThrow("/a/4");
  expect(() => applyPatch({ a: 1 }, [{ op: "test", path: "/a", value: 2 }])).toThrow();
});
