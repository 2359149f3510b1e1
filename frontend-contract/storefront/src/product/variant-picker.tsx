import type { VariantChoiceFragment } from "@selvedge/client";
import type { LiveStockBadge } from "@selvedge/client/react";

import { shadeOf } from "../picture/color.ts";
import { canHold } from "./badge-text.ts";
import { labelOf } from "./choice.ts";
import { LiveBadge } from "./live-badge.tsx";
import { staleNote, type Freshness } from "./staleness.ts";

/** Swatches, one per colour. */
export function ColorPicker({
  colors,
  selected,
  onSelect,
}: {
  readonly colors: readonly string[];
  readonly selected: string;
  readonly onSelect: (color: string) => void;
}) {
  if (colors.length === 1 && colors[0] === "") return null;
  return (
    <fieldset className="picker">
      <legend>
        Colour <span>{selected}</span>
      </legend>
      <div className="swatches">
        {colors.map((color) => (
          <label key={color} className="swatch" title={color}>
            <input type="radio" name="color" checked={color === selected} onChange={() => onSelect(color)} />
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <circle cx="16" cy="16" r="12" fill={shadeOf(color)} stroke="#14110c" strokeOpacity="0.25" />
            </svg>
            <span className="unseen">{color}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Sizes, each with its live badge. */
export function SizePicker({
  variants,
  badges,
  freshness,
  selectedSku,
  onSelect,
}: {
  readonly variants: readonly VariantChoiceFragment[];
  readonly badges: ReadonlyMap<string, LiveStockBadge>;
  readonly freshness: Freshness;
  readonly selectedSku: string | undefined;
  readonly onSelect: (sku: string) => void;
}) {
  const note = staleNote(freshness);
  return (
    <fieldset className="picker">
      <legend>
        Size {note && <span className="stale-note" data-testid="stale-note">{note}</span>}
      </legend>
      <div className="sizes">
        {variants.map((variant) => {
          const live = badges.get(variant.sku);
          const badge = live?.badge ?? variant.badge;
          return (
            <label key={variant.sku} className={`size${canHold(badge) ? "" : " size-gone"}`}>
              <input
                type="radio"
                name="size"
                value={variant.sku}
                checked={variant.sku === selectedSku}
                onChange={() => onSelect(variant.sku)}
              />
              <span className="size-name">{labelOf(variant)}</span>
              <LiveBadge badge={badge} freshness={live ?? freshness} />
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
