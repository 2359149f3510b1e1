import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { GraphQLError} from "graphql";
import { parse, type ExecutionArgs } from "graphql";
import { handleProtocols, makeServer, type ServerOptions } from "graphql-ws";
import type { WebSocket} from "ws";
import { WebSocketServer } from "ws";

import type { StockBadge } from "../src/stock/badges.ts";

/** One operation as the server has seen it. */
export interface SeenOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: unknown;
  /** Payloads that the server sends to it, one by one. */
  readonly send: (payload: unknown) => void;
  readonly finish: () => void;
  ended: boolean;
}

const WAIT_LIMIT_MS = 4_000;

/** A gateway's live side in this process: the server of graphql-ws, over a real socket, with stock in memory. */
export class LiveServer {
  readonly #stock = new Map<string, StockBadge>();
  readonly operations: SeenOperation[] = [];
  /** What happened, in order: `init`, `ping`, `subscribe a,b`, `complete a,b`. */
  readonly log: string[] = [];
  /** The tokens of `connection_init`, and those that came in band. */
  readonly tokens: string[] = [];
  readonly renewals: string[] = [];
  /** Refuses connections with this close code. */
  refuse: number | undefined;
  /** Refuses operations with this error. */
  refuseOperation: ((query: string) => GraphQLError | undefined) | undefined;
  /** The answer to a token in band; undefined echoes the payload, as a server that does not know of it. */
  renewalAnswer: Record<string, unknown> | undefined = { expiresAt: null };
  /** When the first value of a stream comes. */
  snapshotDelayMs = 0;
  port = 0;
  #http: Server | undefined;
  #sockets: WebSocketServer | undefined;

  get url(): string {
    return `ws://127.0.0.1:${this.port}/graphql`;
  }

  /** The operations that run. */
  get open(): SeenOperation[] {
    return this.operations.filter((operation) => !operation.ended);
  }

  get connections(): number {
    return this.#sockets?.clients.size ?? 0;
  }

  async start(): Promise<void> {
    const protocol = makeServer(this.#handlers());
    this.#http = createServer();
    this.#sockets = new WebSocketServer({ server: this.#http, handleProtocols });
    this.#sockets.on("connection", (socket) => {
      const closed = protocol.opened(
        {
          protocol: socket.protocol,
          send: (text) => socket.send(text),
          close: (code, reason) => socket.close(code, reason),
          onMessage: (listener) => socket.on("message", (data) => void listener((data as Buffer).toString())),
          onPing: (payload) => {
            this.log.push("ping");
            this.#answerPing(socket, payload);
          },
        },
        {},
      );
      socket.on("close", (code, reason) => void closed(code, reason.toString()));
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => this.#http?.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.#http.address() as AddressInfo).port;
  }

  async stop(code = 1001): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.close(code);
    const http = this.#http;
    await new Promise((resolve) => http?.close(resolve));
  }

  /** Closes all connections with a code; the server goes on. */
  close(code: number, reason = ""): void {
    for (const socket of this.#sockets?.clients ?? []) socket.close(code, reason);
  }

  /** The network is gone without a word: what clients say is not read, and they hear nothing. */
  silence(): void {
    for (const socket of this.#sockets?.clients ?? []) socket.pause();
    this.#silent = true;
  }

  speak(): void {
    this.#silent = false;
    for (const socket of this.#sockets?.clients ?? []) socket.resume();
  }

  #silent = false;

  /** Stock moves: every stream of the SKU is told. */
  setStock(sku: string, available: number, revision = (this.#stock.get(sku)?.revision ?? 0) + 1): void {
    const badge: StockBadge = { sku, available, revision, state: available > 5 ? "IN_STOCK" : "LOW_STOCK", expectedAt: null };
    this.#stock.set(sku, badge);
    if (this.#silent) return;
    for (const operation of this.open) if (skusOf(operation).includes(sku)) operation.send({ data: { stockBadges: badge } });
  }

  #answerPing(socket: WebSocket, payload: Record<string, unknown> | undefined): void {
    const token = payload?.["authorization"];
    if (typeof token === "string") this.renewals.push(token);
    const answer = typeof token === "string" ? (this.renewalAnswer ?? payload) : payload;
    if (answer?.["close"]) socket.close(answer["close"] as number);
    else socket.send(JSON.stringify({ type: "pong", ...(answer ? { payload: answer } : {}) }));
  }

  #handlers(): ServerOptions {
    return {
      onConnect: ({ connectionParams }) => {
        this.log.push("init");
        this.tokens.push((connectionParams?.["authorization"] ?? "") as string);
        if (this.refuse === 4403) return false;
        if (this.refuse !== undefined) this.close(this.refuse);
        return true;
      },
      onSubscribe: (_context, _id, { query, variables, extensions }) => {
        const error = this.refuseOperation?.(query);
        if (error) return [error];
        return { document: parse(query), variableValues: variables ?? {}, contextValue: { query, extensions } } as unknown as ExecutionArgs;
      },
      execute: (args) => this.#stream(args) as never,
      subscribe: (args) => this.#stream(args) as never,
    };
  }

  /** Says the stock of its SKUs first; then whatever is sent to it. */
  #stream({ contextValue, variableValues }: ExecutionArgs): AsyncIterableIterator<unknown> {
    const request = contextValue as { readonly query: string; readonly extensions: unknown };
    const waiting: unknown[] = [];
    let wake: () => void = () => undefined;
    const name = ((variableValues?.["skus"] ?? []) as string[]).join() || "query";
    const end = () => {
      if (!operation.ended) this.log.push(`complete ${name}`);
      operation.ended = true;
      wake();
    };
    const operation: SeenOperation = {
      ...request,
      variables: variableValues ?? {},
      send: (payload) => {
        waiting.push(payload);
        wake();
      },
      finish: end,
      ended: false,
    };
    this.operations.push(operation);
    this.log.push(`subscribe ${name}`);
    setTimeout(() => {
      for (const sku of skusOf(operation)) {
        const badge = this.#stock.get(sku);
        if (badge) operation.send({ data: { stockBadges: badge } });
      }
    }, this.snapshotDelayMs);
    const done = { value: undefined, done: true } as const;
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        while (waiting.length === 0 && !operation.ended) await new Promise<void>((resolve) => (wake = resolve));
        return operation.ended ? done : { value: waiting.shift(), done: false };
      },
      return: () => {
        end();
        return Promise.resolve(done);
      },
    };
  }
}

function skusOf({ variables }: Pick<SeenOperation, "variables">): readonly string[] {
  return (variables["skus"] ?? []) as string[];
}

/** Waits until something holds; fails with what is so when it does not in time. */
export async function until(holds: () => boolean, describe: () => unknown = () => holds.toString()): Promise<void> {
  const began = performance.now();
  while (!holds()) {
    if (performance.now() - began > WAIT_LIMIT_MS) throw new Error(`never came true: ${JSON.stringify(describe())}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Lets time pass. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A JWT without a valid signature; nothing here checks one. */
export function makeToken(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.x`;
}
