import { createContext, use, type ReactNode } from "react";

import { CartStore } from "../cart/cart-store.ts";
import { gatewayStockHolder } from "../cart/stock-holder.ts";
import { LiveQueries } from "../live/live-queries.ts";
import { ProductLists } from "../query/product-list.ts";
import { QueryStore } from "../query/query-store.ts";
import { gatewayBadges, type StockBadges } from "../stock/badges.ts";
import { GraphqlClient, type ClientOptions } from "../transport/client.ts";

/** Everything that the hooks share: made once per page. */
export interface Shop {
  readonly client: GraphqlClient;
  readonly queries: QueryStore;
  readonly productLists: ProductLists;
  readonly badges: StockBadges;
  readonly liveQueries: LiveQueries;
  readonly cart: CartStore;
}

/** Wires a shop to a gateway. */
export function createShop(options: ClientOptions): Shop {
  const client = new GraphqlClient(options);
  return {
    client,
    queries: new QueryStore(client),
    productLists: new ProductLists(client),
    badges: gatewayBadges(client),
    liveQueries: new LiveQueries(client.live, (operation) => client.sendText(operation)),
    cart: new CartStore({
      holder: gatewayStockHolder(client),
      storage: localStorage,
      newId: () => crypto.randomUUID(),
      now: Date.now,
    }),
  };
}

const ShopContext = createContext<Shop | undefined>(undefined);

/** Gives a shop to the hooks below it. */
export function ShopProvider({ shop, children }: { readonly shop: Shop; readonly children: ReactNode }) {
  return <ShopContext value={shop}>{children}</ShopContext>;
}

/** The shop of this page. Throws outside of a `ShopProvider`. */
export function useShop(): Shop {
  const shop = use(ShopContext);
  if (!shop) throw new Error("useShop needs a ShopProvider above it");
  return shop;
}
