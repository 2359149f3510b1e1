import type { ProductPageQuery, StockBadge, VariantChoiceFragment } from "@selvedge/client";
import { useState } from "react";

import { useStorefront } from "../app/storefront.tsx";
import { useCartPanel } from "../cart/cart-context.tsx";
import { describeProblem } from "../cart/problem-text.ts";
import { badgeText, canHold, holdNote } from "./badge-text.ts";

type Product = NonNullable<ProductPageQuery["product"]>;

/** Puts the chosen size into the cart and holds it there. */
export function AddToCart({
  product,
  variant,
  badge,
}: {
  readonly product: Product;
  readonly variant: VariantChoiceFragment | undefined;
  readonly badge: StockBadge | undefined;
}) {
  const { shop, notices, recorder } = useStorefront();
  const { open } = useCartPanel();
  const [busy, setBusy] = useState(false);
  const add = async (chosen: VariantChoiceFragment) => {
    setBusy(true);
    const problem = await shop.cart.add({
      sku: chosen.sku,
      productId: product.id,
      handle: product.handle,
      title: product.title,
      vendor: product.vendor,
      category: product.category,
      size: chosen.size,
      color: chosen.color,
      imageUrl: product.images[0]?.url ?? null,
      unitPrice: chosen.price,
    });
    setBusy(false);
    if (problem) {
      notices.show(describeProblem(problem), "bad");
      return;
    }
    recorder.record({ kind: "CART", productId: product.id, sku: chosen.sku, quantity: 1 });
    open();
  };
  const ready = variant !== undefined && canHold(badge);
  return (
    <div className="buy">
      <button
        type="button"
        className="button button-wide"
        data-testid="add-to-cart"
        disabled={!ready || busy}
        onClick={() => variant && void add(variant)}
      >
        {labelOf(variant, badge, busy)}
      </button>
      <p className="fine" data-testid="hold-note">
        {holdNote(variant && badge)}
      </p>
    </div>
  );
}

function labelOf(variant: VariantChoiceFragment | undefined, badge: StockBadge | undefined, busy: boolean): string {
  if (busy) return "Holding…";
  if (!variant) return "Choose a size";
  if (!canHold(badge)) return badge ? badgeText(badge).state : "Sold out";
  return "Add to cart";
}
