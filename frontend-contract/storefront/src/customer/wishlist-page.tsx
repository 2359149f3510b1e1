import { useWishlistProducts } from "@selvedge/client/react";

import { ProductGrid } from "../catalog/product-grid.tsx";
import { MissingPart } from "../notice/missing-part.tsx";
import { useSession } from "./use-session.ts";

/** The products that the customer has put aside. */
export function WishlistPage() {
  const { signedIn } = useSession();
  const { data, errors, fetching, refresh } = useWishlistProducts(!signedIn);
  const products = data?.me?.wishlist.nodes.flatMap((item) => item.product ?? []) ?? [];
  return (
    <section className="page">
      <header className="page-head">
        <p className="eyebrow">Put aside</p>
        <h1>Wishlist</h1>
      </header>
      <MissingPart what="Your wishlist." errors={errors} onRetry={() => void refresh()} />
      {!signedIn && <p className="empty">Sign in to keep a wishlist.</p>}
      {signedIn && !fetching && errors.length === 0 && products.length === 0 && (
        <p className="empty">Nothing here yet. The heart on a product puts it here.</p>
      )}
      <ProductGrid products={products} loading={signedIn && fetching && products.length === 0} />
    </section>
  );
}
