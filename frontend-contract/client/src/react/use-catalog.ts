import { useMemo, useSyncExternalStore } from "react";

import {
  BoughtTogetherDocument,
  FeedDocument,
  ProductFacetsDocument,
  ProductLiveDocument,
  ProductPageDocument,
  SimilarProductsDocument,
  type ProductFilter,
  type ProductSort,
} from "../generated/graphql.ts";
import type { ProductListState } from "../query/product-list.ts";
import { useShop } from "./shop.tsx";
import { useLiveQuery } from "./use-live-query.ts";
import { useQuery } from "./use-query.ts";

/** A list of products with cursor paging. */
export function useProducts(
  filter: ProductFilter,
  sort: ProductSort,
  pageSize = 24,
): ProductListState & { readonly loadMore: () => Promise<void> } {
  const { productLists } = useShop();
  const key = JSON.stringify(filter);
  const list = useMemo(
    () => productLists.get(JSON.parse(key) as ProductFilter, sort, pageSize),
    [productLists, key, sort, pageSize],
  );
  const state = useSyncExternalStore(list.watch, list.read);
  return { ...state, loadMore: list.loadMore };
}

/** What the products of a filter can be narrowed by, with counts. */
export function useProductFacets(filter: ProductFilter) {
  return useQuery(ProductFacetsDocument, { filter });
}

/** One product with its variants. */
export function useProduct(handle: string) {
  return useQuery(ProductPageDocument, { handle });
}

/** Title and prices of a product, followed while it is looked at. */
export function useLiveProduct(handle: string) {
  return useLiveQuery(ProductLiveDocument, { handle });
}

/** Products alike. */
export function useSimilarProducts(productId: string | undefined, first = 8) {
  return useQuery(SimilarProductsDocument, { id: productId ?? "", first }, productId === undefined);
}

/** Products found in the same baskets. */
export function useBoughtTogether(productId: string | undefined, first = 4) {
  return useQuery(BoughtTogetherDocument, { id: productId ?? "", first }, productId === undefined);
}

/** Recommendations for the caller. */
export function useFeed(first = 24) {
  return useQuery(FeedDocument, { first });
}
