import { isNetworkError, type GraphqlError } from "../transport/errors.ts";
import {
  addPending,
  confirmHold,
  dropHold,
  dropLine,
  EMPTY_CART,
  isActive,
  rejectPending,
  type Cart,
  type CartItem,
  type CartLine,
  type Hold,
} from "./cart.ts";

/** Why a piece could not be held. */
export interface CartProblem {
  readonly code: string;
  readonly message: string;
}

/** The answer of the stock service to a request to hold or release. */
export interface HoldAnswer {
  readonly hold: Hold | undefined;
  readonly problem: CartProblem | undefined;
  readonly errors: readonly GraphqlError[];
}

/** Holds and releases stock. The same key gives the same answer, so a request can be sent again. */
export interface StockHolder {
  reserve(sku: string, quantity: number, reference: string, idempotencyKey: string): Promise<HoldAnswer>;
  release(reservationId: string, idempotencyKey: string): Promise<HoldAnswer>;
}

/** The part of Web Storage that the cart needs. */
export interface CartStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** What the store needs from outside. */
export interface CartPorts {
  readonly holder: StockHolder;
  readonly storage: CartStorage;
  readonly newId: () => string;
  readonly now: () => number;
}

const STORAGE_KEY = "selvedge.cart";

interface Stored {
  readonly reference: string;
  readonly cart: Cart;
}

/** The cart of this browser: shows a piece at once, holds its stock, and takes it back when that fails. */
export class CartStore {
  readonly #ports: CartPorts;
  readonly #listeners = new Set<() => void>();
  readonly #reference: string;
  #cart: Cart;

  constructor(ports: CartPorts) {
    this.#ports = ports;
    const stored = readStored(ports.storage);
    this.#reference = stored?.reference ?? `cart:${ports.newId()}`;
    this.#cart = stored?.cart ?? EMPTY_CART;
  }

  readonly read = (): Cart => this.#cart;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Takes what another tab of this browser has stored. */
  reload(): void {
    const stored = readStored(this.#ports.storage);
    if (stored) this.#set(stored.cart, false);
  }

  /** Adds pieces and holds them; resolves with the problem when they cannot be held. */
  async add(item: CartItem, quantity = 1): Promise<CartProblem | undefined> {
    this.#set(addPending(this.#cart, item, quantity));
    const key = this.#ports.newId();
    const answer = await sendTwice(() => this.#ports.holder.reserve(item.sku, quantity, this.#reference, key));
    if (answer.hold) {
      this.#set(confirmHold(this.#cart, item.sku, answer.hold));
      return undefined;
    }
    this.#set(rejectPending(this.#cart, item.sku, quantity));
    return problemOf(answer);
  }

  /** Gives one piece back. */
  async takeOne(line: CartLine): Promise<CartProblem | undefined> {
    const hold = line.holds.findLast((candidate) => isActive(candidate, this.#ports.now())) ?? line.holds.at(-1);
    if (!hold) return undefined;
    const problem = await this.#release(line.item.sku, hold);
    if (problem || hold.quantity === 1) return problem;
    return this.add(line.item, hold.quantity - 1);
  }

  /** Removes a line and gives its stock back. */
  async remove(line: CartLine): Promise<CartProblem | undefined> {
    const problems = await Promise.all(line.holds.map((hold) => this.#release(line.item.sku, hold)));
    const problem = problems.find((found) => found !== undefined);
    if (!problem) this.#set(dropLine(this.#cart, line.item.sku));
    return problem;
  }

  /** Holds again the pieces of a line whose holds have ended. */
  async holdAgain(line: CartLine): Promise<CartProblem | undefined> {
    const lapsed = line.holds.filter((hold) => !isActive(hold, this.#ports.now()));
    const quantity = lapsed.reduce((sum, hold) => sum + hold.quantity, 0);
    if (quantity === 0) return undefined;
    const problem = await this.add(line.item, quantity);
    if (problem) return problem;
    for (const hold of lapsed) this.#set(dropHold(this.#cart, line.item.sku, hold.reservationId));
    return undefined;
  }

  /** A hold that has ended by itself needs no release; one that the service no longer knows is gone as well. */
  async #release(sku: string, hold: Hold): Promise<CartProblem | undefined> {
    if (isActive(hold, this.#ports.now())) {
      const key = this.#ports.newId();
      const answer = await sendTwice(() => this.#ports.holder.release(hold.reservationId, key));
      const problem = answer.hold ? undefined : problemOf(answer);
      const gone = problem?.code === "RESERVATION_NOT_FOUND" || problem?.code === "RESERVATION_NOT_ACTIVE";
      if (problem && !gone) return problem;
    }
    this.#set(dropHold(this.#cart, sku, hold.reservationId));
    return undefined;
  }

  #set(cart: Cart, store = true): void {
    this.#cart = cart;
    if (store) {
      const settled = { lines: cart.lines.filter((line) => line.holds.length > 0).map((line) => ({ ...line, pending: 0 })) };
      const stored: Stored = { reference: this.#reference, cart: settled };
      this.#ports.storage.setItem(STORAGE_KEY, JSON.stringify(stored));
    }
    for (const listener of [...this.#listeners]) listener();
  }
}

function readStored(storage: CartStorage): Stored | undefined {
  try {
    const stored = JSON.parse(storage.getItem(STORAGE_KEY) ?? "null") as Stored | null;
    return stored && typeof stored.reference === "string" && stored.cart.lines.every(isLine) ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** What is stored may be of another version of the shop; a cart that cannot be read is given up, not shown. */
function isLine(line: Partial<CartLine> | null): boolean {
  const { item, holds, pending }: { item?: Partial<CartItem>; holds?: unknown; pending?: unknown } = line ?? {};
  return (
    typeof item?.sku === "string" &&
    typeof item.unitPrice?.amount === "number" &&
    typeof pending === "number" &&
    Array.isArray(holds) &&
    holds.every((hold: Partial<Hold> | null) => typeof hold?.reservationId === "string" && typeof hold.quantity === "number")
  );
}

/** A lost answer is asked for once more under the same key, which holds nothing twice. */
async function sendTwice(send: () => Promise<HoldAnswer>): Promise<HoldAnswer> {
  const answer = await send();
  return answer.errors.some(isNetworkError) ? send() : answer;
}

function problemOf(answer: HoldAnswer): CartProblem {
  if (answer.problem) return answer.problem;
  const [error] = answer.errors;
  return { code: error?.extensions?.code ?? "UNKNOWN", message: error?.message ?? "the stock service gave no answer" };
}
