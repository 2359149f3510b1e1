import type { ProductFilter, ProductSort } from "@selvedge/client";

/** What the catalog is narrowed to; the address of the page says it in full. */
export interface Filters {
  readonly query: string;
  readonly category: readonly string[];
  readonly gender: readonly string[];
  readonly size: readonly string[];
  readonly color: readonly string[];
  readonly inStock: boolean;
  readonly sort: ProductSort;
}

/** The filters that have a list of values to tick. */
export const LIST_FILTERS = ["category", "gender", "size", "color"] as const;
export type ListFilter = (typeof LIST_FILTERS)[number];

export const SORTS: readonly (readonly [ProductSort, string])[] = [
  ["FEATURED", "Featured"],
  ["NEWEST", "Newest"],
  ["PRICE_ASC", "Price, low to high"],
  ["PRICE_DESC", "Price, high to low"],
  ["TITLE", "Name"],
];

/** The longest search; the graph takes twice as much. */
export const MAX_QUERY_LENGTH = 100;

/** Reads filters from the query of an address; what it does not know it leaves out. */
export function filtersOfSearch(search: string): Filters {
  const parameters = new URLSearchParams(search);
  const list = (name: ListFilter) => [...new Set(parameters.getAll(name).filter(Boolean))];
  const sort = SORTS.find(([value]) => value === parameters.get("sort"))?.[0] ?? "FEATURED";
  return {
    query: Array.from(parameters.get("q") ?? "").slice(0, MAX_QUERY_LENGTH).join(""),
    category: list("category"),
    gender: list("gender"),
    size: list("size"),
    color: list("color"),
    inStock: parameters.get("in-stock") === "1",
    sort,
  };
}

/** Writes filters as the query of an address, with its question mark; empty when nothing is narrowed. */
export function searchOfFilters(filters: Filters): string {
  const parameters = new URLSearchParams();
  if (filters.query) parameters.set("q", filters.query);
  for (const name of LIST_FILTERS) for (const value of filters[name]) parameters.append(name, value);
  if (filters.inStock) parameters.set("in-stock", "1");
  if (filters.sort !== "FEATURED") parameters.set("sort", filters.sort);
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

/** Turns one value of a list on or off. */
export function toggleValue(filters: Filters, name: ListFilter, value: string): Filters {
  const values = filters[name];
  const next = values.includes(value) ? values.filter((other) => other !== value) : [...values, value];
  return { ...filters, [name]: next };
}

/** How many values narrow the list. */
export function countFilters(filters: Filters): number {
  return LIST_FILTERS.reduce((sum, name) => sum + filters[name].length, 0) + (filters.inStock ? 1 : 0) + (filters.query ? 1 : 0);
}

/** The filter as the graph takes it: only what narrows. */
export function productFilterOf(filters: Filters): ProductFilter {
  const filter: Record<string, unknown> = {};
  if (filters.query) filter["query"] = filters.query;
  for (const name of LIST_FILTERS) if (filters[name].length > 0) filter[name] = filters[name];
  if (filters.inStock) filter["available"] = true;
  return filter;
}

const LETTER_SIZES = ["XXS", "XS", "S", "S/M", "M", "M/L", "L", "L/XL", "XL", "XXL", "2XL", "3XL", "4XL", "One Size"];

/** Orders sizes as a rail does: letters from small to large, then numbers, then words. */
export function compareSizes(left: string, right: string): number {
  const rank = (size: string): readonly [number, number] => {
    const letter = LETTER_SIZES.findIndex((known) => known.toLowerCase() === size.toLowerCase());
    if (letter >= 0) return [0, letter];
    const number = Number.parseFloat(size);
    return Number.isNaN(number) ? [2, 0] : [1, number];
  };
  const [leftGroup, leftPlace] = rank(left);
  const [rightGroup, rightPlace] = rank(right);
  return leftGroup - rightGroup || leftPlace - rightPlace || left.localeCompare(right);
}
