import type { VariantChoiceFragment } from "@selvedge/client";

import { compareSizes } from "../catalog/filters.ts";

/** Colours of the variants in the order in which they come; a product without colours has one, the empty text. */
export function colorsOfVariants(variants: readonly VariantChoiceFragment[]): readonly string[] {
  return [...new Set(variants.map((variant) => variant.color ?? ""))];
}

/** The variants of a colour, from small to large. */
export function variantsOfColor(variants: readonly VariantChoiceFragment[], color: string): readonly VariantChoiceFragment[] {
  return variants.filter((variant) => (variant.color ?? "") === color).toSorted((left, right) => compareSizes(labelOf(left), labelOf(right)));
}

/** What a variant is called beside the others of its colour: its size, or its other options. */
export function labelOf(variant: VariantChoiceFragment): string {
  if (variant.size) return variant.size;
  const others = variant.selectedOptions.filter((option) => !/^colou?r$/i.test(option.name)).map((option) => option.value);
  const label = others.join(" / ");
  return label === "" || label === "Default Title" ? "One size" : label;
}
