import type { ProductPageQuery } from "@selvedge/client";
import { useProduct, useShop, useStockBadges } from "@selvedge/client/react";
import { useEffect, useState } from "react";
import { Link, useSearch } from "wouter";

import { useStorefront } from "../app/storefront.tsx";
import { WishlistHeart } from "../customer/wishlist-context.tsx";
import { MissingPart } from "../notice/missing-part.tsx";
import { AddToCart } from "./add-to-cart.tsx";
import { badgeText } from "./badge-text.ts";
import { colorsOfVariants, labelOf, variantsOfColor } from "./choice.ts";
import { Gallery } from "./gallery.tsx";
import { LivePrice } from "./live-price.tsx";
import { RelatedProducts } from "./related-products.tsx";
import { freshnessOf, staleNote } from "./staleness.ts";
import { ColorPicker, SizePicker } from "./variant-picker.tsx";

type Product = NonNullable<ProductPageQuery["product"]>;

/** The page of one product. */
export function ProductPage({ handle }: { readonly handle: string }) {
  const { data, errors, fetching, refresh } = useProduct(handle);
  const product = data?.product;
  return (
    <section className="page">
      <MissingPart what="This product." errors={errors} onRetry={() => void refresh()} />
      {!product && fetching && <p className="empty">Unfolding…</p>}
      {!product && !fetching && errors.length === 0 && (
        <p className="empty">
          This product is not in the shop. <Link href="/">Back to the shop</Link>
        </p>
      )}
      {product && <ProductDetail product={product} />}
    </section>
  );
}

function ProductDetail({ product }: { readonly product: Product }) {
  const { badges: store } = useShop();
  const colors = colorsOfVariants(product.variants);
  const wanted = new URLSearchParams(useSearch()).get("color");
  const [color, setColor] = useState(() => colors.find((name) => name === wanted) ?? firstColorInStock(product) ?? colors[0] ?? "");
  const [sku, setSku] = useState<string | undefined>();
  const variants = variantsOfColor(product.variants, color);
  const badges = useStockBadges(product.variants.map((variant) => variant.sku));
  const selected = variants.find((variant) => variant.sku === sku) ?? (variants.length === 1 ? variants[0] : undefined);
  const badge = selected && (badges.get(selected.sku)?.badge ?? selected.badge);
  const freshness = freshnessOf(variants.flatMap((variant) => badges.get(variant.sku) ?? []));
  useEffect(() => store.seed(product.variants.map((variant) => variant.badge)), [store, product]);
  useVisit(product);
  return (
    <>
      <article className="product">
        <Gallery product={product} color={color} />
        <div className="product-facts">
          <p className="eyebrow">
            <Link href={`/?category=${encodeURIComponent(product.category)}`}>{product.category}</Link>
          </p>
          <div className="product-title">
            <h1>{product.title}</h1>
            <WishlistHeart productId={product.id} title={product.title} />
          </div>
          <p className="card-vendor">{product.vendor}</p>
          <LivePrice product={product} sku={(selected ?? variants[0])?.sku} />
          <ColorPicker
            colors={colors}
            selected={color}
            onSelect={(next) => {
              setColor(next);
              const same = selected && variantsOfColor(product.variants, next).find((variant) => labelOf(variant) === labelOf(selected));
              setSku(same?.sku);
            }}
          />
          <SizePicker variants={variants} badges={badges} freshness={freshness} selectedSku={selected?.sku} onSelect={setSku} />
          <p className="unseen" aria-live="polite">
            {[selected && badge && `Size ${labelOf(selected)}: ${badgeText(badge).state}`, staleNote(freshness)].filter(Boolean).join("; ")}
          </p>
          <AddToCart product={product} variant={selected} badge={badge} />
          <Description product={product} />
        </div>
      </article>
      <RelatedProducts productId={product.id} />
    </>
  );
}

function Description({ product }: { readonly product: Product }) {
  const facts = [
    ["Material", product.material],
    ["Style", product.style],
    ["For", product.occasion],
  ].filter((fact): fact is [string, string] => Boolean(fact[1]));
  return (
    <>
      <p className="product-text">{product.description}</p>
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value.charAt(0).toUpperCase() + value.slice(1)}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

function firstColorInStock(product: Product): string | undefined {
  return product.variants.find((variant) => variant.badge.available > 0)?.color ?? undefined;
}

/** Notes the visit and names the tab after the product. */
function useVisit({ id, title }: Product): void {
  const { recorder } = useStorefront();
  useEffect(() => {
    document.title = `${title} · Selvedge`;
    recorder.record({ kind: "VIEW", productId: id });
    return () => {
      document.title = "Selvedge";
    };
  }, [recorder, id, title]);
}
