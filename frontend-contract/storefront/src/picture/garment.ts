/** What a silhouette can show. */
export type Garment =
  | "tee" | "shirt" | "knit" | "hoodie" | "jacket" | "coat" | "trousers" | "shorts" | "skirt" | "dress" | "shoes"
  | "boots" | "scarf" | "hat" | "belt" | "bag" | "tank" | "socks";

/** Words and what they mean; the first that fits counts, so the narrow ones stand before the wide ones. */
const WORDS: readonly (readonly [RegExp, Garment])[] = [
  [/\b(shirt dress|dress|gown|jumpsuit|kaftan)/, "dress"],
  [/\b(hoodie|hooded)/, "hoodie"],
  [/\b(tank|camisole|singlet|sleeveless)/, "tank"],
  [/(t-shirt|\btee\b|\bpolo\b|\btops?\b)/, "tee"],
  [/\b(denim jacket|jacket|blazer|overshirt|vest|gilet|suit|tuxedo)/, "jacket"],
  [/\b(coat|parka|trench|raincoat|outerwear)/, "coat"],
  [/\b(sweatshirt|sweater|knit|knitwear|cardigan|jumper|pullover|neck|fleece)/, "knit"],
  [/\bshorts\b/, "shorts"],
  [/\bskirt/, "skirt"],
  [/\b(jeans|trousers|pants|chinos|leggings|joggers|culottes)/, "trousers"],
  [/\bboots?\b/, "boots"],
  [/\b(shoes?|sneakers?|loafers?|derby|sandals?|heels|mules)/, "shoes"],
  [/\b(scarf|shawl|stole|bandana|tie)\b/, "scarf"],
  [/\b(beanie|hat|cap|beret)\b/, "hat"],
  [/\bbelt/, "belt"],
  [/\bsocks?\b/, "socks"],
  [/\b(bag|tote|backpack|clutch|wallet|purse)/, "bag"],
  [/\b(shirt|blouse|tunic|flannel)/, "shirt"],
];

/** Which silhouette fits a product: its title first, then its category. */
export function garmentOf(title: string, category: string): Garment {
  for (const text of [title.toLowerCase(), category.toLowerCase().replace(/s\b/, "")]) {
    for (const [pattern, garment] of WORDS) if (pattern.test(text)) return garment;
  }
  return "bag";
}
