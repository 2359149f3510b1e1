/** A customer of the sample shop that anyone can be in development. */
export interface DemoCustomer {
  readonly id: string;
  readonly name: string;
  readonly taste: string;
}

export const DEMO_CUSTOMERS: readonly DemoCustomer[] = [
  { id: "customer-ada", name: "Ada", taste: "tailored, dark colours" },
  { id: "customer-bruno", name: "Bruno", taste: "workwear and denim" },
  { id: "customer-chiara", name: "Chiara", taste: "knitwear, soft colours" },
];

/** Who this browser acts for. */
export interface SessionState {
  readonly status: "anonymous" | "signing-in" | "signed-in";
  readonly customer: DemoCustomer | undefined;
}

/** What a session needs from outside. */
export interface SessionPorts {
  readonly storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly fetch: (input: string) => Promise<Response>;
  readonly now: () => number;
}

interface Token {
  readonly text: string;
  readonly expiresAtMs: number;
}

/** Where the browser keeps who is signed in. */
export const SESSION_KEY = "selvedge.customer";
const RENEW_BEFORE_MS = 30_000;
const UNKNOWN_LIFETIME_MS = 300_000;
const ANONYMOUS: SessionState = { status: "anonymous", customer: undefined };

/**
 * Signs in as a demo customer with development tokens. A gateway outside of development mode gives none; the session
 * then stays anonymous, and the shop works without it.
 */
export class Session {
  readonly #ports: SessionPorts;
  readonly #listeners = new Set<() => void>();
  readonly #identityListeners = new Set<() => void>();
  #state: SessionState = ANONYMOUS;
  #token: Token | undefined;
  #pending: Promise<Token | undefined> | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#state = storedState(ports.storage);
  }

  readonly read = (): SessionState => this.#state;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Calls back when another person is signed in or nobody is any more. */
  watchIdentity(listener: () => void): void {
    this.#identityListeners.add(listener);
  }

  /** The token of the signed-in customer, renewed before it ends; undefined for an anonymous one. */
  async token(): Promise<string | undefined> {
    const { customer } = this.#state;
    if (!customer || this.#state.status !== "signed-in") return undefined;
    if (this.#token && this.#token.expiresAtMs - RENEW_BEFORE_MS > this.#ports.now()) return this.#token.text;
    this.#pending ??= this.#request(customer.id).finally(() => (this.#pending = undefined));
    this.#token = await this.#pending;
    return this.#token?.text;
  }

  /** True when the customer is signed in afterwards. */
  async signIn(customer: DemoCustomer): Promise<boolean> {
    this.#set({ status: "signing-in", customer });
    const token = await this.#request(customer.id);
    if (!token) {
      this.#set(ANONYMOUS);
      return false;
    }
    this.#token = token;
    this.#ports.storage.setItem(SESSION_KEY, customer.id);
    this.#set({ status: "signed-in", customer });
    this.#identityChanged();
    return true;
  }

  /** Takes what another tab of this browser has stored. */
  reload(): void {
    const stored = storedState(this.#ports.storage);
    if (stored.customer === this.#state.customer) return;
    this.#token = undefined;
    this.#pending = undefined;
    this.#set(stored);
    this.#identityChanged();
  }

  signOut(): void {
    this.#token = undefined;
    this.#ports.storage.removeItem(SESSION_KEY);
    this.#set(ANONYMOUS);
    this.#identityChanged();
  }

  async #request(customerId: string): Promise<Token | undefined> {
    try {
      const response = await this.#ports.fetch(`/shop/dev-token?sub=${encodeURIComponent(customerId)}`);
      if (!response.ok) return undefined;
      const body = (await response.json()) as { token?: unknown };
      if (typeof body.token !== "string") return undefined;
      return { text: body.token, expiresAtMs: expiryOf(body.token) ?? this.#ports.now() + UNKNOWN_LIFETIME_MS };
    } catch {
      return undefined;
    }
  }

  #identityChanged(): void {
    for (const listener of [...this.#identityListeners]) listener();
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

function storedState(storage: SessionPorts["storage"]): SessionState {
  const customer = DEMO_CUSTOMERS.find((candidate) => candidate.id === storage.getItem(SESSION_KEY));
  return customer ? { status: "signed-in", customer } : ANONYMOUS;
}

/** When a JWT ends, read without checking it: only to know when to ask for a new one. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
