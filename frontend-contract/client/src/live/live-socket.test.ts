import { createServer } from "node:net";

import { GraphQLError } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { LiveServer, makeToken, pause, until } from "../../test/live-server.ts";
import { TestPage } from "../../test/page.ts";
import type { GraphqlError } from "../transport/errors.ts";
import { LiveSocket, type LiveSocketOptions } from "./live-socket.ts";

const TIMES = {
  connectMs: 3_000,
  keepAliveMs: 80,
  pongMs: 400,
  firstRetryMs: 20,
  maxRetryMs: 80,
  stableMs: 300,
  spreadMs: 40,
  idleMs: 50,
  wakePongMs: 400,
};
const QUERY = "subscription S($skus: [String!]!) { stockBadges(skus: $skus) { sku } }";

let server: LiveServer;
let page: TestPage;
let socket: LiveSocket;
/** Every view that there was, with its time. */
let views: { state: string; message: string | undefined; at: number }[];

function connect(options: Partial<LiveSocketOptions> = {}): LiveSocket {
  const { times, ...rest } = options;
  socket = new LiveSocket({ url: server.url, webSocket: WebSocket, page, times: { ...TIMES, ...times }, ...rest });
  views = [];
  socket.watch(() => {
    const { state, error } = socket.view;
    views.push({ state, message: error?.message, at: performance.now() });
  });
  return socket;
}

/** Watches a SKU and gathers what comes. */
function follow(sku: string) {
  const seen: unknown[] = [];
  const errors: GraphqlError[] = [];
  let ended = 0;
  const stop = socket.run<{ data: { stockBadges: { available: number } } }>(
    { query: QUERY, variables: { skus: [sku] } },
    { next: ({ data }) => seen.push(data.stockBadges.available), error: (problems) => errors.push(...problems), complete: () => (ended += 1) },
  );
  return { seen, errors, stop, ended: () => ended };
}

const stateIs = (state: string) => until(() => socket.view.state === state, () => views);
/** Waits until the state was so, be it for a moment. */
async function passes(state: string) {
  const find = () => views.find((view) => view.state === state);
  await until(() => find() !== undefined, () => views);
  return { message: "", at: 0, ...find() };
}

beforeEach(async () => {
  server = new LiveServer();
  page = new TestPage();
  await server.start();
  server.setStock("a", 9);
  server.setStock("b", 4);
});

afterEach(async () => {
  socket.dispose();
  await server.stop();
});

describe("one socket", () => {
  it("opens only when something runs, is shared, and closes when nothing does", async () => {
    connect();
    await pause(30);
    expect(server.connections).toBe(0);
    const [a, b] = [follow("a"), follow("b")];
    await until(() => a.seen.length === 1 && b.seen.length === 1);
    expect(socket.view.state).toBe("live");
    expect(server.log.filter((entry) => entry === "init")).toHaveLength(1);
    a.stop();
    b.stop();
    await until(() => server.connections === 0);
    expect(socket.view.state).toBe("idle");
    const again = follow("a");
    await until(() => again.seen.length === 1);
  });

  it("tells of a refused operation and goes on with the others", async () => {
    connect();
    const a = follow("a");
    await until(() => a.seen.length === 1);
    server.refuseOperation = () => new GraphQLError("too many", { extensions: { code: "TOO_MANY_OPERATIONS" } });
    const b = follow("b");
    await until(() => b.errors.length === 1);
    expect(b.errors[0]?.extensions?.code).toBe("TOO_MANY_OPERATIONS");
    server.setStock("a", 8);
    await until(() => a.seen.length === 2);
  });

  it("says when the gateway has no more, once", async () => {
    connect();
    const a = follow("a");
    await until(() => a.seen.length === 1);
    server.open[0]?.finish();
    await until(() => a.ended() === 1);
    await until(() => socket.view.state === "idle");
    expect(a.ended()).toBe(1);
  });
});

describe("reconnecting", () => {
  it.each([1000, 1001, 1006, 1011, 1013, 4400, 4408, 4500])("comes back after close code %i with every operation", async (code) => {
    connect();
    const [a, b] = [follow("a"), follow("b")];
    await until(() => a.seen.length === 1 && b.seen.length === 1);
    if (code === 1006) server.silence();
    else server.close(code);
    expect((await passes("reconnecting")).message).toContain("the live connection was lost");
    if (code === 1006) server.speak();
    await until(() => a.seen.length === 2 && b.seen.length === 2, () => [a.seen, b.seen]);
    expect(socket.view).toEqual({ state: "live", error: undefined });
    expect(server.open).toHaveLength(2);
  });

  it("waits longer each time, and not at all when the network comes back", async () => {
    const attempts: number[] = [];
    connect({ random: () => 1, times: { firstRetryMs: 40, maxRetryMs: 10_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    await server.stop(1011);
    const lost = performance.now();
    socket.watch(() => socket.view.state === "reconnecting" && attempts.push(performance.now() - lost));
    await until(() => attempts.length > 5, () => attempts);
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    for (const [index, gap] of gaps.slice(0, 3).entries()) expect(gap).toBeGreaterThan(35 * 2 ** index);
    await server.start();
    // A network that comes back hurries nobody who tried just now, and by itself the next would wait for more than a second.
    await pause(310);
    page.tell("wake");
    const woken = performance.now();
    await until(() => a.seen.length === 2);
    expect(performance.now() - woken).toBeLessThan(1_000);
  });

  it("spreads the clients of a gateway that goes away", async () => {
    const waits: number[] = [];
    for (const share of [0, 0.5, 0.99]) {
      connect({ random: () => share, times: { spreadMs: 1_500 } });
      const a = follow("a");
      await until(() => a.seen.length === 1);
      server.close(1001);
      const lost = await passes("reconnecting");
      await until(() => a.seen.length === 2);
      waits.push((views.findLast((view) => view.state === "live")?.at ?? 0) - lost.at);
      socket.dispose();
    }
    expect(waits[0]).toBeLessThan(740);
    expect(waits[1]).toBeGreaterThan(740);
    expect(waits[2]).toBeGreaterThan(1_480);
  });

  it("does not hurry a gateway that takes connections and drops them", async () => {
    connect({ random: () => 1, times: { firstRetryMs: 60, maxRetryMs: 10_000 } });
    follow("a");
    await stateIs("live");
    const closing = setInterval(() => server.close(1013), 5);
    await pause(700);
    clearInterval(closing);
    expect(server.log.filter((entry) => entry === "init").length).toBeLessThan(6);
  });

  it("gives up an attempt that nobody answers", async () => {
    const deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
    const { port } = deaf.address() as { port: number };
    connect({ url: `ws://127.0.0.1:${port}/graphql`, times: { connectMs: 60 } });
    follow("a");
    expect((await passes("reconnecting")).message).toContain("did not answer in time");
    socket.dispose();
    deaf.close();
  });
});

describe("a silent connection", () => {
  it("is asked by a ping, and given up without an answer", async () => {
    connect();
    const a = follow("a");
    await until(() => a.seen.length === 1);
    await until(() => server.log.includes("ping"));
    expect(socket.view.state).toBe("live");
    const heard = socket.lastHeardAt ?? 0;
    server.silence();
    expect((await passes("reconnecting")).message).toContain("did not answer a ping");
    expect(Date.now() - heard).toBeLessThan(3_000);
    server.speak();
    await stateIs("live");
  });

  it("is checked at once on waking, and doubted until it answers", async () => {
    let shift = 0;
    connect({ now: () => Date.now() + shift, times: { keepAliveMs: 5_000, pongMs: 5_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    shift = 3_600_000;
    page.tell("wake");
    expect(socket.view.state).toBe("checking");
    await stateIs("live");
    expect(server.log.filter((entry) => entry === "ping")).toHaveLength(1);
    expect(server.log.filter((entry) => entry === "init")).toHaveLength(1);
  });

  it("that died during sleep is replaced at once on waking", async () => {
    let shift = 0;
    connect({ now: () => Date.now() + shift, times: { keepAliveMs: 5_000, pongMs: 5_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    server.silence();
    server.setStock("a", 3);
    shift = 3_600_000;
    page.tell("wake");
    await passes("reconnecting");
    server.speak();
    await until(() => a.seen.at(-1) === 3, () => a.seen);
  });

  it("is doubted only after a long silence", async () => {
    connect({ times: { keepAliveMs: 5_000, pongMs: 5_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    page.tell("wake");
    expect(socket.view.state).toBe("live");
    await until(() => server.log.includes("ping"));
  });
});

describe("the page", () => {
  it("without a network is offline, and back at once with it", async () => {
    connect({ times: { firstRetryMs: 60_000, maxRetryMs: 60_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    page.tell("offline");
    expect(socket.view.state).toBe("offline");
    await until(() => server.connections === 0);
    await pause(310);
    page.tell("online");
    await until(() => a.seen.length === 2);
    expect(socket.view.state).toBe("live");
  });

  it("that only believes to be without a network is back by itself", async () => {
    connect({ times: { offlineRetryMs: 60 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    page.tell("offline");
    await until(() => a.seen.length === 2);
    expect(socket.view.state).toBe("live");
  });

  it("that is put away gives its socket up, and comes back when it is looked at", async () => {
    connect({ times: { firstRetryMs: 60_000, maxRetryMs: 60_000 } });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    page.tell("sleep");
    await until(() => server.connections === 0);
    await pause(310);
    page.tell("wake");
    await until(() => a.seen.length === 2);
  });
});

describe("the token", () => {
  const ada = (exp: number) => makeToken({ iss: "shop", sub: "ada", exp });
  const later = Math.floor(Date.now() / 1000) + 3_600;
  let token: string | undefined;

  beforeEach(() => {
    token = ada(later);
  });

  async function follower() {
    connect({ getToken: () => Promise.resolve(token) });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    return a;
  }

  it("goes in connection_init", async () => {
    await follower();
    expect(server.tokens).toEqual([`Bearer ${token ?? ""}`]);
  });

  it("of the same person is exchanged in band", async () => {
    const a = await follower();
    token = ada(later + 60);
    await socket.tokenChanged();
    expect(server.renewals).toEqual([`Bearer ${token}`]);
    server.setStock("a", 1);
    await until(() => a.seen.length === 2);
    expect(server.tokens).toHaveLength(1);
    await socket.tokenChanged();
    expect(server.renewals).toHaveLength(1);
  });

  it("of another person, or of nobody, makes another connection", async () => {
    const a = await follower();
    token = makeToken({ iss: "shop", sub: "bruno", exp: later });
    await socket.tokenChanged();
    await until(() => a.seen.length === 2);
    token = undefined;
    await socket.tokenChanged();
    await until(() => a.seen.length === 3);
    expect(server.renewals).toEqual([]);
    expect(server.tokens.map((seen) => seen === "")).toEqual([false, false, true]);
  });

  it("makes another connection when the gateway does not take it in band", async () => {
    const a = await follower();
    server.renewalAnswer = undefined;
    token = ada(later + 60);
    await socket.tokenChanged();
    await until(() => a.seen.length === 2);
    expect(server.tokens).toEqual([`Bearer ${ada(later)}`, `Bearer ${token}`]);
  });

  it("that is refused in band is not sent again", async () => {
    await follower();
    server.renewalAnswer = { close: 4403 };
    server.refuse = 4403;
    token = ada(later + 60);
    await socket.tokenChanged();
    await stateIs("refused");
    await pause(310);
    expect(server.renewals).toEqual([`Bearer ${token}`]);
    expect(server.tokens).toEqual([`Bearer ${ada(later)}`]);
  });

  it("is exchanged before it ends", async () => {
    const soon = Math.floor(Date.now() / 1000) + 25;
    token = ada(soon);
    connect({ getToken: () => Promise.resolve(token), times: { renewBeforeMs: 60_000, keepAliveMs: 100_000 } });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    try {
      const a = follow("a");
      await vi.waitFor(() => expect(a.seen).toHaveLength(1), 10_000);
      token = ada(later);
      await vi.advanceTimersByTimeAsync(5_100);
      await vi.waitFor(() => expect(server.renewals).toEqual([`Bearer ${token ?? ""}`]), 10_000);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([4401, 4403])("refused with %i waits for another one", async (code) => {
    server.refuse = code;
    connect({ getToken: () => Promise.resolve(token) });
    const a = follow("a");
    await stateIs("refused");
    expect(socket.view.error?.extensions).toMatchObject({ code: "CONNECTION_REFUSED", closeCode: code });
    page.tell("wake");
    await pause(250);
    expect(server.tokens).toHaveLength(1);
    server.refuse = undefined;
    token = ada(later + 1);
    await socket.tokenChanged();
    await until(() => a.seen.length === 1);
    expect(socket.view).toEqual({ state: "live", error: undefined });
  });

  it("that ended during the stream is replaced by the one that the provider has by then", async () => {
    const a = await follower();
    token = ada(later + 1);
    server.close(4403, "Forbidden: the token has expired");
    await until(() => a.seen.length === 2);
    expect(server.tokens).toHaveLength(2);
  });

  it("whose provider fails counts as none", async () => {
    connect({ getToken: () => Promise.reject(new Error("no storage")) });
    const a = follow("a");
    await until(() => a.seen.length === 1);
    expect(server.tokens).toEqual([""]);
  });
});
