import { expect, it } from "vitest";

import { makeToken } from "../../test/live-server.ts";
import { readExpiry, readToken, samePerson } from "./token.ts";

it("reads who a token is for and when it ends", () => {
  expect(readToken(makeToken({ iss: "shop", sub: "ada", exp: 1_800_000_000 }))).toEqual({ person: '["shop","ada"]', expiresAtMs: 1_800_000_000_000 });
  for (const unreadable of [undefined, "", "opaque", "a.b.c", makeToken({})]) expect(readToken(unreadable).person).toBeUndefined();
});

it("tells people apart, and takes no two unknown ones for the same", () => {
  expect(samePerson(makeToken({ sub: "ada", exp: 1 }), makeToken({ sub: "ada", exp: 2 }))).toBe(true);
  expect(samePerson(makeToken({ sub: "ada" }), makeToken({ sub: "bruno" }))).toBe(false);
  expect(samePerson(makeToken({ sub: "ada", iss: "a" }), makeToken({ sub: "ada", iss: "b" }))).toBe(false);
  expect(samePerson("opaque", "opaque")).toBe(false);
});

it("reads the end of a token as a number and as a time", () => {
  expect(readExpiry(1_800_000_000)).toBe(1_800_000_000_000);
  expect(readExpiry("2026-11-28T12:00:00Z")).toBe(Date.parse("2026-11-28T12:00:00Z"));
  for (const nothing of [null, undefined, "soon"]) expect(readExpiry(nothing)).toBeUndefined();
});
