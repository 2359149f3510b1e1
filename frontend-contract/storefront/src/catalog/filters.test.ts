import { describe, expect, it } from "vitest";

import { compareSizes, countFilters, filtersOfSearch, productFilterOf, searchOfFilters, toggleValue } from "./filters.ts";

describe("filters and the address", () => {
  it("come back as they went", () => {
    const search = "?q=linen&category=Shirts&size=M&size=L&color=Sky+Blue&in-stock=1&sort=PRICE_ASC";
    expect(searchOfFilters(filtersOfSearch(search))).toBe(search);
  });

  it("leave out what they do not know", () => {
    expect(searchOfFilters(filtersOfSearch("?sort=RANDOM&size=&utm=1"))).toBe("");
  });

  it("keep a search within what the graph takes", () => {
    expect(filtersOfSearch(`?q=${"y".repeat(400)}`).query).toHaveLength(100);
  });

  it("ask the graph for what narrows, and nothing else", () => {
    expect(productFilterOf(filtersOfSearch(""))).toEqual({});
    expect(productFilterOf(filtersOfSearch("?size=M&in-stock=1"))).toEqual({ size: ["M"], available: true });
  });

  it("turn a value on and off", () => {
    const on = toggleValue(filtersOfSearch(""), "size", "M");
    expect(on.size).toEqual(["M"]);
    expect(countFilters(on)).toBe(1);
    expect(toggleValue(on, "size", "M").size).toEqual([]);
  });
});

describe("compareSizes", () => {
  it("orders letters, numbers and words", () => {
    const sizes = ["42", "XL", "One Size", "28", "S", "XXL", "Tall", "M", "6.5", "XS"];
    expect(sizes.toSorted(compareSizes)).toEqual(["XS", "S", "M", "XL", "XXL", "One Size", "6.5", "28", "42", "Tall"]);
  });
});
