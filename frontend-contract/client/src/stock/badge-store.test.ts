import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { ConnectionState, Sink } from "../transport/socket.ts";
import { BadgeStore, type BadgeSource, type StockBadge } from "./badge-store.ts";

function badge(sku: string, available: number, revision: number): StockBadge {
  return { sku, available, revision, state: available > 5 ? "IN_STOCK" : "LOW_STOCK", expectedAt: null };
}

/** A source whose streams the test drives. */
class Streams implements BadgeSource {
  readonly opened: { skus: readonly string[]; sink: Sink<StockBadge>; closed: boolean }[] = [];
  answers: readonly StockBadge[] = [];
  queried = 0;
  move: (state: ConnectionState) => void = () => undefined;

  subscribe(skus: readonly string[], sink: Sink<StockBadge>): () => void {
    const stream = { skus, sink, closed: false };
    this.opened.push(stream);
    return () => {
      stream.closed = true;
    };
  }

  query(): Promise<readonly StockBadge[]> {
    this.queried += 1;
    return Promise.resolve(this.answers);
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.move = listener;
    return () => undefined;
  }

  get last() {
    const stream = this.opened.at(-1);
    if (!stream) throw new Error("no stream was opened");
    return stream;
  }

  get open() {
    return this.opened.filter((stream) => !stream.closed);
  }
}

let source: Streams;
let store: BadgeStore;

beforeEach(() => {
  vi.useFakeTimers();
  source = new Streams();
  store = new BadgeStore(source);
});

afterEach(() => vi.useRealTimers());

describe("one subscription", () => {
  it("gathers the SKUs of a page", () => {
    store.watch(["b"], vi.fn());
    store.watch(["a", "c"], vi.fn());
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    expect(source.opened.map((stream) => stream.skus)).toEqual([["a", "b", "c"]]);
  });

  it("opens the larger stream before it closes the smaller one", () => {
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    store.watch(["b"], vi.fn());
    vi.advanceTimersByTime(100);
    expect(source.open.map((stream) => stream.skus)).toEqual([["a", "b"]]);
    expect(source.opened).toHaveLength(2);
  });

  it("keeps a SKU that nobody watches for a moment, then lets it go", () => {
    const stop = store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    stop();
    vi.advanceTimersByTime(1_000);
    expect(source.open).toHaveLength(1);
    vi.advanceTimersByTime(5_000);
    expect(source.open).toHaveLength(0);
  });

  it("does not open anew when a SKU is watched again in time", () => {
    const stop = store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    stop();
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(10_000);
    expect(source.opened).toHaveLength(1);
  });

  it("splits at what the schema allows", () => {
    store.watch(Array.from({ length: 251 }, (_, index) => `sku-${index}`), vi.fn());
    vi.advanceTimersByTime(100);
    expect(source.open.map((stream) => stream.skus.length)).toEqual([250, 1]);
  });
});

describe("revisions", () => {
  it("drops older and equal ones, in whatever order they come", () => {
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    source.last.sink.next(badge("a", 7, 7));
    source.last.sink.next(badge("a", 9, 5));
    source.last.sink.next(badge("a", 8, 7));
    expect(store.get("a")).toEqual(badge("a", 7, 7));
  });

  it("lets an answer of a query never replace a newer event", () => {
    store.seed([badge("a", 3, 10)]);
    store.seed([badge("a", 4, 9)]);
    expect(store.get("a")?.available).toBe(3);
  });
});

describe("conflation", () => {
  it("shows a burst once, with its last value", () => {
    const listener = vi.fn();
    store.watch(["a"], listener);
    vi.advanceTimersByTime(100);
    for (let revision = 1; revision <= 50; revision += 1) source.last.sink.next(badge("a", 100 - revision, revision));
    expect(listener).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(store.get("a")?.available).toBe(50);
  });

  it("tells only those who watch what changed", () => {
    const [watchesA, watchesB] = [vi.fn(), vi.fn()];
    store.watch(["a"], watchesA);
    store.watch(["b"], watchesB);
    vi.advanceTimersByTime(100);
    source.last.sink.next(badge("b", 1, 1));
    vi.advanceTimersByTime(100);
    expect(watchesA).not.toHaveBeenCalled();
    expect(watchesB).toHaveBeenCalledTimes(1);
  });
});

describe("offline", () => {
  it("keeps the last badges, marked stale, and says when it is live again", () => {
    const listener = vi.fn();
    store.watchConnection(listener);
    source.move("live");
    store.seed([badge("a", 2, 1)]);
    source.move("offline");
    expect(store.stale).toBe(true);
    expect(store.get("a")?.available).toBe(2);
    source.move("live");
    expect(store.stale).toBe(false);
    expect(listener).toHaveBeenCalledTimes(3);
  });

  it("asks by query while the stream is away, and stops when it is back", async () => {
    store.watch(["a"], vi.fn());
    source.answers = [badge("a", 1, 4)];
    source.move("offline");
    await vi.advanceTimersByTimeAsync(10_500);
    expect(store.get("a")).toEqual(badge("a", 1, 4));
    source.move("live");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.queried).toBe(1);
  });

  it("opens a stream that ended by an error again, later each time", () => {
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    source.last.sink.error(new Error("refused"));
    expect(store.stale).toBe(true);
    vi.advanceTimersByTime(400);
    expect(source.opened).toHaveLength(1);
    vi.advanceTimersByTime(700);
    expect(source.opened).toHaveLength(2);
    source.last.sink.error(new Error("refused"));
    vi.advanceTimersByTime(900);
    expect(source.opened).toHaveLength(2);
    vi.advanceTimersByTime(1_200);
    expect(source.opened).toHaveLength(3);
    source.last.sink.next(badge("a", 5, 1));
    expect(store.stale).toBe(false);
  });

  it("ignores what a closed stream still says", () => {
    store.watch(["a"], vi.fn());
    vi.advanceTimersByTime(100);
    const old = source.last;
    store.watch(["b"], vi.fn());
    vi.advanceTimersByTime(100);
    old.sink.complete();
    expect(store.stale).toBe(false);
    expect(source.open).toHaveLength(1);
  });
});
