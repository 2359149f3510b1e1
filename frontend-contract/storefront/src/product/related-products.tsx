import { useBoughtTogether, useSimilarProducts } from "@selvedge/client/react";

import { RecommendedGrid } from "../feed/recommended-grid.tsx";
import { MissingPart } from "../notice/missing-part.tsx";

/** What goes with a product and what is like it. The page stands without either. */
export function RelatedProducts({ productId }: { readonly productId: string }) {
  const together = useBoughtTogether(productId, 4);
  const similar = useSimilarProducts(productId, 8);
  const boughtTogether = together.data?.product?.boughtTogether ?? [];
  const alike = similar.data?.product?.similar ?? [];
  const errors = similar.errors.length > 0 ? similar.errors : together.errors;
  return (
    <>
      <MissingPart
        what="Recommendations."
        errors={errors}
        onRetry={() => void Promise.all([together.refresh(), similar.refresh()])}
      />
      {boughtTogether.length > 0 && (
        <section className="related" aria-labelledby="together">
          <h2 id="together">Bought together</h2>
          <RecommendedGrid items={boughtTogether} row />
        </section>
      )}
      {alike.length > 0 && (
        <section className="related" aria-labelledby="similar">
          <h2 id="similar">In the same spirit</h2>
          <RecommendedGrid items={alike} row />
        </section>
      )}
    </>
  );
}
