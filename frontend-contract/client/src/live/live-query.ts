import type { JSONPatchOperation } from "immutable-json-patch";

import type { GraphqlError, GraphqlResult } from "../transport/errors.ts";
import { applyPatch } from "./apply-patch.ts";
import { backOffMs } from "./back-off.ts";
import { statusOf, type Link, type LiveOperation, type LiveStatus } from "./link.ts";
import { shareStructure } from "./share-structure.ts";

/** What can be shown of a live query; the same object until it changes. */
export interface LiveQueryState<Data> {
  readonly data: Data | undefined;
  /** Errors of the answer itself, beside its data. */
  readonly errors: readonly GraphqlError[];
  readonly status: LiveStatus;
  /** When the data came, in milliseconds. */
  readonly updatedAt: number | undefined;
  /** Up to when the data was surely the present one; undefined while it is live or nothing can be doubted yet. */
  readonly staleSince: number | undefined;
  /** Why the query is not live. */
  readonly error: GraphqlError | undefined;
}

/** A payload of `query @live`: whole, or a patch of `data` from the revision before. */
interface LivePayload {
  readonly data?: unknown;
  readonly errors?: readonly GraphqlError[];
  readonly revision?: number;
  readonly patch?: readonly JSONPatchOperation[];
  readonly extensions?: { readonly live?: { readonly tag?: string } };
}

/** What a live query needs from outside. */
export interface LiveQueryPorts {
  readonly link: Link;
  /** Runs the query once, not live. */
  readonly once: (operation: LiveOperation) => Promise<GraphqlResult<unknown>>;
  readonly now: () => number;
  /** Data that has not come live by then is asked for once. */
  readonly fallbackMs: number;
}

export const NOTHING_YET: LiveQueryState<never> = {
  data: undefined,
  errors: [],
  status: "connecting",
  updatedAt: undefined,
  staleSince: undefined,
  error: undefined,
};

/** The code of the error of a query that the server answers once, but does not keep alive. */
export const NOT_LIVE_CODE = "NOT_LIVE";

/** One live query with one set of variables: runs while somebody watches it. */
export class LiveQuery {
  readonly #ports: LiveQueryPorts;
  readonly #operation: LiveOperation;
  readonly #listeners = new Set<() => void>();
  #shown: LiveQueryState<unknown> = NOTHING_YET;
  #data: unknown = undefined;
  /** The data of the last payload on the present stream, which the next patch is of; null when all of it failed. */
  #base: unknown = undefined;
  #errors: readonly GraphqlError[] = [];
  #updatedAt: number | undefined;
  #currentUntil: number | undefined;
  /** Of the last payload on the present stream. */
  #revision: number | undefined;
  /** The last whole answer or what patches made of it, by the name that every gateway gives it. */
  #had: { readonly tag: string; readonly data: unknown } | undefined;
  #heard = false;
  #wasLive = false;
  #error: GraphqlError | undefined;
  #failures = 0;
  /** The server does not know live queries; asked again on another connection. */
  #notLive = false;
  #stop: (() => void) | undefined;
  #stopWatchingLink: (() => void) | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #fallbackTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts resets, so that an answer to the person before is thrown away. */
  #epoch = 0;

  constructor(ports: LiveQueryPorts, operation: LiveOperation) {
    this.#ports = ports;
    // Who comes back says what it has: where that is still right, nothing is sent again.
    this.#operation = { ...operation, extensions: () => (this.#had ? { live: { tag: this.#had.tag } } : undefined) };
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  readonly read = (): LiveQueryState<unknown> => this.#shown;

  readonly watch = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#end();
    };
  };

  /** Forgets the data, as when another person signs in, and asks anew. */
  reset(): void {
    const { watched } = this;
    if (watched) this.#end();
    this.#epoch += 1;
    this.#data = this.#had = this.#updatedAt = this.#currentUntil = this.#error = undefined;
    this.#errors = [];
    this.#wasLive = false;
    if (watched) this.#begin();
    this.#emit();
  }

  #begin(): void {
    this.#stopWatchingLink = this.#ports.link.watch(() => this.#onLink());
    this.#subscribe();
    if (this.#data === undefined) this.#fallbackTimer = setTimeout(() => void this.#askOnce(), this.#ports.fallbackMs);
    this.#emit();
  }

  #end(): void {
    this.#doubt();
    this.#stopWatchingLink?.();
    this.#unsubscribe();
    clearTimeout(this.#fallbackTimer);
    this.#emit();
  }

  #subscribe(): void {
    this.#unsubscribe();
    this.#notLive = false;
    this.#stop = this.#ports.link.run<LivePayload>(this.#operation, {
      next: (payload) => this.#next(payload),
      error: (errors) => this.#refused(errors),
      complete: () => this.#completed(),
    });
  }

  #unsubscribe(): void {
    clearTimeout(this.#retryTimer);
    this.#stop?.();
    this.#stop = undefined;
    this.#revision = undefined;
    this.#base = undefined;
    this.#heard = false;
  }

  #next(payload: LivePayload): void {
    let data: unknown;
    if (payload.patch) {
      const begins = this.#revision === undefined && this.#had !== undefined && payload.extensions?.live?.tag === this.#had.tag;
      const follows = this.#revision !== undefined && payload.revision === this.#revision + 1;
      if (begins) this.#base = this.#had?.data;
      try {
        if (!begins && !follows) throw new Error(`revision ${payload.revision ?? "?"} does not follow ${this.#revision ?? "nothing"}`);
        data = applyPatch(this.#base, payload.patch);
      } catch (reason) {
        this.#failed({ message: reason instanceof Error ? reason.message : "the patch does not fit", extensions: { code: "PATCH_GAP" } });
        return;
      }
    } else data = payload.data;
    this.#base = shareStructure(this.#base ?? this.#data, data);
    this.#revision = payload.revision;
    const tag = payload.extensions?.live?.tag;
    this.#had = tag !== undefined && !payload.errors ? { tag, data: this.#base } : undefined;
    if ((this.#revision ?? 0) > 1) this.#failures = 0;
    const errors = payload.errors ?? [];
    const failed = data === null || data === undefined;
    if (failed) this.#doubt();
    // A server that does not know live queries, or a directive that is off, gives no revision: one answer, then the end.
    this.#heard = payload.revision !== undefined && !failed;
    this.#wasLive ||= this.#heard;
    this.#error = failed ? errors[0] : undefined;
    this.#take(this.#base, errors);
  }

  #take(data: unknown, errors: readonly GraphqlError[]): void {
    clearTimeout(this.#fallbackTimer);
    // Where all of an answer failed, the last good one stays.
    if (data !== null && data !== undefined) {
      this.#data = shareStructure(this.#data, data);
      this.#updatedAt = this.#ports.now();
    }
    this.#errors = errors;
    this.#emit();
  }

  #refused(errors: readonly GraphqlError[]): void {
    const [error] = errors;
    if (!errors.some((each) => /unknown directive\W+live/i.test(each.message))) {
      this.#failed(error ?? { message: "the gateway refused the live query" });
      if (this.#data === undefined) void this.#askOnce();
      return;
    }
    this.#giveUpLive(error);
    void this.#askOnce();
  }

  #completed(): void {
    const answeredOnce = this.#data !== undefined && this.#revision === undefined;
    if (answeredOnce) this.#giveUpLive({ message: "the server answered once and does not keep the query alive" });
    else this.#failed(undefined);
  }

  #giveUpLive(error: GraphqlError | undefined): void {
    this.#unsubscribe();
    this.#notLive = true;
    const message = error?.message ?? "the server does not know live queries";
    this.#error = { message, ...error, extensions: { ...error?.extensions, code: NOT_LIVE_CODE } };
    this.#emit();
  }

  /** Runs it anew after a while; what is on the screen stays, as stale. */
  #failed(error: GraphqlError | undefined): void {
    this.#doubt();
    this.#unsubscribe();
    this.#error = error?.extensions?.code === "PATCH_GAP" ? undefined : error;
    // The first gap is mended at once.
    const waitMs = error?.extensions?.code === "PATCH_GAP" && this.#failures === 0 ? 0 : backOffMs(this.#failures, 1_000, 30_000);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => this.#subscribe(), waitMs);
    this.#emit();
  }

  async #askOnce(): Promise<void> {
    const epoch = this.#epoch;
    const { data, errors } = await this.#ports.once({ query: withoutLive(this.#operation.query), variables: this.#operation.variables });
    if (this.#heard || !this.watched || epoch !== this.#epoch) return;
    this.#take(data, errors);
  }

  #onLink(): void {
    const { state } = this.#ports.link.view;
    if (state !== "live" && state !== "checking") {
      this.#doubt();
      this.#revision = undefined;
      this.#heard = false;
    } else if (this.#notLive) this.#subscribe();
    this.#emit();
  }

  /** Notes up to when the data was right. */
  #doubt(): void {
    if (!this.#heard) return;
    const { link, now } = this.#ports;
    this.#currentUntil = link.view.state === "live" ? now() : link.lastHeardAt;
  }

  #emit(): void {
    const next = this.#show();
    const same = (Object.keys(next) as (keyof LiveQueryState<unknown>)[]).every((name) => next[name] === this.#shown[name]);
    if (same) return;
    this.#shown = next;
    for (const listener of [...this.#listeners]) listener();
  }

  #show(): LiveQueryState<unknown> {
    const { view: link, lastHeardAt } = this.#ports.link;
    const known = this.#data !== undefined;
    const status = statusOf({ link, heard: this.#heard, known, wasLive: this.#wasLive, error: this.#error });
    const doubted = known && status !== "live" && status !== "connecting";
    const until = Math.max(this.#updatedAt ?? 0, (this.#heard ? lastHeardAt : this.#currentUntil) ?? 0);
    const error = this.#error ?? (link.state === "live" ? undefined : link.error);
    return {
      data: this.#data,
      errors: this.#errors.length === 0 ? NOTHING_YET.errors : this.#errors,
      status,
      updatedAt: this.#updatedAt,
      staleSince: doubted ? until : undefined,
      error: status === "live" ? undefined : error,
    };
  }
}

/** The query without its `@live`, for a server that does not know the directive. */
export function withoutLive(query: string): string {
  return query.replace(/@live\b(\s*\([^)]*\))?/, "");
}
