import type { TypedDocumentString } from "../generated/graphql.ts";
import { LiveSocket, type LiveSocketOptions } from "../live/live-socket.ts";
import type { GraphqlResult } from "./errors.ts";
import { sendOverHttp, type HttpOptions, type RequestOptions } from "./http.ts";

/** Options of a client: one HTTP address; the WebSocket has the same path unless told otherwise. */
export interface ClientOptions extends HttpOptions {
  readonly socketUrl?: string;
  readonly socket?: Pick<LiveSocketOptions, "times" | "page" | "webSocket">;
}

/** Talks to the gateway: queries and mutations over HTTP, everything live over one shared WebSocket. */
export class GraphqlClient {
  readonly live: LiveSocket;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.live = new LiveSocket({
      url: options.socketUrl ?? socketAddress(options.url),
      getToken: options.getToken,
      ...options.socket,
    });
  }

  /** Sends a query or mutation. */
  send<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    request?: RequestOptions,
  ): Promise<GraphqlResult<Data>> {
    return this.sendText<Data>({ query: document.toString(), variables }, request);
  }

  /** Sends an operation that is known as a text alone. */
  sendText<Data>(operation: { readonly query: string; readonly variables: unknown }, request?: RequestOptions): Promise<GraphqlResult<Data>> {
    return sendOverHttp<Data>(this.#options, operation, request);
  }
}

/** The WebSocket address of an HTTP address, relative ones taken from the page. */
export function socketAddress(url: string, base: string = globalThis.location.href): string {
  const address = new URL(url, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
