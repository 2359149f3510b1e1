import { createClient, type Client } from "graphql-ws";

import type { GraphqlError } from "../transport/errors.ts";
import { readExpiry } from "./token.ts";
import type { LiveOperation, LiveSink } from "./link.ts";

/** The browser's class, or one like it. */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => object;

/** How a connection ended. */
export interface Loss {
  /** The close code of the WebSocket; `LOST` when it was given up without one. */
  readonly code: number;
  readonly reason: string;
}

/** Given up: it did not open or did not answer in time. */
export const LOST = 4499;

/** Times of one connection. */
export interface ConnectionTimes {
  /** Until the gateway has acknowledged the connection. */
  readonly connectMs: number;
  /** After so long without a word a ping asks. */
  readonly keepAliveMs: number;
  /** Until anything must have come after a ping. */
  readonly pongMs: number;
}

/** What a connection needs. */
export interface ConnectionOptions {
  readonly url: string;
  readonly token: string | undefined;
  readonly times: ConnectionTimes;
  readonly now: () => number;
  /** Another implementation than the browser's. */
  readonly webSocket?: WebSocketClass | undefined;
}

/** What a connection tells. */
export interface ConnectionEvents {
  /** The gateway has acknowledged it, and may have said when the token ends. */
  connected(expiresAtMs: number | undefined): void;
  /** The gateway has said something. */
  heard(): void;
  /** It was silent for longer than the pings allow: timers stood still, or it is dead. A ping is on its way. */
  doubted(): void;
  /** It is over. Called once, and not after `close`. */
  lost(loss: Loss): void;
}

/** What came of a new token: the end of the new one's life, or nothing when no answer came. */
export type Renewal = { readonly expiresAtMs: number | undefined } | undefined;

/** One WebSocket with graphql-transport-ws, from opening to close. Whoever owns it opens the next one. */
export class Connection {
  readonly #client: Client;
  readonly #events: ConnectionEvents;
  readonly #times: ConnectionTimes;
  readonly #now: () => number;
  /** Known from before it opens, so that an attempt which takes too long can be ended. */
  #socket: WebSocket | undefined;
  #connected = false;
  #over = false;
  #lastHeardAt: number;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #aliveTimer: ReturnType<typeof setTimeout> | undefined;
  #pongTimer: ReturnType<typeof setTimeout> | undefined;
  #renewal: ((renewal: Renewal) => void) | undefined;

  constructor({ url, token, times, now, webSocket }: ConnectionOptions, events: ConnectionEvents) {
    this.#events = events;
    this.#times = times;
    this.#now = now;
    this.#lastHeardAt = now();
    let ids = 0;
    this.#client = createClient({
      url,
      // Opens now and stays until it is told to close.
      lazy: false,
      onNonLazyError: () => undefined,
      // The owner decides when to open another one; the library's own retries know nothing of sleep and tokens.
      retryAttempts: 0,
      connectionParams: token === undefined ? {} : { authorization: `Bearer ${token}` },
      generateID: () => String((ids += 1)),
      webSocketImpl: this.#capture(webSocket ?? WebSocket),
      on: {
        connected: (_socket, payload) => this.#acknowledged(payload),
        message: () => this.#heard(),
        pong: (received, payload) => received && this.#renewed(payload),
        closed: (event) => this.#lost(event as CloseEvent),
      },
    });
    this.#connectTimer = setTimeout(() => this.#giveUp("the gateway did not answer in time"), times.connectMs);
  }

  /** Runs an operation; its sink hears nothing more when the connection is over. */
  run<Payload>(operation: LiveOperation, sink: LiveSink<Payload>): () => void {
    let stopped = false;
    const still = () => !stopped && !this.#over;
    const stop = this.#client.subscribe(
      { query: operation.query, variables: operation.variables, ...extensionsOf(operation) },
      {
        next: (payload) => still() && sink.next(payload as Payload),
        // Anything but a list is the end of the connection, which `lost` tells.
        error: (reason) => still() && Array.isArray(reason) && sink.error(reason as GraphqlError[]),
        complete: () => still() && sink.complete(),
      },
    );
    return () => {
      stopped = true;
      stop();
    };
  }

  /** Asks whether the other side still lives; without a word in time the connection is given up. */
  probe(limitMs = this.#times.pongMs): void {
    if (!this.#connected || this.#over) return;
    const silentMs = this.#now() - this.#lastHeardAt;
    if (silentMs > this.#times.keepAliveMs + this.#times.pongMs) this.#events.doubted();
    if (this.#pongTimer === undefined) this.#send({ type: "ping" });
    else if (limitMs >= this.#times.pongMs) return;
    // One that is asked already, and now with less patience.
    clearTimeout(this.#pongTimer);
    this.#pongTimer = setTimeout(() => this.#giveUp("the gateway did not answer a ping"), limitMs);
  }

  /** Presents another token in band. Resolves with nothing when the gateway does not take it so. */
  renew(token: string): Promise<Renewal> {
    this.#renewal?.(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#renewal?.(undefined), this.#times.pongMs);
      this.#renewal = (renewal) => {
        clearTimeout(timer);
        this.#renewal = undefined;
        resolve(renewal);
      };
      this.#send({ type: "ping", payload: { authorization: `Bearer ${token}` } });
    });
  }

  /** Ends it by a clean close; tells nothing. */
  close(): void {
    if (!this.#over) this.#end(1000);
  }

  #capture(parent: WebSocketClass): WebSocketClass {
    const keep = (socket: unknown) => {
      this.#socket = socket as WebSocket;
    };
    return class extends parent {
      constructor(url: string, protocols?: string | string[]) {
        super(url, protocols);
        keep(this);
      }
    };
  }

  #acknowledged(payload: Record<string, unknown> | undefined): void {
    if (this.#over) return;
    clearTimeout(this.#connectTimer);
    this.#connected = true;
    this.#events.connected(readExpiry(payload?.["expiresAt"]));
  }

  #heard(): void {
    if (this.#over) return;
    this.#lastHeardAt = this.#now();
    clearTimeout(this.#pongTimer);
    this.#pongTimer = undefined;
    clearTimeout(this.#aliveTimer);
    this.#aliveTimer = setTimeout(() => this.probe(), this.#times.keepAliveMs);
    this.#events.heard();
  }

  #renewed(payload: Record<string, unknown> | undefined): void {
    if (payload && "expiresAt" in payload) this.#renewal?.({ expiresAtMs: readExpiry(payload["expiresAt"]) });
  }

  #giveUp(reason: string): void {
    this.#lost({ code: LOST, reason });
  }

  #lost({ code, reason }: Loss): void {
    if (this.#over) return;
    this.#end(LOST);
    this.#events.lost({ code, reason });
  }

  #end(code: number): void {
    this.#over = true;
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#aliveTimer);
    clearTimeout(this.#pongTimer);
    this.#renewal?.(undefined);
    // Else the library would open another one after a clean close.
    void Promise.resolve(this.#client.dispose()).catch(() => undefined);
    this.#socket?.close(code);
  }

  /** A socket that is closing takes nothing more; its close event follows. */
  #send(message: unknown): void {
    try {
      this.#socket?.send(JSON.stringify(message));
    } catch {
      return;
    }
  }
}

function extensionsOf({ extensions }: LiveOperation): { readonly extensions?: Record<string, unknown> } {
  const said = extensions?.();
  return said ? { extensions: said } : {};
}
