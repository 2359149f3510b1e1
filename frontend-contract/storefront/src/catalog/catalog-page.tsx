import { useProducts } from "@selvedge/client/react";
import { useEffect } from "react";
import { useLocation, useSearch } from "wouter";

import { MissingPart } from "../notice/missing-part.tsx";
import { FilterPanel } from "./filter-panel.tsx";
import { countFilters, filtersOfSearch, LIST_FILTERS, productFilterOf, searchOfFilters, SORTS, toggleValue, type Filters } from "./filters.ts";
import { ProductGrid } from "./product-grid.tsx";

const RETRY_MS = 5_000;

/** The catalog: filters, order, and a grid that grows page by page. */
export function CatalogPage() {
  const [, navigate] = useLocation();
  const filters = filtersOfSearch(useSearch());
  const change = (next: Filters) => navigate(`/${searchOfFilters(next)}`, { replace: true });
  const narrowed = countFilters(filters);
  return (
    <section className="page catalog">
      {narrowed === 0 && <Hero />}
      <aside className="catalog-side" aria-label="Filters">
        <details className="filters-fold" open={matchMedia("(min-width: 60rem)").matches}>
          <summary>Filters{narrowed > 0 ? ` (${narrowed})` : ""}</summary>
          <FilterPanel filters={filters} onChange={change} />
        </details>
      </aside>
      <Results filters={filters} onChange={change} />
    </section>
  );
}

function Hero() {
  return (
    <header className="hero">
      <div>
        <p className="eyebrow">Autumn edit</p>
        <h1>Clothes with a finished edge.</h1>
        <p className="lede">
          A selvedge is the edge of a cloth that cannot fray. We carry pieces made with the same idea, and say honestly
          how many there are.
        </p>
      </div>
      <Cloth />
    </header>
  );
}

/** Three folded cloths with their selvedge showing. */
function Cloth() {
  return (
    <svg className="hero-cloth" viewBox="0 0 420 230" aria-hidden="true">
      {[
        ["#26334f", 150],
        ["#6b6a3b", 88],
        ["#bd6a4b", 26],
      ].map(([shade, top], index) => (
        <g key={shade} transform={`translate(${String(index * 12)} ${String(top)})`}>
          <rect x="4" y="6" width="386" height="56" rx="24" fill={String(shade)} />
          <path d="M28 34 H390" stroke="#14110c" strokeOpacity="0.28" strokeWidth="1.5" />
          <path d="M22 20 H380" stroke="#fffaf0" strokeOpacity="0.14" />
          <path d="M24 51 H372" stroke="#f7f4ee" strokeWidth="6" strokeLinecap="round" />
          <path d="M24 51 H372" stroke="#a83329" strokeWidth="1.5" strokeDasharray="7 2.5" />
        </g>
      ))}
    </svg>
  );
}

function Results({ filters, onChange }: { readonly filters: Filters; readonly onChange: (filters: Filters) => void }) {
  const { nodes, totalCount, hasMore, errors, fetching, loadMore } = useProducts(productFilterOf(filters), filters.sort);
  useEffect(() => {
    if (errors.length === 0 || fetching) return undefined;
    const timer = setTimeout(() => void loadMore(), RETRY_MS);
    return () => clearTimeout(timer);
  }, [errors, fetching, loadMore]);
  return (
    <div className="catalog-main">
      <div className="catalog-bar">
        <p aria-live="polite" data-testid="result-count">
          {totalCount === undefined ? " " : `${totalCount.toLocaleString("en")} ${totalCount === 1 ? "piece" : "pieces"}`}
        </p>
        <ActiveFilters filters={filters} onChange={onChange} />
        <label className="sort">
          <span>Sort</span>
          <select
            value={filters.sort}
            onChange={(event) => {
              const sort = SORTS.find(([value]) => value === event.currentTarget.value)?.[0];
              if (sort) onChange({ ...filters, sort });
            }}
          >
            {SORTS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <MissingPart what="The catalog." errors={errors} onRetry={() => void loadMore()} />
      {totalCount === 0 && <p className="empty">{nothingFound(filters)}</p>}
      <ProductGrid products={nodes} loading={fetching && nodes.length === 0} preferredColors={filters.color} />
      {nodes.length > 0 && (
        <div className="more">
          <p>
            {nodes.length.toLocaleString("en")} of {(totalCount ?? nodes.length).toLocaleString("en")}
          </p>
          {hasMore && (
            <button type="button" className="button" disabled={fetching} onClick={() => void loadMore()}>
              {fetching ? "Loading…" : "Show more"}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** Why a list is empty, and what to do. */
function nothingFound(filters: Filters): string {
  const narrowed = countFilters(filters);
  if (narrowed === 0) return "There is nothing in this shop yet.";
  if (narrowed === 1 && filters.query) return `Nothing was found for “${filters.query}”. Try another word.`;
  return "Nothing fits all of this. Take a filter away.";
}

function ActiveFilters({ filters, onChange }: { readonly filters: Filters; readonly onChange: (filters: Filters) => void }) {
  if (countFilters(filters) === 0) return null;
  return (
    <ul className="active-filters" aria-label="Active filters">
      {filters.query && (
        <li>
          <button type="button" onClick={() => onChange({ ...filters, query: "" })}>
            “{filters.query}” <span aria-label="remove">×</span>
          </button>
        </li>
      )}
      {LIST_FILTERS.flatMap((name) =>
        filters[name].map((value) => (
          <li key={`${name} ${value}`}>
            <button type="button" onClick={() => onChange(toggleValue(filters, name, value))}>
              {value} <span aria-label="remove">×</span>
            </button>
          </li>
        )),
      )}
      {filters.inStock && (
        <li>
          <button type="button" onClick={() => onChange({ ...filters, inStock: false })}>
            In stock <span aria-label="remove">×</span>
          </button>
        </li>
      )}
    </ul>
  );
}
