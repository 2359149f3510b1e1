import type { StockBadge, VariantChoiceFragment } from "@selvedge/client";
import { describe, expect, it } from "vitest";

import { badgeText, canHold, holdNote } from "./badge-text.ts";
import { colorsOfVariants, labelOf, variantsOfColor } from "./choice.ts";
import { describeMissing } from "../notice/missing-part.tsx";
import { formatMoney } from "../catalog/money.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");

function badge(change: Partial<StockBadge>): StockBadge {
  return { sku: "a", state: "IN_STOCK", available: 9, expectedAt: null, revision: 1, ...change };
}

describe("badgeText", () => {
  it("says what a shopper needs", () => {
    expect(badgeText(badge({}))).toEqual({ state: "In stock", count: "9" });
    expect(badgeText(badge({ available: 300 })).count).toBe("50+");
    expect(badgeText(badge({ state: "LOW_STOCK", available: 2 })).state).toBe("Only 2 left");
    expect(badgeText(badge({ state: "OUT_OF_STOCK", available: 0 })).state).toBe("Sold out");
    expect(badgeText(badge({ state: "BACKORDER", available: 0, expectedAt: "2026-12-24T12:00:00Z" }), NOW).state).toBe("Back 24 Dec");
    expect(badgeText(badge({ state: "PREORDER", available: 0, expectedAt: "2027-01-24T12:00:00Z" }), NOW).state).toBe("Ships 24 Jan 2027");
  });

  it("promises no day that has passed", () => {
    const late = badge({ state: "BACKORDER", available: 0, expectedAt: "2026-11-01T12:00:00Z" });
    expect(badgeText(late, NOW).state).toBe("On backorder");
    expect(holdNote(late, NOW)).not.toContain("expected");
  });

  it("says what can be held, and what can not", () => {
    expect(holdNote(undefined, NOW)).toContain("fifteen minutes");
    expect(holdNote(badge({}), NOW)).toContain("fifteen minutes");
    expect(holdNote(badge({ state: "OUT_OF_STOCK", available: 0 }), NOW)).toBe("None is left of this size.");
    const awaited = badge({ state: "PREORDER", available: 0, expectedAt: "2026-12-24T12:00:00Z" });
    expect(holdNote(awaited, NOW)).toContain("expected on 24 Dec");
    expect(holdNote(awaited, NOW)).not.toContain("fifteen minutes");
  });

  it("lets only present pieces be held", () => {
    expect(canHold(badge({ available: 1 }))).toBe(true);
    expect(canHold(badge({ available: 0 }))).toBe(false);
    expect(canHold(undefined)).toBe(false);
  });
});

describe("variants", () => {
  const variant = (color: string | null, size: string | null, others: VariantChoiceFragment["selectedOptions"] = []): VariantChoiceFragment => ({
    id: `${color} ${size}`, sku: `${color} ${size}`, color, size, selectedOptions: others, compareAtPrice: null,
    price: { amount: 100, currencyCode: "EUR" }, badge: badge({}),
  });

  it("are grouped by colour and ordered by size", () => {
    const variants = [variant("Navy", "L"), variant("Ecru", "S"), variant("Navy", "S")];
    expect(colorsOfVariants(variants)).toEqual(["Navy", "Ecru"]);
    expect(variantsOfColor(variants, "Navy").map(labelOf)).toEqual(["S", "L"]);
  });

  it("have a name without a size", () => {
    expect(labelOf(variant("Navy", null))).toBe("One size");
    expect(labelOf(variant(null, null, [{ name: "Title", value: "Default Title" }]))).toBe("One size");
    expect(labelOf(variant("Navy", null, [{ name: "Length", value: "Long" }]))).toBe("Long");
  });
});

describe("what is missing", () => {
  it("is named", () => {
    const error = (serviceName: string) => ({ message: "x", extensions: { code: "SUBGRAPH_REQUEST_FAILED", serviceName } });
    expect(describeMissing([error("preferences"), error("recommendation")])).toContain("preferences");
    expect(describeMissing([error("recommendation")])).toContain("recommendation");
    expect(describeMissing([{ message: "x", extensions: { code: "NETWORK_ERROR" } }])).toContain("cannot be reached");
    const refused = { message: "x", extensions: { code: "BAD_USER_INPUT", serviceName: "inventory" } };
    expect(describeMissing([refused])).not.toContain("not answering");
  });
});

describe("formatMoney", () => {
  it("knows currencies without minor units", () => {
    expect(formatMoney({ amount: 12_900, currencyCode: "EUR" })).toBe("€129.00");
    expect(formatMoney({ amount: 12_900, currencyCode: "JPY" })).toContain("12,900");
  });
});
