import { useFeed, useMe } from "@selvedge/client/react";
import { Link } from "wouter";

import { ProductGrid } from "../catalog/product-grid.tsx";
import { useSession } from "../customer/use-session.ts";
import { MissingPart } from "../notice/missing-part.tsx";
import { RecommendedGrid } from "./recommended-grid.tsx";

/** Recommendations for the visitor, each with its reason. */
export function FeedPage() {
  const { signedIn, customer } = useSession();
  const { data, errors, fetching, refresh } = useFeed(24);
  const items = data?.feed?.items ?? [];
  const personal = data?.feed != null && !data.feed.degraded;
  return (
    <section className="page">
      <header className="page-head">
        <p className="eyebrow">{personal ? "Chosen for you" : "Popular and new"}</p>
        <h1>{signedIn ? `For ${customer?.name ?? "you"}` : "For you"}</h1>
        {data?.feed && !personal && <WhyImpersonal />}
      </header>
      <MissingPart what="Your feed." errors={errors} onRetry={() => void refresh()} />
      {fetching && items.length === 0 ? <ProductGrid products={[]} loading /> : <RecommendedGrid items={items} />}
      {data?.feed && items.length === 0 && <p className="empty">Nothing to recommend yet. Look around the shop first.</p>}
    </section>
  );
}

/** What would make the feed personal. */
function WhyImpersonal() {
  const { signedIn } = useSession();
  const { data, errors } = useMe(!signedIn);
  const agreed = data?.me?.consent.personalisation;
  if (signedIn && errors.length > 0) {
    return <p className="lede">Your own recommendations are away; here is what is popular and new.</p>;
  }
  if (signedIn && agreed === undefined) return null;
  if (agreed) {
    return (
      <p className="lede">
        Your taste is not known yet. What you look at will shape this page; until then it shows what is popular and new.
      </p>
    );
  }
  return (
    <p className="lede">
      {signedIn ? "Turn on personal recommendations under " : "Sign in and turn on personal recommendations under "}
      <Link href="/privacy">privacy</Link> to see your own. Until then it shows what is popular and new.
    </p>
  );
}
