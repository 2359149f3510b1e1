/** Stock that is held for this cart until a time. */
export interface Hold {
  readonly reservationId: string;
  readonly quantity: number;
  /** RFC 3339, UTC, by the clock of this device. */
  readonly expiresAt: string;
}

/** What the cart shows of a variant without asking again. */
export interface CartItem {
  readonly sku: string;
  readonly productId: string;
  readonly handle: string;
  readonly title: string;
  readonly vendor: string;
  readonly category: string;
  readonly size: string | null;
  readonly color: string | null;
  readonly imageUrl: string | null;
  /** Minor units. */
  readonly unitPrice: { readonly amount: number; readonly currencyCode: string };
}

/** One SKU of the cart. Its quantity is what its holds hold. */
export interface CartLine {
  readonly item: CartItem;
  readonly holds: readonly Hold[];
  /** Pieces asked for whose hold is not confirmed yet. */
  readonly pending: number;
}

/** The cart: lines in the order in which they came. */
export interface Cart {
  readonly lines: readonly CartLine[];
}

export const EMPTY_CART: Cart = { lines: [] };

/** Shows the piece at once, before its hold is confirmed. */
export function addPending(cart: Cart, item: CartItem, quantity: number): Cart {
  if (!cart.lines.some((line) => line.item.sku === item.sku)) {
    return { lines: [...cart.lines, { item, holds: [], pending: quantity }] };
  }
  return changeLine(cart, item.sku, (line) => ({ ...line, item, pending: line.pending + quantity }));
}

/** Turns pending pieces into held ones. */
export function confirmHold(cart: Cart, sku: string, hold: Hold): Cart {
  return changeLine(cart, sku, (line) => ({
    ...line,
    pending: Math.max(0, line.pending - hold.quantity),
    holds: [...line.holds, hold],
  }));
}

/** Takes pending pieces back when they could not be held; a line that never held anything goes. */
export function rejectPending(cart: Cart, sku: string, quantity: number): Cart {
  const changed = changeLine(cart, sku, (line) => ({ ...line, pending: Math.max(0, line.pending - quantity) }));
  return { lines: changed.lines.filter((line) => line.item.sku !== sku || line.pending > 0 || line.holds.length > 0) };
}

/** Removes one hold; the line goes with its last one. */
export function dropHold(cart: Cart, sku: string, reservationId: string): Cart {
  const changed = changeLine(cart, sku, (line) => ({
    ...line,
    holds: line.holds.filter((hold) => hold.reservationId !== reservationId),
  }));
  return { lines: changed.lines.filter((line) => line.item.sku !== sku || line.pending > 0 || line.holds.length > 0) };
}

/** Removes a line. */
export function dropLine(cart: Cart, sku: string): Cart {
  return { lines: cart.lines.filter((line) => line.item.sku !== sku) };
}

/** True while the hold keeps its pieces. */
export function isActive(hold: Hold, nowMs: number): boolean {
  return Date.parse(hold.expiresAt) > nowMs;
}

/** Pieces of a line that are held at a time. */
export function heldQuantity(line: CartLine, nowMs: number): number {
  return line.holds.reduce((sum, hold) => sum + (isActive(hold, nowMs) ? hold.quantity : 0), 0);
}

/** Pieces of a line whose hold has ended. */
export function lapsedQuantity(line: CartLine, nowMs: number): number {
  return line.holds.reduce((sum, hold) => sum + (isActive(hold, nowMs) ? 0 : hold.quantity), 0);
}

/** Pieces that the cart counts: held and pending. */
export function cartQuantity(cart: Cart, nowMs: number): number {
  return cart.lines.reduce((sum, line) => sum + heldQuantity(line, nowMs) + line.pending, 0);
}

/** Price of the held and pending pieces in minor units; undefined when the currencies differ or the cart is empty. */
export function subtotal(cart: Cart, nowMs: number): { amount: number; currencyCode: string } | undefined {
  const currencies = new Set(cart.lines.map((line) => line.item.unitPrice.currencyCode));
  const [currencyCode] = currencies;
  if (currencies.size !== 1 || currencyCode === undefined) return undefined;
  const amount = cart.lines.reduce(
    (sum, line) => sum + line.item.unitPrice.amount * (heldQuantity(line, nowMs) + line.pending),
    0,
  );
  return { amount, currencyCode };
}

/** Milliseconds until the first active hold of a line ends; undefined when none is active. */
export function remainingMs(line: CartLine, nowMs: number): number | undefined {
  const ends = line.holds.filter((hold) => isActive(hold, nowMs)).map((hold) => Date.parse(hold.expiresAt) - nowMs);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** `12:05` of a length of time; rounds up, so that it reads 0:00 only at the end. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function changeLine(cart: Cart, sku: string, change: (line: CartLine) => CartLine): Cart {
  return { lines: cart.lines.map((line) => (line.item.sku === sku ? change(line) : line)) };
}
