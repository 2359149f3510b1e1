// Products, stock and customers of the mock gateway, in memory and always the same at start.
const categories = [
  ["Shirts", "Oxford Shirt"], ["Knitwear", "Merino Crew"], ["Outerwear", "Field Jacket"], ["Trousers", "Pleated Trousers"],
  ["Dresses", "Wrap Dress"], ["T-Shirts", "Heavy Tee"], ["Skirts", "Midi Skirt"], ["Jeans", "Straight Jeans"],
  ["Shoes", "Derby Shoes"], ["Accessories", "Wool Scarf"], ["Shorts", "Linen Shorts"], ["Hoodies", "Loopback Hoodie"],
];
const vendors = ["Harrow & Finch", "Nordlys", "Atelier Mora", "Calder Works", "Ostwind"];
const colors = ["Black", "Navy", "Ecru", "Olive", "Rust", "Slate", "Burgundy", "Sand"];
const sizes = ["XS", "S", "M", "L", "XL"];
const materials = ["Cotton", "Merino Wool", "Linen", "Denim"];

let seed = 42;
const random = () => ((seed = (seed * 1664525 + 1013904223) >>> 0) / 2 ** 32);
const pick = (list) => list[Math.floor(random() * list.length)];
const badges = new Map();

export const catalog = Array.from({ length: 72 }, (_, index) => {
  const [category, noun] = categories[index % categories.length];
  const vendor = pick(vendors);
  const material = pick(materials);
  const amount = 2900 + Math.floor(random() * 180) * 100;
  const shades = [colors[index % 8], colors[(index * 3 + 1) % 8], colors[(index * 5 + 2) % 8]].filter((value, at, list) => list.indexOf(value) === at);
  const ranges = category === "Shoes" ? ["39", "40", "41", "42", "43"] : category === "Accessories" ? ["One Size"] : sizes;
  const title = `${vendor.split(" ")[0]} ${noun}`;
  const id = `product-${index}`;
  const price = { amount, currencyCode: "EUR" };
  const variants = shades.flatMap((color, at) => ranges.map((size) => {
    const sku = `SKU-${index}-${at}-${size.replace(" ", "")}`;
    const available = [0, 2, 4, 9, 14, 31][Math.floor(random() * 6)];
    badges.set(sku, { sku, available, state: stateOf(available), expectedAt: null, revision: 1 });
    return { id: `variant-${sku}`, sku, title: `${color} / ${size}`, size, color, price, compareAtPrice: index % 7 === 0 ? { amount: amount + 2000, currencyCode: "EUR" } : null, selectedOptions: [{ name: "Color", value: color }, { name: "Size", value: size }] };
  }));
  return {
    id, handle: `${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}-${index}`, title, vendor, category, material,
    description: `A ${noun.toLowerCase()} in ${material.toLowerCase()}, cut for every day. Made to be mended: spare buttons and a length of yarn come with it.`,
    gender: pick(["Women", "Men", "Unisex"]), style: pick(["Classic", "Relaxed", "Utility"]), occasion: pick(["Everyday", "Work", "Weekend"]), tags: [],
    options: [{ name: "Color", values: shades }, { name: "Size", values: ranges }],
    images: index % 11 === 0 ? [{ url: "https://images.invalid/missing.jpg", altText: title, position: 1 }] : [],
    priceRange: { min: price, max: price }, variants, createdAt: new Date(1.76e12 - index * 8.64e7).toISOString(), updatedAt: new Date(1.76e12).toISOString(),
  };
});

const customers = new Map();
const reservations = new Map();
let waiting = [];

function stateOf(available) {
  return available === 0 ? "OUT_OF_STOCK" : available <= 5 ? "LOW_STOCK" : "IN_STOCK";
}

function change(sku, delta) {
  const before = badges.get(sku);
  const available = before.available + delta;
  const badge = { ...before, available, state: stateOf(available), revision: before.revision + 1 };
  badges.set(sku, badge);
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve(badge);
}

export const badgeOf = (sku) => badges.get(sku);
export const nextBadge = () => new Promise((resolve) => waiting.push(resolve));

export function addCustomer(id) {
  if (!customers.has(id)) customers.set(id, { id, displayName: null, wished: new Map(), consent: { personalisation: false, analytics: false, marketing: false, updatedAt: null }, styleProfile: { sizes: [], styles: [], colors: [], brands: [], version: 0 }, createdAt: new Date().toISOString() });
  return customers.get(id);
}

export function reserve({ lines, ttlSeconds = 900 }) {
  const short = lines.find(({ sku, quantity }) => (badges.get(sku)?.available ?? 0) < quantity);
  if (short) return { userErrors: [{ field: ["lines"], message: `only ${badges.get(short.sku)?.available ?? 0} left`, code: "INSUFFICIENT_STOCK" }] };
  for (const { sku, quantity } of lines) change(sku, -quantity);
  const reservation = { id: crypto.randomUUID(), status: "ACTIVE", expiresAt: new Date(Date.now() + ttlSeconds * 1000).toISOString(), createdAt: new Date().toISOString(), lines: lines.map(({ sku, quantity }) => ({ quantity, variant: { sku } })) };
  reservations.set(reservation.id, reservation);
  return { reservation, userErrors: [] };
}

export function release(id) {
  const reservation = reservations.get(id);
  if (reservation?.status !== "ACTIVE") return { userErrors: [{ message: "no such active reservation", code: "RESERVATION_NOT_ACTIVE" }] };
  reservation.status = "RELEASED";
  for (const { quantity, variant } of reservation.lines) change(variant.sku, quantity);
  return { reservation, userErrors: [] };
}
