import { GraphQLError } from "graphql";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { LiveServer, pause, until } from "../../test/live-server.ts";
import { TestPage } from "../../test/page.ts";
import { TypedDocumentString } from "../generated/graphql.ts";
import type { GraphqlResult } from "../transport/errors.ts";
import { LiveQueries } from "./live-queries.ts";
import { NOT_LIVE_CODE, withoutLive } from "./live-query.ts";
import { LiveSocket } from "./live-socket.ts";

interface Line {
  readonly sku: string;
  readonly left: number;
}
interface CartData {
  readonly cart: { readonly lines: readonly Line[]; readonly total: number };
}

const CART = new TypedDocumentString<CartData, Record<string, never>>("query Cart @live(patch: true) { cart { total lines { sku left } } }");
const cart = (total: number, ...left: number[]): CartData => ({ cart: { total, lines: left.map((each, index) => ({ sku: `s${index}`, left: each })) } });

let server: LiveServer;
let page: TestPage;
let live: LiveSocket;
let queries: LiveQueries;
let answer: GraphqlResult<unknown>;
let asked: string[];

const read = () => queries.read(CART, {});
const send = (payload: unknown) => server.open.at(-1)?.send(payload);
const shows = (total: number) => until(() => read().data?.cart.total === total, read);

async function follow(fallbackMs = 60_000) {
  queries = new LiveQueries(
    live,
    ({ query }) => { asked.push(query); return Promise.resolve(answer); },
    { fallbackMs },
  );
  const listener = vi.fn();
  const stop = queries.watch(CART, {}, listener);
  await until(() => server.open.length === 1);
  return { listener, stop };
}

beforeEach(async () => {
  server = new LiveServer();
  page = new TestPage();
  await server.start();
  [answer, asked] = [{ data: undefined, errors: [] }, []];
  const times = { firstRetryMs: 20, maxRetryMs: 60, spreadMs: 20, keepAliveMs: 5_000, pongMs: 5_000, idleMs: 30 };
  live = new LiveSocket({ url: server.url, webSocket: WebSocket, page, times });
});

afterEach(async () => {
  live.dispose();
  await server.stop();
});

describe("payloads", () => {
  it("come whole, and leave what has not changed the same object", async () => {
    await follow();
    expect(read()).toMatchObject({ data: undefined, status: "connecting" });
    send({ data: cart(10, 1, 2), revision: 1 });
    await shows(10);
    expect(read()).toMatchObject({ status: "live", staleSince: undefined, error: undefined, errors: [] });
    const before = read().data?.cart.lines;
    send({ data: cart(11, 1, 3), revision: 2 });
    await shows(11);
    const after = read().data?.cart.lines;
    expect(after).toEqual([{ sku: "s0", left: 1 }, { sku: "s1", left: 3 }]);
    expect(after?.[0]).toBe(before?.[0]);
  });

  it("come as patches of the revision before", async () => {
    const { listener } = await follow();
    send({ data: cart(10, 1, 2), revision: 1 });
    await shows(10);
    const before = read().data;
    send({ patch: [{ op: "replace", path: "/cart/lines/1/left", value: 7 }], revision: 2 });
    send({ patch: [{ op: "replace", path: "/cart/total", value: 12 }, { op: "add", path: "/cart/lines/-", value: { sku: "s2", left: 5 } }], revision: 3 });
    await shows(12);
    expect(read().data).toEqual(cart(12, 1, 7, 5));
    expect(read().data?.cart.lines[0]).toBe(before?.cart.lines[0]);
    expect(before).toEqual(cart(10, 1, 2));
    expect(listener.mock.calls.length).toBeGreaterThanOrEqual(3);
    expect(server.operations).toHaveLength(1);
  });

  it("with errors keep the last good data, which is then not called live", async () => {
    await follow();
    send({ data: cart(10, 1), revision: 1 });
    await shows(10);
    send({ data: null, errors: [new GraphQLError("inventory is away")], revision: 2 });
    await until(() => read().errors.length === 1);
    expect(read()).toMatchObject({ data: cart(10, 1), status: "error", error: { message: "inventory is away" } });
    expect(read().staleSince).toBeGreaterThan(0);
    send({ patch: [{ op: "replace", path: "", value: cart(13, 2) }], revision: 3 });
    await shows(13);
    expect(read()).toMatchObject({ status: "live", errors: [] });
  });

  it("with part of the data are live, and say what is missing", async () => {
    await follow();
    send({ data: { cart: { total: 10, lines: [] } }, errors: [new GraphQLError("part")], revision: 1 });
    await shows(10);
    expect(read()).toMatchObject({ status: "live", errors: [{ message: "part" }] });
  });
});

describe("a gap", () => {
  it.each([
    ["in the revisions", { patch: [{ op: "replace", path: "/cart/total", value: 12 }], revision: 3 }],
    ["that shows as a patch that does not fit", { patch: [{ op: "replace", path: "/cart/nothing", value: 12 }], revision: 2 }],
  ])("%s asks anew, and shows the old data as stale meanwhile", async (_name, payload) => {
    await follow();
    send({ data: cart(10, 1), revision: 1 });
    await shows(10);
    send(payload);
    await until(() => read().status === "stale");
    expect(read().data).toEqual(cart(10, 1));
    await until(() => server.operations.length === 2 && server.open.length === 1);
    send({ data: cart(14, 1), revision: 1 });
    await shows(14);
    expect(read().status).toBe("live");
  });

  it("that comes again and again does not make a storm", async () => {
    await follow();
    const answering = setInterval(() => send({ patch: [], revision: 9 }), 3);
    await pause(500);
    clearInterval(answering);
    expect(server.operations.length).toBeLessThan(4);
  });
});

describe("the stream", () => {
  it("is said what a client has that comes back, and sends nothing again", async () => {
    const had = (tag: string) => ({ extensions: { live: { tag } } });
    await follow();
    send({ data: cart(10, 1), revision: 1, ...had("one") });
    await shows(10);
    send({ patch: [{ op: "replace", path: "/cart/total", value: 12 }], revision: 2, ...had("two") });
    await shows(12);
    const { data } = read();
    server.close(1012);
    await until(() => server.operations.length === 2 && server.open.length === 1);
    expect(server.operations.map(({ extensions }) => extensions)).toEqual([undefined, had("two").extensions]);
    send({ patch: [], revision: 1, ...had("two") });
    await until(() => read().status === "live", read);
    expect(read().data).toBe(data);
    send({ patch: [{ op: "replace", path: "/cart/total", value: 13 }], revision: 2, ...had("three") });
    await shows(13);
    expect(server.operations).toHaveLength(2);
  });

  it("comes back after a lost connection, with old data stale until then", async () => {
    await follow();
    send({ data: cart(10, 1), revision: 1 });
    send({ patch: [{ op: "replace", path: "/cart/total", value: 11 }], revision: 2 });
    await shows(11);
    server.close(1001);
    await until(() => read().status === "stale");
    expect(read().staleSince).toBe(live.lastHeardAt);
    await until(() => server.open.length === 1 && live.view.state === "live");
    expect(read().status).toBe("stale");
    send({ data: cart(11, 1), revision: 1 });
    await until(() => read().status === "live");
    send({ patch: [{ op: "replace", path: "/cart/total", value: 12 }], revision: 2 });
    await shows(12);
  });

  it("is shared by document and variables, and ends with the last watcher", async () => {
    const { stop } = await follow();
    const stopSecond = queries.watch(CART, {}, vi.fn());
    expect(server.operations).toHaveLength(1);
    stop();
    send({ data: cart(10), revision: 1 });
    await shows(10);
    stopSecond();
    await until(() => server.open.length === 0);
    expect(read().data).toEqual(cart(10));
    expect(read().status).not.toBe("live");
  });

  it("that the server ends runs anew", async () => {
    await follow();
    send({ data: cart(10), revision: 1 });
    await shows(10);
    server.open[0]?.finish();
    await until(() => read().status === "stale");
    await until(() => server.open.length === 1);
  });

  it("forgets one person's data when another signs in", async () => {
    await follow();
    send({ data: cart(10), revision: 1 });
    await shows(10);
    live.reconnect();
    queries.reset();
    expect(read()).toMatchObject({ data: undefined, status: "connecting", updatedAt: undefined });
    await until(() => server.operations.length === 2);
    send({ data: cart(20), revision: 1 });
    await shows(20);
  });
});

describe("a server that does not know live queries", () => {
  beforeEach(() => {
    answer = { data: cart(5), errors: [] };
  });

  it("is asked once without the directive, and the page is told", async () => {
    server.refuseOperation = () => new GraphQLError('Unknown directive "@live".', { extensions: { code: "GRAPHQL_VALIDATION_FAILED" } });
    queries = new LiveQueries(live, ({ query }) => { asked.push(query); return Promise.resolve(answer); });
    queries.watch(CART, {}, vi.fn());
    await shows(5);
    expect(asked).toEqual(["query Cart  { cart { total lines { sku left } } }"]);
    expect(read()).toMatchObject({ status: "error", error: { message: 'Unknown directive "@live".', extensions: { code: NOT_LIVE_CODE } } });
    expect(read().staleSince).toBe(read().updatedAt);
    await pause(60);
    expect(asked).toHaveLength(1);
  });

  it("is asked for live again on another connection", async () => {
    server.refuseOperation = () => new GraphQLError('Unknown directive "@live".');
    queries = new LiveQueries(live, () => Promise.resolve(answer));
    queries.watch(CART, {}, vi.fn());
    await shows(5);
    server.refuseOperation = undefined;
    // Something else keeps the page's socket open.
    live.run({ query: "subscription S { x }", variables: {} }, { next: vi.fn(), error: vi.fn(), complete: vi.fn() });
    await until(() => server.open.length === 1);
    server.close(1001);
    await until(() => server.open.length === 2);
    server.open.find((operation) => operation.query.includes("@live"))?.send({ data: cart(6), revision: 1 });
    await until(() => read().status === "live");
  });

  it("and answers once is not called live", async () => {
    await follow();
    send({ data: cart(8) });
    await shows(8);
    expect(read().status).not.toBe("live");
    server.open[0]?.finish();
    await until(() => read().status === "error");
    expect(read().error?.extensions?.code).toBe(NOT_LIVE_CODE);
    expect(read().data).toEqual(cart(8));
  });

  it("gives the data once when nothing comes live in time", async () => {
    await follow(30);
    await shows(5);
    expect(read().status).not.toBe("live");
    send({ data: cart(9), revision: 1 });
    await shows(9);
    expect(read().status).toBe("live");
  });

  it("refuses by a limit: the data is asked for once, and live again later", async () => {
    server.refuseOperation = () => new GraphQLError("too many", { extensions: { code: "TOO_MANY_OPERATIONS" } });
    queries = new LiveQueries(live, () => Promise.resolve(answer));
    queries.watch(CART, {}, vi.fn());
    await shows(5);
    expect(read()).toMatchObject({ status: "error", error: { extensions: { code: "TOO_MANY_OPERATIONS" } } });
    server.refuseOperation = undefined;
    await until(() => server.open.length === 1);
    send({ data: cart(6), revision: 1 });
    await until(() => read().status === "live");
  });
});

it("takes the directive out of a query", () => {
  expect(withoutLive("query A($x: Int!) @live(if: true, throttle: 100) @other { live }")).toBe("query A($x: Int!)  @other { live }");
  expect(withoutLive("query @live { livelihood }")).toBe("query  { livelihood }");
});
