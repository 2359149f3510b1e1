import type { GraphqlError } from "../transport/errors.ts";

/**
 * State of the one WebSocket of a page.
 *
 * - `idle`: nothing is asked for, so there is no connection.
 * - `connecting`: the first attempt is under way.
 * - `live`: connected, and heard from lately.
 * - `checking`: connected, but silent for too long, as after sleep; a ping asks whether it still lives.
 * - `reconnecting`: lost; attempts follow with growing waits.
 * - `offline`: lost, and the browser says that there is no network.
 * - `refused`: the gateway refuses the token; nothing happens until there is another one.
 */
export type LinkState = "idle" | "connecting" | "live" | "checking" | "reconnecting" | "offline" | "refused";

/** What is known of the connection; the same object until it changes. */
export interface LinkView {
  readonly state: LinkState;
  /** Why there is no connection, in GraphQL's form; `extensions.closeCode` is the WebSocket's. */
  readonly error: GraphqlError | undefined;
}

/** Receives what an operation brings. */
export interface LiveSink<Payload> {
  /** One payload. After a lost connection the operation runs anew, from its beginning. */
  next(payload: Payload): void;
  /** The gateway refused or ended the operation. It does not come back by itself. */
  error(errors: readonly GraphqlError[]): void;
  /** The gateway has no more. */
  complete(): void;
}

/** An operation as it goes over the socket. */
export interface LiveOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  /** What the request says beside them, asked for each time it is sent. */
  readonly extensions?: () => Record<string, unknown> | undefined;
}

/** The connection as those see it who run operations on it. */
export interface Link {
  readonly view: LinkView;
  /** When the gateway last said anything, in milliseconds; undefined before. */
  readonly lastHeardAt: number | undefined;
  /** Calls back at every change of the view; returns how to stop. */
  watch(listener: () => void): () => void;
  /** Runs an operation until it is stopped, over as many connections as it takes; returns how to stop. */
  run<Payload>(operation: LiveOperation, sink: LiveSink<Payload>): () => void;
}

/**
 * What can be said of a live value.
 *
 * - `connecting`: nothing live has come yet.
 * - `live`: the value is the present one.
 * - `stale`: it was right once; the stream is away and comes back by itself.
 * - `offline`: likewise, and the browser has no network.
 * - `error`: the gateway refuses the stream; the error says why.
 */
export type LiveStatus = "connecting" | "live" | "stale" | "offline" | "error";

/** What the status of a value follows from. */
export interface Liveness {
  readonly link: LinkView;
  /** The present stream has said the value. */
  readonly heard: boolean;
  /** There is a value to show. */
  readonly known: boolean;
  /** An earlier stream has said the value. */
  readonly wasLive: boolean;
  readonly error: GraphqlError | undefined;
}

/** The status of a value; `live` only when the present stream has said it and the connection is proven. */
export function statusOf({ link, heard, known, wasLive, error }: Liveness): LiveStatus {
  if (heard && link.state === "live") return "live";
  if (link.state === "refused" || (error && !heard)) return "error";
  if (link.state === "offline") return "offline";
  const first = link.state !== "reconnecting" && link.state !== "checking";
  return !known || (first && !wasLive) ? "connecting" : "stale";
}
