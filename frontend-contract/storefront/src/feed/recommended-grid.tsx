import type { RecommendedProductFragment } from "@selvedge/client";

import { useStorefront } from "../app/storefront.tsx";
import { ProductCard } from "../catalog/product-card.tsx";

/** Recommended products, each with the sentence that says why. */
export function RecommendedGrid({ items, row = false }: { readonly items: readonly RecommendedProductFragment[]; readonly row?: boolean }) {
  const { recorder } = useStorefront();
  return (
    <ul className={row ? "grid grid-row" : "grid"}>
      {items.map(({ product, reason }) => (
        <li key={product.id} data-testid="recommendation">
          <ProductCard
            product={product}
            note={reason.text}
            onOpen={() => recorder.record({ kind: "CLICK", productId: product.id })}
          />
        </li>
      ))}
    </ul>
  );
}
