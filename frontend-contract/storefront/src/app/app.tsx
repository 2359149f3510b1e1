import { ShopProvider } from "@selvedge/client/react";
import { useEffect } from "react";
import { Link, Route, Router, Switch } from "wouter";

import { CatalogPage } from "../catalog/catalog-page.tsx";
import { CartProvider } from "../cart/cart-context.tsx";
import { CartDrawer } from "../cart/cart-drawer.tsx";
import { PrivacyPage } from "../customer/privacy-page.tsx";
import { SESSION_KEY } from "../customer/session.ts";
import { CustomerNotice, CustomerProvider } from "../customer/wishlist-context.tsx";
import { WishlistPage } from "../customer/wishlist-page.tsx";
import { FeedPage } from "../feed/feed-page.tsx";
import { PageNotices } from "../notice/notices.tsx";
import { ProductPage } from "../product/product-page.tsx";
import { Footer } from "./footer.tsx";
import { Header } from "./header.tsx";
import { Mishap } from "./mishap.tsx";
import { StorefrontContext, type Storefront } from "./storefront.tsx";
import { useScrollToTop } from "./use-scroll-to-top.ts";

const RETRY_EVERY_MS = 5_000;

/** The whole storefront. */
export function App({ storefront }: { readonly storefront: Storefront }) {
  usePageLife(storefront);
  return (
    <StorefrontContext value={storefront}>
      <ShopProvider shop={storefront.shop}>
        <Router base="/shop">
          <CustomerProvider>
            <CartProvider>
              <a className="skip" href="#main">
                Skip to content
              </a>
              <Header />
              <main id="main" tabIndex={-1}>
                <CustomerNotice />
                <Mishap>
                  <Pages />
                </Mishap>
              </main>
              <Footer />
              <CartDrawer />
              <PageNotices />
            </CartProvider>
          </CustomerProvider>
        </Router>
      </ShopProvider>
    </StorefrontContext>
  );
}

function Pages() {
  useScrollToTop();
  return (
    <Switch>
      <Route path="/" component={CatalogPage} />
      <Route path="/products/:handle">{({ handle }) => <ProductPage key={handle} handle={handle} />}</Route>
      <Route path="/for-you" component={FeedPage} />
      <Route path="/wishlist" component={WishlistPage} />
      <Route path="/privacy" component={PrivacyPage} />
      <Route>
        <section className="page page-narrow">
          <h1>This page does not exist</h1>
          <p className="lede">
            The thread ends here. <Link href="/">Back to the shop</Link>
          </p>
        </section>
      </Route>
    </Switch>
  );
}

/** Tries failed parts again while the page is seen, and sends the last behaviour when it goes away. */
function usePageLife({ shop, recorder, session }: Storefront): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") shop.queries.retryFailed();
    }, RETRY_EVERY_MS);
    const leave = () => void recorder.flush(true);
    const online = () => shop.queries.retryFailed();
    const stored = (event: StorageEvent) => {
      if (event.key === "selvedge.cart") shop.cart.reload();
      if (event.key === SESSION_KEY) session.reload();
    };
    addEventListener("pagehide", leave);
    addEventListener("online", online);
    addEventListener("storage", stored);
    return () => {
      clearInterval(timer);
      removeEventListener("pagehide", leave);
      removeEventListener("online", online);
      removeEventListener("storage", stored);
    };
  }, [shop, recorder, session]);
}
