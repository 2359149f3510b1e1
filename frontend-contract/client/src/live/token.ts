/** What a token says about itself, read without checking it: only to decide when and how to present another one. */
export interface TokenClaims {
  /** Who it is for: issuer and subject; undefined when it does not say. */
  readonly person: string | undefined;
  /** When it ends, in milliseconds; undefined when it does not say. */
  readonly expiresAtMs: number | undefined;
}

const UNREADABLE: TokenClaims = { person: undefined, expiresAtMs: undefined };

/** The claims of a JWT; nothing of any other token. */
export function readToken(token: string | undefined): TokenClaims {
  try {
    const payload = (token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { iss, sub, exp } = JSON.parse(atob(payload)) as { iss?: unknown; sub?: unknown; exp?: unknown };
    return {
      person: typeof sub === "string" ? JSON.stringify([iss, sub]) : undefined,
      expiresAtMs: typeof exp === "number" ? exp * 1000 : undefined,
    };
  } catch {
    return UNREADABLE;
  }
}

/** True when both tokens are for the same person, as far as they say. */
export function samePerson(left: string | undefined, right: string | undefined): boolean {
  const { person } = readToken(left);
  return person !== undefined && person === readToken(right).person;
}

/** The `expiresAt` of the gateway's answer to a new token: seconds since 1970, or a time in RFC 3339. */
export function readExpiry(expiresAt: unknown): number | undefined {
  if (typeof expiresAt === "number") return expiresAt * 1000;
  const time = typeof expiresAt === "string" ? Date.parse(expiresAt) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
