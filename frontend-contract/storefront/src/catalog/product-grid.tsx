import type { ListedProduct, ProductCardFragment } from "@selvedge/client";

import { ProductCard } from "./product-card.tsx";

const PLACEHOLDERS = Array.from({ length: 8 }, (_, index) => index);

/** Products side by side, or their shadows while they load. */
export function ProductGrid({
  products,
  loading,
  preferredColors = [],
}: {
  readonly products: readonly (ListedProduct | ProductCardFragment)[];
  readonly loading: boolean;
  readonly preferredColors?: readonly string[];
}) {
  return (
    <ul className="grid" aria-busy={loading}>
      {products.map((product) => (
        <li key={product.id}>
          <ProductCard
            product={product}
            preferredColors={preferredColors}
            skus={"variants" in product ? product.variants.map((variant) => variant.sku) : undefined}
          />
        </li>
      ))}
      {loading &&
        PLACEHOLDERS.map((index) => (
          <li key={`placeholder ${index}`} className="card card-loading" aria-hidden="true">
            <span className="card-picture" />
            <span className="line line-short" />
            <span className="line" />
          </li>
        ))}
    </ul>
  );
}
