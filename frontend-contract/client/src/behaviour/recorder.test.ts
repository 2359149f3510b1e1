import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { BehaviourEventInput } from "../generated/graphql.ts";
import { BehaviourRecorder } from "./recorder.ts";

let allowed: boolean;
let sent: BehaviourEventInput[][];
let works: boolean;
let recorder: BehaviourRecorder;

beforeEach(() => {
  vi.useFakeTimers();
  allowed = true;
  works = true;
  sent = [];
  let ids = 0;
  recorder = new BehaviourRecorder({
    send: (events) => {
      sent.push([...events]);
      return Promise.resolve(works);
    },
    mayRecord: () => allowed,
    sessionId: "s",
    newId: () => `e${(ids += 1)}`,
    now: () => new Date("2026-11-20T10:00:00Z"),
  });
});

afterEach(() => vi.useRealTimers());

it("sends what gathers in one batch", async () => {
  recorder.record({ kind: "VIEW", productId: "a" });
  recorder.record({ kind: "CART", productId: "a", sku: "a-m", quantity: 1 });
  await vi.advanceTimersByTimeAsync(3_100);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.map((event) => event.kind)).toEqual(["VIEW", "CART"]);
});

it("notes nothing without consent", async () => {
  allowed = false;
  recorder.record({ kind: "VIEW", productId: "a" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toEqual([]);
});

it("drops what was noted when consent is withdrawn before it is sent", async () => {
  recorder.record({ kind: "VIEW", productId: "a" });
  allowed = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toEqual([]);
});

it("sends a failed batch again under the same ids", async () => {
  works = false;
  recorder.record({ kind: "VIEW", productId: "a" });
  await vi.advanceTimersByTimeAsync(3_100);
  works = true;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(sent.map((batch) => batch[0]?.id)).toEqual(["e1", "e1"]);
});
