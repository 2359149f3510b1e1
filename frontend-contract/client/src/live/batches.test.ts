import { describe, expect, it } from "vitest";

import { planBatches } from "./batches.ts";

const named = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `k${String(from + index).padStart(4, "0")}`);

/** Every wanted key is covered once the plan is carried out. */
function covers(current: readonly ReadonlySet<string>[], wanted: ReadonlySet<string>, limit: number): boolean {
  const plan = planBatches(current, wanted, limit);
  const all = new Set([...plan.keep.flatMap((place) => [...(current[place] ?? [])]), ...plan.open.flat()]);
  return [...wanted].every((key) => all.has(key)) && plan.open.every((keys) => keys.length <= limit);
}

describe("planBatches", () => {
  it("opens as few as the limit allows", () => {
    const plan = planBatches([], new Set(named(0, 501)), 250);
    expect(plan.open.map((keys) => keys.length)).toEqual([250, 250, 1]);
  });

  it("leaves what runs alone and gives new keys a batch of their own", () => {
    const plan = planBatches([new Set(["a", "b"])], new Set(["a", "b", "c"]), 250);
    expect(plan).toEqual({ keep: [0], open: [["c"]] });
  });

  it("packs anew when there are too many", () => {
    const current = ["a", "b", "c"].map((key) => new Set([key]));
    expect(planBatches(current, new Set(["a", "b", "c", "d"]), 250)).toEqual({ keep: [], open: [["a", "b", "c", "d"]] });
  });

  it("keeps the full ones when it packs anew", () => {
    const current = [new Set(named(0, 250)), new Set(["x"]), new Set(["y"]), new Set(["z"]), new Set(["w"])];
    const plan = planBatches(current, new Set([...named(0, 250), "x", "y", "z", "w"]), 250);
    expect(plan).toEqual({ keep: [0], open: [["w", "x", "y", "z"]] });
  });

  it("replaces a batch of which most is no longer wanted", () => {
    expect(planBatches([new Set(["a", "b", "c"])], new Set(["a"]), 250)).toEqual({ keep: [], open: [["a"]] });
    expect(planBatches([new Set(["a", "b", "c"])], new Set(["a", "b"]), 250)).toEqual({ keep: [0], open: [] });
    expect(planBatches([new Set(["a"])], new Set(), 250)).toEqual({ keep: [], open: [] });
  });

  it("covers everything by few batches, whatever came before", () => {
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 300; round += 1) {
      const limit = 2 + random(12);
      const current = Array.from({ length: random(6) }, () => new Set(Array.from({ length: 1 + random(limit) }, () => `k${random(60)}`)));
      const wanted = new Set(Array.from({ length: random(50) }, () => `k${random(60)}`));
      const plan = planBatches(current, wanted, limit);
      expect(covers(current, wanted, limit)).toBe(true);
      expect(plan.keep.length + plan.open.length).toBeLessThanOrEqual(2 * Math.ceil(wanted.size / limit) + 2);
    }
  });
});
