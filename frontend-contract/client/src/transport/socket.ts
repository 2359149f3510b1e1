import { createClient, type Client } from "graphql-ws";

/** State of the one WebSocket: `idle` when nothing is subscribed. */
export type ConnectionState = "idle" | "connecting" | "live" | "offline";

/** Receives what a subscription brings. */
export interface Sink<Data> {
  next(data: Data): void;
  /** The subscription has ended by a failure; it does not come back by itself. */
  error(reason: unknown): void;
  complete(): void;
}

/** Options of the socket. */
export interface SocketOptions {
  readonly url: string;
  readonly getToken?: () => Promise<string | undefined>;
  /** First wait after a lost connection; doubles up to `maxRetryMs`, with jitter. */
  readonly firstRetryMs?: number;
  readonly maxRetryMs?: number;
}

/** Wait before attempt number `retries` (0 is the first): exponential, capped, between half and all of it. */
export function backoffMs(retries: number, firstMs = 500, maxMs = 15_000, random = Math.random): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(retries, 16));
  return full / 2 + (full / 2) * random();
}

/** One WebSocket (graphql-transport-ws) for all subscriptions of a page; it reconnects by itself. */
export class Socket {
  readonly #client: Client;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  #state: ConnectionState = "idle";

  constructor(options: SocketOptions) {
    const { getToken } = options;
    this.#client = createClient({
      url: options.url,
      lazy: true,
      lazyCloseTimeout: 5_000,
      keepAlive: 12_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: async (retries) => {
        const wait = backoffMs(retries, options.firstRetryMs, options.maxRetryMs);
        await new Promise((resolve) => setTimeout(resolve, wait));
      },
      connectionParams: async () => {
        const token = await getToken?.();
        return token === undefined ? {} : { authorization: `Bearer ${token}` };
      },
      on: {
        connecting: () => this.#move(this.#state === "offline" ? "offline" : "connecting"),
        connected: () => this.#move("live"),
        closed: (event) => this.#move((event as CloseEvent).code === 1000 ? "idle" : "offline"),
        ping: (received) => {
          if (!received) this.#expectPong();
        },
        pong: (received) => {
          if (received) this.#clearPong();
        },
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Calls the listener at every change of state; returns how to stop. */
  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts a subscription; returns how to end it. */
  subscribe<Data>(query: string, variables: Record<string, unknown>, sink: Sink<Data>): () => void {
    return this.#client.subscribe<Data>(
      { query, variables },
      {
        next: (result) => {
          if (result.data) sink.next(result.data);
          else sink.error(result.errors);
        },
        error: (reason) => sink.error(reason),
        complete: () => sink.complete(),
      },
    );
  }

  /** Drops the connection so that it comes back with the present token. */
  reconnect(): void {
    this.#client.terminate();
  }

  #pongTimer: ReturnType<typeof setTimeout> | undefined;

  /** A half-open connection never closes by itself: no pong within 5 s ends it. */
  #expectPong(): void {
    this.#clearPong();
    this.#pongTimer = setTimeout(() => this.#client.terminate(), 5_000);
  }

  #clearPong(): void {
    clearTimeout(this.#pongTimer);
  }

  #move(state: ConnectionState): void {
    if (state !== "live") this.#clearPong();
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
