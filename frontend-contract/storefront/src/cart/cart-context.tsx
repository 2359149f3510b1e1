import { cartQuantity } from "@selvedge/client";
import { useCart } from "@selvedge/client/react";
import { createContext, use, useMemo, useState, type ReactNode } from "react";

import { useNow } from "../app/use-now.ts";

interface CartPanel {
  readonly shown: boolean;
  readonly open: () => void;
  readonly close: () => void;
}

const CartPanelContext = createContext<CartPanel>({ shown: false, open: () => undefined, close: () => undefined });

/** Remembers whether the cart is open. */
export function CartProvider({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState(false);
  const panel = useMemo<CartPanel>(
    () => ({ shown, open: () => setShown(true), close: () => setShown(false) }),
    [shown],
  );
  return <CartPanelContext value={panel}>{children}</CartPanelContext>;
}

/** Opens and closes the cart. */
export function useCartPanel(): CartPanel {
  return use(CartPanelContext);
}

/** Opens the cart and says how many pieces are in it. */
export function CartButton() {
  const { open } = useCartPanel();
  const { cart } = useCart();
  const count = cartQuantity(cart, useNow());
  return (
    <button type="button" className="cart-button" data-testid="cart" onClick={open} aria-label={`Cart, ${count} ${count === 1 ? "piece" : "pieces"}`}>
      Cart <b>{count}</b>
    </button>
  );
}
