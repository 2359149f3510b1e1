import { beforeEach, describe, expect, it, vi } from "vitest";

import { DEMO_CUSTOMERS, Session, SESSION_KEY } from "./session.ts";

const [ada] = DEMO_CUSTOMERS;
if (!ada) throw new Error("there is no demo customer");
const NOW = 1_800_000_000_000;

let storage: Map<string, string>;

function tokenUntil(ms: number): string {
  return `h.${btoa(JSON.stringify({ exp: ms / 1000 }))}.s`;
}

function open(answer: () => Response, now = () => NOW) {
  const fetch = vi.fn(() => Promise.resolve(answer()));
  const session = new Session({
    fetch,
    now,
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
  });
  return { session, fetch };
}

beforeEach(() => {
  storage = new Map();
});

describe("Session", () => {
  it("is anonymous and asks for no token until somebody signs in", async () => {
    const { session, fetch } = open(() => Response.json({ token: tokenUntil(NOW + 600_000) }));
    expect(await session.token()).toBeUndefined();
    expect(fetch).not.toHaveBeenCalled();
  });

  it("follows another tab of the browser", async () => {
    const { session, fetch } = open(() => Response.json({ token: tokenUntil(NOW + 600_000) }));
    const changed = vi.fn();
    session.watchIdentity(changed);
    storage.set(SESSION_KEY, ada.id);
    session.reload();
    session.reload();
    expect(session.read().customer).toBe(ada);
    expect(await session.token()).toBeDefined();
    storage.delete(SESSION_KEY);
    session.reload();
    expect(session.read().status).toBe("anonymous");
    expect(await session.token()).toBeUndefined();
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("stays anonymous when the gateway gives no tokens", async () => {
    const { session } = open(() => new Response("not found", { status: 404 }));
    expect(await session.signIn(ada)).toBe(false);
    expect(session.read().status).toBe("anonymous");
  });

  it("stays anonymous when a page comes instead of a token", async () => {
    const { session } = open(() => new Response("<!doctype html>"));
    expect(await session.signIn(ada)).toBe(false);
  });

  it("renews a token shortly before it ends", async () => {
    let now = NOW;
    const { session, fetch } = open(() => Response.json({ token: tokenUntil(now + 600_000) }), () => now);
    await session.signIn(ada);
    await session.token();
    expect(fetch).toHaveBeenCalledTimes(1);
    now += 580_000;
    await Promise.all([session.token(), session.token()]);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it("tells when the person changes", async () => {
    const { session } = open(() => Response.json({ token: "t" }));
    const changed = vi.fn();
    session.watchIdentity(changed);
    await session.signIn(ada);
    session.signOut();
    expect(changed).toHaveBeenCalledTimes(2);
    expect(storage.size).toBe(0);
  });
});
