import { useCallback, useMemo, useState } from "react";

import {
  AddToWishlistDocument,
  MeDocument,
  MyWishlistDocument,
  MyWishlistProductsDocument,
  RemoveFromWishlistDocument,
  SetConsentDocument,
  type ConsentInput,
} from "../generated/graphql.ts";
import type { GraphqlError } from "../transport/errors.ts";
import { useShop } from "./shop.tsx";
import { useQuery } from "./use-query.ts";

const WISHLIST_PAGE = { first: 100, after: null };

/** The signed-in customer; `pause` for an anonymous caller. */
export function useMe(pause: boolean) {
  return useQuery(MeDocument, {}, pause);
}

/** The products of the wishlist. */
export function useWishlistProducts(pause: boolean) {
  return useQuery(MyWishlistProductsDocument, WISHLIST_PAGE, pause);
}

/** The wishlist as a set of product ids, changed at once on the screen and put back when the change fails. */
export function useWishlist(pause: boolean) {
  const { client, queries } = useShop();
  const { data, errors, refresh } = useQuery(MyWishlistDocument, WISHLIST_PAGE, pause);
  const [overrides, setOverrides] = useState<ReadonlyMap<string, boolean>>(new Map());
  const ids = useMemo(() => {
    const known = new Set(data?.me?.wishlist.nodes.flatMap((item) => item.product?.id ?? []));
    for (const [id, wished] of overrides) {
      if (wished) known.add(id);
      else known.delete(id);
    }
    return known;
  }, [data, overrides]);
  const toggle = useCallback(
    async (productId: string, wished: boolean): Promise<readonly GraphqlError[]> => {
      setOverrides((before) => new Map(before).set(productId, wished));
      const result = wished
        ? await client.send(AddToWishlistDocument, { productId })
        : await client.send(RemoveFromWishlistDocument, { productId });
      const payload = result.data && ("addToWishlist" in result.data ? result.data.addToWishlist : result.data.removeFromWishlist);
      const failures = [...result.errors, ...(payload?.userErrors ?? [])];
      if (failures.length === 0) {
        await refresh();
        void queries.refresh(MyWishlistProductsDocument, WISHLIST_PAGE);
      }
      setOverrides((before) => new Map([...before].filter(([id]) => id !== productId)));
      return failures;
    },
    [client, queries, refresh],
  );
  return { ids, errors, toggle };
}

/** Changes consent and reads the customer anew; gives the errors when it failed. */
export function useSetConsent(): (input: ConsentInput) => Promise<readonly GraphqlError[]> {
  const { client, queries } = useShop();
  return useCallback(
    async (input) => {
      const { data, errors } = await client.send(SetConsentDocument, { input });
      await queries.refresh(MeDocument, {});
      return [...errors, ...(data?.setConsent.userErrors ?? [])];
    },
    [client, queries],
  );
}
