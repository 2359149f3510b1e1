import type { TypedDocumentString } from "../generated/graphql.ts";
import type { GraphqlResult } from "./errors.ts";
import { sendOverHttp, type HttpOptions, type RequestOptions } from "./http.ts";
import { Socket, type Sink } from "./socket.ts";

/** Options of a client: one HTTP address; the WebSocket has the same path unless told otherwise. */
export interface ClientOptions extends HttpOptions {
  readonly socketUrl?: string;
}

/** Talks to the gateway: operations over HTTP, subscriptions over one shared WebSocket. */
export class GraphqlClient {
  readonly socket: Socket;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.socket = new Socket({
      url: options.socketUrl ?? socketAddress(options.url),
      ...(options.getToken ? { getToken: options.getToken } : {}),
    });
  }

  /** Sends a query or mutation. */
  send<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    request?: RequestOptions,
  ): Promise<GraphqlResult<Data>> {
    return sendOverHttp<Data>(this.#options, { query: document.toString(), variables }, request);
  }

  /** Starts a subscription on the shared socket; returns how to end it. */
  subscribe<Data, Variables extends Record<string, unknown>>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    sink: Sink<Data>,
  ): () => void {
    return this.socket.subscribe(document.toString(), variables, sink);
  }
}

/** The WebSocket address of an HTTP address, relative ones taken from the page. */
export function socketAddress(url: string, base: string = globalThis.location.href): string {
  const address = new URL(url, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
