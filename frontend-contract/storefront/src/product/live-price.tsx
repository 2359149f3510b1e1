import type { MoneyPartsFragment, ProductLiveQuery, ProductPageQuery } from "@selvedge/client";
import { useLiveProduct } from "@selvedge/client/react";

import { formatMoney } from "../catalog/money.ts";
import { asOfText } from "./staleness.ts";

type Product = NonNullable<ProductPageQuery["product"]>;
type Priced = NonNullable<ProductLiveQuery["product"]>;

/** The price of what is chosen, or the lowest of all; it moves when the shop changes it. */
export function LivePrice({ product, sku }: { readonly product: Product; readonly sku: string | undefined }) {
  const live = useLiveProduct(product.handle);
  const { price, before } = priceOf(live.data?.product ?? product, sku);
  const asOf = asOfText(live);
  return (
    <p className="product-price" data-testid="price" data-amount={price.amount} data-status={live.status} title={live.error?.message}>
      {formatMoney(price)} {before && before.amount > price.amount && <s>{formatMoney(before)}</s>}
      {asOf && <small className="as-of"> {asOf}</small>}
    </p>
  );
}

/** The price of a variant and what it was before; without one, the lowest of the product. */
export function priceOf(
  product: Pick<Priced, "variants"> & { readonly priceRange: { readonly min: MoneyPartsFragment } },
  sku: string | undefined,
): { readonly price: MoneyPartsFragment; readonly before: MoneyPartsFragment | null } {
  const variant = product.variants.find((candidate) => candidate.sku === sku);
  return { price: variant?.price ?? product.priceRange.min, before: variant?.compareAtPrice ?? null };
}
