import { expect, it } from "vitest";

import { asOfText, freshnessOf, staleNote, type Freshness } from "./staleness.ts";

const at = (time: string) => new Date(`2026-11-28T${time}`).getTime();
const live: Freshness = { status: "live", staleSince: undefined, error: undefined };
const stale = (time: string): Freshness => ({ status: "stale", staleSince: at(time), error: undefined });

it("is as bad as the worst and as old as the oldest", () => {
  expect(freshnessOf([live, live])).toEqual(live);
  expect(freshnessOf([]).status).toBe("connecting");
  expect(freshnessOf([live, stale("14:03:05"), stale("13:00:00")])).toEqual({ ...stale("13:00:00") });
  const refused: Freshness = { status: "error", staleSince: at("15:00:00"), error: { message: "refused" } };
  expect(freshnessOf([stale("14:03:05"), refused, live])).toEqual({ ...refused, staleSince: at("14:03:05") });
  expect(freshnessOf([live, { ...live, status: "connecting" }]).status).toBe("connecting");
});

it("says why and since when, and nothing of what is live", () => {
  expect(asOfText(stale("14:03:05"))).toBe("as of 14:03:05");
  expect(staleNote(stale("14:03:05"))).toBe("live stock is away; counts are as of 14:03:05");
  expect(staleNote({ ...stale("14:03:05"), status: "offline" })).toContain("you are offline");
  expect(staleNote({ ...stale("14:03:05"), status: "error" })).toContain("refused");
  expect(staleNote(live)).toBe("");
});
