import { expect, it } from "vitest";

import { backOffMs } from "./back-off.ts";

it("doubles up to its limit", () => {
  const most = (attempt: number) => backOffMs(attempt, 500, 15_000, () => 1);
  expect([0, 1, 2, 3, 10, 1_000].map(most)).toEqual([500, 1_000, 2_000, 4_000, 15_000, 15_000]);
});

it("spreads clients over the second half", () => {
  expect(backOffMs(1, 500, 15_000, () => 0)).toBe(500);
  expect(backOffMs(1, 500, 15_000, () => 0.5)).toBe(750);
});
