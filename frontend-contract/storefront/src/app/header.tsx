import { Link, useLocation, useSearch } from "wouter";

import { CartButton } from "../cart/cart-context.tsx";
import { filtersOfSearch, MAX_QUERY_LENGTH, searchOfFilters } from "../catalog/filters.ts";
import { AccountMenu } from "../customer/account-menu.tsx";

const PAGES = [
  ["/", "Shop"],
  ["/for-you", "For you"],
  ["/wishlist", "Wishlist"],
] as const;

/** Name, pages, search, account and cart. */
export function Header() {
  const [location] = useLocation();
  return (
    <header className="header">
      <div className="header-row">
        <Link href="/" className="wordmark" aria-label="Selvedge, to the shop">
          Selvedge
        </Link>
        <nav aria-label="Pages">
          {PAGES.map(([path, name]) => (
            <Link key={path} href={path} aria-current={location === path ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        <Search />
        <AccountMenu />
        <CartButton />
      </div>
    </header>
  );
}

function Search() {
  const [location, navigate] = useLocation();
  const search = useSearch();
  const filters = filtersOfSearch(location === "/" ? search : "");
  return (
    <form
      role="search"
      className="search"
      key={filters.query}
      onSubmit={(event) => {
        event.preventDefault();
        const words = new FormData(event.currentTarget).get("q");
        navigate(`/${searchOfFilters({ ...filters, query: typeof words === "string" ? words.trim() : "" })}`);
      }}
    >
      <input type="search" name="q" aria-label="Search products" placeholder="Search" defaultValue={filters.query} maxLength={MAX_QUERY_LENGTH} />
    </form>
  );
}
