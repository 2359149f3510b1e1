import type { GraphqlError } from "@selvedge/client";
import { useMe, useWishlist } from "@selvedge/client/react";
import { createContext, use, useEffect, useMemo, type ReactNode } from "react";

import { useStorefront } from "../app/storefront.tsx";
import { MissingPart } from "../notice/missing-part.tsx";
import { useSession } from "./use-session.ts";

interface Wishlist {
  /** Why the wishlist or the customer could not be read; empty when they could. */
  readonly errors: readonly GraphqlError[];
  readonly ids: ReadonlySet<string>;
  readonly toggle: (productId: string, title: string) => void;
}

const WishlistContext = createContext<Wishlist>({ errors: [], ids: new Set(), toggle: () => undefined });

/** Loads the customer once for the whole page: the wishlist for the hearts, the consent for the recorder. */
export function CustomerProvider({ children }: { readonly children: ReactNode }) {
  const { notices, noteCustomerConsent } = useStorefront();
  const { signedIn } = useSession();
  const { data, errors: customerErrors } = useMe(!signedIn);
  const { ids, errors: wishlistErrors, toggle } = useWishlist(!signedIn);
  useEffect(() => {
    noteCustomerConsent(data?.me?.consent.personalisation ?? false);
  }, [noteCustomerConsent, data]);
  const wishlist = useMemo<Wishlist>(
    () => ({
      errors: customerErrors.length > 0 ? customerErrors : wishlistErrors,
      ids,
      toggle: (productId, title) => {
        if (!signedIn) {
          notices.show("Sign in to keep a wishlist.", "bad");
          return;
        }
        const wished = !ids.has(productId);
        void toggle(productId, wished).then((failures) => {
          if (failures.length > 0) notices.show("The wishlist did not answer; nothing was changed.", "bad");
          else notices.show(wished ? `${title} is on your wishlist` : `${title} is off your wishlist`);
        });
      },
    }),
    [ids, customerErrors, wishlistErrors, toggle, signedIn, notices],
  );
  return <WishlistContext value={wishlist}>{children}</WishlistContext>;
}

/** Says on every page of a signed-in customer when the customer's own data is away. */
export function CustomerNotice() {
  const { errors } = use(WishlistContext);
  if (errors.length === 0) return null;
  return (
    <div className="page-notice">
      <MissingPart what="Your wishlist and settings." errors={errors} />
    </div>
  );
}

/** A heart that puts a product on the wishlist. */
export function WishlistHeart({ productId, title }: { readonly productId: string; readonly title: string }) {
  const { ids, toggle } = use(WishlistContext);
  const wished = ids.has(productId);
  return (
    <button
      type="button"
      className="heart"
      aria-pressed={wished}
      aria-label={`${wished ? "Remove" : "Add"} ${title} ${wished ? "from" : "to"} wishlist`}
      onClick={() => toggle(productId, title)}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M12 20.3 4.4 12.7a4.9 4.9 0 0 1 7-6.9l.6.7.6-.7a4.9 4.9 0 0 1 7 6.9z" />
      </svg>
    </button>
  );
}
