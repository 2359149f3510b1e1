import type { GraphqlError } from "../transport/errors.ts";
import { backOffMs } from "./back-off.ts";
import { planBatches } from "./batches.ts";
import { statusOf, type Link, type LiveSink, type LiveStatus } from "./link.ts";

/** Receives the entities of one stream. */
export interface EntitySink<Entity> extends LiveSink<Entity> {
  /** The stream goes on, and has no value of this key, if one is named. */
  lost(key: string | undefined, errors: readonly GraphqlError[]): void;
}

/** A subscription field that takes many keys: the current entity of each key first, then only newer ones. */
export interface EntityField<Entity> {
  /** Opens one stream for these keys; returns how to end it. */
  subscribe(keys: readonly string[], sink: EntitySink<Entity>): () => void;
  /** Asks once; used while the stream is away. Undefined when that fails too. */
  query?(keys: readonly string[]): Promise<readonly Entity[] | undefined>;
  keyOf(entity: Entity): string;
  /** Only grows; of two entities of one key the one with the greater revision is the newer. */
  revisionOf(entity: Entity): number;
}

/** What can be shown of one key; the same object until it changes. */
export interface LiveEntity<Entity> {
  readonly value: Entity | undefined;
  readonly status: LiveStatus;
  /** When the gateway last said the value, in milliseconds. */
  readonly updatedAt: number | undefined;
  /** Up to when the value was surely the present one; undefined while it is live or nothing can be doubted yet. */
  readonly staleSince: number | undefined;
  readonly error: GraphqlError | undefined;
}

/** Times and limits of [`KeyedEntities`]. */
export interface KeyedEntitiesOptions {
  /** Keys named within this time, about a frame, go into one subscription. */
  readonly gatherMs: number;
  /** Keys no longer watched stay subscribed this long, so that going back and forth costs nothing. */
  readonly lingerMs: number;
  /** Changes within this time reach the screen together. */
  readonly flushMs: number;
  /** A stream that another one replaces ends when that has said all, or after this long. */
  readonly overlapMs: number;
  /** What is not live is asked for this often. */
  readonly pollMs: number;
  /** Most keys of one subscription. */
  readonly batchSize: number;
  readonly now: () => number;
}

const DEFAULTS: KeyedEntitiesOptions = {
  gatherMs: 16,
  lingerMs: 4_000,
  flushMs: 16,
  overlapMs: 5_000,
  pollMs: 10_000,
  batchSize: 250,
  now: () => Date.now(),
};

interface Entry<Entity> {
  readonly listeners: Set<() => void>;
  value: Entity | undefined;
  updatedAt: number | undefined;
  /** A stream has said the value at some time. */
  wasLive: boolean;
  /** When the last stream that had said the value was last known to be alive. */
  currentUntil: number | undefined;
  error: GraphqlError | undefined;
  unwatchedAt: number;
  shown: LiveEntity<Entity>;
}

interface Batch {
  readonly keys: ReadonlySet<string>;
  /** The keys that this stream has said on the present connection. */
  readonly heard: Set<string>;
  close: () => void;
  /** Others are to say its keys; it ends when they have done so. */
  replaced: boolean;
}

const UNKNOWN: LiveEntity<never> = { value: undefined, status: "connecting", updatedAt: undefined, staleSince: undefined, error: undefined };

/**
 * Keeps the newest entity of every key that somebody looks at.
 *
 * All watchers of a page share few subscriptions. An entity is taken only when its revision is newer than the known
 * one, so the order of arrival does not matter, and a stream that replaces another begins before that ends. What no
 * stream vouches for stays on the screen, marked with up to when it was right.
 */
export class KeyedEntities<Entity> {
  readonly #link: Link;
  readonly #field: EntityField<Entity>;
  readonly #options: KeyedEntitiesOptions;
  readonly #entries = new Map<string, Entry<Entity>>();
  readonly #batches = new Set<Batch>();
  readonly #changed = new Set<string>();
  #wanted: ReadonlySet<string> = new Set();
  #connected = false;
  #failures = 0;
  #syncTimer: ReturnType<typeof setTimeout> | undefined;
  #syncAt = Number.POSITIVE_INFINITY;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(link: Link, field: EntityField<Entity>, options: Partial<KeyedEntitiesOptions> = {}) {
    this.#link = link;
    this.#field = field;
    this.#options = { ...DEFAULTS, ...options };
    link.watch(() => this.#onLink());
  }

  /** What can be shown of a key. */
  read(key: string): LiveEntity<Entity> {
    const entry = this.#entries.get(key);
    if (!entry) return UNKNOWN;
    const next = this.#show(key, entry);
    const { shown } = entry;
    const same = (Object.keys(next) as (keyof LiveEntity<Entity>)[]).every((name) => next[name] === shown[name]);
    if (!same) entry.shown = next;
    return entry.shown;
  }

  /** Takes entities that came with other data; older revisions are dropped. */
  seed(entities: readonly Entity[]): void {
    for (const entity of entities) this.#take(entity, false);
  }

  /** Watches keys and calls back when what can be shown of one changes; returns how to stop. */
  watch(keys: readonly string[], listener: () => void): () => void {
    const unique = [...new Set(keys)];
    for (const key of unique) this.#entry(key).listeners.add(listener);
    if (unique.some((key) => !this.#isCovered(key))) this.#scheduleSync(this.#options.gatherMs);
    return () => {
      for (const key of unique) {
        const entry = this.#entry(key);
        entry.listeners.delete(listener);
        entry.unwatchedAt = this.#options.now();
      }
      this.#scheduleSync(this.#options.lingerMs + 1);
    };
  }

  #entry(key: string): Entry<Entity> {
    const known = this.#entries.get(key);
    if (known) return known;
    const entry: Entry<Entity> = {
      listeners: new Set(),
      value: undefined,
      updatedAt: undefined,
      wasLive: false,
      currentUntil: undefined,
      error: undefined,
      unwatchedAt: Number.NEGATIVE_INFINITY,
      shown: UNKNOWN,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #show(key: string, entry: Entry<Entity>): LiveEntity<Entity> {
    const { value, updatedAt, wasLive } = entry;
    const { view: link, lastHeardAt } = this.#link;
    const heard = this.#isHeard(key);
    const error = heard ? undefined : (entry.error ?? (link.state === "live" ? undefined : link.error));
    const status = statusOf({ link, heard, known: value !== undefined, wasLive, error: entry.error });
    const doubted = value !== undefined && status !== "live" && status !== "connecting";
    const until = Math.max(updatedAt ?? 0, (heard ? lastHeardAt : entry.currentUntil) ?? 0);
    return { value, status, updatedAt, staleSince: doubted ? until : undefined, error: status === "live" ? undefined : error };
  }

  #isHeard(key: string): boolean {
    for (const batch of this.#batches) if (batch.heard.has(key)) return true;
    return false;
  }

  #isCovered(key: string): boolean {
    for (const batch of this.#batches) if (!batch.replaced && batch.keys.has(key)) return true;
    return false;
  }

  #take(entity: Entity, fromGateway: boolean): void {
    const key = this.#field.keyOf(entity);
    const entry = this.#entry(key);
    const revision = this.#field.revisionOf(entity);
    const known = entry.value === undefined ? Number.NEGATIVE_INFINITY : this.#field.revisionOf(entry.value);
    if (revision > known) entry.value = entity;
    // What came with other data may be old, so that it says nothing anew.
    if (revision > known || (fromGateway && revision === known)) entry.updatedAt = this.#options.now();
    this.#touch(key);
  }

  #hear(batch: Batch, entity: Entity): void {
    const key = this.#field.keyOf(entity);
    batch.heard.add(key);
    this.#failures = 0;
    const entry = this.#entry(key);
    entry.wasLive = true;
    entry.error = undefined;
    this.#take(entity, true);
    this.#endReplaced();
  }

  #touch(key: string): void {
    this.#changed.add(key);
    if (this.#flushTimer === undefined) this.#flushTimer = setTimeout(() => this.#flush(), this.#options.flushMs);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const listeners = new Set<() => void>();
    for (const key of this.#changed) this.#entries.get(key)?.listeners.forEach((listener) => listeners.add(listener));
    this.#changed.clear();
    for (const listener of listeners) listener();
  }

  /** An earlier sync wins over a later one. */
  #scheduleSync(delayMs: number): void {
    const at = this.#options.now() + delayMs;
    if (at >= this.#syncAt) return;
    clearTimeout(this.#syncTimer);
    this.#syncAt = at;
    this.#syncTimer = setTimeout(() => {
      this.#syncAt = Number.POSITIVE_INFINITY;
      this.#sync();
    }, delayMs);
  }

  #sync(): void {
    const wanted = new Set<string>();
    const now = this.#options.now();
    let nextLinger = Number.POSITIVE_INFINITY;
    for (const [key, entry] of this.#entries) {
      const lingers = entry.unwatchedAt + this.#options.lingerMs - now;
      if (entry.listeners.size > 0 || lingers > 0) wanted.add(key);
      if (entry.listeners.size === 0 && lingers > 0) nextLinger = Math.min(nextLinger, lingers);
    }
    if (nextLinger !== Number.POSITIVE_INFINITY) this.#scheduleSync(nextLinger + 1);
    const current = [...this.#batches].filter((batch) => !batch.replaced);
    const plan = planBatches(current.map((batch) => batch.keys), wanted, this.#options.batchSize);
    const kept = new Set(plan.keep.map((place) => current[place]));
    this.#wanted = wanted;
    for (const keys of plan.open) this.#open(keys);
    for (const batch of current) if (!kept.has(batch)) this.#replace(batch);
    this.#endReplaced();
    this.#planPoll();
  }

  /** The new stream begins before the old one ends, so nothing is lost between the two. */
  #replace(batch: Batch): void {
    batch.replaced = true;
    setTimeout(() => this.#end(batch), this.#options.overlapMs);
  }

  #endReplaced(): void {
    const replaced = [...this.#batches].filter((batch) => batch.replaced);
    if (replaced.length === 0) return;
    const others = [...this.#batches].filter((batch) => !batch.replaced);
    for (const batch of replaced) {
      const needed = [...batch.heard].some((key) => this.#wanted.has(key) && !others.some((other) => other.heard.has(key)));
      if (!needed) this.#end(batch);
    }
  }

  #end(batch: Batch): void {
    if (!this.#batches.has(batch)) return;
    this.#forget(batch);
    this.#batches.delete(batch);
    batch.close();
  }

  /** Notes up to when what a stream has said was right; it vouches for it no longer. */
  #forget(batch: Batch, keys: Iterable<string> = [...batch.heard]): void {
    const until = this.#link.view.state === "live" ? this.#options.now() : this.#link.lastHeardAt;
    for (const key of keys) {
      if (!batch.heard.delete(key)) continue;
      this.#entry(key).currentUntil = until;
      this.#touch(key);
    }
  }

  /** The stream says its other keys all the same, and this one when it can. */
  #lose(batch: Batch, key: string, error: GraphqlError | undefined): void {
    this.#forget(batch, [key]);
    this.#entry(key).error = error;
    this.#touch(key);
    this.#planPoll();
  }

  #open(keys: readonly string[]): Batch {
    const batch: Batch = { keys: new Set(keys), heard: new Set(), close: () => undefined, replaced: false };
    this.#batches.add(batch);
    const fail = (error: GraphqlError | undefined) => {
      if (!this.#batches.has(batch)) return;
      this.#end(batch);
      for (const key of batch.keys) {
        this.#entry(key).error = error;
        this.#touch(key);
      }
      this.#scheduleSync(backOffMs(this.#failures, 1_000, 30_000));
      this.#failures += 1;
      this.#planPoll();
    };
    batch.close = this.#field.subscribe(keys, {
      next: (entity) => this.#batches.has(batch) && this.#hear(batch, entity),
      lost: (key, [error]) => key !== undefined && this.#batches.has(batch) && this.#lose(batch, key, error),
      error: ([error]) => fail(error),
      complete: () => fail(undefined),
    });
    return batch;
  }

  #onLink(): void {
    const { state } = this.#link.view;
    const connected = state === "live" || state === "checking";
    // On another connection each stream begins anew.
    if (this.#connected && !connected) for (const batch of this.#batches) this.#forget(batch);
    this.#connected = connected;
    for (const key of this.#entries.keys()) this.#touch(key);
    this.#planPoll();
  }

  #planPoll(): void {
    if (this.#field.query && this.#doubtful().length > 0) {
      this.#pollTimer ??= setTimeout(() => void this.#poll(), this.#options.pollMs);
      return;
    }
    clearTimeout(this.#pollTimer);
    this.#pollTimer = undefined;
  }

  /** The watched keys that no stream vouches for, apart from those that a stream is about to say. */
  #doubtful(): string[] {
    const away = this.#link.view.state !== "live";
    const doubtful = [...this.#entries].filter(([key, entry]) => entry.listeners.size > 0 && !this.#isHeard(key) && (away || entry.error));
    return doubtful.map(([key]) => key);
  }

  async #poll(): Promise<void> {
    const { batchSize } = this.#options;
    const keys = this.#doubtful();
    for (let start = 0; start < keys.length; start += batchSize) {
      const entities = await this.#field.query?.(keys.slice(start, start + batchSize));
      for (const entity of entities ?? []) this.#take(entity, true);
    }
    this.#pollTimer = undefined;
    this.#planPoll();
  }
}
