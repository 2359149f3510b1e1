import { useProductFacets } from "@selvedge/client/react";
import { useState } from "react";

import { MissingPart } from "../notice/missing-part.tsx";
import { shadeOf } from "../picture/color.ts";
import { compareSizes, LIST_FILTERS, productFilterOf, toggleValue, type Filters, type ListFilter } from "./filters.ts";

const TITLES: Readonly<Record<ListFilter, string>> = { category: "Category", gender: "For", size: "Size", color: "Colour" };
const VALUES_SHOWN: Readonly<Record<ListFilter, number>> = { category: 14, gender: 4, size: 24, color: 20 };

interface PanelProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

/** Everything that the list can be narrowed by, with how many products each would leave. */
export function FilterPanel({ filters, onChange }: PanelProps) {
  const { data, errors, refresh } = useProductFacets(productFilterOf(filters));
  // The counts of the last filters stay until the new ones come, so that nothing jumps.
  const [shown, setShown] = useState(data);
  if (data && data !== shown) setShown(data);
  return (
    <div className="filters">
      <label className="check check-strong">
        <input
          type="checkbox"
          checked={filters.inStock}
          onChange={(event) => onChange({ ...filters, inStock: event.currentTarget.checked })}
        />
        <span>In stock only</span>
      </label>
      <MissingPart what="Filters." errors={errors} onRetry={() => void refresh()} />
      {LIST_FILTERS.map((name) => {
        const facet = shown?.productFacets?.find((candidate) => candidate.name.toLowerCase() === name);
        return <FacetList key={name} name={name} values={facet?.values ?? []} filters={filters} onChange={onChange} />;
      })}
    </div>
  );
}

function FacetList({
  name,
  values,
  filters,
  onChange,
}: PanelProps & { readonly name: ListFilter; readonly values: readonly { readonly value: string; readonly count: number }[] }) {
  const selected = filters[name];
  const missing = selected.filter((value) => !values.some((known) => known.value === value));
  const all = [...values.slice(0, VALUES_SHOWN[name]), ...missing.map((value) => ({ value, count: 0 }))];
  if (name === "size") all.sort((left, right) => compareSizes(left.value, right.value));
  if (all.length === 0) return null;
  return (
    <fieldset className={`facet facet-${name}`}>
      <legend>{TITLES[name]}</legend>
      {all.map(({ value, count }) => (
        <label key={value} className={name === "size" ? "chip" : "check"}>
          <input
            type="checkbox"
            checked={selected.includes(value)}
            onChange={() => onChange(toggleValue(filters, name, value))}
          />
          {name === "color" && (
            <svg viewBox="0 0 12 12" aria-hidden="true">
              <circle cx="6" cy="6" r="5.3" fill={shadeOf(value)} stroke="#14110c" strokeOpacity="0.25" strokeWidth="0.7" />
            </svg>
          )}
          <span>{name === "gender" ? value.charAt(0).toUpperCase() + value.slice(1) : value}</span>
          {name !== "size" && <small>{count}</small>}
        </label>
      ))}
    </fieldset>
  );
}
