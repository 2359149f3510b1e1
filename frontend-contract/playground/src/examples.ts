import holdStock from "../../operations/playground/HoldStock.graphql?raw";
import livePage from "../../operations/playground/LivePage.graphql?raw";
import liveStock from "../../operations/playground/LiveStock.graphql?raw";
import myFeed from "../../operations/playground/MyFeed.graphql?raw";
import someSkus from "../../operations/playground/SomeSkus.graphql?raw";
import stockByLocation from "../../operations/playground/StockByLocation.graphql?raw";
import threeSubgraphs from "../../operations/playground/ThreeSubgraphs.graphql?raw";

/** One tab of the playground. */
export interface Example {
  readonly query: string;
  readonly variables?: string;
}

/** Asks a gateway in development mode for the plan of an operation. */
export const PLAN_HEADERS = JSON.stringify({ "x-selvedge-debug": "plan" }, null, 2);

/** The example operations, with SKUs of this shop in their variables. */
export function examplesFor(skus: readonly string[]): Example[] {
  const [first = "SKU"] = skus;
  const json = (value: unknown) => JSON.stringify(value, null, 2);
  return [
    { query: threeSubgraphs, variables: json({ first: 20 }) },
    { query: liveStock, variables: json({ skus: skus.length > 0 ? skus : [first] }) },
    { query: livePage, variables: json({ sku: first }) },
    { query: holdStock, variables: json({ sku: first, key: "playground-1" }) },
    { query: stockByLocation, variables: json({ sku: first }) },
    { query: myFeed },
    { query: someSkus },
  ];
}

const FIND_SKUS = "query FindSkus { products(first: 1, filter: { available: true }) { nodes { variants { sku badge { available } } } } }";

interface FoundSkus {
  readonly data?: {
    readonly products: { readonly nodes: readonly { readonly variants: readonly { readonly sku: string; readonly badge: { readonly available: number } }[] }[] };
  };
}

/** Some SKUs that are in stock, for the examples; none when the shop does not answer in time. */
export async function findSkus(endpoint: string, limitMs = 1_500): Promise<string[]> {
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: FIND_SKUS }),
      signal: AbortSignal.timeout(limitMs),
    });
    const { data } = (await response.json()) as FoundSkus;
    const variants = data?.products.nodes[0]?.variants ?? [];
    return variants.filter((variant) => variant.badge.available > 0).map((variant) => variant.sku).slice(0, 5);
  } catch {
    return [];
  }
}
