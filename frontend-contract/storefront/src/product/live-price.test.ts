import { expect, it } from "vitest";

import { priceOf } from "./live-price.tsx";

const money = (amount: number) => ({ amount, currencyCode: "EUR" });

it("is that of the chosen variant, or the lowest of all", () => {
  const product = {
    priceRange: { min: money(900) },
    variants: [
      { sku: "a", price: money(1_000), compareAtPrice: money(1_200) },
      { sku: "b", price: money(900), compareAtPrice: null },
    ],
  };
  expect(priceOf(product, "a")).toEqual({ price: money(1_000), before: money(1_200) });
  expect(priceOf(product, "b")).toEqual({ price: money(900), before: null });
  expect(priceOf(product, undefined)).toEqual({ price: money(900), before: null });
});
