import { GraphQLError } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { LiveServer, pause, until } from "../../test/live-server.ts";
import { TestPage } from "../../test/page.ts";
import { StockBadgesDocument } from "../generated/graphql.ts";
import { gatewayBadges, type StockBadge } from "../stock/badges.ts";
import { gatewayField } from "./entity-field.ts";
import { KeyedEntities, type KeyedEntitiesOptions } from "./keyed-entities.ts";
import { LiveSocket } from "./live-socket.ts";

let server: LiveServer;
let page: TestPage;
let live: LiveSocket;
let answers: readonly StockBadge[];
let queried: number;

const badge = (sku: string, available: number, revision: number): StockBadge => ({ sku, available, revision, state: "LOW_STOCK", expectedAt: null });

function badges(options: Partial<KeyedEntitiesOptions> = {}): KeyedEntities<StockBadge> {
  const send = () => {
    queried += 1;
    return Promise.resolve({ data: { stockBadges: answers }, errors: [] });
  };
  const field = gatewayField({ live, send: send as never }, {
    subscription: StockBadgesDocument,
    query: StockBadgesDocument,
    variables: (skus) => ({ skus: [...skus] }),
    entity: (data) => data.stockBadges,
    entities: (data) => (data as unknown as { stockBadges: StockBadge[] }).stockBadges,
    keyOf: ({ sku }) => sku,
    revisionOf: ({ revision }) => revision,
  });
  return new KeyedEntities(live, field, { lingerMs: 60, overlapMs: 400, flushMs: 0, ...options });
}

/** Everything of a key that was ever on the screen. */
function watch(store: KeyedEntities<StockBadge>, ...skus: string[]) {
  const shown = new Map<string, string[]>(skus.map((sku) => [sku, []]));
  const note = () => {
    for (const sku of skus) {
      const { value, status } = store.read(sku);
      const text = `${status} ${value?.available ?? "?"}`;
      if (shown.get(sku)?.at(-1) !== text) shown.get(sku)?.push(text);
    }
  };
  note();
  return { shown, stop: store.watch(skus, note) };
}

/** Waits until something can be read and has been told. */
async function comes(holds: () => boolean, describe?: () => unknown): Promise<void> {
  await until(holds, describe);
  await pause(5);
}

const isLive = (store: KeyedEntities<StockBadge>, ...skus: string[]) =>
  comes(() => skus.every((sku) => store.read(sku).status === "live"), () => skus.map((sku) => store.read(sku)));

beforeEach(async () => {
  server = new LiveServer();
  page = new TestPage();
  await server.start();
  for (const [sku, available] of [["a", 9], ["b", 4], ["c", 3], ["d", 2]] as const) server.setStock(sku, available);
  [answers, queried] = [[], 0];
  const times = { firstRetryMs: 20, maxRetryMs: 60, spreadMs: 20, keepAliveMs: 5_000, pongMs: 5_000 };
  live = new LiveSocket({ url: server.url, webSocket: WebSocket, page, times });
});

afterEach(async () => {
  live.dispose();
  await server.stop();
});

describe("batching", () => {
  it("takes what a page mounts within a frame into one subscription, each SKU once", async () => {
    const store = badges();
    watch(store, "b");
    watch(store, "a", "c");
    watch(store, "a");
    await isLive(store, "a", "b", "c");
    expect(server.log).toEqual(["init", "subscribe a,b,c"]);
  });

  it("splits at what the schema allows", async () => {
    const store = badges({ batchSize: 250 });
    const skus = Array.from({ length: 600 }, (_, index) => `sku-${index}`);
    for (const sku of skus) server.setStock(sku, 1);
    watch(store, ...skus);
    await isLive(store, ...skus);
    expect(server.open.map((operation) => (operation.variables["skus"] as string[]).length)).toEqual([250, 250, 100]);
  });

  it("the shop's own badges keep to the schema's 250", async () => {
    const store = gatewayBadges({ live, send: () => Promise.reject(new Error("not asked")) });
    watch(store, ...Array.from({ length: 251 }, (_, index) => `sku-${index}`));
    await until(() => server.open.length === 2);
    expect(server.open.map((operation) => (operation.variables["skus"] as string[]).length)).toEqual([250, 1]);
  });

  it("counts references: a SKU goes when its last watcher has gone, after a moment", async () => {
    const store = badges();
    const [first, second] = [watch(store, "a"), watch(store, "a")];
    await isLive(store, "a");
    first.stop();
    await pause(120);
    expect(server.open).toHaveLength(1);
    second.stop();
    expect(server.open).toHaveLength(1);
    await until(() => server.open.length === 0);
  });

  it("does not ask anew for a SKU that is watched again in time", async () => {
    const store = badges();
    const { stop } = watch(store, "a");
    await isLive(store, "a");
    stop();
    await pause(20);
    watch(store, "a");
    await pause(150);
    expect(server.log).toEqual(["init", "subscribe a"]);
    expect(store.read("a").status).toBe("live");
  });

  it("shows a burst once, with its last value", async () => {
    const store = badges({ flushMs: 200 });
    watch(store, "a");
    await isLive(store, "a");
    await pause(250);
    const listener = vi.fn();
    store.watch(["a"], listener);
    for (let left = 50; left > 0; left -= 1) server.setStock("a", left);
    await comes(() => store.read("a").value?.available === 1);
    await pause(250);
    expect(listener.mock.calls.length).toBeLessThan(4);
  });

  it("tells only those who watch what changed", async () => {
    const store = badges();
    watch(store, "a", "b");
    await isLive(store, "a", "b");
    await pause(40);
    const [onA, onB] = [vi.fn(), vi.fn()];
    store.watch(["a"], onA);
    store.watch(["b"], onB);
    const before = store.read("a");
    server.setStock("b", 1);
    await until(() => onB.mock.calls.length > 0);
    expect(onA).not.toHaveBeenCalled();
    expect(store.read("a")).toBe(before);
  });
});

describe("a changing set", () => {
  it("leaves what is live alone when SKUs are added", async () => {
    const store = badges();
    const { shown } = watch(store, "a");
    await isLive(store, "a");
    watch(store, "b");
    await isLive(store, "b");
    expect(server.log).toEqual(["init", "subscribe a", "subscribe b"]);
    expect(shown.get("a")).toEqual(["connecting ?", "live 9"]);
  });

  it("replaces subscriptions without gap and without flicker, the new one first", async () => {
    const store = badges();
    const { shown } = watch(store, "a");
    await isLive(store, "a");
    for (const sku of ["b", "c"]) {
      watch(store, sku);
      await isLive(store, sku);
    }
    server.snapshotDelayMs = 80;
    watch(store, "d");
    await until(() => server.log.includes("subscribe a,b,c,d"));
    expect(server.open).toHaveLength(4);
    server.setStock("a", 7);
    await comes(() => store.read("a").value?.available === 7);
    await isLive(store, "d");
    await until(() => server.open.length === 1);
    server.setStock("a", 6);
    await comes(() => store.read("a").value?.available === 6);
    expect(shown.get("a")).toEqual(["connecting ?", "live 9", "live 7", "live 6"]);
    const started = server.log.indexOf("subscribe a,b,c,d");
    expect(server.log.indexOf("complete a")).toBeGreaterThan(started);
  });

  it("ends the replaced one in time although the new one says nothing of a SKU", async () => {
    const store = badges({ overlapMs: 80 });
    for (const sku of ["a", "b", "c"]) {
      watch(store, sku);
      await isLive(store, sku);
    }
    server.snapshotDelayMs = 60_000;
    watch(store, "d");
    await until(() => server.open.length === 1);
    expect(store.read("a")).toMatchObject({ status: "stale", value: { available: 9 } });
  });
});

describe("revisions", () => {
  it("never go back, in whatever order they come", async () => {
    const store = badges();
    watch(store, "a");
    await isLive(store, "a");
    server.setStock("a", 7, 7);
    server.setStock("a", 99, 5);
    server.setStock("a", 98, 7);
    server.setStock("b", 1, 8);
    server.setStock("a", 6, 8);
    await until(() => store.read("a").value?.revision === 8);
    expect(store.read("a").value?.available).toBe(6);
  });

  it("let a badge that came with other data never replace a newer one, nor count as news", async () => {
    const store = badges();
    store.seed([badge("a", 3, 10)]);
    const { updatedAt } = store.read("a");
    await pause(5);
    store.seed([badge("a", 4, 9), badge("a", 3, 10)]);
    expect(store.read("a")).toMatchObject({ value: { available: 3 }, status: "connecting", staleSince: undefined, updatedAt });
  });
});

describe("staleness", () => {
  it("is told with up to when the badge was right, and ends when the stream has said it again", async () => {
    const store = badges();
    const { shown } = watch(store, "a");
    await isLive(store, "a");
    await server.stop(1001);
    await until(() => store.read("a").status === "stale");
    const { staleSince, value, error } = store.read("a");
    expect(value?.available).toBe(9);
    expect(staleSince).toBe(live.lastHeardAt);
    expect(error?.extensions?.code).toBe("CONNECTION_LOST");
    server.setStock("a", 5);
    await server.start();
    await isLive(store, "a");
    expect(store.read("a")).toMatchObject({ value: { available: 5 }, staleSince: undefined, error: undefined });
    // Connected again is not yet live: only the badge's own snapshot makes it so.
    expect(shown.get("a")).toEqual(["connecting ?", "live 9", "stale 9", "live 5"]);
  });

  it("ends although nothing has changed", async () => {
    const store = badges();
    const { shown } = watch(store, "a");
    await isLive(store, "a");
    const before = store.read("a").updatedAt ?? 0;
    await pause(5);
    server.close(1012);
    await until(() => shown.get("a")?.includes("stale 9") ?? false);
    await isLive(store, "a");
    expect(store.read("a").updatedAt).toBeGreaterThan(before);
    expect(store.read("a").value?.revision).toBe(1);
  });

  it("says offline when the browser has no network", async () => {
    const store = badges();
    watch(store, "a");
    await isLive(store, "a");
    page.tell("offline");
    expect(store.read("a")).toMatchObject({ status: "offline", value: { available: 9 } });
    expect(store.read("a").staleSince).toBeGreaterThan(0);
  });

  it("marks a badge while a long silence is being checked", async () => {
    let shift = 0;
    live.dispose();
    live = new LiveSocket({ url: server.url, webSocket: WebSocket, page, now: () => Date.now() + shift });
    const store = badges();
    watch(store, "a");
    await isLive(store, "a");
    const heard = live.lastHeardAt;
    shift = 3_600_000;
    page.tell("wake");
    expect(store.read("a")).toMatchObject({ status: "stale", staleSince: heard });
    await isLive(store, "a");
  });

  it("is an error while the gateway refuses the token", async () => {
    server.refuse = 4403;
    const store = badges();
    store.seed([badge("a", 3, 1)]);
    watch(store, "a");
    await until(() => store.read("a").status === "error");
    expect(store.read("a").error?.extensions?.code).toBe("CONNECTION_REFUSED");
    expect(store.read("a").staleSince).toBe(store.read("a").updatedAt);
  });

  it("asks by query while the stream is away, and stops when it is back", async () => {
    const store = badges({ pollMs: 30 });
    watch(store, "a");
    await isLive(store, "a");
    await server.stop();
    answers = [badge("a", 1, 4)];
    await comes(() => store.read("a").value?.available === 1);
    expect(store.read("a")).toMatchObject({ status: "stale", staleSince: store.read("a").updatedAt });
    await server.start();
    server.setStock("a", 0, 5);
    await isLive(store, "a");
    const before = queried;
    await pause(100);
    expect(queried).toBe(before);
  });
});

describe("limits of the gateway", () => {
  it("are told, and tried again", async () => {
    server.refuseOperation = () => new GraphQLError("a connection may run at most 100 operations", { extensions: { code: "TOO_MANY_OPERATIONS" } });
    const store = badges();
    watch(store, "a");
    await until(() => store.read("a").status === "error");
    expect(store.read("a").error?.extensions?.code).toBe("TOO_MANY_OPERATIONS");
    server.refuseOperation = undefined;
    await isLive(store, "a");
    expect(store.read("a").error).toBeUndefined();
  });

  it("on the new subscription leave the badges of the old ones live", async () => {
    const store = badges({ overlapMs: 60_000 });
    for (const sku of ["a", "b", "c"]) {
      watch(store, sku);
      await isLive(store, sku);
    }
    server.refuseOperation = () => new GraphQLError("too many", { extensions: { code: "TOO_MANY_OPERATIONS" } });
    watch(store, "d");
    await until(() => store.read("d").status === "error");
    expect(store.read("a").status).toBe("live");
    server.refuseOperation = undefined;
    await isLive(store, "a", "b", "c", "d");
    await until(() => server.open.length === 1);
  });

  it("on a single event leave the badges stale until the stream runs anew, for nobody knows whose it was", async () => {
    const store = badges();
    watch(store, "a", "b");
    await isLive(store, "a", "b");
    server.open[0]?.send({ data: null, errors: [new GraphQLError("inventory is away", { extensions: { code: "SUBGRAPH_REQUEST_FAILED" } })] });
    await until(() => store.read("a").status === "error" && store.read("b").status === "error");
    expect(store.read("a")).toMatchObject({ value: { available: 9 }, error: { extensions: { code: "SUBGRAPH_REQUEST_FAILED" } } });
    await until(() => server.open.length === 1);
    await isLive(store, "a", "b");
  });

  it("on a key that has no value for now leave the others live, and the stream as it is", async () => {
    const store = badges();
    watch(store, "a", "b");
    await isLive(store, "a", "b");
    const [stream] = server.open;
    const errors = [new GraphQLError("a is lost", { extensions: { code: "LOST" } })];
    stream?.send({ data: null, errors, extensions: { live: { key: "a" } } });
    await until(() => store.read("a").status === "error");
    expect(store.read("a")).toMatchObject({ value: { available: 9 }, error: { extensions: { code: "LOST" } } });
    expect(store.read("b").status).toBe("live");
    stream?.send({ data: null, errors, extensions: { live: {} } });
    await pause(50);
    expect(store.read("b").status).toBe("live");
    server.setStock("a", 3, 7);
    await isLive(store, "a", "b");
    expect(store.read("a")).toMatchObject({ value: { available: 3 }, error: undefined });
    expect(server.open).toEqual([stream]);
  });

  it("that end a stream leave its badges stale until it runs anew", async () => {
    const store = badges();
    const { shown } = watch(store, "a");
    await isLive(store, "a");
    server.open[0]?.finish();
    await until(() => shown.get("a")?.includes("stale 9") ?? false);
    await isLive(store, "a");
    expect(shown.get("a")).toEqual(["connecting ?", "live 9", "stale 9", "live 9"]);
  });
});
