/** Colour names of clothing, each word known by itself, so that `Grey Melange` and `Dark Navy` are found. */
const SHADES: Readonly<Record<string, string>> = {
  black: "#26241f", charcoal: "#45464a", slate: "#5c6670", grey: "#9c9a95", gray: "#9c9a95", silver: "#b9b9b6",
  white: "#f4f1ea", ecru: "#e6dcc5", ivory: "#efe7d6", cream: "#ece0c8", natural: "#ded0b4", sand: "#d3bf9b",
  beige: "#d4c2a2", stone: "#bfb4a2", khaki: "#a3966c", camel: "#b98b55", tan: "#bb8e60", tobacco: "#84582f",
  brown: "#6d4930", chocolate: "#4d3226", navy: "#26334f", indigo: "#34416d", blue: "#4a6c9d", sky: "#9dbbd4",
  denim: "#4b6384", teal: "#2f6b6d", turquoise: "#4fa5a3", mint: "#a9d0bd", green: "#4c7350", forest: "#2e4a38",
  olive: "#6b6a3b", sage: "#a3ad92", lime: "#a9bf4f", yellow: "#dcb84b", mustard: "#c4932f", gold: "#c19a45",
  orange: "#d07a3a", rust: "#a3512f", terracotta: "#bd6a4b", coral: "#dd8370", red: "#a8322c", burgundy: "#682634",
  wine: "#682634", maroon: "#6b2a2a", pink: "#dca3a7", blush: "#e0bcb0", rose: "#cf8f95", fuchsia: "#b43d79",
  purple: "#66497d", plum: "#5e3650", lilac: "#b9a8cb", lavender: "#b6abd0", violet: "#6a559b",
};

/** The shade of a colour name; an unknown name gets a muted shade of its own, always the same. */
export function shadeOf(color: string | null | undefined): string {
  const words = (color ?? "").toLowerCase().split(/[^a-z]+/).filter(Boolean);
  // Of `sky blue` and `forest green` the first word says which blue or green.
  const known = words.find((word) => word !== "blue" && word !== "green" && word in SHADES) ?? words.find((word) => word in SHADES);
  const shade = known === undefined ? undefined : SHADES[known];
  return shade ?? `hsl(${hueOf(words.join(" "))} 18% 55%)`;
}

/** True for shades that need a dark line around them on paper. */
export function isPale(shade: string): boolean {
  if (!shade.startsWith("#")) return false;
  const channel = (at: number) => Number.parseInt(shade.slice(at, at + 2), 16);
  return 0.299 * channel(1) + 0.587 * channel(3) + 0.114 * channel(5) > 185;
}

function hueOf(text: string): number {
  let hash = 7;
  for (const letter of text) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3_600;
  return hash % 360;
}
