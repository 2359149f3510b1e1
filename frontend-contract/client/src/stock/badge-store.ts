import type { StockBadgePartsFragment } from "../generated/graphql.ts";
import { backoffMs, type ConnectionState, type Sink } from "../transport/socket.ts";

/** What a shopper may be told of one SKU. */
export type StockBadge = StockBadgePartsFragment;

/** Where badges come from. */
export interface BadgeSource {
  /** Opens one stream for many SKUs: the current badge of each, then newer ones. */
  subscribe(skus: readonly string[], sink: Sink<StockBadge>): () => void;
  /** Asks once; used while the stream is away. */
  query(skus: readonly string[]): Promise<readonly StockBadge[] | undefined>;
  /** Calls back at every change of the connection. */
  onState(listener: (state: ConnectionState) => void): () => void;
}

/** Times and limits of a [`BadgeStore`]. */
export interface BadgeStoreOptions {
  /** SKUs named within this time go into one subscription. */
  readonly gatherMs: number;
  /** SKUs no longer watched stay subscribed this long, so that going back and forth costs nothing. */
  readonly lingerMs: number;
  /** Changes within this time reach the screen together. */
  readonly flushMs: number;
  /** While offline, badges are asked for this often. */
  readonly pollMs: number;
  /** Most SKUs of one subscription; the schema allows 250. */
  readonly chunkSize: number;
}

const DEFAULTS: BadgeStoreOptions = { gatherMs: 30, lingerMs: 4_000, flushMs: 60, pollMs: 10_000, chunkSize: 250 };

/**
 * Keeps the newest badge of every SKU that somebody looks at.
 *
 * All watchers of a page share one subscription (one per 250 SKUs). A badge is taken only when its revision is newer
 * than the known one, so order of arrival does not matter. While the stream is away the last badges stay, marked stale.
 */
export class BadgeStore {
  readonly #source: BadgeSource;
  readonly #options: BadgeStoreOptions;
  readonly #badges = new Map<string, StockBadge>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #changed = new Set<string>();
  readonly #connectionListeners = new Set<() => void>();
  #state: ConnectionState = "idle";
  #covered: ReadonlySet<string> = new Set();
  #close: () => void = () => undefined;
  #failures = 0;
  #syncTimer: ReturnType<typeof setTimeout> | undefined;
  #syncAt = Number.POSITIVE_INFINITY;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(source: BadgeSource, options: Partial<BadgeStoreOptions> = {}) {
    this.#source = source;
    this.#options = { ...DEFAULTS, ...options };
    source.onState((state) => this.#onState(state));
  }

  /** The newest known badge; the same object until it changes. */
  get(sku: string): StockBadge | undefined {
    return this.#badges.get(sku);
  }

  get connection(): ConnectionState {
    return this.#state;
  }

  /** True when what is shown may be behind what is so. */
  get stale(): boolean {
    return this.#state === "offline";
  }

  /** Takes badges that came with other data; older revisions are dropped. */
  seed(badges: readonly StockBadge[]): void {
    for (const badge of badges) this.#apply(badge);
  }

  /** Watches SKUs and calls back when one of them changes; returns how to stop. */
  watch(skus: readonly string[], listener: () => void): () => void {
    const unique = [...new Set(skus)];
    for (const sku of unique) {
      const listeners = this.#watchers.get(sku) ?? new Set();
      listeners.add(listener);
      this.#watchers.set(sku, listeners);
    }
    if (unique.some((sku) => !this.#covered.has(sku))) this.#scheduleSync(this.#options.gatherMs);
    return () => {
      for (const sku of unique) {
        const listeners = this.#watchers.get(sku);
        listeners?.delete(listener);
        if (listeners?.size === 0) this.#watchers.delete(sku);
      }
      this.#scheduleSync(this.#options.lingerMs);
    };
  }

  /** Calls back when the connection changes; returns how to stop. */
  watchConnection(listener: () => void): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  #apply(badge: StockBadge): void {
    const known = this.#badges.get(badge.sku);
    if (known && known.revision >= badge.revision) return;
    this.#badges.set(badge.sku, badge);
    this.#changed.add(badge.sku);
    if (this.#flushTimer === undefined) this.#flushTimer = setTimeout(() => this.#flush(), this.#options.flushMs);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const listeners = new Set<() => void>();
    for (const sku of this.#changed) this.#watchers.get(sku)?.forEach((listener) => listeners.add(listener));
    this.#changed.clear();
    for (const listener of listeners) listener();
  }

  /** An earlier sync wins over a later one. */
  #scheduleSync(delayMs: number): void {
    const at = Date.now() + delayMs;
    if (at >= this.#syncAt) return;
    clearTimeout(this.#syncTimer);
    this.#syncAt = at;
    this.#syncTimer = setTimeout(() => {
      this.#syncAt = Number.POSITIVE_INFINITY;
      this.#sync();
    }, delayMs);
  }

  #sync(): void {
    const wanted = new Set([...this.#watchers.keys()].sort());
    if (sameMembers(wanted, this.#covered)) return;
    const closeOld = this.#close;
    this.#covered = wanted;
    // The new stream begins with the current badges, so nothing is lost between the two.
    this.#close = this.#open([...wanted]);
    closeOld();
  }

  #open(skus: readonly string[]): () => void {
    const closers: (() => void)[] = [];
    let open = true;
    const fail = (): void => {
      if (!open) return;
      open = false;
      for (const close of closers) close();
      this.#covered = new Set();
      this.#onState("offline");
      this.#scheduleSync(backoffMs(this.#failures, 1_000, 30_000));
      this.#failures += 1;
    };
    const sink: Sink<StockBadge> = {
      next: (badge) => {
        this.#failures = 0;
        if (this.#state === "offline") this.#onState("live");
        this.#apply(badge);
      },
      error: fail,
      complete: fail,
    };
    for (let start = 0; start < skus.length; start += this.#options.chunkSize) {
      closers.push(this.#source.subscribe(skus.slice(start, start + this.#options.chunkSize), sink));
    }
    return () => {
      open = false;
      for (const close of closers) close();
    };
  }

  #onState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    clearTimeout(this.#pollTimer);
    if (state === "offline") this.#schedulePoll();
    for (const listener of [...this.#connectionListeners]) listener();
  }

  #schedulePoll(): void {
    this.#pollTimer = setTimeout(() => void this.#poll(), this.#options.pollMs);
  }

  async #poll(): Promise<void> {
    const skus = [...this.#watchers.keys()].slice(0, this.#options.chunkSize);
    if (skus.length > 0) this.seed((await this.#source.query(skus)) ?? []);
    if (this.#state === "offline") this.#schedulePoll();
  }
}

function sameMembers(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((member) => right.has(member));
}
