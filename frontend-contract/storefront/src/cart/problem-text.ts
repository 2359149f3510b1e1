import type { CartProblem } from "@selvedge/client";

const TEXTS: Readonly<Record<string, string>> = {
  INSUFFICIENT_STOCK: "There are not enough left of this size. Nothing was added.",
  UNKNOWN_SKU: "This size is no longer in the shop.",
  NETWORK_ERROR: "The shop did not answer. Nothing in your cart was changed; try again.",
};

/** Why a piece could not be held or given back, for the shopper. */
export function describeProblem(problem: CartProblem): string {
  return TEXTS[problem.code] ?? "The stock service (inventory) is not answering right now. Nothing was changed; try again in a moment.";
}
