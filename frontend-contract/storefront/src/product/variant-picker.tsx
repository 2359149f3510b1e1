import type { StockBadge, VariantChoiceFragment } from "@selvedge/client";

import { shadeOf } from "../picture/color.ts";
import { canHold } from "./badge-text.ts";
import { labelOf } from "./choice.ts";
import { LiveBadge } from "./live-badge.tsx";

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
  stale,
  selectedSku,
  onSelect,
}: {
  readonly variants: readonly VariantChoiceFragment[];
  readonly badges: ReadonlyMap<string, StockBadge>;
  readonly stale: boolean;
  readonly selectedSku: string | undefined;
  readonly onSelect: (sku: string) => void;
}) {
  return (
    <fieldset className="picker">
      <legend>
        Size {stale && <span className="stale-note">live stock is away, counts may be behind</span>}
      </legend>
      <div className="sizes">
        {variants.map((variant) => {
          const badge = badges.get(variant.sku) ?? variant.badge;
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
              <LiveBadge badge={badge} stale={stale} />
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
