import type { GraphqlError } from "../transport/errors.ts";
import { backOffMs } from "./back-off.ts";
import { Connection, type ConnectionTimes, type Loss, type WebSocketClass } from "./connection.ts";
import type { Link, LinkState, LinkView, LiveOperation, LiveSink } from "./link.ts";
import { browserPage, type PageEvent, type PageLife } from "./page-life.ts";
import { readToken, samePerson } from "./token.ts";

/** Times of a [`LiveSocket`], in milliseconds. */
export interface LiveSocketTimes extends ConnectionTimes {
  /** First wait after a lost connection; doubles up to `maxRetryMs`, with jitter. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Without a network, which the browser may be wrong about, attempts are at least so far apart. */
  readonly offlineRetryMs: number;
  /** A connection that has lasted so long counts as good: the waits begin anew. */
  readonly stableMs: number;
  /** Clients of a gateway that goes away come back spread over this time. */
  readonly spreadMs: number;
  /** Without an operation the connection stays open for so long. */
  readonly idleMs: number;
  /** Until a ping must be answered when the page wakes. */
  readonly wakePongMs: number;
  /** How long before its end a token is exchanged. */
  readonly renewBeforeMs: number;
}

/** Options of the socket. */
export interface LiveSocketOptions {
  readonly url: string;
  /** The bearer token of the caller; undefined for an anonymous one. Asked at each attempt and before the token ends. */
  readonly getToken?: (() => Promise<string | undefined>) | undefined;
  readonly times?: Partial<LiveSocketTimes>;
  readonly page?: PageLife;
  readonly now?: () => number;
  readonly random?: () => number;
  /** Another implementation than the browser's. */
  readonly webSocket?: WebSocketClass;
}

const DEFAULTS: LiveSocketTimes = {
  connectMs: 10_000,
  keepAliveMs: 12_000,
  pongMs: 5_000,
  firstRetryMs: 500,
  maxRetryMs: 30_000,
  offlineRetryMs: 10_000,
  stableMs: 10_000,
  spreadMs: 2_000,
  idleMs: 5_000,
  wakePongMs: 3_000,
  renewBeforeMs: 20_000,
};
/** The gateway does not know, or no longer takes, the token. */
const REFUSALS = new Set([4401, 4403]);
/** The gateway goes away, and with it all of its clients at once. */
const DEPARTURES = new Set([1001, 1012]);
/** Page events come in flocks; one attempt answers them all. */
const LEAST_BETWEEN_ATTEMPTS_MS = 300;
const LEAST_BEFORE_RENEWAL_MS = 5_000;
const MOST_BEFORE_RENEWAL_MS = 86_400_000;

interface Running {
  readonly operation: LiveOperation;
  readonly sink: LiveSink<unknown>;
  stop: () => void;
}

/** One WebSocket for all live operations of a page: opened when one is wanted, kept, and brought back by itself. */
export class LiveSocket implements Link {
  readonly #options: LiveSocketOptions;
  readonly #times: LiveSocketTimes;
  readonly #page: PageLife;
  readonly #now: () => number;
  readonly #running = new Set<Running>();
  readonly #listeners = new Set<() => void>();
  readonly #stopWatchingPage: () => void;
  #view: LinkView = { state: "idle", error: undefined };
  #connection: Connection | undefined;
  #token: string | undefined;
  #lastHeardAt: number | undefined;
  #attempt = 0;
  #attemptedAt = Number.NEGATIVE_INFINITY;
  /** Counts attempts and ends, so that a token which comes late opens nothing. */
  #generation = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #stableTimer: ReturnType<typeof setTimeout> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
    this.#times = { ...DEFAULTS, ...options.times };
    this.#page = options.page ?? browserPage();
    this.#now = options.now ?? (() => Date.now());
    this.#stopWatchingPage = this.#page.watch((event) => this.#onPage(event));
  }

  get view(): LinkView {
    return this.#view;
  }

  get lastHeardAt(): number | undefined {
    return this.#lastHeardAt;
  }

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  run<Payload>(operation: LiveOperation, sink: LiveSink<Payload>): () => void {
    const running: Running = { operation, sink: sink, stop: () => undefined };
    this.#running.add(running);
    clearTimeout(this.#idleTimer);
    if (this.#connection) this.#start(running, this.#connection);
    else if (this.#view.state === "idle") void this.#open();
    return () => this.#finish(running);
  }

  /**
   * The provider may have another token now. For the same person it goes over in band; otherwise, or when the gateway
   * does not answer that, the connection is made anew. Brings a refused connection back.
   */
  async tokenChanged(): Promise<void> {
    const connection = this.#connection;
    const { state } = this.#view;
    if (state === "idle") return;
    if (!connection || (state !== "live" && state !== "checking")) {
      // An attempt that waits will ask for the token of then.
      if (this.#retryTimer === undefined) this.reconnect();
      return;
    }
    const token = await this.#provideToken();
    if (connection !== this.#connection || token === this.#token) return;
    if (token === undefined || !samePerson(token, this.#token)) {
      this.reconnect();
      return;
    }
    // From here on it is the one that was presented last: when it is refused, it is not sent again.
    this.#token = token;
    const renewal = await connection.renew(token);
    if (connection !== this.#connection) return;
    if (renewal) this.#planRenewal(renewal.expiresAtMs);
    else this.reconnect();
  }

  /** Drops the connection at once and makes another one with the token of then; for when somebody else signs in. */
  reconnect(): void {
    this.#drop();
    this.#attempt = 0;
    if (this.#running.size > 0) void this.#open();
    else this.#move("idle");
  }

  /** Ends everything for good. */
  dispose(): void {
    this.#stopWatchingPage();
    this.#running.clear();
    this.#drop();
    this.#move("idle");
  }

  async #open(): Promise<void> {
    this.#clearRetry();
    const generation = (this.#generation += 1);
    this.#attemptedAt = this.#now();
    if (!this.#page.online()) this.#move("offline");
    else this.#move(this.#attempt === 0 ? "connecting" : "reconnecting", this.#attempt === 0 ? undefined : this.#view.error);
    const token = await this.#provideToken();
    if (generation !== this.#generation) return;
    this.#token = token;
    const { url, webSocket } = this.#options;
    const connection = new Connection({ url, token, times: this.#times, now: this.#now, webSocket }, {
      connected: (expiresAtMs) => this.#connected(expiresAtMs),
      heard: () => this.#heard(),
      doubted: () => this.#move("checking"),
      lost: (loss) => this.#lost(loss),
    });
    this.#connection = connection;
    for (const running of this.#running) this.#start(running, connection);
    this.#closeWhenIdle();
  }

  #start(running: Running, connection: Connection): void {
    const over = () => this.#running.delete(running) && this.#closeWhenIdle();
    running.stop = connection.run(running.operation, {
      next: (payload) => running.sink.next(payload),
      error: (errors) => {
        over();
        running.sink.error(errors);
      },
      complete: () => {
        over();
        running.sink.complete();
      },
    });
  }

  #finish(running: Running): void {
    if (!this.#running.delete(running)) return;
    running.stop();
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    clearTimeout(this.#idleTimer);
    if (this.#running.size > 0) return;
    this.#idleTimer = setTimeout(() => {
      this.#drop();
      this.#attempt = 0;
      this.#move("idle");
    }, this.#times.idleMs);
  }

  #connected(expiresAtMs: number | undefined): void {
    this.#stableTimer = setTimeout(() => (this.#attempt = 0), this.#times.stableMs);
    this.#planRenewal(expiresAtMs ?? readToken(this.#token).expiresAtMs);
    this.#move("live");
  }

  #heard(): void {
    this.#lastHeardAt = this.#now();
    if (this.#view.state === "checking") this.#move("live");
  }

  #lost(loss: Loss): void {
    this.#drop();
    if (REFUSALS.has(loss.code)) void this.#refused(loss);
    else this.#retryLater(loss);
  }

  /** A refusal lasts until the token changes; the provider may have another one already, as after an expiry. */
  async #refused(loss: Loss): Promise<void> {
    const generation = this.#generation;
    this.#move("refused", errorOf("CONNECTION_REFUSED", loss));
    const token = await this.#provideToken();
    if (generation === this.#generation && token !== this.#token) this.#retryLater(loss);
  }

  #retryLater(loss: Loss): void {
    const { firstRetryMs, maxRetryMs, offlineRetryMs, spreadMs } = this.#times;
    const online = this.#page.online();
    const random = this.#options.random ?? Math.random;
    const departed = this.#attempt === 0 && DEPARTURES.has(loss.code);
    const waitMs = departed ? random() * spreadMs : backOffMs(this.#attempt, firstRetryMs, maxRetryMs, random);
    this.#attempt += 1;
    this.#move(online ? "reconnecting" : "offline", errorOf("CONNECTION_LOST", loss));
    // Attempts in vain are not free: browsers hold back the next one to the same host.
    this.#retryTimer = setTimeout(() => void this.#open(), online ? waitMs : Math.max(waitMs, offlineRetryMs));
  }

  #onPage(event: PageEvent): void {
    const { state } = this.#view;
    if (state === "idle") return;
    if (event === "sleep" || event === "offline") {
      if (state === "refused") return;
      // A socket notices a lost network after seconds; the browser knows at once.
      this.#drop();
      this.#retryLater({ code: 1006, reason: event === "sleep" ? "the page was put away" : "the browser has no network" });
      return;
    }
    if (state === "live" || state === "checking") this.#connection?.probe(this.#times.wakePongMs);
    else if (state === "refused") void this.#tryAnotherToken();
    else if (this.#now() - this.#attemptedAt > LEAST_BETWEEN_ATTEMPTS_MS && !this.#connection) void this.#open();
  }

  async #tryAnotherToken(): Promise<void> {
    const token = await this.#provideToken();
    if (this.#view.state === "refused" && token !== this.#token) this.reconnect();
  }

  /** Exchanges the token before it ends. */
  #planRenewal(expiresAtMs: number | undefined): void {
    clearTimeout(this.#renewTimer);
    if (expiresAtMs === undefined) return;
    const waitMs = expiresAtMs - this.#now() - this.#times.renewBeforeMs;
    const waitable = Math.min(Math.max(waitMs, LEAST_BEFORE_RENEWAL_MS), MOST_BEFORE_RENEWAL_MS);
    this.#renewTimer = setTimeout(() => {
      // The provider may still give the same one; then it is asked again.
      this.#planRenewal(expiresAtMs);
      if (waitable >= waitMs) void this.tokenChanged();
    }, waitable);
  }

  /** A provider that fails counts as one without a token; the gateway says what it makes of that. */
  async #provideToken(): Promise<string | undefined> {
    try {
      return await this.#options.getToken?.();
    } catch {
      return undefined;
    }
  }

  #drop(): void {
    this.#generation += 1;
    this.#clearRetry();
    clearTimeout(this.#stableTimer);
    clearTimeout(this.#renewTimer);
    clearTimeout(this.#idleTimer);
    this.#connection?.close();
    this.#connection = undefined;
  }

  #clearRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  #move(state: LinkState, error?: GraphqlError): void {
    if (state === this.#view.state && error === this.#view.error) return;
    this.#view = { state, error };
    for (const listener of [...this.#listeners]) listener();
  }
}

function errorOf(code: string, { code: closeCode, reason }: Loss): GraphqlError {
  const what = code === "CONNECTION_REFUSED" ? "the gateway refused the connection" : "the live connection was lost";
  return { message: reason ? `${what}: ${reason}` : what, extensions: { code, closeCode } };
}
