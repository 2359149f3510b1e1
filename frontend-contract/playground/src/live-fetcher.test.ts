import type { Fetcher } from "@graphiql/toolkit";
import { parse } from "graphql";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WebSocket } from "ws";

import { LiveServer, until } from "../../client/test/live-server.ts";
import { isLive, withLiveQueries } from "./live-fetcher.ts";

let server: LiveServer;

beforeEach(async () => {
  server = new LiveServer();
  await server.start();
});

afterEach(() => server.stop());

it("knows a live query among others", () => {
  const document = parse("query A @live { a } query B { b } subscription C { c }");
  expect(isLive(document, "A")).toBe(true);
  expect(isLive(document, "B")).toBe(false);
  expect(isLive(document, "C")).toBe(false);
  expect(isLive(parse("{ a }"), undefined)).toBe(false);
  expect(isLive(parse("query @live(patch: true) { a }"), undefined)).toBe(true);
});

it("shows patched answers whole, sends the headers along, and ends with the tab", async () => {
  const fetcher = withLiveQueries(() => Promise.reject(new Error("the other way")), server.url, WebSocket);
  const query = "query A @live(patch: true) { list }";
  const answers = fetcher({ query, operationName: "A" }, { documentAST: parse(query), headers: { authorization: "Bearer x" } }) as AsyncGenerator;
  const first = answers.next();
  await until(() => server.open.length === 1);
  server.open[0]?.send({ data: { list: [1] }, revision: 1 });
  expect((await first).value).toEqual({ data: { list: [1] }, revision: 1 });
  server.open[0]?.send({ patch: [{ op: "add", path: "/list/-", value: 2 }], revision: 2 });
  expect((await answers.next()).value).toEqual({ data: { list: [1, 2] }, revision: 2 });
  expect(server.tokens).toEqual(["Bearer x"]);
  await answers.return(undefined);
  await until(() => server.connections === 0);
});

it("leaves everything else to the other fetcher", () => {
  const other = vi.fn<Fetcher>();
  const params = { query: "{ a }" };
  void withLiveQueries(other, server.url, WebSocket)(params, { documentAST: parse("{ a }") });
  expect(other).toHaveBeenCalledOnce();
});
