import { useSyncExternalStore } from "react";

import type { Cart } from "../cart/cart.ts";
import type { CartStore } from "../cart/cart-store.ts";
import { useShop } from "./shop.tsx";

/** The cart of this browser and what can be done with it. */
export function useCart(): { readonly cart: Cart; readonly store: CartStore } {
  const { cart: store } = useShop();
  return { cart: useSyncExternalStore(store.watch, store.read), store };
}
