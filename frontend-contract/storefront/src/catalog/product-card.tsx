import type { ProductCardFragment } from "@selvedge/client";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { WishlistHeart } from "../customer/wishlist-context.tsx";
import { shadeOf } from "../picture/color.ts";
import { ProductPicture } from "../picture/product-picture.tsx";
import { CardStock } from "./card-stock.tsx";
import { formatMoney } from "./money.ts";

const SWATCHES_SHOWN = 5;

/** The colours of a product as its options name them. */
export function colorsOf(product: ProductCardFragment): readonly string[] {
  return product.options.find((option) => /^colou?r$/i.test(option.name))?.values ?? [];
}

/** A product in a grid. `note` says why it is there; `onOpen` is called when it is followed. */
export function ProductCard({
  product,
  note,
  preferredColors = [],
  skus,
  onOpen,
}: {
  readonly product: ProductCardFragment;
  readonly note?: ReactNode;
  /** Shown in one of these colours where the product has it. */
  readonly preferredColors?: readonly string[];
  /** The SKUs whose live stock the card sums up; without them it shows none. */
  readonly skus?: readonly string[] | undefined;
  readonly onOpen?: (() => void) | undefined;
}) {
  const colors = colorsOf(product);
  const preferred = colors.find((color) => preferredColors.includes(color));
  const search = preferred === undefined ? "" : `?color=${encodeURIComponent(preferred)}`;
  const { min, max } = product.priceRange;
  const [image] = product.images;
  return (
    <article className="card" data-testid="product-card">
      <Link href={`/products/${encodeURIComponent(product.handle)}${search}`} className="card-link" onClick={() => onOpen?.()}>
        <span className="card-picture">
          <ProductPicture
            title={product.title}
            category={product.category}
            color={preferred ?? colors[0]}
            imageUrl={image?.url}
            altText={image?.altText}
          />
          {!product.availableForSale && !skus && <span className="card-tag">Sold out</span>}
        </span>
        <span className="card-vendor">{product.vendor}</span>
        <span className="card-title">{product.title}</span>
        <span className="card-price">
          {min.amount === max.amount ? "" : "from "}
          {formatMoney(min)}
        </span>
        {skus && skus.length > 0 && <CardStock handle={product.handle} skus={skus} />}
      </Link>
      <WishlistHeart productId={product.id} title={product.title} />
      {colors.length > 1 && (
        <p className="card-swatches" role="img" aria-label={`Colours: ${colors.join(", ")}`}>
          {colors.slice(0, SWATCHES_SHOWN).map((color) => (
            <svg key={color} viewBox="0 0 10 10" aria-hidden="true">
              <circle cx="5" cy="5" r="4.4" fill={shadeOf(color)} stroke="#14110c" strokeOpacity="0.25" strokeWidth="0.6" />
            </svg>
          ))}
          {colors.length > SWATCHES_SHOWN && <span>+{colors.length - SWATCHES_SHOWN}</span>}
        </p>
      )}
      {note && <p className="card-note">{note}</p>}
    </article>
  );
}
