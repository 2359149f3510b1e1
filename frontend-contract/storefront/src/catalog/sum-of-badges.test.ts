import type { StockBadge } from "@selvedge/client";
import { expect, it } from "vitest";

import { sumOfBadges, sumText } from "./sum-of-badges.ts";

const badge = (change: Partial<StockBadge>): StockBadge => ({ sku: "a", state: "IN_STOCK", available: 9, expectedAt: null, revision: 1, ...change });
const low = (available: number) => badge({ state: "LOW_STOCK", available });
const gone = badge({ state: "OUT_OF_STOCK", available: 0 });

it("sums the pieces and takes the best state", () => {
  expect(sumOfBadges([])).toBeUndefined();
  expect(sumOfBadges([gone, low(2), low(3)])).toMatchObject({ state: "LOW_STOCK", available: 5 });
  expect(sumOfBadges([low(2), badge({ available: 40 })])).toMatchObject({ state: "IN_STOCK", available: 42 });
  expect(sumOfBadges([gone, badge({ state: "BACKORDER", available: -3, expectedAt: "2026-12-24T12:00:00Z" })])).toMatchObject({
    state: "BACKORDER",
    available: 0,
    expectedAt: "2026-12-24T12:00:00Z",
  });
});

it("says few only when all sizes together are few", () => {
  const text = (...badges: StockBadge[]) => sumText(sumOfBadges(badges) ?? gone);
  expect(text(low(1), low(3))).toBe("Only 4 left");
  expect(text(low(6), low(6))).toBe("Few left of each size");
  expect(text(gone)).toBe("Sold out");
});
